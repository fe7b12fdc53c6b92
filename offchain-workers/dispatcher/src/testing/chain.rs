//! A chain of one node: a tree of blocks, work lists as state, finality, and a pool that follows the
//! chain's rules for reports.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Mutex, MutexGuard};

use async_trait::async_trait;
use defaas_primitives::{Hash, Job, JobCursor, ProviderId, Report, ReportItem, ReportV1, Tick};
use futures::stream::{self, BoxStream, StreamExt};
use tokio::sync::watch;

use super::{genesis, PROVIDER};
use crate::key::AttemptKey;
use crate::ports::{BlockRef, Chain, ChainError, Finality, Submission};

/// What the pool does with reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PoolMode {
    /// Judges them as the chain does.
    Judge,
    /// Answers [`Submission::Later`].
    Later,
    /// Refuses all.
    Refuse,
    /// Does not answer.
    Hang,
}

#[derive(Clone, Debug)]
struct Block {
    at: BlockRef,
    parent: Hash,
    tick: Tick,
    open: BTreeMap<JobCursor, Job>,
    settled: BTreeMap<AttemptKey, ReportItem>,
    missed: Vec<AttemptKey>,
}

#[derive(Debug)]
struct State {
    blocks: HashMap<Hash, Block>,
    best: Hash,
    finalized: Hash,
    assigned: Vec<Job>,
    pool: Vec<ReportV1>,
    mode: PoolMode,
    poison: HashSet<AttemptKey>,
    submitted: Vec<ReportV1>,
    pages: usize,
    is_syncing: bool,
    is_failing: bool,
    is_panicking: bool,
    is_muted: bool,
    is_rotated: bool,
}

/// See the module.
#[derive(Debug)]
pub struct FakeChain {
    state: Mutex<State>,
    news: watch::Sender<u64>,
}

impl Default for FakeChain {
    fn default() -> Self {
        let at = BlockRef {
            number: 0,
            hash: genesis(),
        };
        let first = Block {
            at,
            parent: Hash::zero(),
            tick: 0,
            open: BTreeMap::new(),
            settled: BTreeMap::new(),
            missed: Vec::new(),
        };
        let state = State {
            blocks: HashMap::from([(at.hash, first)]),
            best: at.hash,
            finalized: at.hash,
            assigned: Vec::new(),
            pool: Vec::new(),
            mode: PoolMode::Judge,
            poison: HashSet::new(),
            submitted: Vec::new(),
            pages: 0,
            is_syncing: false,
            is_failing: false,
            is_panicking: false,
            is_muted: false,
            is_rotated: false,
        };
        Self {
            state: Mutex::new(state),
            news: watch::Sender::new(0),
        }
    }
}

/// Priority of a report beside its `resend`; any constant above it.
const PRIORITY: u64 = 1_000_000;

fn priority(report: &ReportV1) -> u64 {
    PRIORITY + u64::from(report.resend)
}

fn key(item: &ReportItem) -> AttemptKey {
    AttemptKey {
        invocation: item.invocation,
        replica: item.replica,
        attempt: item.attempt,
        digest: item.digest,
    }
}

impl Block {
    /// Items that a report in a block with `tick` would close.
    fn live<'a>(&'a self, report: &'a ReportV1, tick: Tick) -> Vec<&'a ReportItem> {
        report
            .items
            .iter()
            .filter(|item| {
                self.open
                    .get(&(item.invocation, item.replica))
                    .is_some_and(|job| {
                        AttemptKey::from(job) == key(item)
                            && job.worker == report.worker
                            && report.provider == PROVIDER
                            && tick <= job.deadline
                    })
            })
            .collect()
    }
}

impl State {
    fn best(&self) -> &Block {
        &self.blocks[&self.best]
    }

    fn author(&mut self, parent: Hash, with_reports: bool) -> BlockRef {
        let mut block = self.blocks[&parent].clone();
        let salt = u64::try_from(self.blocks.len()).unwrap_or(u64::MAX);
        block.parent = parent;
        block.at = BlockRef {
            number: block.at.number + 1,
            hash: Hash::from_low_u64_be(salt),
        };
        block.tick += 1;
        let tick = block.tick;
        let late = |job: &Job| job.deadline < tick;
        let missed = block.open.values().filter(|job| late(job));
        block.missed.extend(missed.map(AttemptKey::from));
        block.open.retain(|_, job| !late(job));
        for job in self.assigned.drain(..) {
            block.open.insert(job.cursor(), job);
        }
        let pool = if with_reports {
            self.pool.clone()
        } else {
            Vec::new()
        };
        for report in pool {
            let live: Vec<_> = block.live(&report, tick).into_iter().cloned().collect();
            for item in live {
                block.open.remove(&(item.invocation, item.replica));
                block.settled.insert(key(&item), item);
            }
        }
        let at = block.at;
        self.blocks.insert(at.hash, block);
        self.set_best(at.hash);
        at
    }

