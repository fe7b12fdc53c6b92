//! Weights counted by hand.
//!
//! A pallet says of each of its steps which storage keys it touches in the worst case and how long
//! it computes; a [`Cost`] is that, and [`Cost::weight`] makes a weight of it, the same way in every
//! pallet. The keys are exact: the pallets' tests hold them against what the code touches. The times
//! are estimates. So the weight is **twice** what follows from both. Proof sizes are 0: this is no
//! parachain.

use frame_support::{
    traits::Get,
    weights::{constants::WEIGHT_REF_TIME_PER_MICROS, RuntimeDbWeight, Weight},
};

/// By how much a weight exceeds what was counted.
pub const SAFETY_FACTOR: u64 = 2;

/// What one step touches and computes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    /// Distinct keys read.
    pub reads: u32,
    /// Distinct keys written or removed.
    pub writes: u32,
    /// Computation in microseconds.
    pub micros: u32,
}

impl Cost {
    /// So many distinct keys read, distinct keys written or removed, and microseconds.
    pub const fn new(reads: u32, writes: u32, micros: u32) -> Self {
        Self {
            reads,
            writes,
            micros,
        }
    }

    /// This, and `n` times `each`.
    pub const fn plus(self, n: u32, each: Self) -> Self {
        Self {
            reads: self.reads.saturating_add(n.saturating_mul(each.reads)),
            writes: self.writes.saturating_add(n.saturating_mul(each.writes)),
            micros: self.micros.saturating_add(n.saturating_mul(each.micros)),
        }
    }

    /// The weight of the step on a chain with this database: twice the cost.
    pub fn weight<Db: Get<RuntimeDbWeight>>(self) -> Weight {
        let computation = Weight::from_parts(
            WEIGHT_REF_TIME_PER_MICROS.saturating_mul(self.micros.into()),
            0,
        );
        Db::get()
            .reads_writes(self.reads.into(), self.writes.into())
            .saturating_add(computation)
            .saturating_mul(SAFETY_FACTOR)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Db;

    impl Get<RuntimeDbWeight> for Db {
        fn get() -> RuntimeDbWeight {
            RuntimeDbWeight {
                read: 1_000,
                write: 20_000,
            }
        }
    }

    #[test]
    fn a_weight_is_twice_keys_and_time_without_proof() {
        let weight = Cost::new(3, 2, 7).weight::<Db>();
        let counted = 3 * 1_000 + 2 * 20_000 + 7 * 1_000_000;
        assert_eq!(weight, Weight::from_parts(2 * counted, 0));
    }

    #[test]
    fn costs_add_up_and_clamp() {
        let sum = Cost::new(1, 2, 3).plus(4, Cost::new(10, 20, 30));
        assert_eq!(sum, Cost::new(41, 82, 123));
        let most = Cost::new(1, 1, 1).plus(u32::MAX, Cost::new(2, 2, 2));
        assert_eq!(most, Cost::new(u32::MAX, u32::MAX, u32::MAX));
    }
}
