//! Results arrive.
//!
//! A report costs nothing and carries no nonce, so only what it consumes keeps it from being
//! executed again: every item that is live is consumed, whatever happens to it, and the dispatch
//! always succeeds.

use defaas_primitives::{Outcome, Report, ReportItem, Tick};
use frame_support::{defensive, storage::with_storage_layer, weights::Weight};
use sp_runtime::DispatchError;

use crate::{
    agenda,
    authorize::{liveness, Liveness},
    types::{Lane, Tried},
    Assignments, Config, Error, Event, Invocations, Pallet, Tick as CurrentTick, WeightInfo,
};

impl<T: Config> Pallet<T> {
    /// Consumes every live item and returns the weight used.
    pub(crate) fn do_report(report: Report) -> Weight {
        let Report::V1(report) = report;
        let now = CurrentTick::<T>::get();
        let mut used = T::WeightInfo::report();
        for item in &report.items {
            used = used.saturating_add(T::WeightInfo::classify());
            if let Liveness::Live { .. } = liveness::<T>(&report, item, now) {
                used = used.saturating_add(Self::consume(item, now));
            }
        }
        used
    }

    /// Consumes a live item and returns the weight used. The layer keeps the items apart: one that
    /// meets a state that cannot be takes nothing with it but its own call, which ends without charge.
    fn consume(item: &ReportItem, now: Tick) -> Weight {
        with_storage_layer(|| Self::apply(item, now)).unwrap_or_else(|_| {
            Self::abandon((item.invocation, item.replica), now);
            defensive!("an assignment belongs to an open call");
            Self::fail_cost().saturating_add(Self::refund_cost())
        })
    }

    /// Ends the attempt that a live item is about.
    pub(crate) fn apply(item: &ReportItem, now: Tick) -> Result<Weight, DispatchError> {
        let (id, replica) = (item.invocation, item.replica);
        let assignment = Assignments::<T>::get(id, replica).ok_or(Error::<T>::NotFound)?;
        let mut invocation = Invocations::<T>::get(id).ok_or(Error::<T>::NotFound)?;
        if let Some(slot) = invocation.due.take() {
            agenda::cancel::<T>(Lane::Work, slot);
        }
        Self::close(id, replica, &assignment);
        let Outcome::ProviderFailed(fault) = item.outcome else {
            Self::settle(item, invocation, assignment, now);
            return Ok(Self::deliver_cost());
        };
        Self::deposit_event(Event::AttemptFailed {
            invocation: id,
            replica,
            provider: assignment.provider,
            attempt: assignment.attempt,
            fault,
        });
        let last = !Self::attempts_left_after_this(&invocation);
        let tried = Tried {
            provider: assignment.provider,
            fault: Some(fault),
        };
        Self::retry_or_refund(id, replica, invocation, tried, now);
        Ok(if last {
            Self::fail_cost().saturating_add(Self::refund_cost())
        } else {
            Self::fail_cost()
        })
    }
}
