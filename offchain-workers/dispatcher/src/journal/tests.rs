use std::fs;
use std::path::PathBuf;

use codec::Encode;
use defaas_primitives::call::Inline;
use defaas_primitives::{Digest, Fault, Hash, Meters, Outcome, Output};
use proptest::prelude::*;
use tempfile::TempDir;

use super::file::{Journal, JournalError, Opened};
use super::recovery::{self, Damage, Scan};
use super::{Assignment, Conclusion, Ledger, Record, Repeated, Stage};
use crate::key::AttemptKey;
use crate::ports::BlockRef;
use crate::testing::worker;

const COMPACT_ABOVE: u64 = 4 * 1024 * 1024;

fn genesis() -> Hash {
    Hash::repeat_byte(1)
}

fn key(n: u8) -> AttemptKey {
    AttemptKey {
        invocation: n.into(),
        replica: 0,
        attempt: 0,
        digest: Digest::repeat_byte(n),
    }
}

fn assignment() -> Assignment {
    Assignment {
        provider: 7,
        worker: worker(1),
        deadline: 100,
        seen: BlockRef {
            number: 5,
            hash: Hash::repeat_byte(5),
        },
    }
}

fn success(output: &[u8]) -> Conclusion {
    Conclusion {
        outcome: Outcome::Success,
        output: Some(Output::Inline(Inline::truncate_from(output.to_vec()))),
        meters: Meters {
            duration_ms: 3,
            fuel: Some(9),
        },
    }
}

fn accepted(n: u8) -> Record {
    Record::Accepted {
        key: key(n),
        assignment: assignment(),
    }
}

fn started(n: u8) -> Record {
    Record::Started {
        key: key(n),
        assignment: assignment(),
    }
}

fn executed(n: u8, output: &[u8]) -> Record {
    Record::Executed {
        key: key(n),
        assignment: assignment(),
        conclusion: success(output),
    }
}

fn submitted(n: u8) -> Record {
    Record::Submitted { key: key(n) }
}

fn finalized(n: u8) -> Record {
    Record::Finalized { key: key(n) }
}

fn vanished(n: u8) -> Record {
    Record::Vanished {
        key: key(n),
        assignment: assignment(),
        at: 17,
    }
}

struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("journal")
    }

    fn open(&self) -> (Journal, Opened) {
        Journal::open(&self.path(), genesis(), COMPACT_ABOVE).unwrap()
    }
}

/// A step that an attempt may make, whatever it did before.
fn any_record() -> impl Strategy<Value = Record> {
    let n = 0u8..4;
    prop_oneof![
        1 => Just(Record::Settled),
        4 => n.clone().prop_map(accepted),
        4 => n.clone().prop_map(started),
        4 => (n.clone(), prop::collection::vec(any::<u8>(), 0..40))
            .prop_map(|(n, output)| executed(n, &output)),
        2 => n.clone().prop_map(submitted),
        2 => n.clone().prop_map(finalized),
        1 => n.prop_map(vanished),
    ]
}

/// A file with those of `records` that the rules allow, and the ledger and length after each.
fn write(records: Vec<Record>) -> (Vec<u8>, Vec<(usize, Ledger)>) {
    let mut bytes = recovery::header(&genesis());
    let mut ledger = Ledger::default();
    let mut seq = 100;
    let mut states = vec![(bytes.len(), ledger.clone())];
    for record in records {
        if ledger.apply(record.clone()).is_ok() {
            assert!(recovery::write_frame(&mut bytes, seq, &record));
            seq += 1;
            states.push((bytes.len(), ledger.clone()));
        }
    }
    (bytes, states)
}

