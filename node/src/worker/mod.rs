//! The worker of this node: what a provider's machine does beside following the chain.
//!
//! ```text
//!  client, pool, keystore ◀─chain──▶ notices ◀── health of all parts
//!          │
//!          └─────────────────chain──▶ dispatcher ──executor──▶ function runtime (process)
//!                                        │content                  │ reads
//!  upload listener ──▶ store ◀───────────┘──── files of code ◀─────┘
//!  gateway ◀─────────────┘
//! ```
//!
//! The node starts it if its keystore holds a worker key. It must never hurt the validator: it has
//! threads of its own, on which a panic unwinds instead of ending the process, and a supervisor that
//! starts again whatever fails.

mod bounds;
mod chain;
mod content;
mod endpoint;
mod executor;
mod folder;
mod health;
mod health_metrics;
mod listeners;
mod metrics;
mod notices;
mod params;
mod parts;
mod probe;
mod runtime_process;
mod supervisor;

pub use params::WorkerParams;

use crate::service::{FullClient, FullPool};
use chain::NodeChain;
use defaas_primitives::worker::WORKER_KEY_TYPE;
use defaas_runtime::opaque::Block;
use folder::{Folder, FolderError};
use parts::Parts;
use sc_network_sync::SyncingService;
use sc_service::Configuration;
use sp_keystore::{Keystore, KeystorePtr};
use std::{
    io,
    path::PathBuf,
    sync::{
        mpsc::{channel, Receiver},
        Arc,
    },
    thread,
    time::Duration,
};
use substrate_prometheus_endpoint::Registry;
use tokio_util::sync::CancellationToken;

/// Target of the worker's log lines.
const LOG: &str = "defaas::worker";
/// Threads beside those for blocking work. The worker waits more than it computes.
const THREADS: usize = 2;
/// Most threads for blocking work: reads of the chain and the disk.
const BLOCKING_THREADS: usize = 32;
/// Blocking work may end for so long when the worker has stopped.
const LAST_WAIT: Duration = Duration::from_secs(1);
/// The node waits at most so long for the worker to stop.
const STOP_TIMEOUT: Duration = Duration::from_secs(20);

/// What the worker works with.
pub struct Deps {
    /// The client.
    pub client: Arc<FullClient>,
    /// The transaction pool.
    pub pool: Arc<FullPool>,
    /// Keys of this node.
    pub keystore: KeystorePtr,
    /// Knows whether the node is still catching up.
    pub sync: Arc<SyncingService<Block>>,
    /// Where metrics are published, if anywhere.
    pub registry: Option<Registry>,
    /// Folder of the worker.
    pub root: PathBuf,
    /// Options of the command line.
    pub params: WorkerParams,
}

/// Why the worker does not run.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Its folder cannot be used.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// The system refuses a thread.
    #[error("the system refuses a thread: {0}")]
    Thread(#[from] io::Error),
}

/// The running worker. Dropping it stops it and waits until it has let go of its files.
pub struct Worker {
    shutdown: CancellationToken,
    ended: Receiver<()>,
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.shutdown.cancel();
        // The other end is dropped when the worker has ended.
        if let Err(std::sync::mpsc::RecvTimeoutError::Timeout) =
            self.ended.recv_timeout(STOP_TIMEOUT)
        {
            log::warn!(target: LOG, "the worker did not stop in {STOP_TIMEOUT:?} and is left behind");
        }
    }
}

/// Where the worker of a node with this configuration keeps its state.
pub fn root(config: &Configuration) -> PathBuf {
    let chain = config.base_path.config_dir(config.chain_spec.id());
    chain.join("worker")
}

/// Starts the worker, unless it is switched off or there is no worker key.
///
/// # Errors
///
/// See [`StartError`]. The node does well without a worker.
pub fn start(deps: Deps) -> Result<Option<Worker>, StartError> {
    if deps.params.no_worker {
        return Ok(None);
    }
    if deps
        .keystore
        .sr25519_public_keys(WORKER_KEY_TYPE)
        .is_empty()
    {
        log::info!(
            target: LOG,
            "no worker key in the keystore: this node runs no functions. To be a provider, insert a \
             key (`key insert --key-type faas --scheme sr25519`) and start again"
        );
        return Ok(None);
    }
    let folder = Folder::open(deps.root)?;
    let metrics = Arc::default();
    let health = Arc::default();
    if let Some(registry) = &deps.registry {
        let published = metrics::publish(&metrics, registry)
            .and_then(|()| health_metrics::publish(&health, registry));
        if let Err(error) = published {
            log::warn!(target: LOG, "the worker's metrics are not published: {error}");
        }
    }
    let parts = Parts {
        chain: NodeChain::new(deps.client, deps.pool, deps.keystore, deps.sync),
        folder,
        metrics,
        health,
        params: deps.params,
    };
    let shutdown = CancellationToken::new();
    let (alive, ended) = channel();
    let stop = shutdown.clone();
    let runtime = runtime()?;
    thread::Builder::new()
        .name("faas-worker".into())
        .spawn(move || {
            unwind_on_panic();
            runtime.block_on(parts.run(stop));
            runtime.shutdown_timeout(LAST_WAIT);
            drop(alive);
        })?;
    Ok(Some(Worker { shutdown, ended }))
}

/// The worker's own threads.
fn runtime() -> io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(THREADS)
        .max_blocking_threads(BLOCKING_THREADS)
        .thread_name("faas-worker")
        .on_thread_start(unwind_on_panic)
        .enable_all()
        .build()
}

/// The node's panic hook ends the process, because a validator that goes on after a fault of its
/// own could do harm. On the worker's threads a panic unwinds: it is contained there.
fn unwind_on_panic() {
    // Dropped, the guard would restore what was before.
    std::mem::forget(sp_panic_handler::AbortGuard::never_abort());
}

/// An error and its causes in one line.
fn causes(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let message = error.to_string();
        // Many errors repeat their cause.
        if !text.contains(&message) {
            text.push_str(": ");
            text.push_str(&message);
        }
        cause = error.source();
    }
    text
}
