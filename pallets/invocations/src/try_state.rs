//! What always holds, for each record and between the maps.
//!
//! 1. Numbers: every call has a number below the next one.
//! 2. Queue: an entry at each position from head to tail and nowhere else; each is a call that waits
//!    for a draw, once.
//! 3. Open calls: each stands in exactly one of queue and agenda. One that is assigned stands in the
//!    agenda at the tick after its deadline.
//! 4. Assignments, worklist and calls with the status `Assigned` are the same, and agree on digest,
//!    attempt and exposure; nobody is assigned who was tried.
//! 5. Inputs: exactly those of open calls.
//! 6. Outputs: of settled calls only, as their records say; each has its removal in the agenda.
//! 7. Ended calls: each has exactly one entry in the lane of retention.
//! 8. Agenda: entries lie below the length of their tick and not before the cursor; the cursor is at
//!    most one tick ahead; each entry belongs to a call that knows it.
//! 9. Attempts: tried providers are distinct and no more than allowed, and so are the new draws.
//! 10. Endings: exactly the settled calls have a delivery, and none settled with a provider's failure.

use alloc::collections::{BTreeMap, BTreeSet};

use defaas_primitives::{InvocationId, JobCursor};
use frame_support::{ensure, traits::Get};
use sp_runtime::DispatchError;

use crate::{
    types::{Due, Lane, Slot, Status, FIRST_REPLICA},
    Agenda, AgendaLengths, Assignments, Config, Cursors, Inputs, Invocations, NextInvocationId,
    Outputs, Pallet, Queue, QueueEnds, Tick, Worklist,
};

type Check = Result<(), DispatchError>;

impl<T: Config> Pallet<T> {
    /// Checks every invariant of this pallet.
    pub fn do_try_state() -> Check {
        Self::numbers_are_given_out()?;
        let queued = Self::queue_is_whole()?;
        Self::agenda_is_whole()?;
        Self::open_calls_stand_in_one_place(&queued)?;
        Self::assignments_agree()?;
        Self::inputs_are_of_open_calls()?;
        Self::outputs_are_of_settled_calls()?;
        Self::ended_calls_go()?;
        Self::attempts_are_distinct()?;
        Self::endings_agree()
    }

    /// Invariant 1.
    fn numbers_are_given_out() -> Check {
        let next = NextInvocationId::<T>::get();
        ensure!(
            Invocations::<T>::iter_keys().all(|id| id < next),
            "a call has a number that was not given out"
        );
        Ok(())
    }

    /// Invariant 2. Returns what is queued.
    fn queue_is_whole() -> Result<BTreeSet<JobCursor>, DispatchError> {
        let ends = QueueEnds::<T>::get();
        ensure!(ends.head <= ends.tail, "the queue ends before it begins");
        let mut queued = BTreeSet::new();
        let mut positions = 0u64;
        for (position, entry) in Queue::<T>::iter() {
            ensure!(
                (ends.head..ends.tail).contains(&position),
                "a queue entry lies outside the queue"
            );
            ensure!(queued.insert(entry), "a call is queued twice");
            positions = positions.saturating_add(1);
        }
        ensure!(positions == ends.len(), "the queue has a hole");
        Ok(queued)
    }

    /// Invariant 3.
    fn open_calls_stand_in_one_place(queued: &BTreeSet<JobCursor>) -> Check {
        let mut seen = 0usize;
        for (id, invocation) in Invocations::<T>::iter() {
            let entry = (id, FIRST_REPLICA);
            let in_queue = queued.contains(&entry);
            seen = seen.saturating_add(in_queue.into());
            let due = invocation
                .due
                .map(|slot| (slot, due_at::<T>(Lane::Work, slot)));
            match invocation.status {
                Status::Requested if in_queue => {
                    ensure!(due.is_none(), "a call stands in queue and agenda");
                }
                Status::Requested => ensure!(
                    matches!(due, Some((_, Some(Due::Redraw(of, replica)))) if (of, replica) == entry),
                    "a call that waits stands neither in queue nor agenda"
                ),
                Status::Assigned => {
                    ensure!(!in_queue, "an assigned call is queued");
                    let Some((slot, Some(Due::Deadline(of, replica)))) = due else {
                        return Err("an assigned call has no deadline".into());
                    };
                    ensure!((of, replica) == entry, "a call has another one's deadline");
                    let deadline = Assignments::<T>::get(id, replica).map(|a| a.deadline);
                    ensure!(
                        deadline.and_then(|deadline| deadline.checked_add(1)) == Some(slot.tick),
                        "a deadline stands at the wrong tick"
                    );
                }
                Status::Settled(_) | Status::Refunded(_) => {
                    ensure!(!in_queue && due.is_none(), "an ended call has work to do");
                }
            }
        }
        ensure!(
            seen == queued.len(),
            "the queue names a call that does not exist"
        );
        Ok(())
    }

