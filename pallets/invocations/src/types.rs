//! What is stored.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use defaas_primitives::{
    Attempt, Balance, Digest, Fault, Input, InvocationId, Meters, OutputDigest, Path, Principal,
    ProviderId, Replica, Tick, WorkerId,
};
pub use defaas_primitives::{RefundReason, Status};
use defaas_traits::{Permit, Quote, Resolved};
use frame_support::traits::ConstU32;
use scale_info::TypeInfo;
use sp_runtime::BoundedVec;

/// Most attempts that a record has room for. The attempts allowed are a constant of the runtime.
pub const MAX_TRIED: u32 = 8;
/// The replica of calls that are executed once: all of them, until redundancy is supported.
pub const FIRST_REPLICA: Replica = 0;

/// One call, from its request until its record is pruned.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Invocation<AccountId, BlockNumber> {
    /// Identity of the call off chain.
    pub digest: Digest,
    /// Who asked, and in what way.
    pub principal: Principal<AccountId>,
    /// Who pays.
    pub payer: AccountId,
    /// What the call took from a quota.
    pub permit: Permit<AccountId>,
    /// The price.
    pub quote: Quote,
    /// The function and version as they were when the call was requested.
    pub resolved: Resolved<AccountId>,
    /// Length of the input in bytes.
    pub input_bytes: u32,
    /// When it was requested.
    pub requested_at: Moment<BlockNumber>,
    /// Where it stands.
    pub status: Status,
    /// Providers that were assigned and did not deliver, in order. Their number is the number of the
    /// current attempt.
    pub tried: BoundedVec<Tried, ConstU32<MAX_TRIED>>,
    /// How often it was drawn in vain, over all attempts.
    pub redraws: u8,
    /// Where it stands in the agenda's lane [`Lane::Work`], if it does.
    pub due: Option<Slot>,
    /// What was delivered, once it is settled.
    pub delivery: Option<Delivery>,
}

impl<AccountId, BlockNumber> Invocation<AccountId, BlockNumber> {
    /// Number of the current attempt, from 0 up.
    pub fn attempt(&self) -> Attempt {
        // At most `MAX_TRIED`.
        Attempt::try_from(self.tried.len()).unwrap_or(Attempt::MAX)
    }

    /// Whether it has not ended.
    pub fn is_open(&self) -> bool {
        !self.status.is_end()
    }
}

/// A point in time, in blocks and in ticks.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
pub struct Moment<BlockNumber> {
    /// Height of the block.
    pub block: BlockNumber,
    /// Tick during that block.
    pub tick: Tick,
}

/// A provider that was assigned and did not deliver.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
pub struct Tried {
    /// Which provider.
    pub provider: ProviderId,
    /// Why it could not execute, or `None` if it was silent until the deadline.
    pub fault: Option<Fault>,
}

/// What was delivered.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
pub struct Delivery {
    /// By whom.
    pub provider: ProviderId,
    /// Hash and length of the output, if there is one. They outlive the output.
    pub output: Option<OutputDigest>,
    /// What the execution used, as its provider says.
    pub meters: Meters,
}

/// What the function is given.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct CallInput {
    /// Path and query that it sees.
    pub path: Path,
    /// What it reads.
    pub input: Input,
}

/// A provider that executes a call. Holds all that a report is checked against, so that an item of
/// a report that is in time costs one read.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Assignment<AccountId> {
    /// Which provider.
    pub provider: ProviderId,
    /// Where its pay goes.
    pub account: AccountId,
    /// The key that signs its report, even if the provider rotates keys meanwhile.
    pub worker: WorkerId,
    /// Which attempt.
    pub attempt: Attempt,
    /// Last tick at which a report is valid.
    pub deadline: Tick,
    /// Identity of the call.
    pub digest: Digest,
    /// Longest output, in bytes.
    pub max_output_bytes: u32,
    /// What the provider is exposed to by it, as booked by the draw: the execution price.
    pub exposure: Balance,
}

/// The two sorts of things to do later. Apart, so that old records to prune never delay a deadline.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
pub enum Lane {
    /// Open calls: deadlines and new draws.
    #[codec(index = 0)]
    Work,
    /// Ended calls: outputs and records to remove.
    #[codec(index = 1)]
    Retention,
}

/// A place in a lane of the agenda.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
pub struct Slot {
    /// Due at this tick.
    pub tick: Tick,
    /// Position among what is due then.
    pub index: u32,
}

/// What is to be done.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
pub enum Due {
    /// The deadline of an assignment has passed.
    #[codec(index = 0)]
    Deadline(InvocationId, Replica),
    /// A call that found no provider is drawn again.
    #[codec(index = 1)]
    Redraw(InvocationId, Replica),
    /// An output is removed.
    #[codec(index = 2)]
    DropOutput(InvocationId),
    /// A record is removed.
    #[codec(index = 3)]
    DropRecord(InvocationId),
}

/// The ends of the queue: positions `head..tail` hold an entry each.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
pub struct Ends {
    /// Position of the oldest entry.
    pub head: u64,
    /// Position of the next entry to come.
    pub tail: u64,
}

impl Ends {
    /// Number of entries.
    pub fn len(&self) -> u64 {
        self.tail.saturating_sub(self.head)
    }

    /// Whether there is no entry.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
