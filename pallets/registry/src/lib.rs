#![doc = include_str!("../README.md")]
#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

mod catalog;
mod deposits;
mod impls;
mod split;
pub mod try_state;
pub mod types;
mod views;
pub mod weights;

#[cfg(test)]
mod mock;
#[cfg(test)]
mod tests;

pub use pallet::*;
pub use types::*;
pub use weights::WeightInfo;

use frame_system::pallet_prelude::BlockNumberFor;

/// A function as this runtime stores it.
pub type FunctionOf<T> =
    Function<<T as frame_system::Config>::AccountId, BlockNumberFor<T>, <T as Config>::Deposit>;
/// A version as this runtime stores it.
pub type VersionOf<T> = Version<<T as Config>::Deposit>;
/// An alias as this runtime stores it.
pub type AliasOf<T> = Alias<<T as Config>::Deposit>;

#[allow(unused_qualifications)] // In the code that the macros make.
#[frame_support::pallet]
pub mod pallet {
    use super::{AliasOf, FunctionOf, Page, Reason, VersionOf, VersionSpec, WeightInfo};
    use alloc::vec::Vec;
    use defaas_primitives::{
        AliasTarget, Balance, Cid, FunctionId, Name, Placement, Selector, VersionNumber,
    };
    use defaas_traits::{OnFunction, Resolved, SuspendReason};
    use frame_support::{
        pallet_prelude::*,
        traits::{fungible::InspectHold, Consideration, Footprint},
    };
    use frame_system::pallet_prelude::*;

    const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

    /// What can be called.
    #[pallet::pallet]
    #[pallet::storage_version(STORAGE_VERSION)]
    pub struct Pallet<T>(_);

    /// What the registry needs from the runtime.
    #[pallet::config]
    pub trait Config: frame_system::Config<RuntimeEvent: From<Event<Self>>> {
        /// Weights of the calls.
        type WeightInfo: WeightInfo;

        /// Where deposits are held: to compare them with the tickets.
        type Currency: InspectHold<Self::AccountId, Balance = Balance, Reason: From<HoldReason>>;

        /// Takes deposits, under [`HoldReason::Deposit`]. A ticket's encoding is the amount on
        /// hold, as with [`HoldConsideration`](frame_support::traits::fungible::HoldConsideration).
        type Deposit: Consideration<Self::AccountId, Footprint>;

        /// Told when a function changes hands or goes.
        type OnFunction: OnFunction<Self::AccountId>;

        /// Most versions of a function.
        #[pallet::constant]
        type MaxVersions: Get<u32>;

        /// Most aliases of a function, `latest` included.
        #[pallet::constant]
        type MaxAliases: Get<u32>;

        /// Blocks between retiring and removing a function: at least the longest life of a call.
        #[pallet::constant]
        type RemovalDelay: Get<BlockNumberFor<Self>>;

        /// Largest WebAssembly code in bytes.
        #[pallet::constant]
        type MaxWasmSize: Get<u64>;

        /// Largest container image in bytes.
        #[pallet::constant]
        type MaxOciSize: Get<u64>;

        /// Longest time-out in milliseconds.
        #[pallet::constant]
        type MaxTimeoutMs: Get<u32>;

        /// Most memory in bytes.
        #[pallet::constant]
        type MaxMemoryBytes: Get<u32>;

        /// Longest input in bytes.
        #[pallet::constant]
        type MaxInputBytes: Get<u32>;

        /// Longest output in bytes.
        #[pallet::constant]
        type MaxOutputBytes: Get<u32>;
    }

    /// Why money is on hold.
    #[pallet::composite_enum]
    pub enum HoldReason {
        /// Deposits for functions, versions and aliases.
        #[codec(index = 0)]
        Deposit,
    }

    /// The id of the function that is published next.
    #[pallet::storage]
    pub type NextFunctionId<T> = StorageValue<_, FunctionId, ValueQuery>;

    /// All functions. The keys are counters that the chain gives out, so a cheap hash is safe.
    #[pallet::storage]
    pub type Functions<T: Config> = StorageMap<_, Twox64Concat, FunctionId, FunctionOf<T>>;

    /// Functions by owner and name. Both are chosen by users, so the hash is cryptographic.
    #[pallet::storage]
    pub type FunctionIds<T: Config> =
        StorageDoubleMap<_, Blake2_128Concat, T::AccountId, Blake2_128Concat, Name, FunctionId>;

