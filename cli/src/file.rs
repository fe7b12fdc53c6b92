//! Files that are written whole or not at all.

use crate::{Error, Result};
use std::{
    fs::{self, File, OpenOptions},
    io::Write,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

/// Writes `bytes` to `path`: first to a file beside it, which then takes its name, so that a crash
/// leaves the old content or the new and never a part. What is no plain file (`/dev/stdout`, a
/// pipe) is written to as it is.
pub fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    let failed = Error::file(path);
    let written = match fs::metadata(path) {
        Ok(metadata) if !metadata.is_file() => OpenOptions::new()
            .write(true)
            .open(path)
            .and_then(|mut file| file.write_all(bytes)),
        // Behind a link stands the file that is replaced, not the link.
        Ok(metadata) => fs::canonicalize(path)
            .and_then(|path| replace(&path, bytes, Some(metadata.permissions()))),
        Err(_) => replace(path, bytes, None),
    };
    written.map_err(failed)
}

/// Writes `bytes` to a new file with these permission bits: first to a file beside it, which then
/// gets its name too, so that a crash or a full disk leaves no part of it. Fails with
/// [`std::io::ErrorKind::AlreadyExists`] if there is a file of this name, which stays as it is.
pub fn create(path: &Path, bytes: &[u8], mode: u32) -> std::io::Result<()> {
    let beside = beside(path)?;
    let write = || {
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(mode)
            .open(&beside)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        // Unlike a renaming this never replaces.
        fs::hard_link(&beside, path)
    };
    let written = write();
    // What it says of the file itself is the one to tell.
    let _ = fs::remove_file(&beside);
    written
}

fn replace(path: &Path, bytes: &[u8], permissions: Option<fs::Permissions>) -> std::io::Result<()> {
    let beside = beside(path)?;
    let write = || {
        let mut file = File::create_new(&beside)?;
        if let Some(permissions) = permissions {
            file.set_permissions(permissions)?;
        }
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&beside, path)
    };
    write().inspect_err(|_| {
        // The first error is the one to tell.
        let _ = fs::remove_file(&beside);
    })
}

/// A name in the same folder that nobody else uses.
fn beside(path: &Path) -> std::io::Result<PathBuf> {
    let name = path
        .file_name()
        .ok_or_else(|| std::io::Error::other("not the name of a file"))?;
    let mut hidden = std::ffi::OsString::from(".");
    hidden.push(name);
    hidden.push(format!(".{:016x}.tmp", rand::random::<u64>()));
    Ok(path.with_file_name(hidden))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{symlink, PermissionsExt};

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        let mut names: Vec<_> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_is_made_or_replaced_and_nothing_else_is_left() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("out");
        write(&file, b"first").unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
        write(&file, b"second").unwrap();
        assert_eq!(fs::read(&file).unwrap(), b"second");
        let mode = fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o640);
        assert_eq!(names(folder.path()), ["out"]);
    }

    #[test]
    fn a_link_stays_and_its_file_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("out");
        fs::write(&file, "old").unwrap();
        let link = folder.path().join("link");
        symlink(&file, &link).unwrap();
        write(&link, b"new").unwrap();
        assert_eq!(fs::read(&file).unwrap(), b"new");
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    }

    #[test]
    fn a_new_file_is_made_whole_and_an_old_one_stays() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("key");
        create(&file, b"first", 0o600).unwrap();
        let mode = fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let error = create(&file, b"second", 0o600).unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read(&file).unwrap(), b"first");
        assert_eq!(names(folder.path()), ["key"]);
    }

    #[test]
    fn a_device_is_written_to_and_stays_one() {
        write(Path::new("/dev/null"), b"gone").unwrap();
        assert!(!fs::metadata("/dev/null").unwrap().is_file());
    }

    #[test]
    fn a_failure_names_the_file_and_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let missing = folder.path().join("none/out");
        let error = write(&missing, b"x").unwrap_err();
        assert!(error.to_string().contains("none/out"), "{error}");
        assert_eq!(error.exit_code(), 6);
        // A folder in its place.
        let place = folder.path().join("place");
        fs::create_dir(&place).unwrap();
        assert!(write(&place, b"x").is_err());
        assert_eq!(names(folder.path()), ["place"]);
    }
}
