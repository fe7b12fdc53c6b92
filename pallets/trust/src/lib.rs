#![doc = include_str!("../README.md")]
#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

pub mod draw;
pub mod genesis;
pub mod health;
mod impls;
pub mod pools;
mod providers;
pub mod score;
mod session_manager;
mod try_state;
pub mod types;
mod views;
pub mod weights;

#[cfg(test)]
mod mock;
#[cfg(test)]
mod tests;

pub use impls::notices::{NOTICE_LONGEVITY, NOTICE_TOO_EARLY};
pub use pallet::*;
pub use weights::WeightInfo;

// For what the macro makes of it: items without docs, long paths, the arguments of `register`.
#[allow(missing_docs, unused_qualifications, clippy::too_many_arguments)]
#[frame_support::pallet]
pub mod pallet {
    use alloc::vec::Vec;
    use defaas_primitives::{
        Balance, BlockNumber, Endpoint, Hash, Labels, ProviderId, Tick, WorkerId, WorkerSignature,
    };
    use defaas_traits::Requirements;
    use frame_support::{pallet_prelude::*, traits::fungible, weights::WeightMeter};
    use frame_system::{ensure_authorized, pallet_prelude::*};

    use crate::{
        genesis::Initial,
        health::Health,
        types::{Capabilities, Changes, Offer, Profile, Provider, ProviderInfo, ProviderPage},
        weights::WeightInfo,
    };

    const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

    /// Who runs functions.
    #[pallet::pallet]
    #[pallet::storage_version(STORAGE_VERSION)]
    pub struct Pallet<T>(_);

    /// What the pallet needs of the runtime.
    #[pallet::config]
    pub trait Config: frame_system::Config<RuntimeEvent: From<Event<Self>>, Hash = Hash> {
        /// Weights.
        type WeightInfo: WeightInfo;

        /// Where bonds are held.
        type Currency: fungible::Inspect<Self::AccountId, Balance = Balance>
            + fungible::hold::Mutate<Self::AccountId, Balance = Balance, Reason: From<HoldReason>>;

        /// Gets the slices. Must be able to receive a single unit: endowed with the existential
        /// deposit.
        type Treasury: Get<Self::AccountId>;

        /// Least bond to register with, and to be freed from jail.
        type MinBond: Get<Balance>;

        /// Slices stop here, then comes jail.
        type FloorBond: Get<Balance>;

        /// Bond that one unit of capacity needs to count.
        type BondPerSlot: Get<Balance>;

        /// What silence costs.
        type Slice: Get<Balance>;

        /// Blocks between `leave` and `withdraw`. At least as long as misbehaviour can be reported.
        // Not in the metadata: chains may set it at genesis.
        type UnbondingDelay: Get<BlockNumberFor<Self>>;

        /// Least number of blocks between two notices of the same kind by one worker.
        #[pallet::constant]
        type AnnounceInterval: Get<BlockNumberFor<Self>>;

        /// Greatest capacity that may be declared.
        #[pallet::constant]
        type MaxCapacity: Get<u32>;

        /// Most validators.
        #[pallet::constant]
        type MaxValidators: Get<u32>;

        /// Priority of notices in the pool.
        #[pallet::constant]
        type NoticePriority: Get<TransactionPriority>;
    }

    /// Why funds are held.
    #[pallet::composite_enum]
    pub enum HoldReason {
        /// The bond of a provider.
        #[codec(index = 0)]
        Bond,
    }

    /// The id of the next provider; all below were given out. Never goes back.
    #[pallet::storage]
    pub type NextProviderId<T> = StorageValue<_, ProviderId, ValueQuery>;

    /// What the draw needs of each provider. Ids are counters, nobody can choose them, so a cheap
    /// hash does.
    #[pallet::storage]
    pub type Providers<T: Config> = StorageMap<_, Twox64Concat, ProviderId, Provider<T::AccountId>>;

    /// The rest of each provider.
    #[pallet::storage]
    pub type Profiles<T> = StorageMap<_, Twox64Concat, ProviderId, Profile>;

    /// The provider of an account. Accounts can be ground, so the hash is cryptographic; so below.
    #[pallet::storage]
    pub type ProviderIds<T: Config> = StorageMap<_, Blake2_128Concat, T::AccountId, ProviderId>;

