//! What this process gives up before it serves anybody. The kernel enforces each step for good, and
//! whatever this process starts inherits it.
//!
//! Order: [`close_inherited`] → read the secret → [`become_user`] → [`harden`] → make the folders →
//! [`confine_files`] → start threads and listen → [`confine_calls`]. Files and user first, because
//! the kernel changes one thread only and the others inherit it; system calls last, because until
//! then sockets are made. No code of strangers is touched before the last step.

mod calls;
mod descriptors;
mod files;
mod user;

use rustix::io::Errno;
use rustix::process::{DumpableBehavior, Resource, Rlimit};

pub use calls::confine_calls;
pub use descriptors::close_inherited;
pub(crate) use files::close_files;
pub use files::confine_files;
pub use user::become_user;

/// Why privileges could not be given up.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// Only root can become another user.
    #[error("cannot become user {0}: that needs root; leave `--uid` away")]
    NotRoot(u32),
    /// The target is root, or no user.
    #[error("user {0} is no user to run functions as: choose one without privileges")]
    Privileged(u32),
    /// The other user cannot start the compiler.
    #[error("user {0} may not execute this program: let everybody execute its file")]
    Program(u32),
    /// The kernel changes one thread only, so there must be no other.
    #[error("cannot give up privileges: the process has several threads already")]
    Threads,
    /// The kernel refuses.
    #[error("cannot {action}: {source}")]
    Refused {
        /// What was tried.
        action: &'static str,
        /// Why it failed.
        source: Errno,
    },
    /// What the kernel tells of this process could not be read.
    #[error("cannot read {path}: {source}; is /proc mounted?")]
    Proc {
        /// Which file.
        path: &'static str,
        /// Why it failed.
        source: std::io::Error,
    },
    /// A folder that must stay reachable cannot be opened.
    #[error("cannot open a path that stays allowed: {0}")]
    Allowed(#[from] landlock::PathFdError),
    /// Landlock refuses the rules.
    #[error("cannot confine the file system: {0}")]
    Files(#[from] landlock::RulesetError),
    /// The filter of system calls is refused.
    #[error("cannot confine the system calls: {0}")]
    Calls(#[from] seccompiler::Error),
}

fn refused(action: &'static str) -> impl FnOnce(Errno) -> SandboxError {
    move |source| SandboxError::Refused { action, source }
}

/// No privileges by executing files, no core files, and no other process of this user may look into
/// the memory of this one.
///
/// # Errors
///
/// If the kernel refuses.
pub fn harden() -> Result<(), SandboxError> {
    rustix::thread::set_no_new_privs(true).map_err(refused("forbid new privileges"))?;
    let none = Rlimit {
        current: Some(0),
        maximum: Some(0),
    };
    rustix::process::setrlimit(Resource::Core, none).map_err(refused("forbid core files"))?;
    rustix::process::set_dumpable_behavior(DumpableBehavior::NotDumpable)
        .map_err(refused("close the memory to other processes"))
}

/// Fails if there is more than one thread.
fn check_single_thread() -> Result<(), SandboxError> {
    let path = "/proc/self/task";
    let threads = std::fs::read_dir(path).map_err(|source| SandboxError::Proc { path, source })?;
    match threads.count() {
        1 => Ok(()),
        _ => Err(SandboxError::Threads),
    }
}
