//! One look at the chain.
//!
//! Trigger: a wake-up or the timer → unless the node is behind, read tick and work list in the state
//! of the best block → compare with what is known → take, refuse, cut, give up → tell the submitter
//! what is open → let jobs begin → close. The same best block is not looked at twice, except after a
//! failure.

use std::sync::Arc;

use defaas_primitives::{Fault, Job, ProviderId};
use tokio::time::Instant;

use super::jobs::{Cut, Step};
use super::reader::State;
use super::{deadline, Worker};
use crate::journal::{Assignment, Conclusion, JournalError, Record};
use crate::key::AttemptKey;
use crate::ports::{BlockRef, ChainError};
use crate::submitter::View;

/// Results written at once.
const MAX_RECORDS: usize = 256;

impl Worker {
    /// Looks. A failure is logged and made up for by the next look.
    pub(super) async fn look(&mut self, woken: Instant) {
        self.shop.metrics.looks.add(1);
        if let Err(error) = self.try_look(woken).await {
            self.shop.metrics.look_errors.add(1);
            log::warn!(target: crate::LOG, "{error}: {}", crate::causes(&error));
        }
    }

    async fn try_look(&mut self, woken: Instant) -> Result<(), ChainError> {
        if self.reader.is_syncing().await? {
            return Ok(());
        }
        let best = self.reader.best().await?;
        if self.last_best != Some(best) {
            let state = self.reader.state(best).await?;
            self.last_best = Some(best);
            self.act(best, state, woken).await;
        }
        let finalized = self.reader.finalized().await?;
        if self.last_finalized != Some(finalized) {
            self.close(finalized).await?;
        }
        Ok(())
    }

    async fn act(&mut self, best: BlockRef, state: State, woken: Instant) {
        let State {
            tick,
            provider,
            list,
        } = state;
        self.tick = tick;
        self.is_paused = false;
        let is_quarantined = self.quarantine.covers(best.number);
        let mut is_whole = list.cut_at.is_none();
        let seen = self.jobs.observe(best, list);
        if let Some(provider) = provider {
            for job in seen.returned {
                let key = AttemptKey::from(&job);
                log::warn!(target: crate::LOG, "attempt {key} came back from an abandoned branch");
                let conclusion = Conclusion::fault(Fault::Interrupted);
                self.conclude(key, assignment(provider, &job, best), conclusion, false);
            }
            is_whole &= self
                .admit(seen.fresh, provider, best, is_quarantined, woken)
                .await;
        }
        self.drop_gone(best).await;
        self.give_up_late();
        self.hand_over().await;
        self.submitter.show(View {
            best,
            tick,
            open: self.jobs.open().collect(),
        });
        // Only when the journal has everything that was open: what was left out may have been executed
        // before the loss just as well.
        if self.quarantine.ends_with(best.number)
            && is_whole
            && self.last_best.is_some()
            && self.record(vec![Record::Settled]).await
        {
            self.quarantine.end();
        }
        self.fill();
    }

    /// Takes or refuses new attempts. Returns whether there was room to remember all of them.
    async fn admit(
        &mut self,
        fresh: Vec<Job>,
        provider: ProviderId,
        best: BlockRef,
        is_quarantined: bool,
        woken: Instant,
    ) -> bool {
        let mut room = self
            .config
            .work
            .tracked
            .saturating_sub(self.jobs.attempts.len());
        // Nothing begins before these are written, so they cannot undo a later record.
        let mut records: Vec<_> = self
            .leftovers
            .iter()
            .map(|key| Record::Finalized { key: *key })
            .collect();
        let mut taken = Vec::new();
        let mut not_tracked = 0;
        for job in fresh {
            if room == 0 {
                not_tracked += 1;
                continue;
            }
            room -= 1;
            let key = AttemptKey::from(&job);
            let assignment = assignment(provider, &job, best);
            let waiting = self.jobs.queued() + taken.len();
            let refusal = if is_quarantined {
                Some(Fault::Interrupted)
            } else if waiting >= self.config.work.queued
                || self.is_hopeless(&assignment, self.running.len() + waiting)
            {
                Some(Fault::Overloaded)
            } else {
                None
            };
            match refusal {
                Some(fault) => self.conclude(key, assignment, Conclusion::fault(fault), false),
                None => {
                    records.push(Record::Accepted {
                        key,
                        assignment: assignment.clone(),
                    });
                    taken.push((key, assignment, job));
                }
            }
        }
        if not_tracked > 0 {
            log::error!(target: crate::LOG, "{not_tracked} assignments not taken: too many are remembered");
            self.shop.metrics.not_tracked.add(not_tracked);
        }
        if self.record(records).await {
            self.leftovers.clear();
            for (key, assignment, job) in taken {
                self.jobs.enqueue(key, assignment, Arc::new(job), woken);
            }
        }
        not_tracked == 0
    }

