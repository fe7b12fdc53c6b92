#![doc = include_str!("../README.md")]
#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

mod agenda;
mod authorize;
pub mod cost;
pub mod deadline;
pub mod digest;
mod impls;
mod integrity;
mod invoke;
mod queue;
mod try_state;
pub mod types;
mod views;
pub mod weights;

#[cfg(test)]
mod mock;
#[cfg(test)]
mod tests;

pub use pallet::*;
pub use types::*;
pub use views::MAX_RECORDS_PAGE;
pub use weights::WeightInfo;

use frame_system::pallet_prelude::BlockNumberFor;

/// A call as this runtime stores it.
pub type InvocationOf<T> = Invocation<<T as frame_system::Config>::AccountId, BlockNumberFor<T>>;

#[allow(unused_qualifications)] // In the code that the macros make.
#[frame_support::pallet]
pub mod pallet {
    use super::{
        Assignment, CallInput, Due, Ends, InvocationOf, Lane, RefundReason, Slot, WeightInfo,
    };
    use alloc::vec::Vec;
    use defaas_primitives::{
        Attempt, Balance, Digest, Fault, FunctionId, Hash, Input, InvocationId, JobCursor, Outcome,
        Output, Path, Principal, ProviderId, Replica, Report, Selector, Tick as TickNumber,
        VersionNumber, WorkerSignature,
    };
    use defaas_traits::{
        AccessControl, Catalog, Escrow, OnOutcome, PayerPolicy, Providers, RequestParams,
        SlotRandomness,
    };
    use frame_support::{
        dispatch::{DispatchErrorWithPostInfo, PostDispatchInfo},
        pallet_prelude::*,
        weights::WeightMeter,
    };
    use frame_system::{ensure_authorized, pallet_prelude::*};
    use sp_runtime::Perbill;

    const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

    /// The life of calls.
    #[pallet::pallet]
    #[pallet::storage_version(STORAGE_VERSION)]
    pub struct Pallet<T>(_);

    /// What the life of calls needs from the runtime.
    #[pallet::config]
    pub trait Config: frame_system::Config<RuntimeEvent: From<Event<Self>>, Hash = Hash> {
        /// Weights of this pallet's own steps.
        type WeightInfo: WeightInfo;

        /// What can be called.
        type Catalog: Catalog<Self::AccountId>;
        /// Who may call it.
        type Access: AccessControl<Self::AccountId>;
        /// Who pays.
        type Payer: PayerPolicy<Self::AccountId>;
        /// Holds and pays the price.
        type Escrow: Escrow<Self::AccountId>;
        /// Who executes.
        type Providers: Providers<Self::AccountId>;
        /// Seeds the draws.
        type Randomness: SlotRandomness;
        /// Told how calls end.
        type OnOutcome: OnOutcome<Self::AccountId>;

        /// Most providers that are assigned to a call, one after the other.
        #[pallet::constant]
        type MaxAttempts: Get<Attempt>;
        /// How often a call is drawn again while no provider is there, over all its attempts.
        #[pallet::constant]
        type MaxRedraws: Get<u8>;
        /// How often a call is drawn again while its providers are full, over all its attempts and
        /// together with the draws that found nobody.
        #[pallet::constant]
        type MaxFullRedraws: Get<u8>;
        /// Ticks that every deadline has beyond the work.
        #[pallet::constant]
        type DeadlineMargin: Get<TickNumber>;
        /// Length of a slot in milliseconds.
        #[pallet::constant]
        type SlotMillis: Get<u32>;
        /// Bytes per second at which every provider has to fetch.
        #[pallet::constant]
        type FetchRate: Get<u32>;
        /// Bytes per second at which every provider has to compile.
        #[pallet::constant]
        type CompileRate: Get<u32>;
        /// Ticks that an output is kept after the settlement.
        #[pallet::constant]
        type OutputRetention: Get<TickNumber>;
        /// Ticks that a record is kept after the call ended.
        #[pallet::constant]
        type RecordRetention: Get<TickNumber>;
        /// Share of a block for deadlines that passed.
        #[pallet::constant]
        type SweepShare: Get<Perbill>;
        /// Share of a block for draws.
        #[pallet::constant]
        type DrawShare: Get<Perbill>;
        /// Share of a block for removing what is old.
        #[pallet::constant]
        type PruneShare: Get<Perbill>;
        /// Priority of a report in the pool, above what fees and sane tips buy: a report is work that
        /// is done, and late it is worth nothing. Each re-send adds one.
        #[pallet::constant]
        type ReportPriority: Get<TransactionPriority>;
    }

