//! Calls get providers.

use std::collections::BTreeSet;

use defaas_traits::mocks::{count_keys, MockAccess, MockOnOutcome, MockProviders, MockRandomness};
use frame_support::{traits::Hooks, weights::WeightMeter};
use sp_runtime::Perbill;

use crate::{
    deadline::MAX_FULL_DELAY, mock::*, types::*, Event, Queue, QueueEnds, Tick, WeightInfo,
    Worklist,
};

#[test]
fn assigns_a_provider_in_the_block_after_the_request() {
    ExtBuilder::default().build_and_execute(|| {
        let id = request();
        assert_eq!(status(id), Status::Requested);
        next_block();
        assert_eq!(status(id), Status::Assigned);
        let given = assignment(id);
        assert_eq!(given.deadline, 1 + DEADLINE_TICKS);
        assert_eq!(given.attempt, 0);
        assert_eq!(given.max_output_bytes, 2_000);
        assert_eq!(
            given.account,
            FIRST_PROVIDER_ACCOUNT + u64::from(given.provider)
        );
        assert!(Worklist::<Test>::contains_key(
            given.provider,
            (id, FIRST_REPLICA)
        ));
        assert_eq!(MockProviders::load::<AccountId>(given.provider), (1, 1_000));
        assert_eq!(Queue::<Test>::iter().count(), 0);
        assert_eq!(
            last_event(),
            Event::Assigned {
                invocation: id,
                replica: FIRST_REPLICA,
                provider: given.provider,
                attempt: 0,
                deadline: given.deadline
            }
            .into()
        );
    });
}

#[test]
fn the_vrf_decides_who_is_drawn() {
    ExtBuilder::default().providers(50).build_and_execute(|| {
        let drawn: BTreeSet<u32> = (0..20).map(|_| provider_of(assigned())).collect();
        assert!(drawn.len() > 10, "{drawn:?}");
    });
}

#[test]
fn nothing_is_drawn_without_a_vrf() {
    ExtBuilder::default().build_and_execute(|| {
        let id = request();
        next_block_with(None);
        assert_eq!(status(id), Status::Requested);
        assert_eq!(Invocations::queue_len(), 1);
        assert_eq!(Invocations::tick(), 1);
        next_block();
        assert_eq!(status(id), Status::Assigned);
    });
}

#[test]
fn ticks_stand_still_while_the_hook_does_not_run() {
    ExtBuilder::default().build_and_execute(|| {
        let id = assigned();
        for _ in 0..100 {
            System::set_block_number(System::block_number() + 1);
        }
        assert_eq!(Invocations::tick(), 1);
        report(id, defaas_primitives::Outcome::Success);
    });
}

#[test]
fn ticks_stand_still_in_a_full_block() {
    ExtBuilder::default().build_and_execute(|| {
        let id = request();
        let mut meter = WeightMeter::with_limit(sp_runtime::Weight::zero());
        Invocations::on_poll(2, &mut meter);
        assert_eq!(Tick::<Test>::get(), 0);
        assert_eq!(status(id), Status::Requested);
    });
}

#[test]
fn the_hook_takes_no_more_than_the_meter_has() {
    ExtBuilder::default().build_and_execute(|| {
        for _ in 0..20 {
            request();
        }
        // Both lanes visit the ticks 0 and 1.
        let visits = <Test as crate::Config>::WeightInfo::visit().saturating_mul(4);
        let room = <Test as crate::Config>::WeightInfo::poll()
            .saturating_add(visits)
            .saturating_add(Invocations::draw_cost().saturating_mul(3));
        let mut meter = WeightMeter::with_limit(room);
        let limit = meter.limit();
        MockRandomness::set(Some([1; 32]));
        Invocations::on_poll(2, &mut meter);
        assert!(meter.consumed().all_lte(limit));
        assert_eq!(Invocations::queue_len(), 17);
    });
}

#[test]
fn more_calls_than_a_block_draws_keep_their_order() {
    ExtBuilder::default().build_and_execute(|| {
        DrawShare::set(Perbill::from_percent(1));
        let per_block = Invocations::draws_per_block();
        let ids: Vec<u64> = (0..3 * per_block).map(|_| request()).collect();
        for block in 1..=3u64 {
            next_block();
            let assigned: Vec<bool> = ids
                .iter()
                .map(|id| status(*id) == Status::Assigned)
                .collect();
            let expected: Vec<bool> = (0..3 * per_block).map(|n| n < block * per_block).collect();
            assert_eq!(assigned, expected);
        }
    });
}

