//! Records of the journal, and the state they lead to.

use std::collections::BTreeMap;
use std::sync::Arc;

use codec::{Decode, Encode};
use defaas_primitives::{
    BlockNumber, Fault, Meters, Outcome, Output, ProviderId, ReportItem, Tick, WorkerId,
};

use crate::key::AttemptKey;
use crate::ports::BlockRef;

/// Who must report an attempt, and until when.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Assignment {
    /// Who reports.
    pub provider: ProviderId,
    /// The key that signs.
    pub worker: WorkerId,
    /// Last tick at which a report is valid.
    pub deadline: Tick,
    /// A block in whose state the assignment was open.
    pub seen: BlockRef,
}

/// How an attempt ended, as it is reported.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Conclusion {
    /// How it ended.
    pub outcome: Outcome,
    /// What the function wrote, with those outcomes that come with an output.
    pub output: Option<Output>,
    /// What it used.
    pub meters: Meters,
}

impl Conclusion {
    /// This provider could not do it.
    pub fn fault(fault: Fault) -> Self {
        Self {
            outcome: Outcome::ProviderFailed(fault),
            output: None,
            meters: Meters {
                duration_ms: 0,
                fuel: None,
            },
        }
    }

    /// As an item of a report.
    pub fn item(&self, key: AttemptKey) -> ReportItem {
        ReportItem {
            invocation: key.invocation,
            digest: key.digest,
            replica: key.replica,
            attempt: key.attempt,
            outcome: self.outcome,
            output: self.output.clone(),
            meters: self.meters,
        }
    }
}

/// One step, as it stands in the file. Indices and fields are the file's format: a new form gets a
/// new index and raises the version in the header.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Record {
    /// Every attempt that was assigned before the journal began has been seen.
    #[codec(index = 0)]
    Settled,
    /// The attempt was taken.
    #[codec(index = 1)]
    Accepted {
        /// Which attempt.
        key: AttemptKey,
        /// Who must report it.
        assignment: Assignment,
    },
    /// Its execution begins now. Must be on disk before it does.
    #[codec(index = 2)]
    Started {
        /// Which attempt.
        key: AttemptKey,
        /// Who must report it.
        assignment: Assignment,
    },
    /// It ended, by execution or without. Must be on disk before it is reported.
    #[codec(index = 3)]
    Executed {
        /// Which attempt.
        key: AttemptKey,
        /// Who must report it.
        assignment: Assignment,
        /// How it ended.
        conclusion: Conclusion,
    },
    /// The pool took a report of it.
    #[codec(index = 4)]
    Submitted {
        /// Which attempt.
        key: AttemptKey,
    },
    /// It is over: closed in finalized state, or never begun and gone. Nothing is remembered of it.
    #[codec(index = 5)]
    Finalized {
        /// Which attempt.
        key: AttemptKey,
    },
    /// It was open on an abandoned branch only. That it was taken is remembered, should it come back.
    #[codec(index = 6)]
    Vanished {
        /// Which attempt.
        key: AttemptKey,
        /// Who had to report it.
        assignment: Assignment,
        /// Height of the finalized block when it was found so.
        at: BlockNumber,
    },
}

impl Record {
    /// Whether it must be on disk before what follows it.
    pub(crate) fn is_durable(&self) -> bool {
        matches!(
            self,
            Self::Started { .. } | Self::Executed { .. } | Self::Settled
        )
    }
}

/// How far an attempt is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Taken, not begun.
    Accepted(Assignment),
    /// Begun. After a restart: cut off, never to be begun again.
    Started(Assignment),
    /// Ended, to be reported.
    Executed(Assignment, Arc<Conclusion>),
    /// Ended and given to the pool.
    Submitted(Assignment, Arc<Conclusion>),
    /// Seen on an abandoned branch only, found so at this height.
    Vanished(Assignment, BlockNumber),
}

impl Stage {
    /// Who must report the attempt.
    pub fn assignment(&self) -> &Assignment {
        match self {
            Self::Accepted(assignment)
            | Self::Started(assignment)
            | Self::Executed(assignment, _)
            | Self::Submitted(assignment, _)
            | Self::Vanished(assignment, _) => assignment,
        }
    }
}

/// A record that does not follow from those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("attempt {0} was begun or ended before: it must not be again")]
pub struct Repeated(pub AttemptKey);

