//! The loop that turns the work list into work.
//!
//! Trigger: a wake-up, a lost one made up for by a timer, or a task that ended → look at the chain
//! ([`look`]) → take new attempts, give up late ones, cut those that are gone, let as many run as
//! there is room for → close what finality has decided ([`close`]). Failure: a chain that cannot be
//! asked or a journal that cannot be written leaves everything as it is until the next look; nothing
//! new begins without the journal.

mod close;
mod deadline;
mod execute;
mod jobs;
mod look;
mod quarantine;
mod reader;
mod room;

use std::sync::Arc;

use defaas_primitives::{Fault, Tick};
use futures::{FutureExt, StreamExt};
use tokio::task::{JoinError, JoinSet};
use tokio::time::{Instant, MissedTickBehavior};
use tokio_util::sync::CancellationToken;

use self::deadline::Pace;
use self::execute::{End, Finish, Workshop};
use self::jobs::{Attempt, Cut, Jobs, Step};
use self::quarantine::Quarantine;
use self::reader::Reader;
use self::room::Room;
use crate::config::Config;
use crate::journal::{Assignment, Conclusion, JournalHandle, Ledger, Record, Stage};
use crate::key::AttemptKey;
use crate::metrics::Metrics;
use crate::ports::{BlockRef, Ports};
use crate::submitter::SubmitterHandle;

/// Most wake-ups taken as one.
const MAX_COALESCED: usize = 1_024;

/// The worker.
pub(crate) struct Worker {
    config: Config,
    shop: Workshop,
    reader: Reader,
    submitter: SubmitterHandle,
    jobs: Jobs,
    running: JoinSet<Finish>,
    quarantine: Quarantine,
    pace: Pace,
    /// Tick at the last look.
    tick: Tick,
    /// Best block of the last look that left nothing to be repeated.
    last_best: Option<BlockRef>,
    last_finalized: Option<BlockRef>,
    /// Nothing begins before the next look, since the journal did not take a start.
    is_paused: bool,
    /// Attempts that were taken before the restart and never begun.
    leftovers: Vec<AttemptKey>,
}

impl Worker {
    /// A worker that goes on where the journal ends.
    pub(crate) fn new(
        config: Config,
        ports: Ports,
        ledger: &Ledger,
        journal: JournalHandle,
        submitter: SubmitterHandle,
        metrics: Arc<Metrics>,
    ) -> Self {
        let shop = Workshop {
            ports: ports.clone(),
            journal,
            content: config.content,
            executor: config.executor,
            room: Arc::new(Room::new(&config.work)),
            metrics,
        };
        let reader = Reader {
            chain: ports.chain,
            timeout: config.time.chain_timeout,
            most: config.work.tracked,
            before: ledger.last_provider(),
        };
        let mut worker = Self {
            quarantine: Quarantine::new(ledger.settled, config.work.lost_journal_blocks),
            config,
            shop,
            reader,
            submitter,
            jobs: Jobs::default(),
            running: JoinSet::new(),
            pace: Pace::default(),
            tick: 0,
            last_best: None,
            last_finalized: None,
            is_paused: false,
            leftovers: Vec::new(),
        };
        for (key, stage) in &ledger.attempts {
            worker.resume(*key, stage);
        }
        worker
    }

    /// Takes up an attempt from before the restart.
    fn resume(&mut self, key: AttemptKey, stage: &Stage) {
        match stage {
            // Nothing has begun. If it is still open the next look takes it anew.
            Stage::Accepted(_) => self.leftovers.push(key),
            Stage::Started(assignment) => {
                log::warn!(target: crate::LOG, "attempt {key} was cut off by the restart");
                let conclusion = Conclusion::fault(Fault::Interrupted);
                self.conclude(key, assignment.clone(), conclusion, false);
            }
            Stage::Executed(assignment, conclusion) | Stage::Submitted(assignment, conclusion) => {
                let conclusion = conclusion.as_ref().clone();
                self.jobs
                    .conclude(key, assignment.clone(), conclusion, true);
            }
            Stage::Vanished(assignment, at) => {
                let step = Step::Vanished { at: *at };
                let attempt = Attempt {
                    assignment: assignment.clone(),
                    gone_since: Some(*at),
                    step,
                };
                self.jobs.attempts.insert(key, attempt);
            }
        }
    }

