//! Which code is being executed, on disk, so that the next process learns it after a crash.
//!
//! The first line names this process: 32 digits of its own, 32 of the machine's start. Then one line
//! per place: the digest of the code that runs there, or 64 `-`. The file never grows. A line is
//! written in place when a call begins and blanked when it ends; nothing is flushed to the disk,
//! because the file need not outlive the machine, only the process. A line that was cut off while it
//! was written names nothing and is passed over. An orderly end removes the file.

use std::collections::HashSet;
use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use rand::RngCore;

use crate::digest::Digest;
use crate::StartError;

/// Length of a line with its end.
const LINE: usize = 65;
const BLANK: &[u8; LINE] = b"----------------------------------------------------------------\n";
/// Most bytes that are read: more lines than a process can have.
const MAX_BYTES: u64 = 4_096 * LINE as u64;
/// Digits of each half of the first line.
const HALF: usize = 32;

/// A process of this runtime.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Life {
    /// Random: 32 hexadecimal digits.
    pub process: String,
    /// Of the machine since its start: 32 hexadecimal digits.
    pub machine: String,
}

impl Life {
    /// This process on a machine that calls its start `boot_id`.
    pub fn new(boot_id: &str) -> Self {
        let mut bytes = [0; HALF / 2];
        rand::rngs::OsRng.fill_bytes(&mut bytes);
        let digits = boot_id.chars().filter(char::is_ascii_hexdigit);
        // Where the machine says nothing, its starts cannot be told apart.
        let machine = digits.chain(std::iter::repeat('0')).take(HALF).collect();
        Self {
            process: hex::encode(bytes),
            machine,
        }
    }

    fn parse(line: &str) -> Option<Self> {
        let is_digits = line.len() == 2 * HALF && line.bytes().all(|byte| byte.is_ascii_hexdigit());
        let (process, machine) = is_digits.then(|| line.split_at(HALF))?;
        Some(Self {
            process: process.into(),
            machine: machine.into(),
        })
    }
}

/// What a process that did not end in order left behind.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Left {
    /// Which process.
    pub life: Life,
    /// The code it was executing.
    pub codes: HashSet<Digest>,
}

/// Reads what a former process left. `None`: it ended in order, or crashed before it could serve.
pub(crate) fn left(path: &Path) -> Result<Option<Left>, StartError> {
    let mut bytes = Vec::new();
    match File::open(path).and_then(|file| file.take(MAX_BYTES).read_to_end(&mut bytes)) {
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(StartError::path("read", path)(error)),
    }
    let text = String::from_utf8_lossy(&bytes);
    let mut lines = text.lines();
    let life = lines.next().and_then(Life::parse);
    Ok(life.map(|life| Left {
        life,
        codes: lines.filter_map(|line| line.parse().ok()).collect(),
    }))
}

/// The file and its free places.
pub(crate) struct InFlight {
    path: PathBuf,
    file: File,
    free: Mutex<Vec<usize>>,
}

/// A place in use; blanked when dropped.
pub(crate) struct Running {
    in_flight: Arc<InFlight>,
    place: usize,
}

impl InFlight {
    /// Makes the file anew with blank places. What a former process left is lost: see [`left`].
    pub fn create(path: PathBuf, life: &Life, places: usize) -> Result<Arc<Self>, StartError> {
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&path)
            .map_err(StartError::path("make", &path))?;
        let mut text = format!("{}{}\n", life.process, life.machine).into_bytes();
        text.extend(BLANK.repeat(places));
        file.write_all_at(&text, 0)
            .map_err(StartError::path("write", &path))?;
        Ok(Arc::new(Self {
            path,
            file,
            free: Mutex::new((1..=places).rev().collect()),
        }))
    }

    /// Notes that `digest` runs. `None` if no place is free, which cannot be while there are as many
    /// as calls at once.
    pub fn begin(self: &Arc<Self>, digest: &Digest) -> Option<Running> {
        let place = self.free().pop()?;
        let running = Running {
            in_flight: self.clone(),
            place,
        };
        self.write(place, format!("{digest}\n").as_bytes());
        Some(running)
    }

    /// This process ends in order: whatever still runs is not to blame for it.
    pub fn end(&self) {
        if let Err(error) = std::fs::remove_file(&self.path) {
            log::warn!("cannot remove {}: {error}", self.path.display());
        }
    }

    fn write(&self, place: usize, text: &[u8]) {
        if let Err(error) = self.file.write_all_at(text, (place * LINE) as u64) {
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
        self.in_flight.write(self.place, BLANK);
        self.in_flight.free().push(self.place);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOOT: &str = "0f5a8b1c-2d3e-4f50-8161-728394a5b6c7\n";

    #[test]
    fn lines_name_what_runs_and_are_blanked_and_reused() {
        let scratch = tempfile::tempdir().unwrap();
        let path = scratch.path().join("in-flight");
        let codes = || left(&path).unwrap().unwrap().codes;
        let (a, b) = (Digest::of(b"a"), Digest::of(b"b"));

        let life = Life::new(BOOT);
        let in_flight = InFlight::create(path.clone(), &life, 2).unwrap();
        assert_eq!(left(&path).unwrap().unwrap().life, life);
        assert_eq!(codes(), HashSet::new());
        let first = in_flight.begin(&a).unwrap();
        let second = in_flight.begin(&b).unwrap();
        assert_eq!(codes(), HashSet::from([a, b]));
        assert!(in_flight.begin(&a).is_none());
        drop(first);
        assert_eq!(codes(), HashSet::from([b]));
        let again = in_flight.begin(&a).unwrap();
        assert_eq!(codes(), HashSet::from([a, b]));
        drop((second, again));
        assert_eq!(codes(), HashSet::new());
        assert_eq!(std::fs::metadata(&path).unwrap().len(), 3 * LINE as u64);
        in_flight.end();
        assert_eq!(left(&path).unwrap(), None);
    }

    #[test]
    fn what_was_cut_off_while_it_was_written_names_nothing() {
        let scratch = tempfile::tempdir().unwrap();
        let path = scratch.path().join("in-flight");
        let life = Life::new(BOOT);
        let (a, b) = (Digest::of(b"a"), Digest::of(b"b"));
        let whole = format!("{}{}\n{a}\n{b}\n", life.process, life.machine);
        for length in 0..whole.len() {
            std::fs::write(&path, &whole[..length]).unwrap();
            let codes = left(&path).unwrap().map(|left| left.codes);
            let expected = match length {
                ..64 => None,
                64..129 => Some(HashSet::new()),
                129..194 => Some(HashSet::from([a])),
                _ => Some(HashSet::from([a, b])),
            };
            assert_eq!(codes, expected, "{length}");
        }
        // Half an old and half a new line.
        let torn = format!(
            "{}{}\n{:.30}{}",
            life.process,
            life.machine,
            a,
            "-".repeat(34)
        );
        std::fs::write(&path, torn).unwrap();
        assert_eq!(left(&path).unwrap().unwrap().codes, HashSet::new());
    }

    #[test]
    fn lives_differ_by_process_and_are_equal_by_machine() {
        let (first, second) = (Life::new(BOOT), Life::new(BOOT));
        assert_ne!(first.process, second.process);
        assert_eq!(first.machine, "0f5a8b1c2d3e4f508161728394a5b6c7");
        assert_eq!(Life::new("").machine, "0".repeat(32));
    }
}
