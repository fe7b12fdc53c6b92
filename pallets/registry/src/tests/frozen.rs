//! Encodings that wallets and stored state depend on. A failure here means that a change needs a
//! new variant or a migration, not a new expectation.

use super::*;
use codec::{Decode, Encode};
use core::fmt::Debug;
use defaas_primitives::Placement;

#[track_caller]
fn frozen<V: Encode + Decode + PartialEq + Debug>(value: V, expected: &[u8]) {
    assert_eq!(value.encode(), expected);
    assert_eq!(V::decode(&mut &expected[..]).unwrap(), value);
}

const CID: [u8; 37] = {
    let mut bytes = [1; 37];
    bytes[0] = 36 << 2;
    bytes[2] = 0x55;
    bytes[3] = 0x12;
    bytes[4] = 32;
    bytes
};

/// As published by [`spec`].
fn spec_bytes() -> Vec<u8> {
    let mut bytes = CID.to_vec();
    bytes.extend([1; 32]); // sha-256
    bytes.extend(10_000u64.to_le_bytes());
    bytes.push(0); // Wasm
    for limit in [1_000u32, 1 << 20, 4_096, 4_096] {
        bytes.extend(limit.to_le_bytes());
    }
    bytes.extend([0, 0, 0, 0]); // not deterministic, Single, no manifest, no source
    bytes
}

#[test]
fn status() {
    frozen(Status::<u32>::Active, &[0]);
    frozen(Status::<u32>::Paused(None), &[1, 0]);
    frozen(
        Status::<u32>::Paused(Some(b"hi".to_vec().try_into().unwrap())),
        &[1, 1, 8, b'h', b'i'],
    );
    frozen(Status::<u32>::Retired { since: 7 }, &[2, 7, 0, 0, 0]);
}

#[test]
fn version_spec() {
    frozen(spec(), &spec_bytes());
}

#[test]
fn version() {
    let mut expected = spec_bytes();
    expected.extend([1, 1, 9]); // suspended: InvalidCode; ticket
    frozen(
        Version {
            spec: spec(),
            suspended: Some(defaas_traits::SuspendReason::InvalidCode),
            ticket: 9u8,
        },
        &expected,
    );
}

#[test]
fn alias() {
    frozen(
        Alias {
            target: to(2),
            previous: Some(split(&[(1, 9)])),
            ticket: 9u8,
        },
        &[0, 2, 0, 0, 0, 1, 1, 4, 1, 0, 0, 0, 9, 9],
    );
}

#[test]
fn function() {
    let mut expected = vec![1, 0, 0, 0]; // owner
    expected.extend([8, b'h', b'i']); // name
    expected.push(0); // no description
    expected.push(0); // active
    expected.extend(5u128.to_le_bytes()); // fee
    expected.extend([0; 7]); // placement
    expected.extend(3u32.to_le_bytes()); // versions
    expected.extend(2u32.to_le_bytes()); // aliases
    expected.extend([1, 2, 0, 0, 0]); // offered to
    expected.push(9); // ticket
    frozen(
        Function::<u32, u32, u8> {
            owner: 1,
            name: name("hi"),
            description: None,
            status: Status::Active,
            fee: 5,
            placement: Placement::default(),
            versions: 3,
            aliases: 2,
            offered_to: Some(2),
            ticket: 9,
        },
        &expected,
    );
}

#[test]
fn hold_reason() {
    frozen(HoldReason::Deposit, &[0]);
}

/// [`Config::Deposit`] says that a ticket's encoding is the amount on hold.
#[test]
fn ticket_is_the_amount_on_hold() {
    ExtBuilder::default().published().build_and_execute(|| {
        let tickets = [
            Registry::function(0).unwrap().ticket,
            Registry::version(0, 1).unwrap().ticket,
            Registry::alias(0, name("latest")).unwrap().ticket,
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
    let (function, alias, version) = (0, name("a"), 1);
    let calls: [Call<Test>; 16] = [
        Call::publish {
            name: name("f"),
            description: None,
            fee: 0,
            placement: Placement::default(),
            version: spec(),
        },
        Call::publish_version {
            function,
            version: spec(),
        },
        Call::set_alias {
            function,
            alias: alias.clone(),
            target: to(1),
        },
        Call::roll_back_alias {
            function,
            alias: alias.clone(),
        },
        Call::remove_alias { function, alias },
        Call::set_fee { function, fee: 0 },
        Call::set_placement {
            function,
            placement: Placement::default(),
        },
        Call::set_description {
            function,
            description: None,
        },
        Call::pause {
            function,
            reason: None,
        },
        Call::resume { function },
        Call::retire { function },
        Call::remove { function },
        Call::transfer { function, to: BOB },
        Call::cancel_transfer { function },
        Call::accept { function },
        Call::reinstate { function, version },
    ];
    for (index, call) in calls.iter().enumerate() {
        assert_eq!(usize::from(call.encode()[0]), index, "{call:?}");
    }
}
