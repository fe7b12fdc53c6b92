//! Folders that no other user may read or change.

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::Path;

use crate::StartError;

/// Bits of a mode that belong to group and others.
const FOREIGN_BITS: u32 = 0o077;

/// Makes the folder if it is absent, with mode 0700, and checks that it is a folder and not a link,
/// belongs to the user of this process and is closed to all others.
pub(crate) fn ensure_dir(path: &Path) -> Result<(), StartError> {
    match DirBuilder::new().mode(0o700).create(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(StartError::Path {
            action: "make",
            path: path.into(),
            source: error,
        }),
        _ => check_dir(path),
    }
}

/// The folder in which a file is, as it can be opened.
pub(crate) fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// The check of [`ensure_dir`] on a folder that must exist.
pub(crate) fn check_dir(path: &Path) -> Result<(), StartError> {
    let metadata = fs::symlink_metadata(path).map_err(StartError::path("look at", path))?;
    let wrong = |problem: String| {
        Err(StartError::NotPrivate {
            path: path.into(),
            problem,
        })
    };
    let own = rustix::process::geteuid().as_raw();
    if !metadata.is_dir() {
        wrong("it is no folder (links are not followed)".into())
    } else if metadata.uid() != own {
        wrong(format!(
            "it belongs to user {}, not to {own}",
            metadata.uid()
        ))
    } else if metadata.mode() & FOREIGN_BITS != 0 {
        wrong(format!(
            "its mode {:o} lets others in",
            metadata.mode() & 0o7777
        ))
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn ensure_dir_makes_a_closed_folder_and_accepts_it_again() {
        let scratch = tempfile::tempdir().unwrap();
        let path = scratch.path().join("private");
        ensure_dir(&path).unwrap();
        ensure_dir(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o700);
    }

    #[test]
    fn check_dir_refuses_open_modes_files_links_and_what_is_absent() {
        let scratch = tempfile::tempdir().unwrap();
        let open = scratch.path().join("open");
        fs::create_dir(&open).unwrap();
        fs::set_permissions(&open, fs::Permissions::from_mode(0o750)).unwrap();
        assert!(matches!(
            check_dir(&open),
            Err(StartError::NotPrivate { .. })
        ));
        let link = scratch.path().join("link");
        std::os::unix::fs::symlink(scratch.path(), &link).unwrap();
        assert!(matches!(
            check_dir(&link),
            Err(StartError::NotPrivate { .. })
        ));
        let file = scratch.path().join("file");
        fs::write(&file, "").unwrap();
        assert!(matches!(
            check_dir(&file),
            Err(StartError::NotPrivate { .. })
        ));
        let absent = scratch.path().join("absent");
        assert!(matches!(check_dir(&absent), Err(StartError::Path { .. })));
    }
}
