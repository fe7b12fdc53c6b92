//! Results arrive and calls are settled.

use codec::Encode;
use defaas_primitives::{Fault, Limit, Outcome, Output};
use defaas_traits::{
    mocks::{MockAccess, MockEscrow, MockOnOutcome, MockProviders, MockRandomness},
    Paid, Verdict,
};
use frame_support::{
    assert_noop,
    dispatch::GetDispatchInfo,
    pallet_prelude::{DispatchClass, InvalidTransaction},
    storage::{
        transactional::{Layer, TRANSACTIONAL_LIMIT, TRANSACTION_LEVEL_KEY},
        unhashed,
    },
    traits::Hooks,
    weights::WeightMeter,
};
use sp_runtime::traits::{Applyable, BadOrigin, Checkable};

use crate::{mock::*, types::*, Assignments, Error, Event, Worklist};

/// How many storage layers are open.
struct TransactionLevel;

impl TransactionLevel {
    fn set(level: Layer) {
        unhashed::put(TRANSACTION_LEVEL_KEY, &level);
    }
}

#[test]
fn settles_the_call() {
    ExtBuilder::default().build_and_execute(|| {
        let id = assigned();
        let provider = provider_of(id);
        report(id, Outcome::Success);
        assert_eq!(status(id), Status::Settled(Outcome::Success));
        let paid = Paid {
            developer: 500,
            provider: 950,
            treasury: 50,
            returned: 0,
        };
        assert_eq!(MockEscrow::ended(), [(id, paid)]);
        assert_eq!(MockProviders::verdicts(), [(provider, Verdict::Delivered)]);
        assert_eq!(MockProviders::load::<AccountId>(provider), (0, 0));
        assert_eq!(MockOnOutcome::all(), [(id, Some(Outcome::Success))]);
        assert!(!Assignments::<Test>::contains_key(id, FIRST_REPLICA));
        assert!(!Worklist::<Test>::contains_key(
            provider,
            (id, FIRST_REPLICA)
        ));
        assert_eq!(Invocations::input(id), None);
        assert_eq!(Invocations::output(id), Some(output(b"world")));
        let delivery = Invocations::invocation(id).unwrap().delivery.unwrap();
        assert_eq!(delivery.provider, provider);
        assert_eq!(delivery.output, Some(output(b"world").digest()));
        assert_eq!(delivery.meters.duration_ms, 12);
        assert_eq!(
            last_event(),
            Event::Settled {
                invocation: id,
                provider,
                outcome: Outcome::Success,
                charged: 1_500
            }
            .into()
        );
    });
}

#[test]
fn a_function_that_failed_is_charged_like_one_that_succeeded() {
    ExtBuilder::default().build_and_execute(|| {
        let id = assigned();
        report(id, Outcome::FunctionFailed);
        assert_eq!(MockEscrow::ended()[0].1.developer, 500);
        assert_eq!(Invocations::output(id), Some(output(b"error")));
    });
}

#[test]
fn a_limit_exceeded_is_charged_without_the_developer_fee() {
    ExtBuilder::default().build_and_execute(|| {
        for limit in [Limit::Timeout, Limit::Memory, Limit::Output] {
            let id = assigned();
            report(id, Outcome::LimitExceeded(limit));
            assert_eq!(status(id), Status::Settled(Outcome::LimitExceeded(limit)));
            assert_eq!(Invocations::output(id), None);
        }
        for (_, paid) in MockEscrow::ended() {
            assert_eq!((paid.developer, paid.returned), (0, 500));
        }
    });
}

#[test]
fn an_output_by_cid_is_kept_with_its_digest() {
    ExtBuilder::default().build_and_execute(|| {
        let id = assigned();
        let stored = Output::Stored {
            cid: defaas_primitives::Cid::raw_sha256([3; 32]),
            digest: defaas_primitives::OutputDigest {
                sha256: [3; 32],
                size: 2_000,
            },
        };
        let mut item = item(id, Outcome::Success);
        item.output = Some(stored.clone());
        include(batch(provider_of(id), vec![item]))
            .unwrap()
            .unwrap();
        assert_eq!(Invocations::output(id), Some(stored));
    });
}

#[test]
fn a_provider_that_failed_is_replaced_by_another_one() {
    ExtBuilder::default().build_and_execute(|| {
        let id = assigned();
        let first = provider_of(id);
        report(id, Outcome::ProviderFailed(Fault::Overloaded));
        assert_eq!(status(id), Status::Requested);
        assert_eq!(MockProviders::load::<AccountId>(first), (0, 0));
        assert_eq!(
            last_event(),
            Event::AttemptFailed {
                invocation: id,
                replica: FIRST_REPLICA,
                provider: first,
                attempt: 0,
                fault: Fault::Overloaded
            }
            .into()
        );
        check_invariants();
        next_block();
        let second = assignment(id);
        assert_eq!(second.attempt, 1);
        assert_ne!(second.provider, first);
    });
}

