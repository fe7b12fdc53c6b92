#![doc = include_str!("../README.md")]
#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

mod access_control;
mod decision;
mod deposits;
mod impls;
mod on_function;
pub mod try_state;
pub mod types;
pub mod weights;

#[cfg(test)]
mod mock;
#[cfg(test)]
mod tests;

pub use pallet::*;
pub use types::*;
pub use weights::WeightInfo;

use frame_system::pallet_prelude::BlockNumberFor;

/// A policy as this runtime stores it.
pub type PolicyOf<T> = Policy<<T as frame_system::Config>::AccountId, <T as Config>::Deposit>;
/// A grant as this runtime stores it.
pub type GrantOf<T> =
    Grant<<T as frame_system::Config>::AccountId, BlockNumberFor<T>, <T as Config>::Deposit>;

#[allow(unused_qualifications)] // In the code that the macros make.
#[frame_support::pallet]
pub mod pallet {
    use super::{GrantOf, PolicyOf, Rules, WeightInfo};
    use defaas_primitives::{Balance, FunctionId};
    use defaas_traits::Catalog;
    use frame_support::{
        pallet_prelude::*,
        traits::{fungible::InspectHold, Consideration, Footprint},
    };
    use frame_system::pallet_prelude::*;

    const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

    /// Who may call.
    #[pallet::pallet]
    #[pallet::storage_version(STORAGE_VERSION)]
    pub struct Pallet<T>(_);

    /// What access control needs from the runtime.
    #[pallet::config]
    pub trait Config: frame_system::Config<RuntimeEvent: From<Event<Self>>> {
        /// Weights of the calls.
        type WeightInfo: WeightInfo;

        /// Where deposits are held: to compare them with the tickets.
        type Currency: InspectHold<Self::AccountId, Balance = Balance, Reason: From<HoldReason>>;

        /// Takes deposits, under [`HoldReason::Deposit`]. A ticket's encoding is the amount on
        /// hold, as with [`HoldConsideration`](frame_support::traits::fungible::HoldConsideration).
        type Deposit: Consideration<Self::AccountId, Footprint>;

        /// Knows who owns a function.
        type Catalog: Catalog<Self::AccountId>;
    }

    /// Why money is on hold.
    #[pallet::composite_enum]
    pub enum HoldReason {
        /// Deposits for policies and grants.
        #[codec(index = 0)]
        Deposit,
    }

    /// Policies of functions. A function without one can be called by its owner only. The keys are
    /// counters that the chain gives out, so a cheap hash is safe.
    #[pallet::storage]
    pub type Policies<T: Config> = StorageMap<_, Twox64Concat, FunctionId, PolicyOf<T>>;

    /// Grants by function and account. Accounts are chosen by users, so their hash is
    /// cryptographic.
    #[pallet::storage]
    pub type Grants<T: Config> =
        StorageDoubleMap<_, Twox64Concat, FunctionId, Blake2_128Concat, T::AccountId, GrantOf<T>>;

    /// The serial of each function's newest grant. Outlives the grants, so that none has the serial
    /// of one that is gone.
    #[pallet::storage]
    pub type Serials<T> = StorageMap<_, Twox64Concat, FunctionId, u32, ValueQuery>;

    /// What happened.
    #[pallet::event]
    #[pallet::generate_deposit(pub(super) fn deposit_event)]
    pub enum Event<T: Config> {
        /// Other rules decide on later calls.
        PolicySet {
            /// Of this function.
            function: FunctionId,
        },
        /// Only the owner can make later calls.
        PolicyCleared {
            /// Of this function.
            function: FunctionId,
        },
        /// An account has a grant, instead of the one it had before, if any.
        Granted {
            /// For this function.
            function: FunctionId,
            /// Who has it.
            account: T::AccountId,
            /// Which grant.
            serial: u32,
        },
        /// The owner took a grant away.
        Revoked {
            /// For this function.
            function: FunctionId,
            /// Who had it.
            account: T::AccountId,
        },
        /// A grant that could no longer be used was cleaned up.
        GrantRemoved {
            /// For this function.
            function: FunctionId,
            /// Who had it.
            account: T::AccountId,
        },
    }

    /// Why a call failed.
    #[pallet::error]
    pub enum Error<T> {
        /// There is no such function.
        NotFound,
        /// The function has no policy.
        PolicyNotFound,
        /// The account has no grant for the function.
        GrantNotFound,
        /// Only the function's owner may do this.
        NotOwner,
        /// No rule of the function lets this account call it: ask its owner.
        NotAuthorized,
        /// The grant is over, or would be from the start.
        Expired,
        /// The grant is used up: ask the function's owner for another.
        QuotaExhausted,
        /// The grant is not over.
        NotExpired,
        /// The function still exists: its owner can revoke the grant.
        NotOrphaned,
        /// A policy has at least one rule. To close a function, pause it in the registry.
        NoRules,
        /// A policy has each rule once.
        RepeatedRule,
        /// A quota is for at least one call.
        InvalidQuota,
        /// The function has had as many grants as can be told apart.
        TooManyGrants,
        /// Calls by a delegate or a trigger are reserved for a later release.
        Unsupported,
    }

