//! Values that governance can change without a runtime upgrade.
//!
//! Each is a `Get` type for the configuration of a pallet. Until governance sets it, it reads the
//! first value from [`crate::constants::governed`]. The indices are part of the stored keys: new
//! parameters take new ones, and none is ever used again.

use crate::{
    constants::governed::{
        BOND_PER_SLOT, FLOOR_BOND, MIN_BOND, PRICE_BASE, PRICE_PER_SECOND_128_MIB, SLICE,
        TREASURY_SHARE,
    },
    AccountId, Balance, Runtime, RuntimeEvent,
};
use frame_support::{
    dynamic_params::{dynamic_pallet_params, dynamic_params},
    traits::AsEnsureOriginWithArg,
};
use frame_system::EnsureRoot;
use sp_runtime::Permill;

/// The parameters, one module per pallet that reads them.
#[allow(missing_docs)] // the macro's output
#[dynamic_params(RuntimeParameters, pallet_parameters::Parameters::<Runtime>)]
pub mod dynamic_params {
    use super::*;

    /// What a call costs and who gets it.
    #[dynamic_pallet_params]
    #[codec(index = 0)]
    pub mod billing {
        /// Share of the execution price that goes to the treasury.
        #[codec(index = 0)]
        pub static TreasuryShare: Permill = TREASURY_SHARE;
        /// Price card: per call, planks.
        #[codec(index = 1)]
        pub static PriceBase: Balance = PRICE_BASE;
        /// Price card: per second of time limit and 128 MiB of memory limit, planks.
        #[codec(index = 2)]
        pub static PricePerSecond128MiB: Balance = PRICE_PER_SECOND_128_MIB;
    }

    /// What a provider stands in for.
    #[dynamic_pallet_params]
    #[codec(index = 1)]
    pub mod trust {
        /// Least bond of a provider, planks.
        #[codec(index = 0)]
        pub static MinBond: Balance = MIN_BOND;
        /// Slices for missed results stop here, planks.
        #[codec(index = 1)]
        pub static FloorBond: Balance = FLOOR_BOND;
        /// Bond that backs one unit of capacity in the draw, planks.
        #[codec(index = 2)]
        pub static BondPerSlot: Balance = BOND_PER_SLOT;
        /// Slashed for one missed result, planks.
        #[codec(index = 3)]
        pub static Slice: Balance = SLICE;
    }
}

pub use dynamic_params::{billing, trust};

impl pallet_parameters::Config for Runtime {
    type RuntimeEvent = RuntimeEvent;
    type RuntimeParameters = RuntimeParameters;
    type AdminOrigin = AsEnsureOriginWithArg<EnsureRoot<AccountId>>;
    type WeightInfo = ();
}
