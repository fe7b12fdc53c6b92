//! Encodings of what is stored. A failure here means that a change needs a migration, not a new
//! expectation.

use codec::{Decode, Encode};
use core::fmt::Debug;
use defaas_primitives::{CodeKind, Labels, WorkerSignature};

use crate::{
    health::{Health, LastVerdict},
    mock::*,
    score::Score,
    types::{Capabilities, Profile, Provider, Status},
    Call, HoldReason,
};

#[track_caller]
fn frozen<T: Encode + Decode + PartialEq + Debug>(value: T, expected: &str) {
    let expected = expected.replace(' ', "");
    assert_eq!(hex::encode(value.encode()), expected);
    let bytes = hex::decode(expected).unwrap();
    assert_eq!(T::decode(&mut &bytes[..]).unwrap(), value);
}

#[test]
fn hold_reason() {
    assert_eq!(HoldReason::Bond.encode(), [0]);
}

#[test]
fn status() {
    frozen(Status::Active, "00");
    frozen(Status::Jailed, "01");
    frozen(Status::Leaving { until: 258 }, "02 02010000");
}

#[test]
fn capabilities() {
    frozen(Capabilities::of(&[CodeKind::Wasm]), "01");
    frozen(Capabilities::of(&[CodeKind::Oci]), "02");
    frozen(both_kinds(), "03");
}

#[test]
fn provider() {
    let provider = Provider::<AccountId> {
        account: 1,
        worker: sp_core::sr25519::Public::from_raw([7; 32]).into(),
        bond: 2,
        capacity: 3,
        load: 4,
        exposure: 5,
        score: Score {
            units: 6,
            set_at: 7,
            base: 8,
        },
        status: Status::Jailed,
        available: true,
        judged: Some(LastVerdict {
            tick: 9,
            silent: true,
        }),
    };
    let expected = format!(
        "0100000000000000 {} {} 03000000 04000000 {} 06000000 07000000 08000000 01 01 \
         01 09000000 01",
        "07".repeat(32),
        "02000000000000000000000000000000",
        "05000000000000000000000000000000",
    );
    frozen(provider, &expected);
}

#[test]
fn profile() {
    let profile = Profile {
        endpoint: endpoint(258),
        labels: Labels::default(),
        capabilities: both_kinds(),
        encryption_key: Some([9; 32]),
        sequence: 1,
        announced_at: Some(2),
        switched_at: None,
    };
    let expected = format!(
        "00 c0000201 0201 00 000000 03 01 {} 0100000000000000 01 02000000 00",
        "09".repeat(32),
    );
    frozen(profile, &expected);
}

#[test]
fn pool_key() {
    let bytes = wasm(labels("a", "b", "c")).encode();
    assert_eq!(hex::encode(bytes), "00010461010462010463");
}

#[test]
fn health() {
    let mut health = Health::default();
    for (tick, silent) in [(10, true), (11, false)] {
        health.record(None, LastVerdict { tick, silent });
    }
    let expected = format!(
        "01000000 {} 02000000 01000000 {}",
        "00".repeat(8),
        "00".repeat(28 * 8),
    );
    frozen(health, &expected);
}

/// Wallets sign calls by index, and workers send notices by one.
#[test]
fn call_indices() {
    let (provider, sequence) = (0, 1);
    let proof = WorkerSignature::from(sp_core::sr25519::Signature::from_raw([0; 64]));
    let calls: [Call<Test>; 8] = [
        Call::register {
            worker_key: key(ALICE),
            possession_proof: proof.clone(),
            bond: 0,
            endpoint: endpoint(1),
            labels: Labels::default(),
            capabilities: both_kinds(),
            capacity: 1,
            encryption_key: None,
        },
        Call::update {
            endpoint: None,
            labels: None,
            capabilities: None,
            capacity: None,
            encryption_key: None,
        },
        Call::set_worker_key {
            worker_key: key(ALICE),
            possession_proof: proof.clone(),
        },
        Call::bond_more { amount: 0 },
        Call::leave {},
        Call::withdraw {},
        Call::announce {
            provider,
            sequence,
            endpoint: endpoint(1),
            signature: proof.clone(),
        },
        Call::set_available {
            provider,
            sequence,
            available: true,
            signature: proof,
        },
    ];
    for (index, call) in calls.iter().enumerate() {
        assert_eq!(usize::from(call.encode()[0]), index, "{call:?}");
    }
}
