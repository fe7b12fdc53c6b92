//! What this process gives up before it serves anybody.
//!
//! Each step is one that the kernel enforces for good. What is *not* done, and why, is in the
//! README.

use rustix::fs::{Gid, Uid};
use rustix::process::{DumpableBehavior, Resource, Rlimit};

/// Why privileges could not be given up.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// Only root can become another user.
    #[error("cannot become user {0}: that needs root; leave `--uid` away")]
    NotRoot(u32),
    /// The target is root, or no user.
    #[error("user {0} is no user to run functions as: choose one without privileges")]
    Privileged(u32),
    /// The kernel changes one thread only, so there must be no other.
    #[error("cannot become another user: the process has several threads already")]
    Threads,
    /// The kernel refuses.
    #[error("cannot {action}: {source}")]
    Refused {
        /// What was tried.
        action: &'static str,
        /// Why it failed.
        source: rustix::io::Errno,
    },
    /// The threads could not be counted.
    #[error("cannot count the threads of this process: {0}")]
    Proc(#[from] std::io::Error),
}

fn refused(action: &'static str) -> impl FnOnce(rustix::io::Errno) -> SandboxError {
    move |source| SandboxError::Refused { action, source }
}

/// Becomes the user `uid` and the group of the same number, without other groups. Must be called
/// before any thread is started.
pub fn become_user(uid: u32) -> Result<(), SandboxError> {
    if uid == 0 || uid == u32::MAX {
        return Err(SandboxError::Privileged(uid));
    }
    if !rustix::process::geteuid().is_root() {
        return Err(SandboxError::NotRoot(uid));
    }
    if std::fs::read_dir("/proc/self/task")?.count() != 1 {
        return Err(SandboxError::Threads);
    }
    let (group, user) = (Gid::from_raw(uid), Uid::from_raw(uid));
    rustix::thread::set_thread_groups(&[]).map_err(refused("leave the groups"))?;
    rustix::thread::set_thread_res_gid(group, group, group).map_err(refused("become the group"))?;
    rustix::thread::set_thread_res_uid(user, user, user).map_err(refused("become the user"))?;
    Ok(())
}

/// No privileges by executing files, no core files, and no other process of this user may look into
/// the memory of this one.
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