    /// The provider of a worker key.
    #[pallet::storage]
    pub type WorkerKeys<T> = StorageMap<_, Blake2_128Concat, WorkerId, ProviderId>;

    /// Number of members of a pool. No entry for an empty pool.
    #[pallet::storage]
    pub type PoolSizes<T> = StorageMap<_, Blake2_128Concat, Requirements, u32, ValueQuery>;

    /// Members of a pool, at indices from 0 up to its size.
    #[pallet::storage]
    pub type PoolMembers<T> =
        StorageDoubleMap<_, Blake2_128Concat, Requirements, Twox64Concat, u32, ProviderId>;

    /// Where in a pool a provider stands.
    #[pallet::storage]
    pub type PoolSlots<T> =
        StorageDoubleMap<_, Twox64Concat, ProviderId, Blake2_128Concat, Requirements, u32>;

    /// Jailed providers that still stand in their pools; they go one in a block.
    #[pallet::storage]
    pub type Evicting<T> = StorageMap<_, Twox64Concat, ProviderId, ()>;

    /// Blocks in which the hook ran: the clock of [`RecentHealth`].
    #[pallet::storage]
    pub type Ticks<T> = StorageValue<_, Tick, ValueQuery>;

    /// Providers by their last verdict, of late.
    #[pallet::storage]
    pub type RecentHealth<T> = StorageValue<_, Health, ValueQuery>;

    /// The validators of the first block, in the order of the genesis configuration.
    #[pallet::storage]
    pub type InitialValidators<T: Config> =
        StorageValue<_, BoundedVec<T::AccountId, T::MaxValidators>, ValueQuery>;

    /// What happened.
    #[pallet::event]
    #[pallet::generate_deposit(pub(crate) fn deposit_event)]
    pub enum Event<T: Config> {
        /// An account became a provider.
        Registered {
            /// Its id.
            provider: ProviderId,
            /// Owner of the bond.
            account: T::AccountId,
        },
        /// A provider changed what it offers.
        Updated {
            /// Which one.
            provider: ProviderId,
        },
        /// A provider has another worker key.
        WorkerKeyRotated {
            /// Which one.
            provider: ProviderId,
            /// The new key.
            worker_key: WorkerId,
        },
        /// A provider added to its bond.
        BondIncreased {
            /// Which one.
            provider: ProviderId,
            /// By so much.
            amount: Balance,
        },
        /// Part of a bond went to the treasury.
        Slashed {
            /// Whose.
            provider: ProviderId,
            /// So much.
            amount: Balance,
        },
        /// A provider is not drawn until it tops up its bond.
        Jailed {
            /// Which one.
            provider: ProviderId,
        },
        /// A provider topped up its bond and may be drawn again.
        Freed {
            /// Which one.
            provider: ProviderId,
        },
        /// A worker said where its gateway is reached.
        Announced {
            /// Whose.
            provider: ProviderId,
        },
        /// A worker said whether it takes new assignments.
        AvailabilitySet {
            /// Whose.
            provider: ProviderId,
            /// Whether it does.
            available: bool,
        },
        /// A provider is not drawn any more and waits for its bond.
        Left {
            /// Which one.
            provider: ProviderId,
            /// First block in which it may withdraw.
            until: BlockNumber,
        },
        /// A provider has its bond back and is gone.
        Withdrawn {
            /// Which one it was.
            provider: ProviderId,
            /// The bond that was released.
            amount: Balance,
        },
    }

    /// Why a call was refused.
    #[pallet::error]
    pub enum Error<T> {
        /// The account is not a provider.
        NotFound,
        /// The account is a provider already.
        AlreadyExists,
        /// The worker key belongs to a provider already.
        WorkerKeyTaken,
        /// The signature does not show that the account has the worker key.
        BadProof,
        /// The port is 0, or the host name is not one.
        InvalidEndpoint,
        /// A label is empty or has characters that are not allowed.
        InvalidLabels,
        /// No kind of code, or one that does not exist.
        InvalidCapabilities,
        /// The capacity is 0.
        CapacityTooSmall,
        /// The capacity is above `MaxCapacity`.
        CapacityTooLarge,
        /// The bond is below `MinBond`.
        BondTooSmall,
        /// The bond would exceed what can be counted.
        BondTooLarge,
        /// All provider ids were given out.
        TooManyProviders,
        /// The provider is leaving already, or is not.
        WrongState,
        /// The unbonding delay has not passed.
        TooEarly,
        /// The provider has open assignments.
        Busy,
    }

