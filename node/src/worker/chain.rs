//! The chain as the dispatcher sees it: this node's client, pool and keystore.
//!
//! Reads go through the runtime API and run on threads for blocking work, because a call of the
//! runtime can take milliseconds.

mod notices;

use crate::service::{FullClient, FullPool};
use async_trait::async_trait;
use defaas_dispatcher::ports::{BlockRef, Chain, ChainError, Finality, Submission};
use defaas_primitives::{
    job::MAX_JOBS_PAGE, worker::WORKER_KEY_TYPE, BlockNumber, Hash, Job, JobCursor, ProviderId,
    Report, Tick, WorkerId, WorkerSignature,
};
use defaas_runtime::{
    constants::time::SLOT_DURATION_MILLIS,
    faas_api::FaasApi,
    opaque::{Block, UncheckedExtrinsic},
};
use futures::{
    stream::{self, BoxStream},
    StreamExt,
};
use sc_client_api::BlockchainEvents;
use sc_network_sync::SyncingService;
use sc_transaction_pool_api::{
    error::{Error as PoolError, IntoPoolError},
    TransactionPool, TransactionSource,
};
use sp_api::ProvideRuntimeApi;
use sp_blockchain::HeaderBackend;
use sp_consensus::SyncOracle;
use sp_core::sr25519;
use sp_keystore::{Keystore, KeystorePtr};
use sp_runtime::transaction_validity::InvalidTransaction;
use std::{
    error::Error,
    future::Future,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

/// A best block that is so many slots old is taken for one that is behind. More than the slots
/// that stay empty in a row on a healthy chain.
const OLD_SLOTS: u64 = 8;

/// Longest wait for an answer of this node.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);

type Source = Box<dyn Error + Send + Sync>;

/// This node as the dispatcher's chain. Clones share it.
#[derive(Clone)]
pub struct NodeChain(Arc<Inner>);

struct Inner {
    client: Arc<FullClient>,
    pool: Arc<FullPool>,
    keystore: KeystorePtr,
    sync: Arc<SyncingService<Block>>,
    genesis: Hash,
    /// The work list read last.
    list: Mutex<Option<WorkList>>,
}

/// A work list, whole and in order.
#[derive(Clone)]
struct WorkList {
    at: Hash,
    provider: ProviderId,
    /// Those to keys of this machine.
    jobs: Arc<Vec<Job>>,
    /// How many are to other keys.
    foreign: usize,
}

/// Something is to be signed with a key that is not in the keystore.
#[derive(Debug, thiserror::Error)]
#[error(
    "the worker key {0:?} is not in the keystore: insert it again, or assignments to it will be \
     missed"
)]
struct KeyMissing(WorkerId);

impl NodeChain {
    /// The chain of this node.
    pub fn new(
        client: Arc<FullClient>,
        pool: Arc<FullPool>,
        keystore: KeystorePtr,
        sync: Arc<SyncingService<Block>>,
    ) -> Self {
        let genesis = client.info().genesis_hash;
        Self(Arc::new(Inner {
            client,
            pool,
            keystore,
            sync,
            genesis,
            list: Mutex::default(),
        }))
    }

    /// Answers `question` on a thread for blocking work.
    async fn ask<T: Send + 'static>(
        &self,
        question: &'static str,
        answer: impl FnOnce(&Inner) -> Result<T, Source> + Send + 'static,
    ) -> Result<T, ChainError> {
        let inner = self.0.clone();
        tokio::task::spawn_blocking(move || answer(&inner))
            .await
            .unwrap_or_else(|lost| Err(lost.into()))
            .map_err(|source| ChainError::Failed { question, source })
    }

    /// Hands a transaction of this node to its pool.
    async fn submit_local(
        &self,
        at: Hash,
        transaction: UncheckedExtrinsic,
    ) -> Result<Submission, ChainError> {
        let taken = self
            .0
            .pool
            .submit_one(at, TransactionSource::Local, transaction)
            .await;
        match taken.map_err(IntoPoolError::into_pool_error) {
            Ok(_) => Ok(Submission::Accepted),
            Err(Ok(refusal)) => {
                log::debug!(target: super::LOG, "the pool did not take a transaction: {refusal}");
                Ok(submission(&refusal))
            }
            Err(Err(error)) => Err(ChainError::Failed {
                question: "transaction pool",
                source: error.into(),
            }),
        }
    }
}

