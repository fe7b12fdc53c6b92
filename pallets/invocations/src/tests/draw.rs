//! Calls get providers.

use std::collections::BTreeSet;

use defaas_traits::mocks::{MockAccess, MockOnOutcome, MockProviders};
use frame_support::{traits::Hooks, weights::WeightMeter};
use sp_runtime::Perbill;

use crate::{mock::*, types::*, Event, Queue, QueueEnds, Tick, WeightInfo, Worklist};

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
        defaas_traits::mocks::MockRandomness::set(Some([1; 32]));
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
        MockProviders::set_busy::<AccountId>(0, true);
        let first = request();
        next_block();
        MockProviders::set_busy::<AccountId>(0, false);
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
        MockProviders::set_busy::<AccountId>(0, true);
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

#[test]
fn a_refund_that_does_not_fit_into_the_block_waits_at_the_head_of_the_queue() {
    ExtBuilder::default().providers(1).build_and_execute(|| {
        MockProviders::set_busy::<AccountId>(0, true);
        let id = request();
        crate::Invocations::<Test>::mutate(id, |invocation| {
            invocation.as_mut().unwrap().redraws = 4;
        });
        defaas_traits::mocks::MockRandomness::set(Some([1; 32]));
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
