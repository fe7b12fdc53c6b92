//! Pins: what must stay in the store, for whom and until when.

mod log;

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use self::log::{Log, Record};
use crate::cid::Cid;
use crate::error::{Error, Result};

/// Why something is pinned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PinKind {
    /// Code of a version.
    Code,
    /// Input of a call.
    Input,
    /// Output of a call.
    Output,
    /// Put there by the operator or a developer.
    User,
}

impl PinKind {
    /// The word for it, as stored and shown.
    pub fn name(self) -> &'static str {
        match self {
            Self::Code => "code",
            Self::Input => "input",
            Self::Output => "output",
            Self::User => "user",
        }
    }
}

impl fmt::Display for PinKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for PinKind {
    type Err = ();

    fn from_str(name: &str) -> Result<Self, ()> {
        [Self::Code, Self::Input, Self::Output, Self::User]
            .into_iter()
            .find(|kind| kind.name() == name)
            .ok_or(())
    }
}

/// A pin on some CID. One CID has any number of pins, told apart by kind and reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pin {
    /// Why.
    pub kind: PinKind,
    /// For whom, in the caller's own numbering: the id of an invocation or a version, say. Two
    /// versions with the same code hold it by two pins, and dropping one keeps the other.
    pub reference: u64,
    /// The last tick at which it holds; `None` holds until it is removed.
    pub until: Option<u32>,
}

impl Pin {
    /// A pin that holds until it is removed, with reference 0.
    pub fn new(kind: PinKind) -> Self {
        Self {
            kind,
            reference: 0,
            until: None,
        }
    }

    /// The same pin for someone in particular.
    pub fn reference(self, reference: u64) -> Self {
        Self { reference, ..self }
    }