    /// Validators that are providers from the start. Their accounts must be endowed before: in the
    /// runtime, balances stand before this pallet, and this pallet before session.
    #[pallet::genesis_config]
    #[derive(frame_support::DefaultNoBound)]
    pub struct GenesisConfig<T: Config> {
        /// In the order in which session is given them.
        pub validators: Vec<Initial<T::AccountId>>,
    }

    #[pallet::genesis_build]
    impl<T: Config> BuildGenesisConfig for GenesisConfig<T> {
        fn build(&self) {
            Pallet::<T>::build_genesis(&self.validators);
        }
    }

    #[pallet::hooks]
    impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
        fn on_poll(_: BlockNumberFor<T>, meter: &mut WeightMeter) {
            Self::do_poll(meter);
        }

        fn integrity_test() {
            assert!(T::MaxCapacity::get() > 0, "no capacity could be declared");
            assert!(T::MaxValidators::get() > 0, "a chain needs a validator");
        }

        #[cfg(feature = "try-runtime")]
        fn try_state(
            _: BlockNumberFor<T>,
        ) -> Result<(), frame_support::sp_runtime::TryRuntimeError> {
            Self::do_try_state()
        }
    }

    #[pallet::call]
    impl<T: Config> Pallet<T> {
        /// Makes the caller a provider and holds its bond.
        ///
        /// `possession_proof`: signature by `worker_key` over
        /// [`possession_payload`](defaas_primitives::worker::possession_payload) for this account.
        ///
        /// # Errors
        /// `BadProof`, `AlreadyExists`, `WorkerKeyTaken`, `InvalidEndpoint`, `InvalidLabels`,
        /// `InvalidCapabilities`, `CapacityTooSmall`, `CapacityTooLarge`, `BondTooSmall`,
        /// `TooManyProviders`; the currency's error if the bond cannot be held.
        #[pallet::call_index(0)]
        #[pallet::weight(T::WeightInfo::register())]
        pub fn register(
            origin: OriginFor<T>,
            worker_key: WorkerId,
            possession_proof: WorkerSignature,
            #[pallet::compact] bond: Balance,
            endpoint: Endpoint,
            labels: Labels,
            capabilities: Capabilities,
            capacity: u32,
            encryption_key: Option<[u8; 32]>,
        ) -> DispatchResult {
            let who = ensure_signed(origin)?;
            let offer = Offer {
                endpoint,
                labels,
                capabilities,
                capacity,
                encryption_key,
            };
            Self::do_register(who, worker_key, &possession_proof, bond, offer)
        }

        /// Changes what the caller offers; what is `None` stays. Open assignments are not touched.
        ///
        /// # Errors
        /// `NotFound`, `InvalidEndpoint`, `InvalidLabels`, `InvalidCapabilities`,
        /// `CapacityTooSmall`, `CapacityTooLarge`.
        #[pallet::call_index(1)]
        #[pallet::weight(T::WeightInfo::update())]
        pub fn update(
            origin: OriginFor<T>,
            endpoint: Option<Endpoint>,
            labels: Option<Labels>,
            capabilities: Option<Capabilities>,
            capacity: Option<u32>,
            encryption_key: Option<[u8; 32]>,
        ) -> DispatchResult {
            let who = ensure_signed(origin)?;
            let changes = Changes {
                endpoint,
                labels,
                capabilities,
                capacity,
                encryption_key,
            };
            Self::do_update(who, changes)
        }

        /// Gives the caller another worker key. Open assignments keep the key they were drawn with.
        ///
        /// # Errors
        /// `NotFound`, `WorkerKeyTaken`, `BadProof`.
        #[pallet::call_index(2)]
        #[pallet::weight(T::WeightInfo::set_worker_key())]
        pub fn set_worker_key(
            origin: OriginFor<T>,
            worker_key: WorkerId,
            possession_proof: WorkerSignature,
        ) -> DispatchResult {
            let who = ensure_signed(origin)?;
            Self::do_set_worker_key(who, worker_key, &possession_proof)
        }

        /// Adds to the caller's bond. Frees it from jail if the bond is then at least `MinBond` and
        /// above `FloorBond`; an amount of 0 asks for just that.
        ///
        /// # Errors
        /// `NotFound`, `WrongState`, `BondTooLarge`; the currency's error if the amount cannot be
        /// held.
        #[pallet::call_index(3)]
        #[pallet::weight(T::WeightInfo::bond_more())]
        pub fn bond_more(
            origin: OriginFor<T>,
            #[pallet::compact] amount: Balance,
        ) -> DispatchResult {
            let who = ensure_signed(origin)?;
            Self::do_bond_more(who, amount)
        }

        /// Takes the caller out of all pools for good. The bond stays held, and can be slashed for
        /// what is still open, until [`withdraw`](Self::withdraw).
        ///
        /// # Errors
        /// `NotFound`, `WrongState`.
        #[pallet::call_index(4)]
        #[pallet::weight(T::WeightInfo::leave())]
        pub fn leave(origin: OriginFor<T>) -> DispatchResult {
            let who = ensure_signed(origin)?;
            Self::do_leave(who)
        }

        /// Releases the bond of the caller and forgets it, once the delay has passed and nothing is
        /// open.
        ///
        /// # Errors
        /// `NotFound`, `WrongState`, `TooEarly`, `Busy`.
        #[pallet::call_index(5)]
        #[pallet::weight(T::WeightInfo::withdraw())]
        pub fn withdraw(origin: OriginFor<T>) -> DispatchResult {
            let who = ensure_signed(origin)?;
            Self::do_withdraw(who)
        }

        /// A worker says where its gateway is reached. Free; signed by the worker key over a
        /// [`Notice`](defaas_primitives::Notice). Never fails after having been authorized.
        ///
        /// # Errors
        /// None once it is authorized. A pool refuses it as `Stale`, `Call` or `BadProof`, or as
        /// not known yet; before the interval has passed as
        /// [`NOTICE_TOO_EARLY`](crate::NOTICE_TOO_EARLY).
        #[pallet::call_index(6)]
        #[pallet::weight(T::WeightInfo::announce())]
        #[pallet::weight_of_authorize(T::WeightInfo::authorize_notice())]
        #[pallet::authorize(Self::authorize_announce)]
        pub fn announce(
            origin: OriginFor<T>,
            provider: ProviderId,
            sequence: u64,
            endpoint: Endpoint,
            _signature: WorkerSignature,
        ) -> DispatchResult {
            ensure_authorized(origin)?;
            Self::do_announce(provider, sequence, endpoint);
            Ok(())
        }

        /// A worker says whether it takes new assignments. Free; signed like
        /// [`announce`](Self::announce). Never fails after having been authorized.
        ///
        /// # Errors
        /// As [`announce`](Self::announce).
        #[pallet::call_index(7)]
        #[pallet::weight(T::WeightInfo::set_available())]
        #[pallet::weight_of_authorize(T::WeightInfo::authorize_notice())]
        #[pallet::authorize(Self::authorize_set_available)]
        pub fn set_available(
            origin: OriginFor<T>,
            provider: ProviderId,
            sequence: u64,
            available: bool,
            _signature: WorkerSignature,
        ) -> DispatchResult {
            ensure_authorized(origin)?;
            Self::do_set_available(provider, sequence, available);
            Ok(())
        }
    }

    #[pallet::view_functions]
    impl<T: Config> Pallet<T> {
        /// A provider.
        pub fn provider(id: ProviderId) -> Option<ProviderInfo<T::AccountId>> {
            Self::view_provider(id)
        }

        /// Providers from id `from` on, at most 100 of them. Walks at most 1 000 ids, so a page may
        /// hold fewer than asked for and still have a next one.
        pub fn providers(from: ProviderId, limit: u32) -> ProviderPage<T::AccountId> {
            Self::view_providers(from, limit)
        }

        /// The provider of an account.
        pub fn provider_id_of(account: T::AccountId) -> Option<ProviderId> {
            ProviderIds::<T>::get(account)
        }

        /// The provider of a worker key.
        pub fn provider_by_worker(worker_key: WorkerId) -> Option<ProviderId> {
            WorkerKeys::<T>::get(worker_key)
        }

        /// How many providers suit these requirements, busy ones included.
        pub fn pool_size(requirements: Requirements) -> u32 {
            PoolSizes::<T>::get(requirements)
        }

        /// Whether slashing is paused because too many providers are silent.
        pub fn is_ill() -> bool {
            RecentHealth::<T>::get().is_ill(Ticks::<T>::get())
        }
    }
}
