//! Names of functions at an OpenFaaS.

use std::fmt;

use defaas_primitives::Limits;
use sha2::{Digest, Sha256};

/// Longest name: the length of a DNS label, which Kubernetes allows; containerd takes 76.
pub const MAX_NAME_LEN: usize = 63;

/// Separates these hashes from others over the same bytes.
const DOMAIN: &[u8] = b"defaas/deployment/1";
/// Bytes of the hash that stand in a name.
const HASH_BYTES: usize = 20;

/// A name that every OpenFaaS takes: `^[A-Za-z0-9]+([_-][A-Za-z0-9]+)*$`, at most
/// [`MAX_NAME_LEN`] bytes.
///
/// containerd also allows dots, but the invocation route reads what follows the last dot as a
/// namespace, so a name with a dot could be deployed and then never be called.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FunctionName(String);

/// The text cannot be the name of a function.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` cannot name a function: use letters and digits with single `-` or `_` between them, \
     at most {MAX_NAME_LEN} characters"
)]
pub struct InvalidName(pub String);

impl FunctionName {
    /// Takes `name` if it is valid.
    pub fn parse(name: &str) -> Result<Self, InvalidName> {
        if is_identifier(name) {
            Ok(Self(name.to_owned()))
        } else {
            Err(InvalidName(name.chars().take(2 * MAX_NAME_LEN).collect()))
        }
    }

    /// The name under which `image` is deployed with these limits: `defaas-` and 160 bits of a
    /// hash over all of them.
    ///
    /// Versions that run the same code within the same limits share a deployment; a version with
    /// other limits gets its own, because limits are settings of a deployment and not of a call.
    pub fn derive(image: &str, limits: &Limits, deterministic: bool) -> Self {
        let Limits {
            timeout_ms,
            memory_bytes,
            max_input_bytes,
            max_output_bytes,
        } = *limits;
        let mut hash = Sha256::new();
        hash.update(DOMAIN);
        // The length keeps the image apart from what follows it.
        hash.update((image.len() as u64).to_le_bytes());
        hash.update(image.as_bytes());
        for limit in [timeout_ms, memory_bytes, max_input_bytes, max_output_bytes] {
            hash.update(limit.to_le_bytes());
        }
        hash.update([u8::from(deterministic)]);
        Self(format!(
            "defaas-{}",
            hex::encode(&hash.finalize()[..HASH_BYTES])
        ))
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for FunctionName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether `text` consists of runs of letters and digits joined by single `-` or `_`.
pub(crate) fn is_identifier(text: &str) -> bool {
    text.len() <= MAX_NAME_LEN
        && text
            .split(['-', '_'])
            .all(|run| !run.is_empty() && run.bytes().all(|b| b.is_ascii_alphanumeric()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits {
        timeout_ms: 1_000,
        memory_bytes: 64 << 20,
        max_input_bytes: 4_096,
        max_output_bytes: 4_096,
    };

    #[test]
    fn parse_takes_runs_of_letters_and_digits_joined_by_single_marks() {
        for name in ["echo", "a-b_c", "0", "Word-Count", &"x".repeat(63)] {
            assert_eq!(FunctionName::parse(name).unwrap().as_str(), name);
        }
    }

    #[test]
    fn parse_refuses_dots_slashes_doubled_and_outer_marks_and_too_long_names() {
        for name in [
            "",
            "-a",
            "a-",
            "a--b",
            "a-_b",
            "a.b",
            "a/b",
            "..",
            "a b",
            "ä",
            "a%2f",
            &"x".repeat(64),
        ] {
            assert!(FunctionName::parse(name).is_err(), "{name}");
        }
    }

    #[test]
    fn derived_name_is_valid_and_stays_the_same() {
        let name = FunctionName::derive("wasm/00", &LIMITS, true);
        assert_eq!(FunctionName::parse(name.as_str()), Ok(name.clone()));
        // Frozen: another name would deploy everything anew at each upgrade.
        assert_eq!(
            name.as_str(),
            "defaas-01890986cb807403e034797c225ce013827b5a77"
        );
    }

    #[test]
    fn derived_name_differs_when_anything_differs() {
        let base = FunctionName::derive("wasm/00", &LIMITS, true);
        let other = |limits: Limits| FunctionName::derive("wasm/00", &limits, true);
        let names = [
            FunctionName::derive("wasm/01", &LIMITS, true),
            FunctionName::derive("wasm/00", &LIMITS, false),
            other(Limits {
                timeout_ms: 1_001,
                ..LIMITS
            }),
            other(Limits {
                memory_bytes: 1,
                ..LIMITS
            }),
            other(Limits {
                max_input_bytes: 1,
                ..LIMITS
            }),
            other(Limits {
                max_output_bytes: 1,
                ..LIMITS
            }),
        ];
        for name in names {
            assert_ne!(name, base);
        }
    }
}
