//! Accounts that can sign.

mod file;

pub use file::{AccountFile, KeyDir};

use crate::{Error, Result};
use std::str::FromStr;
use subxt_signer::{bip39::Mnemonic, sr25519::Keypair, SecretUri};

/// How a signing account is named on the command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AccountName {
    /// A key file of this name.
    File(String),
    /// A well-known development key, `//Alice`. Anybody can sign with it.
    Development(String),
}

impl FromStr for AccountName {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, String> {
        if text.starts_with("//") {
            return Ok(Self::Development(text.into()));
        }
        file::check_name(text)?;
        Ok(Self::File(text.into()))
    }
}

impl AccountName {
    /// The key pair. Development keys are refused unless `development_chain`, which local chains
    /// are too: money sent to them elsewhere is anybody's.
    pub fn key_pair(&self, keys: &KeyDir, development_chain: bool) -> Result<Keypair> {
        match self {
            Self::File(name) => keys.load(name)?.key_pair(),
            Self::Development(uri) if !development_chain => Err(Error::Key(format!(
                "{uri} is a key that everybody knows, for development and local chains only, and \
                 this is none. Make a key of your own: defaas account new NAME",
            ))),
            Self::Development(uri) => SecretUri::from_str(uri)
                .ok()
                .and_then(|uri| Keypair::from_uri(&uri).ok())
                .ok_or_else(|| Error::Key(format!("{uri} is not a development key"))),
        }
    }
}

/// A new phrase of 12 words, from the system's randomness.
pub fn new_phrase() -> Result<Mnemonic> {
    Mnemonic::from_entropy(&rand::random::<[u8; 16]>())
        .map_err(|error| Error::Key(format!("no phrase could be made: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn development_keys_are_refused_off_development_chains() {
        let keys = KeyDir::at("/nonexistent");
        let alice: AccountName = "//Alice".parse().unwrap();
        let key = alice.key_pair(&keys, true).unwrap();
        assert_eq!(
            key.public_key().to_account_id().to_string(),
            "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY",
        );
        assert!(matches!(alice.key_pair(&keys, false), Err(Error::Key(_))));
    }

    #[test]
    fn names_cannot_leave_the_key_directory() {
        for bad in [
            "",
            ".",
            "..",
            "a/b",
            "../a",
            "a b",
            ".hidden",
            &"a".repeat(65),
        ] {
            assert!(bad.parse::<AccountName>().is_err(), "{bad}");
        }
        assert!("my-key_2.old".parse::<AccountName>().is_ok());
    }

    #[test]
    fn phrases_differ() {
        assert_ne!(new_phrase().unwrap(), new_phrase().unwrap());
        assert_eq!(new_phrase().unwrap().word_count(), 12);
    }
}
