//! How a call ended, and what was paid.

use super::{
    events::{find_where, Refunded, Settled},
    types::{Invocation, Output as CallOutput},
    AtBlock, Chain,
};
use crate::{Error, Result};
use defaas_primitives::{Balance, InvocationId};
use subxt::{utils::H256, PolkadotConfig};

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
    /// Hash of that block.
    pub block_hash: H256,
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
    /// What is known of call `id`, which has ended, in the state `at` a block.
    pub(super) async fn ended(
        &self,
        at: AtBlock,
        id: InvocationId,
        record: Invocation,
    ) -> Result<Ended> {
        let output = self.output(&at, id).await?;
        let (block, payment) = match self.payment(&at, id, &record).await {
            Ok(Some((block, payment))) => (block, Some(payment)),
            Ok(None) | Err(Error::Connection { .. }) => (at, None),
            Err(error) => return Err(error),
        };
        Ok(Ended {
            id,
            record,
            output,
            block: block.block_number(),
            block_hash: block.block_hash(),
            payment,
        })
    }

    /// Looks for the payment of a call from block `at` back.
    async fn payment(
        &self,
        at: &AtBlock,
        id: InvocationId,
        record: &Invocation,
    ) -> Result<Option<(AtBlock, Payment)>> {
        let requested = u64::from(record.requested_at.block);
        let mut at = at.clone();
        for _ in 0..MAX_WALK {
            if let Some(payment) = self.payment_in(&at, id).await? {
                return Ok(Some((at, payment)));
            }
            if at.block_number() <= requested {
                break;
            }
            at = self.parent(&at).await?;
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