    /// Whether an attempt with `ahead` others before it cannot be reported in time.
    fn is_hopeless(&self, assignment: &Assignment, ahead: usize) -> bool {
        let time = &self.config.time;
        let left = deadline::time_left(self.tick, assignment.deadline, time);
        left.is_zero() || self.pace.wait(ahead, self.config.work.in_flight) > left
    }

    /// Forgets what waits and is gone, and cuts what runs and has been gone for a while.
    async fn drop_gone(&mut self, best: BlockRef) {
        let patience = self.config.work.cancel_after_blocks;
        let mut forgotten = Vec::new();
        for (key, attempt) in &mut self.jobs.attempts {
            let Some(since) = attempt.gone_since else {
                continue;
            };
            match &mut attempt.step {
                Step::Queued { .. } => forgotten.push(*key),
                Step::Running { cancel, cut, .. }
                    if cut.is_none() && best.number.saturating_sub(since) >= patience =>
                {
                    *cut = Some(Cut::Gone);
                    cancel.cancel();
                    self.shop.metrics.cancelled.add(1);
                }
                Step::Running { .. } | Step::Concluded { .. } | Step::Vanished { .. } => {}
            }
        }
        for key in &forgotten {
            self.jobs.forget(key);
        }
        let records = forgotten
            .into_iter()
            .map(|key| Record::Finalized { key })
            .collect();
        self.record(records).await;
    }

    /// Reports as overload what will not end in time, while there is time to report it.
    fn give_up_late(&mut self) {
        let running = self.running.len();
        let hopeless: Vec<_> = self
            .jobs
            .queue()
            .enumerate()
            .filter_map(|(place, key)| {
                let attempt = self.jobs.attempts.get(&key)?;
                self.is_hopeless(&attempt.assignment, running + place)
                    .then(|| (key, attempt.assignment.clone()))
            })
            .collect();
        for (key, assignment) in hopeless {
            let conclusion = Conclusion::fault(Fault::Overloaded);
            self.conclude(key, assignment, conclusion, false);
        }
        for (key, attempt) in &mut self.jobs.attempts {
            let deadline = attempt.assignment.deadline;
            if let Step::Running { cancel, cut, .. } = &mut attempt.step {
                if cut.is_none() && deadline::is_due(self.tick, deadline, &self.config.time) {
                    log::warn!(target: crate::LOG, "attempt {key} will not end in time");
                    *cut = Some(Cut::Late);
                    cancel.cancel();
                    self.shop.metrics.cancelled.add(1);
                }
            }
        }
    }

    /// Saves results that are not saved, and gives the submitter those it does not have. A result
    /// that cannot be saved waits for the journal as long as there is time, and is then sent without:
    /// its execution is on record, so it cannot be repeated, and silence would be punished.
    pub(super) async fn hand_over(&mut self) {
        self.save().await;
        let (tick, time) = (self.tick, self.config.time);
        let items = self
            .jobs
            .take_unsent(|deadline| deadline::is_due(tick, deadline, &time));
        for item in items {
            self.submitter.add(item).await;
        }
    }

    async fn save(&mut self) {
        loop {
            let records = self.jobs.unsaved(MAX_RECORDS);
            if records.is_empty() {
                return;
            }
            match self.shop.journal.append(records.clone()).await {
                Ok(()) => {
                    for record in &records {
                        if let Record::Executed { key, .. } = record {
                            self.jobs.mark_saved(key);
                        }
                    }
                }
                // The journal has a result of it, which is the one that counts after a restart.
                Err(JournalError::Repeated(repeated)) => self.jobs.mark_saved(&repeated.0),
                Err(error) => {
                    log::error!(target: crate::LOG, "results are not saved: {error}: {}", crate::causes(&error));
                    self.shop.metrics.journal_errors.add(1);
                    self.last_best = None;
                    return;
                }
            }
        }
    }
}

fn assignment(provider: ProviderId, job: &Job, seen: BlockRef) -> Assignment {
    Assignment {
        provider,
        worker: job.worker.clone(),
        deadline: job.deadline,
        seen,
    }
}
