//! The check of the invariants finds corruption of every kind.

use defaas_primitives::{Fault, Outcome};
use defaas_traits::mocks::MockProviders;

use crate::{
    agenda, mock::*, queue, types::*, Agenda, AgendaLengths, Assignments, Cursors, InvocationOf,
    NextInvocationId, Outputs, Pallet, Queue, QueueEnds, Worklist,
};

type Records = crate::Invocations<Test>;
type Inputs = crate::Inputs<Test>;

/// A chain with calls in every state, and what `corrupt` does to it is found.
#[track_caller]
fn found(expected: &'static str, corrupt: impl FnOnce(Calls)) {
    let mut message = None;
    ExtBuilder::default().build_and_execute(|| {
        let calls = calls();
        check_invariants();
        frame_support::storage::with_transaction(|| {
            corrupt(calls);
            message = Some(Pallet::<Test>::do_try_state());
            sp_runtime::TransactionOutcome::Rollback(Ok::<(), sp_runtime::DispatchError>(()))
        })
        .unwrap();
    });
    assert_eq!(
        message,
        Some(Err(sp_runtime::DispatchError::Other(expected)))
    );
}

/// One call in each state.
#[derive(Clone, Copy)]
struct Calls {
    settled: u64,
    redrawn: u64,
    retried: u64,
    assigned: u64,
    queued: u64,
}

fn calls() -> Calls {
    let settled = assigned();
    report(settled, Outcome::Success);
    for provider in 0..5 {
        MockProviders::set_away::<AccountId>(provider, true);
    }
    let redrawn = request();
    next_block();
    for provider in 0..5 {
        MockProviders::set_away::<AccountId>(provider, false);
    }
    let (retried, assigned) = (request(), request());
    next_block();
    report(retried, Outcome::ProviderFailed(Fault::Internal));
    let queued = request();
    Calls {
        settled,
        redrawn,
        retried,
        assigned,
        queued,
    }
}

fn change(id: u64, change: impl FnOnce(&mut InvocationOf<Test>)) {
    Records::mutate(id, |record| change(record.as_mut().unwrap()));
}

#[test]
fn a_number_that_was_not_given_out() {
    found("a call has a number that was not given out", |_| {
        NextInvocationId::<Test>::put(1);
    });
}

#[test]
fn a_queue_that_ends_before_it_begins() {
    found("the queue ends before it begins", |_| {
        QueueEnds::<Test>::put(Ends { head: 9, tail: 1 });
    });
}

#[test]
fn an_entry_outside_the_queue() {
    found("a queue entry lies outside the queue", |calls| {
        Queue::<Test>::insert(99, (calls.assigned, FIRST_REPLICA));
    });
}

#[test]
fn a_hole_in_the_queue() {
    found("the queue has a hole", |_| {
        Queue::<Test>::remove(QueueEnds::<Test>::get().head);
    });
}

#[test]
fn a_call_queued_twice() {
    found("a call is queued twice", |calls| {
        queue::push::<Test>((calls.queued, FIRST_REPLICA));
    });
}

#[test]
fn a_queued_call_that_does_not_exist() {
    found("the queue names a call that does not exist", |_| {
        queue::push::<Test>((99, FIRST_REPLICA));
    });
}

#[test]
fn an_assigned_call_in_the_queue() {
    found("an assigned call is queued", |calls| {
        queue::push::<Test>((calls.assigned, FIRST_REPLICA));
    });
}

#[test]
fn an_ended_call_in_the_queue() {
    found("an ended call has work to do", |calls| {
        queue::push::<Test>((calls.settled, FIRST_REPLICA));
    });
}

#[test]
fn a_call_in_queue_and_agenda() {
    found("a call stands in queue and agenda", |calls| {
        queue::push::<Test>((calls.redrawn, FIRST_REPLICA));
    });
}

