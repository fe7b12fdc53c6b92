//! The token that lets a client in.

use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rand::rngs::OsRng;
use rand::RngCore;
use sha2::{Digest, Sha256};

/// Shortest token, in characters.
const MIN_LEN: usize = 16;
/// Longest token file, in bytes.
const MAX_FILE: u64 = 1024;
const RANDOM_BYTES: usize = 32;

/// Why the token file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// Others on this machine can read it.
    #[error("{path} is open to others (mode {mode:o}): run `chmod 600` on it")]
    OpenToOthers {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// It holds no usable token.
    #[error("{0} holds no token of 16 or more printable characters: remove it to get a new one")]
    Unusable(PathBuf),
    /// The disk failed.
    #[error("{path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// The token that lets a client in. Only its hash is kept.
#[derive(Clone)]
pub struct Token {
    hash: Arc<[u8; 32]>,
}

impl Token {
    /// Reads the token from a file, or makes a random one for its owner only.
    pub fn load_or_create(path: &Path) -> Result<Self, TokenError> {
        let failed = |source| TokenError::Io {
            path: path.into(),
            source,
        };
        match File::open(path) {
            Ok(file) => Self::load(path, file),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                Self::create(path).map_err(failed)
            }
            Err(error) => Err(failed(error)),
        }
    }

    /// Whether a client's token is the one. Hashes are compared in constant time, so the answer's
    /// time tells nothing about the token.
    pub fn matches(&self, given: &[u8]) -> bool {
        let given = Sha256::digest(given);
        let difference = given
            .iter()
            .zip(self.hash.iter())
            .fold(0, |sum, (a, b)| sum | (a ^ b));
        std::hint::black_box(difference) == 0
    }

    fn new(token: &str) -> Self {
        Self {
            hash: Arc::new(Sha256::digest(token).into()),
        }
    }

    fn load(path: &Path, file: File) -> Result<Self, TokenError> {
        let failed = |source| TokenError::Io {
            path: path.into(),
            source,
        };
        let mode = file.metadata().map_err(failed)?.mode() & 0o777;
        if mode & 0o077 != 0 {
            return Err(TokenError::OpenToOthers {
                path: path.into(),
                mode,
            });
        }
        let mut text = String::new();
        match file.take(MAX_FILE).read_to_string(&mut text) {
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::InvalidData => {}
            Err(error) => return Err(failed(error)),
        }
        let token = text.trim();
        if token.len() < MIN_LEN || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(TokenError::Unusable(path.into()));
        }
        Ok(Self::new(token))
    }

    fn create(path: &Path) -> io::Result<Self> {
        let mut random = [0; RANDOM_BYTES];
        OsRng.fill_bytes(&mut random);
        let token = hex::encode(random);
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(path)?;
        file.write_all(format!("{token}\n").as_bytes())?;
        file.sync_all()?;
        Ok(Self::new(&token))
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_new_token_is_random_for_its_owner_only_and_read_back() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("token");
        Token::load_or_create(&path).unwrap();
        let text = fs::read_to_string(&path).unwrap();
        assert_eq!(text.trim().len(), 2 * RANDOM_BYTES);
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        let token = Token::load_or_create(&path).unwrap();
        assert!(token.matches(text.trim().as_bytes()));
        assert!(!token.matches(b""));
        assert!(!token.matches(text.as_bytes()));
        let other = dir.path().join("other");
        Token::load_or_create(&other).unwrap();
        assert_ne!(fs::read_to_string(&other).unwrap(), text);
    }

    #[test]
    fn a_file_open_to_others_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("token");
        fs::write(&path, "0123456789abcdef").unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o640)).unwrap();
        assert!(matches!(
            Token::load_or_create(&path),
            Err(TokenError::OpenToOthers { mode: 0o640, .. })
        ));
    }

    #[test]
    fn short_empty_and_binary_tokens_are_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("token");
        for content in [
            &b"short"[..],
            b"",
            b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
            b"0123456789 abcdef0",
        ] {
            fs::write(&path, content).unwrap();
            fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
            assert!(matches!(
                Token::load_or_create(&path),
                Err(TokenError::Unusable(_))
            ));
        }
    }

    #[test]
    fn debug_output_does_not_show_it() {
        let token = Token::new("0123456789abcdef");
        assert_eq!(format!("{token:?}"), "Token(redacted)");
    }
}
