//! Encodings of what pallets store of each other's answers. A failure here means that a change needs a
//! migration, not a new expectation.

use codec::{Decode, Encode};
use core::fmt::Debug;
use defaas_primitives::{Cid, Code, CodeKind, Labels, Limits, Verification};

use crate::{Permit, Quote, Requirements, Resolved, SuspendReason};

#[track_caller]
fn frozen<T: Encode + Decode + PartialEq + Debug>(value: T, expected: &[u8]) {
    assert_eq!(value.encode(), expected);
    assert_eq!(T::decode(&mut &expected[..]).unwrap(), value);
}

#[test]
fn permit() {
    frozen(Permit::<u64>::Unmetered, &[0]);
    let grant = Permit::Grant {
        function: 1,
        account: 2u64,
        serial: 3,
    };
    let expected = [
        1, 1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0,
    ];
    frozen(grant, &expected);
}

#[test]
fn quote() {
    let quote = Quote {
        developer_fee: 1,
        execution_price: 2,
        treasury_share: 3,
        network_fee: 4,
    };
    let expected: Vec<u8> = (1..=4u128).flat_map(u128::to_le_bytes).collect();
    frozen(quote, &expected);
}

#[test]
fn suspend_reason() {
    frozen(SuspendReason::CodeUnavailable, &[0]);
    frozen(SuspendReason::InvalidCode, &[1]);
}

#[test]
fn requirements() {
    let requirements = Requirements {
        kind: CodeKind::Oci,
        labels: Labels::default(),
    };
    frozen(requirements, &[1, 0, 0, 0]);
}

/// The parts that the primitives freeze stand as their own encodings.
#[test]
fn resolved() {
    let code = Code {
        cid: Cid::raw_sha256([1; 32]),
        sha256: [2; 32],
        size: 3,
        kind: CodeKind::Wasm,
    };
    let limits = Limits {
        timeout_ms: 4,
        memory_bytes: 5,
        max_input_bytes: 6,
        max_output_bytes: 7,
    };
    let resolved = Resolved {
        function: 8,
        owner: 9u64,
        version: 10,
        code: code.clone(),
        limits,
        deterministic: true,
        verification: Verification::Single,
        required: Labels::default(),
        source: Some(11),
        fee: 12,
    };
    let expected = [
        8u64.to_le_bytes().to_vec(),
        9u64.to_le_bytes().to_vec(),
        10u32.to_le_bytes().to_vec(),
        code.encode(),
        limits.encode(),
        vec![1, 0, 0, 0, 0],
        [vec![1], 11u32.to_le_bytes().to_vec()].concat(),
        12u128.to_le_bytes().to_vec(),
    ]
    .concat();
    frozen(resolved, &expected);
}
