//! Descriptors that whoever started this process left open.

use std::fs;
use std::os::fd::RawFd;

use super::{check_single_thread, SandboxError};

const OPEN: &str = "/proc/self/fd";

/// Closes all descriptors but the three streams: an open file of the parent is a way around every
/// other confinement. Must be the first thing that the process does.
///
/// # Errors
///
/// If they cannot be listed, or there are several threads already.
pub fn close_inherited() -> Result<(), SandboxError> {
    check_single_thread()?;
    for descriptor in inherited()? {
        // SAFETY: nothing in this process owns a descriptor beyond the three streams yet: this is
        // its only thread, before anything was opened. The one by which the list was read is in the
        // list and closed already; closing it again fails without effect.
        #[allow(unsafe_code)]
        unsafe {
            rustix::io::close(descriptor);
        }
    }
    Ok(())
}

fn inherited() -> Result<Vec<RawFd>, SandboxError> {
    let failed = |source| SandboxError::Proc { path: OPEN, source };
    let mut descriptors = Vec::new();
    for entry in fs::read_dir(OPEN).map_err(failed)? {
        let name = entry.map_err(failed)?.file_name();
        let number = name.to_str().and_then(|name| name.parse::<RawFd>().ok());
        descriptors.extend(number.filter(|number| *number > 2));
    }
    Ok(descriptors)
}
