//! *A call that was requested* → look at it in each new best block → *its end*, with what was paid.
//!
//! The number of a call may name another one after a re-organisation. So each look compares the
//! digest, and searches for it near the number when it is another.

use super::{
    events::{find_where, Refunded, Requested, Settled},
    types::{Invocation, Output as CallOutput, Status},
    AtBlock, Chain,
};
use crate::{output::Output, Error, Result};
use defaas_primitives::{Balance, InvocationId};
use subxt::PolkadotConfig;

/// How far around its number a call is searched for after a re-organisation.
const SEARCH: u32 = 50;
/// Blocks in a row whose events are read to find the end of a call. One is enough unless the node
/// told of some blocks late.
const MAX_WALK: usize = 32;

/// A call that has ended.
#[derive(Debug)]
pub struct Ended {
    /// Its number now.
    pub id: InvocationId,
    /// Its record.
    pub record: Invocation,
    /// What the function wrote, if anything.
    pub output: Option<CallOutput>,
    /// Block in which it ended.
    pub block: u64,
    /// What was paid; `None` if the events of that block are not to be had.
    pub payment: Option<Payment>,
}

/// Who got what when a call ended, in units. The network fee was charged before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Payment {
    /// To the function's owner.
    pub developer: Balance,
    /// To the provider.
    pub provider: Balance,
    /// To the treasury.
    pub treasury: Balance,
    /// Back to the payer.
    pub returned: Balance,
}

impl Chain {
    /// Waits until the call has ended. The caller bounds the time.
    pub async fn follow(&self, call: &Requested, output: &Output) -> Result<Ended> {
        let mut blocks = self
            .client
            .stream_best_blocks()
            .await
            .map_err(|error| self.broken(error))?;
        let mut id = call.invocation;
        let mut told = String::new();
        while let Some(block) = blocks.next().await {
            let block = block.map_err(|error| self.broken(error))?;
            let at = block.at().await.map_err(|error| self.broken(error))?;
            let Some((found, record)) = self.locate(&at, id, &call.digest).await? else {
                continue;
            };
            id = found;
            if record.status.is_end() {
                return self.ended(at, id, record).await;
            }
            let state = self.describe(&at, id, &record).await?;
            if state != told {
                output.progress(&state);
                told = state;
            }
        }
        Err(self.broken("the node stopped telling about new blocks"))
    }

    async fn locate(
        &self,
        at: &AtBlock,
        id: InvocationId,
        digest: &[u8; 32],
    ) -> Result<Option<(InvocationId, Invocation)>> {
        let here = self.invocation(at, id).await?;
        if let Some(record) = here.filter(|record| record.digest == *digest) {
            return Ok(Some((id, record)));
        }
        let from = id.saturating_sub(SEARCH.into());
        let near = self.invocations(at, from, 2 * SEARCH).await?;
        Ok(near
            .into_iter()
            .find(|(_, record)| record.digest == *digest))
    }

    async fn describe(
        &self,
        at: &AtBlock,
        id: InvocationId,
        record: &Invocation,
    ) -> Result<String> {
        let assignment = match record.status {
            Status::Assigned => self.assignment(at, id).await?,
            _ => None,
        };
        let attempt = record.tried.len().saturating_add(1);
        Ok(match assignment {
            Some(assignment) => format!(
                "call {id}: attempt {attempt}, provider {} executes it",
                assignment.provider,
            ),
            None => format!("call {id}: attempt {attempt}, waiting for a provider"),
        })
    }

    async fn ended(&self, at: AtBlock, id: InvocationId, record: Invocation) -> Result<Ended> {
        let output = self.output(&at, id).await?;
        let (block, payment) = match self.payment(&at, id, &record).await {
            Ok(Some((block, payment))) => (block, Some(payment)),
            Ok(None) | Err(Error::Connection { .. }) => (at.block_number(), None),
            Err(error) => return Err(error),
        };
        Ok(Ended {
            id,
            record,
            output,
            block,
            payment,
        })
    }

    /// Looks for the payment of a call from block `at` back.
    async fn payment(
        &self,
        at: &AtBlock,
        id: InvocationId,
        record: &Invocation,
    ) -> Result<Option<(u64, Payment)>> {
        let requested = u64::from(record.requested_at.block);
        let mut at = at.clone();
        for _ in 0..MAX_WALK {
            if let Some(payment) = self.payment_in(&at, id).await? {
                return Ok(Some((at.block_number(), payment)));
            }
            if at.block_number() <= requested {
                break;
            }
            let header = at
                .block_header()
                .await
                .map_err(|error| self.broken(error))?;
            at = self.at(header.parent_hash).await?;
        }
        Ok(None)
    }

    async fn payment_in(&self, at: &AtBlock, id: InvocationId) -> Result<Option<Payment>> {
        let events: subxt::events::Events<PolkadotConfig> = at
            .events()
            .fetch()
            .await
            .map_err(|error| self.broken(error))?;
        if let Some(settled) = find_where::<Settled>(events.iter(), |e| e.invocation == id)? {
            return Ok(Some(Payment {
                developer: settled.developer,
                provider: settled.provider,
                treasury: settled.treasury,
                returned: settled.returned,
            }));
        }
        let refunded = find_where::<Refunded>(events.iter(), |e| e.invocation == id)?;
        Ok(refunded.map(|refunded| Payment {
            developer: 0,
            provider: 0,
            treasury: 0,
            returned: refunded.returned,
        }))
    }
}
