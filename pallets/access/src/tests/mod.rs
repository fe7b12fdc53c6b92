mod access_control;
mod frozen;
mod grant;
mod invariants;
mod on_function;
mod policy;
mod removal;
mod sequences;
mod views;
mod weights;

pub(crate) use crate::{mock::*, Error, Event, *};
pub(crate) use defaas_primitives::Balance;
pub(crate) use frame_support::{assert_noop, assert_ok};

pub(crate) fn by(who: u64) -> RuntimeOrigin {
    RuntimeOrigin::signed(who)
}

/// Alice grants `account` calls of [`HELLO`].
pub(crate) fn grant(account: u64, expiry: Option<u64>, quota: Option<u32>) {
    assert_ok!(Access::grant(by(ALICE), HELLO, account, expiry, quota));
}

pub(crate) fn used(account: u64) -> Option<u32> {
    Some(Access::grant_of(HELLO, account)?.quota?.used)
}
