//! The weights cover the keys that are touched, and steps cost the same however much is stored.
//!
//! The mocks touch keys of their own, which their real counterparts pay for through the seams'
//! weights: they are added to what a step may touch.

use defaas_primitives::{Fault, Outcome};
use defaas_traits::mocks::{count_keys, KeyCount, MockCatalog, MockProviders, MockRandomness};
use frame_support::{
    pallet_prelude::TransactionSource,
    traits::{Authorize, Hooks},
    weights::WeightMeter,
};

use crate::{mock::*, types::*, weights::*, Config, Pallet};

/// Keys of the mocks: function, suspension, permit, quote, poverty and hold, providers; the hold.
const MOCK_REQUEST: (u32, u32) = (7, 1);
/// Providers.
const MOCK_DRAW: (u32, u32) = (1, 1);
/// Providers, verdicts.
const MOCK_CLOSE: (u32, u32) = (2, 2);
/// Hold, log of the escrow, log of outcomes, undone permits, suspension.
const MOCK_END: (u32, u32) = (5, 5);

#[track_caller]
fn assert_covers(costs: &[Cost], mocks: &[(u32, u32)], touched: KeyCount) {
    let reads: u32 = costs.iter().map(|cost| cost.reads).sum::<u32>()
        + mocks.iter().map(|(reads, _)| reads).sum::<u32>();
    let writes: u32 = costs.iter().map(|cost| cost.writes).sum::<u32>()
        + mocks.iter().map(|(_, writes)| writes).sum::<u32>();
    assert!(
        touched.reads <= reads && touched.writes <= writes,
        "{touched:?} is more than {reads} reads and {writes} writes"
    );
}

/// Keys that the next block's hook touches.
fn poll(vrf: Option<[u8; 32]>) -> KeyCount {
    MockRandomness::set(vrf);
    count_keys(|| Invocations::on_poll(0, &mut WeightMeter::new())).1
}

/// As many open and ended calls as `many`, so that nothing depends on being alone.
fn crowd(many: u32) {
    for _ in 0..many {
        let id = assigned();
        report(id, Outcome::Success);
    }
}

#[test]
fn of_a_request() {
    ExtBuilder::default().build_and_execute(|| {
        let (result, touched) = count_keys(|| request_with(ALICE, params()));
        result.unwrap();
        assert_covers(&[CHECK_REQUEST, STORE_REQUEST], &[MOCK_REQUEST], touched);
    });
}

#[test]
fn of_a_poll_with_nothing_to_do() {
    ExtBuilder::default().build_and_execute(|| {
        next_blocks(3);
        // Each lane visits one tick that is over.
        assert_covers(&[POLL, VISIT, VISIT], &[], poll(Some([1; 32])));
    });
}

#[test]
fn of_a_draw() {
    ExtBuilder::default().build_and_execute(|| {
        next_blocks(3);
        request();
        let touched = poll(Some([1; 32]));
        assert_covers(&[POLL, VISIT, VISIT, DRAW], &[MOCK_DRAW], touched);
    });
}

#[test]
fn of_a_draw_that_finds_nobody() {
    ExtBuilder::default().providers(1).build_and_execute(|| {
        MockProviders::set_away::<AccountId>(0, true);
        next_blocks(3);
        let id = request();
        let touched = poll(Some([1; 32]));
        assert_covers(&[POLL, VISIT, VISIT, DRAW], &[MOCK_DRAW], touched);
        next_block();
        let touched = poll(None);
        assert_eq!(Invocations::queue_len(), 1);
        assert_covers(&[POLL, VISIT, VISIT, VISIT, REQUEUE], &[], touched);
        crate::Invocations::<Test>::mutate(id, |record| record.as_mut().unwrap().redraws = 4);
        let touched = poll(Some([1; 32]));
        assert!(matches!(status(id), Status::Refunded(_)));
        assert_covers(
            &[POLL, VISIT, VISIT, DRAW, REFUND],
            &[MOCK_DRAW, MOCK_END],
            touched,
        );
    });
}

#[test]
fn of_a_missed_deadline_with_and_without_refund() {
    ExtBuilder::default().build_and_execute(|| {
        let id = assigned();
        for last in [false, false, true] {
            next_blocks(DEADLINE_TICKS);
            let touched = poll(None);
            if last {
                assert!(matches!(status(id), Status::Refunded(_)));
                assert_covers(
                    &[POLL, VISIT, VISIT, VISIT, MISS, REFUND],
                    &[MOCK_CLOSE, MOCK_END],
                    touched,
                );
            } else {
                assert_eq!(Invocations::queue_len(), 1);
                assert_covers(&[POLL, VISIT, VISIT, VISIT, MISS], &[MOCK_CLOSE], touched);
                next_block();
            }
        }
    });
}

