//! A journal that takes the place of another.
//!
//! The new file is written and synchronised beside the old one and renamed over it, so at every
//! moment one whole journal has the name. From the renaming until the folder is synchronised nobody
//! can say which of the two would have it after a crash: until then nothing may be appended to
//! either.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use defaas_primitives::Hash;

use super::record::Ledger;
use super::recovery;

/// A journal beside the one that has the name.
pub(super) struct New {
    /// Written, and synchronised. What is written next is appended.
    pub file: File,
    /// Where both of them are. Opened before anything changes, since opening can fail.
    folder: File,
    /// Its length in bytes.
    pub len: u64,
    /// Number of the record that comes next.
    pub next_seq: u64,
}

impl New {
    /// Writes the records of `ledger`, numbered from `next_seq`.
    pub fn write(
        path: &Path,
        genesis: &Hash,
        ledger: &Ledger,
        mut next_seq: u64,
    ) -> io::Result<Self> {
        let mut bytes = recovery::header(genesis);
        for record in ledger.records() {
            if !recovery::write_frame(&mut bytes, next_seq, &record) {
                return Err(io::Error::new(
                    io::ErrorKind::InvalidData,
                    "a record is too long",
                ));
            }
            next_seq = next_seq.wrapping_add(1);
        }
        let folder = path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty());
        let folder = File::open(folder.unwrap_or(Path::new(".")))?;
        let mut file = open_private(&beside(path, ".new"), true)?;
        file.write_all(&bytes)?;
        file.sync_all()?;
        Ok(Self {
            file,
            folder,
            len: len_of(&bytes),
            next_seq,
        })
    }

    /// Gives it the name. After a failure either file may have it.
    pub fn take_name(&self, path: &Path) -> io::Result<()> {
        fs::rename(beside(path, ".new"), path)?;
        // Without this the name may point to the old file after a crash.
        self.folder.sync_all()
    }

    /// The same with a folder that cannot be synchronised.
    #[cfg(test)]
    pub fn broken_if(mut self, is_broken: bool) -> Self {
        if is_broken {
            self.folder = File::open("/dev/null").expect("is there");
        }
        self
    }
}

pub(super) fn len_of(bytes: &[u8]) -> u64 {
    u64::try_from(bytes.len()).unwrap_or(u64::MAX)
}

/// The name of a file that stands beside the journal.
pub(super) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    name.into()
}

/// Opens or makes a file that only this user can read.
pub(super) fn open_private(path: &Path, truncate: bool) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options
        .read(true)
        .write(true)
        .create(true)
        .truncate(truncate);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}