impl Inner {
    /// The worker keys in the keystore.
    fn keys(&self) -> Vec<WorkerId> {
        let keys = self.keystore.sr25519_public_keys(WORKER_KEY_TYPE);
        keys.into_iter().map(WorkerId::from).collect()
    }

    /// The provider of one of these keys, now or in an assignment that froze one of them.
    fn provider(&self, at: Hash, before: Option<ProviderId>) -> Result<Option<ProviderId>, Source> {
        let api = self.client.runtime_api();
        for key in self.keys() {
            if let Some(provider) = api.provider_of(at, key)? {
                return Ok(Some(provider));
            }
        }
        // The provider has taken another key, which is not here. What was assigned before still
        // wants the old one.
        let Some(before) = before else {
            return Ok(None);
        };
        let has_work = !self.work_list(at, before)?.is_empty();
        Ok(has_work.then_some(before))
    }

    /// The whole work list for keys of this machine, in order. The chain pages in the order of its
    /// storage, which is not that of the cursors. What a provider can be assigned at once is bounded
    /// on chain by its capacity.
    fn work_list(&self, at: Hash, provider: ProviderId) -> Result<Arc<Vec<Job>>, Source> {
        if let Some(list) = lock(&self.list).as_ref() {
            if (list.at, list.provider) == (at, provider) {
                return Ok(list.jobs.clone());
            }
        }
        let api = self.client.runtime_api();
        let mut jobs: Vec<Job> = Vec::new();
        let mut after = None;
        loop {
            let page = api.jobs(at, provider, after, MAX_JOBS_PAGE)?;
            after = page.last().map(Job::cursor);
            let is_last = page.len() < MAX_JOBS_PAGE as usize;
            jobs.extend(page);
            if is_last {
                break;
            }
        }
        jobs.sort_by_key(Job::cursor);
        let foreign = leave_own(&mut jobs, &self.keys());
        let jobs = Arc::new(jobs);
        let list = WorkList {
            at,
            provider,
            jobs: jobs.clone(),
            foreign,
        };
        let before = lock(&self.list).replace(list);
        if foreign > 0 && before.is_none_or(|before| before.foreign == 0) {
            log::warn!(
                target: super::LOG,
                "{foreign} assignments want a worker key that is not in this keystore: keep the \
                 machine that has it running, or insert it here"
            );
        }
        Ok(jobs)
    }

    /// Signs `report` and wraps it into a transaction.
    fn sign(&self, at: Hash, report: Report) -> Result<UncheckedExtrinsic, Source> {
        let Report::V1(first) = &report;
        let worker = first.worker.clone();
        let payload = report.payload(&self.genesis);
        let signature = self
            .keystore
            .sr25519_sign(
                WORKER_KEY_TYPE,
                &sr25519::Public::from(worker.clone()),
                &payload,
            )?
            .ok_or(KeyMissing(worker))?;
        let api = self.client.runtime_api();
        Ok(api.report_extrinsic(at, report, WorkerSignature::from(signature))?)
    }

    fn finality(&self, block: BlockRef) -> Result<Finality, Source> {
        if self.client.info().finalized_number < block.number {
            return Ok(Finality::Pending);
        }
        // At and below the last finalized block this is the finalized chain.
        Ok(if self.client.hash(block.number)? == Some(block.hash) {
            Finality::Final
        } else {
            Finality::Abandoned
        })
    }

    /// Slot of the best block. `None`: the genesis block has none.
    fn best_slot(&self) -> Result<Option<u64>, Source> {
        let header = self.client.expect_header(self.client.info().best_hash)?;
        if header.number == 0 {
            return Ok(None);
        }
        let digest = sc_consensus_babe::find_pre_digest::<Block>(&header)
            .map_err(|error| error.to_string())?;
        Ok(Some(digest.slot().into()))
    }
}

#[async_trait]
impl Chain for NodeChain {
    fn genesis(&self) -> Hash {
        self.0.genesis
    }

