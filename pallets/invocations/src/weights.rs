//! Weights of this pallet's own steps, counted by hand.
//!
//! Each step names the distinct storage keys it reads and writes, and the time its computation
//! takes, rounded up; [`defaas_traits::weights`] makes a weight of that. What the seams do comes from
//! the seams' own weights, see [`crate::cost`]. Tests hold the keys against what the code touches.
//! The mark of a storage layer counts as a key, though it stays in memory.

use core::marker::PhantomData;

pub use defaas_traits::weights::Cost;
use defaas_traits::weights::SAFETY_FACTOR;
use frame_support::weights::Weight;

/// Queue ends, next id, genesis hash, the account's nonce, size of the pool.
pub const CHECK_REQUEST: Cost = Cost::new(5, 0, 30);
/// Tick, queue ends, the storage layer; next id, invocation, input, queue entry, queue ends, the
/// storage layer.
pub const STORE_REQUEST: Cost = Cost::new(3, 6, 40);
/// Tick, both cursors, queue ends, the block's VRF; all but the last.
pub const POLL: Cost = Cost::new(5, 4, 10);
/// Length and entry of the agenda; the same.
pub const VISIT: Cost = Cost::new(2, 2, 5);
/// Invocation, queue ends; invocation, queue entry, queue ends.
pub const REQUEUE: Cost = Cost::new(2, 3, 20);
/// Queue entry, invocation, length of the agenda; queue entry, invocation, assignment, worklist,
/// entry and length of the agenda.
pub const DRAW: Cost = Cost::new(3, 6, 40);
/// Invocation, assignment, queue ends; these, worklist, queue entry.
pub const MISS: Cost = Cost::new(3, 5, 30);
/// As [`MISS`]; and the entry of the agenda, the storage layer.
pub const FAIL: Cost = Cost::new(4, 7, 40);
/// Tick, length of the agenda; invocation, input, entry and length of the agenda.
pub const REFUND: Cost = Cost::new(2, 4, 30);
/// Tick, invocation, assignment, length of the agenda, the storage layer; assignment, worklist,
/// invocation, input, output, two entries and a length of the agenda, the storage layer. Hashes the
/// output.
pub const DELIVER: Cost = Cost::new(5, 9, 80);
/// Tick, next id.
pub const REPORT: Cost = Cost::new(2, 0, 10);
/// Assignment, invocation.
pub const CLASSIFY: Cost = Cost::new(2, 0, 5);
/// Tick, next id, genesis hash. Verifies a signature.
pub const AUTHORIZE: Cost = Cost::new(3, 0, 100);
/// Tick, length of the agenda; output, entry and length of the agenda.
pub const DROP_OUTPUT: Cost = Cost::new(2, 3, 10);
/// The record.
pub const DROP_RECORD: Cost = Cost::new(0, 1, 10);

/// Picoseconds to decode, hash and copy a byte of a transaction.
const PER_BYTE: u64 = 5_000;

/// Weights of the steps, without what the seams do.
pub trait WeightInfo {
    /// To check a request with this many bytes of path and inline input.
    fn check_request(bytes: u32) -> Weight;
    /// To store a request.
    fn store_request() -> Weight;
    /// What every poll costs.
    fn poll() -> Weight;
    /// To visit a slot of the agenda.
    fn visit() -> Weight;
    /// To put a call back into the queue for another draw.
    fn requeue() -> Weight;
    /// To draw a provider for a call.
    fn draw() -> Weight;
    /// To close an assignment whose deadline passed.
    fn miss() -> Weight;
    /// To close an assignment that was reported as failed.
    fn fail() -> Weight;
    /// To end a call without charge.
    fn refund() -> Weight;
    /// To end a call with a result.
    fn deliver() -> Weight;
    /// What every report costs, without its items.
    fn report() -> Weight;
    /// To find out whether an item of a report is live.
    fn classify() -> Weight;
    /// To authorize a report of this many bytes, without its items.
    fn authorize(bytes: u32) -> Weight;
    /// To remove an output.
    fn drop_output() -> Weight;
    /// To remove a record.
    fn drop_record() -> Weight;
}

/// The weights described above.
pub struct CountedWeights<T>(PhantomData<T>);

impl<T: frame_system::Config> CountedWeights<T> {
    fn of(cost: Cost) -> Weight {
        cost.weight::<T::DbWeight>()
    }

    fn bytes(bytes: u32) -> Weight {
        Weight::from_parts(u64::from(bytes).saturating_mul(SAFETY_FACTOR * PER_BYTE), 0)
    }
}

impl<T: frame_system::Config> WeightInfo for CountedWeights<T> {
    fn check_request(bytes: u32) -> Weight {
        Self::of(CHECK_REQUEST).saturating_add(Self::bytes(bytes))
    }

    fn store_request() -> Weight {
        Self::of(STORE_REQUEST)
    }

    fn poll() -> Weight {
        Self::of(POLL)
    }

    fn visit() -> Weight {
        Self::of(VISIT)
    }

    fn requeue() -> Weight {
        Self::of(REQUEUE)
    }

    fn draw() -> Weight {
        Self::of(DRAW)
    }

    fn miss() -> Weight {
        Self::of(MISS)
    }

    fn fail() -> Weight {
        Self::of(FAIL)
    }

    fn refund() -> Weight {
        Self::of(REFUND)
    }

    fn deliver() -> Weight {
        Self::of(DELIVER)
    }

    fn report() -> Weight {
        Self::of(REPORT)
    }

    fn classify() -> Weight {
        Self::of(CLASSIFY)
    }

    fn authorize(bytes: u32) -> Weight {
        Self::of(AUTHORIZE).saturating_add(Self::bytes(bytes))
    }

    fn drop_output() -> Weight {
        Self::of(DROP_OUTPUT)
    }

    fn drop_record() -> Weight {
        Self::of(DROP_RECORD)
    }
}
