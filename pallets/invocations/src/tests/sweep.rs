//! Deadlines pass.

use defaas_primitives::Outcome;
use defaas_traits::{
    mocks::{count_keys, MockEscrow, MockOnOutcome, MockProviders, MockRandomness},
    Verdict,
};
use frame_support::{traits::Hooks, weights::WeightMeter};

use crate::{mock::*, types::*, Config, Cursors, Event, WeightInfo};

#[test]
fn silence_is_judged_at_the_deadline_and_another_provider_drawn_at_once() {
    ExtBuilder::default().build_and_execute(|| {
        let id = assigned();
        let first = provider_of(id);
        next_blocks(DEADLINE_TICKS);
        assert_eq!(Invocations::tick(), assignment(id).deadline);
        assert_eq!(MockProviders::verdicts(), []);
        next_block();
        assert_eq!(MockProviders::verdicts(), [(first, Verdict::Silent)]);
        assert_eq!(MockProviders::load::<AccountId>(first), (0, 0));
        let second = assignment(id);
        assert_eq!(second.attempt, 1);
        assert_ne!(second.provider, first);
        assert!(System::events().iter().any(|record| record.event
            == Event::DeadlineMissed {
                invocation: id,
                replica: FIRST_REPLICA,
                provider: first,
                attempt: 0
            }
            .into()));
    });
}

#[test]
fn three_silent_providers_lead_to_a_refund() {
    ExtBuilder::default().build_and_execute(|| {
        let id = request();
        next_blocks(3 * (DEADLINE_TICKS + 1) + 1);
        assert_eq!(
            status(id),
            Status::Refunded(RefundReason::AttemptsExhausted)
        );
        assert_eq!(MockEscrow::ended()[0].1.returned, 1_500);
        assert_eq!(MockOnOutcome::all(), [(id, None)]);
        let verdicts = MockProviders::verdicts();
        assert_eq!(verdicts.len(), 3);
        assert!(verdicts
            .iter()
            .all(|(_, verdict)| *verdict == Verdict::Silent));
    });
}

#[test]
fn the_only_provider_is_not_drawn_twice() {
    ExtBuilder::default().providers(1).build_and_execute(|| {
        let id = assigned();
        next_blocks(DEADLINE_TICKS + 1);
        assert_eq!(status(id), Status::Requested);
        next_blocks(2 + 4 + 8 + 16);
        assert_eq!(
            status(id),
            Status::Refunded(RefundReason::AttemptsExhausted)
        );
        assert_eq!(MockProviders::verdicts(), [(0, Verdict::Silent)]);
    });
}

#[test]
fn a_reported_call_leaves_a_hole_that_is_passed() {
    ExtBuilder::default().build_and_execute(|| {
        let (first, second) = (request(), request());
        next_block();
        report(first, Outcome::Success);
        next_blocks(DEADLINE_TICKS + 1);
        assert_eq!(status(first), Status::Settled(Outcome::Success));
        assert_eq!(assignment(second).attempt, 1);
    });
}

#[test]
fn what_does_not_fit_into_a_block_goes_on_in_the_next() {
    ExtBuilder::default().build_and_execute(|| {
        let ids: Vec<u64> = (0..4).map(|_| request()).collect();
        next_blocks(1 + DEADLINE_TICKS);
        let missed = || {
            ids.iter()
                .filter(|id| {
                    let invocation = Invocations::invocation(**id).unwrap();
                    !invocation.tried.is_empty()
                })
                .count()
        };
        MockRandomness::set(None);
        let visit = <Test as Config>::WeightInfo::visit();
        let room = <Test as Config>::WeightInfo::poll()
            .saturating_add(
                visit
                    .saturating_add(Invocations::miss_cost())
                    .saturating_mul(2),
            )
            .saturating_add(visit);
        Invocations::on_poll(0, &mut WeightMeter::with_limit(room));
        let done = missed();
        assert!((1..4).contains(&done), "{done}");
        assert!(Cursors::<Test>::get(Lane::Work).tick <= Invocations::tick());
        check_invariants();
        next_block_with(None);
        assert_eq!(missed(), 4);
    });
}

#[test]
fn after_a_long_stand_still_calls_go_on_and_nobody_is_judged() {
    ExtBuilder::default().build_and_execute(|| {
        let id = assigned();
        System::set_block_number(System::block_number() + 1_800);
        next_block();
        report(id, Outcome::Success);
        assert_eq!(status(id), Status::Settled(Outcome::Success));
        assert_eq!(MockProviders::verdicts().len(), 1);
    });
}

#[test]
fn nothing_is_drawn_until_all_that_is_due_is_swept() {
    ExtBuilder::default().build_and_execute(|| {
        let calls = 3 * Invocations::draws_per_block();
        for _ in 0..calls {
            request();
        }
        next_blocks(3);
        assert_eq!(Invocations::queue_len(), 0);
        let waiting = request();
        crate::Tick::<Test>::put(3 + DEADLINE_TICKS);
        let missed = || {
            Invocations::invocations(0, calls as u32)
                .iter()
                .chain(&Invocations::invocations(100, calls as u32))
                .filter(|(id, call)| *id < waiting && !call.tried.is_empty())
                .map(|(id, _)| *id)
                .collect::<std::collections::BTreeSet<u64>>()
                .len() as u64
        };
        next_block();
        let first = missed();
        assert!((1..calls).contains(&first), "{first} of {calls}");
        assert_eq!(status(waiting), Status::Requested);
        assert_eq!(Invocations::queue_len(), 1 + first);
        check_invariants();
        next_block();
        assert_eq!(missed(), calls);
        assert_eq!(status(waiting), Status::Assigned);
    });
}

#[test]
fn without_weight_for_a_step_only_its_place_in_the_agenda_is_read() {
    let sweeps_nothing = |now: u32| {
        let visit = <Test as Config>::WeightInfo::visit();
        let mut meter = WeightMeter::with_limit(visit);
        let (swept, touched) = count_keys(|| Invocations::sweep(now, &mut meter));
        assert!(!swept);
        // The cursor; length and entry of the agenda.
        assert_eq!((touched.reads, touched.writes), (3, 0));
        assert_eq!(meter.consumed(), visit);
    };
    // A deadline that is missed.
    ExtBuilder::default().build_and_execute(|| {
        assigned();
        next_blocks(DEADLINE_TICKS);
        sweeps_nothing(Invocations::tick() + 1);
    });
    // A new draw.
    ExtBuilder::default().providers(1).build_and_execute(|| {
        MockProviders::set_away::<AccountId>(0, true);
        request();
        next_blocks(2);
        sweeps_nothing(Invocations::tick() + 1);
    });
}
