//! The declared weight of a report covers the keys that the real pallets touch behind the seams, in the
//! worst cases there are.

use super::{calls::*, *};
use crate::{
    constants::{calls::MAX_ATTEMPTS, money::DFS},
    Registry,
};
use defaas_primitives::{Fault, Outcome, WorkerPair};
use defaas_traits::mocks::{count_keys, KeyCount};
use frame_support::{
    dispatch::{GetDispatchInfo, RawOrigin},
    traits::{Get, UnfilteredDispatchable},
    weights::{RuntimeDbWeight, Weight},
};
use pallet_access::Rule;
use pallet_invocations::{RefundReason, Status};
use sp_core::Pair;

/// Three providers, and a call that takes one of a quota. All but the last provider asked find the code
/// invalid; returns what the last report touches, by declared and used weight.
fn last_report_of_three(outcome: Outcome, output: Option<&[u8]>) -> (KeyCount, Weight, Weight) {
    let (bob, dave) = (Sr25519Keyring::Bob, Sr25519Keyring::Dave);
    let mut header = author_until(genesis_header(), 1);
    open_block(&header);
    let grant = pallet_access::Call::grant {
        function: 0,
        account: Sr25519Keyring::Charlie.to_account_id(),
        expiry: None,
        quota: Some(1),
    };
    for (who, nonce, call) in [
        (bob, 0, publish("echo", DFS)),
        (bob, 1, set_policy(0, &[Rule::Accounts])),
        (bob, 2, grant.into()),
        (bob, 3, register(bob, 200 * DFS, 5)),
        (dave, 0, register(dave, 200 * DFS, 5)),
    ] {
        apply(who, nonce, 0, call).unwrap().unwrap();
    }
    call_as_charlie(0);

    for attempt in 1..=MAX_ATTEMPTS {
        header = author_next(&Executive::finalize_block());
        open_block(&header);
        let [assignment] = assignments().try_into().expect("assigned");
        let signer = keyring_of(assignment.2.provider).expect("of the keyring");
        if attempt < MAX_ATTEMPTS {
            let invalid = Outcome::ProviderFailed(Fault::InvalidCode);
            let report = report_on(&assignment, invalid, None);
            send_report(signer, report).unwrap().unwrap();
            continue;
        }
        let report = report_on(&assignment, outcome, output);
        let payload = report.payload(&System::block_hash(0));
        let signature = WorkerPair::from(signer.pair()).sign(&payload);
        let call = pallet_invocations::Call::<Runtime>::report { report, signature };
        let declared = call.get_dispatch_info().call_weight;
        let (done, touched) =
            count_keys(|| call.dispatch_bypass_filter(RawOrigin::Authorized.into()));
        let used = done.expect("reports do not fail").actual_weight;
        return (touched, declared, used.expect("told"));
    }
    unreachable!("the last attempt returns")
}

/// Weights are twice what their keys cost, and some time.
#[track_caller]
fn assert_covers((touched, declared, used): (KeyCount, Weight, Weight)) {
    let db = <<Runtime as frame_system::Config>::DbWeight as Get<RuntimeDbWeight>>::get();
    let keys = db
        .reads_writes(touched.reads.into(), touched.writes.into())
        .saturating_mul(2);
    assert!(
        keys.ref_time() <= used.ref_time() && used.ref_time() <= declared.ref_time(),
        "{touched:?} cost {keys}, used {used}, declared {declared}"
    );
}

#[test]
fn of_a_failure_that_refunds_the_call_and_suspends_the_version() {
    on_development(|| {
        let failed = Outcome::ProviderFailed(Fault::InvalidCode);
        assert_covers(last_report_of_three(failed, None));
        assert_eq!(
            pallet_invocations::Invocations::<Runtime>::get(0).map(|call| call.status),
            Some(Status::Refunded(RefundReason::ContentUnusable))
        );
        assert!(Registry::version(0, 1).expect("kept").suspended.is_some());
    });
}

#[test]
fn of_a_failure_that_refunds_the_call_and_is_judged() {
    on_development(|| {
        let failed = Outcome::ProviderFailed(Fault::Internal);
        assert_covers(last_report_of_three(failed, None));
        assert_eq!(
            pallet_invocations::Invocations::<Runtime>::get(0).map(|call| call.status),
            Some(Status::Refunded(RefundReason::AttemptsExhausted))
        );
    });
}

#[test]
fn of_a_delivery_with_which_three_providers_are_judged_and_three_accounts_paid() {
    on_development(|| {
        assert_covers(last_report_of_three(Outcome::Success, Some(b"HELLO")));
        let call = pallet_invocations::Invocations::<Runtime>::get(0).expect("kept");
        assert_eq!(call.status, Status::Settled(Outcome::Success));
        assert_eq!(call.quote.developer_fee, DFS);
    });
}
