//! Blocks for as long as somebody waits for what is made of them.
//!
//! A job on a blocking thread goes on when the future that waits for it is dropped, and keeps its
//! permit so long. A job that walks over a stranger's DAG may take its time. So it reads through
//! [`Wanted`], which refuses the next block once nobody waits any more.

use bytes::Bytes;
use tokio_util::sync::CancellationToken;

use crate::blockstore::BlockStore;
use crate::cid::Cid;
use crate::error::{Error, Result};
use crate::unixfs::Blocks;

/// Blocks, until `stop` is cancelled; from then on [`Error::Stopped`].
pub(super) struct Wanted<'a> {
    pub(super) blocks: &'a BlockStore,
    pub(super) stop: &'a CancellationToken,
}

impl Blocks for Wanted<'_> {
    fn block(&self, cid: &Cid) -> Result<Bytes> {
        if self.stop.is_cancelled() {
            return Err(Error::Stopped);
        }
        self.blocks.block(cid)
    }
}
