//! Attempts and calls end: whoever is owed is paid, whoever failed is judged.
//!
//! Which attempts are judged, and when:
//!
//! | attempt | judged |
//! |---|---|
//! | silent until the deadline | `Silent`, at the deadline |
//! | delivered | `Delivered`, with the settlement |
//! | failed, and a later one delivered | `Failed`, with the settlement: it could be done |
//! | failed with a fault that blames the content, and none delivered | not at all: it may be true |
//! | failed with any other fault, and none delivered | `Failed`, with the refund |

use defaas_primitives::{Fault, InvocationId, JobCursor, Replica, ReportItem, Tick};
use defaas_traits::{
    AccessControl, Bill, Catalog, Escrow, OnOutcome, Providers, Summary, SuspendReason, Verdict,
};
use frame_support::{defensive, traits::Get};

use crate::{
    agenda, queue,
    types::{Assignment, Delivery, Due, Lane, RefundReason, Status, Tried},
    Assignments, Config, Event, Inputs, InvocationOf, Invocations, Outputs, Pallet, Worklist,
};

impl<T: Config> Pallet<T> {
    /// Takes an assignment off all books. The agenda is the caller's.
    pub(crate) fn close(id: InvocationId, replica: Replica, assignment: &Assignment<T::AccountId>) {
        Assignments::<T>::remove(id, replica);
        Worklist::<T>::remove(assignment.provider, (id, replica));
        T::Providers::close(assignment.provider, assignment.exposure);
    }

    /// After an attempt that failed: the next one, or the end.
    pub(crate) fn retry_or_refund(
        id: InvocationId,
        replica: Replica,
        mut invocation: InvocationOf<T>,
        tried: Tried,
        now: Tick,
    ) {
        let again = Self::attempts_left_after_this(&invocation);
        if invocation.tried.try_push(tried).is_err() {
            defensive!("a record has room for every attempt");
        }
        if again {
            invocation.status = Status::Requested;
            Invocations::<T>::insert(id, invocation);
            queue::push::<T>((id, replica));
            return;
        }
        if let Some(reason) = blames_code(&invocation.tried) {
            T::Catalog::suspend(
                invocation.resolved.function,
                invocation.resolved.version,
                reason,
            );
        }
        let reason = without_provider(&invocation.tried);
        Self::refund(id, invocation, reason, now);
    }

    /// Ends a call with a result that is charged.
    pub(crate) fn settle(
        item: &ReportItem,
        mut invocation: InvocationOf<T>,
        assignment: Assignment<T::AccountId>,
        now: Tick,
    ) {
        let id = item.invocation;
        let paid = T::Escrow::settle(
            id,
            &Bill {
                developer: invocation.resolved.owner.clone(),
                developer_fee_due: item.outcome.pays_developer(),
                provider: assignment.account,
            },
        );
        for tried in invocation
            .tried
            .iter()
            .filter(|tried| tried.fault.is_some())
        {
            T::Providers::judge(tried.provider, Verdict::Failed);
        }
        T::Providers::judge(assignment.provider, Verdict::Delivered);

        let output = item.output.as_ref().map(|output| {
            Outputs::<T>::insert(id, output);
            output.digest()
        });
        let (after, due) = match output {
            Some(_) => (T::OutputRetention::get(), Due::DropOutput(id)),
            None => (T::RecordRetention::get(), Due::DropRecord(id)),
        };
        agenda::schedule::<T>(Lane::Retention, now.saturating_add(after), due);
        invocation.status = Status::Settled(item.outcome);
        invocation.delivery = Some(Delivery {
            provider: assignment.provider,
            output,
            meters: item.meters,
        });
        Self::finish(id, invocation);
        Self::deposit_event(Event::Settled {
            invocation: id,
            provider: assignment.provider,
            outcome: item.outcome,
            charged: paid
                .developer
                .saturating_add(paid.provider)
                .saturating_add(paid.treasury),
        });
    }

    /// Ends a call without charge.
    pub(crate) fn refund(
        id: InvocationId,
        mut invocation: InvocationOf<T>,
        reason: RefundReason,
        now: Tick,
    ) {
        let returned = T::Escrow::refund(id);
        T::Access::undo(&invocation.permit);
        for tried in &invocation.tried {
            if tried.fault.is_some_and(|fault| !fault.blames_content()) {
                T::Providers::judge(tried.provider, Verdict::Failed);
            }
        }
        let due = Due::DropRecord(id);
        let tick = now.saturating_add(T::RecordRetention::get());
        agenda::schedule::<T>(Lane::Retention, tick, due);
        invocation.status = Status::Refunded(reason);
        Self::finish(id, invocation);
        Self::deposit_event(Event::Refunded {
            invocation: id,
            reason,
            returned,
        });
    }

