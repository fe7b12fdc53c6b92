//! Files that are there whole or not at all: written by another name, then renamed.
//!
//! A process that is killed in between leaves the other name behind; [`sweep`] removes such files
//! at the next start.
//!
//! All by paths as they were given: relative ones work also where the folders above the working
//! folder are closed to this user.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use rustix::fs::{RenameFlags, CWD};
use rustix::io::Errno;
use rustix::process::{test_kill_process, Pid};

/// How names of unfinished files end. Before it stands the number of the process.
const SUFFIX: &str = "new";

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
        temporary.push(format!(".{}.{SUFFIX}", std::process::id()));
        let temporary = PathBuf::from(temporary);
        remove(&temporary)?;
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

/// Removes what former processes left unfinished in the folder, also one that had the number of
/// this one. Files of processes that run are left alone.
pub(crate) fn sweep(dir: &Path) -> io::Result<()> {
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        if writer(&path).is_some_and(is_gone) {
            log::info!("removing {}, which was left unfinished", path.display());
            remove(&path)?;
        }
    }
    Ok(())
}

/// Removes a file, if it is there.
fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Whether the file has the name of an unfinished one.
pub(crate) fn is_unfinished(path: &Path) -> bool {
    writer(path).is_some()
}

/// The process that began this file. `None`: it is no unfinished one.
fn writer(path: &Path) -> Option<Pid> {
    let name = path.file_name()?.to_str()?;
    let mut parts = name.rsplitn(3, '.');
    let (suffix, process, _) = (parts.next()?, parts.next()?, parts.next()?);
    if suffix != SUFFIX || !process.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Pid::from_raw(process.parse().ok()?)
}

/// Whether a process can write its files no more: it has ended, or its number is now that of this
/// one, which has not begun to.
fn is_gone(process: Pid) -> bool {
    process == rustix::process::getpid() || test_kill_process(process) == Err(Errno::SRCH)
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

    #[test]
    fn sweep_removes_what_ended_processes_left_and_nothing_else() {
        let scratch = tempfile::tempdir().unwrap();
        let mut child = std::process::Command::new("true").spawn().unwrap();
        child.wait().unwrap();
        let parent = std::os::unix::process::parent_id();
        let left = [
            format!("file.{}.new", child.id()),
            format!("file.a.{}.new", std::process::id()),
        ];
        let kept = [
            format!("file.{parent}.new"),
            "file".into(),
            "file.new".into(),
            "file.x.new".into(),
            "file.0.new".into(),
            format!("{}.new", child.id()),
        ];
        for name in left.iter().chain(&kept) {
            fs::write(scratch.path().join(name), "").unwrap();
        }
        sweep(scratch.path()).unwrap();
        for (names, there) in [(&left[..], false), (&kept[..], true)] {
            for name in names {
                assert_eq!(scratch.path().join(name).exists(), there, "{name}");
            }
        }
    }
}