#[test]
fn of_a_delivery() {
    ExtBuilder::default().build_and_execute(|| {
        let id = assigned();
        let report = batch(provider_of(id), vec![item(id, Outcome::Success)]);
        let (_, touched) = count_keys(|| Invocations::do_report(report.0));
        assert_eq!(status(id), Status::Settled(Outcome::Success));
        assert_covers(
            &[REPORT, CLASSIFY, DELIVER],
            &[MOCK_CLOSE, MOCK_END],
            touched,
        );
    });
}

#[test]
fn of_a_reported_failure_with_and_without_refund() {
    ExtBuilder::default().build_and_execute(|| {
        let id = assigned();
        for last in [false, false, true] {
            let report = batch(
                provider_of(id),
                vec![item(id, Outcome::ProviderFailed(Fault::InvalidCode))],
            );
            let (_, touched) = count_keys(|| Invocations::do_report(report.0));
            if last {
                assert!(matches!(status(id), Status::Refunded(_)));
                assert_covers(
                    &[REPORT, CLASSIFY, FAIL, REFUND],
                    &[MOCK_CLOSE, MOCK_END],
                    touched,
                );
            } else {
                assert_covers(&[REPORT, CLASSIFY, FAIL], &[MOCK_CLOSE], touched);
                next_block();
            }
        }
    });
}

#[test]
fn of_authorization_with_items_in_every_state() {
    ExtBuilder::default().providers(1).build_and_execute(|| {
        let (done, live) = (request(), request());
        next_block();
        let mut items = vec![item(done, Outcome::Success), item(live, Outcome::Success)];
        report(done, Outcome::Success);
        items.push(items[1].clone());
        items[2].invocation = 99;
        let call = report_call(batch(0, items));
        let (result, touched) = count_keys(|| call.authorize(TransactionSource::InBlock));
        result.unwrap().unwrap();
        assert_covers(&[AUTHORIZE, CLASSIFY, CLASSIFY, CLASSIFY], &[], touched);
    });
}

#[test]
fn of_pruning() {
    ExtBuilder::default().build_and_execute(|| {
        let id = assigned();
        report(id, Outcome::Success);
        next_blocks(OutputRetention::get() - 1);
        let touched = poll(None);
        assert_eq!(Invocations::output(id), None);
        assert_covers(&[POLL, VISIT, VISIT, VISIT, DROP_OUTPUT], &[], touched);
        next_blocks(RecordRetention::get() - OutputRetention::get() - 1);
        let touched = poll(None);
        assert_eq!(Invocations::invocation(id), None);
        assert_covers(&[POLL, VISIT, VISIT, VISIT, DROP_RECORD], &[], touched);
    });
}

#[test]
fn declared_weights_cover_what_reports_use() {
    ExtBuilder::default().build_and_execute(|| {
        let id = request();
        let outcomes = [
            Outcome::ProviderFailed(Fault::InvalidCode),
            Outcome::ProviderFailed(Fault::Internal),
            Outcome::Success,
        ];
        for outcome in outcomes {
            next_block();
            let report = batch(provider_of(id), vec![item(id, outcome)]);
            let declared = Pallet::<Test>::report_weight(&report.0);
            let used = Invocations::do_report(report.0);
            assert!(used.ref_time() <= declared.ref_time());
        }
        assert!(
            <Test as Config>::WeightInfo::poll().ref_time()
                >= <Test as frame_system::Config>::DbWeight::get()
                    .reads(1)
                    .ref_time()
        );
    });
}

/// Thousands of calls, open and ended, change nothing in what the steps of one call touch.
#[test]
fn steps_touch_as_many_keys_beside_thousands_of_calls_as_alone() {
    let life = |calls: u32| {
        let mut touched = Vec::new();
        ExtBuilder::default().providers(1).build_and_execute(|| {
            crowd(calls.min(10));
            // With so much time, no deadline passes meanwhile.
            let mut slow = function();
            slow.limits.timeout_ms = 3_600_000;
            MockCatalog::insert(&slow);
            for _ in 0..calls {
                while request_with(ALICE, params()).is_err() {
                    next_block();
                }
            }
            while Invocations::queue_len() > 0 {
                next_block();
            }
            assert_eq!(MockProviders::load::<AccountId>(0).0, calls);
            next_blocks(3);
            let (id, keys) = count_keys(request);
            touched.push(keys);
            touched.push(poll(Some([1; 32])));
            let report = batch(0, vec![item(id, Outcome::Success)]);
            let call = report_call(report.clone());
            let (result, keys) = count_keys(|| call.authorize(TransactionSource::InBlock));
            result.unwrap().unwrap();
            touched.push(keys);
            touched.push(count_keys(|| Invocations::do_report(report.0)).1);
        });
        touched
    };
    assert_eq!(life(3_000), life(0));
}
