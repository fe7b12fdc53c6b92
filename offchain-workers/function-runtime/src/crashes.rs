//! Crashes of this process, and the code that is quarantined for them.
//!
//! Trigger: the start → steps: read which code a former process left in flight, count a crash for
//! each, keep the counts → effect: code that was in flight at [`LIMIT`] crashes is not deployed.
//!
//! A crash is an end without order: a signal, a fault of the engine, the kernel short of memory. The
//! code is a suspect, not convicted, because other code may have run beside it; so each count is
//! forgotten [`FORGET_AFTER`] its last crash, and the refusal blames this provider and not the code.
//! A restart of the machine is no crash of this process.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::digest::Digest;
use crate::in_flight::{left, InFlight, Left, Life};
use crate::unfinished::{self, Unfinished};
use crate::{private, StartError};

/// Identity of the machine's start (random(4)).
pub(crate) const BOOT_ID: &str = "/proc/sys/kernel/random/boot_id";
/// So many crashes quarantine the code.
const LIMIT: u32 = 3;
/// A count is forgotten so long after its last crash.
const FORGET_AFTER: Duration = Duration::from_secs(24 * 60 * 60);
/// Most codes that are counted. Those with the oldest crash give way.
const MAX_CODES: usize = 1_024;
/// Most bytes of the file that are read: more than so many codes take.
const MAX_BYTES: u64 = 128 * (MAX_CODES as u64 + 1);

/// The file in `--crash-dir` that names the code in flight. Remove it after killing this process for
/// a reason that does not lie in it.
pub const IN_FLIGHT_FILE: &str = "in-flight";
const COUNTS: &str = "crashes";

/// What is counted.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Crashes {
    codes: HashMap<Digest, Count>,
    /// The last process whose crash is counted, so that none counts twice.
    counted: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Count {
    crashes: u32,
    /// Of the last one, in seconds since 1970.
    last: u64,
}

/// Code that is not run here for a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "code {digest} is in quarantine for {hours} h: it was in flight when this runtime crashed, \
     {crashes} times; this says nothing about its validity",
    hours = left.as_secs().div_ceil(3_600)
)]
pub(crate) struct Quarantined {
    digest: Digest,
    crashes: u32,
    left: Duration,
}

impl Crashes {
    /// Opens the folder, makes it if it is absent, counts what a former process left there, and
    /// begins to note what this one executes in so many `places`.
    pub fn open(dir: &Path, places: usize) -> Result<(Self, Arc<InFlight>), StartError> {
        private::ensure_dir(dir)?;
        unfinished::sweep(dir).map_err(StartError::path("clear", dir))?;
        let life = Life::new(&fs::read_to_string(BOOT_ID).unwrap_or_default());
        let (in_flight, counts) = (dir.join(IN_FLIGHT_FILE), dir.join(COUNTS));
        let mut crashes = Self::read(&counts).map_err(StartError::path("read", &counts))?;
        if let Some(left) = left(&in_flight)? {
            // The counts are on the disk before the file is made anew, and name the process: a
            // crash in between neither loses nor doubles one.
            if crashes.count(&left, &life, now()) {
                crashes
                    .write(dir, &counts)
                    .map_err(StartError::path("write", &counts))?;
            }
        }
        Ok((crashes, InFlight::create(in_flight, &life, places)?))
    }

    /// Fails if the code is in quarantine.
    pub fn check(&self, digest: &Digest) -> Result<(), Quarantined> {
        self.check_at(digest, now())
    }

    fn check_at(&self, digest: &Digest, now: u64) -> Result<(), Quarantined> {
        match self.codes.get(digest) {
            Some(count) if count.crashes >= LIMIT && !count.is_forgotten(now) => Err(Quarantined {
                digest: *digest,
                crashes: count.crashes,
                left: FORGET_AFTER.saturating_sub(count.age(now)),
            }),
            _ => Ok(()),
        }
    }