#[test]
fn attempts_exhausted_are_refunded() {
    ExtBuilder::default().build_and_execute(|| {
        let id = request();
        for _ in 0..3 {
            next_block();
            report(id, Outcome::ProviderFailed(Fault::Internal));
        }
        assert_eq!(
            status(id),
            Status::Refunded(RefundReason::AttemptsExhausted)
        );
        assert_eq!(MockOnOutcome::all(), [(id, None)]);
        assert_eq!(MockEscrow::ended()[0].1.returned, 1_500);
        assert!(loads().iter().all(|load| *load == (0, 0)));
    });
}

#[test]
fn a_batch_settles_many_calls_of_one_provider() {
    ExtBuilder::default().providers(1).build_and_execute(|| {
        let ids: Vec<u64> = (0..32).map(|_| request()).collect();
        next_block();
        let items = ids.iter().map(|id| item(*id, Outcome::Success)).collect();
        include(batch(0, items)).unwrap().unwrap();
        for id in ids {
            assert_eq!(status(id), Status::Settled(Outcome::Success));
        }
    });
}

#[test]
fn a_report_executed_again_is_refused_and_changes_nothing() {
    ExtBuilder::default().build_and_execute(|| {
        let id = assigned();
        let report = batch(provider_of(id), vec![item(id, Outcome::Success)]);
        include(report.clone()).unwrap().unwrap();
        assert_eq!(
            include(report.clone()),
            Err(InvalidTransaction::Stale.into())
        );
        // Even if a runtime let it through, nothing would be left to consume.
        let root = sp_io::storage::root(sp_runtime::StateVersion::V1);
        let used = Invocations::do_report(report.0);
        assert_eq!(root, sp_io::storage::root(sp_runtime::StateVersion::V1));
        assert!(
            used.all_lt(Invocations::report_cost(1))
                || used.ref_time() < Invocations::report_cost(1).ref_time()
        );
        assert_eq!(MockEscrow::ended().len(), 1);
    });
}

#[test]
fn stale_items_are_skipped_and_their_weight_is_given_back() {
    ExtBuilder::default().providers(1).build_and_execute(|| {
        let (first, second) = (request(), request());
        next_block();
        let items = vec![
            item(first, Outcome::Success),
            item(second, Outcome::Success),
        ];
        report(first, Outcome::FunctionFailed);
        let both = batch(0, items);
        let declared = report_call(both.clone()).get_dispatch_info();
        let used = include(both).unwrap().unwrap().actual_weight.unwrap();
        assert_eq!(status(first), Status::Settled(Outcome::FunctionFailed));
        assert_eq!(status(second), Status::Settled(Outcome::Success));
        assert!(used.ref_time() < declared.call_weight.ref_time() * 2 / 3);
        assert_eq!(declared.class, DispatchClass::Operational);
    });
}

/// Runs what must not happen in production, where it is logged. In tests the fault panics, after it
/// was dealt with.
#[track_caller]
fn faults<R>(run: impl FnOnce() -> R) {
    let fault = std::panic::catch_unwind(std::panic::AssertUnwindSafe(run));
    assert!(fault.is_err(), "the fault is told");
}

#[test]
fn an_item_that_cannot_be_applied_ends_its_call_and_leaves_nothing_behind() {
    ExtBuilder::default().build_and_execute(|| {
        let id = assigned();
        let provider = provider_of(id);
        let report = batch(provider, vec![item(id, Outcome::Success)]);
        // No further storage layer can be opened: the item fails before anything is done.
        TransactionLevel::set(TRANSACTIONAL_LIMIT);
        faults(|| Invocations::do_report(report.0.clone()));
        TransactionLevel::set(0);

        assert_eq!(
            status(id),
            Status::Refunded(RefundReason::AttemptsExhausted)
        );
        assert_eq!(MockEscrow::held(id), None);
        assert_eq!(MockEscrow::ended()[0].1.returned, 1_500);
        assert_eq!(MockAccess::undone(), [permit()]);
        assert_eq!(MockOnOutcome::all(), [(id, None)]);
        assert_eq!(MockProviders::load::<AccountId>(provider), (0, 0));
        assert_eq!(MockProviders::verdicts(), []);
        assert_eq!(include(report), Err(InvalidTransaction::Stale.into()));
    });
}

#[test]
fn an_item_whose_assignment_or_record_is_lost_is_not_applied() {
    ExtBuilder::default().build_and_execute(|| {
        let id = assigned();
        let (item, now) = (item(id, Outcome::Success), Invocations::tick());
        let assignment = Assignments::<Test>::take(id, FIRST_REPLICA).unwrap();
        assert_noop!(Invocations::apply(&item, now), Error::<Test>::NotFound);
        Assignments::<Test>::insert(id, FIRST_REPLICA, assignment);

        let record = crate::Invocations::<Test>::take(id).unwrap();
        assert_noop!(Invocations::apply(&item, now), Error::<Test>::NotFound);
        crate::Invocations::<Test>::insert(id, record);
    });
}

