//! What finality decides.
//!
//! Trigger: another block is final → for each attempt that is not open in the best state: was a block
//! in whose state it was open finalized, and is it closed in the finalized state? Then it is over. Was
//! that block abandoned? Then the attempt was only ever open on a branch that is no more, and is
//! remembered for a while: its request may be included again and give the same attempt once more.
//! Otherwise it waits. Failure: everything waits for the next finalized block.
//!
//! Not being open in the finalized state is not enough for the first case: finality lags behind, and
//! an attempt may not be open *yet*.

use std::collections::HashMap;

use super::jobs::Step;
use super::Worker;
use crate::journal::Record;
use crate::key::AttemptKey;
use crate::ports::{BlockRef, ChainError, Finality};

impl Worker {
    /// Closes what can be closed now that `finalized` is final.
    pub(super) async fn close(&mut self, finalized: BlockRef) -> Result<(), ChainError> {
        let gone: Vec<(AttemptKey, BlockRef)> = self
            .jobs
            .attempts
            .iter()
            .filter(|(_, attempt)| {
                attempt.gone_since.is_some() && matches!(attempt.step, Step::Concluded { .. })
            })
            .map(|(key, attempt)| (*key, attempt.assignment.seen))
            .collect();
        let mut over = self.expired(finalized);
        let mut vanished = Vec::new();
        if !gone.is_empty() {
            let list = self.reader.state(finalized).await?.list;
            let open = list.keys();
            let mut known = HashMap::new();
            for (key, seen) in gone {
                if open.contains(&key) || !list.covers(&key) {
                    continue;
                }
                let finality = match known.get(&seen.hash) {
                    Some(finality) => *finality,
                    None => {
                        let finality = self.reader.finality(seen).await?;
                        known.insert(seen.hash, finality);
                        finality
                    }
                };
                match finality {
                    Finality::Pending => {}
                    Finality::Final => over.push(key),
                    Finality::Abandoned => vanished.push(key),
                }
            }
        }
        let records = over
            .iter()
            .map(|key| Record::Finalized { key: *key })
            .chain(vanished.iter().filter_map(|key| {
                let attempt = self.jobs.attempts.get(key)?;
                Some(Record::Vanished {
                    key: *key,
                    assignment: attempt.assignment.clone(),
                    at: finalized.number,
                })
            }))
            .collect();
        if self.record(records).await {
            self.last_finalized = Some(finalized);
            for key in over {
                self.jobs.forget(&key);
                self.submitter.forget(key).await;
            }
            for key in vanished {
                if let Some(attempt) = self.jobs.attempts.get_mut(&key) {
                    attempt.step = Step::Vanished {
                        at: finalized.number,
                    };
                }
                self.submitter.forget(key).await;
            }
        }
        self.fill();
        Ok(())
    }

    /// What vanished so long ago that it is not remembered any more.
    fn expired(&self, finalized: BlockRef) -> Vec<AttemptKey> {
        let retention = self.config.work.vanished_blocks;
        self.jobs
            .attempts
            .iter()
            .filter(|(_, attempt)| {
                matches!(&attempt.step, Step::Vanished { at }
                    if finalized.number.saturating_sub(*at) > retention)
            })
            .map(|(key, _)| *key)
            .collect()
    }
}
