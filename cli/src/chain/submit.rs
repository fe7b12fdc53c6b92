//! *A call* → sign, bring into a block, read its events → *what the chain says it did, or a typed
//! refusal*.

use super::{
    deliver::{deliver, in_doubt, Handed, Node, Search, Signed, VALID_FOR},
    nonce::{self, Turn},
    pool, AtBlock, Chain,
};
use crate::{output::Output, Error, Result};
use std::time::{Duration, Instant};
use subxt::{
    config::PolkadotExtrinsicParamsBuilder,
    error::{DispatchError, ExtrinsicError},
    extrinsics::ExtrinsicEvents,
    transactions::Payload,
    utils::H256,
    PolkadotConfig,
};
use subxt_signer::sr25519::Keypair;

/// A block further behind the newest one is named by no transaction: half of what it is valid for.
const MAX_BEHIND: u64 = VALID_FOR / 2;
/// How often a transaction is signed anew because another one of the account was faster.
const MAX_TRIES: u32 = 50;
/// For how long.
const TRIES_TIMEOUT: Duration = Duration::from_secs(120);

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

impl Chain {
    /// Signs `call` with `signer`, submits it and waits until it stands in a block, finalized or
    /// not. Any number of processes may do so for one account: its transactions that wait in the
    /// node's pool are counted, and one whose number another one took is signed anew. A connection
    /// that breaks is made again.
    ///
    /// # Errors
    /// After [`Error::InDoubt`] it may have been carried out; after any other it was not, or it failed
    /// in its block ([`Error::Refused`]).
    pub async fn submit(
        &self,
        call: &impl Payload,
        signer: &Keypair,
        output: &Output,
    ) -> Result<Included> {
        output.progress("submitting the transaction");
        let account = signer.public_key().to_account_id();
        let node = Live {
            chain: self,
            output,
        };
        let started = Instant::now();
        let mut tries = 0;
        loop {
            let turn = self.turn(&account, output).await;
            let signed = self.sign(call, signer).await?;
            match deliver(&node, &signed, turn, output).await {
                // The pool never had it, so trying again cannot do anything twice.
                Err(Error::NumberTaken(_))
                    if tries < MAX_TRIES && started.elapsed() < TRIES_TIMEOUT =>
                {
                    tries += 1;
                    nonce::pause(tries).await;
                }
                found => return found?.succeeded(&signed),
            }
        }
    }

    /// With the next number of the account. Nothing is sent.
    async fn sign(&self, call: &impl Payload, signer: &Keypair) -> Result<Signed> {
        let best = self.best().await?;
        let account = signer.public_key().to_account_id();
        let nonce = self.next_nonce(&account).await?;
        let from = self.anchor(&best).await?;
        let params = PolkadotExtrinsicParamsBuilder::new()
            .nonce(nonce)
            .mortal_from_unchecked(VALID_FOR, from.block_number(), from.block_hash())
            .build();
        let signed = best
            .transactions()
            .create_signed(call, signer, params)
            .await
            .map_err(|error| self.not_signed(error))?;
        Ok(Signed {
            hash: signed.hash(),
            bytes: signed.into_encoded(),
            account,
            nonce,
            valid_from: from.block_number(),
        })
    }

    /// The block that a transaction names: the newest finalized one, because a transaction that names
    /// a block which a re-organisation removes is lost with it. While nothing is finalized it is the
    /// newest one all the same, or nothing could be sent.
    async fn anchor(&self, best: &AtBlock) -> Result<AtBlock> {
        let finalized = self.finalized().await?;
        let behind = best.block_number().saturating_sub(finalized.block_number());
        Ok(if behind <= MAX_BEHIND {
            finalized
        } else {
            best.clone()
        })
    }

    fn not_signed(&self, error: ExtrinsicError) -> Error {
        match error {
            ExtrinsicError::AccountNonceError { reason, .. } => self.broken(reason),
            // It does not fit the chain's metadata.
            error => Error::Incompatible(error.to_string()),
        }
    }

