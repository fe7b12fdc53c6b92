//! The table of attempts: what is known of each, and what a look at the chain changes. No I/O.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use defaas_primitives::{BlockNumber, Job, Tick};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::reader::Worklist;
use crate::journal::{Assignment, Conclusion, Record};
use crate::key::AttemptKey;
use crate::ports::BlockRef;
use crate::submitter::Item;

/// Why an execution is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cut {
    /// Its assignment has been gone for a while.
    Gone,
    /// Its deadline is too near.
    Late,
}

/// What is done about an attempt.
#[derive(Debug)]
pub(crate) enum Step {
    /// Waits to begin.
    Queued {
        /// What to do.
        job: Arc<Job>,
        /// When the wake-up came that showed it.
        seen_at: Instant,
    },
    /// A task works on it.
    Running {
        /// Cuts it.
        cancel: CancellationToken,
        /// Whether and why it was cut.
        cut: Option<Cut>,
        /// When the task began.
        since: Instant,
        /// What to do, should it have to wait again.
        job: Arc<Job>,
        /// When the wake-up came that showed it.
        seen_at: Instant,
    },
    /// It ended.
    Concluded {
        /// How.
        conclusion: Arc<Conclusion>,
        /// Whether the journal has it.
        saved: bool,
        /// Whether the submitter has it.
        handed_over: bool,
    },
    /// It was open on an abandoned branch only.
    Vanished {
        /// Height of the finalized block when it was found so.
        at: BlockNumber,
    },
}

/// An attempt.
#[derive(Debug)]
pub(crate) struct Attempt {
    /// Who must report it. Its block is the last best one in whose state it was open.
    pub assignment: Assignment,
    /// Since when it has not been open in the best state. `None`: it is open.
    pub gone_since: Option<BlockNumber>,
    /// What is done about it.
    pub step: Step,
}

/// What a look has shown.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    /// Open and unknown.
    pub fresh: Vec<Job>,
    /// Open again after it had vanished. It was taken before and must not be executed.
    pub returned: Vec<Job>,
}

/// All attempts.
#[derive(Debug, Default)]
pub(crate) struct Jobs {
    pub attempts: BTreeMap<AttemptKey, Attempt>,
    /// Those that wait, by deadline.
    queue: BTreeSet<(Tick, AttemptKey)>,
    /// Those that ended and that the journal or the submitter does not have yet.
    unsent: BTreeSet<AttemptKey>,
}

impl Attempt {
    /// Whether `job` has another deadline or key: on another branch the same draw may have come
    /// earlier or later, or after the worker key was changed.
    fn differs(&self, job: &Job) -> bool {
        self.assignment.deadline != job.deadline || self.assignment.worker != job.worker
    }
}

impl Jobs {
    /// Compares the work list in the state of `best` with what is known.
    pub(crate) fn observe(&mut self, best: BlockRef, list: Worklist) -> Seen {
        let jobs = list.jobs.iter();
        let open: HashMap<_, _> = jobs.map(|job| (AttemptKey::from(job), job)).collect();
        for (key, attempt) in &mut self.attempts {
            if let Some(job) = open.get(key) {
                attempt.gone_since = None;
                attempt.assignment.seen = best;
                if attempt.differs(job) {
                    take_over(*key, attempt, job, &mut self.queue, &mut self.unsent);
                }
            } else if list.covers(key) {
                attempt.gone_since.get_or_insert(best.number);
            }
        }
        let mut seen = Seen::default();
        for job in list.jobs {
            match self.attempts.get(&AttemptKey::from(&job)) {
                None => seen.fresh.push(job),
                Some(Attempt {
                    step: Step::Vanished { .. },
                    ..
                }) => seen.returned.push(job),
                Some(_) => {}
            }
        }
        seen
    }

    /// Lets an attempt wait.
    pub(crate) fn enqueue(
        &mut self,
        key: AttemptKey,
        assignment: Assignment,
        job: Arc<Job>,
        seen_at: Instant,
    ) {
        self.queue.insert((assignment.deadline, key));
        let attempt = Attempt {
            assignment,
            gone_since: None,
            step: Step::Queued { job, seen_at },
        };
        self.attempts.insert(key, attempt);
    }

    /// An attempt ended.
    pub(crate) fn conclude(
        &mut self,
        key: AttemptKey,
        assignment: Assignment,
        conclusion: Conclusion,
        saved: bool,
    ) {
        self.queue.remove(&(assignment.deadline, key));
        self.unsent.insert(key);
        let step = Step::Concluded {
            conclusion: Arc::new(conclusion),
            saved,
            handed_over: false,
        };
        let gone_since = self.attempts.get(&key).and_then(|a| a.gone_since);
        let attempt = Attempt {
            assignment,
            gone_since,
            step,
        };
        self.attempts.insert(key, attempt);
    }

