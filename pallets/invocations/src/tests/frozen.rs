//! Encodings that stored state depends on. A failure here means that a change needs a new variant or
//! a migration, not a new expectation.

use codec::{Decode, Encode};
use defaas_primitives::{Digest, Fault, Meters, Outcome, OutputDigest, Path, Principal};
use defaas_traits::RequestParams;

use crate::{mock::*, types::*, Call};

#[track_caller]
fn frozen<T: Encode + Decode + PartialEq + core::fmt::Debug>(value: T, expected: &[u8]) {
    assert_eq!(value.encode(), expected);
    assert_eq!(T::decode(&mut &expected[..]).unwrap(), value);
}

#[test]
fn tried() {
    frozen(
        Tried {
            provider: 258,
            fault: Some(Fault::Internal),
        },
        &[2, 1, 0, 0, 1, 6],
    );
    frozen(
        Tried {
            provider: 0,
            fault: None,
        },
        &[0; 5],
    );
}

#[test]
fn agenda() {
    frozen(Lane::Work, &[0]);
    frozen(Lane::Retention, &[1]);
    frozen(Slot { tick: 1, index: 2 }, &[1, 0, 0, 0, 2, 0, 0, 0]);
    frozen(Due::Deadline(1, 2), &[0, 1, 0, 0, 0, 0, 0, 0, 0, 2]);
    frozen(Due::Redraw(1, 2), &[1, 1, 0, 0, 0, 0, 0, 0, 0, 2]);
    frozen(Due::DropOutput(1), &[2, 1, 0, 0, 0, 0, 0, 0, 0]);
    frozen(Due::DropRecord(1), &[3, 1, 0, 0, 0, 0, 0, 0, 0]);
}

#[test]
fn queue_ends() {
    frozen(
        Ends { head: 1, tail: 2 },
        &[1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0],
    );
}

/// Bytes of `hex`, in which spaces tell the fields apart.
fn bytes(hex: &str) -> Vec<u8> {
    let digits: Vec<u8> = hex.bytes().filter(|byte| *byte != b' ').collect();
    digits
        .chunks(2)
        .map(|pair| u8::from_str_radix(core::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}

#[test]
fn moment() {
    frozen(
        Moment {
            block: 1u32,
            tick: 2,
        },
        &[1, 0, 0, 0, 2, 0, 0, 0],
    );
}

#[test]
fn delivery() {
    let meters = Meters {
        duration_ms: 2,
        fuel: None,
    };
    frozen(
        Delivery {
            provider: 1,
            output: None,
            meters,
        },
        &bytes("01000000 00 02000000 00"),
    );
    frozen(
        Delivery {
            provider: 1,
            output: Some(OutputDigest {
                sha256: [7; 32],
                size: 3,
            }),
            meters,
        },
        &bytes(&format!(
            "01000000 01 {} 03000000 02000000 00",
            "07".repeat(32)
        )),
    );
}

#[test]
fn call_input() {
    frozen(
        CallInput {
            path: Path::default(),
            input: inline(b"hi"),
        },
        &bytes("04 2f 00 08 6869"),
    );
}

#[test]
fn assignment() {
    let worker = sp_core::sr25519::Public::from_raw([7; 32]).into();
    let expected = format!(
        "01000000 0200000000000000 {} 03 04000000 {} 05000000 06000000000000000000000000000000",
        "07".repeat(32),
        "08".repeat(32),
    );
    frozen(
        Assignment::<AccountId> {
            provider: 1,
            account: 2,
            worker,
            attempt: 3,
            deadline: 4,
            digest: Digest::repeat_byte(8),
            max_output_bytes: 5,
            exposure: 6,
        },
        &bytes(&expected),
    );
}

/// The parts that other crates freeze stand as their own encodings.
#[test]
fn invocation() {
    let invocation = Invocation::<AccountId, u32> {
        digest: Digest::repeat_byte(8),
        principal: Principal::direct(1),
        payer: 2,
        permit: permit(),
        quote: QUOTE,
        resolved: function(),
        input_bytes: 3,
        requested_at: Moment { block: 4, tick: 5 },
        status: Status::Settled(Outcome::Success),
        tried: vec![Tried {
            provider: 6,
            fault: None,
        }]
        .try_into()
        .unwrap(),
        redraws: 7,
        due: Some(Slot { tick: 8, index: 9 }),
        delivery: None,
    };
    let expected = [
        bytes(&"08".repeat(32)),
        Principal::direct(1u64).encode(),
        bytes("0200000000000000"),
        permit().encode(),
        QUOTE.encode(),
        function().encode(),
        bytes("03000000 04000000 05000000 0200 04 06000000 00 07 01 08000000 09000000 00"),
    ]
    .concat();
    frozen(invocation, &expected);
}

/// Wallets sign calls by index, and workers report by one.
#[test]
fn call_indices() {
    let (report, signature) = batch(0, Vec::new());
    let RequestParams {
        function,
        selector,
        path,
        input,
        max_fee,
    } = params();
    let calls: [Call<Test>; 2] = [
        Call::request {
            function,
            selector,
            path,
            input,
            max_fee,
        },
        Call::report { report, signature },
    ];
    for (index, call) in calls.iter().enumerate() {
        assert_eq!(usize::from(call.encode()[0]), index, "{call:?}");
    }
}
