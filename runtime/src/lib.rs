#![doc = include_str!("../README.md")]
#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

pub mod apis;
pub mod configs;
pub mod constants;
pub mod faas_api;
pub mod genesis_presets;
pub mod genesis_settings;
mod pallets;
#[cfg(feature = "std")]
mod wasm;

#[cfg(test)]
mod tests;

use alloc::{borrow::Cow, vec::Vec};
use sp_runtime::{generic, impl_opaque_keys, traits::BlakeTwo256, MultiAddress};
use sp_version::RuntimeVersion;

pub use defaas_primitives::{AccountId, Balance, BlockNumber, Hash, Nonce, Signature};

pub use apis::{RuntimeApi, RUNTIME_API_VERSIONS};
pub use configs::transactions::TxExtension;
pub use pallets::*;
#[cfg(feature = "std")]
pub use wasm::*;

/// Milliseconds since the Unix epoch.
pub type Moment = u64;
/// How calls name an account.
pub type Address = MultiAddress<AccountId, ()>;
/// Header of a block.
pub type Header = generic::Header<BlockNumber, BlakeTwo256>;
/// A transaction or inherent as it stands in a block.
pub type UncheckedExtrinsic =
    generic::UncheckedExtrinsic<Address, RuntimeCall, Signature, TxExtension>;
/// What a wallet signs.
pub type SignedPayload = generic::SignedPayload<RuntimeCall, TxExtension>;
/// A block as the runtime sees it.
pub type Block = generic::Block<Header, UncheckedExtrinsic>;
/// Executes blocks against the pallets.
pub type Executive = frame_executive::Executive<
    Runtime,
    Block,
    frame_system::ChainContext<Runtime>,
    Runtime,
    AllPalletsWithSystem,
>;

/// The types of the chain as the node sees them: extrinsics are bytes to it, so that it follows
/// runtime upgrades which change their format.
pub mod opaque {
    use super::{BlakeTwo256, BlockNumber};
    use sp_runtime::generic;

    pub use sp_runtime::OpaqueExtrinsic as UncheckedExtrinsic;

    /// Header of a block.
    pub type Header = generic::Header<BlockNumber, BlakeTwo256>;
    /// A block of opaque extrinsics.
    pub type Block = generic::Block<Header, UncheckedExtrinsic>;
}

impl_opaque_keys! {
    /// The keys a validator signs consensus messages with. The key that signs the reports of a
    /// worker is not one of them: session keys reach validators only, two sessions late, and
    /// providers need not be validators.
    pub struct SessionKeys {
        /// Authors blocks.
        pub babe: Babe,
        /// Votes on finality.
        pub grandpa: Grandpa,
        /// Signs the addresses published for other validators.
        pub authority_discovery: AuthorityDiscovery,
    }
}

/// Version of the runtime. `spec_version` grows with every change of behaviour,
/// `transaction_version` only when the encoding of existing calls or extensions changes.
#[sp_version::runtime_version]
pub const VERSION: RuntimeVersion = RuntimeVersion {
    spec_name: Cow::Borrowed("defaas"),
    impl_name: Cow::Borrowed("defaas"),
    authoring_version: 1,
    spec_version: 100,
    impl_version: 1,
    apis: RUNTIME_API_VERSIONS,
    transaction_version: 1,
    system_version: 1,
};
