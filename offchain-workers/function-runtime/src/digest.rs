//! The digest that names code: sha-256 of the whole module.

use std::fmt;
use std::str::FromStr;

use sha2::Digest as _;

/// A sha-256 digest. Written as 64 lower-case hexadecimal digits, and read in no other form: it
/// becomes a file's name.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Digest(pub [u8; 32]);

/// The text is no digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a sha-256 digest: write 64 lower-case hexadecimal digits")]
pub(crate) struct InvalidDigest;

impl Digest {
    /// The digest of `bytes`.
    pub fn of(bytes: &[u8]) -> Self {
        Self(sha2::Sha256::digest(bytes).into())
    }
}

impl FromStr for Digest {
    type Err = InvalidDigest;

    fn from_str(text: &str) -> Result<Self, InvalidDigest> {
        if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
            return Err(InvalidDigest);
        }
        let mut bytes = [0; 32];
        hex::decode_to_slice(text, &mut bytes).map_err(|_| InvalidDigest)?;
        Ok(Self(bytes))
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parse_reads_back_what_display_writes() {
        let digest = Digest::of(b"code");
        assert_eq!(digest.to_string().parse(), Ok(digest));
    }

    #[test]
    fn parse_refuses_other_lengths_upper_case_and_paths() {
        for text in [
            "",
            "ab",
            &"AB".repeat(32),
            &"0".repeat(65),
            &format!("../{}", "0".repeat(61)),
        ] {
            assert_eq!(text.parse::<Digest>(), Err(InvalidDigest), "{text}");
        }
    }
}