    /// Ends a call that met a state that cannot be, so that nothing stays held or booked for it:
    /// without charge, and without another attempt, which might meet the same. Where even its record
    /// is missing, what is known without it is taken back. Costs no more than the failure of a last
    /// attempt.
    pub(crate) fn abandon((id, replica): JobCursor, now: Tick) {
        if let Some(assignment) = Assignments::<T>::get(id, replica) {
            Self::close(id, replica, &assignment);
        }
        match Invocations::<T>::get(id) {
            Some(mut invocation) if invocation.is_open() => {
                if let Some(slot) = invocation.due.take() {
                    agenda::cancel::<T>(Lane::Work, slot);
                }
                Self::refund(id, invocation, RefundReason::AttemptsExhausted, now);
            }
            // It ended, and its hold with it.
            Some(_) => {}
            None => {
                T::Escrow::refund(id);
                Inputs::<T>::remove(id);
            }
        }
    }

    /// Stores the record of an ended call, drops its input and tells whoever wants to know.
    fn finish(id: InvocationId, invocation: InvocationOf<T>) {
        Inputs::<T>::remove(id);
        let outcome = match invocation.status {
            Status::Settled(outcome) => Some(outcome),
            _ => None,
        };
        let summary = Summary {
            invocation: id,
            digest: invocation.digest,
            function: invocation.resolved.function,
            version: invocation.resolved.version,
            principal: invocation.principal.clone(),
            outcome,
            provider: invocation.delivery.map(|delivery| delivery.provider),
            output: invocation.delivery.and_then(|delivery| delivery.output),
        };
        Invocations::<T>::insert(id, invocation);
        T::OnOutcome::settled(&summary);
    }
}

/// Why a version is suspended after all attempts: only if every one of the providers asked, as many
/// as there are attempts, blames its code. They are distinct, because a draw excludes those tried.
/// That the code could not be fetched is the weaker claim, so it is the reason unless all say
/// otherwise.
fn blames_code(tried: &[Tried]) -> Option<SuspendReason> {
    let blames = |tried: &Tried| tried.fault.is_some_and(|fault| fault.blames_code());
    if tried.is_empty() || !tried.iter().all(blames) {
        return None;
    }
    let invalid = |tried: &Tried| tried.fault == Some(Fault::InvalidCode);
    Some(if tried.iter().all(invalid) {
        SuspendReason::InvalidCode
    } else {
        SuspendReason::CodeUnavailable
    })
}

/// Why a call ends that nobody is left for: what those who were tried say, if any were.
pub(super) fn without_provider(tried: &[Tried]) -> RefundReason {
    let blames = |tried: &Tried| tried.fault.is_some_and(|fault| fault.blames_content());
    if tried.is_empty() {
        RefundReason::NoProvider
    } else if tried.iter().all(blames) {
        RefundReason::ContentUnusable
    } else {
        RefundReason::AttemptsExhausted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tried(faults: &[Option<Fault>]) -> Vec<Tried> {
        (0..)
            .zip(faults)
            .map(|(provider, fault)| Tried {
                provider,
                fault: *fault,
            })
            .collect()
    }

    #[test]
    fn all_must_blame_the_code() {
        use Fault::*;
        let suspended = |faults: &[Option<Fault>]| blames_code(&tried(faults));
        assert_eq!(suspended(&[]), None);
        assert_eq!(suspended(&[Some(InvalidCode), None]), None);
        assert_eq!(suspended(&[Some(InvalidCode), Some(Internal)]), None);
        assert_eq!(
            suspended(&[Some(CodeUnavailable), Some(InputUnavailable)]),
            None
        );
        assert_eq!(
            suspended(&[Some(CodeUnavailable), Some(InvalidCode)]),
            Some(SuspendReason::CodeUnavailable)
        );
        assert_eq!(
            suspended(&[Some(InvalidCode), Some(InvalidCode)]),
            Some(SuspendReason::InvalidCode)
        );
    }
}
