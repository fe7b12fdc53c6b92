//! Weights, set by hand: the storage keys that a step touches at most, counted in its code and held
//! against a run by the tests, plus an estimate of its computation, all doubled.
//!
//! The price card, the treasury's share and the network fee count as one key each, because the
//! runtime may read them from storage.

use core::marker::PhantomData;

use frame_support::{traits::Get, weights::Weight};

/// Weights of this pallet.
pub trait WeightInfo {
    /// To quote a price and open a hold.
    fn open() -> Weight;
    /// To settle or refund a hold.
    fn settle() -> Weight;
}

/// Storage keys a step touches at most.
#[derive(Clone, Copy, Debug)]
pub struct Keys {
    /// Keys read.
    pub reads: u64,
    /// Keys written or removed.
    pub writes: u64,
}

/// The hold, the accounts of payer and treasury, the payer's holds, the mark of the storage layer; to
/// read also total issuance and three parameters.
pub const OPEN: Keys = Keys {
    reads: 9,
    writes: 5,
};
/// The hold, the accounts of payer, developer, provider and treasury, the payer's holds, the mark of
/// the storage layer.
pub const SETTLE: Keys = Keys {
    reads: 7,
    writes: 7,
};
/// A balance change encodes two accounts and deposits an event: some 10 µs each.
const CPU_PER_CHANGE: u64 = 10_000_000;

/// The weights described above.
pub struct CountedWeights<T>(PhantomData<T>);

impl<T: frame_system::Config> CountedWeights<T> {
    fn of(keys: Keys, changes: u64) -> Weight {
        T::DbWeight::get()
            .reads_writes(keys.reads, keys.writes)
            .saturating_add(Weight::from_parts(CPU_PER_CHANGE, 0).saturating_mul(changes))
            .saturating_mul(2)
    }
}

impl<T: frame_system::Config> WeightInfo for CountedWeights<T> {
    fn open() -> Weight {
        Self::of(OPEN, 2)
    }

    fn settle() -> Weight {
        Self::of(SETTLE, 4)
    }
}