#[test]
fn a_fault_in_one_item_does_not_touch_the_others() {
    ExtBuilder::default().providers(1).build_and_execute(|| {
        let (broken, sound) = (request(), request());
        next_block();
        let items = vec![item(sound, Outcome::Success)];
        Invocations::abandon((broken, FIRST_REPLICA), Invocations::tick());
        include(batch(0, items)).unwrap().unwrap();
        assert!(matches!(status(broken), Status::Refunded(_)));
        assert_eq!(status(sound), Status::Settled(Outcome::Success));
        assert_eq!(MockProviders::load::<AccountId>(0), (0, 0));
    });
}

#[test]
fn a_report_on_a_call_whose_record_is_lost_releases_its_hold_and_its_provider() {
    ExtBuilder::default().build_and_execute(|| {
        let id = assigned();
        let provider = provider_of(id);
        let report = batch(provider, vec![item(id, Outcome::Success)]);
        let record = crate::Invocations::<Test>::take(id).unwrap();
        faults(|| Invocations::do_report(report.0.clone()));

        assert_eq!(MockEscrow::held(id), None);
        assert_eq!(MockProviders::load::<AccountId>(provider), (0, 0));
        assert_eq!(Invocations::input(id), None);
        assert!(!Worklist::<Test>::contains_key(
            provider,
            (id, FIRST_REPLICA)
        ));
        assert_eq!(include(report), Err(InvalidTransaction::Stale.into()));
        // The place in the agenda was in the record; its deadline finds nothing to do.
        crate::agenda::cancel::<Test>(Lane::Work, record.due.unwrap());
    });
}

#[test]
fn wherever_a_call_whose_record_is_lost_is_met_its_hold_is_released() {
    let met = |lose: fn() -> u64| {
        ExtBuilder::default().providers(1).build_and_execute(|| {
            let id = lose();
            crate::Invocations::<Test>::remove(id);
            assert!(MockEscrow::held(id).is_some());
            while MockEscrow::held(id).is_some() {
                assert!(Invocations::tick() < 100, "its hold stays");
                let block = System::block_number() + 1;
                System::set_block_number(block);
                MockRandomness::set(Some([7; 32]));
                let poll = || Invocations::on_poll(block, &mut WeightMeter::new());
                let _ = std::panic::catch_unwind(poll);
            }
            assert_eq!(MockProviders::load::<AccountId>(0), (0, 0));
            assert_eq!(Invocations::input(id), None);
            // The walk was cut short by the fault; here it goes on without what it met.
            for (lane, tick) in crate::Agenda::<Test>::iter_keys()
                .map(|(key, _)| key)
                .collect::<Vec<_>>()
            {
                crate::Agenda::<Test>::remove((lane, tick), 0);
            }
            if !crate::QueueEnds::<Test>::get().is_empty() {
                crate::queue::pop::<Test>();
            }
        });
    };
    // Assigned; its deadline passes.
    met(assigned);
    // In the queue.
    met(request);
    // Waits to be drawn again.
    met(|| {
        MockProviders::set_away::<AccountId>(0, true);
        let id = request();
        next_block();
        id
    });
}

#[test]
fn dispatch_needs_an_authorized_origin() {
    ExtBuilder::default().build_and_execute(|| {
        let id = assigned();
        let (report, signature) = batch(provider_of(id), vec![item(id, Outcome::Success)]);
        for origin in [
            RuntimeOrigin::signed(FIRST_PROVIDER_ACCOUNT),
            RuntimeOrigin::none(),
            RuntimeOrigin::root(),
        ] {
            assert_noop!(
                Invocations::report(origin, report.clone(), signature.clone()),
                BadOrigin
            );
        }
    });
}

#[test]
fn a_general_transaction_without_account_settles_the_call() {
    ExtBuilder::default().build_and_execute(|| {
        let id = assigned();
        let call = report_call(batch(provider_of(id), vec![item(id, Outcome::Success)]));
        let transaction =
            UncheckedExtrinsic::new_transaction(call.into(), frame_system::AuthorizeCall::new());
        let info = transaction.get_dispatch_info();
        let length = transaction.encoded_size();
        let checked =
            Checkable::check(transaction, &frame_system::ChainContext::<Test>::default()).unwrap();
        assert!(info.extension_weight.ref_time() > 0);
        checked.apply::<Test>(&info, length).unwrap().unwrap();
        assert_eq!(status(id), Status::Settled(Outcome::Success));
    });
}