    /// The same pin, holding until a tick.
    pub fn until(self, tick: u32) -> Self {
        Self {
            until: Some(tick),
            ..self
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct PinKey {
    cid: Cid,
    kind: PinKind,
    reference: u64,
}

/// All pins, in memory and in the log.
pub(crate) struct Pins {
    table: BTreeMap<PinKey, Option<u32>>,
    log: Log,
    limit: usize,
}

impl Pins {
    /// Reads the pins kept in `dir`.
    pub(crate) fn open(dir: &Path, limit: usize) -> Result<Self> {
        let mut table = BTreeMap::new();
        let log = Log::open(dir, |record| {
            match record {
                Record::Add(key, until) => table.insert(key, until),
                Record::Remove(key) => table.remove(&key),
            };
        })?;
        let mut pins = Self { table, log, limit };
        pins.compact_if_long()?;
        Ok(pins)
    }

    /// Adds a pin, or changes until when it holds.
    pub(crate) fn add(&mut self, cid: Cid, pin: Pin) -> Result<()> {
        let key = PinKey {
            cid,
            kind: pin.kind,
            reference: pin.reference,
        };
        match self.table.get(&key) {
            Some(until) if *until == pin.until => return Ok(()),
            None if self.table.len() >= self.limit => {
                return Err(Error::TooManyPins { limit: self.limit })
            }
            _ => {}
        }
        self.write(&[Record::Add(key.clone(), pin.until)])?;
        self.table.insert(key, pin.until);
        self.compact_if_long()
    }

    /// Removes a pin; `false` if there was none.
    pub(crate) fn remove(&mut self, cid: Cid, kind: PinKind, reference: u64) -> Result<bool> {
        let key = PinKey {
            cid,
            kind,
            reference,
        };
        if !self.table.contains_key(&key) {
            return Ok(false);
        }
        self.write(&[Record::Remove(key.clone())])?;
        self.table.remove(&key);
        self.compact_if_long()?;
        Ok(true)
    }

    /// Removes the pins that held until before `now` and returns how many.
    pub(crate) fn expire(&mut self, now: u32) -> Result<usize> {
        let expired: Vec<_> = self
            .table
            .iter()
            .filter(|(_, until)| until.is_some_and(|until| until < now))
            .map(|(key, _)| Record::Remove(key.clone()))
            .collect();
        if expired.is_empty() {
            return Ok(0);
        }
        self.write(&expired)?;
        self.table
            .retain(|_, until| until.is_none_or(|until| until >= now));
        self.compact_if_long()?;
        Ok(expired.len())
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.table.len()
    }

    /// All pins, or those of one CID, in order.
    pub(crate) fn list(&self, cid: Option<&Cid>) -> Vec<(Cid, Pin)> {
        self.table
            .iter()
            .filter(|(key, _)| cid.is_none_or(|cid| key.cid == *cid))
            .map(|(key, until)| {
                (
                    key.cid.clone(),
                    Pin {
                        kind: key.kind,
                        reference: key.reference,
                        until: *until,
                    },
                )
            })
            .collect()
    }

    /// What is pinned, each CID once.
    pub(crate) fn roots(&self) -> Vec<Cid> {
        let mut roots: Vec<_> = self.table.keys().map(|key| key.cid.clone()).collect();
        roots.dedup();
        roots
    }

    fn write(&mut self, records: &[Record]) -> Result<()> {
        if self.log.is_broken() {
            self.rewrite()?;
        }
        self.log.append(records)
    }

    fn compact_if_long(&mut self) -> Result<()> {
        if self.log.lines() > 2 * self.table.len() + 1024 {
            self.rewrite()?;
        }
        Ok(())
    }

    fn rewrite(&mut self) -> Result<()> {
        self.log.rewrite(
            self.table
                .iter()
                .map(|(key, until)| Record::Add(key.clone(), *until)),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cid::{Codec, HashFunction};
    use std::fs;

    fn cid(content: &str) -> Cid {
        Cid::of(Codec::Raw, HashFunction::Sha2, content.as_bytes())
    }

    #[test]
    fn pins_of_one_cid_are_independent_and_survive_reopening() {
        let dir = tempfile::tempdir().unwrap();
        let mut pins = Pins::open(dir.path(), 10).unwrap();
        let code = Pin::new(PinKind::Code);
        pins.add(cid("a"), code.reference(1)).unwrap();
        pins.add(cid("a"), code.reference(2)).unwrap();
        pins.add(cid("a"), Pin::new(PinKind::Input).until(9))
            .unwrap();
        pins.add(cid("b"), Pin::new(PinKind::User)).unwrap();
        assert!(pins.remove(cid("a"), PinKind::Code, 1).unwrap());
        assert!(!pins.remove(cid("a"), PinKind::Code, 1).unwrap());
        let listed = pins.list(None);
        assert_eq!(pins.list(Some(&cid("a"))).len(), 2);
        drop(pins);
        let pins = Pins::open(dir.path(), 10).unwrap();
        assert_eq!(pins.list(None), listed);
        assert_eq!(pins.roots().len(), 2);
    }

    #[test]
    fn a_pin_holds_through_its_last_tick() {
        let dir = tempfile::tempdir().unwrap();
        let mut pins = Pins::open(dir.path(), 10).unwrap();
        pins.add(cid("a"), Pin::new(PinKind::Output).until(5))
            .unwrap();
        pins.add(cid("b"), Pin::new(PinKind::Output)).unwrap();
        assert_eq!(pins.expire(5).unwrap(), 0);
        assert_eq!(pins.expire(6).unwrap(), 1);
        assert_eq!(pins.roots(), [cid("b")]);
        assert_eq!(Pins::open(dir.path(), 10).unwrap().roots(), [cid("b")]);
    }

    #[test]
    fn pinning_again_changes_until_when_it_holds() {
        let dir = tempfile::tempdir().unwrap();
        let mut pins = Pins::open(dir.path(), 1).unwrap();
        pins.add(cid("a"), Pin::new(PinKind::Input).until(5))
            .unwrap();
        pins.add(cid("a"), Pin::new(PinKind::Input).until(8))
            .unwrap();
        assert_eq!(pins.expire(6).unwrap(), 0);
        assert_eq!(pins.list(None)[0].1.until, Some(8));
    }

    #[test]
    fn one_more_than_the_most_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let mut pins = Pins::open(dir.path(), 1).unwrap();
        pins.add(cid("a"), Pin::new(PinKind::Input)).unwrap();
        assert!(matches!(
            pins.add(cid("b"), Pin::new(PinKind::Input)),
            Err(Error::TooManyPins { limit: 1 })
        ));
    }

    #[test]
    fn a_record_torn_by_a_crash_is_dropped_and_the_rest_kept() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("pins");
        let mut pins = Pins::open(dir.path(), 10).unwrap();
        pins.add(cid("a"), Pin::new(PinKind::Code)).unwrap();
        let before = fs::read(&path).unwrap();
        pins.add(cid("b"), Pin::new(PinKind::Code)).unwrap();
        drop(pins);
        let whole = fs::read(&path).unwrap();
        for length in before.len()..whole.len() {
            fs::write(&path, &whole[..length]).unwrap();
            let mut pins = Pins::open(dir.path(), 10).unwrap();
            assert_eq!(pins.roots(), [cid("a")], "{length}");
            pins.add(cid("c"), Pin::new(PinKind::Code)).unwrap();
            drop(pins);
            assert_eq!(Pins::open(dir.path(), 10).unwrap().roots().len(), 2);
        }
    }

    #[test]
    fn damage_in_the_middle_is_an_error_not_a_lost_pin() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("pins");
        let mut pins = Pins::open(dir.path(), 10).unwrap();
        for name in ["a", "b", "c"] {
            pins.add(cid(name), Pin::new(PinKind::Code)).unwrap();
        }
        drop(pins);
        let text = fs::read_to_string(&path).unwrap();
        fs::write(&path, text.replacen("+ code", "+ user", 1)).unwrap();
        assert!(matches!(
            Pins::open(dir.path(), 10),
            Err(Error::PinsDamaged { line: 2, .. })
        ));
    }

    #[test]
    fn the_log_stays_short() {
        let dir = tempfile::tempdir().unwrap();
        let mut pins = Pins::open(dir.path(), 10).unwrap();
        for tick in 0..3000 {
            pins.add(cid("a"), Pin::new(PinKind::Input).until(tick))
                .unwrap();
        }
        assert!(pins.log.lines() <= 1027, "{}", pins.log.lines());
        assert_eq!(
            Pins::open(dir.path(), 10).unwrap().list(None)[0].1.until,
            Some(2999)
        );
    }
}