    fn set_best(&mut self, hash: Hash) {
        self.best = hash;
        let best = &self.blocks[&hash];
        self.pool
            .retain(|report| !best.live(report, best.tick + 1).is_empty());
    }

    fn judge(&mut self, report: ReportV1) -> Submission {
        if self.pool.contains(&report) {
            return Submission::AlreadyKnown;
        }
        let is_poisoned = report.items.iter().any(|i| self.poison.contains(&key(i)));
        let best = &self.blocks[&self.best];
        let live: HashSet<_> = best
            .live(&report, best.tick + 1)
            .into_iter()
            .map(key)
            .collect();
        if is_poisoned || !report.is_well_formed() || live.is_empty() {
            return Submission::Refused;
        }
        if live.len() * 2 < report.items.len() {
            return Submission::Refused;
        }
        let is_rival = |other: &ReportV1| other.items.iter().any(|i| live.contains(&key(i)));
        let rivals: u64 = self
            .pool
            .iter()
            .filter(|other| is_rival(other))
            .map(priority)
            .sum();
        if rivals >= priority(&report) {
            return Submission::Later;
        }
        self.pool.retain(|other| !is_rival(other));
        self.pool.push(report);
        Submission::Accepted
    }
}

impl FakeChain {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// The next block assigns `job`.
    pub fn assign(&self, job: Job) {
        self.lock().assigned.push(job);
    }

    /// Authors a block on the best one, with the reports of the pool.
    pub fn author(&self) -> BlockRef {
        let best = self.lock().best;
        self.author_on(best)
    }

    /// Authors a block on `parent`, which becomes the best one.
    pub fn author_on(&self, parent: Hash) -> BlockRef {
        let at = self.lock().author(parent, true);
        self.wake();
        at
    }

    /// Authors a block that leaves out all reports.
    pub fn author_without_reports(&self) -> BlockRef {
        let mut state = self.lock();
        let best = state.best;
        let at = state.author(best, false);
        drop(state);
        self.wake();
        at
    }

    /// Makes a known block the best one.
    pub fn switch_to(&self, block: BlockRef) {
        self.lock().set_best(block.hash);
        self.wake();
    }

    /// Finalizes `block`.
    pub fn finalize(&self, block: BlockRef) {
        self.lock().finalized = block.hash;
        self.wake();
    }

    /// Finalizes the best block.
    pub fn finalize_best(&self) -> BlockRef {
        let best = self.lock().best().at;
        self.finalize(best);
        best
    }

    /// Wakes whoever listens, unless muted.
    pub fn wake(&self) {
        if !self.lock().is_muted {
            self.news.send_modify(|n| *n += 1);
        }
    }

    /// Whether wake-ups get lost.
    pub fn mute(&self, is_muted: bool) {
        self.lock().is_muted = is_muted;
    }

    /// Whether the node is behind.
    pub fn set_syncing(&self, is_syncing: bool) {
        self.lock().is_syncing = is_syncing;
        self.wake();
    }

    /// Whether every question fails.
    pub fn set_failing(&self, is_failing: bool) {
        self.lock().is_failing = is_failing;
    }

    /// The provider takes another worker key, which is not on this machine: state does not lead from
    /// the one that is here to the provider any more.
    pub fn rotate_key(&self) {
        self.lock().is_rotated = true;
    }

    /// The adapter panics at the next question.
    pub fn panic_next(&self) {
        self.lock().is_panicking = true;
    }

    /// What the pool does with reports.
    pub fn set_pool(&self, mode: PoolMode) {
        self.lock().mode = mode;
    }

    /// The pool refuses every report with this item.
    pub fn poison(&self, key: AttemptKey) {
        self.lock().poison.insert(key);
    }

    /// Empties the pool, as a restart of the node does.
    pub fn clear_pool(&self) {
        self.lock().pool.clear();
    }

