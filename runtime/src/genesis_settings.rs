//! Values that differ by chain, written once at genesis.
//!
//! Epoch length, unbonding delay and least number of validators are not the same on a development
//! chain and on a live one, yet both run the same Wasm blob. They are `parameter_types! { storage }`:
//! plain `Get` types that read one storage value and fall back to the live chain's value.
//!
//! Why a pallet: a genesis preset is JSON that the runtime turns into state, and a pallet's
//! `GenesisConfig` is the only door for that. A preset could also carry raw storage, but then every
//! chain specification would hold hashed keys that nobody can read or check. This pallet has no
//! calls and no storage of its own, so nothing can move the values after genesis; BABE stops for
//! good if its epoch length changes. It lists them as constants, so that wallets and tools find
//! the values of the chain they talk to in its metadata.

use crate::{
    constants::{
        by_chain::{EPOCH_SLOTS, MIN_VALIDATORS, UNBONDING_BLOCKS},
        validators::MAX_VALIDATORS,
    },
    BlockNumber,
};
use frame_support::parameter_types;

pub use pallet::*;

parameter_types! {
    /// Length of an epoch, slots.
    pub storage EpochDuration: u64 = EPOCH_SLOTS;
    /// How long a bond stays slashable after its owner asked for it back, blocks.
    pub storage UnbondingDelay: BlockNumber = UNBONDING_BLOCKS;
    /// Least number of validators.
    pub storage MinValidators: u32 = MIN_VALIDATORS;
}

/// The pallet that writes the settings.
#[allow(unused_qualifications)] // the macro's output
#[frame_support::pallet]
pub mod pallet {
    use super::*;
    use core::marker::PhantomData;
    use frame_support::pallet_prelude::*;

    /// The settings as constants, for the metadata.
    #[pallet::config]
    pub trait Config: frame_system::Config {
        /// Length of an epoch, slots.
        #[pallet::constant]
        type EpochDuration: Get<u64>;
        /// How long a bond stays slashable after its owner asked for it back, blocks.
        #[pallet::constant]
        type UnbondingDelay: Get<BlockNumber>;
        /// Least number of validators.
        #[pallet::constant]
        type MinValidators: Get<u32>;
    }

    /// See the module's documentation.
    #[pallet::pallet]
    pub struct Pallet<T>(_);

    /// The settings of a chain.
    #[pallet::genesis_config]
    pub struct GenesisConfig<T: Config> {
        /// Length of an epoch, slots. At least 1.
        pub epoch_duration: u64,
        /// How long a bond stays slashable after its owner asked for it back, blocks. At least two
        /// epochs, because a change of the validator set takes effect two sessions later and the
        /// bond must answer for what its owner still signs until then.
        pub unbonding_delay: BlockNumber,
        /// Least number of validators, between 1 and the most there may be.
        pub min_validators: u32,
        /// Ties the settings to a runtime.
        #[serde(skip)]
        pub _config: PhantomData<T>,
    }

    impl<T: Config> Default for GenesisConfig<T> {
        fn default() -> Self {
            Self {
                epoch_duration: EPOCH_SLOTS,
                unbonding_delay: UNBONDING_BLOCKS,
                min_validators: MIN_VALIDATORS,
                _config: PhantomData,
            }
        }
    }

    #[pallet::genesis_build]
    impl<T: Config> BuildGenesisConfig for GenesisConfig<T> {
        /// # Panics
        ///
        /// If a value is out of the bounds named at its field: such a chain must not start.
        fn build(&self) {
            assert!(
                self.epoch_duration > 0,
                "genesisSettings.epochDuration must be at least 1 slot"
            );
            assert!(
                u64::from(self.unbonding_delay) >= self.epoch_duration.saturating_mul(2),
                "genesisSettings.unbondingDelay must be at least two epochs"
            );
            assert!(
                (1..=MAX_VALIDATORS).contains(&self.min_validators),
                "genesisSettings.minValidators must be between 1 and {MAX_VALIDATORS}"
            );
            EpochDuration::set(&self.epoch_duration);
            UnbondingDelay::set(&self.unbonding_delay);
            MinValidators::set(&self.min_validators);
        }
    }
}
