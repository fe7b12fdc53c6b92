//! The secret that every request but the health check must bring, as password of the user `admin`.
//!
//! The node makes it, writes it as one line to the runtime's standard input and keeps that open.
//! It never stands in an argument, an environment variable or a file.

use std::fmt;
use std::io::{self, Read};

use base64::engine::general_purpose::STANDARD;
use base64::Engine as _;
use sha2::{Digest, Sha256};

/// The user of Basic authentication, as OpenFaaS has it.
pub const USER: &str = "admin";
/// Fewest bytes of a secret.
pub const MIN_BYTES: usize = 16;
/// Most bytes of a secret.
pub const MAX_BYTES: usize = 512;

/// Knows the right credentials without keeping them.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret {
    /// Hash of the whole right value of the header `Authorization`.
    expected: [u8; 32],
}

/// The secret cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// Standard input failed.
    #[error("cannot read the secret from standard input: {0}")]
    Io(#[from] io::Error),
    /// The input ended before its first line did.
    #[error("standard input ended before the secret: write it as one line and keep the pipe open")]
    Ended,
    /// Too short, too long, or with characters that do not fit a password.
    #[error("the secret must have {MIN_BYTES} to {MAX_BYTES} printable ASCII characters")]
    Unusable,
}

impl Secret {
    /// Takes over a secret of [`MIN_BYTES`] to [`MAX_BYTES`] printable ASCII characters.
    pub fn new(text: &str) -> Result<Self, SecretError> {
        let is_usable = (MIN_BYTES..=MAX_BYTES).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_graphic());
        if !is_usable {
            return Err(SecretError::Unusable);
        }
        let header = format!("Basic {}", STANDARD.encode(format!("{USER}:{text}")));
        Ok(Self {
            expected: Sha256::digest(header).into(),
        })
    }

    /// Reads one line, byte by byte, so that nothing behind it is taken from `input`.
    pub fn read(input: &mut impl Read) -> Result<Self, SecretError> {
        let mut line = Vec::with_capacity(MAX_BYTES);
        let mut byte = [0];
        loop {
            match input.read(&mut byte) {
                Ok(0) => return Err(SecretError::Ended),
                Ok(_) if byte[0] == b'\n' => break,
                Ok(_) if line.len() == MAX_BYTES => return Err(SecretError::Unusable),
                Ok(_) => line.push(byte[0]),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error.into()),
            }
        }
        let text = String::from_utf8(line).map_err(|_| SecretError::Unusable)?;
        Self::new(text.strip_suffix('\r').unwrap_or(&text))
    }

    /// Whether `authorization`, the value of the header, is right. How long it takes tells nothing
    /// of the secret, because only hashes are compared.
    pub(crate) fn admits(&self, authorization: &[u8]) -> bool {
        let given: [u8; 32] = Sha256::digest(authorization).into();
        given == self.expected
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "0123456789abcdef";

    #[test]
    fn admits_the_right_credentials_alone() {
        let secret = Secret::new(TEXT).unwrap();
        assert!(secret.admits(b"Basic YWRtaW46MDEyMzQ1Njc4OWFiY2RlZg=="));
        for wrong in [
            "",
            "Basic",
            "Basic YWRtaW46MDEyMzQ1Njc4OWFiY2RlZg",
            "Basic YWRtaW46d3Jvbmc=",
            "Bearer 0123456789abcdef",
        ] {
            assert!(!secret.admits(wrong.as_bytes()), "{wrong}");
        }
    }

    #[test]
    fn read_takes_one_line_and_leaves_the_rest() {
        let mut input = io::Cursor::new(format!("{TEXT}\nrest"));
        assert_eq!(
            Secret::read(&mut input).unwrap(),
            Secret::new(TEXT).unwrap()
        );
        assert_eq!(input.position(), TEXT.len() as u64 + 1);
    }

    #[test]
    fn read_refuses_an_unfinished_a_short_and_a_long_line() {
        let read = |text: String| Secret::read(&mut io::Cursor::new(text));
        assert!(matches!(read(TEXT.into()), Err(SecretError::Ended)));
        assert!(matches!(read("short\n".into()), Err(SecretError::Unusable)));
        assert!(matches!(
            read(format!("{}\n", "x".repeat(513))),
            Err(SecretError::Unusable)
        ));
        assert!(matches!(
            read(format!("{TEXT} \n")),
            Err(SecretError::Unusable)
        ));
    }

    #[test]
    fn debug_shows_nothing() {
        assert_eq!(format!("{:?}", Secret::new(TEXT).unwrap()), "Secret(..)");
    }
}