    /// How `job` was settled in the state of the best block.
    pub fn settled(&self, job: &Job) -> Option<ReportItem> {
        let state = self.lock();
        state.best().settled.get(&AttemptKey::from(job)).cloned()
    }

    /// Attempts whose deadline passed in silence, in the state of the best block.
    pub fn missed(&self) -> Vec<AttemptKey> {
        self.lock().best().missed.clone()
    }

    /// All reports that were submitted, in order.
    pub fn submitted(&self) -> Vec<ReportV1> {
        self.lock().submitted.clone()
    }

    /// Attempts that are open in the state of the best block.
    pub fn open(&self) -> Vec<AttemptKey> {
        let state = self.lock();
        let open = state.best().open.values();
        open.map(AttemptKey::from).collect()
    }

    /// The block so many before the best one, but none before the last finalized one.
    pub fn ancestor(&self, depth: usize) -> BlockRef {
        let state = self.lock();
        let final_number = state.blocks[&state.finalized].at.number;
        let mut block = state.best();
        for _ in 0..depth {
            if block.at.number <= final_number {
                break;
            }
            block = &state.blocks[&block.parent];
        }
        block.at
    }

    /// How many pages of the work list were read.
    pub fn pages(&self) -> usize {
        self.lock().pages
    }

    /// Hash and height of the best block.
    pub fn best_block(&self) -> BlockRef {
        self.lock().best().at
    }

    fn ask<T>(&self, read: impl FnOnce(&mut State) -> T) -> Result<T, ChainError> {
        let mut state = self.lock();
        assert!(!std::mem::take(&mut state.is_panicking), "told to panic");
        if state.is_failing {
            return Err(ChainError::Failed {
                question: "anything",
                source: "the fake is told to fail".into(),
            });
        }
        Ok(read(&mut state))
    }
}

#[async_trait]
impl Chain for FakeChain {
    fn genesis(&self) -> Hash {
        genesis()
    }

    fn news(&self) -> BoxStream<'static, ()> {
        stream::unfold(self.news.subscribe(), |mut news| async move {
            news.changed().await.ok().map(|()| ((), news))
        })
        .boxed()
    }

    async fn is_syncing(&self) -> bool {
        self.lock().is_syncing
    }

    async fn best(&self) -> Result<BlockRef, ChainError> {
        self.ask(|state| state.best().at)
    }

    async fn finalized(&self) -> Result<BlockRef, ChainError> {
        self.ask(|state| state.blocks[&state.finalized].at)
    }

    async fn finality(&self, block: BlockRef) -> Result<Finality, ChainError> {
        self.ask(|state| {
            let mut at = &state.blocks[&state.finalized];
            if block.number > at.at.number {
                return Finality::Pending;
            }
            while at.at.number > block.number {
                at = &state.blocks[&at.parent];
            }
            if at.at == block {
                Finality::Final
            } else {
                Finality::Abandoned
            }
        })
    }

    async fn tick(&self, at: Hash) -> Result<Tick, ChainError> {
        self.ask(|state| state.blocks[&at].tick)
    }

    async fn provider(
        &self,
        at: Hash,
        before: Option<ProviderId>,
    ) -> Result<Option<ProviderId>, ChainError> {
        self.ask(|state| {
            if state.is_rotated {
                let has_work = !state.blocks[&at].open.is_empty();
                before.filter(|before| *before == PROVIDER && has_work)
            } else {
                Some(PROVIDER)
            }
        })
    }

    async fn jobs(
        &self,
        at: Hash,
        provider: ProviderId,
        after: Option<JobCursor>,
        limit: u32,
    ) -> Result<Vec<Job>, ChainError> {
        self.ask(|state| {
            state.pages += 1;
            let limit = usize::try_from(limit).unwrap_or(usize::MAX);
            let jobs = state.blocks[&at].open.values();
            jobs.filter(|job| provider == PROVIDER && after.is_none_or(|a| job.cursor() > a))
                .take(limit)
                .cloned()
                .collect()
        })
    }

    async fn submit(&self, report: Report) -> Result<Submission, ChainError> {
        let Report::V1(report) = report;
        let mode = self.ask(|state| {
            state.submitted.push(report.clone());
            state.mode
        })?;
        match mode {
            PoolMode::Judge => self.ask(|state| state.judge(report)),
            PoolMode::Later => Ok(Submission::Later),
            PoolMode::Refuse => Ok(Submission::Refused),
            PoolMode::Hang => std::future::pending().await,
        }
    }
}
