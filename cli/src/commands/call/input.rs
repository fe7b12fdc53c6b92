//! What the function reads.

use crate::{Error, Result};
use defaas_primitives::call::MAX_INLINE;
use std::{
    fs::File,
    io::{self, Read},
    path::Path,
};

/// Reads `file`, or standard input for `-`; nothing for `None`. At most what stands on chain itself.
pub(super) fn read(file: Option<&Path>) -> Result<Vec<u8>> {
    match file {
        None => Ok(Vec::new()),
        Some(path) if path == Path::new("-") => {
            bounded(io::stdin(), "standard input").map_err(|error| error.at("standard input"))
        }
        Some(path) => {
            let name = path.display().to_string();
            let open = File::open(path).map_err(Error::file(path))?;
            bounded(open, &name).map_err(|error| error.at(path))
        }
    }
}

enum Problem {
    Io(io::Error),
    TooLarge(String),
}

impl Problem {
    fn at(self, path: impl AsRef<Path>) -> Error {
        match self {
            Self::Io(error) => Error::file(path.as_ref())(error),
            Self::TooLarge(what) => Error::TooLarge {
                what,
                limit: MAX_INLINE.into(),
                instead: "Longer inputs need a content store, which this release cannot use yet. \
                          Send a shorter input.",
            },
        }
    }
}

fn bounded(from: impl Read, what: &str) -> std::result::Result<Vec<u8>, Problem> {
    let mut bytes = Vec::new();
    from.take(u64::from(MAX_INLINE) + 1)
        .read_to_end(&mut bytes)
        .map_err(Problem::Io)?;
    if bytes.len() > MAX_INLINE as usize {
        return Err(Problem::TooLarge(what.into()));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_file_the_input_is_empty() {
        assert_eq!(read(None).unwrap(), b"");
    }

    #[test]
    fn inputs_up_to_4_kib_are_taken_and_longer_ones_name_the_limit() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("input");
        std::fs::write(&file, vec![7; 4096]).unwrap();
        assert_eq!(read(Some(&file)).unwrap().len(), 4096);
        std::fs::write(&file, vec![7; 4097]).unwrap();
        let error = read(Some(&file)).unwrap_err();
        assert!(error.to_string().contains("larger than 4096 bytes"));
        assert!(error.hint().unwrap().contains("content store"));
        assert_eq!(error.exit_code(), 6);
    }

    #[test]
    fn a_missing_file_is_named() {
        let error = read(Some(Path::new("/nonexistent/input"))).unwrap_err();
        assert!(error.to_string().contains("/nonexistent/input"));
    }
}
