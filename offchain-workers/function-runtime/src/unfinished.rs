//! Files that are there whole or not at all: written by another name, then renamed.
//!
//! All by paths as they were given: relative ones work also where the folders above the working
//! folder are closed to this user.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use rustix::fs::{RenameFlags, CWD};

/// A file that does not have its name yet; removed when dropped before it has.
pub(crate) struct Unfinished {
    pub file: File,
    temporary: PathBuf,
    path: PathBuf,
}

impl Unfinished {
    /// Begins a file for this user alone. One process writes a path at one place at a time, so the
    /// number of the process makes the other name unique; what a former process of that number left
    /// is written anew.
    pub fn create(path: PathBuf) -> io::Result<Self> {
        let mut temporary = path.clone().into_os_string();
        temporary.push(format!(".{}.new", std::process::id()));
        let temporary = PathBuf::from(temporary);
        match fs::remove_file(&temporary) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&temporary)?;
        Ok(Self {
            file,
            temporary,
            path,
        })
    }

    /// Gives it its name, in place of a file that has it.
    pub fn replace(self) -> io::Result<()> {
        fs::rename(&self.temporary, &self.path)
    }

    /// Gives it its name, unless there is a file that has it.
    pub fn add(self) -> io::Result<()> {
        let (from, to): (&Path, &Path) = (&self.temporary, &self.path);
        Ok(rustix::fs::renameat_with(
            CWD,
            from,
            CWD,
            to,
            RenameFlags::NOREPLACE,
        )?)
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        // Gone if it has its name; else it would only take up room until it is written anew.
        let _ = fs::remove_file(&self.temporary);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use std::os::unix::fs::PermissionsExt;

    fn unfinished(path: &Path, text: &str) -> Unfinished {
        let mut unfinished = Unfinished::create(path.to_owned()).unwrap();
        unfinished.file.write_all(text.as_bytes()).unwrap();
        unfinished
    }

    fn names(dir: &Path) -> usize {
        fs::read_dir(dir).unwrap().count()
    }

    #[test]
    fn file_has_its_name_only_when_it_is_whole() {
        let scratch = tempfile::tempdir().unwrap();
        let path = scratch.path().join("file");
        let first = unfinished(&path, "first");
        assert!(!path.exists());
        first.replace().unwrap();
        unfinished(&path, "second").replace().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"second");
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        drop(unfinished(&path, "half"));
        assert_eq!(fs::read(&path).unwrap(), b"second");
        assert_eq!(names(scratch.path()), 1);
    }

    #[test]
    fn added_file_takes_the_place_of_no_other() {
        let scratch = tempfile::tempdir().unwrap();
        let path = scratch.path().join("file");
        unfinished(&path, "first").add().unwrap();
        let error = unfinished(&path, "second").add().unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read(&path).unwrap(), b"first");
        assert_eq!(names(scratch.path()), 1);
    }

    #[test]
    fn what_a_former_process_left_is_written_anew() {
        let scratch = tempfile::tempdir().unwrap();
        let path = scratch.path().join("file");
        std::mem::forget(unfinished(&path, "a former, longer text"));
        unfinished(&path, "text").replace().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"text");
    }
}
