//! Weights, counted by hand.
//!
//! Each step names the distinct storage keys it touches at most, counted in its code and held against
//! a run by the tests, and an estimate of its computation: each change of a balance codes two
//! accounts and deposits an event, some 10 µs. [`defaas_traits::weights`] makes a weight of that.
//!
//! The price card, the treasury's share and the network fee count as one key each, because the
//! runtime may read them from storage.

use core::marker::PhantomData;

pub use defaas_traits::weights::Cost;
use frame_support::weights::Weight;

/// Weights of this pallet.
pub trait WeightInfo {
    /// To quote a price and open a hold.
    fn open() -> Weight;
    /// To settle or refund a hold.
    fn settle() -> Weight;
}

/// The hold, the accounts of payer and treasury, the payer's holds, the mark of the storage layer; to
/// read also total issuance and three parameters. Two balances change.
pub const OPEN: Cost = Cost::new(9, 5, 20);
/// The hold, the accounts of payer, developer, provider and treasury, the payer's holds, the mark of
/// the storage layer. Four balances change.
pub const SETTLE: Cost = Cost::new(7, 7, 40);

/// The weights described above.
pub struct CountedWeights<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for CountedWeights<T> {
    fn open() -> Weight {
        OPEN.weight::<T::DbWeight>()
    }

    fn settle() -> Weight {
        SETTLE.weight::<T::DbWeight>()
    }
}