    fn news(&self) -> BoxStream<'static, ()> {
        let imported = self.0.client.import_notification_stream().map(|_| ());
        let finalized = self.0.client.finality_notification_stream().map(|_| ());
        stream::select(imported, finalized).boxed()
    }

    async fn is_syncing(&self) -> bool {
        if self.0.sync.is_major_syncing() {
            return true;
        }
        let slot = self.ask("slot of the best block", |inner| inner.best_slot());
        match slot.await {
            Ok(slot) => is_old(slot, slot_now()),
            Err(_) => true,
        }
    }

    async fn best(&self) -> Result<BlockRef, ChainError> {
        let info = self.0.client.info();
        Ok(block_ref(info.best_number, info.best_hash))
    }

    async fn finalized(&self) -> Result<BlockRef, ChainError> {
        let info = self.0.client.info();
        Ok(block_ref(info.finalized_number, info.finalized_hash))
    }

    async fn finality(&self, block: BlockRef) -> Result<Finality, ChainError> {
        self.ask("finality", move |inner| inner.finality(block))
            .await
    }

    async fn tick(&self, at: Hash) -> Result<Tick, ChainError> {
        self.ask("tick", move |inner| {
            Ok(inner.client.runtime_api().tick(at)?)
        })
        .await
    }

    async fn provider(
        &self,
        at: Hash,
        before: Option<ProviderId>,
    ) -> Result<Option<ProviderId>, ChainError> {
        self.ask("provider", move |inner| inner.provider(at, before))
            .await
    }

    async fn jobs(
        &self,
        at: Hash,
        provider: ProviderId,
        after: Option<JobCursor>,
        limit: u32,
    ) -> Result<Vec<Job>, ChainError> {
        let list = self.ask("work list", move |inner| inner.work_list(at, provider));
        Ok(page(&list.await?, after, limit))
    }

    async fn submit(&self, report: Report) -> Result<Submission, ChainError> {
        let at = self.0.client.info().best_hash;
        let transaction = self
            .ask("signed report", move |inner| inner.sign(at, report))
            .await?;
        self.submit_local(at, transaction).await
    }
}

/// The answer to `question`, unless it takes too long. For those parts of the worker that ask by
/// themselves; the dispatcher has time-outs of its own.
///
/// # Errors
///
/// That of the answer, or [`ChainError::TimedOut`].
pub async fn in_time<T>(
    question: &'static str,
    answer: impl Future<Output = Result<T, ChainError>>,
) -> Result<T, ChainError> {
    tokio::time::timeout(ANSWER_TIMEOUT, answer)
        .await
        .unwrap_or(Err(ChainError::TimedOut { question }))
}

/// Leaves of `jobs` those to one of these keys. Another machine of the provider has the other keys
/// while they are changed; it alone can report the others, and executes them too. Returns how many
/// those are.
fn leave_own(jobs: &mut Vec<Job>, keys: &[WorkerId]) -> usize {
    let all = jobs.len();
    jobs.retain(|job| keys.contains(&job.worker));
    all - jobs.len()
}

fn block_ref(number: BlockNumber, hash: Hash) -> BlockRef {
    BlockRef { number, hash }
}

/// The next `limit` of `jobs`, which ascend, after the one at `after`.
fn page(jobs: &[Job], after: Option<JobCursor>, limit: u32) -> Vec<Job> {
    let begin = match after {
        Some(after) => jobs.partition_point(|job| job.cursor() <= after),
        None => 0,
    };
    jobs.iter()
        .skip(begin)
        .take(limit as usize)
        .cloned()
        .collect()
}

/// What an answer of the pool means for a report or a notice.
fn submission(refusal: &PoolError) -> Submission {
    match refusal {
        PoolError::AlreadyImported(_) => Submission::AlreadyKnown,
        // Not known yet in this state, no room, outranked, or banned for a while.
        PoolError::UnknownTransaction(_)
        | PoolError::InvalidTransaction(InvalidTransaction::ExhaustsResources)
        | PoolError::TooLowPriority { .. }
        | PoolError::TemporarilyBanned
        | PoolError::ImmediatelyDropped
        | PoolError::InvalidBlockId(_)
        | PoolError::RejectedFutureTransaction => Submission::Later,
        PoolError::InvalidTransaction(_)
        | PoolError::NoTagsProvided
        | PoolError::CycleDetected
        | PoolError::Unactionable => Submission::Refused,
    }
}

/// Whether a best block of this slot is behind at slot `now`.
fn is_old(slot: Option<u64>, now: u64) -> bool {
    slot.is_none_or(|slot| now.saturating_sub(slot) > OLD_SLOTS)
}

/// The slot of this machine's clock.
fn slot_now() -> u64 {
    let since_epoch = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    let millis = u64::try_from(since_epoch.as_millis()).unwrap_or(u64::MAX);
    millis / SLOT_DURATION_MILLIS
}

/// Every change under these locks is one assignment, so a panic elsewhere leaves it whole.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
