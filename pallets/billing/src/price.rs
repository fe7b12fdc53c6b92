//! The price of an execution, from a version's limits alone.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use defaas_primitives::{Balance, Limits};
use scale_info::TypeInfo;

/// Milliseconds in a unit of execution.
pub const UNIT_MS: Balance = 1_000;
/// Bytes of memory in a unit of execution.
pub const UNIT_BYTES: Balance = 128 * 1024 * 1024;

/// What an execution costs. A unit is one second with 128 MiB of memory.
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
pub struct PriceCard {
    /// For every execution, whatever its limits.
    pub base: Balance,
    /// For each unit that the limits allow.
    pub per_unit: Balance,
}

impl PriceCard {
    /// `base + ⌈per_unit × timeout × memory / unit⌉`, or `None` if that is too much for
    /// [`Balance`].
    ///
    /// Rounded up, so that no execution with limits above 0 is free where units have a price. The
    /// limits count and not what was used: the price is known before the call, and nobody gains by
    /// reporting more.
    pub fn price(&self, limits: &Limits) -> Option<Balance> {
        self.per_unit
            .checked_mul(limits.timeout_ms.into())?
            .checked_mul(limits.memory_bytes.into())?
            .div_ceil(UNIT_MS * UNIT_BYTES)
            .checked_add(self.base)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const UNIT: Balance = UNIT_MS * UNIT_BYTES;

    fn limits(timeout_ms: u32, memory_bytes: u32) -> Limits {
        Limits {
            timeout_ms,
            memory_bytes,
            max_input_bytes: 0,
            max_output_bytes: 0,
        }
    }

    #[test]
    fn one_unit_costs_base_and_unit() {
        let card = PriceCard {
            base: 7,
            per_unit: 100,
        };
        assert_eq!(card.price(&limits(1_000, 128 << 20)), Some(107));
        assert_eq!(card.price(&limits(2_000, 256 << 20)), Some(407));
    }

    #[test]
    fn a_part_of_the_smallest_amount_is_rounded_up() {
        let card = PriceCard {
            base: 7,
            per_unit: 1,
        };
        assert_eq!(card.price(&limits(1, 1)), Some(8));
        assert_eq!(card.price(&limits(0, 1)), Some(7));
    }

    #[test]
    fn overflow_is_none() {
        let dear_unit = PriceCard {
            base: 0,
            per_unit: Balance::MAX,
        };
        assert_eq!(dear_unit.price(&limits(2, 1)), None);
        let dear_base = PriceCard {
            base: Balance::MAX,
            per_unit: 1,
        };
        assert_eq!(dear_base.price(&limits(1, 1)), None);
        assert_eq!(dear_base.price(&limits(0, 0)), Some(Balance::MAX));
    }

    proptest! {
        /// A unit may cost up to 2⁶³ (9 million DFS) without overflow, at any limits.
        #[test]
        fn exact_within_limits(
            base in 0..=u128::from(u64::MAX),
            per_unit in 0..=(1u128 << 63),
            timeout in any::<u32>(),
            memory in any::<u32>(),
        ) {
            let price = PriceCard { base, per_unit }.price(&limits(timeout, memory)).unwrap();
            let exact = per_unit * u128::from(timeout) * u128::from(memory);
            let units = price - base;
            prop_assert!(units * UNIT >= exact);
            prop_assert!(units == 0 || (units - 1) * UNIT < exact);
        }

        #[test]
        fn monotone_in_each_limit(
            per_unit in 0..=(1u128 << 63),
            timeout in any::<u32>(),
            memory in any::<u32>(),
            more in any::<u32>(),
        ) {
            let card = PriceCard { base: 1, per_unit };
            let price = card.price(&limits(timeout, memory)).unwrap();
            prop_assert!(card.price(&limits(timeout.saturating_add(more), memory)).unwrap() >= price);
            prop_assert!(card.price(&limits(timeout, memory.saturating_add(more))).unwrap() >= price);
        }
    }
}
