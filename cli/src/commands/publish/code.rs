//! *A file* → read, check, hash, put into the content store → *what a version executes*.

use crate::{
    chain::types::{Code, CodeKind, ContentId},
    output::Output,
    store::Store,
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

/// Reads `file`, at most `max` bytes of it, and checks that it is WebAssembly.
pub(super) fn read(file: &Path, max: u64) -> Result<Vec<u8>> {
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
    if !bytes.starts_with(WASM_MAGIC) {
        return Err(Error::Usage(format!(
            "{} is not WebAssembly; build it with --target wasm32-wasip1",
            file.display()
        )));
    }
    Ok(bytes)
}

/// Puts the code into `store`, if there is one, and says what a version executes then.
pub(super) async fn place(
    bytes: &[u8],
    store: Option<&Store>,
    file: &Path,
    output: &Output,
) -> Result<Code> {
    let Some(store) = store else {
        return code(bytes, None, file);
    };
    output.progress(format_args!(
        "putting {} bytes of code into the store at {}",
        bytes.len(),
        store.url()
    ));
    code(bytes, Some(store.add(bytes).await?), file)
}

/// What a version executes. The CID is `cid`, or that of the single raw block that `bytes` make.
pub(super) fn code(bytes: &[u8], cid: Option<ContentId>, file: &Path) -> Result<Code> {
    let name = file.display();
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
                instead: "The CID of larger files depends on the content store: name one with \
                          --store and --store-token, or give the CID that it is stored under with \
                          --cid.",
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
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("f.wasm");
        for bytes in [b"".as_slice(), b"\x7fELF", b"(module)"] {
            std::fs::write(&file, bytes).unwrap();
            assert!(matches!(read(&file, 99), Err(Error::Usage(_))));
        }
    }

    #[test]
    fn no_more_is_read_than_the_network_keeps() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("f.wasm");
        std::fs::write(&file, wasm(9)).unwrap();
        assert!(read(&file, 9).is_ok());
        assert!(matches!(
            read(&file, 8),
            Err(Error::TooLarge { limit: 8, .. })
        ));
        let missing = folder.path().join("g.wasm");
        assert!(matches!(read(&missing, 9), Err(Error::File { .. })));
    }
}
