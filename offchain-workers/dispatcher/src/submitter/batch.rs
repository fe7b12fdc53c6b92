//! Which results go together, and when they are sent. No I/O.
//!
//! The chain's pool gives each open attempt a tag, holds one transaction per tag, and replaces what it
//! holds only by a priority above the *sum* of what is replaced; `resend` raises the priority by one.
//! Two rules keep a re-send from ever competing with more than one transaction:
//!
//! * An item belongs to one batch from the first time it is sent until it is forgotten, or until it is
//!   another key that must sign it, which makes the transaction in the pool invalid. New items make
//!   new batches.
//! * A re-send carries those items of its batch that are open, so its tags are among those of the
//!   transaction it replaces, and its priority is one higher.
//!
//! Sending the open items only, and not again the whole batch, changes nothing for them, spares bytes,
//! and keeps what the pool asks for: that at least half of a report is live.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use codec::Encode;
use defaas_primitives::{ProviderId, Report, ReportItem, ReportV1, Tick, WorkerId};

use crate::journal::{Assignment, Conclusion};
use crate::key::AttemptKey;
use crate::ports::{BlockRef, Submission};

/// Longest distance between two tries of a batch that is refused, in best blocks.
const LONGEST_PAUSE: u32 = 16;

/// A result to be reported.
#[derive(Clone, Debug)]
pub(crate) struct Item {
    key: AttemptKey,
    provider: ProviderId,
    worker: WorkerId,
    deadline: Tick,
    report: ReportItem,
    bytes: usize,
    is_sent: bool,
}

impl Item {
    pub(crate) fn new(
        key: AttemptKey,
        assignment: &Assignment,
        conclusion: Arc<Conclusion>,
    ) -> Self {
        let report = conclusion.item(key);
        Self {
            key,
            provider: assignment.provider,
            worker: assignment.worker.clone(),
            deadline: assignment.deadline,
            bytes: report.encoded_size(),
            report,
            is_sent: false,
        }
    }

    /// Whether the pool can take it: open, and a report in the next block is in time.
    fn is_live(&self, view: &View) -> bool {
        view.tick < self.deadline && view.open.contains(&self.key)
    }
}

/// The best state, as the worker saw it.
#[derive(Debug, Default)]
pub(crate) struct View {
    /// Its block.
    pub best: BlockRef,
    /// Its tick.
    pub tick: Tick,
    /// What is open in it.
    pub open: HashSet<AttemptKey>,
}

/// A report that is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Due {
    /// Which batch.
    pub id: u64,
    /// How many items.
    pub items: usize,
    /// Whether it was sent before.
    pub is_resend: bool,
}

#[derive(Debug)]
struct Batch {
    items: BTreeMap<AttemptKey, Item>,
    provider: ProviderId,
    worker: WorkerId,
    resend: u16,
    /// Best block at which it was last sent.
    sent_at: Option<BlockRef>,
    refusals: u32,
    /// Best blocks to let go by.
    pause: u32,
}

impl Batch {
    fn of(provider: ProviderId, worker: WorkerId) -> Self {
        Self {
            items: BTreeMap::new(),
            provider,
            worker,
            resend: 0,
            sent_at: None,
            refusals: 0,
            pause: 0,
        }
    }

    /// Another batch that takes the second half of the items.
    fn halve(&mut self) -> Option<Self> {
        let middle = self.items.keys().nth(self.items.len() / 2).copied()?;
        let items = self.items.split_off(&middle);
        Some(Self {
            items,
            worker: self.worker.clone(),
            ..*self
        })
    }

    /// The report of what is open in it.
    fn report(&self, view: &View) -> Option<Report> {
        let items: Vec<_> = self
            .items
            .values()
            .filter(|item| item.is_live(view))
            .map(|item| item.report.clone())
            .collect();
        if items.is_empty() {
            return None;
        }
        Some(Report::V1(ReportV1 {
            provider: self.provider,
            worker: self.worker.clone(),
            resend: self.resend,
            items: items.try_into().ok()?,
        }))
    }
}

/// All batches.
#[derive(Debug)]
pub(crate) struct Batches {
    max_items: usize,
    max_bytes: usize,
    waiting: BTreeMap<AttemptKey, Item>,
    batches: BTreeMap<u64, Batch>,
    /// Batch of each item that was sent.
    member: BTreeMap<AttemptKey, u64>,
    next_id: u64,
}

impl Batches {
    /// Batches of at most `max_items` items and `max_bytes` bytes of them.
    pub(crate) fn new(max_items: usize, max_bytes: usize) -> Self {
        Self {
            max_items,
            max_bytes,
            waiting: BTreeMap::new(),
            batches: BTreeMap::new(),
            member: BTreeMap::new(),
            next_id: 0,
        }
    }

