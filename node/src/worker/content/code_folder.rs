//! The folder of code that the function runtime reads: copies out of the store, one file for each
//! module, as long as a call needs it.

use super::{failed, of_store};
use defaas_content::{Cid, CopyError, Store};
use defaas_dispatcher::ports::ContentError;
use defaas_primitives::{Code, Tick};
use std::{
    collections::HashMap,
    fs::Permissions,
    io,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};
use tokio::{fs, sync::Mutex};

/// Files of code, each named by its sha-256.
pub struct CodeFolder {
    path: PathBuf,
    /// Most bytes of all files.
    max_bytes: u64,
    /// Whole files. Held while a file is written: copies are made one after the other, and those who
    /// want the same file share one.
    files: Mutex<HashMap<[u8; 32], CodeFile>>,
}

struct CodeFile {
    size: u64,
    /// The last tick at which it is needed.
    until: Tick,
}

impl CodeFolder {
    /// The folder at `path`, with at most `max_bytes` of code. What a former run left there is
    /// removed.
    ///
    /// # Errors
    ///
    /// If it cannot be emptied.
    pub async fn open(path: PathBuf, max_bytes: u64) -> io::Result<Self> {
        let mut entries = fs::read_dir(&path).await?;
        while let Some(entry) = entries.next_entry().await? {
            fs::remove_file(entry.path()).await?;
        }
        Ok(Self {
            path,
            max_bytes,
            files: Mutex::default(),
        })
    }

    /// Removes what is needed no longer at tick `now`.
    ///
    /// # Errors
    ///
    /// If a file cannot be removed; the rest goes with the next call.
    pub async fn sweep(&self, now: Tick) -> io::Result<()> {
        let mut files = self.files.lock().await;
        let over: Vec<_> = files
            .iter()
            .filter_map(|(sha256, file)| (file.until < now).then_some(*sha256))
            .collect();
        for sha256 in over {
            match fs::remove_file(self.path.join(hex::encode(sha256))).await {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => files.remove(&sha256),
            };
        }
        Ok(())
    }

    /// The file of `code`, copied out of `store` unless it is there, to be kept until tick `until`.
    ///
    /// # Errors
    ///
    /// [`ContentError::Full`] if there is no room for it; else if the store does not have it, or one
    /// of the two fails.
    pub async fn file(
        &self,
        store: &Store,
        cid: &Cid,
        code: &Code,
        until: Tick,
    ) -> Result<PathBuf, ContentError> {
        let path = self.path.join(hex::encode(code.sha256));
        let mut files = self.files.lock().await;
        if fs::try_exists(&path).await.map_err(failed)? {
            if let Some(known) = files.get_mut(&code.sha256) {
                known.until = until.max(known.until);
                return Ok(path);
            }
        }
        // Somebody may have removed the file.
        files.remove(&code.sha256);
        let taken = files.values().map(|file| file.size);
        if taken.fold(code.size, u64::saturating_add) > self.max_bytes {
            return Err(ContentError::Full);
        }
        copy(store, cid, code, &path).await?;
        let size = code.size;
        files.insert(code.sha256, CodeFile { size, until });
        Ok(path)
    }
}

/// Makes the file at `path` with the bytes of `code`: the whole of it, or none.
async fn copy(store: &Store, cid: &Cid, code: &Code, path: &Path) -> Result<(), ContentError> {
    let unfinished = path.with_extension("new");
    let mut file = fs::File::create(&unfinished).await.map_err(failed)?;
    // The function runtime may be another user. Everybody else is kept out by the folder.
    let readable = Permissions::from_mode(0o644);
    file.set_permissions(readable).await.map_err(failed)?;
    let copied = store
        .copy_verified(cid, code.sha256, code.size, &mut file)
        .await;
    if let Err(error) = copied {
        fs::remove_file(&unfinished).await.map_err(failed)?;
        return Err(match error {
            CopyError::Content(error) => of_store(error),
            CopyError::Destination(error) => failed(error),
        });
    }
    fs::rename(&unfinished, path).await.map_err(failed)
}
