//! Where the worker keeps what it must not lose, and what it may.
//!
//! ```text
//! <base path>/chains/<id>/worker/
//!   journal        what was begun and not yet settled
//!   content/       the content store
//!   code/          code of open assignments, each file named by its sha-256
//!   compiled/      compiled code, kept by the function runtime
//!   run/           the function runtime's socket
//!   upload-token   lets uploads in
//! ```

use std::{
    fs, io,
    os::unix::fs::{DirBuilderExt, PermissionsExt},
    path::{Path, PathBuf},
};

/// Longest path of a unix socket, in bytes, without the terminator (`sun_path` of unix(7)).
const MAX_SOCKET_PATH: usize = 107;

/// Why the folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// The disk refuses.
    #[error("cannot make {}: {source}; check owner and permissions of the base path", path.display())]
    Io {
        /// Which folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The system takes no socket with such a long path.
    #[error(
        "the socket {} would have a path of more than {MAX_SOCKET_PATH} bytes: choose a shorter \
         --base-path",
        .0.display()
    )]
    SocketPath(PathBuf),
}

/// The worker's folder.
#[derive(Clone, Debug)]
pub struct Folder {
    root: PathBuf,
}

impl Folder {
    /// Makes what is missing, for this user only.
    ///
    /// # Errors
    ///
    /// See [`FolderError`].
    pub fn open(root: PathBuf) -> Result<Self, FolderError> {
        let folder = Self { root };
        let socket = folder.socket();
        if socket.as_os_str().len() > MAX_SOCKET_PATH {
            return Err(FolderError::SocketPath(socket));
        }
        for path in [&folder.root, &folder.code(), &folder.run()] {
            private(path).map_err(|source| FolderError::Io {
                path: path.clone(),
                source,
            })?;
        }
        Ok(folder)
    }

    /// The dispatcher's journal.
    pub fn journal(&self) -> PathBuf {
        self.root.join("journal")
    }

    /// The content store.
    pub fn content(&self) -> PathBuf {
        self.root.join("content")
    }

    /// Code as the function runtime reads it.
    pub fn code(&self) -> PathBuf {
        self.root.join("code")
    }

    /// Compiled code.
    pub fn compiled(&self) -> PathBuf {
        self.root.join("compiled")
    }

    /// The function runtime's socket.
    pub fn socket(&self) -> PathBuf {
        self.run().join("functions.sock")
    }

    /// The token of the upload listener.
    pub fn upload_token(&self) -> PathBuf {
        self.root.join("upload-token")
    }

    fn run(&self) -> PathBuf {
        self.root.join("run")
    }
}

/// Makes a folder that only this user can enter, or closes one that is there.
fn private(path: &Path) -> io::Result<()> {
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o700))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_closed_to_others_also_when_they_were_open() {
        let base = tempfile::tempdir().expect("a temporary folder can be made");
        let root = base.path().join("worker");
        fs::create_dir(&root).expect("can be made");
        fs::set_permissions(&root, fs::Permissions::from_mode(0o755)).expect("can be opened");
        let folder = Folder::open(root.clone()).expect("can be used");
        for path in [root, folder.code(), folder.run()] {
            let mode = fs::metadata(path).expect("is there").permissions().mode();
            assert_eq!(mode & 0o777, 0o700);
        }
    }

    #[test]
    fn base_path_too_long_for_a_socket_is_refused() {
        let base = tempfile::tempdir().expect("a temporary folder can be made");
        let root = base.path().join("x".repeat(MAX_SOCKET_PATH));
        assert!(matches!(
            Folder::open(root.clone()),
            Err(FolderError::SocketPath(_))
        ));
        assert!(!root.exists());
    }
}
