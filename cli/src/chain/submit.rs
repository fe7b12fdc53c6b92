//! *A call* → sign, submit, follow until it stands in a block, read its events → *what the chain
//! says it did, or a typed refusal*.

use super::Chain;
use crate::{output::Output, Error, Result};
use std::time::Duration;
use subxt::{
    error::{DispatchError, TransactionEventsError},
    extrinsics::ExtrinsicEvents,
    transactions::{Payload, TransactionInBlock, TransactionStatus},
    utils::H256,
    PolkadotConfig,
};
use subxt_signer::sr25519::Keypair;

/// Longest a transaction may take to get into a block.
const INCLUSION_TIMEOUT: Duration = Duration::from_secs(120);

/// A transaction that stands in a block and did what it should.
pub struct Included {
    /// Number of that block.
    pub block_number: u64,
    /// Hash of that block.
    pub block_hash: H256,
    /// Hash of the transaction.
    pub hash: H256,
    /// What it did.
    pub events: ExtrinsicEvents<PolkadotConfig>,
}

impl Chain {
    /// Signs `call` with `signer`, submits it and waits until it stands in a block, finalized or
    /// not. The nonce is that of the best block, so one account submits one call after the other.
    pub async fn submit(
        &self,
        call: &impl Payload,
        signer: &Keypair,
        output: &Output,
    ) -> Result<Included> {
        let follow = self.submit_and_follow(call, signer, output);
        let in_block = tokio::time::timeout(INCLUSION_TIMEOUT, follow)
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
            events,
        })
    }

    async fn submit_and_follow(
        &self,
        call: &impl Payload,
        signer: &Keypair,
        output: &Output,
    ) -> Result<TransactionInBlock<PolkadotConfig, super::ClientImpl>> {
        let best = self.best().await?;
        output.progress("submitting the transaction");
        let mut progress = best
            .transactions()
            .sign_and_submit_then_watch_default(call, signer)
            .await
            .map_err(|error| Error::NotAccepted(error.to_string()))?;
        while let Some(status) = progress.next().await {
            match status.map_err(|error| self.broken(error))? {
                TransactionStatus::InBestBlock(block)
                | TransactionStatus::InFinalizedBlock(block) => return Ok(block),
                TransactionStatus::Error { message }
                | TransactionStatus::Invalid { message }
                | TransactionStatus::Dropped { message } => {
                    return Err(Error::NotAccepted(message))
                }
                TransactionStatus::Validated
                | TransactionStatus::Broadcasted
                | TransactionStatus::NoLongerInBestBlock => output.progress("waiting for a block"),
            }
        }
        Err(self.broken("the node stopped telling about the transaction"))
    }

    fn failure(&self, error: TransactionEventsError) -> Error {
        match error {
            TransactionEventsError::ExtrinsicFailed(error) => refusal(&error),
            error => self.broken(error),
        }
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
