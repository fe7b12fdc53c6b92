//! What the chain knows of this worker, and how it is told otherwise.

use super::{block_ref, Inner, KeyMissing, NodeChain, Source};
use defaas_dispatcher::ports::{BlockRef, ChainError, Submission};
use defaas_primitives::{
    worker::WORKER_KEY_TYPE, Hash, Notice, NoticeBody, WorkerId, WorkerSignature,
};
use defaas_runtime::{
    faas_api::{FaasApi, WorkerStanding},
    opaque::UncheckedExtrinsic,
};
use sp_api::ProvideRuntimeApi;
use sp_blockchain::HeaderBackend;
use sp_core::sr25519;
use sp_keystore::Keystore;

/// What the chain knows of this worker.
#[derive(Clone, Debug)]
pub struct Standing {
    /// In the state of this block.
    pub at: BlockRef,
    /// The key that signs notices.
    pub key: WorkerId,
    /// What it knows.
    pub said: WorkerStanding,
}

impl NodeChain {
    /// What the chain knows of this worker in the state of the best block. `None`: no key in the
    /// keystore is the worker key of a provider.
    ///
    /// # Errors
    ///
    /// If the node does not answer.
    pub async fn standing(&self) -> Result<Option<Standing>, ChainError> {
        let info = self.0.client.info();
        let at = block_ref(info.best_number, info.best_hash);
        self.ask("standing of the worker", move |inner| inner.standing(at))
            .await
    }

    /// Signs a notice and hands it to the pool of this node. Returns what the pool did with it, and
    /// its number.
    ///
    /// # Errors
    ///
    /// If it cannot be signed, or the pool fails.
    pub async fn notify(
        &self,
        standing: &Standing,
        body: NoticeBody,
    ) -> Result<(Submission, u64), ChainError> {
        let (at, key) = (standing.at.hash, standing.key.clone());
        let sequence = standing.said.sequence.saturating_add(1);
        let notice = Notice {
            provider: standing.said.provider,
            sequence,
            body,
        };
        let transaction = self
            .ask("signed notice", move |inner| {
                inner.sign_notice(at, &key, notice)
            })
            .await?;
        Ok((self.submit_local(at, transaction).await?, sequence))
    }
}

impl Inner {
    fn standing(&self, at: BlockRef) -> Result<Option<Standing>, Source> {
        let api = self.client.runtime_api();
        for key in self.keys() {
            if let Some(said) = api.worker_standing(at.hash, key.clone())? {
                return Ok(Some(Standing { at, key, said }));
            }
        }
        Ok(None)
    }

    /// Signs `notice` and wraps it into a transaction.
    fn sign_notice(
        &self,
        at: Hash,
        key: &WorkerId,
        notice: Notice,
    ) -> Result<UncheckedExtrinsic, Source> {
        let payload = notice.payload(&self.genesis);
        let public = sr25519::Public::from(key.clone());
        let signature = self
            .keystore
            .sr25519_sign(WORKER_KEY_TYPE, &public, &payload)?
            .ok_or_else(|| KeyMissing(key.clone()))?;
        let api = self.client.runtime_api();
        Ok(api.notice_extrinsic(at, notice, WorkerSignature::from(signature))?)
    }
}
