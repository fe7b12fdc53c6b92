//! Amounts of money as people write them.

use defaas_primitives::Balance;
use serde::{Serialize, Serializer};
use std::{fmt, str::FromStr};

/// Decimal places of 1 DFS.
pub const DECIMALS: u32 = 12;
/// 1 DFS in units.
pub const DFS: Balance = 10u128.pow(DECIMALS);

/// An amount in units of 10⁻¹² DFS. Reads and writes decimal DFS: `1`, `0.001`, `2.5 DFS`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Amount(pub Balance);

/// Why a text is not an amount.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AmountError {
    /// Something else than digits with at most one point, and `DFS` behind them.
    #[error("{0:?} is not an amount; write decimal DFS, for example 1, 0.001 or 2.5")]
    NotANumber(String),
    /// More than 12 places after the point.
    #[error("{0:?} has more than {DECIMALS} decimal places; that is finer than the chain counts")]
    TooFine(String),
    /// More than a balance can hold.
    #[error("{0:?} is more money than there can be")]
    TooLarge(String),
}

impl FromStr for Amount {
    type Err = AmountError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let number = text.trim();
        let number = number.strip_suffix("DFS").unwrap_or(number).trim_end();
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
        if whole.is_empty() && fraction.is_empty() || !digits(whole) || !digits(fraction) {
            return Err(AmountError::NotANumber(text.into()));
        }
        let fraction = fraction.trim_end_matches('0');
        let missing = (DECIMALS as usize)
            .checked_sub(fraction.len())
            .ok_or_else(|| AmountError::TooFine(text.into()))?;
        let units = format!("{whole}{fraction}{}", "0".repeat(missing));
        let units = units.trim_start_matches('0');
        if units.is_empty() {
            return Ok(Self(0));
        }
        units
            .parse()
            .map(Self)
            .map_err(|_| AmountError::TooLarge(text.into()))
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, fraction) = (self.0 / DFS, self.0 % DFS);
        let fraction = format!("{fraction:0width$}", width = DECIMALS as usize);
        match fraction.trim_end_matches('0') {
            "" => write!(f, "{whole} DFS"),
            fraction => write!(f, "{whole}.{fraction} DFS"),
        }
    }
}

/// In units, as text: JSON numbers are too small.
impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_what_people_write() {
        for (text, units) in [
            ("0", 0),
            ("1", DFS),
            ("1.", DFS),
            (".5", DFS / 2),
            ("0.001", DFS / 1_000),
            ("2.5 DFS", 5 * DFS / 2),
            (" 1DFS ", DFS),
            ("0.000000000001", 1),
            ("1.0000000000000000", DFS),
        ] {
            assert_eq!(text.parse(), Ok(Amount(units)), "{text}");
        }
    }

    #[test]
    fn refuses_the_rest_with_a_reason() {
        for text in ["", ".", "-1", "1,5", "1e3", "1.2.3", "DFS", "0x10", "１"] {
            assert_eq!(
                text.parse::<Amount>(),
                Err(AmountError::NotANumber(text.into())),
                "{text}"
            );
        }
        let fine = "0.0000000000001";
        assert_eq!(
            fine.parse::<Amount>(),
            Err(AmountError::TooFine(fine.into()))
        );
        let large = "340282366920938463463374607431768211456";
        assert_eq!(
            large.parse::<Amount>(),
            Err(AmountError::TooLarge(large.into()))
        );
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(units: u128) {
            prop_assert_eq!(Amount(units).to_string().parse(), Ok(Amount(units)));
        }
    }
}
