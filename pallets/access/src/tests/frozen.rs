//! Encodings that wallets and stored state depend on. A failure here means that a change needs a
//! new variant or a migration, not a new expectation.

use super::*;
use codec::{Decode, Encode};
use core::fmt::Debug;

#[track_caller]
fn frozen<V: Encode + Decode + PartialEq + Debug>(value: V, expected: &[u8]) {
    assert_eq!(value.encode(), expected);
    assert_eq!(V::decode(&mut &expected[..]).unwrap(), value);
}

#[test]
fn rule() {
    frozen(Rule::Public, &[0]);
    frozen(Rule::Owner, &[1]);
    frozen(Rule::Accounts, &[2]);
}

#[test]
fn reserved_rules_do_not_decode() {
    for reserved in 3..=u8::MAX {
        assert!(Rule::decode(&mut &[reserved][..]).is_err());
    }
}

#[test]
fn policy() {
    frozen(
        Policy {
            rules: rules(&[Rule::Owner, Rule::Accounts]),
            depositor: 7u32,
            ticket: 9u8,
        },
        &[8, 1, 2, 7, 0, 0, 0, 9],
    );
}

#[test]
fn grant() {
    frozen(
        Grant {
            expiry: Some(5u32),
            quota: Some(Quota { limit: 3, used: 1 }),
            serial: 2,
            depositor: 7u32,
            ticket: 9u8,
        },
        &[
            1, 5, 0, 0, 0, // expiry
            1, 3, 0, 0, 0, 1, 0, 0, 0, // quota
            2, 0, 0, 0, // serial
            7, 0, 0, 0, // depositor
            9, // ticket
        ],
    );
    frozen(
        Grant {
            expiry: None::<u32>,
            quota: None,
            serial: 2,
            depositor: 7u32,
            ticket: 9u8,
        },
        &[0, 0, 2, 0, 0, 0, 7, 0, 0, 0, 9],
    );
}

#[test]
fn hold_reason() {
    frozen(HoldReason::Deposit, &[0]);
}

/// [`Config::Deposit`] says that a ticket's encoding is the amount on hold.
#[test]
fn ticket_is_the_amount_on_hold() {
    ExtBuilder::default()
        .rules(&[Rule::Public])
        .build_and_execute(|| {
            super::grant(BOB, None, None);
            let tickets = [
                Access::policy(HELLO).unwrap().ticket,
                Access::grant_of(HELLO, BOB).unwrap().ticket,
            ];
            let sum: Balance = tickets
                .iter()
                .map(|ticket| Balance::from_le_bytes(ticket.encode().try_into().unwrap()))
                .sum();
            assert_eq!(sum, held(ALICE));
        });
}

/// Wallets sign calls by index.
#[test]
fn call_indices() {
    let (function, account) = (HELLO, BOB);
    let calls: [Call<Test>; 6] = [
        Call::set_policy {
            function,
            rules: rules(&[Rule::Public]),
        },
        Call::clear_policy { function },
        Call::grant {
            function,
            account,
            expiry: None,
            quota: None,
        },
        Call::revoke { function, account },
        Call::remove_expired { function, account },
        Call::remove_orphaned { function, account },
    ];
    for (index, call) in calls.iter().enumerate() {
        assert_eq!(usize::from(call.encode()[0]), index, "{call:?}");
    }
}