    /// What the block `at` says of a transaction; `None` if it does not stand there.
    async fn read(&self, at: AtBlock, signed: &Signed) -> Result<Option<Found>> {
        let extrinsics = at
            .extrinsics()
            .fetch()
            .await
            .map_err(|error| self.broken(error))?;
        // What cannot be decoded is not of this program.
        let found = extrinsics
            .iter()
            .flatten()
            .find(|extrinsic| extrinsic.bytes() == signed.bytes);
        let Some(extrinsic) = found else {
            return Ok(None);
        };
        let events = extrinsic
            .events()
            .await
            .map_err(|error| self.broken(error))?;
        Ok(Some(Found {
            at: at.clone(),
            events,
        }))
    }

    /// Looks for a transaction in the best chain. Blocks are read only if the account's number says
    /// that one of them has it.
    async fn find(&self, signed: &Signed) -> Result<Search<Found>> {
        let best = self.best().await?;
        let next = best
            .transactions()
            .account_nonce(&signed.account)
            .await
            .map_err(|error| self.broken(error))?;
        if next <= signed.nonce {
            return Ok(Search::NotYet);
        }
        let mut at = match best.block_number() > signed.last_block() {
            true => self.at_number(signed.last_block()).await?,
            false => best,
        };
        while at.block_number() > signed.valid_from {
            if let Some(found) = self.read(at.clone(), signed).await? {
                return Ok(Search::Found(found));
            }
            at = self.parent(&at).await?;
        }
        Ok(Search::Overtaken)
    }
}

/// A chain, and where to say what is being done.
struct Live<'a> {
    chain: &'a Chain,
    output: &'a Output,
}

impl Node for Live<'_> {
    type Found = Found;

    async fn hand_over(&self, signed: &Signed, turn: &mut Option<Turn>) -> Handed {
        pool::hand_over(self.chain.rpc(), &signed.bytes, turn, self.output).await
    }

    async fn read(&self, signed: &Signed, block: H256) -> Result<Option<Found>> {
        let at = self.chain.at(block).await?;
        self.chain.read(at, signed).await
    }

    async fn find(&self, signed: &Signed) -> Result<Search<Found>> {
        self.chain.find(signed).await
    }

    async fn revive(&self) -> Result<()> {
        self.chain.revive(self.output).await
    }
}

/// A transaction that stands in a block.
struct Found {
    at: AtBlock,
    events: ExtrinsicEvents<PolkadotConfig>,
}

impl Found {
    /// What it did, unless it failed.
    fn succeeded(self, signed: &Signed) -> Result<Included> {
        for event in self.events.iter() {
            let event = event.map_err(|error| {
                let block = self.at.block_number();
                in_doubt(signed, format!("it stands in block {block}: {error}"))
            })?;
            if (event.pallet_name(), event.event_name()) != ("System", "ExtrinsicFailed") {
                continue;
            }
            return Err(
                match DispatchError::decode_from(event.field_bytes(), self.at.metadata()) {
                    Ok(error) => refusal(&error),
                    Err(error) => plainly(error.to_string()),
                },
            );
        }
        Ok(Included {
            block_number: self.at.block_number(),
            block_hash: self.at.block_hash(),
            hash: signed.hash,
            nonce: signed.nonce,
            events: self.events,
        })
    }
}

/// What the chain says when it refuses, in the words of its metadata.
pub(super) fn refusal(error: &DispatchError) -> Error {
    let DispatchError::Module(module) = error else {
        return plainly(error.to_string());
    };
    match module.details() {
        Ok(details) => Error::Refused {
            pallet: details.pallet.name().into(),
            name: details.variant.name.clone(),
            docs: details.variant.docs.join(" ").trim().into(),
        },
        Err(_) => plainly(error.to_string()),
    }
}

/// A refusal that is no pallet's.
fn plainly(name: String) -> Error {
    Error::Refused {
        pallet: "System".into(),
        name,
        docs: String::new(),
    }
}