    #[pallet::hooks]
    impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
        #[cfg(feature = "try-runtime")]
        fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
            Self::do_try_state()
        }
    }

    #[pallet::call]
    impl<T: Config> Pallet<T> {
        /// Sets who may call a function: whoever any of `rules` lets in. Holds a deposit; that of
        /// the policy it replaces goes back to whom it came from.
        ///
        /// # Errors
        /// `NotFound`, `NotOwner`, `NoRules`, `RepeatedRule`; the currency's error if the deposit
        /// cannot be held.
        #[pallet::call_index(0)]
        #[pallet::weight(T::WeightInfo::set_policy())]
        pub fn set_policy(
            origin: OriginFor<T>,
            function: FunctionId,
            rules: Rules,
        ) -> DispatchResult {
            let who = ensure_signed(origin)?;
            Self::do_set_policy(who, function, rules)
        }

        /// Removes a function's policy and releases its deposit: only the owner can call it now.
        ///
        /// # Errors
        /// `NotFound`, `NotOwner`, `PolicyNotFound`.
        #[pallet::call_index(1)]
        #[pallet::weight(T::WeightInfo::clear_policy())]
        pub fn clear_policy(origin: OriginFor<T>, function: FunctionId) -> DispatchResult {
            let who = ensure_signed(origin)?;
            Self::do_clear_policy(&who, function)
        }

        /// Grants `account` calls of a function: in blocks before `expiry`, and `quota` of them.
        /// Replaces the grant it has. Holds a deposit; that of the grant it replaces goes back to
        /// whom it came from.
        ///
        /// # Errors
        /// `NotFound`, `NotOwner`, `Expired`, `InvalidQuota`, `TooManyGrants`; the currency's error
        /// if the deposit cannot be held.
        #[pallet::call_index(2)]
        #[pallet::weight(T::WeightInfo::grant())]
        pub fn grant(
            origin: OriginFor<T>,
            function: FunctionId,
            account: T::AccountId,
            expiry: Option<BlockNumberFor<T>>,
            quota: Option<u32>,
        ) -> DispatchResult {
            let who = ensure_signed(origin)?;
            Self::do_grant(who, function, account, expiry, quota)
        }

        /// Takes a grant away and releases its deposit. Open calls go on.
        ///
        /// # Errors
        /// `NotFound`, `NotOwner`, `GrantNotFound`.
        #[pallet::call_index(3)]
        #[pallet::weight(T::WeightInfo::revoke())]
        pub fn revoke(
            origin: OriginFor<T>,
            function: FunctionId,
            account: T::AccountId,
        ) -> DispatchResult {
            let who = ensure_signed(origin)?;
            Self::do_revoke(&who, function, account)
        }

        /// Cleans up a grant that is over and releases its deposit to whom it came from. Anybody
        /// may do this.
        ///
        /// # Errors
        /// `GrantNotFound`, `NotExpired`.
        #[pallet::call_index(4)]
        #[pallet::weight(T::WeightInfo::remove_expired())]
        pub fn remove_expired(
            origin: OriginFor<T>,
            function: FunctionId,
            account: T::AccountId,
        ) -> DispatchResult {
            ensure_signed(origin)?;
            Self::do_remove_expired(function, account)
        }

        /// Cleans up a grant for a function that is gone and releases its deposit to whom it came
        /// from. Anybody may do this.
        ///
        /// # Errors
        /// `NotOrphaned`, `GrantNotFound`.
        #[pallet::call_index(5)]
        #[pallet::weight(T::WeightInfo::remove_orphaned())]
        pub fn remove_orphaned(
            origin: OriginFor<T>,
            function: FunctionId,
            account: T::AccountId,
        ) -> DispatchResult {
            ensure_signed(origin)?;
            Self::do_remove_orphaned(function, account)
        }
    }

    #[pallet::view_functions]
    impl<T: Config> Pallet<T> {
        /// The policy of a function. Without one, only its owner may call it.
        pub fn policy(function: FunctionId) -> Option<PolicyOf<T>> {
            Policies::<T>::get(function)
        }

        /// The grant of an account for a function, whether it can still be used or not.
        pub fn grant_of(function: FunctionId, account: T::AccountId) -> Option<GrantOf<T>> {
            Grants::<T>::get(function, account)
        }

        /// Whether `account`, signing itself, would be let in by the function's rules now. Whether
        /// the function can be called at all is for the registry to say.
        pub fn may_call(function: FunctionId, account: T::AccountId) -> bool {
            Self::is_let_in(function, &account)
        }
    }
}
