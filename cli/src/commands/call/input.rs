//! *A file, or content that is on the network already* → read it, bounded → as it stands on chain:
//! *the bytes themselves, or the CID under which a content store has them*.

use crate::{args::CallArgs, chain::types::Input, output::Output, store::Store, Error, Result};
use defaas_primitives::call::{MAX_INLINE, MAX_STORED};
use std::{
    fs::File,
    io::{self, Read},
    path::Path,
};

/// What the function is to read.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Given {
    /// Ready to be sent.
    Ready(Input),
    /// Longer than what stands on chain itself: a store must have it first.
    Long(Vec<u8>),
}

impl Given {
    /// Reads what the command line says; nothing if it says nothing.
    pub fn read(args: &CallArgs, output: &Output) -> Result<Self> {
        match (&args.input_cid, args.input_size) {
            (Some(cid), Some(size)) => by_cid(Input::Stored {
                cid: cid.clone(),
                size: size.0,
            }),
            _ => read(args.input.as_deref(), output).map(Self::from),
        }
    }

    /// Length in bytes.
    pub fn size(&self) -> u32 {
        match self {
            Self::Ready(input) => input.size(),
            Self::Long(bytes) => u32::try_from(bytes.len()).unwrap_or(u32::MAX),
        }
    }

    /// Fails if it needs a store and there is none.
    pub fn check_store(&self, store: Option<&Store>) -> Result<()> {
        match (self, store) {
            (Self::Long(_), None) => Err(too_large(
                format!("the input of {} bytes", self.size()),
                MAX_INLINE,
                "Longer inputs go through a content store: name one with --store and \
                 --store-token, or put the input on the network and give --input-cid and \
                 --input-size.",
            )),
            _ => Ok(()),
        }
    }

    /// As it stands on chain. Puts long bytes into the store first.
    pub async fn on_chain(self, store: Option<&Store>, output: &Output) -> Result<Input> {
        self.check_store(store)?;
        let size = self.size();
        match (self, store) {
            (Self::Ready(input), _) => Ok(input),
            (Self::Long(bytes), Some(store)) => {
                output.progress(format_args!(
                    "putting {size} bytes of input into the store at {}",
                    store.url()
                ));
                let cid = store.add(&bytes).await?;
                Ok(Input::Stored { cid, size })
            }
            // `check_store` has refused it.
            (Self::Long(bytes), None) => Ok(Input::Inline(bytes)),
        }
    }
}

impl From<Vec<u8>> for Given {
    fn from(bytes: Vec<u8>) -> Self {
        if bytes.len() <= MAX_INLINE as usize {
            Self::Ready(Input::Inline(bytes))
        } else {
            Self::Long(bytes)
        }
    }
}

fn by_cid(input: Input) -> Result<Given> {
    if input.size() > MAX_STORED {
        return Err(too_large("the input".into(), MAX_STORED, SHORTER));
    }
    Ok(Given::Ready(input))
}

const SHORTER: &str = "The network takes no longer inputs. Send a shorter one.";

fn too_large(what: String, limit: u32, instead: &'static str) -> Error {
    Error::TooLarge {
        what,
        limit: limit.into(),
        instead,
    }
}

/// Reads `file`, or standard input for `-`; nothing for `None`. At most what the network takes.
fn read(file: Option<&Path>, output: &Output) -> Result<Vec<u8>> {
    let (path, bytes) = match file {
        None => return Ok(Vec::new()),
        Some(path) if path == Path::new("-") => {
            output.reading("the input");
            (Path::new("standard input"), bounded(io::stdin()))
        }
        Some(path) => (path, File::open(path).and_then(bounded)),
    };
    let bytes = bytes.map_err(Error::file(path))?;
    if bytes.len() > MAX_STORED as usize {
        return Err(too_large(path.display().to_string(), MAX_STORED, SHORTER));
    }
    Ok(bytes)
}

/// At most one byte more than the network takes.
fn bounded(from: impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    from.take(u64::from(MAX_STORED) + 1)
        .read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chain::types::ContentId;

    fn screen() -> Output {
        Output::new(true)
    }

    #[test]
    fn without_a_file_the_input_is_empty() {
        assert_eq!(read(None, &screen()).unwrap(), b"");
    }

    #[test]
    fn more_than_4_kib_is_for_a_store_and_without_one_the_error_says_so() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("input");
        std::fs::write(&file, vec![7; 4096]).unwrap();
        let given = Given::from(read(Some(&file), &screen()).unwrap());
        assert_eq!(given, Given::Ready(Input::Inline(vec![7; 4096])));
        given.check_store(None).unwrap();

        std::fs::write(&file, vec![7; 4097]).unwrap();
        let given = Given::from(read(Some(&file), &screen()).unwrap());
        assert_eq!(given, Given::Long(vec![7; 4097]));
        let error = given.check_store(None).unwrap_err();
        assert!(error.to_string().contains("larger than 4096 bytes"));
        assert!(error.hint().unwrap().contains("--store"));
        assert_eq!(error.exit_code(), 6);
    }

    #[test]
    fn more_than_the_network_takes_is_refused_whatever_the_way() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("input");
        let limit = MAX_STORED;
        File::create(&file).unwrap().set_len(limit.into()).unwrap();
        assert_eq!(read(Some(&file), &screen()).unwrap().len(), limit as usize);
        let longer = u64::from(limit) + 1;
        File::create(&file).unwrap().set_len(longer).unwrap();
        assert!(matches!(
            read(Some(&file), &screen()),
            Err(Error::TooLarge {
                limit: 16_777_216,
                ..
            })
        ));
        let stored = |size| {
            by_cid(Input::Stored {
                cid: ContentId::raw([1; 32]),
                size,
            })
        };
        assert!(stored(limit).is_ok());
        assert!(matches!(stored(limit + 1), Err(Error::TooLarge { .. })));
    }

    #[test]
    fn a_missing_file_is_named() {
        let error = read(Some(Path::new("/nonexistent/input")), &screen()).unwrap_err();
        assert!(error.to_string().contains("/nonexistent/input"));
    }
}
