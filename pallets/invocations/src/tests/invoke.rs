//! Calls requested by other parts of the chain.

use defaas_primitives::{Principal, Via};
use defaas_traits::{
    mocks::{MockEscrow, MockProviders},
    Invoke,
};
use frame_support::{assert_noop, assert_ok};

use crate::{mock::*, types::Status, Error};

fn trigger() -> Principal<AccountId> {
    Principal {
        account: ALICE,
        via: Via::Trigger(3),
    }
}

fn invoke(
    principal: Principal<AccountId>,
    params: defaas_traits::RequestParams,
) -> Result<u64, sp_runtime::DispatchError> {
    <Invocations as Invoke<AccountId>>::request(principal, params)
}

#[test]
fn keeps_the_principal() {
    ExtBuilder::default().build_and_execute(|| {
        let id = invoke(trigger(), params()).unwrap();
        assert_eq!(Invocations::invocation(id).unwrap().principal, trigger());
    });
}

#[test]
fn two_calls_of_one_trigger_in_one_block_differ() {
    ExtBuilder::default().build_and_execute(|| {
        let (first, second) = (invoke(trigger(), params()), invoke(trigger(), params()));
        assert_ok!(first);
        assert_ne!(
            Invocations::status_of(first.unwrap()).unwrap().0,
            Invocations::status_of(second.unwrap()).unwrap().0
        );
    });
}

#[test]
fn fails_with_nothing_changed() {
    ExtBuilder::default().build_and_execute(|| {
        let mut cheap = params();
        cheap.max_fee = 0;
        assert_noop!(invoke(trigger(), cheap), Error::<Test>::MaxFeeTooLow);
        MockEscrow::bankrupt(&ALICE);
        assert_noop!(invoke(trigger(), params()), MockEscrow::TOO_POOR);
    });
}

#[test]
fn a_call_requested_while_another_one_ends_waits_for_the_next_block() {
    ExtBuilder::default().providers(1).build_and_execute(|| {
        MockProviders::set_away::<AccountId>(0, true);
        let first = request();
        let behind = request();
        crate::Invocations::<Test>::mutate(first, |record| record.as_mut().unwrap().redraws = 4);
        CallsAgain::set(true);
        next_block();
        CallsAgain::set(false);
        assert!(matches!(status(first), Status::Refunded(_)));
        let again = behind + 1;
        assert_eq!(status(again), Status::Requested);
        assert_eq!(Invocations::queue_len(), 1);
        check_invariants();
        MockProviders::set_away::<AccountId>(0, false);
        next_block();
        assert_eq!(status(again), Status::Assigned);
        CallsAgain::set(true);
        report(again, defaas_primitives::Outcome::Success);
        CallsAgain::set(false);
        assert_eq!(status(again + 1), Status::Requested);
    });
}

#[test]
fn declares_at_least_what_the_call_does() {
    ExtBuilder::default().build_and_execute(|| {
        let declared = <Invocations as Invoke<AccountId>>::request_weight();
        let largest = defaas_traits::RequestParams {
            path: defaas_primitives::Path::parse(&format!("/{}", "a".repeat(255))).unwrap(),
            input: inline(&[0; 4_096]),
            ..params()
        };
        let bytes = Invocations::request_bytes(&largest);
        assert!(declared.ref_time() >= Invocations::request_cost(bytes).ref_time());
    });
}
