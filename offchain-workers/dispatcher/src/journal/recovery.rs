//! Reads a journal's file.
//!
//! A frame is `length u32 | sequence u64 | CRC of these | CRC of the body | body`, all integers
//! little-endian, CRC-32 as in IEEE 802.3. The head has a CRC of its own: only if the length can be
//! believed, a frame that does not end within the file is one that was being written when the machine
//! stopped, and may be cut. Everything else that does not fit is damage, since what was synchronised
//! may be missing, and is never passed over in silence. Zeros up to the end are cut as well: some
//! file systems show them where a file grew without its data.

use codec::{Decode, Encode};
use defaas_primitives::Hash;

use super::record::{Ledger, Record, Stage};

pub(crate) const MAGIC: [u8; 4] = *b"DFSJ";
/// Format of the file.
pub(crate) const VERSION: u8 = 1;
pub(crate) const HEADER_LEN: usize = 4 + 1 + 32 + 4;
pub(crate) const HEAD_LEN: usize = 4 + 8 + 4 + 4;
/// Longest body. The longest record has an inline output of 4 KiB.
pub(crate) const MAX_BODY: usize = 8 * 1024;

/// Why a journal cannot be believed entirely.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Damage {
    /// The file's first bytes are not those of a journal.
    #[error("the file does not begin like a journal")]
    Header,
    /// A record is not as it was written.
    #[error("the record at byte {offset} is damaged")]
    Corrupt {
        /// Where it begins.
        offset: usize,
    },
    /// A record is missing, or contradicts those before it.
    #[error("the record at byte {offset} does not follow from those before it")]
    Inconsistent {
        /// Where it begins.
        offset: usize,
    },
}

/// What the header says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Header {
    /// A journal of this format and chain.
    Valid,
    /// No journal.
    Damaged,
    /// A journal of a later format.
    UnknownVersion(u8),
    /// A journal of another chain.
    OtherChain(Hash),
}

/// What was read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Scan {
    /// What the records say up to the first that does not fit.
    pub ledger: Ledger,
    /// Sequence number of the next record.
    pub next_seq: u64,
    /// Where the last good record ends.
    pub good: usize,
    /// Bytes of a record that was being written when the machine stopped.
    pub torn: usize,
    /// What does not fit.
    pub damage: Option<Damage>,
}

/// The first bytes of a journal of the chain with this genesis hash.
pub(crate) fn header(genesis: &Hash) -> Vec<u8> {
    let mut bytes = MAGIC.to_vec();
    bytes.push(VERSION);
    bytes.extend_from_slice(genesis.as_bytes());
    bytes.extend_from_slice(&crc32fast::hash(&bytes).to_le_bytes());
    bytes
}

/// Judges the first bytes of a file.
pub(crate) fn check_header(bytes: &[u8], genesis: &Hash) -> Header {
    let Some((body, crc)) = bytes
        .get(..HEADER_LEN)
        .and_then(|header| header.split_last_chunk::<4>())
    else {
        return Header::Damaged;
    };
    if crc32fast::hash(body).to_le_bytes() != *crc || !body.starts_with(&MAGIC) {
        return Header::Damaged;
    }
    match (
        body[MAGIC.len()],
        Hash::from_slice(&body[MAGIC.len() + 1..]),
    ) {
        (VERSION, found) if found == *genesis => Header::Valid,
        (VERSION, found) => Header::OtherChain(found),
        (version, _) => Header::UnknownVersion(version),
    }
}

/// Appends the frame of a record to `buffer`. Returns whether the record is short enough.
#[must_use]
pub(crate) fn write_frame(buffer: &mut Vec<u8>, seq: u64, record: &Record) -> bool {
    let body = record.encode();
    let Ok(len) = u32::try_from(body.len()) else {
        return false;
    };
    if body.len() > MAX_BODY {
        return false;
    }
    let mut head = len.to_le_bytes().to_vec();
    head.extend_from_slice(&seq.to_le_bytes());
    buffer.extend_from_slice(&head);
    buffer.extend_from_slice(&crc32fast::hash(&head).to_le_bytes());
    buffer.extend_from_slice(&crc32fast::hash(&body).to_le_bytes());
    buffer.extend_from_slice(&body);
    true
}

/// A frame that cannot be read.
enum Unreadable {
    Torn,
    Corrupt,
}

/// A frame.
struct Frame {
    seq: u64,
    record: Record,
    len: usize,
}

fn read_frame(bytes: &[u8]) -> Result<Frame, Unreadable> {
    if bytes.iter().all(|byte| *byte == 0) {
        return Err(Unreadable::Torn);
    }
    let Some((head, rest)) = bytes.split_first_chunk::<HEAD_LEN>() else {
        return Err(Unreadable::Torn);
    };
    let [l0, l1, l2, l3, s0, s1, s2, s3, s4, s5, s6, s7, h0, h1, h2, h3, b0, b1, b2, b3] = *head;
    if crc32fast::hash(&head[..12]) != u32::from_le_bytes([h0, h1, h2, h3]) {
        return Err(Unreadable::Corrupt);
    }
    let len = match usize::try_from(u32::from_le_bytes([l0, l1, l2, l3])) {
        Ok(len) if len <= MAX_BODY => len,
        _ => return Err(Unreadable::Corrupt),
    };
    let Some(mut body) = rest.get(..len) else {
        return Err(Unreadable::Torn);
    };
    if crc32fast::hash(body) != u32::from_le_bytes([b0, b1, b2, b3]) {
        return Err(Unreadable::Corrupt);
    }
    match Record::decode(&mut body) {
        Ok(record) if body.is_empty() => Ok(Frame {
            seq: u64::from_le_bytes([s0, s1, s2, s3, s4, s5, s6, s7]),
            record,
            len: HEAD_LEN + len,
        }),
        _ => Err(Unreadable::Corrupt),
    }
}

/// Reads the records of a file whose header is valid.
pub(crate) fn scan(bytes: &[u8]) -> Scan {
    let mut scan = Scan {
        ledger: Ledger::default(),
        next_seq: 0,
        good: HEADER_LEN.min(bytes.len()),
        torn: 0,
        damage: None,
    };
    let mut is_first = true;
    while let Some(rest) = bytes.get(scan.good..).filter(|rest| !rest.is_empty()) {
        let offset = scan.good;
        match read_frame(rest) {
            Err(Unreadable::Torn) => {
                scan.torn = rest.len();
                break;
            }
            Err(Unreadable::Corrupt) => scan.damage = Some(Damage::Corrupt { offset }),
            Ok(Frame { seq, record, len }) => {
                let follows = is_first || seq == scan.next_seq;
                if follows && scan.ledger.apply(record).is_ok() {
                    scan.next_seq = seq.wrapping_add(1);
                    scan.good += len;
                    is_first = false;
                } else {
                    scan.damage = Some(Damage::Inconsistent { offset });
                }
            }
        }
        if scan.damage.is_some() {
            scan.ledger.distrust();
            break;
        }
    }
    scan
}

impl Ledger {
    /// What can be said if later records are missing. What has ended has ended and what was begun
    /// was begun, but what was only taken may have been begun since, and attempts that are not here
    /// may have been executed.
    fn distrust(&mut self) {
        self.settled = false;
        self.attempts
            .retain(|_, stage| !matches!(stage, Stage::Accepted(_)));
    }
}