    /// Counts a crash. Whether anything changed.
    fn count(&mut self, left: &Left, life: &Life, now: u64) -> bool {
        let is_counted = self.counted.as_ref() == Some(&left.life.process);
        if is_counted || left.life.machine != life.machine || left.codes.is_empty() {
            return false;
        }
        self.counted = Some(left.life.process.clone());
        self.codes.retain(|_, count| !count.is_forgotten(now));
        for digest in &left.codes {
            let count = self.codes.entry(*digest).or_insert(Count {
                crashes: 0,
                last: now,
            });
            count.crashes = count.crashes.saturating_add(1);
            count.last = now;
            log::warn!(
                "code {digest} was in flight when this runtime crashed; crashes={}, quarantined \
                 at {LIMIT}",
                count.crashes
            );
        }
        while self.codes.len() > MAX_CODES {
            let oldest = self.codes.iter().min_by_key(|(_, count)| count.last);
            let Some(oldest) = oldest.map(|(digest, _)| *digest) else {
                break;
            };
            self.codes.remove(&oldest);
        }
        true
    }

    /// The counts in the file. Lines that are not understood are passed over: the file is made
    /// whole or not at all, so somebody else wrote them.
    fn read(path: &Path) -> io::Result<Self> {
        let mut bytes = Vec::new();
        match File::open(path).and_then(|file| file.take(MAX_BYTES).read_to_end(&mut bytes)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::default()),
            read => read?,
        };
        let text = String::from_utf8_lossy(&bytes);
        let mut crashes = Self::default();
        for line in text.lines() {
            let mut words = line.split(' ');
            match (words.next(), words.next(), words.next()) {
                (Some("counted"), Some(process), None) => crashes.counted = Some(process.into()),
                (Some(digest), Some(count), Some(last)) => {
                    if let (Ok(digest), Ok(crash_count), Ok(last)) =
                        (digest.parse(), count.parse(), last.parse())
                    {
                        let count = Count {
                            crashes: crash_count,
                            last,
                        };
                        crashes.codes.insert(digest, count);
                    }
                }
                _ => {}
            }
        }
        Ok(crashes)
    }

    fn write(&self, dir: &Path, path: &Path) -> io::Result<()> {
        let mut text = String::new();
        if let Some(process) = &self.counted {
            text.push_str(&format!("counted {process}\n"));
        }
        for (digest, count) in &self.codes {
            text.push_str(&format!("{digest} {} {}\n", count.crashes, count.last));
        }
        let mut unfinished = Unfinished::create(path.into())?;
        unfinished.file.write_all(text.as_bytes())?;
        unfinished.file.sync_all()?;
        unfinished.replace()?;
        File::open(dir)?.sync_all()
    }
}

impl Count {
    /// Zero if the clock was set back.
    fn age(&self, now: u64) -> Duration {
        Duration::from_secs(now.saturating_sub(self.last))
    }

    fn is_forgotten(&self, now: u64) -> bool {
        self.age(now) >= FORGET_AFTER
    }
}

