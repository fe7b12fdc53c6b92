//! What whole steps cost: this pallet's own part and what the seams do in them.

use defaas_traits::{AccessControl, Catalog, Escrow, OnOutcome, Providers, Verdict};
use frame_support::{dispatch::DispatchClass, traits::Get, weights::Weight};
use sp_runtime::Perbill;

use crate::{Config, Pallet, WeightInfo};

impl<T: Config> Pallet<T> {
    /// Worst case of a request with this many bytes of path and inline input.
    pub fn request_cost(bytes: u32) -> Weight {
        T::WeightInfo::check_request(bytes)
            .saturating_add(T::Catalog::resolve_weight())
            .saturating_add(T::Access::max_weight())
            .saturating_add(T::Escrow::open_weight())
            .saturating_add(T::WeightInfo::store_request())
    }

    /// Worst case of a draw.
    pub fn draw_cost() -> Weight {
        T::WeightInfo::draw().saturating_add(T::Providers::draw_weight())
    }

    /// Worst case of a missed deadline, without the refund that may follow. Silence is judged with it.
    pub fn miss_cost() -> Weight {
        T::WeightInfo::miss()
            .saturating_add(T::Providers::close_weight())
            .saturating_add(T::Providers::judge_weight(Verdict::Silent))
    }

    /// Worst case of a failure reported, without the refund that may follow. It is judged when the
    /// call ends.
    pub fn fail_cost() -> Weight {
        T::WeightInfo::fail().saturating_add(T::Providers::close_weight())
    }

    /// Worst case of a refund, with which every attempt is judged that failed.
    pub fn refund_cost() -> Weight {
        T::WeightInfo::refund()
            .saturating_add(Self::judge_all_cost())
            .saturating_add(T::Escrow::settle_weight())
            .saturating_add(T::Access::undo_weight())
            .saturating_add(T::Catalog::suspend_weight())
            .saturating_add(T::OnOutcome::max_weight())
    }

    /// Worst case of a delivery, with which it is judged and every attempt before it that failed.
    pub fn deliver_cost() -> Weight {
        T::WeightInfo::deliver()
            .saturating_add(T::Providers::close_weight())
            .saturating_add(Self::judge_all_cost())
            .saturating_add(T::Escrow::settle_weight())
            .saturating_add(T::OnOutcome::max_weight())
    }

    /// Every attempt is judged, none for silence: that was judged at its deadline.
    fn judge_all_cost() -> Weight {
        T::Providers::judge_weight(Verdict::Failed)
            .max(T::Providers::judge_weight(Verdict::Delivered))
            .saturating_mul(T::MaxAttempts::get().into())
    }

    /// Worst case of dispatching a report with this many items.
    pub fn report_cost(items: u32) -> Weight {
        let item = Self::deliver_cost()
            .max(Self::fail_cost().saturating_add(Self::refund_cost()))
            .saturating_add(T::WeightInfo::classify());
        T::WeightInfo::report().saturating_add(item.saturating_mul(items.into()))
    }

    /// Worst case of authorizing a report with this many items and bytes.
    pub fn authorize_cost(items: u32, bytes: u32) -> Weight {
        T::WeightInfo::authorize(bytes)
            .saturating_add(T::WeightInfo::classify().saturating_mul(items.into()))
    }

    /// Worst case of removing what is left of an ended call, in two visits.
    pub fn prune_cost() -> Weight {
        T::WeightInfo::visit()
            .saturating_mul(2)
            .saturating_add(T::WeightInfo::drop_output())
            .saturating_add(T::WeightInfo::drop_record())
    }

    /// Worst case of drawing a call again: it leaves the agenda, joins the queue and is drawn.
    pub fn redraw_cost() -> Weight {
        T::WeightInfo::visit()
            .saturating_add(T::WeightInfo::requeue())
            .saturating_add(Self::draw_cost())
    }

    /// Most new draws of a call, for whatever reason.
    pub(crate) fn most_redraws() -> u8 {
        T::MaxRedraws::get().max(T::MaxFullRedraws::get())
    }

    /// Declared weights of all that a call causes after its request: for each attempt a draw, and
    /// either a transaction with a report of one item and its authorization, or a missed deadline;
    /// all new draws; and the pruning. The network fee is made of this.
    ///
    /// The length of reports is not in it: inline outputs are bounded, what carries them costs a
    /// small part of what executing them does, and the limits on dead weight in a report keep it so.
    pub fn lifecycle_weight() -> Weight {
        let report = T::BlockWeights::get()
            .get(DispatchClass::Operational)
            .base_extrinsic
            .saturating_add(Self::report_cost(1))
            .saturating_add(Self::authorize_cost(1, defaas_primitives::call::MAX_INLINE));
        let missed = T::WeightInfo::visit()
            .saturating_add(Self::miss_cost())
            .saturating_add(Self::refund_cost());
        Self::draw_cost()
            .saturating_add(report.max(missed))
            .saturating_mul(T::MaxAttempts::get().into())
            .saturating_add(Self::redraw_cost().saturating_mul(Self::most_redraws().into()))
            .saturating_add(Self::prune_cost())
    }

    /// The most that the hook takes of a block.
    pub fn max_poll_weight() -> Weight {
        [
            T::SweepShare::get(),
            T::DrawShare::get(),
            T::PruneShare::get(),
        ]
        .into_iter()
        .fold(T::WeightInfo::poll(), |sum, share| {
            sum.saturating_add(Self::budget(share))
        })
    }

    /// `share` of the largest block.
    pub(crate) fn budget(share: Perbill) -> Weight {
        share * T::BlockWeights::get().max_block
    }

    /// Draws that fit into one block.
    pub(crate) fn draws_per_block() -> u64 {
        Self::budget(T::DrawShare::get())
            .checked_div_per_component(&Self::draw_cost())
            .unwrap_or(u64::MAX)
    }
}
