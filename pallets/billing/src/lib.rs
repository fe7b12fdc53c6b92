#![doc = include_str!("../README.md")]
#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

mod escrow;
pub mod payer;
pub mod price;
mod try_state;
pub mod types;
mod views;
pub mod weights;

#[cfg(test)]
mod mock;
#[cfg(test)]
mod tests;

pub use pallet::*;
pub use payer::CallerPays;
pub use price::PriceCard;
pub use types::Hold;
pub use weights::WeightInfo;

#[allow(unused_qualifications)] // In the code that the macros make.
#[frame_support::pallet]
pub mod pallet {
    use super::*;
    use defaas_primitives::{Balance, FunctionId, InvocationId, Selector};
    use defaas_traits::{Catalog, Quote};
    use frame_support::{pallet_prelude::*, traits::fungible};
    use frame_system::pallet_prelude::*;
    use sp_runtime::Permill;

    const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

    #[pallet::pallet]
    #[pallet::storage_version(STORAGE_VERSION)]
    pub struct Pallet<T>(_);

    #[pallet::config]
    pub trait Config: frame_system::Config<RuntimeEvent: From<Event<Self>>> {
        /// Weights of the steps.
        type WeightInfo: WeightInfo;
        /// The money that calls are paid in.
        type Currency: fungible::Mutate<Self::AccountId, Balance = Balance>
            + fungible::MutateHold<Self::AccountId, Reason: From<HoldReason>>;
        /// Knows the functions whose price is asked for.
        type Catalog: Catalog<Self::AccountId>;
        /// Gets network fees, its share of each execution price, and what a payee cannot receive.
        /// Endowed with at least the existential deposit at genesis.
        type Treasury: Get<Self::AccountId>;
        /// What an execution costs.
        type PriceCard: Get<PriceCard>;
        /// The treasury's share of the execution price.
        type TreasuryShare: Get<Permill>;
        /// Charged with each request for the free transactions that it causes.
        type NetworkFee: Get<Balance>;
    }

    /// What is held for each open call. The currency holds one sum per account and reason; the parts
    /// are here. Keys are numbers that the chain gives out, so a hash against collisions is not
    /// needed.
    #[pallet::storage]
    pub type Holds<T: Config> =
        StorageMap<_, Twox64Concat, InvocationId, Hold<T::AccountId>, OptionQuery>;

    /// Why money is on hold.
    #[pallet::composite_enum]
    pub enum HoldReason {
        /// The price of a call that has not ended. 1 is reserved for payment channels.
        #[codec(index = 0)]
        Quote,
    }

    #[pallet::event]
    #[pallet::generate_deposit(pub(super) fn deposit_event)]
    pub enum Event<T: Config> {
        /// The network fee of a call was charged and the rest of its price is held.
        Opened {
            /// Which call.
            invocation: InvocationId,
            /// Who pays.
            payer: T::AccountId,
            /// What is held.
            held: Balance,
            /// What was charged at once.
            network_fee: Balance,
        },
        /// A call was paid.
        Settled {
            /// Which call.
            invocation: InvocationId,
            /// To the developer.
            developer: Balance,
            /// To the provider.
            provider: Balance,
            /// To the treasury.
            treasury: Balance,
            /// Back to the payer.
            returned: Balance,
        },
        /// A call ended without charge.
        Refunded {
            /// Which call.
            invocation: InvocationId,
            /// Back to the payer.
            returned: Balance,
        },
    }

    #[pallet::error]
    pub enum Error<T> {
        /// The payer cannot pay the network fee and have the rest of the price held, and stay above
        /// the existential deposit.
        InsufficientFunds,
        /// There is a hold for this call already.
        AlreadyExists,
        /// The price is more than a balance can express.
        PriceTooLarge,
    }

    #[pallet::hooks]
    impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
        #[cfg(feature = "try-runtime")]
        fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
            Self::do_try_state()
        }
    }

    #[pallet::view_functions]
    impl<T: Config> Pallet<T> {
        /// What a call of this function would cost now. For an alias that splits its calls this is the
        /// price of one of its versions, always the same one: that which the salt of zeros picks. A
        /// call may go to another; `max_fee` bounds what it may cost.
        ///
        /// # Errors
        /// `PriceTooLarge`, and what the catalog says of the function: that it is not there, or may not
        /// be called.
        pub fn quote(function: FunctionId, selector: Selector) -> Result<Quote, DispatchError> {
            Self::price_of(function, &selector)
        }

        /// How much of the account's money is held for calls that have not ended.
        pub fn held(account: T::AccountId) -> Balance {
            Self::held_from(&account)
        }

        /// What is held for a call, if it has not ended.
        pub fn hold(invocation: InvocationId) -> Option<Hold<T::AccountId>> {
            Holds::<T>::get(invocation)
        }

        /// What an execution costs now.
        pub fn price_card() -> PriceCard {
            T::PriceCard::get()
        }

        /// Where fees, the treasury's shares and slices go.
        pub fn treasury() -> T::AccountId {
            T::Treasury::get()
        }
    }
}