    /// The versions of each function. Both keys are counters.
    #[pallet::storage]
    pub type Versions<T: Config> =
        StorageDoubleMap<_, Twox64Concat, FunctionId, Twox64Concat, VersionNumber, VersionOf<T>>;

    /// The aliases of each function. Names are chosen by users.
    #[pallet::storage]
    pub type Aliases<T: Config> =
        StorageDoubleMap<_, Twox64Concat, FunctionId, Blake2_128Concat, Name, AliasOf<T>>;

    /// What happened.
    #[pallet::event]
    #[pallet::generate_deposit(pub(super) fn deposit_event)]
    pub enum Event<T: Config> {
        /// There is a new function.
        FunctionPublished {
            /// Its id.
            function: FunctionId,
            /// Whose it is.
            owner: T::AccountId,
            /// What it is called.
            name: Name,
        },
        /// There is a new version.
        VersionPublished {
            /// Of this function.
            function: FunctionId,
            /// Its number.
            version: VersionNumber,
        },
        /// An alias points to something else, or is new.
        AliasSet {
            /// Of this function.
            function: FunctionId,
            /// Which alias.
            alias: Name,
        },
        /// An alias points to what it pointed to before.
        AliasRolledBack {
            /// Of this function.
            function: FunctionId,
            /// Which alias.
            alias: Name,
        },
        /// An alias is gone.
        AliasRemoved {
            /// Of this function.
            function: FunctionId,
            /// Which alias.
            alias: Name,
        },
        /// Later calls pay another fee.
        FeeSet {
            /// Of this function.
            function: FunctionId,
            /// Per call, to the owner.
            fee: Balance,
        },
        /// Later calls run elsewhere.
        PlacementSet {
            /// Of this function.
            function: FunctionId,
        },
        /// There is another text about the function, or none.
        DescriptionSet {
            /// Of this function.
            function: FunctionId,
        },
        /// The function cannot be called for now.
        FunctionPaused {
            /// Which function.
            function: FunctionId,
        },
        /// The function can be called again.
        FunctionResumed {
            /// Which function.
            function: FunctionId,
        },
        /// The function can never be called again.
        FunctionRetired {
            /// Which function.
            function: FunctionId,
        },
        /// The function is gone and its deposits are free.
        FunctionRemoved {
            /// Which function.
            function: FunctionId,
        },
        /// The owner offers the function.
        TransferOffered {
            /// Which function.
            function: FunctionId,
            /// To whom.
            to: T::AccountId,
        },
        /// The offer no longer stands.
        TransferCancelled {
            /// Which function.
            function: FunctionId,
        },
        /// The function has another owner.
        FunctionTransferred {
            /// Which function.
            function: FunctionId,
            /// Who had it.
            from: T::AccountId,
            /// Who has it now.
            to: T::AccountId,
        },
        /// The network took a version out of service.
        VersionSuspended {
            /// Of this function.
            function: FunctionId,
            /// Which version.
            version: VersionNumber,
            /// Why.
            reason: SuspendReason,
        },
        /// The owner put a version back into service.
        VersionReinstated {
            /// Of this function.
            function: FunctionId,
            /// Which version.
            version: VersionNumber,
        },
    }

    /// Why a call failed.
    #[pallet::error]
    pub enum Error<T> {
        /// There is no such function.
        NotFound,
        /// The function has no such version.
        VersionNotFound,
        /// The function has no such alias.
        AliasNotFound,
        /// The owner, or whoever takes the function, has another one of this name.
        AlreadyExists,
        /// Only the function's owner may do this.
        NotOwner,
        /// The function is not offered to this account.
        NotOffered,
        /// The function is not offered to anybody.
        NoOffer,
        /// The function is the account's own already.
        OwnAlready,
        /// Names are 1 to 63 of `a-z`, `0-9`, `-`, with a letter or digit at both ends.
        InvalidName,
        /// Not a CID that workers can fetch: version 0 or 1, raw or dag-pb, sha2-256 or
        /// blake2b-256.
        InvalidCid,
        /// Code has at least one byte.
        CodeEmpty,
        /// The code is larger than the network keeps for its kind.
        CodeTooLarge,
        /// A limit is 0 or above what the network offers.
        InvalidLimits,
        /// A label breaks the rule for labels.
        InvalidLabels,
        /// The reason is not UTF-8.
        InvalidReason,
        /// The target names a version that does not exist, or one twice, or none, or a weight
        /// of 0.
        InvalidTarget,
        /// Reserved for a later release: a verification other than `Single`, preferred labels,
        /// spreading.
        Unsupported,
        /// `latest` follows the newest version by itself. It can be rolled back, but neither set
        /// nor removed.
        Reserved,
        /// The alias has not pointed to anything else yet.
        NothingToRollBack,
        /// The function has as many versions as it may have.
        TooManyVersions,
        /// The function has as many aliases as it may have.
        TooManyAliases,
        /// The function is paused: call it later.
        Paused,
        /// The function is retired for good.
        Retired,
        /// The network took the version out of service: use another one.
        Suspended,
        /// The function is not in the state that this needs: only active functions are paused,
        /// only paused ones resumed, only retired ones removed.
        WrongState,
        /// The version is not suspended.
        NotSuspended,
        /// Calls of the retired function may still be open: remove it later.
        TooEarly,
    }

