//! Encodings that stored state and callers depend on. A failure here means that a change needs a
//! migration, not a new expectation.

use codec::{Decode, Encode};
use core::fmt::Debug;
use defaas_traits::Quote;

use crate::{Hold, HoldReason, PriceCard};

const QUOTE: Quote = Quote {
    developer_fee: 1,
    execution_price: 2,
    treasury_share: 3,
    network_fee: 4,
};

/// The amounts as 16 bytes each, the lowest first.
fn amounts(amounts: &[u8]) -> Vec<u8> {
    amounts
        .iter()
        .flat_map(|amount| [&[*amount][..], &[0; 15]].concat())
        .collect()
}

#[track_caller]
fn frozen<T: Encode + Decode + PartialEq + Debug>(value: T, expected: &[u8]) {
    assert_eq!(value.encode(), expected);
    assert_eq!(T::decode(&mut &expected[..]).unwrap(), value);
}

#[test]
fn hold_reason() {
    assert_eq!(HoldReason::Quote.encode(), [0]);
}

#[test]
fn quote() {
    frozen(QUOTE, &amounts(&[1, 2, 3, 4]));
}

#[test]
fn hold() {
    let hold = Hold::<u64> {
        payer: 5,
        quote: QUOTE,
    };
    let expected = [&[5, 0, 0, 0, 0, 0, 0, 0][..], &amounts(&[1, 2, 3, 4])].concat();
    frozen(hold, &expected);
}

#[test]
fn price_card() {
    let card = PriceCard {
        base: 1,
        per_unit: 2,
    };
    frozen(card, &amounts(&[1, 2]));
}
