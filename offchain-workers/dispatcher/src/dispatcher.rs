//! Puts the parts together and watches over them.
//!
//! Trigger: the node starts it → open the journal → run journal, submitter and worker as tasks → on
//! shutdown the worker stops first, then the submitter, then the journal, each when the one before has
//! let go of it. Failure: if one of them ends by itself the others are stopped and [`Fatal`] says
//! which; whoever started the dispatcher starts it again after a pause, and the journal knows where to
//! go on.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::{spawn_blocking, JoinSet};
use tokio_util::sync::CancellationToken;

use crate::config::{Config, ConfigError};
use crate::journal::{Journal, JournalError, Opened, Writer};
use crate::metrics::Metrics;
use crate::ports::Ports;
use crate::submitter::Submitter;
use crate::worker::Worker;

/// An earlier run in this process lets go of the journal only when its last write is done.
const LOCK_TRIES: u32 = 20;
const LOCK_PAUSE: Duration = Duration::from_millis(100);

/// The dispatcher cannot go on. The node can, and should start it again after a pause.
#[derive(Debug, thiserror::Error)]
pub enum Fatal {
    /// The journal cannot be used.
    #[error("the journal cannot be used")]
    Journal(#[from] JournalError),
    /// A part ended by itself.
    #[error("the {part} ended by itself; this is a fault of the program")]
    Ended {
        /// Which part.
        part: &'static str,
    },
}

/// Watches the chain and does what it assigns to this machine.
pub struct Dispatcher {
    config: Config,
    ports: Ports,
    metrics: Arc<Metrics>,
}

impl Dispatcher {
    /// A dispatcher with these bounds and adapters, that counts in `metrics`.
    pub fn new(config: Config, ports: Ports, metrics: Arc<Metrics>) -> Result<Self, ConfigError> {
        config.check()?;
        Ok(Self {
            config,
            ports,
            metrics,
        })
    }

    /// Works until `shutdown`. Dropping the future stops everything at once, as a crash would.
    pub async fn run(self, shutdown: CancellationToken) -> Result<(), Fatal> {
        let journal = open(&self.config, &self.ports).await?;
        self.run_with(journal, shutdown).await
    }

    /// Works with an open journal.
    pub(crate) async fn run_with(
        self,
        journal: Journal,
        shutdown: CancellationToken,
    ) -> Result<(), Fatal> {
        let Self {
            config,
            ports,
            metrics,
        } = self;
        let ledger = journal.ledger().clone();
        let (writer, journal) = Writer::new(journal);
        let (submitter, submit) = Submitter::new(
            config.submit,
            config.work.tracked,
            ports.chain.clone(),
            journal.clone(),
            metrics.clone(),
        );
        let worker = Worker::new(config, ports, &ledger, journal, submit, metrics);
        drop(ledger);

        let stop = shutdown.child_token();
        let mut tasks = JoinSet::new();
        let mut parts = HashMap::new();
        let writer = async move {
            if let Err(error) = writer.run().await {
                log::error!(target: crate::LOG, "the journal's thread was lost: {error}");
            }
        };
        parts.insert(tasks.spawn(writer).id(), "journal");
        parts.insert(tasks.spawn(submitter.run()).id(), "submitter");
        parts.insert(tasks.spawn(worker.run(stop.clone())).id(), "worker");

        let mut result = Ok(());
        while let Some(end) = tasks.join_next_with_id().await {
            let (id, has_panicked) = match &end {
                Ok((id, ())) => (*id, false),
                Err(error) => (error.id(), error.is_panic()),
            };
            if result.is_ok() && (has_panicked || !stop.is_cancelled()) {
                let part = parts.get(&id).copied().unwrap_or("unknown part");
                log::error!(target: crate::LOG, "the {part} ended by itself");
                result = Err(Fatal::Ended { part });
            }
            stop.cancel();
        }
        result
    }
}

async fn open(config: &Config, ports: &Ports) -> Result<Journal, Fatal> {
    let genesis = ports.chain.genesis();
    let mut tries = 0;
    let (journal, opened) = loop {
        let path = config.journal.path.clone();
        let compact_above = config.journal.compact_above;
        let opened = spawn_blocking(move || Journal::open(&path, genesis, compact_above))
            .await
            .map_err(|_| Fatal::Ended { part: "journal" })?;
        tries += 1;
        match opened {
            Err(JournalError::Locked(_)) if tries < LOCK_TRIES => {
                tokio::time::sleep(LOCK_PAUSE).await;
            }
            opened => break opened?,
        }
    };
    let (path, known) = (
        config.journal.path.display(),
        journal.ledger().attempts.len(),
    );
    match opened {
        Opened::Whole { torn: 0 } => {
            log::info!(target: crate::LOG, "journal {path}: {known} attempts to go on with");
        }
        Opened::Whole { torn } => {
            log::warn!(target: crate::LOG, "journal {path}: {known} attempts to go on with; {torn} bytes of an unfinished record cut");
        }
        Opened::Created => {
            log::warn!(target: crate::LOG, "journal {path}: new; attempts that are open now will not be executed");
        }
        Opened::Damaged { damage, kept } => {
            let kept = kept.display();
            log::error!(target: crate::LOG, "journal {path}: {damage}; the old file is kept as {kept}, attempts that are open now and not among the {known} known ones will not be executed");
        }
    }
    Ok(journal)
}
