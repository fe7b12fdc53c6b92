//! Key files: one JSON file per account, readable by its owner alone.

use crate::{file, Error, Result};
use serde::{Deserialize, Serialize};
use std::{
    fs,
    io::ErrorKind,
    os::unix::fs::{DirBuilderExt, MetadataExt},
    path::{Path, PathBuf},
    str::FromStr,
};
use subxt_signer::{bip39::Mnemonic, sr25519::Keypair};

const MAX_NAME_LEN: usize = 64;
/// Permission bits of a key file.
const OWNER_ONLY: u32 = 0o600;
/// Permission bits of group and others.
const NOT_OWNER: u32 = 0o077;

/// What a key file holds.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccountFile {
    /// SS58 address, so that the file can be recognised without its secret.
    pub address: String,
    /// Secret phrase (BIP-39).
    phrase: String,
}

impl std::fmt::Debug for AccountFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AccountFile")
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

impl AccountFile {
    /// An account with this phrase.
    pub fn new(phrase: &Mnemonic) -> Result<Self> {
        let address = key_pair(phrase)?.public_key().to_account_id().to_string();
        Ok(Self {
            address,
            phrase: phrase.to_string(),
        })
    }

    /// Its key pair.
    pub fn key_pair(&self) -> Result<Keypair> {
        let phrase = Mnemonic::from_str(&self.phrase).map_err(|error| {
            Error::Key(format!(
                "the key file of {} is damaged: {error}",
                self.address
            ))
        })?;
        key_pair(&phrase)
    }
}

fn key_pair(phrase: &Mnemonic) -> Result<Keypair> {
    Keypair::from_phrase(phrase, None)
        .map_err(|error| Error::Key(format!("the phrase gives no key: {error}")))
}

/// The folder with the key files.
#[derive(Clone, Debug)]
pub struct KeyDir(PathBuf);

impl KeyDir {
    /// A folder, which need not exist yet.
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    /// `$XDG_CONFIG_HOME/defaas/accounts`, else `~/.config/defaas/accounts`.
    pub fn default_path() -> PathBuf {
        let home = || PathBuf::from(std::env::var_os("HOME").unwrap_or_default()).join(".config");
        let config = std::env::var_os("XDG_CONFIG_HOME")
            .filter(|path| !path.is_empty())
            .map_or_else(home, PathBuf::from);
        config.join("defaas/accounts")
    }

    /// The folder itself.
    pub fn path(&self) -> &Path {
        &self.0
    }

    fn path_of(&self, name: &str) -> PathBuf {
        self.0.join(format!("{name}.json"))
    }

    /// Writes a new key file, mode 0600. Never replaces one.
    pub fn create(&self, name: &str, account: &AccountFile) -> Result<PathBuf> {
        check_name(name).map_err(Error::Usage)?;
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&self.0)
            .map_err(Error::file(&self.0))?;
        let path = self.path_of(name);
        let json =
            serde_json::to_vec_pretty(account).map_err(|error| Error::Key(error.to_string()))?;
        match file::create(&path, &json, OWNER_ONLY) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Err(Error::Key(format!(
                "there is an account {name:?} already; choose another name",
            ))),
            created => created.map(|()| path.clone()).map_err(Error::file(&path)),
        }
    }

    /// Reads a key file. Refuses one that others can read.
    pub fn load(&self, name: &str) -> Result<AccountFile> {
        check_name(name).map_err(Error::Usage)?;
        let path = self.path_of(name);
        let metadata = match fs::metadata(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return Err(Error::Key(format!(
                    "there is no account {name:?}; make one with: defaas account new {name}",
                )))
            }
            metadata => metadata.map_err(Error::file(&path))?,
        };
        if metadata.mode() & NOT_OWNER != 0 {
            return Err(Error::Key(format!(
                "{} can be read by others; run: chmod 600 {0}",
                path.display(),
            )));
        }
        let json = fs::read(&path).map_err(Error::file(&path))?;
        serde_json::from_slice(&json)
            .map_err(|error| Error::Key(format!("{} is not a key file: {error}", path.display())))
    }

    /// Names of all accounts, sorted.
    pub fn list(&self) -> Result<Vec<String>> {
        let entries = match fs::read_dir(&self.0) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.map_err(Error::file(&self.0))?,
        };
        let mut names = Vec::new();
        for entry in entries {
            let path = entry.map_err(Error::file(&self.0))?.path();
            names.extend(account_name(&path));
        }
        names.sort();
        Ok(names)
    }
}

fn account_name(path: &Path) -> Option<String> {
    let name = path.file_name()?.to_str()?.strip_suffix(".json")?;
    check_name(name).is_ok().then(|| name.into())
}

/// A name becomes a file name, so it is kept simple.
pub(super) fn check_name(name: &str) -> std::result::Result<(), String> {
    let simple = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    if name.is_empty()
        || name.len() > MAX_NAME_LEN
        || name.starts_with('.')
        || !name.bytes().all(simple)
    {
        return Err(format!(
            "{name:?} is not an account name: 1 to {MAX_NAME_LEN} letters, digits, '-', '_', '.'; \
             development keys begin with //",
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn account() -> AccountFile {
        AccountFile::new(&crate::keys::new_phrase().unwrap()).unwrap()
    }

    #[test]
    fn a_key_file_is_for_its_owner_alone_and_reads_back() {
        let folder = tempfile::tempdir().unwrap();
        let keys = KeyDir::at(folder.path().join("deep/down"));
        let account = account();
        let path = keys.create("alice", &account).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        let read = keys.load("alice").unwrap();
        assert_eq!(read.address, account.address);
        assert_eq!(
            read.key_pair()
                .unwrap()
                .public_key()
                .to_account_id()
                .to_string(),
            account.address,
        );
        assert_eq!(keys.list().unwrap(), ["alice"]);
    }

    #[test]
    fn a_key_file_is_never_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let keys = KeyDir::at(folder.path());
        let first = account();
        keys.create("a", &first).unwrap();
        assert!(matches!(keys.create("a", &account()), Err(Error::Key(_))));
        assert_eq!(keys.load("a").unwrap().address, first.address);
        // Nothing is left of the second.
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_key_file_that_others_can_read_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let keys = KeyDir::at(folder.path());
        let path = keys.create("a", &account()).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        let error = keys.load("a").unwrap_err();
        assert!(error.to_string().contains("chmod 600"), "{error}");
    }

    #[test]
    fn missing_and_damaged_files_say_what_to_do() {
        let folder = tempfile::tempdir().unwrap();
        let keys = KeyDir::at(folder.path());
        assert!(keys
            .load("a")
            .unwrap_err()
            .to_string()
            .contains("defaas account new a"));
        let path = keys.create("b", &account()).unwrap();
        fs::write(&path, "{}").unwrap();
        assert!(keys
            .load("b")
            .unwrap_err()
            .to_string()
            .contains("is not a key file"));
        assert_eq!(
            KeyDir::at(folder.path().join("none")).list().unwrap(),
            Vec::<String>::new()
        );
    }

    #[test]
    fn debug_output_has_no_secret() {
        let account = account();
        assert!(!format!("{account:?}").contains(&account.phrase));
    }
}
