//! Whether the runtime's constants fit together. Runs as a test of every runtime that has this
//! pallet.

use frame_support::{traits::Get, weights::Weight};
use sp_runtime::Perbill;

use crate::{types::MAX_TRIED, Config, Pallet, WeightInfo};

/// Most of a block, in percent, that the hook may take.
const MAX_HOOK_PERCENT: u32 = 20;
/// Fewest ticks beyond the work: with fewer, the authors of a few slots in a row could make a
/// provider miss its deadline by leaving its report out.
const MIN_MARGIN: u32 = 6;
/// Most new draws of one call. The last one comes 2¹⁶ ticks after the one before.
const MAX_REDRAWS: u8 = 16;

impl<T: Config> Pallet<T> {
    pub(crate) fn check_integrity() {
        let attempts = u32::from(T::MaxAttempts::get());
        assert!(attempts >= 1, "a call needs an attempt");
        assert!(
            attempts <= MAX_TRIED,
            "a record has no room for so many attempts"
        );
        assert!(T::MaxRedraws::get() <= MAX_REDRAWS, "too many new draws");
        assert!(
            T::MaxFullRedraws::get() >= T::MaxRedraws::get(),
            "who can be waited for is waited for at least as often as who is not there"
        );
        assert!(
            T::DeadlineMargin::get() >= MIN_MARGIN,
            "the margin is too small"
        );
        assert!(T::SlotMillis::get() > 0, "a slot takes time");
        assert!(T::FetchRate::get() > 0, "fetching must end");
        assert!(T::CompileRate::get() > 0, "compiling must end");
        assert!(
            T::RecordRetention::get() >= T::OutputRetention::get() && T::OutputRetention::get() > 0,
            "a record outlives its output"
        );
        assert!(
            T::ReportPriority::get() <= u64::MAX - u64::from(u16::MAX),
            "re-sends need room above the priority"
        );
        Self::check_shares();
    }

    fn check_shares() {
        let [sweep, draw, prune] = [
            T::SweepShare::get(),
            T::DrawShare::get(),
            T::PruneShare::get(),
        ];
        let most = Self::budget(Perbill::from_percent(MAX_HOOK_PERCENT));
        assert!(
            Self::max_poll_weight().ref_time() <= most.ref_time(),
            "the hook takes more than 20 % of the block"
        );

        // Each share affords its largest step, or that step would never be done.
        let miss = T::WeightInfo::visit()
            .saturating_add(Self::miss_cost())
            .saturating_add(Self::refund_cost());
        let draw_and_refund = Self::draw_cost().saturating_add(Self::refund_cost());
        assert!(
            Self::budget(sweep).all_gte(miss),
            "SweepShare is too small for one deadline"
        );
        assert!(
            Self::budget(draw).all_gte(draw_and_refund),
            "DrawShare is too small for one draw"
        );
        assert!(
            Self::budget(prune).all_gte(Self::prune_cost()),
            "PruneShare is too small for one record"
        );

        // Draws bound how many calls enter the other steps, which must keep up. For sweeps this
        // concerns the hole that a reported call leaves and the end of its tick: where deadlines are
        // missed, draws wait for them.
        assert!(
            keeps_up(
                Self::budget(sweep),
                T::WeightInfo::visit().saturating_mul(2),
                Self::budget(draw),
                Self::draw_cost()
            ),
            "SweepShare does not keep up with DrawShare"
        );
        assert!(
            keeps_up(
                Self::budget(prune),
                Self::prune_cost(),
                Self::budget(draw),
                Self::draw_cost()
            ),
            "PruneShare does not keep up with DrawShare"
        );
    }
}

/// Whether `budget` pays for `cost` at least as often as `other_budget` for `other_cost`, in time.
fn keeps_up(budget: Weight, cost: Weight, other_budget: Weight, other_cost: Weight) -> bool {
    let product = |a: Weight, b: Weight| u128::from(a.ref_time()) * u128::from(b.ref_time());
    product(budget, other_cost) >= product(other_budget, cost)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_up_compares_how_often_budgets_pay() {
        let time = |time| Weight::from_parts(time, 0);
        assert!(keeps_up(time(10), time(1), time(20), time(2)));
        assert!(!keeps_up(time(9), time(1), time(20), time(2)));
        assert!(keeps_up(time(9), time(1), time(20), time(3)));
    }
}