    // Keys are counters that the chain gives out, or made of them: nobody can choose them, so a hash
    // that resists collisions (`Blake2_128Concat`) would buy nothing. `Twox64Concat` keeps the trie
    // balanced.

    /// Blocks in which calls could make progress. The clock of deadlines: it stands still while the
    /// hook does not run, and then reports cannot be included either.
    #[pallet::storage]
    pub type Tick<T: Config> = StorageValue<_, TickNumber, ValueQuery>;

    /// Number of the next call.
    #[pallet::storage]
    pub type NextInvocationId<T: Config> = StorageValue<_, InvocationId, ValueQuery>;

    /// Every call that is open, or ended less than the retention ago.
    #[pallet::storage]
    pub type Invocations<T: Config> =
        StorageMap<_, Twox64Concat, InvocationId, InvocationOf<T>, OptionQuery>;

    /// What the functions of open calls are given. Apart from the record, which is read and written
    /// more often.
    #[pallet::storage]
    pub type Inputs<T: Config> = StorageMap<_, Twox64Concat, InvocationId, CallInput, OptionQuery>;

    /// What the functions of settled calls wrote, until the retention ends.
    #[pallet::storage]
    pub type Outputs<T: Config> = StorageMap<_, Twox64Concat, InvocationId, Output, OptionQuery>;

    /// Who executes which replica of an open call.
    #[pallet::storage]
    pub type Assignments<T: Config> = StorageDoubleMap<
        _,
        Twox64Concat,
        InvocationId,
        Twox64Concat,
        Replica,
        Assignment<T::AccountId>,
        OptionQuery,
    >;

    /// The assignments of each provider.
    #[pallet::storage]
    pub type Worklist<T: Config> =
        StorageDoubleMap<_, Twox64Concat, ProviderId, Twox64Concat, JobCursor, (), OptionQuery>;

    /// Calls that wait for a draw, by position.
    #[pallet::storage]
    pub type Queue<T: Config> = StorageMap<_, Twox64Concat, u64, JobCursor, OptionQuery>;

    /// Ends of the queue.
    #[pallet::storage]
    pub type QueueEnds<T: Config> = StorageValue<_, Ends, ValueQuery>;

    /// What is to be done, by lane and tick, and by position among what is due then.
    #[pallet::storage]
    pub type Agenda<T: Config> =
        StorageDoubleMap<_, Twox64Concat, (Lane, TickNumber), Twox64Concat, u32, Due, OptionQuery>;

    /// How many entries were ever appended for a tick, those taken out included. Removed once the
    /// tick is done.
    #[pallet::storage]
    pub type AgendaLengths<T: Config> =
        StorageDoubleMap<_, Twox64Concat, Lane, Twox64Concat, TickNumber, u32, ValueQuery>;

    /// The first slot of each lane that was not visited yet.
    #[pallet::storage]
    pub type Cursors<T: Config> = StorageMap<_, Twox64Concat, Lane, Slot, ValueQuery>;

    #[pallet::event]
    #[pallet::generate_deposit(pub(super) fn deposit_event)]
    pub enum Event<T: Config> {
        /// A call was requested.
        Requested {
            /// Its number.
            invocation: InvocationId,
            /// Its identity.
            digest: Digest,
            /// Which function.
            function: FunctionId,
            /// Which version.
            version: VersionNumber,
            /// In whose name.
            caller: T::AccountId,
            /// Who pays.
            payer: T::AccountId,
            /// All that may be charged, network fee included.
            price: Balance,
        },
        /// A provider was drawn.
        Assigned {
            /// For which call.
            invocation: InvocationId,
            /// For which of its executions.
            replica: Replica,
            /// Which provider.
            provider: ProviderId,
            /// For which attempt.
            attempt: Attempt,
            /// Last tick at which a report is valid.
            deadline: TickNumber,
        },
        /// A provider was silent until its deadline.
        DeadlineMissed {
            /// Of which call.
            invocation: InvocationId,
            /// Of which of its executions.
            replica: Replica,
            /// Which provider.
            provider: ProviderId,
            /// Which attempt.
            attempt: Attempt,
        },
        /// A provider reported that it could not execute.
        AttemptFailed {
            /// Which call.
            invocation: InvocationId,
            /// Which of its executions.
            replica: Replica,
            /// Which provider.
            provider: ProviderId,
            /// Which attempt.
            attempt: Attempt,
            /// Why not.
            fault: Fault,
        },
        /// A call ended with a result and was paid.
        Settled {
            /// Which call.
            invocation: InvocationId,
            /// Who delivered.
            provider: ProviderId,
            /// How it ended.
            outcome: Outcome,
            /// What the payer was charged, without the network fee.
            charged: Balance,
        },
        /// A call ended without charge.
        Refunded {
            /// Which call.
            invocation: InvocationId,
            /// Why.
            reason: RefundReason,
            /// What the payer got back.
            returned: Balance,
        },
    }