/// What all records together say. The rules of the journal are here and hold when records are
/// written as well as when they are read: **no attempt is begun twice, none ends twice**.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ledger {
    /// Whether every attempt that was assigned before the journal began has been seen. If not,
    /// attempts that are open and unknown may have been executed before.
    pub settled: bool,
    /// Attempts that are not over.
    pub attempts: BTreeMap<AttemptKey, Stage>,
}

/// How to take back a record.
#[derive(Debug)]
pub(crate) enum Undo {
    Settled(bool),
    Attempt(AttemptKey, Option<Stage>),
}

impl Ledger {
    /// Takes a record, unless it breaks the rules.
    pub(crate) fn apply(&mut self, record: Record) -> Result<Undo, Repeated> {
        let (key, next) = match record {
            Record::Settled => {
                return Ok(Undo::Settled(std::mem::replace(&mut self.settled, true)));
            }
            Record::Accepted { key, assignment } => match self.attempts.get(&key) {
                None | Some(Stage::Accepted(_)) => (key, Some(Stage::Accepted(assignment))),
                Some(_) => return Err(Repeated(key)),
            },
            Record::Started { key, assignment } => match self.attempts.get(&key) {
                None | Some(Stage::Accepted(_)) => (key, Some(Stage::Started(assignment))),
                Some(_) => return Err(Repeated(key)),
            },
            Record::Executed {
                key,
                assignment,
                conclusion,
            } => match self.attempts.get(&key) {
                Some(Stage::Executed(..) | Stage::Submitted(..)) => return Err(Repeated(key)),
                None | Some(Stage::Accepted(_) | Stage::Started(_) | Stage::Vanished(..)) => {
                    (key, Some(Stage::Executed(assignment, Arc::new(conclusion))))
                }
            },
            Record::Submitted { key } => (
                key,
                match self.attempts.get(&key) {
                    Some(Stage::Executed(assignment, conclusion)) => {
                        Some(Stage::Submitted(assignment.clone(), conclusion.clone()))
                    }
                    // It only informs, and may come after the attempt is over.
                    other => other.cloned(),
                },
            ),
            Record::Finalized { key } => (key, None),
            Record::Vanished {
                key,
                assignment,
                at,
            } => (key, Some(Stage::Vanished(assignment, at))),
        };
        let before = match next {
            Some(stage) => self.attempts.insert(key, stage),
            None => self.attempts.remove(&key),
        };
        Ok(Undo::Attempt(key, before))
    }

    /// The provider of the attempt whose deadline is the latest.
    pub fn last_provider(&self) -> Option<ProviderId> {
        let assignments = self.attempts.values().map(Stage::assignment);
        let last = assignments.max_by_key(|assignment| assignment.deadline)?;
        Some(last.provider)
    }

    /// Takes back the last record.
    pub(crate) fn undo(&mut self, undo: Undo) {
        match undo {
            Undo::Settled(before) => self.settled = before,
            Undo::Attempt(key, Some(before)) => {
                self.attempts.insert(key, before);
            }
            Undo::Attempt(key, None) => {
                self.attempts.remove(&key);
            }
        }
    }

    /// The shortest sequence of records that leads here.
    pub(crate) fn records(&self) -> impl Iterator<Item = Record> + '_ {
        let executed =
            |key, assignment: &Assignment, conclusion: &Arc<Conclusion>| Record::Executed {
                key,
                assignment: assignment.clone(),
                conclusion: conclusion.as_ref().clone(),
            };
        let attempts = self.attempts.iter().flat_map(move |(key, stage)| {
            let key = *key;
            let (first, second) = match stage {
                Stage::Accepted(assignment) => {
                    let assignment = assignment.clone();
                    (Record::Accepted { key, assignment }, None)
                }
                Stage::Started(assignment) => {
                    let assignment = assignment.clone();
                    (Record::Started { key, assignment }, None)
                }
                Stage::Executed(assignment, conclusion) => {
                    (executed(key, assignment, conclusion), None)
                }
                Stage::Submitted(assignment, conclusion) => (
                    executed(key, assignment, conclusion),
                    Some(Record::Submitted { key }),
                ),
                Stage::Vanished(assignment, at) => {
                    let (assignment, at) = (assignment.clone(), *at);
                    let record = Record::Vanished {
                        key,
                        assignment,
                        at,
                    };
                    (record, None)
                }
            };
            std::iter::once(first).chain(second)
        });
        self.settled
            .then_some(Record::Settled)
            .into_iter()
            .chain(attempts)
    }
}
