//! Imports: files in, blocks and a pin out; and whole DAGs made by others, block by block.

use bytes::{BufMut, Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt};

use super::{Lease, Store};
use crate::cid::Cid;
use crate::error::{Error, Result};
use crate::pins::Pin;
use crate::unixfs::balanced::Child;
use crate::unixfs::import::{FileBuilder, UNIXFS_V1_2025};

/// What an import made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Imported {
    /// The root.
    pub cid: Cid,
    /// Length of the content in bytes; of a folder, that of all files in it.
    pub size: u64,
    /// Length of all its blocks in bytes, repeated ones counted each time.
    pub cumulative_size: u64,
}

impl Imported {
    pub(super) fn new(root: Child, size: u64) -> Self {
        Self {
            cid: root.cid,
            size,
            cumulative_size: root.cumulative,
        }
    }
}

/// An import in progress. What it has put stays in the store until it is finished or dropped; then
/// only pins keep it.
pub struct Import {
    store: Store,
    lease: Lease,
}

impl Import {
    /// Puts a block after checking that it is `cid`.
    pub async fn put_block(&self, cid: &Cid, block: Bytes) -> Result<()> {
        let (cid, lease) = (cid.clone(), self.lease.id);
        self.store
            .run(move |engine| engine.put(&cid, &block, Some(lease)))
            .await
    }

    /// Pins the root and ends the import. Whether the DAG is complete is not checked:
    /// [`Store::stat`] does.
    pub async fn finish(self, root: &Cid, pin: Pin) -> Result<()> {
        self.store.pin(root, pin).await
    }
}

impl Store {
    /// Begins to import a DAG that others made, block by block in any order.
    pub async fn import(&self) -> Result<Import> {
        let engine = self.engine.clone();
        let lease = self
            .run(move |_| {
                Ok(Lease {
                    id: engine.lease_import(),
                    engine,
                })
            })
            .await?;
        Ok(Import {
            store: self.clone(),
            lease,
        })
    }

    /// Imports a file of at most `max_bytes` under the profile `unixfs-v1-2025`, in memory of a few
    /// chunks. When this returns, blocks and pin are on the disk. Without a pin the file may be
    /// collected at any time.
    pub async fn import_file(
        &self,
        mut reader: impl AsyncRead + Unpin,
        max_bytes: u64,
        pin: Option<Pin>,
    ) -> Result<Imported> {
        let import = self.import().await?;
        let lease = import.lease.id;
        let mut file = FileBuilder::new(UNIXFS_V1_2025);
        let mut size = 0;
        loop {
            let chunk = next_chunk(&mut reader).await.map_err(Error::Source)?;
            size += chunk.len() as u64;
            if size > max_bytes {
                return Err(Error::TooLarge { limit: max_bytes });
            }
            if chunk.is_empty() {
                break;
            }
            let added = self.run(move |engine| {
                file.chunk(chunk, &mut |cid, block| {
                    engine.put_hashed(cid, &block, Some(lease))
                })?;
                Ok(file)
            });
            file = added.await?;
        }
        let closed = self.run(move |engine| {
            file.finish(&mut |cid, block| engine.put_hashed(cid, &block, Some(lease)))
        });
        let root = closed.await?;
        if let Some(pin) = pin {
            import.finish(&root.cid, pin).await?;
        }
        Ok(Imported::new(root, size))
    }
}

/// A whole chunk, or what is left; empty at the end.
async fn next_chunk(reader: &mut (impl AsyncRead + Unpin)) -> std::io::Result<Bytes> {
    let length = UNIXFS_V1_2025.chunk_bytes;
    let mut chunk = BytesMut::with_capacity(length);
    while chunk.len() < length {
        let room = length - chunk.len();
        if reader.read_buf(&mut (&mut chunk).limit(room)).await? == 0 {
            break;
        }
    }
    Ok(chunk.freeze())
}