    /// How many items are in no batch.
    pub(crate) fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// A result is to be reported. One that is known takes over the deadline, and begins anew if
    /// somebody else must report it.
    pub(crate) fn add(&mut self, item: Item) {
        if let Some(known) = self.known(&item.key) {
            if (known.provider, &known.worker) == (item.provider, &item.worker) {
                known.deadline = item.deadline;
                return;
            }
            self.forget(&item.key);
        }
        self.waiting.insert(item.key, item);
    }

    fn known(&mut self, key: &AttemptKey) -> Option<&mut Item> {
        match self.member.get(key) {
            Some(id) => self.batches.get_mut(id)?.items.get_mut(key),
            None => self.waiting.get_mut(key),
        }
    }

    /// An attempt is over.
    pub(crate) fn forget(&mut self, key: &AttemptKey) {
        self.waiting.remove(key);
        let Some(id) = self.member.remove(key) else {
            return;
        };
        if let Some(batch) = self.batches.get_mut(&id) {
            batch.items.remove(key);
            if batch.items.is_empty() {
                self.batches.remove(&id);
            }
        }
    }

    /// Reports to send now. Each batch is sent once per best block.
    pub(crate) fn due(&mut self, view: &View) -> Vec<(Due, Report)> {
        self.form(view);
        let mut due = Vec::new();
        for (id, batch) in &mut self.batches {
            if batch.sent_at == Some(view.best) {
                continue;
            }
            if batch.pause > 0 {
                batch.pause -= 1;
                batch.sent_at = Some(view.best);
                continue;
            }
            let is_resend = batch.sent_at.is_some();
            if let Some(report) = batch.report(view) {
                batch.sent_at = Some(view.best);
                batch.resend = batch.resend.saturating_add(1);
                let Report::V1(v1) = &report;
                let items = v1.items.len();
                let id = *id;
                due.push((
                    Due {
                        id,
                        items,
                        is_resend,
                    },
                    report,
                ));
            }
        }
        due
    }

    /// The pool answered. Returns which items were taken for the first time.
    pub(crate) fn answered(&mut self, id: u64, answer: Submission, view: &View) -> Vec<AttemptKey> {
        let Some(batch) = self.batches.get_mut(&id) else {
            return Vec::new();
        };
        match answer {
            Submission::Accepted | Submission::AlreadyKnown => {
                batch.refusals = 0;
                batch
                    .items
                    .values_mut()
                    .filter(|item| item.is_live(view) && !item.is_sent)
                    .map(|item| {
                        item.is_sent = true;
                        item.key
                    })
                    .collect()
            }
            Submission::Later => Vec::new(),
            Submission::Refused => {
                if batch.items.len() > 1 {
                    if let Some(half) = batch.halve() {
                        self.insert(half);
                    }
                } else {
                    batch.pause = (1u32 << batch.refusals.min(4)).min(LONGEST_PAUSE);
                    batch.refusals = batch.refusals.saturating_add(1);
                }
                Vec::new()
            }
        }
    }

    /// Puts what waits and is open into batches, in ascending order.
    fn form(&mut self, view: &View) {
        let mut ready: BTreeMap<(ProviderId, WorkerId), Vec<Item>> = BTreeMap::new();
        self.waiting.retain(|_, item| {
            let is_live = item.is_live(view);
            if is_live {
                let sender = (item.provider, item.worker.clone());
                ready.entry(sender).or_default().push(item.clone());
            }
            !is_live
        });
        for ((provider, worker), items) in ready {
            let mut batch = Batch::of(provider, worker.clone());
            let mut bytes = 0usize;
            for item in items {
                let is_full = batch.items.len() >= self.max_items
                    || (!batch.items.is_empty()
                        && bytes.saturating_add(item.bytes) > self.max_bytes);
                // A report names a replica of a call once.
                let is_twin = batch.items.last_key_value().is_some_and(|(last, _)| {
                    (last.invocation, last.replica) == (item.key.invocation, item.key.replica)
                });
                if is_full || is_twin {
                    let next = Batch::of(provider, worker.clone());
                    self.insert(std::mem::replace(&mut batch, next));
                    bytes = 0;
                }
                bytes = bytes.saturating_add(item.bytes);
                batch.items.insert(item.key, item);
            }
            self.insert(batch);
        }
    }

    fn insert(&mut self, batch: Batch) {
        if batch.items.is_empty() {
            return;
        }
        let id = self.next_id;
        self.next_id = self.next_id.wrapping_add(1);
        self.member.extend(batch.items.keys().map(|key| (*key, id)));
        self.batches.insert(id, batch);
    }
}

#[cfg(test)]
mod tests;
