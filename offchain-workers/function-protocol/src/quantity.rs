//! Memory as OpenFaaS writes it: whole quantities in the notation of Kubernetes.

/// Suffixes with their factors, the binary ones first.
const SUFFIXES: [(&str, u64); 8] = [
    ("Ki", 1 << 10),
    ("Mi", 1 << 20),
    ("Gi", 1 << 30),
    ("Ti", 1 << 40),
    ("k", 1_000),
    ("M", 1_000_000),
    ("G", 1_000_000_000),
    ("T", 1_000_000_000_000),
];

/// Writes `bytes` exactly, with the largest binary suffix that divides it: `64Mi`, `1000`.
pub fn format_bytes(bytes: u64) -> String {
    SUFFIXES
        .iter()
        .rev()
        .filter(|(suffix, _)| suffix.ends_with('i'))
        .find(|(_, factor)| bytes != 0 && bytes.is_multiple_of(*factor))
        .map_or_else(
            || bytes.to_string(),
            |(suffix, factor)| format!("{}{suffix}", bytes / factor),
        )
}

/// Reads digits, then no suffix or one of `Ki Mi Gi Ti k M G T`, as bytes.
///
/// `None` for anything else (fractions, exponents, signs, spaces) and for more than 2^64 - 1 bytes.
pub fn parse_bytes(text: &str) -> Option<u64> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, suffix) = text.split_at(digits);
    let factor = match suffix {
        "" => 1,
        _ => SUFFIXES.iter().find(|(name, _)| *name == suffix)?.1,
    };
    number.parse::<u64>().ok()?.checked_mul(factor)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn format_uses_the_largest_suffix_that_is_exact() {
        for (bytes, text) in [
            (0, "0"),
            (1_000, "1000"),
            (1_024, "1Ki"),
            (64 << 20, "64Mi"),
            (1 << 30, "1Gi"),
            ((1 << 30) + (1 << 20), "1025Mi"),
            (u64::MAX, "18446744073709551615"),
        ] {
            assert_eq!(format_bytes(bytes), text);
        }
    }

    #[test]
    fn parse_reads_plain_binary_and_decimal_quantities() {
        for (text, bytes) in [
            ("0", 0),
            ("134217728", 134_217_728),
            ("64Mi", 64 << 20),
            ("1k", 1_000),
            ("2G", 2_000_000_000),
        ] {
            assert_eq!(parse_bytes(text), Some(bytes), "{text}");
        }
    }

    #[test]
    fn parse_refuses_what_it_cannot_read_exactly() {
        for text in [
            "",
            "Mi",
            "1.5Gi",
            "-1",
            "+1",
            "1 Mi",
            "1mi",
            "1e3",
            "99999999999Ti",
            "١",
        ] {
            assert_eq!(parse_bytes(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn parse_reads_back_what_format_writes(bytes: u64) {
            prop_assert_eq!(parse_bytes(&format_bytes(bytes)), Some(bytes));
        }

        #[test]
        fn parse_multiplies_by_the_suffix_or_refuses_the_overflow(number: u64, which in 0..8usize) {
            let (suffix, factor) = SUFFIXES[which];
            prop_assert_eq!(parse_bytes(&format!("{number}{suffix}")), number.checked_mul(factor));
        }

        #[test]
        fn parse_never_panics_and_reads_plain_numbers_only_as_themselves(text in ".{0,24}") {
            if let Some(bytes) = parse_bytes(&text) {
                prop_assert!(text.starts_with(|c: char| c.is_ascii_digit()));
                if text.bytes().all(|byte| byte.is_ascii_digit()) {
                    prop_assert_eq!(bytes, text.parse::<u64>().unwrap());
                }
            }
        }
    }
}
