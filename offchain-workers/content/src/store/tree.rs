//! Importing a folder of the local file system.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use tokio_util::sync::CancellationToken;

use super::{Imported, Lease, Store};
use crate::cid::Cid;
use crate::config::MAX_DEPTH;
use crate::engine::Engine;
use crate::error::{AtPath, Error, Result};
use crate::pins::Pin;
use crate::unixfs::balanced::Child;
use crate::unixfs::dir;
use crate::unixfs::import::{FileBuilder, UNIXFS_V1_2025};

/// Deepest folder; what remains of [`MAX_DEPTH`] is for the nodes of the files, of which 1 TiB needs
/// three levels.
const MAX_FOLDERS: usize = MAX_DEPTH - 4;

/// What of a folder is imported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TreeOptions {
    /// Also what begins with a dot. The profile leaves it out by default.
    pub hidden: bool,
    /// Most bytes of all files together.
    pub max_bytes: u64,
}

impl Store {
    /// Imports a folder under the profile `unixfs-v1-2025`: files, folders, also empty ones, and
    /// symbolic links, which stay links. Anything else in it, names that are not UTF-8, and folders
    /// whose node would be over 256 KiB (a few thousand entries) are [`Error::NotImportable`].
    ///
    /// When the caller waits no longer, the import ends at the next chunk or entry, and what it has
    /// put is garbage.
    pub async fn import_dir(
        &self,
        path: impl Into<PathBuf>,
        options: TreeOptions,
        pin: Option<Pin>,
    ) -> Result<Imported> {
        let path = path.into();
        let engine = self.engine.clone();
        let stop = CancellationToken::new();
        let _stop_on_drop = stop.clone().drop_guard();
        let job = move |_: &Engine| {
            let lease = Lease {
                id: engine.lease_import(),
                engine,
            };
            let mut tree = Tree {
                engine: &lease.engine,
                lease: lease.id,
                options,
                bytes: 0,
                stop,
            };
            let root = tree.folder(&path, 0)?;
            let imported = Imported::new(root, tree.bytes);
            if let Some(pin) = pin {
                lease.engine.pin(imported.cid.clone(), pin)?;
            }
            Ok(imported)
        };
        self.run(job).await
    }
}

struct Tree<'a> {
    engine: &'a Engine,
    lease: u64,
    options: TreeOptions,
    /// What files have had so far.
    bytes: u64,
    /// Cancelled when nobody waits any more.
    stop: CancellationToken,
}

impl Tree<'_> {
    fn check_wanted(&self) -> Result<()> {
        if self.stop.is_cancelled() {
            return Err(Error::Stopped);
        }
        Ok(())
    }

    fn folder(&mut self, path: &Path, depth: usize) -> Result<Child> {
        let refuse = |reason| Error::NotImportable {
            path: path.into(),
            reason,
        };
        if depth >= MAX_FOLDERS {
            return Err(refuse("folders are nested too deeply"));
        }
        let too_many = || refuse("it has too many entries for one directory node");
        let mut entries = Vec::new();
        let mut name_bytes = 0;
        for entry in fs::read_dir(path).at(path)? {
            self.check_wanted()?;
            let entry = entry.at(path)?;
            let child_path = entry.path();
            let name = entry
                .file_name()
                .into_string()
                .map_err(|_| Error::NotImportable {
                    path: child_path.clone(),
                    reason: "its name is not UTF-8",
                })?;
            if name.starts_with('.') && !self.options.hidden {
                continue;
            }
            // The names alone show it before a huge folder is read to its end.
            name_bytes += name.len();
            if name_bytes > UNIXFS_V1_2025.directory_bytes {
                return Err(too_many());
            }
            let kind = entry.file_type().at(&child_path)?;
            let child = if kind.is_dir() {
                self.folder(&child_path, depth + 1)?
            } else if kind.is_file() {
                self.file(&child_path)?
            } else if kind.is_symlink() {
                self.symlink(&child_path)?
            } else {
                let reason = "it is neither a file, a folder nor a symbolic link";
                return Err(Error::NotImportable {
                    path: child_path,
                    reason,
                });
            };
            entries.push((name, child));
        }
        let (child, block) =
            dir::directory(entries, UNIXFS_V1_2025).map_err(|dir::TooManyEntries| too_many())?;
        self.put(child, block)
    }

    fn file(&mut self, path: &Path) -> Result<Child> {
        let mut source = File::open(path).at(path)?;
        let (engine, lease) = (self.engine, self.lease);
        let mut sink = |cid: &Cid, block: Bytes| engine.put_hashed(cid, &block, Some(lease));
        let mut file = FileBuilder::new(UNIXFS_V1_2025);
        loop {
            self.check_wanted()?;
            let length = UNIXFS_V1_2025.chunk_bytes as u64;
            let mut chunk = Vec::new();
            (&mut source)
                .take(length)
                .read_to_end(&mut chunk)
                .at(path)?;
            if chunk.is_empty() {
                return file.finish(&mut sink);
            }
            self.bytes += chunk.len() as u64;
            if self.bytes > self.options.max_bytes {
                return Err(Error::TooLarge {
                    limit: self.options.max_bytes,
                });
            }
            file.chunk(chunk.into(), &mut sink)?;
        }
    }

    fn symlink(&mut self, path: &Path) -> Result<Child> {
        let target = fs::read_link(path).at(path)?;
        let target = target.to_str().ok_or_else(|| Error::NotImportable {
            path: path.into(),
            reason: "its target is not UTF-8",
        })?;
        let (child, block) = dir::symlink(target);
        self.put(child, block)
    }

    fn put(&self, child: Child, block: Bytes) -> Result<Child> {
        self.engine
            .put_hashed(&child.cid, &block, Some(self.lease))?;
        Ok(child)
    }
}
