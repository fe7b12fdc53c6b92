//! Numbers of bytes as people write them.

use std::{fmt, str::FromStr};

const UNITS: [(&str, u32); 4] = [
    ("GiB", 1 << 30),
    ("MiB", 1 << 20),
    ("KiB", 1 << 10),
    ("B", 1),
];

/// A number of bytes. Reads `1024`, `64KiB`, `128 MiB`; writes the largest unit that divides it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size(pub u32);

impl FromStr for Size {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let trimmed = text.trim();
        let (digits, unit) = UNITS
            .into_iter()
            .find_map(|(name, unit)| Some((trimmed.strip_suffix(name)?.trim_end(), unit)))
            .unwrap_or((trimmed, 1));
        let plain = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
        digits
            .parse::<u32>()
            .ok()
            .filter(|_| plain)
            .and_then(|number| number.checked_mul(unit))
            .map(Self)
            .ok_or_else(|| {
                format!("{text:?} is not a size; write bytes, or 64KiB, 128MiB, below 4GiB")
            })
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fits = |unit: &u32| self.0 >= *unit && self.0.is_multiple_of(*unit);
        let (name, unit) = UNITS
            .into_iter()
            .find(|(_, unit)| fits(unit))
            .unwrap_or(("B", 1));
        write!(f, "{} {name}", self.0 / unit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_what_people_write() {
        for (text, bytes) in [
            ("0", 0),
            ("1024", 1024),
            ("7B", 7),
            ("64KiB", 64 << 10),
            ("128 MiB", 128 << 20),
            ("3GiB", 3 << 30),
        ] {
            assert_eq!(text.parse(), Ok(Size(bytes)), "{text}");
        }
    }

    #[test]
    fn refuses_the_rest() {
        for text in [
            "",
            "KiB",
            "-1",
            "+1",
            "1.5MiB",
            "1MB",
            "1k",
            "4GiB",
            "4294967296",
        ] {
            assert!(text.parse::<Size>().is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(bytes: u32, shift in 0u32..32) {
            let size = Size(bytes << shift);
            prop_assert_eq!(size.to_string().parse(), Ok(size));
        }
    }
}