    /// Invariant 4.
    fn assignments_agree() -> Check {
        let mut open = 0usize;
        for (id, replica, assignment) in Assignments::<T>::iter() {
            let invocation = Invocations::<T>::get(id).ok_or("an assignment has no call")?;
            ensure!(
                invocation.status == Status::Assigned && replica == FIRST_REPLICA,
                "an assignment's call is not assigned"
            );
            ensure!(
                assignment.digest == invocation.digest
                    && assignment.attempt == invocation.attempt()
                    && assignment.exposure == invocation.quote.execution_price
                    && assignment.max_output_bytes == invocation.resolved.limits.max_output_bytes,
                "an assignment and its call disagree"
            );
            ensure!(
                !invocation
                    .tried
                    .iter()
                    .any(|tried| tried.provider == assignment.provider),
                "a provider that was tried is assigned again"
            );
            ensure!(
                Worklist::<T>::contains_key(assignment.provider, (id, replica)),
                "an assignment is missing in its provider's worklist"
            );
            open = open.saturating_add(1);
        }
        let assigned = Invocations::<T>::iter_values()
            .filter(|invocation| invocation.status == Status::Assigned)
            .count();
        ensure!(assigned == open, "an assigned call has no assignment");
        ensure!(
            Worklist::<T>::iter_keys().count() == open,
            "a worklist names an assignment that is not open"
        );
        Ok(())
    }

    /// Invariant 5.
    fn inputs_are_of_open_calls() -> Check {
        let inputs: BTreeSet<InvocationId> = Inputs::<T>::iter_keys().collect();
        let open: BTreeSet<InvocationId> = Invocations::<T>::iter()
            .filter(|(_, invocation)| invocation.is_open())
            .map(|(id, _)| id)
            .collect();
        ensure!(inputs == open, "inputs and open calls differ");
        Ok(())
    }

    /// Invariant 6.
    fn outputs_are_of_settled_calls() -> Check {
        let to_drop: BTreeSet<InvocationId> = Agenda::<T>::iter_values()
            .filter_map(|due| match due {
                Due::DropOutput(id) => Some(id),
                _ => None,
            })
            .collect();
        for (id, output) in Outputs::<T>::iter() {
            let invocation = Invocations::<T>::get(id).ok_or("an output has no call")?;
            ensure!(
                invocation.delivery.and_then(|delivery| delivery.output) == Some(output.digest()),
                "an output is not the one that was delivered"
            );
            ensure!(to_drop.contains(&id), "an output is never removed");
        }
        ensure!(
            to_drop.len() == Outputs::<T>::iter_keys().count(),
            "an output to be removed is gone"
        );
        Ok(())
    }

    /// Invariant 7.
    fn ended_calls_go() -> Check {
        let mut entries = BTreeMap::<InvocationId, u32>::new();
        for due in Agenda::<T>::iter_values() {
            if let Due::DropOutput(id) | Due::DropRecord(id) = due {
                let count = entries.entry(id).or_default();
                *count = count.saturating_add(1);
            }
        }
        for (id, invocation) in Invocations::<T>::iter() {
            let count = entries.remove(&id).unwrap_or(0);
            ensure!(
                count == u32::from(!invocation.is_open()),
                "an ended call has not exactly one entry in the agenda"
            );
        }
        ensure!(
            entries.is_empty(),
            "the agenda names a call that does not exist"
        );
        Ok(())
    }

    /// Invariant 8.
    fn agenda_is_whole() -> Check {
        let now = Tick::<T>::get();
        for ((lane, tick), index, due) in Agenda::<T>::iter() {
            ensure!(
                index < AgendaLengths::<T>::get(lane, tick),
                "an entry lies beyond the length of its tick"
            );
            let slot = Slot { tick, index };
            ensure!(slot >= Cursors::<T>::get(lane), "an entry was passed by");
            match (lane, due) {
                (Lane::Work, Due::Deadline(id, _) | Due::Redraw(id, _)) => ensure!(
                    Invocations::<T>::get(id).is_some_and(|call| call.due == Some(slot)),
                    "an entry's call does not know it"
                ),
                (Lane::Retention, Due::DropOutput(_) | Due::DropRecord(_)) => {}
                _ => return Err("an entry stands in the wrong lane".into()),
            }
        }
        for (lane, tick, _) in AgendaLengths::<T>::iter() {
            ensure!(
                tick >= Cursors::<T>::get(lane).tick,
                "a tick that is done has a length"
            );
        }
        for (_, cursor) in Cursors::<T>::iter() {
            ensure!(
                cursor.tick <= now.saturating_add(1),
                "a cursor is ahead of time"
            );
        }
        Ok(())
    }

    /// Invariant 9.
    fn attempts_are_distinct() -> Check {
        for invocation in Invocations::<T>::iter_values() {
            let tried: BTreeSet<_> = invocation
                .tried
                .iter()
                .map(|tried| tried.provider)
                .collect();
            ensure!(
                tried.len() == invocation.tried.len(),
                "a provider was tried twice"
            );
            let allowed = usize::from(T::MaxAttempts::get());
            ensure!(
                tried.len() <= allowed && (!invocation.is_open() || tried.len() < allowed),
                "a call had more attempts than allowed"
            );
            ensure!(
                invocation.redraws <= Self::most_redraws(),
                "a call was drawn again more often than allowed"
            );
        }
        Ok(())
    }

    /// Invariant 10.
    fn endings_agree() -> Check {
        for invocation in Invocations::<T>::iter_values() {
            let settled = match invocation.status {
                Status::Settled(outcome) => {
                    ensure!(outcome.is_charged(), "a call settled without a result");
                    true
                }
                Status::Requested | Status::Assigned | Status::Refunded(_) => false,
            };
            ensure!(
                settled == invocation.delivery.is_some(),
                "a call has a delivery without being settled, or none"
            );
        }
        Ok(())
    }
}

fn due_at<T: Config>(lane: Lane, slot: Slot) -> Option<Due> {
    Agenda::<T>::get((lane, slot.tick), slot.index)
}
