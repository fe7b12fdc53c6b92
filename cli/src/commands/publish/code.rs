//! *A file* → read, check, hash → *what a version executes*.

use crate::{
    chain::types::{Code, CodeKind, ContentId},
    Error, Result,
};
use sha2::{Digest, Sha256};
use std::{fs::File, io::Read, path::Path};

/// Largest file whose CID is that of a single raw block: what a block is in the network's import
/// profile.
const MAX_BLOCK: u64 = 1024 * 1024;
/// First bytes of every WebAssembly binary.
const WASM_MAGIC: &[u8] = b"\0asm";
/// First bytes of a CIDv1 of a raw block by its sha2-256.
const RAW_SHA256: [u8; 4] = [1, 0x55, 0x12, 32];

/// Reads `file`, at most `max` bytes of it. Its CID is `cid`, or that of the single raw block that
/// it makes.
pub(super) fn read(file: &Path, cid: Option<ContentId>, max: u64) -> Result<Code> {
    let mut bytes = Vec::new();
    File::open(file)
        .and_then(|open| open.take(max.saturating_add(1)).read_to_end(&mut bytes))
        .map_err(Error::file(file))?;
    if bytes.len() as u64 > max {
        return Err(Error::TooLarge {
            what: file.display().to_string(),
            limit: max,
            instead: "The network keeps no larger code. Build it for size: opt-level \"z\", \
                      strip, wasm-opt.",
        });
    }
    code(&bytes, cid, file)
}

fn code(bytes: &[u8], cid: Option<ContentId>, file: &Path) -> Result<Code> {
    let name = file.display();
    if !bytes.starts_with(WASM_MAGIC) {
        return Err(Error::Usage(format!(
            "{name} is not WebAssembly; build it with --target wasm32-wasip1"
        )));
    }
    let size = bytes.len() as u64;
    let sha256: [u8; 32] = Sha256::digest(bytes).into();
    let cid = match cid {
        Some(cid) if names_another_block(&cid, &sha256) => {
            return Err(Error::Usage(format!(
                "{cid} is not the CID of {name}, whose raw block is {}",
                ContentId::raw(sha256)
            )))
        }
        Some(cid) => cid,
        None if size > MAX_BLOCK => {
            return Err(Error::TooLarge {
                what: name.to_string(),
                limit: MAX_BLOCK,
                instead: "Larger files need a content store: defaas store add FILE prints the CID \
                          to give with --cid.",
            })
        }
        None => ContentId::raw(sha256),
    };
    Ok(Code {
        cid,
        sha256,
        size,
        kind: CodeKind::Wasm,
    })
}

/// Whether `cid` is that of a single raw block with another hash.
fn names_another_block(cid: &ContentId, sha256: &[u8; 32]) -> bool {
    cid.0
        .strip_prefix(RAW_SHA256.as_slice())
        .is_some_and(|digest| digest != sha256)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAG: &str = "QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWnPbdG";

    fn wasm(len: usize) -> Vec<u8> {
        let mut bytes = WASM_MAGIC.to_vec();
        bytes.resize(len, 0);
        bytes
    }

    fn of(bytes: &[u8], cid: Option<&str>) -> Result<Code> {
        let cid = cid.map(|cid| cid.parse().unwrap());
        code(bytes, cid, Path::new("f.wasm"))
    }

    #[test]
    fn a_small_file_is_a_single_raw_block() {
        let code = of(&wasm(8), None).unwrap();
        assert_eq!(code.size, 8);
        assert_eq!(code.cid, ContentId::raw(code.sha256));
        assert!(of(&wasm(MAX_BLOCK as usize), None).is_ok());
    }

    #[test]
    fn a_larger_file_needs_its_cid() {
        let large = wasm(MAX_BLOCK as usize + 1);
        let error = of(&large, None).unwrap_err();
        assert!(matches!(
            error,
            Error::TooLarge {
                limit: MAX_BLOCK,
                ..
            }
        ));
        assert!(error.hint().unwrap().contains("--cid"));
        let code = of(&large, Some(DAG)).unwrap();
        assert_eq!(code.cid.to_string(), DAG);
    }

    #[test]
    fn the_cid_of_another_block_is_refused() {
        let own = of(&wasm(8), None).unwrap().cid.to_string();
        assert!(of(&wasm(8), Some(&own)).is_ok());
        assert!(matches!(of(&wasm(9), Some(&own)), Err(Error::Usage(_))));
    }

    #[test]
    fn only_webassembly_is_taken() {
        for bytes in [b"".as_slice(), b"\x7fELF", b"(module)"] {
            assert!(matches!(of(bytes, None), Err(Error::Usage(_))));
        }
    }

    #[test]
    fn no_more_is_read_than_the_network_keeps() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("f.wasm");
        std::fs::write(&file, wasm(9)).unwrap();
        assert!(read(&file, None, 9).is_ok());
        assert!(matches!(
            read(&file, None, 8),
            Err(Error::TooLarge { limit: 8, .. })
        ));
        let missing = folder.path().join("g.wasm");
        assert!(matches!(read(&missing, None, 9), Err(Error::File { .. })));
    }
}
