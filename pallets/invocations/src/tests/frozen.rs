//! Encodings that stored state depends on. A failure here means that a change needs a new variant or
//! a migration, not a new expectation.

use codec::{Decode, Encode};
use defaas_primitives::{Fault, Limit, Outcome};

use crate::types::*;

#[track_caller]
fn frozen<T: Encode + Decode + PartialEq + core::fmt::Debug>(value: T, expected: &[u8]) {
    assert_eq!(value.encode(), expected);
    assert_eq!(T::decode(&mut &expected[..]).unwrap(), value);
}

#[test]
fn status() {
    frozen(Status::Requested, &[0]);
    frozen(Status::Assigned, &[1]);
    frozen(Status::Settled(Outcome::Success), &[2, 0]);
    frozen(
        Status::Settled(Outcome::LimitExceeded(Limit::Memory)),
        &[2, 2, 1],
    );
    frozen(Status::Refunded(RefundReason::NoProvider), &[3, 0]);
    frozen(Status::Refunded(RefundReason::AttemptsExhausted), &[3, 1]);
    frozen(Status::Refunded(RefundReason::ContentUnusable), &[3, 2]);
    frozen(Status::Refunded(RefundReason::ProvidersFull), &[3, 3]);
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
