//! A function goes, and with it what other pallets keep of it: the registry tells the access pallet.

use super::{calls::*, *};
use crate::{constants::calls::REMOVAL_DELAY, Access, AccountId, Balance, Billing, Registry};
use defaas_primitives::Selector;
use frame_support::traits::fungible::InspectHold;
use pallet_access::Rule;

fn bob() -> AccountId {
    Sr25519Keyring::Bob.to_account_id()
}

fn as_bob(call: impl Into<RuntimeCall>) -> sp_runtime::DispatchResult {
    let nonce = System::account_nonce(bob());
    apply(Sr25519Keyring::Bob, nonce, 0, call.into()).expect("valid")
}

/// What is held from Bob for (functions, policies and grants).
fn deposits() -> (Balance, Balance) {
    let held = |reason| Balances::balance_on_hold(&reason, &bob());
    (
        held(pallet_registry::HoldReason::Deposit.into()),
        held(pallet_access::HoldReason::Deposit.into()),
    )
}

fn remove() -> RuntimeCall {
    pallet_registry::Call::remove { function: 0 }.into()
}

#[test]
fn a_removed_function_takes_its_policy_with_it_and_leaves_its_grants_to_be_cleaned_up() {
    let charlie = Sr25519Keyring::Charlie.to_account_id();
    on_development(|| {
        let header = author_until(genesis_header(), 1);
        open_block(&header);
        as_bob(publish("echo", 0)).unwrap();
        as_bob(set_policy(0, &[Rule::Accounts])).unwrap();
        let policy = deposits().1;
        let grant = pallet_access::Call::<Runtime>::grant {
            function: 0,
            account: charlie.clone(),
            expiry: None,
            quota: Some(3),
        };
        as_bob(grant).unwrap();
        let (function, all) = deposits();
        assert!(function > 0 && policy > 0 && all > policy);
        as_bob(pallet_registry::Call::<Runtime>::retire { function: 0 }).unwrap();
        let header = Executive::finalize_block();

        // Much later, a block too early, then in time. A session begins first, and ordinary
        // transactions wait.
        let header = author_next(&much_later(header, REMOVAL_DELAY - 3));
        open_block(&header);
        let too_early = pallet_registry::Error::<Runtime>::TooEarly;
        assert_eq!(as_bob(remove()), Err(too_early.into()));
        assert!(Access::policy(0).is_some());
        open_block(&Executive::finalize_block());
        as_bob(remove()).unwrap();

        assert_eq!(Registry::function(0), None);
        assert_eq!(Access::policy(0), None);
        assert!(!pallet_access::Serials::<Runtime>::contains_key(0));
        assert_eq!(deposits(), (0, all - policy), "the grant is still paid for");
        let gone = sp_runtime::DispatchError::from(pallet_registry::Error::<Runtime>::NotFound);
        assert_eq!(Billing::quote(0, Selector::Version(1)), Err(gone));
        let call = request(0, b"", Balance::MAX);
        assert_eq!(apply(Sr25519Keyring::Charlie, 0, 0, call), Ok(Err(gone)));
        assert!(!Access::may_call(0, charlie.clone()));
        assert_eq!(invariants::check(), Ok(()));

        // Anybody may clean up.
        let clean = pallet_access::Call::remove_orphaned {
            function: 0,
            account: charlie.clone(),
        };
        apply(Sr25519Keyring::Dave, 0, 0, clean.into())
            .unwrap()
            .unwrap();
        assert_eq!(Access::grant_of(0, charlie), None);
        assert_eq!(deposits(), (0, 0));
    });
}
