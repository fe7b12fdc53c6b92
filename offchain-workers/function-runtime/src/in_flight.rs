//! Which code is being executed, on disk, so that whoever looks after this process learns it after
//! a crash.
//!
//! The file has one line per place of `max_concurrency`: the digest of the code that runs there, or
//! 64 `-`. It never grows. A line is written in place when a call begins and blanked when it ends;
//! nothing is flushed to the disk, because the file need not outlive the machine, only the process.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use crate::digest::Digest;
use crate::StartError;

/// Length of a line with its end.
const LINE: usize = 65;
const BLANK: &[u8; LINE] = b"----------------------------------------------------------------\n";

/// The file and its free lines.
pub(crate) struct InFlight {
    file: File,
    free: Mutex<Vec<usize>>,
}

/// A line in use; blanked when dropped.
pub(crate) struct Running {
    in_flight: Arc<InFlight>,
    line: usize,
}

impl InFlight {
    /// Makes the file anew with `lines` blank lines. What a former process left is lost: read it
    /// before starting the next one.
    pub fn create(path: &Path, lines: usize) -> Result<Arc<Self>, StartError> {
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(path)
            .map_err(StartError::path("make", path))?;
        file.write_all_at(&BLANK.repeat(lines), 0)
            .map_err(StartError::path("write", path))?;
        Ok(Arc::new(Self {
            file,
            free: Mutex::new((0..lines).rev().collect()),
        }))
    }

    /// Notes that `digest` runs. `None` if no line is free, which cannot be while there are as many
    /// lines as places.
    pub fn begin(self: &Arc<Self>, digest: &Digest) -> Option<Running> {
        let line = self.free().pop()?;
        let running = Running {
            in_flight: self.clone(),
            line,
        };
        self.write(line, format!("{digest}\n").as_bytes());
        Some(running)
    }

    fn write(&self, line: usize, text: &[u8]) {
        if let Err(error) = self.file.write_all_at(text, (line * LINE) as u64) {
            log::warn!("cannot write the in-flight file: {error}");
        }
    }

    fn free(&self) -> std::sync::MutexGuard<'_, Vec<usize>> {
        // The list is whole after every operation on it.
        self.free.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.in_flight.write(self.line, BLANK);
        self.in_flight.free().push(self.line);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_name_what_runs_and_are_blanked_and_reused() {
        let scratch = tempfile::tempdir().unwrap();
        let path = scratch.path().join("in-flight");
        let lines = || {
            let text = std::fs::read_to_string(&path).unwrap();
            text.lines().map(str::to_owned).collect::<Vec<_>>()
        };
        let blank = "-".repeat(64);
        let (a, b) = (Digest::of(b"a"), Digest::of(b"b"));

        let in_flight = InFlight::create(&path, 2).unwrap();
        assert_eq!(lines(), [blank.clone(), blank.clone()]);
        let first = in_flight.begin(&a).unwrap();
        let second = in_flight.begin(&b).unwrap();
        assert_eq!(lines(), [a.to_string(), b.to_string()]);
        assert!(in_flight.begin(&a).is_none());
        drop(first);
        assert_eq!(lines(), [blank.clone(), b.to_string()]);
        let again = in_flight.begin(&b).unwrap();
        assert_eq!(lines(), [b.to_string(), b.to_string()]);
        drop((second, again));
        assert_eq!(lines(), [blank.clone(), blank]);
    }
}