fn has_begun(stage: Option<&Stage>) -> bool {
    matches!(
        stage,
        Some(Stage::Started(_) | Stage::Executed(..) | Stage::Submitted(..) | Stage::Vanished(..))
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever is written, a crash at any byte leaves exactly the records that were whole.
    #[test]
    fn crash_at_every_byte_leaves_the_whole_records(
        records in prop::collection::vec(any_record(), 0..25),
    ) {
        let (bytes, states) = write(records);
        for crash in recovery::HEADER_LEN..=bytes.len() {
            let Scan { ledger, damage, good, torn, .. } = recovery::scan(&bytes[..crash]);
            let (whole, expected) = states.iter().rev().find(|(len, _)| *len <= crash).unwrap();
            prop_assert_eq!(damage, None);
            prop_assert_eq!(good, *whole);
            prop_assert_eq!(torn, crash - *whole);
            prop_assert_eq!(&ledger, expected);
        }
    }

    /// The same where the file system shows zeros for what it did not write.
    #[test]
    fn crash_that_leaves_zeros_leaves_the_whole_records(
        records in prop::collection::vec(any_record(), 0..10),
        zeros in 1usize..100,
    ) {
        let (mut bytes, states) = write(records);
        bytes.resize(bytes.len() + zeros, 0);
        let scan = recovery::scan(&bytes);
        prop_assert_eq!(scan.damage, None);
        prop_assert_eq!(scan.torn, zeros);
        prop_assert_eq!(&scan.ledger, &states.last().unwrap().1);
    }

    /// A changed bit anywhere is noticed, and what is still believed was true: no attempt that had
    /// begun is one that may begin, and unknown ones are not executed.
    #[test]
    fn flipped_bit_is_damage_and_never_lets_an_attempt_begin_again(
        records in prop::collection::vec(any_record(), 1..12),
        at in any::<prop::sample::Index>(),
        bit in 0u8..8,
    ) {
        let (mut bytes, states) = write(records);
        prop_assume!(states.len() > 1);
        let body = recovery::HEADER_LEN;
        let at = body + at.index(bytes.len() - body);
        bytes[at] ^= 1 << bit;
        let scan = recovery::scan(&bytes);
        prop_assert!(scan.damage.is_some());
        prop_assert!(!scan.ledger.settled);
        prop_assert!(!scan.ledger.attempts.values().any(|s| matches!(s, Stage::Accepted(_))));
        let (_, before) = states.iter().rev().find(|(len, _)| *len <= at).unwrap();
        for (key, stage) in &scan.ledger.attempts {
            prop_assert_eq!(before.attempts.get(key), Some(stage));
        }
    }

    /// Once an attempt has begun, no record but its end makes it one that may begin.
    #[test]
    fn begun_attempt_stays_begun_until_it_is_over(
        records in prop::collection::vec(any_record(), 0..60),
    ) {
        let mut ledger = Ledger::default();
        for record in records {
            let before = ledger.clone();
            let is_end = matches!(record, Record::Finalized { .. });
            let result = ledger.apply(record.clone());
            if result.is_err() {
                prop_assert_eq!(&ledger, &before);
            }
            if let Record::Started { key, .. } = &record {
                prop_assert_eq!(result.is_ok(), !has_begun(before.attempts.get(key)));
            }
            for (key, stage) in &before.attempts {
                if has_begun(Some(stage)) && !is_end {
                    prop_assert!(has_begun(ledger.attempts.get(key)));
                }
            }
        }
    }

    /// Staging and failing, compacting and opening again do not change what the journal says.
    #[test]
    fn journal_says_the_same_after_it_is_opened_again(
        groups in prop::collection::vec(prop::collection::vec(any_record(), 1..4), 0..12),
        compact_above in prop_oneof![Just(0u64), Just(COMPACT_ABOVE)],
    ) {
        let folder = Folder::new();
        let (mut journal, _) = Journal::open(&folder.path(), genesis(), compact_above).unwrap();
        let mut expected = Ledger::default();
        for group in groups {
            let mut next = expected.clone();
            let is_legal = group.iter().all(|record| next.apply(record.clone()).is_ok());
            prop_assert_eq!(journal.append_all(group).is_ok(), is_legal);
            if is_legal {
                expected = next;
            }
            prop_assert_eq!(journal.ledger(), &expected);
        }
        drop(journal);
        let (journal, opened) = folder.open();
        prop_assert_eq!(opened, Opened::Whole { torn: 0 });
        prop_assert_eq!(journal.ledger(), &expected);
    }
}

#[test]
fn every_bit_of_the_header_matters() {
    let header = recovery::header(&genesis());
    assert_eq!(
        recovery::check_header(&header, &genesis()),
        recovery::Header::Valid
    );
    for at in 0..header.len() {
        for bit in 0..8 {
            let mut changed = header.clone();
            changed[at] ^= 1 << bit;
            let judged = recovery::check_header(&changed, &genesis());
            assert_eq!(judged, recovery::Header::Damaged, "byte {at}, bit {bit}");
        }
    }
}

#[test]
fn new_journal_is_not_settled_and_a_settled_one_stays_so() {
    let folder = Folder::new();
    let (mut journal, opened) = folder.open();
    assert_eq!(opened, Opened::Created);
    assert!(!journal.ledger().settled);
    drop(journal);
    // Created and never settled: still to be.
    journal = folder.open().0;
    assert!(!journal.ledger().settled);
    journal.append_all(vec![Record::Settled]).unwrap();
    drop(journal);
    assert!(folder.open().0.ledger().settled);
}

#[test]
fn torn_record_is_cut_and_the_journal_goes_on() {
    let folder = Folder::new();
    let (mut journal, _) = folder.open();
    journal
        .append_all(vec![Record::Settled, accepted(1), started(1)])
        .unwrap();
    let whole = journal.ledger().clone();
    let len = usize::try_from(journal.file_len()).unwrap();
    journal.append_all(vec![executed(1, b"lost")]).unwrap();
    drop(journal);
    let bytes = fs::read(folder.path()).unwrap();
    fs::write(folder.path(), &bytes[..len + 30]).unwrap();

    let (mut journal, opened) = folder.open();
    assert_eq!(opened, Opened::Whole { torn: 30 });
    assert_eq!(journal.ledger(), &whole);
    journal.append_all(vec![executed(1, b"again")]).unwrap();
    drop(journal);
    let (journal, opened) = folder.open();
    assert_eq!(opened, Opened::Whole { torn: 0 });
    assert!(matches!(
        journal.ledger().attempts[&key(1)],
        Stage::Executed(..)
    ));
}

#[test]
fn damaged_journal_is_kept_beside_and_what_comes_before_the_damage_is_believed() {
    let folder = Folder::new();
    let (mut journal, _) = folder.open();
    journal
        .append_all(vec![Record::Settled, executed(1, b"known"), accepted(2)])
        .unwrap();
    let damage_at = usize::try_from(journal.file_len()).unwrap();
    journal.append_all(vec![started(2), accepted(3)]).unwrap();
    drop(journal);
    let mut bytes = fs::read(folder.path()).unwrap();
    bytes[damage_at + recovery::HEAD_LEN] ^= 0xff;
    fs::write(folder.path(), &bytes).unwrap();

    let (journal, opened) = folder.open();
    let damage = Damage::Corrupt { offset: damage_at };
    let kept = folder.0.path().join("journal.damaged");
    assert_eq!(fs::read(&kept).unwrap(), bytes);
    assert_eq!(opened, Opened::Damaged { damage, kept });
    assert!(!journal.ledger().settled);
    let known: Vec<_> = journal.ledger().attempts.keys().copied().collect();
    assert_eq!(known, [key(1)], "2 was accepted, and may have begun since");
}

#[test]
fn second_damaged_journal_does_not_replace_the_first() {
    let folder = Folder::new();
    let names = ["journal.damaged", "journal.damaged.1"];
    for (content, name) in [b"first", b"other"].into_iter().zip(names) {
        fs::write(folder.path(), content).unwrap();
        let (_, opened) = folder.open();
        let kept = folder.0.path().join(name);
        let damage = Damage::Header;
        assert_eq!(opened, Opened::Damaged { damage, kept });
    }
    for (content, name) in [b"first", b"other"].into_iter().zip(names) {
        assert_eq!(fs::read(folder.0.path().join(name)).unwrap(), content);
    }
}

#[test]
fn number_of_damaged_journals_is_bounded() {
    let folder = Folder::new();
    for _ in 0..20 {
        fs::write(folder.path(), b"damaged").unwrap();
        drop(folder.open());
    }
    let entries = fs::read_dir(folder.0.path()).unwrap();
    let kept = entries.filter(|entry| {
        let name = entry.as_ref().unwrap().file_name();
        name.to_string_lossy().contains(".damaged")
    });
    assert_eq!(kept.count(), 16);
}

#[test]
fn missing_record_is_damage() {
    let mut bytes = recovery::header(&genesis());
    assert!(recovery::write_frame(&mut bytes, 1, &started(1)));
    let offset = bytes.len();
    assert!(recovery::write_frame(&mut bytes, 3, &started(3)));
    let damage = recovery::scan(&bytes).damage;
    assert_eq!(damage, Some(Damage::Inconsistent { offset }));
}

#[test]
fn file_that_is_no_journal_is_damage_and_an_empty_one_too() {
    for content in [&b""[..], b"DFSJ", &[7; 200]] {
        let folder = Folder::new();
        fs::write(folder.path(), content).unwrap();
        let (journal, opened) = folder.open();
        assert!(matches!(
            opened,
            Opened::Damaged {
                damage: Damage::Header,
                ..
            }
        ));
        assert_eq!(journal.ledger(), &Ledger::default());
    }
}

#[test]
fn second_user_is_refused_until_the_first_has_gone() {
    let folder = Folder::new();
    let (journal, _) = folder.open();
    let second = Journal::open(&folder.path(), genesis(), COMPACT_ABOVE);
    assert!(matches!(second, Err(JournalError::Locked(_))));
    drop(journal);
    assert_eq!(folder.open().1, Opened::Whole { torn: 0 });
}

#[test]
fn lock_outlives_rewriting() {
    let folder = Folder::new();
    let (mut journal, _) = Journal::open(&folder.path(), genesis(), 0).unwrap();
    for _ in 0..10 {
        journal.append_all(vec![accepted(1)]).unwrap();
    }
    let second = Journal::open(&folder.path(), genesis(), 0);
    assert!(matches!(second, Err(JournalError::Locked(_))));
}

#[test]
fn journal_of_another_chain_is_refused_and_left_alone() {
    let folder = Folder::new();
    drop(folder.open());
    let bytes = fs::read(folder.path()).unwrap();
    let other = Journal::open(&folder.path(), Hash::repeat_byte(2), COMPACT_ABOVE);
    assert!(matches!(
        other,
        Err(JournalError::OtherChain { found, .. }) if found == genesis()
    ));
    assert_eq!(fs::read(folder.path()).unwrap(), bytes);
}

#[test]
fn journal_of_a_later_format_is_refused_and_left_alone() {
    let folder = Folder::new();
    let mut header = recovery::header(&genesis());
    header[recovery::MAGIC.len()] = 2;
    let body = header.len() - 4;
    let crc = crc32fast::hash(&header[..body]).to_le_bytes();
    header[body..].copy_from_slice(&crc);
    fs::write(folder.path(), &header).unwrap();
    let opened = Journal::open(&folder.path(), genesis(), COMPACT_ABOVE);
    assert!(matches!(
        opened,
        Err(JournalError::UnknownVersion { version: 2, .. })
    ));
    assert_eq!(fs::read(folder.path()).unwrap(), header);
}

#[test]
fn group_with_one_forbidden_record_is_refused_whole() {
    let folder = Folder::new();
    let (mut journal, _) = folder.open();
    journal.append_all(vec![started(1)]).unwrap();
    let result = journal.append_all(vec![accepted(2), started(1)]);
    assert!(matches!(result, Err(JournalError::Repeated(Repeated(k))) if k == key(1)));
    let known: Vec<_> = journal.ledger().attempts.keys().copied().collect();
    assert_eq!(known, [key(1)]);
}

#[test]
fn file_stays_short_however_many_attempts_pass() {
    let folder = Folder::new();
    let compact_above = 16 * 1024;
    let (mut journal, _) = Journal::open(&folder.path(), genesis(), compact_above).unwrap();
    journal.append_all(vec![executed(0, &[9; 4_096])]).unwrap();
    let mut longest = 0;
    for round in 0..300u32 {
        let n = u8::try_from(round % 200).unwrap() + 1;
        let output = [n; 4_096];
        journal
            .append_all(vec![executed(n, &output), finalized(n)])
            .unwrap();
        longest = longest.max(journal.file_len());
    }
    // The bound, twice what is live, and the records of one group.
    assert!(longest < compact_above + 3 * 4_400, "{longest}");
    drop(journal);
    let (journal, _) = folder.open();
    assert_eq!(journal.ledger().attempts.len(), 1);
    assert!(journal.file_len() < 5_000, "{}", journal.file_len());
}

#[test]
fn failed_write_is_taken_back_and_the_next_one_repairs_the_file() {
    let folder = Folder::new();
    let (mut journal, _) = folder.open();
    journal.append_all(vec![started(1)]).unwrap();
    journal.break_after(0);
    let failed = journal.append_all(vec![started(2)]);
    assert!(matches!(failed, Err(JournalError::Io { .. })));
    assert!(!journal.ledger().attempts.contains_key(&key(2)));
    // It may begin later, since it did not begin now.
    journal.append_all(vec![started(2)]).unwrap();
    journal.append_all(vec![executed(2, b"ok")]).unwrap();
    let expected = journal.ledger().clone();
    drop(journal);
    let (journal, opened) = folder.open();
    assert_eq!(opened, Opened::Whole { torn: 0 });
    assert_eq!(journal.ledger(), &expected);
}

#[test]
fn journal_that_cannot_be_rewritten_says_so_until_it_can() {
    let folder = Folder::new();
    let (mut journal, _) = folder.open();
    journal.break_after(0);
    // A folder in the way of the new file.
    let in_the_way = folder.0.path().join("journal.new");
    fs::create_dir(&in_the_way).unwrap();
    for _ in 0..3 {
        let failed = journal.append_all(vec![started(1)]);
        assert!(matches!(failed, Err(JournalError::Io { .. })));
    }
    fs::remove_dir(&in_the_way).unwrap();
    journal.append_all(vec![started(1)]).unwrap();
    drop(journal);
    assert!(folder.open().0.ledger().attempts.contains_key(&key(1)));
}

/// Which file has the journal's name.
#[cfg(unix)]
fn inode(folder: &Folder) -> u64 {
    use std::os::unix::fs::MetadataExt;
    fs::metadata(folder.path()).unwrap().ino()
}

#[cfg(unix)]
#[test]
fn record_after_a_rewriting_that_failed_when_the_name_was_given_is_not_lost() {
    let folder = Folder::new();
    let (mut journal, _) = Journal::open(&folder.path(), genesis(), 0).unwrap();
    let before = inode(&folder);
    journal.break_renaming();
    // So long that the file is to be rewritten at once.
    journal.append_all(vec![executed(1, &[7; 4_096])]).unwrap();
    assert_ne!(inode(&folder), before, "the new file has the name");
    journal.append_all(vec![started(2)]).unwrap();
    let expected = journal.ledger().clone();
    drop(journal);
    let (journal, opened) = folder.open();
    assert_eq!(opened, Opened::Whole { torn: 0 });
    assert_eq!(journal.ledger(), &expected);
    assert!(matches!(
        journal.ledger().attempts[&key(2)],
        Stage::Started(_)
    ));
}

#[cfg(unix)]
#[test]
fn records_that_a_failed_rewriting_should_have_held_are_taken_back_until_one_succeeds() {
    let folder = Folder::new();
    let (mut journal, _) = folder.open();
    journal.break_after(0);
    assert!(journal.append_all(vec![started(1)]).is_err());
    journal.break_renaming();
    let failed = journal.append_all(vec![started(1)]);
    assert!(matches!(failed, Err(JournalError::Io { .. })));
    assert!(!journal.ledger().attempts.contains_key(&key(1)));
    journal.append_all(vec![started(1), accepted(2)]).unwrap();
    let expected = journal.ledger().clone();
    drop(journal);
    assert_eq!(folder.open().0.ledger(), &expected);
}

#[cfg(unix)]
#[test]
fn files_can_be_read_by_their_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let folder = Folder::new();
    let (_journal, _) = folder.open();
    for name in ["journal", "journal.lock"] {
        let metadata = fs::metadata(folder.0.path().join(name)).unwrap();
        assert_eq!(metadata.permissions().mode() & 0o777, 0o600, "{name}");
    }
}

