//! The log of pins: a text file that is appended to and synced, one line a change.
//!
//! ```text
//! defaas pins 1
//! + code 7 - bafy… <check>          kind, reference, last tick or `-`, CID
//! - code 7 bafy… <check>
//! ```
//!
//! The check is the beginning of the line's sha-256. A crash can only tear what was being appended,
//! so lines that do not check are dropped at the end of the file; before a good line they mean
//! that the disk lost something, and then the store does not open: a lost pin would let content be
//! collected that someone relies on.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::PinKey;
use crate::blockstore::write_synced;
use crate::error::{AtPath, Error, Result};

const HEADER: &str = "defaas pins 1";
const CHECK_DIGITS: usize = 16;
/// No line is longer, in bytes: the longest CID has about 220.
const MAX_LINE: u64 = 512;

/// A change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Record {
    Add(PinKey, Option<u32>),
    Remove(PinKey),
}

/// The open log.
pub(super) struct Log {
    path: PathBuf,
    /// The folder of the file, to make a rename in it last.
    folder: File,
    file: File,
    lines: usize,
    /// The file must be rewritten before anything is appended: an append failed and may have left
    /// half a line, or a rewrite failed and `file` may have no name any more.
    broken: bool,
}

impl Log {
    /// Opens the log in `dir`, making it if missing, and calls `f` with every record.
    pub(super) fn open(dir: &Path, mut f: impl FnMut(Record)) -> Result<Self> {
        let path = dir.join("pins");
        let folder = File::open(dir).at(dir)?;
        if !path.try_exists().at(&path)? {
            replace(&path, &folder, format!("{HEADER}\n").as_bytes())?;
        }
        let (records, length) = read(&path)?;
        let lines = records.len();
        records.into_iter().for_each(&mut f);
        let file = OpenOptions::new()
            .append(true)
            .mode(0o600)
            .open(&path)
            .at(&path)?;
        // Cuts off a torn line, so that the next one does not join it.
        file.set_len(length)
            .and_then(|()| file.sync_all())
            .at(&path)?;
        Ok(Self {
            path,
            folder,
            file,
            lines,
            broken: false,
        })
    }

    /// How many records the file has.
    pub(super) fn lines(&self) -> usize {
        self.lines
    }

    /// Whether the file must be rewritten before anything is appended.
    pub(super) fn is_broken(&self) -> bool {
        self.broken
    }

    /// Appends records; when this returns they are on the disk.
    pub(super) fn append(&mut self, records: &[Record]) -> Result<()> {
        let text: String = records.iter().map(line).collect();
        let written = self
            .file
            .write_all(text.as_bytes())
            .and_then(|()| self.file.sync_data());
        self.broken = written.is_err();
        self.lines += records.len();
        written.at(&self.path)
    }

    /// Replaces the file by one with these records.
    pub(super) fn rewrite(&mut self, records: impl Iterator<Item = Record>) -> Result<()> {
        let mut text = format!("{HEADER}\n");
        let mut lines = 0;
        for record in records {
            text.push_str(&line(&record));
            lines += 1;
        }
        // Until every step has succeeded. Once the new file has the name, `file` has none: what is
        // appended to it is gone with this process, although it was acknowledged.
        self.broken = true;
        replace(&self.path, &self.folder, text.as_bytes())?;
        self.file = OpenOptions::new()
            .append(true)
            .open(&self.path)
            .at(&self.path)?;
        self.lines = lines;
        self.broken = false;
        Ok(())
    }
}

/// The records, and the length in bytes of the file's good part.
fn read(path: &Path) -> Result<(Vec<Record>, u64)> {
    let mut reader = BufReader::new(File::open(path).at(path)?);
    let mut records = Vec::new();
    let mut good = 0;
    let mut first_bad = None;
    for number in 1.. {
        let mut bytes = Vec::new();
        let length = next_line(&mut reader, &mut bytes).at(path)?;
        if length == 0 && number > 1 {
            break;
        }
        let text = bytes
            .strip_suffix(b"\n")
            .and_then(|bytes| std::str::from_utf8(bytes).ok());
        let record = if number == 1 {
            text.filter(|text| *text == HEADER).map(|_| None)
        } else {
            text.and_then(parse).map(Some)
        };
        match (record, first_bad) {
            (Some(record), None) => {
                records.extend(record);
                good += length as u64;
            }
            (None, None) if number > 1 => first_bad = Some(number),
            (None, Some(_)) => {}
            (Some(_), Some(line)) => {
                return Err(Error::PinsDamaged {
                    path: path.into(),
                    line,
                })
            }
            (None, None) => {
                return Err(Error::PinsDamaged {
                    path: path.into(),
                    line: number,
                })
            }
        }
    }
    if let Some(line) = first_bad {
        log::warn!(
            "dropped a torn record of pins; path={} line={line}",
            path.display()
        );
    }
    Ok((records, good))
}