#[test]
fn a_call_that_finds_nobody_does_not_block_those_behind_it() {
    ExtBuilder::default().providers(1).build_and_execute(|| {
        MockProviders::set_away::<AccountId>(0, true);
        let first = request();
        next_block();
        MockProviders::set_away::<AccountId>(0, false);
        let second = request();
        next_block();
        assert_eq!(status(first), Status::Requested);
        assert_eq!(status(second), Status::Assigned);
        next_block();
        assert_eq!(status(first), Status::Assigned);
        assert_eq!(assignment(first).attempt, 0);
    });
}

#[test]
fn a_call_that_finds_nobody_is_drawn_again_after_2_4_8_16_ticks_then_refunded() {
    ExtBuilder::default().providers(1).build_and_execute(|| {
        MockProviders::set_away::<AccountId>(0, true);
        let id = request();
        next_block();
        for (redraws, delay) in [(1, 2), (2, 4), (3, 8), (4, 16)] {
            let invocation = Invocations::invocation(id).unwrap();
            assert_eq!(invocation.redraws, redraws);
            assert_eq!(
                invocation.due.map(|slot| slot.tick),
                Some(Invocations::tick() + delay)
            );
            assert_eq!(Invocations::queue_len(), 0);
            check_invariants();
            next_blocks(delay);
        }
        assert_eq!(status(id), Status::Refunded(RefundReason::NoProvider));
        assert_eq!(MockAccess::undone(), [permit()]);
        assert_eq!(MockOnOutcome::all(), [(id, None)]);
        assert_eq!(MockProviders::verdicts(), []);
        assert_eq!(
            last_event(),
            Event::Refunded {
                invocation: id,
                reason: RefundReason::NoProvider,
                returned: 1_500
            }
            .into()
        );
    });
}

/// Most ticks that a call waits for room.
const LONGEST_WAIT: u32 = 4 + 8 + 16 + 3 * MAX_FULL_DELAY;

/// Blocks until `id` does not wait any more, `most` of them.
fn wait_while_requested(id: u64, most: u32) {
    for _ in 0..most {
        if status(id) != Status::Requested {
            return;
        }
        next_block();
    }
}

#[test]
fn a_call_whose_providers_are_full_waits_longer_then_is_refunded_with_a_reason_of_its_own() {
    ExtBuilder::default().providers(1).build_and_execute(|| {
        MockProviders::set_full::<AccountId>(0, true);
        let id = request();
        next_block();
        let mut waited = 0;
        while status(id) == Status::Requested {
            let invocation = Invocations::invocation(id).unwrap();
            let due = invocation.due.expect("it left the queue");
            assert!(due.tick > Invocations::tick());
            assert!(due.tick <= Invocations::tick() + MAX_FULL_DELAY);
            assert_eq!(Invocations::queue_len(), 0);
            check_invariants();
            waited += due.tick - Invocations::tick();
            next_blocks(due.tick - Invocations::tick());
        }
        assert!((30..=LONGEST_WAIT).contains(&waited), "{waited}");
        let invocation = Invocations::invocation(id).unwrap();
        assert_eq!(invocation.redraws, MaxFullRedraws::get());
        assert_eq!(
            invocation.status,
            Status::Refunded(RefundReason::ProvidersFull)
        );
        assert_eq!(MockProviders::verdicts(), []);
    });
}

#[test]
fn a_call_that_waited_for_room_is_assigned_once_there_is_some() {
    ExtBuilder::default().providers(1).build_and_execute(|| {
        MockProviders::set_full::<AccountId>(0, true);
        let id = request();
        // Longer than a call waits that finds nobody.
        next_blocks(1 + 2 + 4 + 8 + 16);
        assert_eq!(status(id), Status::Requested);
        MockProviders::set_full::<AccountId>(0, false);
        wait_while_requested(id, MAX_FULL_DELAY);
        assert_eq!(status(id), Status::Assigned);
        assert_eq!(assignment(id).attempt, 0);
    });
}

