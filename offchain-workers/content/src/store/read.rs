//! Reading files, one block a turn: between two blocks others may have the disk, and who stops
//! waiting gives it up with the block that is being read.

use bytes::Bytes;
use futures::stream::{self, Stream};
use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio::task::JoinHandle;

use super::{finished, Lease, Store};
use crate::cid::Cid;
use crate::error::{Error, Result};
use crate::unixfs::read::FileWalk;
use crate::verify::Check;

/// Most memory set aside because a root claims a length, in bytes; beyond it memory grows with what
/// is really there.
const MAX_RESERVED_BYTES: usize = 64 << 20;

impl Store {
    /// Reads a file in the order of its bytes, block by block, each verified. Fails with
    /// [`Error::TooLarge`] at the first byte beyond `max_bytes`. What is read stays in the store
    /// as long as the reader lives.
    pub async fn cat(&self, cid: &Cid, max_bytes: u64) -> Result<Reader> {
        let lease = self.lease(cid).await?;
        let limits = self.engine.config().walk_limits();
        let walk = FileWalk::new(cid.clone(), limits, max_bytes);
        Ok(Reader {
            store: self.clone(),
            _lease: lease,
            state: State::Idle(Box::new(walk)),
        })
    }

    /// Reads a whole file of at most `max_bytes` into memory.
    pub async fn read_all(&self, cid: &Cid, max_bytes: u64) -> Result<Bytes> {
        self.cat(cid, max_bytes).await?.join(|_| {}).await
    }

    /// Reads a whole file into memory and checks that it is the one that was published: its length
    /// in bytes and its sha-256. The CID is verified in any case; this verifies that the content is
    /// the one which the chain records, whatever DAG it was put in.
    pub async fn read_verified(&self, cid: &Cid, sha256: [u8; 32], size: u64) -> Result<Bytes> {
        let mut check = Check::new(sha256, size);
        let reader = self.cat(cid, size).await?;
        let content = reader.join(|part| check.update(part)).await;
        let content = content.map_err(|error| check.explain(error))?;
        check.finish()?;
        Ok(content)
    }

    /// Like [`Store::read_verified`], for content that should not be in memory as a whole: writes
    /// it to `writer` part by part. Whoever calls throws away what was written when this fails.
    pub async fn copy_verified(
        &self,
        cid: &Cid,
        sha256: [u8; 32],
        size: u64,
        writer: &mut (impl AsyncWrite + Unpin),
    ) -> Result<(), CopyError> {
        let mut check = Check::new(sha256, size);
        let mut reader = self.cat(cid, size).await?;
        while let Some(part) = reader.next().await.map_err(|error| check.explain(error))? {
            check.update(&part);
            writer
                .write_all(&part)
                .await
                .map_err(CopyError::Destination)?;
        }
        check.finish()?;
        writer.flush().await.map_err(CopyError::Destination)
    }
}

/// Why content was not copied.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// Reading or verifying failed.
    #[error(transparent)]
    Content(#[from] Error),
    /// Writing failed.
    #[error("the content could not be written: {0}")]
    Destination(#[source] std::io::Error),
}

/// A file being read.
pub struct Reader {
    store: Store,
    _lease: Lease,
    state: State,
}

type Step = (Box<FileWalk>, Result<Option<Bytes>>);

enum State {
    Idle(Box<FileWalk>),
    /// A block is being read. Kept here, so that a caller who gives up waiting can come back.
    Busy(JoinHandle<Step>),
    End,
    Failed,
}

impl Reader {
    /// The next bytes of the file, never empty; `None` at the end. Cancellation safe. After an
    /// error every further call fails with [`Error::Stopped`].
    pub async fn next(&mut self) -> Result<Option<Bytes>> {
        loop {
            match self.step().await? {
                Some(part) if part.is_empty() => {}
                part => return Ok(part),
            }
        }
    }

    /// What the next block has of the file, which may be nothing; `None` at the end.
    async fn step(&mut self) -> Result<Option<Bytes>> {
        if let State::Idle(_) = self.state {
            let permit = self.store.permits.clone().acquire_owned().await;
            let permit = permit.map_err(|_| Error::Stopped)?;
            let State::Idle(mut walk) = std::mem::replace(&mut self.state, State::Failed) else {
                return Err(Error::Stopped);
            };
            let engine = self.store.engine.clone();
            self.state = State::Busy(tokio::task::spawn_blocking(move || {
                let _permit = permit;
                let read = walk.next(engine.blocks());
                (walk, read)
            }));
        }
        match &mut self.state {
            State::Busy(task) => {
                let joined = task.await;
                self.state = State::Failed;
                let (walk, read) = finished(joined)?;
                match &read {
                    Ok(Some(_)) => self.state = State::Idle(walk),
                    Ok(None) => self.state = State::End,
                    Err(_) => {}
                }
                read
            }
            State::End => Ok(None),
            State::Idle(_) | State::Failed => Err(Error::Stopped),
        }
    }

    /// Reads to the end and joins the parts, showing each to `see`. A file in one block is not
    /// copied.
    async fn join(mut self, mut see: impl FnMut(&[u8])) -> Result<Bytes> {
        let Some(first) = self.next().await? else {
            return Ok(Bytes::new());
        };
        see(&first);
        let Some(second) = self.next().await? else {
            return Ok(first);
        };
        see(&second);
        let mut content = Vec::with_capacity(self.claimed().min(MAX_RESERVED_BYTES));
        content.extend_from_slice(&first);
        content.extend_from_slice(&second);
        while let Some(part) = self.next().await? {
            see(&part);
            content.extend_from_slice(&part);
        }
        Ok(content.into())
    }

    /// The length that the root claims, in bytes; 0 if it claims none or has not been read.
    fn claimed(&self) -> usize {
        let claimed = match &self.state {
            State::Idle(walk) => walk.claimed().unwrap_or(0),
            State::Busy(_) | State::End | State::Failed => 0,
        };
        usize::try_from(claimed).unwrap_or(usize::MAX)
    }

    /// The rest of the file as a stream, which ends after an error.
    pub fn into_stream(self) -> impl Stream<Item = Result<Bytes>> + Send {
        stream::try_unfold(self, |mut reader| async move {
            Ok(reader.next().await?.map(|part| (part, reader)))
        })
    }
}