    #[pallet::error]
    pub enum Error<T> {
        /// The path does not begin with `/`, or holds what may not stand in a URL as it is.
        InvalidPath,
        /// The input's CID cannot be fetched by every worker, or its size is above the bound.
        InvalidInput,
        /// The input is longer than the version allows.
        InputTooLarge,
        /// The version asks for a kind of verification that is not supported yet.
        UnsupportedVerification,
        /// The price, network fee included, is above what the caller is willing to pay.
        MaxFeeTooLow,
        /// No provider has what the function requires.
        NoProvider,
        /// More calls wait than can be drawn soon. Try again a few blocks later.
        Busy,
        /// There is no such call or assignment.
        NotFound,
    }

    #[pallet::hooks]
    impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
        fn on_poll(_: BlockNumberFor<T>, meter: &mut WeightMeter) {
            Self::do_poll(meter);
        }

        fn integrity_test() {
            Self::check_integrity();
        }

        #[cfg(feature = "try-runtime")]
        fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
            Self::do_try_state()
        }
    }

    #[pallet::call]
    impl<T: Config> Pallet<T> {
        /// Requests a call of `function`. The price is held until the call ends; the network fee is
        /// charged at once. `max_fee` bounds their sum.
        ///
        /// # Errors
        /// `InvalidPath`, `InvalidInput`, `Busy`, `InputTooLarge`, `UnsupportedVerification`,
        /// `MaxFeeTooLow`, `NoProvider`; what the catalog says of the function, the access control
        /// of the caller, and the escrow of the payer's money.
        #[pallet::call_index(0)]
        #[pallet::weight(Pallet::<T>::request_cost(Pallet::<T>::payload_bytes(path, input)))]
        pub fn request(
            origin: OriginFor<T>,
            function: FunctionId,
            selector: Selector,
            path: Path,
            input: Input,
            max_fee: Balance,
        ) -> DispatchResultWithPostInfo {
            let caller = ensure_signed(origin)?;
            let params = RequestParams {
                function,
                selector,
                path,
                input,
                max_fee,
            };
            match Self::do_request(Principal::direct(caller), params) {
                Ok((_, used)) => Ok(Some(used).into()),
                Err((error, used)) => Err(DispatchErrorWithPostInfo {
                    post_info: Some(used).into(),
                    error,
                }),
            }
        }

        /// Reports how attempts ended. Free; authorized by the signature of the worker key that the
        /// assignments name.
        ///
        /// # Errors
        /// None once it is authorized: items that cannot be applied are skipped. What a pool
        /// refuses and as what is in the crate's documentation.
        #[pallet::call_index(1)]
        #[pallet::weight((Pallet::<T>::report_weight(report), DispatchClass::Operational))]
        #[pallet::weight_of_authorize(Pallet::<T>::report_authorize_weight(report))]
        #[pallet::authorize(Pallet::<T>::authorize_report)]
        pub fn report(
            origin: OriginFor<T>,
            report: Report,
            signature: WorkerSignature,
        ) -> DispatchResultWithPostInfo {
            ensure_authorized(origin)?;
            // Checked when the origin was authorized.
            let _ = signature;
            Ok(PostDispatchInfo::from(Some(Self::do_report(report))))
        }
    }

    #[pallet::view_functions]
    impl<T: Config> Pallet<T> {
        /// A call that is open or ended less than the retention ago.
        pub fn invocation(id: InvocationId) -> Option<InvocationOf<T>> {
            Invocations::<T>::get(id)
        }

        /// Records of up to 100 calls from `from` on, without those pruned.
        pub fn invocations(from: InvocationId, limit: u32) -> Vec<(InvocationId, InvocationOf<T>)> {
            Self::page_of_records(from, limit)
        }

        /// What the function of an open call is given.
        pub fn input(id: InvocationId) -> Option<CallInput> {
            Inputs::<T>::get(id)
        }

        /// What the function of a settled call wrote, while it is kept.
        pub fn output(id: InvocationId) -> Option<Output> {
            Outputs::<T>::get(id)
        }

        /// Who executes a replica of an open call.
        pub fn assignment(id: InvocationId, replica: Replica) -> Option<Assignment<T::AccountId>> {
            Assignments::<T>::get(id, replica)
        }

        /// The clock of deadlines.
        pub fn tick() -> TickNumber {
            Tick::<T>::get()
        }

        /// How many calls wait for a draw.
        pub fn queue_len() -> u64 {
            QueueEnds::<T>::get().len()
        }
    }
}
