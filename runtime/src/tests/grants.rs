//! Who may call, through the real pallets: what a call takes from a quota comes back when the call is
//! refunded, and only then.

use super::{calls::*, *};
use crate::{Access, AccountId, Balance, Invocations};
use defaas_primitives::{Fault, Outcome};
use frame_support::assert_ok;
use pallet_access::{Error, Rule};
use pallet_invocations::Status;

fn charlie() -> AccountId {
    Sr25519Keyring::Charlie.to_account_id()
}

/// How many calls of Charlie's quota are used.
fn used() -> u32 {
    let grant = Access::grant_of(0, charlie()).expect("granted");
    grant.quota.expect("limited").used
}

/// Bob publishes function 0 for those whom he grants it, and grants Charlie one call.
fn publish_with_a_grant_of_one_call() {
    let bob = Sr25519Keyring::Bob;
    let grant = pallet_access::Call::grant {
        function: 0,
        account: charlie(),
        expiry: None,
        quota: Some(1),
    };
    for (nonce, call) in [
        publish("echo", 0),
        set_policy(0, &[Rule::Accounts]),
        grant.into(),
    ]
    .into_iter()
    .enumerate()
    {
        apply(bob, nonce as Nonce, 0, call).unwrap().unwrap();
    }
}

#[test]
fn a_quota_is_used_up_by_calls_that_are_paid() {
    on_development(|| {
        let header = author_until(genesis_header(), 1);
        open_block(&header);
        publish_with_a_grant_of_one_call();
        let dave = apply(Sr25519Keyring::Dave, 0, 0, request(0, b"", Balance::MAX));
        assert_eq!(dave, Ok(Err(Error::<Runtime>::NotAuthorized.into())));
        call_as_charlie(0);
        assert_eq!(used(), 1);
        let again = || request(0, b"", Balance::MAX);
        let exhausted = Ok(Err(Error::<Runtime>::QuotaExhausted.into()));
        assert_eq!(apply(Sr25519Keyring::Charlie, 1, 0, again()), exhausted);

        let header = author_next(&Executive::finalize_block());
        open_block(&header);
        let [assignment] = assignments().try_into().expect("one call");
        let report = report_on(&assignment, Outcome::Success, Some(b"HELLO"));
        assert_ok!(send_report(Sr25519Keyring::Alice, report).unwrap());
        assert_eq!(used(), 1);
        assert_eq!(apply(Sr25519Keyring::Charlie, 2, 0, again()), exhausted);
    });
}

#[test]
fn a_quota_gets_back_what_a_refunded_call_took() {
    on_development(|| {
        let header = author_until(genesis_header(), 1);
        open_block(&header);
        publish_with_a_grant_of_one_call();
        call_as_charlie(0);
        assert_eq!(used(), 1);
        let header = author_next(&Executive::finalize_block());

        // Nobody but Alice could take it.
        open_block(&header);
        let [assignment] = assignments().try_into().expect("one call");
        let failed = Outcome::ProviderFailed(Fault::Unsupported);
        let report = report_on(&assignment, failed, None);
        assert_ok!(send_report(Sr25519Keyring::Alice, report).unwrap());
        let mut header = Executive::finalize_block();
        while Invocations::invocation(0).expect("on record").is_open() {
            assert_eq!(used(), 1);
            header = author_next(&header);
        }
        let status = Invocations::invocation(0).expect("on record").status;
        assert!(matches!(status, Status::Refunded(_)));
        assert_eq!(used(), 0);

        open_block(&header);
        call_as_charlie(1);
        assert_eq!(used(), 1);
    });
}