fn next_line(reader: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<usize> {
    reader.by_ref().take(MAX_LINE).read_until(b'\n', line)
}

/// Puts a file with these bytes in the place of the one at `path`, which is in `folder`. When this
/// fails, either may be there.
fn replace(path: &Path, folder: &File, bytes: &[u8]) -> Result<()> {
    let new = path.with_extension("new");
    write_synced(&new, bytes)
        .and_then(|()| fs::rename(&new, path))
        .and_then(|()| folder.sync_all())
        .at(path)
}

fn line(record: &Record) -> String {
    let text = match record {
        Record::Add(
            PinKey {
                cid,
                kind,
                reference,
            },
            Some(until),
        ) => {
            format!("+ {kind} {reference} {until} {cid}")
        }
        Record::Add(
            PinKey {
                cid,
                kind,
                reference,
            },
            None,
        ) => {
            format!("+ {kind} {reference} - {cid}")
        }
        Record::Remove(PinKey {
            cid,
            kind,
            reference,
        }) => format!("- {kind} {reference} {cid}"),
    };
    format!("{text} {}\n", check(&text))
}

fn check(text: &str) -> String {
    let mut digits = hex::encode(Sha256::digest(text));
    digits.truncate(CHECK_DIGITS);
    digits
}

fn parse(line: &str) -> Option<Record> {
    let (text, digits) = line.rsplit_once(' ')?;
    if digits != check(text) {
        return None;
    }
    let mut words = text.split(' ');
    let sign = words.next()?;
    let kind = words.next()?.parse().ok()?;
    let reference = words.next()?.parse().ok()?;
    let until = match sign {
        "+" => Some(words.next()?),
        "-" => None,
        _ => return None,
    };
    let cid = words.next()?.parse().ok()?;
    let key = PinKey {
        cid,
        kind,
        reference,
    };
    match until {
        Some("-") => Some(Record::Add(key, None)),
        Some(tick) => Some(Record::Add(key, Some(tick.parse().ok()?))),
        None => Some(Record::Remove(key)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Pin, PinKind, Pins};
    use super::*;
    use crate::cid::{Cid, Codec, HashFunction};
    use std::mem;
    use std::os::unix::fs::MetadataExt;

    fn add(pins: &mut Pins, content: &[u8]) -> Result<()> {
        let cid = Cid::of(Codec::Raw, HashFunction::Sha2, content);
        pins.add(cid, Pin::new(PinKind::Code))
    }

    /// What a crash leaves: the file that has the name.
    fn left(dir: &Path) -> Vec<(Cid, Pin)> {
        let copy = tempfile::tempdir().unwrap();
        fs::copy(dir.join("pins"), copy.path().join("pins")).unwrap();
        Pins::open(copy.path(), 10).unwrap().list(None)
    }

    #[test]
    fn pins_acknowledged_after_a_rewrite_that_failed_behind_its_rename_survive_a_crash() {
        let dir = tempfile::tempdir().unwrap();
        let mut pins = Pins::open(dir.path(), 10).unwrap();
        add(&mut pins, b"before").unwrap();
        let first = pins.log.file.metadata().unwrap();
        // A device cannot be synced.
        let device = File::open("/dev/null").unwrap();
        let folder = mem::replace(&mut pins.log.folder, device);
        assert!(pins.rewrite().is_err());
        let named = fs::metadata(dir.path().join("pins")).unwrap();
        assert_ne!(named.ino(), first.ino(), "the rename has happened");

        // While it lasts nothing is acknowledged.
        assert!(add(&mut pins, b"meanwhile").is_err());
        assert_eq!(left(dir.path()), pins.list(None));
        pins.log.folder = folder;
        add(&mut pins, b"after").unwrap();
        assert_eq!(pins.len(), 2);
        assert_eq!(left(dir.path()), pins.list(None));
    }
}
