//! Another user than root.

use rustix::fs::{Access, Gid, Uid};

use super::{check_single_thread, refused, SandboxError};

/// Becomes the user `uid` and the group of the same number, without other groups. Must be called
/// before any thread is started.
///
/// The working folder stays, so paths relative to it are reached even if this user may not enter
/// the folders above it.
///
/// # Errors
///
/// If this process is not root's, the user is root, or cannot execute this program again.
pub fn become_user(uid: u32) -> Result<(), SandboxError> {
    if uid == 0 || uid == u32::MAX {
        return Err(SandboxError::Privileged(uid));
    }
    if !rustix::process::geteuid().is_root() {
        return Err(SandboxError::NotRoot(uid));
    }
    check_single_thread()?;
    let (group, user) = (Gid::from_raw(uid), Uid::from_raw(uid));
    rustix::thread::set_thread_groups(&[]).map_err(refused("leave the groups"))?;
    rustix::thread::set_thread_res_gid(group, group, group).map_err(refused("become the group"))?;
    rustix::thread::set_thread_res_uid(user, user, user).map_err(refused("become the user"))?;
    rustix::fs::access("/proc/self/exe", Access::EXEC_OK).map_err(|_| SandboxError::Program(uid))
}