#[test]
fn a_call_that_waited_for_room_is_refunded_when_those_it_waited_for_are_gone() {
    ExtBuilder::default().providers(1).build_and_execute(|| {
        MockProviders::set_full::<AccountId>(0, true);
        let id = request();
        next_blocks(1 + 2 + 4 + 8 + 16);
        assert_eq!(status(id), Status::Requested);
        MockProviders::set_away::<AccountId>(0, true);
        wait_while_requested(id, MAX_FULL_DELAY);
        assert_eq!(status(id), Status::Refunded(RefundReason::NoProvider));
    });
}

#[test]
fn a_burst_of_a_hundred_calls_is_served_by_one_provider_with_room_for_eight() {
    const CALLS: u64 = 100;
    ExtBuilder::default().providers(1).build_and_execute(|| {
        MockProviders::set_capacity::<AccountId>(0, 8);
        let mut requested = 0;
        let mut ended = 0;
        while ended < CALLS {
            assert!(Invocations::tick() < LONGEST_WAIT, "{ended} ended");
            // As fast as the queue takes them.
            while requested < CALLS && request_with(ALICE, params()).is_ok() {
                requested += 1;
            }
            // What was drawn in the block before is done in this one.
            let drawn: Vec<u64> = (0..requested)
                .filter(|id| crate::Assignments::<Test>::contains_key(id, FIRST_REPLICA))
                .collect();
            next_block();
            for id in drawn {
                report(id, defaas_primitives::Outcome::Success);
            }
            let events = System::read_events_for_pallet::<Event<Test>>();
            assert!(events
                .iter()
                .all(|event| !matches!(event, Event::Refunded { .. })));
            ended += events
                .iter()
                .filter(|event| matches!(event, Event::Settled { .. }))
                .count() as u64;
            System::reset_events();
        }
    });
}

#[test]
fn a_refund_that_does_not_fit_into_the_block_waits_at_the_head_of_the_queue() {
    ExtBuilder::default().providers(1).build_and_execute(|| {
        MockProviders::set_away::<AccountId>(0, true);
        let id = request();
        crate::Invocations::<Test>::mutate(id, |invocation| {
            invocation.as_mut().unwrap().redraws = 4;
        });
        MockRandomness::set(Some([1; 32]));
        let poll = <Test as crate::Config>::WeightInfo::poll();
        let visits = <Test as crate::Config>::WeightInfo::visit().saturating_mul(2);
        let limit = poll
            .saturating_add(visits)
            .saturating_add(Invocations::draw_cost());
        Invocations::on_poll(2, &mut WeightMeter::with_limit(limit));
        assert_eq!(status(id), Status::Requested);
        assert_eq!(QueueEnds::<Test>::get(), Ends { head: 0, tail: 1 });
        check_invariants();
        next_block();
        assert_eq!(status(id), Status::Refunded(RefundReason::NoProvider));
    });
}

#[test]
fn a_hole_at_the_head_of_the_queue_does_not_stop_the_draws() {
    ExtBuilder::default().build_and_execute(|| {
        let (lost, second, third) = (request(), request(), request());
        Queue::<Test>::remove(QueueEnds::<Test>::get().head);
        MockRandomness::set(Some([7; 32]));
        // In tests the fault panics, after it was dealt with.
        let poll = || Invocations::on_poll(2, &mut WeightMeter::new());
        assert!(std::panic::catch_unwind(poll).is_err(), "the fault is told");
        assert_eq!(QueueEnds::<Test>::get(), Ends { head: 1, tail: 3 });
        next_block();
        assert_eq!([second, third].map(status), [Status::Assigned; 2]);
        assert_eq!(Invocations::queue_len(), 0);

        // Nobody can find the call whose place was lost; here it is put back.
        assert_eq!(status(lost), Status::Requested);
        crate::queue::push::<Test>((lost, FIRST_REPLICA));
    });
}

#[test]
fn without_weight_for_a_draw_the_queue_is_not_even_read() {
    ExtBuilder::default().build_and_execute(|| {
        request();
        let short = Invocations::draw_cost() - sp_runtime::Weight::from_parts(1, 0);
        MockRandomness::set(Some([7; 32]));
        let mut meter = WeightMeter::with_limit(short);
        let (_, touched) = count_keys(|| Invocations::draw(1, &mut meter));
        // The VRF and the ends of the queue, which every poll pays for.
        assert_eq!((touched.reads, touched.writes), (2, 0));
        assert_eq!(meter.consumed(), Default::default());
    });
}