#[test]
fn a_call_in_neither_queue_nor_agenda() {
    found(
        "a call that waits stands neither in queue nor agenda",
        |calls| {
            let slot = Records::get(calls.redrawn).unwrap().due.unwrap();
            agenda::cancel::<Test>(Lane::Work, slot);
        },
    );
}

#[test]
fn a_lost_deadline() {
    found("an assigned call has no deadline", |calls| {
        let slot = Records::get(calls.assigned).unwrap().due.unwrap();
        agenda::cancel::<Test>(Lane::Work, slot);
    });
}

#[test]
fn a_deadline_moved() {
    found("a deadline stands at the wrong tick", |calls| {
        Assignments::<Test>::mutate(calls.assigned, FIRST_REPLICA, |assignment| {
            assignment.as_mut().unwrap().deadline += 1;
        });
    });
}

#[test]
fn an_assignment_without_a_call() {
    found("an assignment has no call", |calls| {
        let assignment = Assignments::<Test>::get(calls.assigned, FIRST_REPLICA).unwrap();
        Assignments::<Test>::insert(99, FIRST_REPLICA, assignment);
    });
}

#[test]
fn an_assignment_of_a_call_that_waits() {
    found("an assignment's call is not assigned", |calls| {
        let assignment = Assignments::<Test>::get(calls.assigned, FIRST_REPLICA).unwrap();
        Assignments::<Test>::insert(calls.queued, FIRST_REPLICA, assignment);
    });
}

#[test]
fn an_assignment_of_another_attempt() {
    found("an assignment and its call disagree", |calls| {
        Assignments::<Test>::mutate(calls.assigned, FIRST_REPLICA, |assignment| {
            assignment.as_mut().unwrap().attempt += 1;
        });
    });
}

#[test]
fn an_assignment_with_another_exposure() {
    found("an assignment and its call disagree", |calls| {
        Assignments::<Test>::mutate(calls.assigned, FIRST_REPLICA, |assignment| {
            assignment.as_mut().unwrap().exposure += 1;
        });
    });
}

#[test]
fn a_gap_in_a_worklist() {
    found(
        "an assignment is missing in its provider's worklist",
        |calls| {
            let provider = provider_of(calls.assigned);
            Worklist::<Test>::remove(provider, (calls.assigned, FIRST_REPLICA));
        },
    );
}

#[test]
fn a_worklist_that_names_too_much() {
    found("a worklist names an assignment that is not open", |calls| {
        Worklist::<Test>::insert(0, (calls.queued, FIRST_REPLICA), ());
    });
}

#[test]
fn a_lost_input() {
    found("inputs and open calls differ", |calls| {
        Inputs::remove(calls.queued);
    });
}

#[test]
fn an_input_of_an_ended_call() {
    found("inputs and open calls differ", |calls| {
        let input = Inputs::get(calls.queued).unwrap();
        Inputs::insert(calls.settled, input);
    });
}

#[test]
fn a_changed_output() {
    found("an output is not the one that was delivered", |calls| {
        Outputs::<Test>::insert(calls.settled, output(b"another"));
    });
}

#[test]
fn a_lost_output() {
    found("an output to be removed is gone", |calls| {
        Outputs::<Test>::remove(calls.settled);
    });
}

#[test]
fn an_output_that_stays() {
    found("an output is never removed", |calls| {
        let ((lane, tick), index, _) = Agenda::<Test>::iter()
            .find(|(_, _, due)| *due == Due::DropOutput(calls.settled))
            .unwrap();
        Agenda::<Test>::insert((lane, tick), index, Due::DropRecord(calls.settled));
    });
}

#[test]
fn a_call_removed_twice() {
    found(
        "an ended call has not exactly one entry in the agenda",
        |calls| {
            agenda::schedule::<Test>(Lane::Retention, 99, Due::DropRecord(calls.settled));
        },
    );
}

#[test]
fn a_removal_of_nothing() {
    found("the agenda names a call that does not exist", |_| {
        agenda::schedule::<Test>(Lane::Retention, 99, Due::DropRecord(99));
    });
}

