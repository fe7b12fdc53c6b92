//! The store as the rest of the worker sees it: async, with the work on blocking threads, at most
//! [`Config::concurrency`] at once.

mod import;
mod read;
mod tree;
mod wanted;

use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

pub use self::import::{Import, Imported};
pub use self::read::{CopyError, Reader};
pub use self::tree::TreeOptions;

use self::wanted::Wanted;
use crate::cid::Cid;
use crate::config::Config;
use crate::engine::{Engine, Usage};
use crate::error::{Error, Result};
use crate::gc::Collected;
use crate::pins::{Pin, PinKind};
use crate::unixfs::walk::DagStat;
use crate::unixfs::{dir, read as unixfs_read, walk, WalkLimits};

/// The store. Clones share it.
#[derive(Clone)]
pub struct Store {
    engine: Arc<Engine>,
    permits: Arc<Semaphore>,
}

impl Store {
    /// Opens the store, making its folder if missing, and sweeps what a crash left. Reads every
    /// folder, so it blocks for a moment; no runtime is needed.
    ///
    /// One process has a store open at a time: [`Error::InUse`].
    pub fn open(config: Config) -> Result<Self> {
        let permits = Arc::new(Semaphore::new(
            config.concurrency.min(Semaphore::MAX_PERMITS),
        ));
        Ok(Self {
            engine: Arc::new(Engine::open(config)?),
            permits,
        })
    }

    /// Puts a block after checking that it is `cid`. Nothing keeps it: use [`Store::import`] to put
    /// the blocks of a DAG.
    pub async fn put_block(&self, cid: &Cid, block: Bytes) -> Result<()> {
        let cid = cid.clone();
        self.run(move |engine| engine.put(&cid, &block, None)).await
    }

    /// A block, verified.
    pub async fn get_block(&self, cid: &Cid) -> Result<Bytes> {
        let cid = cid.clone();
        self.run(move |engine| engine.blocks().get(&cid)).await
    }

    /// Whether a block is here, unread.
    pub async fn has(&self, cid: &Cid) -> Result<bool> {
        let cid = cid.clone();
        self.run(move |engine| engine.blocks().has(&cid)).await
    }

    /// The length of a file in bytes as its root claims it; reading the file checks the claim.
    pub async fn size_of(&self, cid: &Cid) -> Result<u64> {
        let cid = cid.clone();
        self.walk(move |blocks, _| unixfs_read::claimed_size(&cid, blocks))
            .await
    }

    /// Reads and verifies the whole DAG below `cid`, whatever it is. Succeeds only if all of it is
    /// here.
    pub async fn stat(&self, cid: &Cid) -> Result<DagStat> {
        let (cid, lease) = (cid.clone(), self.lease(cid).await?);
        self.walk(move |blocks, limits| {
            let _lease = lease;
            walk::walk(&cid, blocks, limits)
        })
        .await
    }

    /// Follows `path` (names separated by `/`) down the directories from `cid`. Sharded directories
    /// are [`Error::Unsupported`]; symbolic links are not followed.
    pub async fn resolve(&self, cid: &Cid, path: &str) -> Result<Cid> {
        let (cid, path) = (cid.clone(), path.to_owned());
        self.walk(move |blocks, limits| dir::resolve(&cid, &path, blocks, limits.depth))
            .await
    }

    /// Pins what is below `cid`, whether it is here yet or not. A pin of the same kind and
    /// reference is replaced. When this returns the pin is on the disk.
    pub async fn pin(&self, cid: &Cid, pin: Pin) -> Result<()> {
        let cid = cid.clone();
        self.run(move |engine| engine.pin(cid, pin)).await
    }

    /// Removes a pin; `false` if there was none.
    pub async fn unpin(&self, cid: &Cid, kind: PinKind, reference: u64) -> Result<bool> {
        let cid = cid.clone();
        self.run(move |engine| engine.unpin(cid, kind, reference))
            .await
    }

    /// All pins, or those of one CID.
    pub async fn pins(&self, cid: Option<&Cid>) -> Result<Vec<(Cid, Pin)>> {
        let cid = cid.cloned();
        self.run(move |engine| Ok(engine.list_pins(cid.as_ref())))
            .await
    }

    /// Drops the pins that held until before tick `now`, and removes what neither a pin, a reader
    /// nor a running import holds. The store collects by itself too, when it fills up; but only
    /// this tells it the time.
    pub async fn gc(&self, now: u32) -> Result<Collected> {
        self.run(move |engine| engine.collect(now)).await
    }

    /// How full the store is.
    pub fn usage(&self) -> Usage {
        self.engine.usage()
    }

    /// Whether collecting does not help any more, or no more pins are kept: the provider should take
    /// no further work until pins expire.
    pub fn is_full_of_pins(&self) -> bool {
        self.engine.is_full_of_pins()
    }

    async fn lease(&self, root: &Cid) -> Result<Lease> {
        let root = root.clone();
        let engine = self.engine.clone();
        self.run(move |_| {
            Ok(Lease {
                id: engine.lease_dag(&root)?,
                engine,
            })
        })
        .await
    }

    /// Runs a job that reads any number of blocks. When the caller waits no longer, the job ends at
    /// the next one.
    async fn walk<T: Send + 'static>(
        &self,
        job: impl FnOnce(&Wanted<'_>, WalkLimits) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let stop = CancellationToken::new();
        let _stop_on_drop = stop.clone().drop_guard();
        self.run(move |engine| {
            let blocks = Wanted {
                blocks: engine.blocks(),
                stop: &stop,
            };
            job(&blocks, engine.config().walk_limits())
        })
        .await
    }

    /// Runs a job on a blocking thread, to its end even if the caller waits no longer: jobs that
    /// are not short are to look whether somebody does.
    async fn run<T: Send + 'static>(
        &self,
        job: impl FnOnce(&Engine) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let permit = self
            .permits
            .clone()
            .acquire_owned()
            .await
            .map_err(|_| Error::Stopped)?;
        let engine = self.engine.clone();
        let task = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            job(&engine)
        });
        finished(task.await)?
    }
}

/// The result of a blocking task. A panic in it goes on in the caller.
fn finished<T>(joined: Result<T, tokio::task::JoinError>) -> Result<T> {
    joined.map_err(|error| match error.try_into_panic() {
        Ok(panic) => std::panic::resume_unwind(panic),
        Err(_) => Error::Stopped,
    })
}

/// Keeps blocks as long as it lives.
struct Lease {
    engine: Arc<Engine>,
    id: u64,
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.engine.give_back(self.id);
    }
}
