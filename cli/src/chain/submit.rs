//! *A call* → sign, submit, follow until it stands in a block, read its events → *what the chain
//! says it did, or a typed refusal*.

use super::{nonce, Chain};
use crate::{output::Output, Error, Result};
use std::time::Duration;
use subxt::{
    config::PolkadotExtrinsicParamsBuilder,
    error::{DispatchError, TransactionEventsError},
    extrinsics::ExtrinsicEvents,
    transactions::{Payload, TransactionInBlock, TransactionProgress, TransactionStatus},
    utils::H256,
    PolkadotConfig,
};
use subxt_signer::sr25519::Keypair;

/// Longest a transaction may take to get into a block.
const INCLUSION_TIMEOUT: Duration = Duration::from_secs(120);
/// How often a transaction is signed anew because another one of the account was faster.
const MAX_TRIES: u32 = 50;

type Progress = TransactionProgress<PolkadotConfig, super::ClientImpl>;
type InBlock = TransactionInBlock<PolkadotConfig, super::ClientImpl>;

/// A transaction that stands in a block and did what it should.
pub struct Included {
    /// Number of that block.
    pub block_number: u64,
    /// Hash of that block.
    pub block_hash: H256,
    /// Hash of the transaction.
    pub hash: H256,
    /// Its number among the account's transactions.
    pub nonce: u64,
    /// What it did.
    pub events: ExtrinsicEvents<PolkadotConfig>,
}

/// A transaction that the pool has.
struct Pooled {
    progress: Progress,
    nonce: u64,
    /// Where it stands already, if it is that fast.
    block: Option<InBlock>,
}

impl Chain {
    /// Signs `call` with `signer`, submits it and waits until it stands in a block, finalized or
    /// not. Any number of processes may do so for one account: its transactions that wait in the
    /// node's pool are counted, and one whose number another one took is signed anew.
    pub async fn submit(
        &self,
        call: &impl Payload,
        signer: &Keypair,
        output: &Output,
    ) -> Result<Included> {
        let follow = async {
            let pooled = self.pool(call, signer, output).await?;
            self.included(pooled, output).await
        };
        let (in_block, nonce) = tokio::time::timeout(INCLUSION_TIMEOUT, follow)
            .await
            .map_err(|_| Error::TimedOut {
                seconds: INCLUSION_TIMEOUT.as_secs(),
                what: "the transaction to get into a block; it may still get there".into(),
            })??;
        let events = in_block
            .wait_for_success()
            .await
            .map_err(|error| self.failure(error))?;
        let at = in_block.at().await.map_err(|error| self.broken(error))?;
        Ok(Included {
            block_number: at.block_number(),
            block_hash: in_block.block_hash(),
            hash: in_block.extrinsic_hash(),
            nonce,
            events,
        })
    }

    /// Signs and submits until the pool takes it. What the pool never took cannot get into a block,
    /// so trying again cannot do anything twice.
    async fn pool(&self, call: &impl Payload, signer: &Keypair, output: &Output) -> Result<Pooled> {
        let account = signer.public_key().to_account_id();
        output.progress("submitting the transaction");
        let mut tries = 0;
        loop {
            let turn = self.turn(&account).await;
            let pooled = self.pool_once(call, signer).await;
            drop(turn);
            match pooled {
                Err(Error::NumberTaken(_)) if tries < MAX_TRIES => {
                    tries += 1;
                    nonce::pause(tries).await;
                }
                pooled => return pooled,
            }
        }
    }

    async fn pool_once(&self, call: &impl Payload, signer: &Keypair) -> Result<Pooled> {
        let best = self.best().await?;
        let account = signer.public_key().to_account_id();
        let nonce = self.next_nonce(&account).await?;
        let params = PolkadotExtrinsicParamsBuilder::new().nonce(nonce).build();
        let mut progress = best
            .transactions()
            .sign_and_submit_then_watch(call, signer, params)
            .await
            .map_err(|error| not_taken(error.to_string()))?;
        let block = match progress.next().await {
            None => return Err(self.silent()),
            Some(status) => match status.map_err(|error| self.broken(error))? {
                TransactionStatus::InBestBlock(block)
                | TransactionStatus::InFinalizedBlock(block) => Some(block),
                TransactionStatus::Error { message }
                | TransactionStatus::Invalid { message }
                | TransactionStatus::Dropped { message } => return Err(not_taken(message)),
                TransactionStatus::Validated
                | TransactionStatus::Broadcasted
                | TransactionStatus::NoLongerInBestBlock => None,
            },
        };
        Ok(Pooled {
            progress,
            nonce,
            block,
        })
    }

    /// Follows a transaction into a block. The pool had it, so nothing is tried again here.
    async fn included(&self, pooled: Pooled, output: &Output) -> Result<(InBlock, u64)> {
        let Pooled {
            mut progress,
            nonce,
            block,
        } = pooled;
        if let Some(block) = block {
            return Ok((block, nonce));
        }
        output.progress("waiting for a block");
        while let Some(status) = progress.next().await {
            match status.map_err(|error| self.broken(error))? {
                TransactionStatus::InBestBlock(block)
                | TransactionStatus::InFinalizedBlock(block) => return Ok((block, nonce)),
                TransactionStatus::Error { message }
                | TransactionStatus::Invalid { message }
                | TransactionStatus::Dropped { message } => {
                    return Err(Error::NotIncluded(message))
                }
                TransactionStatus::Validated
                | TransactionStatus::Broadcasted
                | TransactionStatus::NoLongerInBestBlock => {}
            }
        }
        Err(self.silent())
    }

    fn silent(&self) -> Error {
        self.broken("the node stopped telling about the transaction")
    }

    fn failure(&self, error: TransactionEventsError) -> Error {
        match error {
            TransactionEventsError::ExtrinsicFailed(error) => refusal(&error),
            error => self.broken(error),
        }
    }
}

fn not_taken(reason: String) -> Error {
    if nonce::is_number_taken(&reason) {
        Error::NumberTaken(reason)
    } else {
        Error::NotAccepted(reason)
    }
}

/// What the chain says when it refuses, in the words of its metadata.
pub(super) fn refusal(error: &DispatchError) -> Error {
    let plain = |name: String| Error::Refused {
        pallet: "System".into(),
        name,
        docs: String::new(),
    };
    let DispatchError::Module(module) = error else {
        return plain(error.to_string());
    };
    match module.details() {
        Ok(details) => Error::Refused {
            pallet: details.pallet.name().into(),
            name: details.variant.name.clone(),
            docs: details.variant.docs.join(" ").trim().into(),
        },
        Err(_) => plain(error.to_string()),
    }
}