#[test]
fn longest_record_fits_a_frame() {
    let record = executed(1, &[0xff; 4_096]);
    assert!(record.encoded_size() < recovery::MAX_BODY);
    let failed = Conclusion::fault(Fault::Internal);
    assert_eq!(failed.item(key(1)).digest, key(1).digest);
}

/// The file's format: changing it needs a new version.
#[test]
fn encoding_is_frozen() {
    let hex = |record: Record| -> String {
        let bytes = record.encode();
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    };
    let key_hex = format!("02{}{}", "00".repeat(9), "02".repeat(32));
    let assignment_hex = format!(
        "07000000{}6400000005000000{}",
        "01".repeat(32),
        "05".repeat(32)
    );
    assert_eq!(hex(Record::Settled), "00");
    assert_eq!(hex(accepted(2)), format!("01{key_hex}{assignment_hex}"));
    assert_eq!(hex(started(2)), format!("02{key_hex}{assignment_hex}"));
    assert_eq!(
        hex(executed(2, b"ab")),
        format!("03{key_hex}{assignment_hex}00010008616203000000010900000000000000")
    );
    assert_eq!(hex(submitted(2)), format!("04{key_hex}"));
    assert_eq!(hex(finalized(2)), format!("05{key_hex}"));
    assert_eq!(
        hex(vanished(2)),
        format!("06{key_hex}{assignment_hex}11000000")
    );
    let mut bytes = Vec::new();
    assert!(recovery::write_frame(&mut bytes, 1, &Record::Settled));
    assert_eq!(bytes.len(), recovery::HEAD_LEN + 1);
    assert_eq!(bytes[..12], [1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0]);
}
