use alloc::vec::Vec;
use codec::Encode;
use defaas_primitives::{InvocationId, Outcome};
use frame_support::weights::Weight;

use super::state;
use crate::{OnOutcome, Summary};

const SETTLED: &str = "on-outcome";

/// Remembers how calls ended.
pub struct MockOnOutcome;

impl MockOnOutcome {
    /// How each call ended, in order; `None` for a refund.
    pub fn all() -> Vec<(InvocationId, Option<Outcome>)> {
        state::logged(SETTLED)
    }
}

impl<AccountId: Encode> OnOutcome<AccountId> for MockOnOutcome {
    fn settled(summary: &Summary<AccountId>) -> Weight {
        state::log(SETTLED, (summary.invocation, summary.outcome));
        <Self as OnOutcome<AccountId>>::max_weight()
    }

    fn max_weight() -> Weight {
        Weight::from_parts(1_000, 0)
    }
}
