//! The one task that gives reports to the pool.
//!
//! Trigger: a result, or a new best block → results that wait are put into batches
//! ([`batch::Batches`]) → each batch whose items are open in the best state is sent, at the first time
//! and again with each new best block. Failure: what the pool does not take is sent again with the
//! next block; what it refuses for good is halved, so that one bad item does not hold up the others,
//! and at last sent at growing distances. A result is done with only when the worker says so, which it
//! does when finalized state shows it closed: a re-organisation that opens it again sends it again.

mod batch;

use std::sync::Arc;

use tokio::sync::{mpsc, watch};
use tokio::time::{sleep_until, timeout, Instant};

use self::batch::Batches;
pub(crate) use self::batch::{Item, View};
use crate::config::SubmitConfig;
use crate::journal::{JournalHandle, Record};
use crate::key::AttemptKey;
use crate::metrics::Metrics;
use crate::ports::{Chain, Submission};

#[derive(Debug)]
enum Command {
    Add(Item),
    Forget(AttemptKey),
}

/// Talks to the submitter. If its task has ended, so will the dispatcher, and nothing more is done.
#[derive(Debug)]
pub(crate) struct SubmitterHandle {
    commands: mpsc::Sender<Command>,
    view: watch::Sender<Arc<View>>,
}

impl SubmitterHandle {
    /// A result is to be reported.
    pub(crate) async fn add(&self, item: Item) {
        let _ = self.commands.send(Command::Add(item)).await;
    }

    /// An attempt is over.
    pub(crate) async fn forget(&self, key: AttemptKey) {
        let _ = self.commands.send(Command::Forget(key)).await;
    }

    /// What is open in the best state.
    pub(crate) fn show(&self, view: View) {
        let _ = self.view.send(Arc::new(view));
    }
}

/// The task.
pub(crate) struct Submitter {
    config: SubmitConfig,
    chain: Arc<dyn Chain>,
    journal: JournalHandle,
    metrics: Arc<Metrics>,
    commands: mpsc::Receiver<Command>,
    view: watch::Receiver<Arc<View>>,
    batches: Batches,
}

impl Submitter {
    /// A submitter for at most `tracked` attempts. The worker does not wait for it: each attempt is
    /// added once and forgotten once, and added again only when another branch changed who must report
    /// it, or until when.
    pub(crate) fn new(
        config: SubmitConfig,
        tracked: usize,
        chain: Arc<dyn Chain>,
        journal: JournalHandle,
        metrics: Arc<Metrics>,
    ) -> (Self, SubmitterHandle) {
        let (sender, commands) = mpsc::channel(tracked.saturating_mul(2));
        let (show, view) = watch::channel(Arc::default());
        let submitter = Self {
            config,
            chain,
            journal,
            metrics,
            commands,
            view,
            batches: Batches::new(config.max_items, config.max_bytes),
        };
        let handle = SubmitterHandle {
            commands: sender,
            view: show,
        };
        (submitter, handle)
    }

    /// Works until the worker drops its handle. What it gave before is sent once more or for the
    /// first time, if the pool answers in time.
    pub(crate) async fn run(mut self) {
        // When what waits is sent, full batch or not.
        let mut linger: Option<Instant> = None;
        loop {
            let is_time = async {
                match linger {
                    Some(at) => sleep_until(at).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                command = self.commands.recv() => {
                    match command {
                        Some(command) => self.take(command),
                        None => break,
                    }
                    while let Ok(command) = self.commands.try_recv() {
                        self.take(command);
                    }
                    if self.batches.waiting() >= self.config.max_items {
                        linger = None;
                        self.send().await;
                    } else if linger.is_none() && self.batches.waiting() > 0 {
                        linger = Some(Instant::now() + self.config.linger);
                    }
                }
                Ok(()) = self.view.changed() => {
                    linger = None;
                    self.send().await;
                }
                () = is_time => {
                    linger = None;
                    self.send().await;
                }
            }
        }
        if timeout(self.config.timeout, self.send()).await.is_err() {
            log::warn!(target: crate::LOG, "some results were not sent before the stop");
        }
    }

    fn take(&mut self, command: Command) {
        match command {
            Command::Add(item) => self.batches.add(item),
            Command::Forget(key) => self.batches.forget(&key),
        }
    }

    async fn send(&mut self) {
        let view = self.view.borrow_and_update().clone();
        for (batch, report) in self.batches.due(&view) {
            if batch.is_resend {
                self.metrics.reports_resent.add(1);
            }
            let answer = match timeout(self.config.timeout, self.chain.submit(report)).await {
                Ok(Ok(answer)) => answer,
                Ok(Err(error)) => {
                    log::warn!(target: crate::LOG, "a report was not sent: {error}: {}", crate::causes(&error));
                    Submission::Later
                }
                Err(_) => {
                    log::warn!(target: crate::LOG, "the pool did not answer in time");
                    Submission::Later
                }
            };
            match answer {
                Submission::Accepted | Submission::AlreadyKnown => {
                    self.metrics.reports_accepted.add(1);
                }
                Submission::Later => self.metrics.reports_postponed.add(1),
                Submission::Refused => {
                    log::warn!(target: crate::LOG, "the pool refused a report of {} results", batch.items);
                    self.metrics.reports_refused.add(1);
                }
            }
            let submitted = self.batches.answered(batch.id, answer, &view);
            let records = submitted
                .into_iter()
                .map(|key| Record::Submitted { key })
                .collect();
            if let Err(error) = self.journal.append(records).await {
                // It only informs; after a restart the result is sent again either way.
                log::debug!(target: crate::LOG, "not recorded as sent: {error}");
            }
        }
    }
}
