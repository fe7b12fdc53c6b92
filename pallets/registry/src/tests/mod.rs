mod accept;
mod aliases;
mod catalog;
mod frozen;
mod invariants;
mod publish;
mod publish_version;
mod remove;
mod sequences;
mod settings;
mod status;
mod transfer;
mod views;
mod weights;

pub(crate) use crate::{mock::*, Error, Event, *};
pub(crate) use defaas_primitives::{AliasTarget, Balance, Selector};
pub(crate) use frame_support::{assert_noop, assert_ok};

pub(crate) fn by(who: u64) -> RuntimeOrigin {
    RuntimeOrigin::signed(who)
}

pub(crate) fn to(version: u32) -> AliasTarget {
    AliasTarget::Version(version)
}

pub(crate) fn split(weights: &[(u32, u8)]) -> AliasTarget {
    AliasTarget::Weighted(weights.to_vec().try_into().unwrap())
}
