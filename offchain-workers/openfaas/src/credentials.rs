//! User and password of an OpenFaaS.

use std::fmt;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// Longest user name or password read from a file, in bytes.
const MAX_SECRET_LEN: u64 = 4 * 1024;

/// User and password for HTTP basic authentication. Printing them shows neither.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    user: String,
    password: String,
}

/// Credentials that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CredentialsError {
    /// A file cannot be read.
    #[error("cannot read {}: {source}; check the path and that this process may read it", path.display())]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file is longer than any sensible secret.
    #[error("{} holds more than {MAX_SECRET_LEN} bytes: name a file with the secret alone", .0.display())]
    TooLong(PathBuf),
    /// Nothing there.
    #[error("user and password must not be empty")]
    Empty,
    /// A character that basic authentication cannot carry.
    #[error("a user must not contain `:`, and neither user nor password control characters")]
    Unusable,
}

impl Credentials {
    /// Takes user and password as they are.
    pub fn new(
        user: impl Into<String>,
        password: impl Into<String>,
    ) -> Result<Self, CredentialsError> {
        let (user, password) = (user.into(), password.into());
        if user.is_empty() || password.is_empty() {
            return Err(CredentialsError::Empty);
        }
        // RFC 7617 §2: the colon ends the user.
        if user.contains(':') || user.chars().chain(password.chars()).any(char::is_control) {
            return Err(CredentialsError::Unusable);
        }
        Ok(Self { user, password })
    }

    /// Reads both from files in the form OpenFaaS keeps them (`basic-auth-user`,
    /// `basic-auth-password`). Line ends after the value are dropped.
    pub fn from_files(user: &Path, password: &Path) -> Result<Self, CredentialsError> {
        Self::new(read_secret(user)?, read_secret(password)?)
    }

    pub(crate) fn user(&self) -> &str {
        &self.user
    }

    pub(crate) fn password(&self) -> &str {
        &self.password
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials(redacted)")
    }
}

fn read_secret(path: &Path) -> Result<String, CredentialsError> {
    let unreadable = |source| CredentialsError::Unreadable {
        path: path.to_owned(),
        source,
    };
    let mut text = String::new();
    std::fs::File::open(path)
        .and_then(|file| file.take(MAX_SECRET_LEN + 1).read_to_string(&mut text))
        .map_err(unreadable)?;
    if text.len() as u64 > MAX_SECRET_LEN {
        return Err(CredentialsError::TooLong(path.to_owned()));
    }
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_neither_user_nor_password() {
        let text = format!("{:?}", Credentials::new("admin", "secret").unwrap());
        assert!(!text.contains("admin") && !text.contains("secret"));
    }

    #[test]
    fn new_refuses_what_basic_authentication_cannot_carry() {
        assert!(matches!(
            Credentials::new("", "p"),
            Err(CredentialsError::Empty)
        ));
        assert!(matches!(
            Credentials::new("u", ""),
            Err(CredentialsError::Empty)
        ));
        assert!(matches!(
            Credentials::new("a:b", "p"),
            Err(CredentialsError::Unusable)
        ));
        assert!(matches!(
            Credentials::new("u", "p\nq"),
            Err(CredentialsError::Unusable)
        ));
    }

    #[test]
    fn from_files_drops_the_line_end() {
        let dir = tempfile::tempdir().unwrap();
        let (user, password) = (dir.path().join("u"), dir.path().join("p"));
        std::fs::write(&user, "admin\n").unwrap();
        std::fs::write(&password, " s p \r\n").unwrap();
        let read = Credentials::from_files(&user, &password).unwrap();
        assert_eq!(read, Credentials::new("admin", " s p ").unwrap());
    }

    #[test]
    fn from_files_refuses_missing_and_oversized_files() {
        let dir = tempfile::tempdir().unwrap();
        let (missing, long) = (dir.path().join("none"), dir.path().join("long"));
        std::fs::write(&long, "x".repeat(5_000)).unwrap();
        assert!(matches!(
            Credentials::from_files(&missing, &missing),
            Err(CredentialsError::Unreadable { path, .. }) if path == missing
        ));
        assert!(matches!(
            Credentials::from_files(&long, &long),
            Err(CredentialsError::TooLong(path)) if path == long
        ));
    }
}