/// In seconds since 1970.
fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    const NOW: u64 = 1_000_000_000;
    const DAY: u64 = 24 * 60 * 60;

    fn life() -> Life {
        Life::new("machine")
    }

    fn crash(codes: &[Digest]) -> Left {
        Left {
            life: life(),
            codes: codes.iter().copied().collect(),
        }
    }

    #[test]
    fn third_crash_with_the_same_code_quarantines_it_and_no_other() {
        let (guilty, others) = (Digest::of(b"guilty"), [0u8, 1, 2].map(|n| Digest::of(&[n])));
        let mut crashes = Crashes::default();
        for other in others {
            assert_eq!(crashes.check_at(&guilty, NOW), Ok(()));
            assert!(crashes.count(&crash(&[guilty, other]), &life(), NOW));
        }
        let refused = crashes.check_at(&guilty, NOW + 1).unwrap_err();
        assert_eq!(refused.crashes, 3);
        assert_eq!(refused.left.as_secs(), DAY - 1);
        for other in others {
            assert_eq!(crashes.check_at(&other, NOW), Ok(()));
        }
    }

    #[test]
    fn count_is_forgotten_a_day_after_the_last_crash() {
        let code = Digest::of(b"code");
        let mut crashes = Crashes::default();
        for day in 0..4 {
            crashes.count(&crash(&[code]), &life(), NOW + day * DAY);
            assert_eq!(crashes.check_at(&code, NOW + day * DAY), Ok(()));
        }
        for _ in 0..2 {
            crashes.count(&crash(&[code]), &life(), NOW + 4 * DAY - 1);
        }
        let end = NOW + 5 * DAY - 1;
        assert!(crashes.check_at(&code, end - 1).is_err());
        assert_eq!(crashes.check_at(&code, end), Ok(()));
        // A clock that was set back does not lengthen it beyond a day.
        assert!(crashes.check_at(&code, 0).unwrap_err().left <= FORGET_AFTER);
    }

    #[test]
    fn crash_counts_once_and_a_restart_of_the_machine_not_at_all() {
        let code = Digest::of(b"code");
        let mut crashes = Crashes::default();
        let left = crash(&[code]);
        assert!(crashes.count(&left, &life(), NOW));
        assert!(!crashes.count(&left, &life(), NOW));
        assert_eq!(crashes.codes[&code].crashes, 1);
        let elsewhere = Life::new("0000000000000001");
        assert!(!crashes.count(&crash(&[code]), &elsewhere, NOW));
        assert_eq!(crashes.codes[&code].crashes, 1);
    }

    #[test]
    fn counts_are_bounded_and_the_oldest_give_way() {
        let mut crashes = Crashes::default();
        let codes: Vec<_> = (0..=MAX_CODES as u32)
            .map(|number| Digest::of(&number.to_le_bytes()))
            .collect();
        for (number, code) in codes.iter().enumerate() {
            crashes.count(&crash(&[*code]), &life(), NOW + number as u64);
        }
        assert_eq!(crashes.codes.len(), MAX_CODES);
        assert!(!crashes.codes.contains_key(&codes[0]));
        assert!(crashes.codes.contains_key(&codes[MAX_CODES]));
    }

    #[test]
    fn file_gives_back_what_was_written_and_passes_over_the_rest() {
        let scratch = tempfile::tempdir().unwrap();
        let path = scratch.path().join(COUNTS);
        let mut crashes = Crashes::default();
        let codes: Vec<_> = (0..MAX_CODES as u32)
            .map(|number| Digest::of(&number.to_le_bytes()))
            .collect();
        crashes.count(&crash(&codes), &life(), u64::MAX - 1);
        crashes.write(scratch.path(), &path).unwrap();
        assert_eq!(Crashes::read(&path).unwrap(), crashes);
        let text = fs::read_to_string(&path).unwrap() + "not a line\nx y z\n\n";
        fs::write(&path, text).unwrap();
        assert_eq!(Crashes::read(&path).unwrap(), crashes);
    }

    #[test]
    fn counts_that_were_left_half_written_are_removed_at_the_next_start() {
        let scratch = tempfile::tempdir().unwrap();
        let dir = scratch.path().join("crashes");
        private::ensure_dir(&dir).unwrap();
        std::mem::forget(Unfinished::create(dir.join(COUNTS)).unwrap());
        assert_eq!(fs::read_dir(&dir).unwrap().count(), 1);
        drop(Crashes::open(&dir, 1).unwrap());
        let left = fs::read_dir(&dir).unwrap();
        let names: Vec<_> = left.map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(names, [IN_FLIGHT_FILE]);
    }

    #[test]
    fn process_that_did_not_end_in_order_is_counted_at_the_next_start() {
        let scratch = tempfile::tempdir().unwrap();
        let dir = scratch.path().join("crashes");
        let code = Digest::of(b"code");
        for crash in 0..LIMIT {
            let (crashes, in_flight) = Crashes::open(&dir, 1).unwrap();
            assert!(crashes.check(&code).is_ok(), "{crash}");
            // Neither dropped nor ended, as in a process that is gone.
            std::mem::forget(in_flight.begin(&code));
        }
        let (crashes, in_flight) = Crashes::open(&dir, 1).unwrap();
        assert!(crashes.check(&code).is_err());
        std::mem::forget(in_flight.begin(&Digest::of(b"other")));
        in_flight.end();
        let (crashes, _in_flight) = Crashes::open(&dir, 1).unwrap();
        assert_eq!(
            crashes.codes.keys().copied().collect::<HashSet<_>>(),
            HashSet::from([code])
        );
    }
}