    /// Takes the one that waits with the nearest deadline and lets it run.
    pub(crate) fn start_next(&mut self, cancel: &CancellationToken) -> Option<Start> {
        let (_, key) = self.queue.pop_first()?;
        let attempt = self.attempts.get_mut(&key)?;
        let Step::Queued { job, seen_at } = &attempt.step else {
            return None;
        };
        let (job, seen_at) = (job.clone(), *seen_at);
        attempt.step = Step::Running {
            cancel: cancel.clone(),
            cut: None,
            since: Instant::now(),
            job: job.clone(),
            seen_at,
        };
        Some(Start {
            key,
            assignment: attempt.assignment.clone(),
            job,
            seen_at,
        })
    }

    /// Forgets an attempt.
    pub(crate) fn forget(&mut self, key: &AttemptKey) {
        if let Some(attempt) = self.attempts.remove(key) {
            self.queue.remove(&(attempt.assignment.deadline, *key));
            self.unsent.remove(key);
        }
    }

    /// Results that the journal does not have, at most `most`.
    pub(crate) fn unsaved(&self, most: usize) -> Vec<Record> {
        let record = |key: &AttemptKey| {
            let attempt = self.attempts.get(key)?;
            match &attempt.step {
                Step::Concluded {
                    conclusion,
                    saved: false,
                    ..
                } => Some(Record::Executed {
                    key: *key,
                    assignment: attempt.assignment.clone(),
                    conclusion: conclusion.as_ref().clone(),
                }),
                _ => None,
            }
        };
        self.unsent.iter().filter_map(record).take(most).collect()
    }

    /// The journal has the result of this one.
    pub(crate) fn mark_saved(&mut self, key: &AttemptKey) {
        if let Some(Step::Concluded { saved, .. }) =
            self.attempts.get_mut(key).map(|attempt| &mut attempt.step)
        {
            *saved = true;
        }
    }

    /// Takes those that the submitter does not have and should get: what is saved, and what is not
    /// but `cannot_wait`.
    pub(crate) fn take_unsent(&mut self, cannot_wait: impl Fn(Tick) -> bool) -> Vec<Item> {
        let mut items = Vec::new();
        let attempts = &mut self.attempts;
        self.unsent.retain(|key| {
            let Some(attempt) = attempts.get_mut(key) else {
                return false;
            };
            let Step::Concluded {
                conclusion,
                saved,
                handed_over,
            } = &mut attempt.step
            else {
                return false;
            };
            if !*handed_over && (*saved || cannot_wait(attempt.assignment.deadline)) {
                *handed_over = true;
                items.push(Item::new(*key, &attempt.assignment, conclusion.clone()));
            }
            !(*saved && *handed_over)
        });
        items
    }

    /// How many wait.
    pub(crate) fn queued(&self) -> usize {
        self.queue.len()
    }

    /// Those that wait, nearest deadline first.
    pub(crate) fn queue(&self) -> impl Iterator<Item = AttemptKey> + '_ {
        self.queue.iter().map(|(_, key)| *key)
    }

    /// Those that are open in the best state.
    pub(crate) fn open(&self) -> impl Iterator<Item = AttemptKey> + '_ {
        self.attempts
            .iter()
            .filter(|(_, attempt)| attempt.gone_since.is_none())
            .map(|(key, _)| *key)
    }
}

/// Lets `attempt` have deadline and key of `job`.
fn take_over(
    key: AttemptKey,
    attempt: &mut Attempt,
    job: &Job,
    queue: &mut BTreeSet<(Tick, AttemptKey)>,
    unsent: &mut BTreeSet<AttemptKey>,
) {
    let before = std::mem::replace(&mut attempt.assignment.deadline, job.deadline);
    attempt.assignment.worker = job.worker.clone();
    match &mut attempt.step {
        Step::Queued { job: known, .. } => {
            *known = Arc::new(job.clone());
            queue.remove(&(before, key));
            queue.insert((job.deadline, key));
        }
        Step::Running { job: known, .. } => *known = Arc::new(job.clone()),
        // The submitter must learn of it.
        Step::Concluded { handed_over, .. } => {
            *handed_over = false;
            unsent.insert(key);
        }
        Step::Vanished { .. } => {}
    }
}

/// An attempt whose task begins.
#[derive(Debug)]
pub(crate) struct Start {
    /// Which.
    pub key: AttemptKey,
    /// Who must report it.
    pub assignment: Assignment,
    /// What to do.
    pub job: Arc<Job>,
    /// When the wake-up came that showed it.
    pub seen_at: Instant,
}
