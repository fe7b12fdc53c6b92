//! The journal's file from outside, also while the node writes it.

use codec::Decode;
use defaas_dispatcher::journal::Record;
use std::{fs, path::Path, time::Duration};
use tokio::time::timeout;

/// Bytes before the first record: magic, version, genesis hash, CRC.
const HEADER: usize = 4 + 1 + 32 + 4;
/// Bytes before each record's body: length, sequence number, two CRCs.
const HEAD: usize = 4 + 8 + 4 + 4;
/// A record that does not come in this time does not come.
const TIMEOUT: Duration = Duration::from_secs(60);
/// Distance between two looks, below the time that results wait for others before they are sent.
const LOOK_EVERY: Duration = Duration::from_millis(1);

/// The records in the file, in order; none if there is no file. Each start of the worker rewrites the
/// file: of each attempt it keeps the record of how far it is.
pub fn records(file: &Path) -> Vec<Record> {
    let bytes = fs::read(file).unwrap_or_default();
    let mut rest = bytes.get(HEADER..).unwrap_or_default();
    let mut records = Vec::new();
    while let Some((body, next)) = split(rest) {
        let record = Record::decode(&mut &body[..]).expect("a whole record can be read");
        records.push(record);
        rest = next;
    }
    records
}

/// The body of the first frame, and what follows it. `None`: it is not whole.
fn split(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, _) = bytes.split_first_chunk::<4>()?;
    let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
    bytes.get(HEAD..)?.split_at_checked(length)
}

/// Waits until the file has a record that is `wanted`, and looks so often that it is seen before
/// the next step is made.
pub async fn wait_for(file: &Path, wanted: impl Fn(&Record) -> bool) {
    let wait = async {
        while !records(file).iter().any(&wanted) {
            tokio::time::sleep(LOOK_EVERY).await;
        }
    };
    if timeout(TIMEOUT, wait).await.is_err() {
        panic!("the record did not come; there are {:?}", records(file));
    }
}

/// Changes a byte in the middle of the file, as a failing disk may.
pub fn damage(file: &Path) {
    let mut bytes = fs::read(file).unwrap();
    let middle = HEADER + (bytes.len() - HEADER) / 2;
    bytes[middle] ^= 0xff;
    fs::write(file, bytes).unwrap();
}

/// Takes away the last bytes, as a power cut may take what was not synchronised.
pub fn tear(file: &Path) {
    let bytes = fs::read(file).unwrap();
    fs::write(file, &bytes[..bytes.len() - 3]).unwrap();
}