    #[pallet::hooks]
    impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
        fn integrity_test() {
            Self::check_constants();
        }

        #[cfg(feature = "try-runtime")]
        fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
            Self::do_try_state()
        }
    }

    #[pallet::call]
    impl<T: Config> Pallet<T> {
        /// Publishes a function with its first version and the alias `latest`.
        ///
        /// Holds a deposit for each of the three. The function can be called at once by whoever the
        /// access rules let.
        ///
        /// # Errors
        /// `InvalidName`, `InvalidCid`, `InvalidLabels`, `CodeEmpty`, `CodeTooLarge`,
        /// `InvalidLimits`, `Unsupported`, `AlreadyExists`; the currency's error if the deposit
        /// cannot be held.
        #[pallet::call_index(0)]
        #[pallet::weight(T::WeightInfo::publish())]
        pub fn publish(
            origin: OriginFor<T>,
            name: Name,
            description: Option<Cid>,
            fee: Balance,
            placement: Placement,
            version: VersionSpec,
        ) -> DispatchResult {
            let owner = ensure_signed(origin)?;
            Self::do_publish(owner, name, description, fee, placement, version)
        }

        /// Publishes the next version and moves `latest` to it. Holds a deposit.
        ///
        /// # Errors
        /// `InvalidCid`, `CodeEmpty`, `CodeTooLarge`, `InvalidLimits`, `Unsupported`, `NotFound`,
        /// `NotOwner`, `Retired`, `TooManyVersions`; the currency's error if the deposit cannot be
        /// held.
        #[pallet::call_index(1)]
        #[pallet::weight(T::WeightInfo::publish_version())]
        pub fn publish_version(
            origin: OriginFor<T>,
            function: FunctionId,
            version: VersionSpec,
        ) -> DispatchResult {
            let who = ensure_signed(origin)?;
            Self::do_publish_version(&who, function, version)
        }

        /// Points an alias to `target`. Creates it, for a deposit, if it does not exist. Nothing
        /// happens if it points there already. Not for `latest`.
        ///
        /// # Errors
        /// `InvalidName`, `Reserved`, `NotFound`, `NotOwner`, `Retired`, `InvalidTarget`,
        /// `TooManyAliases`; the currency's error if the deposit cannot be held.
        #[pallet::call_index(2)]
        #[pallet::weight(T::WeightInfo::set_alias())]
        pub fn set_alias(
            origin: OriginFor<T>,
            function: FunctionId,
            alias: Name,
            target: AliasTarget,
        ) -> DispatchResult {
            let who = ensure_signed(origin)?;
            Self::do_set_alias(&who, function, alias, target)
        }

        /// Points an alias, `latest` too, to what it pointed to before. A second roll-back undoes
        /// the first.
        ///
        /// # Errors
        /// `NotFound`, `NotOwner`, `Retired`, `AliasNotFound`, `NothingToRollBack`.
        #[pallet::call_index(3)]
        #[pallet::weight(T::WeightInfo::roll_back_alias())]
        pub fn roll_back_alias(
            origin: OriginFor<T>,
            function: FunctionId,
            alias: Name,
        ) -> DispatchResult {
            let who = ensure_signed(origin)?;
            Self::do_roll_back_alias(&who, function, alias)
        }

        /// Removes an alias and releases its deposit. Not for `latest`.
        ///
        /// # Errors
        /// `Reserved`, `NotFound`, `NotOwner`, `Retired`, `AliasNotFound`.
        #[pallet::call_index(4)]
        #[pallet::weight(T::WeightInfo::remove_alias())]
        pub fn remove_alias(
            origin: OriginFor<T>,
            function: FunctionId,
            alias: Name,
        ) -> DispatchResult {
            let who = ensure_signed(origin)?;
            Self::do_remove_alias(&who, function, alias)
        }

        /// Sets what the owner gets per call, for later calls.
        ///
        /// # Errors
        /// `NotFound`, `NotOwner`, `Retired`.
        #[pallet::call_index(5)]
        #[pallet::weight(T::WeightInfo::set())]
        pub fn set_fee(origin: OriginFor<T>, function: FunctionId, fee: Balance) -> DispatchResult {
            let who = ensure_signed(origin)?;
            Self::do_set_fee(&who, function, fee)
        }

        /// Sets where later calls run.
        ///
        /// # Errors
        /// `InvalidLabels`, `Unsupported`, `NotFound`, `NotOwner`, `Retired`.
        #[pallet::call_index(6)]
        #[pallet::weight(T::WeightInfo::set())]
        pub fn set_placement(
            origin: OriginFor<T>,
            function: FunctionId,
            placement: Placement,
        ) -> DispatchResult {
            let who = ensure_signed(origin)?;
            Self::do_set_placement(&who, function, placement)
        }

        /// Sets the text about the function.
        ///
        /// # Errors
        /// `InvalidCid`, `NotFound`, `NotOwner`, `Retired`.
        #[pallet::call_index(7)]
        #[pallet::weight(T::WeightInfo::set())]
        pub fn set_description(
            origin: OriginFor<T>,
            function: FunctionId,
            description: Option<Cid>,
        ) -> DispatchResult {
            let who = ensure_signed(origin)?;
            Self::do_set_description(&who, function, description)
        }

        /// Refuses calls from now on. Open calls go on.
        ///
        /// # Errors
        /// `InvalidReason`, `NotFound`, `NotOwner`, `Retired`, `WrongState`.
        #[pallet::call_index(8)]
        #[pallet::weight(T::WeightInfo::set())]
        pub fn pause(
            origin: OriginFor<T>,
            function: FunctionId,
            reason: Option<Reason>,
        ) -> DispatchResult {
            let who = ensure_signed(origin)?;
            Self::do_pause(&who, function, reason)
        }

        /// Accepts calls again.
        ///
        /// # Errors
        /// `NotFound`, `NotOwner`, `Retired`, `WrongState`.
        #[pallet::call_index(9)]
        #[pallet::weight(T::WeightInfo::set())]
        pub fn resume(origin: OriginFor<T>, function: FunctionId) -> DispatchResult {
            let who = ensure_signed(origin)?;
            Self::do_resume(&who, function)
        }

        /// Refuses calls and every change for good. Open calls go on; an offer no longer stands.
        ///
        /// # Errors
        /// `NotFound`, `NotOwner`, `Retired`.
        #[pallet::call_index(10)]
        #[pallet::weight(T::WeightInfo::set())]
        pub fn retire(origin: OriginFor<T>, function: FunctionId) -> DispatchResult {
            let who = ensure_signed(origin)?;
            Self::do_retire(&who, function)
        }

        /// Removes a function that has been retired for [`Config::RemovalDelay`] blocks, with
        /// everything that belongs to it, and releases its deposits.
        ///
        /// # Errors
        /// `NotFound`, `NotOwner`, `WrongState`, `TooEarly`.
        #[pallet::call_index(11)]
        #[pallet::weight(
            T::WeightInfo::remove(T::MaxVersions::get(), T::MaxAliases::get())
                .saturating_add(T::OnFunction::max_weight())
        )]
        pub fn remove(origin: OriginFor<T>, function: FunctionId) -> DispatchResultWithPostInfo {
            let who = ensure_signed(origin)?;
            let weight = Self::do_remove(&who, function)?;
            Ok(Some(weight).into())
        }

        /// Offers the function to another account, instead of whom it was offered to before.
        ///
        /// # Errors
        /// `OwnAlready`, `NotFound`, `NotOwner`, `Retired`.
        #[pallet::call_index(12)]
        #[pallet::weight(T::WeightInfo::set())]
        pub fn transfer(
            origin: OriginFor<T>,
            function: FunctionId,
            to: T::AccountId,
        ) -> DispatchResult {
            let who = ensure_signed(origin)?;
            Self::do_transfer(&who, function, to)
        }

        /// Takes the offer back.
        ///
        /// # Errors
        /// `NotFound`, `NotOwner`, `Retired`, `NoOffer`.
        #[pallet::call_index(13)]
        #[pallet::weight(T::WeightInfo::set())]
        pub fn cancel_transfer(origin: OriginFor<T>, function: FunctionId) -> DispatchResult {
            let who = ensure_signed(origin)?;
            Self::do_cancel_transfer(&who, function)
        }

        /// Takes a function that is offered to the caller. Holds all its deposits, at today's
        /// price, and releases those of the former owner.
        ///
        /// # Errors
        /// `NotFound`, `NotOffered`, `AlreadyExists`; the currency's error if the deposits cannot
        /// be held.
        #[pallet::call_index(14)]
        #[pallet::weight(
            T::WeightInfo::accept(T::MaxVersions::get(), T::MaxAliases::get())
                .saturating_add(T::OnFunction::max_weight())
        )]
        pub fn accept(origin: OriginFor<T>, function: FunctionId) -> DispatchResultWithPostInfo {
            let who = ensure_signed(origin)?;
            let weight = Self::do_accept(who, function)?;
            Ok(Some(weight).into())
        }

        /// Puts a version back into service that the network suspended.
        ///
        /// # Errors
        /// `NotFound`, `NotOwner`, `Retired`, `VersionNotFound`, `NotSuspended`.
        #[pallet::call_index(15)]
        #[pallet::weight(T::WeightInfo::reinstate())]
        pub fn reinstate(
            origin: OriginFor<T>,
            function: FunctionId,
            version: VersionNumber,
        ) -> DispatchResult {
            let who = ensure_signed(origin)?;
            Self::do_reinstate(&who, function, version)
        }
    }

    #[pallet::view_functions]
    impl<T: Config> Pallet<T> {
        /// A function by id.
        pub fn function(function: FunctionId) -> Option<FunctionOf<T>> {
            Functions::<T>::get(function)
        }

        /// The id of the function that `owner` calls `name`.
        pub fn function_by_name(owner: T::AccountId, name: Name) -> Option<FunctionId> {
            FunctionIds::<T>::get(owner, name)
        }

        /// A version by number.
        pub fn version(function: FunctionId, version: VersionNumber) -> Option<VersionOf<T>> {
            Versions::<T>::get(function, version)
        }

        /// An alias by name.
        pub fn alias(function: FunctionId, alias: Name) -> Option<AliasOf<T>> {
            Aliases::<T>::get(function, alias)
        }

        /// All aliases of a function, in no order.
        pub fn aliases(function: FunctionId) -> Vec<(Name, AliasOf<T>)> {
            Self::all_aliases(function)
        }

        /// The versions of a function from number `from` up, at most `limit` and at most 100.
        pub fn versions(
            function: FunctionId,
            from: VersionNumber,
            limit: u32,
        ) -> Page<(VersionNumber, VersionOf<T>), VersionNumber> {
            Self::page_of_versions(function, from, limit)
        }

        /// The functions with ids from `from` up, looking at `limit` and at most 100 ids.
        pub fn functions(
            from: FunctionId,
            limit: u32,
        ) -> Page<(FunctionId, FunctionOf<T>), FunctionId> {
            Self::page_of_functions(from, limit)
        }

        /// Names and ids of the functions of `owner`, at most `limit` and at most 100, in no
        /// order, going on after `after`.
        pub fn functions_of(
            owner: T::AccountId,
            after: Option<Name>,
            limit: u32,
        ) -> Page<(Name, FunctionId), Name> {
            Self::page_of_owner(owner, after, limit)
        }

        /// What a call requested now would execute, or why there can be none. Where an alias splits
        /// its calls this is one of the versions, always the same one: that which the salt of zeros
        /// picks.
        ///
        /// # Errors
        /// `NotFound`, `Paused`, `Retired`, `AliasNotFound`, `VersionNotFound`, `Suspended`.
        pub fn resolve(
            function: FunctionId,
            selector: Selector,
        ) -> Result<Resolved<T::AccountId>, DispatchError> {
            Self::do_resolve(function, &selector, &[0; 32])
        }
    }
}
