//! What a call must cost with the prices that a new chain has, worked out here and not by the code
//! under test.

use subxt::utils::AccountId32;

/// Per call, in units of 10⁻¹² DFS.
const BASE: u128 = 1_000_000_000;
/// Per second of the time limit and 128 MiB of the memory limit, in units.
const PER_SECOND_128_MIB: u128 = 100_000_000;
/// The treasury's share of the execution price.
const TREASURY_PERCENT: u128 = 5;

/// Limits of a version.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Time, in milliseconds.
    pub timeout_ms: u32,
    /// Memory, in MiB.
    pub memory_mib: u32,
}

impl Limits {
    /// Those of a function that is published without saying any.
    pub const DEFAULT: Self = Self {
        timeout_ms: 10_000,
        memory_mib: 128,
    };

    /// The parts of the execution price, in units.
    pub fn price(self) -> ExecutionPrice {
        let used = u128::from(self.timeout_ms) * u128::from(self.memory_mib);
        let total = BASE + (PER_SECOND_128_MIB * used).div_ceil(1_000 * 128);
        let treasury = total * TREASURY_PERCENT / 100;
        ExecutionPrice {
            provider: total - treasury,
            treasury,
        }
    }
}

/// What is paid for an execution, in units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExecutionPrice {
    /// To the provider.
    pub provider: u128,
    /// To the treasury.
    pub treasury: u128,
}

impl ExecutionPrice {
    /// All of it.
    pub fn total(self) -> u128 {
        self.provider + self.treasury
    }
}

/// Account of the treasury: `modl`, then the runtime's `df/trsry`, then zeros.
pub fn treasury() -> AccountId32 {
    let mut account = [0; 32];
    account[..12].copy_from_slice(b"modldf/trsry");
    AccountId32(account)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn price_of_the_default_limits_is_that_of_the_price_card() {
        // 0.001 + 10 × 0.0001 DFS, a twentieth of it to the treasury.
        let price = Limits::DEFAULT.price();
        assert_eq!(
            (price.provider, price.treasury),
            (1_900_000_000, 100_000_000)
        );
    }

    #[test]
    fn fractions_are_rounded_up_in_the_price_and_down_in_the_share() {
        let limits = Limits {
            timeout_ms: 1,
            memory_mib: 1,
        };
        // 781.25 units beyond the base; a twentieth of 1 000 000 782 is 50 000 039.1.
        let price = limits.price();
        assert_eq!((price.total(), price.treasury), (1_000_000_782, 50_000_039));
    }
}
