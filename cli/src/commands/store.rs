//! `defaas store`

use super::{written::Written, Context};
use crate::{
    args::{StoreCommand, LOCAL_STORE},
    chain::types::ContentId,
    file,
    size::Size,
    store::Store,
    Error, Result,
};
use serde::Serialize;
use std::{
    fmt,
    fs::File,
    io::Read,
    path::{Path, PathBuf},
};

/// Largest file that is sent: what a listener takes.
const MAX_FILE: u64 = 64 << 20;

pub(super) async fn run(command: StoreCommand, context: &Context<'_>) -> Result<()> {
    let store = match context.store()? {
        Some(store) => store,
        None => Store::at(LOCAL_STORE, &context.store_token)?,
    };
    match command {
        StoreCommand::Add { file } => add(&store, &file, context).await,
        StoreCommand::Get { cid, output, max } => get(&store, cid, output, max, context).await,
        StoreCommand::Pin { cid } => {
            context.output.progress("asking the store");
            store.pin(&cid).await?;
            context.output.result(&Kept { cid, size: None })
        }
    }
}

#[derive(Serialize)]
struct Kept {
    cid: ContentId,
    #[serde(skip_serializing_if = "Option::is_none")]
    size: Option<usize>,
}

/// The CID alone, so that a script can use it.
impl fmt::Display for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.cid.fmt(f)
    }
}

async fn add(store: &Store, file: &Path, context: &Context<'_>) -> Result<()> {
    let bytes = read(file, MAX_FILE)?;
    context
        .output
        .progress(format_args!("sending {} bytes", bytes.len()));
    let cid = store.add(&bytes).await?;
    let size = Some(bytes.len());
    context.output.result(&Kept { cid, size })
}

fn read(file: &Path, limit: u64) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(file)
        .and_then(|open| open.take(limit.saturating_add(1)).read_to_end(&mut bytes))
        .map_err(Error::file(file))?;
    if bytes.len() as u64 > limit {
        return Err(Error::TooLarge {
            what: file.display().to_string(),
            limit,
            instead: "Stores take no larger files.",
        });
    }
    Ok(bytes)
}

#[derive(Serialize)]
struct Got {
    cid: ContentId,
    size: usize,
    file: String,
}

impl fmt::Display for Got {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes written to {}", self.size, self.file)
    }
}

async fn get(
    store: &Store,
    cid: ContentId,
    output: Option<PathBuf>,
    max: Size,
    context: &Context<'_>,
) -> Result<()> {
    context.output.progress("asking the store");
    let bytes = store.get(&cid, max.0.into()).await?;
    let Some(path) = output else {
        return match context.output.is_json() {
            true => context.output.result(&Written::of(cid, bytes)),
            false => context.output.bytes(&bytes),
        };
    };
    file::write(&path, &bytes)?;
    context.output.result(&Got {
        cid,
        size: bytes.len(),
        file: path.display().to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_is_read_than_a_store_takes() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("f");
        std::fs::write(&file, [7; 9]).unwrap();
        assert_eq!(read(&file, 9).unwrap(), [7; 9]);
        assert!(matches!(
            read(&file, 8),
            Err(Error::TooLarge { limit: 8, .. })
        ));
    }

    #[test]
    fn what_is_kept_is_its_cid_alone() {
        let cid = ContentId::raw([1; 32]);
        let text = cid.to_string();
        let size = Some(3);
        assert_eq!(Kept { cid, size }.to_string(), text);
    }
}