#[test]
fn an_entry_beyond_its_tick() {
    found("an entry lies beyond the length of its tick", |calls| {
        Agenda::<Test>::insert(
            (Lane::Work, 99),
            0,
            Due::Redraw(calls.queued, FIRST_REPLICA),
        );
    });
}

#[test]
fn an_entry_that_was_passed_by() {
    found("an entry was passed by", |calls| {
        let slot = Records::get(calls.redrawn).unwrap().due.unwrap();
        Cursors::<Test>::insert(
            Lane::Work,
            Slot {
                index: slot.index + 1,
                ..slot
            },
        );
    });
}

#[test]
fn an_entry_that_its_call_does_not_know() {
    found("an entry's call does not know it", |calls| {
        agenda::schedule::<Test>(Lane::Work, 99, Due::Redraw(calls.queued, FIRST_REPLICA));
    });
}

#[test]
fn an_entry_in_the_wrong_lane() {
    found("an entry stands in the wrong lane", |calls| {
        agenda::schedule::<Test>(Lane::Work, 99, Due::DropRecord(calls.settled));
    });
}

#[test]
fn a_length_that_stays() {
    found("a tick that is done has a length", |_| {
        AgendaLengths::<Test>::insert(Lane::Work, 0, 1);
    });
}

#[test]
fn a_cursor_ahead_of_time() {
    found("a cursor is ahead of time", |_| {
        let slot = Slot {
            tick: Invocations::tick() + 2,
            index: 0,
        };
        Cursors::<Test>::insert(Lane::Retention, slot);
    });
}

#[test]
fn a_provider_tried_twice() {
    found("a provider was tried twice", |calls| {
        change(calls.retried, |record| {
            let first = record.tried[0];
            record.tried.try_push(first).unwrap();
        });
    });
}

#[test]
fn too_many_attempts() {
    found("a call had more attempts than allowed", |calls| {
        change(calls.retried, |record| {
            for provider in 90..92 {
                let fault = None;
                record.tried.try_push(Tried { provider, fault }).unwrap();
            }
        });
    });
}

#[test]
fn a_provider_assigned_that_was_tried() {
    found("a provider that was tried is assigned again", |calls| {
        let provider = provider_of(calls.assigned);
        change(calls.assigned, |record| {
            let fault = Some(Fault::Internal);
            record.tried.try_push(Tried { provider, fault }).unwrap();
        });
        Assignments::<Test>::mutate(calls.assigned, FIRST_REPLICA, |assignment| {
            assignment.as_mut().unwrap().attempt += 1;
        });
    });
}

#[test]
fn too_many_new_draws() {
    found("a call was drawn again more often than allowed", |calls| {
        change(calls.redrawn, |record| {
            record.redraws = MaxRedraws::get().max(MaxFullRedraws::get()) + 1;
        });
    });
}

#[test]
fn a_settlement_without_a_result() {
    found("a call settled without a result", |calls| {
        change(calls.settled, |record| {
            record.status = Status::Settled(Outcome::ProviderFailed(Fault::Internal));
        });
    });
}

#[test]
fn a_settled_call_without_its_delivery() {
    found(
        "a call has a delivery without being settled, or none",
        |calls| {
            // Else its output would be found first.
            forget_output(calls.settled);
            change(calls.settled, |record| record.delivery = None);
        },
    );
}

#[test]
fn a_delivery_of_a_call_that_is_open() {
    found(
        "a call has a delivery without being settled, or none",
        |calls| {
            let delivery = Records::get(calls.settled).unwrap().delivery;
            change(calls.queued, |record| record.delivery = delivery);
        },
    );
}

/// As if the output of a settled call had been dropped already.
fn forget_output(id: u64) {
    let ((lane, tick), index, _) = Agenda::<Test>::iter()
        .find(|(_, _, due)| *due == Due::DropOutput(id))
        .unwrap();
    Agenda::<Test>::insert((lane, tick), index, Due::DropRecord(id));
    Outputs::<Test>::remove(id);
}
