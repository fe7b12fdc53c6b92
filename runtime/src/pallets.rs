//! The pallets of the runtime.
//!
//! The index of a pallet, not its place below, decides the order of hooks and of genesis builds; the
//! list is kept in the same order. Babe and Authorship stand before Session (both look at the
//! session that authored the block), and Trust, which names the validators and holds their bonds,
//! stands between Balances and Session. Indices are part of the encoding of calls, events and errors
//! and never change; the gaps are for pallets to come.

#![allow(missing_docs)] // what the macro makes of the list; the pallets' own docs say what they are

use crate::{genesis_settings, Block, UncheckedExtrinsic};
use alloc::vec::Vec;
use pallet_session::historical as pallet_session_historical;
use sp_inherents::{CheckInherentsResult, InherentData};
use sp_runtime::traits::Block as BlockT;

#[frame_support::runtime]
mod runtime {
    #[runtime::runtime]
    #[runtime::derive(
        RuntimeCall,
        RuntimeEvent,
        RuntimeError,
        RuntimeOrigin,
        RuntimeFreezeReason,
        RuntimeHoldReason,
        RuntimeSlashReason,
        RuntimeLockId,
        RuntimeTask,
        RuntimeViewFunction
    )]
    pub struct Runtime;

    #[runtime::pallet_index(0)]
    pub type System = frame_system;

    #[runtime::pallet_index(1)]
    pub type GenesisSettings = genesis_settings;

    #[runtime::pallet_index(2)]
    pub type Babe = pallet_babe;

    #[runtime::pallet_index(3)]
    pub type Timestamp = pallet_timestamp;

    #[runtime::pallet_index(4)]
    pub type Balances = pallet_balances;

    #[runtime::pallet_index(5)]
    pub type TransactionPayment = pallet_transaction_payment;

    #[runtime::pallet_index(6)]
    pub type Authorship = pallet_authorship;

    #[runtime::pallet_index(7)]
    pub type Trust = pallet_trust;

    #[runtime::pallet_index(8)]
    pub type Offences = pallet_offences;

    #[runtime::pallet_index(9)]
    pub type Historical = pallet_session_historical;

    #[runtime::pallet_index(10)]
    pub type Session = pallet_session;

    #[runtime::pallet_index(11)]
    pub type Grandpa = pallet_grandpa;

    #[runtime::pallet_index(12)]
    pub type AuthorityDiscovery = pallet_authority_discovery;

    #[runtime::pallet_index(20)]
    pub type Parameters = pallet_parameters;

    #[runtime::pallet_index(21)]
    pub type Utility = pallet_utility;

    #[runtime::pallet_index(50)]
    pub type Registry = pallet_registry;

    #[runtime::pallet_index(51)]
    pub type Access = pallet_access;

    #[runtime::pallet_index(52)]
    pub type Billing = pallet_billing;

    #[runtime::pallet_index(53)]
    pub type Invocations = pallet_invocations;
}

/// The inherents that the pallets make of `data`. (The trait behind it is private to the list.)
pub(crate) fn inherents(data: &InherentData) -> Vec<UncheckedExtrinsic> {
    data.create_extrinsics()
}

/// Whether the inherents in `block` agree with `data`.
pub(crate) fn check_inherents(
    block: &<Block as BlockT>::LazyBlock,
    data: &InherentData,
) -> CheckInherentsResult {
    data.check_extrinsics(block)
}
