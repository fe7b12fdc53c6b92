//! The weights cover the keys that are touched.

use defaas_traits::{
    mocks::{count_keys, KeyCount},
    Escrow,
};
use frame_support::assert_ok;

use crate::{
    mock::*,
    weights::{Cost, OPEN, SETTLE},
};

#[track_caller]
fn assert_covers(declared: Cost, touched: KeyCount) {
    assert!(
        touched.reads <= declared.reads && touched.writes <= declared.writes,
        "{touched:?} is more than {declared:?}"
    );
}

#[test]
fn of_open_covers_its_keys() {
    ExtBuilder::default().build_and_execute(|| {
        let (result, touched) = count_keys(|| open(0, PAYER, &quote_of(500, 1_000, 50, 30)));
        assert_ok!(result);
        assert_covers(OPEN, touched);
    });
}

#[test]
fn of_settle_covers_its_keys_with_every_payee_apart() {
    ExtBuilder::default().build_and_execute(|| {
        assert_ok!(open(0, PAYER, &quote_of(500, 1_000, 50, 30)));
        let (_, touched) = count_keys(|| settle(0, &bill(DEVELOPER, true, PROVIDER)));
        assert_covers(SETTLE, touched);
    });
}

#[test]
fn of_settle_covers_refund() {
    ExtBuilder::default().build_and_execute(|| {
        assert_ok!(open(0, PAYER, &quote_of(500, 1_000, 50, 30)));
        let (_, touched) = count_keys(|| refund(0));
        assert_covers(SETTLE, touched);
    });
}

#[test]
fn are_not_zero() {
    ExtBuilder::default().build_and_execute(|| {
        assert!(<Billing as Escrow<u64>>::open_weight().ref_time() > 0);
        assert!(<Billing as Escrow<u64>>::settle_weight().ref_time() > 0);
    });
}
