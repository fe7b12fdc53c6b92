//! What ended goes.

use defaas_primitives::{Limit, Outcome};
use defaas_traits::mocks::MockRandomness;
use frame_support::{traits::Hooks, weights::WeightMeter};

use crate::{mock::*, types::*, Agenda, AgendaLengths, Config, WeightInfo};

#[test]
fn the_output_goes_first_and_the_record_with_its_hash_later() {
    ExtBuilder::default().build_and_execute(|| {
        let id = assigned();
        report(id, Outcome::Success);
        next_blocks(OutputRetention::get() - 1);
        assert!(Invocations::output(id).is_some());
        next_block();
        assert_eq!(Invocations::output(id), None);
        let delivery = Invocations::invocation(id).unwrap().delivery.unwrap();
        assert_eq!(delivery.output, Some(output(b"world").digest()));
        check_invariants();
        next_blocks(RecordRetention::get() - OutputRetention::get() - 1);
        assert!(Invocations::invocation(id).is_some());
        next_block();
        assert_eq!(Invocations::invocation(id), None);
        assert_eq!(Agenda::<Test>::iter().count(), 0);
        assert_eq!(AgendaLengths::<Test>::iter().count(), 0);
    });
}

#[test]
fn a_call_without_output_has_one_removal() {
    ExtBuilder::default().build_and_execute(|| {
        let id = assigned();
        report(id, Outcome::LimitExceeded(Limit::Timeout));
        next_blocks(RecordRetention::get() - 1);
        assert!(Invocations::invocation(id).is_some());
        next_block();
        assert_eq!(Invocations::invocation(id), None);
    });
}

#[test]
fn a_refunded_call_goes_too() {
    ExtBuilder::default().build_and_execute(|| {
        let id = request();
        next_blocks(3 * (DEADLINE_TICKS + 1) + 1);
        assert!(matches!(status(id), Status::Refunded(_)));
        next_blocks(RecordRetention::get());
        assert_eq!(Invocations::invocation(id), None);
    });
}

#[test]
fn old_records_never_delay_deadlines() {
    ExtBuilder::default().build_and_execute(|| {
        let old: Vec<u64> = (0..30).map(|_| request()).collect();
        next_block();
        for id in &old {
            report(*id, Outcome::Success);
        }
        next_blocks(OutputRetention::get() - DEADLINE_TICKS - 2);
        let open = request();
        next_blocks(1 + DEADLINE_TICKS);
        assert_eq!(Invocations::tick() + 1, 1 + OutputRetention::get());
        // Room for the deadline, but for none of the outputs due in the same block.
        MockRandomness::set(None);
        let visit = <Test as Config>::WeightInfo::visit();
        let room = <Test as Config>::WeightInfo::poll()
            .saturating_add(visit)
            .saturating_add(Invocations::miss_cost());
        Invocations::on_poll(0, &mut WeightMeter::with_limit(room));
        assert_eq!(Invocations::invocation(open).unwrap().tried.len(), 1);
        assert!(old.iter().all(|id| Invocations::output(*id).is_some()));
        check_invariants();
        next_blocks(2);
        assert!(old.iter().all(|id| Invocations::output(*id).is_none()));
    });
}