    /// Works until `shutdown`, then lets what runs end within the grace.
    pub(crate) async fn run(mut self, shutdown: CancellationToken) {
        let mut news = self.shop.ports.chain.news();
        let mut has_news = true;
        let mut poll = tokio::time::interval(self.config.work.poll_every);
        poll.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = shutdown.cancelled() => break,
                Some(finish) = self.running.join_next() => self.finished(finish).await,
                wake = news.next(), if has_news => {
                    let woken = Instant::now();
                    has_news = wake.is_some();
                    for _ in 0..MAX_COALESCED {
                        match news.next().now_or_never() {
                            Some(Some(())) => {}
                            Some(None) => { has_news = false; break }
                            None => break,
                        }
                    }
                    tokio::select! {
                        () = shutdown.cancelled() => break,
                        () = self.look(woken) => {}
                    }
                }
                _ = poll.tick() => {
                    if !has_news {
                        log::warn!(target: crate::LOG, "the stream of blocks ended; asking for another");
                        news = self.shop.ports.chain.news();
                        has_news = true;
                    }
                    tokio::select! {
                        () = shutdown.cancelled() => break,
                        () = self.look(Instant::now()) => {}
                    }
                }
            }
        }
        self.drain().await;
    }

    /// Lets what runs end. What does not end in time is interrupted: the journal knows it as started.
    async fn drain(mut self) {
        self.is_paused = true;
        let grace = self.config.work.shutdown_grace;
        let rest = async {
            while let Some(finish) = self.running.join_next().await {
                self.finished(finish).await;
            }
        };
        if tokio::time::timeout(grace, rest).await.is_err() {
            let cut = self.running.len();
            log::warn!(target: crate::LOG, "{cut} attempts did not end before the stop");
            self.running.shutdown().await;
        }
    }

    /// A task ended.
    async fn finished(&mut self, finish: Result<Finish, JoinError>) {
        let Finish { key, end } = match finish {
            Ok(finish) => finish,
            Err(error) => {
                // Tasks catch their panics, and nothing but the end of the worker aborts them.
                log::error!(target: crate::LOG, "a task of a job was lost: {error}");
                return;
            }
        };
        let Some(Attempt {
            assignment,
            step:
                Step::Running {
                    cut,
                    since,
                    job,
                    seen_at,
                    ..
                },
            ..
        }) = self.jobs.attempts.get(&key)
        else {
            log::error!(target: crate::LOG, "attempt {key} ended and is not known to run");
            return;
        };
        let (assignment, cut, job, seen_at) = (assignment.clone(), *cut, job.clone(), *seen_at);
        self.pace.observe(since.elapsed());
        match end {
            End::Concluded { conclusion, saved } => {
                self.conclude(key, assignment, conclusion, saved);
            }
            End::NotStarted => {
                self.jobs.enqueue(key, assignment, job, seen_at);
                self.is_paused = true;
                self.last_best = None;
            }
            End::Cut { started: false, .. } if cut == Some(Cut::Gone) => {
                self.jobs.forget(&key);
                self.record(vec![Record::Finalized { key }]).await;
            }
            End::Cut { trouble, .. } => {
                let fault = match cut {
                    Some(Cut::Late) => trouble.unwrap_or(Fault::Overloaded),
                    Some(Cut::Gone) | None => Fault::Interrupted,
                };
                self.conclude(key, assignment, Conclusion::fault(fault), false);
            }
        }
        self.hand_over().await;
        self.fill();
    }

    /// An attempt ended.
    fn conclude(
        &mut self,
        key: AttemptKey,
        assignment: Assignment,
        conclusion: Conclusion,
        saved: bool,
    ) {
        let outcome = crate::metrics::outcome_label(&conclusion.outcome);
        log::debug!(target: crate::LOG, "attempt {key} ended: {outcome}");
        self.shop.metrics.concluded(&conclusion.outcome);
        self.jobs.conclude(key, assignment, conclusion, saved);
    }

    /// Lets as many run as there is room for.
    fn fill(&mut self) {
        while !self.is_paused && self.running.len() < self.config.work.in_flight {
            let cancel = CancellationToken::new();
            let Some(start) = self.jobs.start_next(&cancel) else {
                break;
            };
            self.running
                .spawn(execute::run(self.shop.clone(), start, cancel));
        }
        let metrics = &self.shop.metrics;
        metrics.in_flight.set(self.running.len());
        metrics.queued.set(self.jobs.queued());
        metrics.tracked.set(self.jobs.attempts.len());
    }

    /// Writes records. Returns whether the journal took them; if not, the next look tries again.
    async fn record(&mut self, records: Vec<Record>) -> bool {
        match self.shop.journal.append(records).await {
            Ok(()) => true,
            Err(error) => {
                log::error!(target: crate::LOG, "{error}: {}", crate::causes(&error));
                self.shop.metrics.journal_errors.add(1);
                self.last_best = None;
                false
            }
        }
    }
}
