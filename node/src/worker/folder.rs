//! Where the worker keeps what it must not lose, and what it may.
//!
//! ```text
//! <base path>/chains/<id>/worker/
//!   journal        what was begun and not yet settled
//!   content/       the content store
//!   code/          code of open assignments, each file named by its sha-256
//!   compiled/      compiled code, kept by the function runtime
//!   crashes/       what is known of its crashes, kept by the function runtime
//!   run/           the function runtime's socket
//!   upload-token   lets uploads in
//! ```
//!
//! All of it is this user's alone, unless that is root. Then the function runtime is another user,
//! [`RUNTIME_USER`], to whom belongs what it keeps; it may pass through the folder itself, read the
//! code, and see nothing else.

use super::LOG;
use std::{
    fs, io,
    os::unix::fs::{chown, DirBuilderExt, MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
};

/// The user and the group that the function runtime becomes if the node is root's. No user has this
/// number by default: it lies between those of logins and those that service managers give out.
pub const RUNTIME_USER: u32 = 60_600;
/// Longest path of a unix socket, in bytes, without the terminator (`sun_path` of unix(7)).
const MAX_SOCKET_PATH: usize = 107;
/// Where the kernel says whose this process is.
const STATUS: &str = "/proc/self/status";
/// For the owner alone.
const PRIVATE: u32 = 0o700;
/// The group may pass to what it knows the name of.
const PASS: u32 = 0o710;
/// The group may also list and read.
const READ: u32 = 0o750;

/// Why the folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// The disk refuses.
    #[error(
        "cannot make or hand over {}: {source}; check owner and permissions of the base path",
        path.display()
    )]
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
    /// Who runs functions; `None`: this user.
    runtime_user: Option<u32>,
}

impl Folder {
    /// Makes what is missing, and hands over to [`RUNTIME_USER`] what is its, if this is root.
    ///
    /// # Errors
    ///
    /// See [`FolderError`].
    pub fn open(root: PathBuf) -> Result<Self, FolderError> {
        let mut folder = Self {
            root,
            runtime_user: None,
        };
        let socket = folder.socket();
        if socket.as_os_str().len() > MAX_SOCKET_PATH {
            return Err(FolderError::SocketPath(socket));
        }
        for path in [&folder.root, &folder.code(), &folder.run()] {
            private(path).map_err(failed(path))?;
        }
        if is_root().map_err(failed(Path::new(STATUS)))? {
            folder.hand_over(RUNTIME_USER)?;
        }
        Ok(folder)
    }

    /// Lets `user` have what the function runtime keeps and read what it needs.
    fn hand_over(&mut self, user: u32) -> Result<(), FolderError> {
        for (path, mode) in [(&self.root, PASS), (&self.code(), READ)] {
            match chown(path, None, Some(user)) {
                // In a container that knows few users, root is no more than one of them outside.
                Err(error) if is_unknown_user(&error) => {
                    log::warn!(
                        target: LOG,
                        "root cannot hand folders to user {user} here: functions run as root"
                    );
                    return Ok(());
                }
                shared => shared.and_then(|()| set_mode(path, mode)),
            }
            .map_err(failed(path))?;
        }
        for path in [self.run(), self.compiled(), self.crashes()] {
            own(&path, user).map_err(failed(&path))?;
        }
        self.runtime_user = Some(user);
        Ok(())
    }

    /// The folder itself.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Who runs functions; `None`: the node's own user.
    pub fn runtime_user(&self) -> Option<u32> {
        self.runtime_user
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

    /// What the function runtime knows of its crashes.
    pub fn crashes(&self) -> PathBuf {
        self.root.join("crashes")
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

fn failed(path: &Path) -> impl FnOnce(io::Error) -> FolderError {
    let path = path.to_owned();
    move |source| FolderError::Io { path, source }
}

/// Makes a folder that only this user can enter, or closes one that is there.
fn private(path: &Path) -> io::Result<()> {
    fs::DirBuilder::new()
        .recursive(true)
        .mode(PRIVATE)
        .create(path)?;
    set_mode(path, PRIVATE)
}

/// Makes a folder that only `user` can enter. If it was another's, what is in it goes: the function
/// runtime trusts no files of others, and can do without them.
fn own(path: &Path, user: u32) -> io::Result<()> {
    match fs::symlink_metadata(path) {
        Ok(found) if found.is_dir() && found.uid() == user => {}
        Ok(found) if found.is_dir() => fs::remove_dir_all(path)?,
        Ok(_) => fs::remove_file(path)?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    private(path)?;
    chown(path, Some(user), Some(user))
}

fn set_mode(path: &Path, mode: u32) -> io::Result<()> {
    fs::set_permissions(path, fs::Permissions::from_mode(mode))
}

/// Whether a folder cannot be given to a user because this system has no such user, or none but root.
fn is_unknown_user(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::InvalidInput | io::ErrorKind::PermissionDenied
    )
}

/// Whether this process may do what root may: the second of the four ids in proc_pid_status(5).
fn is_root() -> io::Result<bool> {
    let status = fs::read_to_string(STATUS)?;
    let ids = status.lines().find_map(|line| line.strip_prefix("Uid:"));
    let effective = ids.and_then(|ids| ids.split_whitespace().nth(1));
    Ok(effective == Some("0"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        let found = fs::metadata(path).expect("is there");
        found.permissions().mode() & 0o777
    }

    #[test]
    fn folders_are_closed_to_others_also_when_they_were_open() {
        let base = tempfile::tempdir().expect("a temporary folder can be made");
        let root = base.path().join("worker");
        fs::create_dir(&root).expect("can be made");
        fs::set_permissions(&root, fs::Permissions::from_mode(0o755)).expect("can be opened");
        let folder = Folder::open(root.clone()).expect("can be used");
        let group = folder.runtime_user();
        let shared = |mode| group.map_or(PRIVATE, |_| mode);
        assert_eq!(mode(&root), shared(PASS));
        assert_eq!(mode(&folder.code()), shared(READ));
        assert_eq!(mode(&folder.run()), PRIVATE);
    }

    /// Root alone can give folders away, so it is root alone that has something to give.
    #[test]
    fn root_hands_over_what_the_function_runtime_keeps_and_others_keep_all() {
        let base = tempfile::tempdir().expect("a temporary folder can be made");
        let root = base.path().join("worker");
        fs::create_dir_all(root.join("compiled")).expect("can be made");
        fs::write(root.join("compiled/key"), "of a former time").expect("can be written");
        let owner = |path: &Path| fs::metadata(path).expect("is there").uid();
        let me = owner(base.path());
        let folder = Folder::open(root.clone()).expect("can be used");
        let runtime = folder.runtime_user().unwrap_or(me);
        assert_eq!(runtime == RUNTIME_USER, me == 0);
        assert_eq!((owner(&root), owner(&folder.code())), (me, me));
        for path in [folder.run(), folder.compiled()] {
            assert_eq!(owner(&path), runtime, "{}", path.display());
        }
        assert_eq!(folder.compiled().join("key").exists(), me != 0);

        fs::write(folder.compiled().join("key"), "its own").expect("can be written");
        Folder::open(root).expect("can be used again");
        assert!(folder.compiled().join("key").exists());
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
