//! Whether a report may enter the pool or a block.
//!
//! Trigger: a node sees a report. Steps: order of the items → state of each item (one read each
//! where all is well) → enough of them live → signature. Failure: see the table in the crate's
//! documentation for what each state of an item means.
//!
//! Nobody pays for this, so the cheap reads come first and the signature last: a forger must name
//! open assignments to make a node verify anything.

use codec::Encode;
use defaas_primitives::{Report, ReportItem, ReportV1, Tick, WorkerSignature};
use frame_support::{
    ensure,
    pallet_prelude::{
        InvalidTransaction, TransactionSource, TransactionValidityWithRefund, UnknownTransaction,
        ValidTransaction, Weight,
    },
    traits::Get,
};
use sp_runtime::{RuntimeAppPublic, SaturatedConversion};

use crate::{
    types::{Assignment, Status},
    Assignments, Config, Invocations, NextInvocationId, Pallet, Tick as CurrentTick,
};

/// Prefix of the pool's tags.
const TAG_PREFIX: &str = "DefaasReport";

/// State of an item of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Liveness {
    /// It ends an open attempt.
    Live {
        /// Last tick at which it does.
        deadline: Tick,
    },
    /// It may end an attempt that this state does not know yet.
    Unknown,
    /// It never can.
    Dead,
}

/// State of `item`, if it were executed at tick `at`.
pub(crate) fn liveness<T: Config>(report: &ReportV1, item: &ReportItem, at: Tick) -> Liveness {
    match Assignments::<T>::get(item.invocation, item.replica) {
        Some(assignment) => of_assigned(&assignment, report, item, at),
        None => of_unassigned::<T>(item),
    }
}

fn of_assigned<AccountId>(
    assignment: &Assignment<AccountId>,
    report: &ReportV1,
    item: &ReportItem,
    at: Tick,
) -> Liveness {
    if assignment.digest != item.digest {
        return Liveness::Dead;
    }
    if item.attempt > assignment.attempt {
        return Liveness::Unknown;
    }
    let fits = item
        .output
        .as_ref()
        .is_none_or(|output| output.size() <= assignment.max_output_bytes);
    let live = item.attempt == assignment.attempt
        && report.provider == assignment.provider
        && report.worker == assignment.worker
        && at <= assignment.deadline
        && fits
        && item.is_well_formed();
    if live {
        Liveness::Live {
            deadline: assignment.deadline,
        }
    } else {
        Liveness::Dead
    }
}

fn of_unassigned<T: Config>(item: &ReportItem) -> Liveness {
    let Some(invocation) = Invocations::<T>::get(item.invocation) else {
        return if item.invocation >= NextInvocationId::<T>::get() {
            Liveness::Unknown
        } else {
            Liveness::Dead
        };
    };
    let waits = invocation.digest == item.digest
        && invocation.status == Status::Requested
        && item.attempt >= invocation.attempt();
    if waits {
        Liveness::Unknown
    } else {
        Liveness::Dead
    }
}

/// What the items of a report come to.
#[derive(Default)]
struct Tally {
    items: usize,
    bytes: usize,
    live_items: usize,
    live_bytes: usize,
    unknown: usize,
    first_deadline: Option<Tick>,
}

impl Tally {
    fn add(&mut self, bytes: usize, liveness: Liveness) {
        self.items = self.items.saturating_add(1);
        self.bytes = self.bytes.saturating_add(bytes);
        match liveness {
            Liveness::Live { deadline } => {
                self.live_items = self.live_items.saturating_add(1);
                self.live_bytes = self.live_bytes.saturating_add(bytes);
                let first = self
                    .first_deadline
                    .map_or(deadline, |first| first.min(deadline));
                self.first_deadline = Some(first);
            }
            Liveness::Unknown => self.unknown = self.unknown.saturating_add(1),
            Liveness::Dead => {}
        }
    }

    /// A block takes what has any use. A pool refuses to carry and check more dead weight than live:
    /// it is free for its sender.
    fn is_useful(&self, in_block: bool) -> bool {
        if in_block {
            return self.live_items > 0;
        }
        self.live_items > 0
            && self.live_items.saturating_mul(2) >= self.items
            && self.live_bytes.saturating_mul(2) >= self.bytes
    }
}

impl<T: Config> Pallet<T> {
    /// Whether the report may be included, and the weight that finding out did not use.
    pub(crate) fn authorize_report(
        source: TransactionSource,
        report: &Report,
        signature: &WorkerSignature,
    ) -> TransactionValidityWithRefund {
        let payload = report;
        let Report::V1(report) = report;
        ensure!(is_ordered(report), InvalidTransaction::Call);

        // The next block polls before its transactions, so there the tick will be one further. In a
        // block it has been already.
        let in_block = source == TransactionSource::InBlock;
        let now = CurrentTick::<T>::get();
        let at = if in_block { now } else { now.saturating_add(1) };
        let mut tally = Tally::default();
        let mut validity = ValidTransaction::with_tag_prefix(TAG_PREFIX)
            .priority(T::ReportPriority::get().saturating_add(report.resend.into()))
            .propagate(true);
        for item in &report.items {
            let liveness = liveness::<T>(report, item, at);
            tally.add(item.encoded_size(), liveness);
            if let Liveness::Live { .. } = liveness {
                validity = validity.and_provides((item.digest, item.replica, item.attempt));
            }
        }
        if !tally.is_useful(in_block) {
            return Err(if tally.unknown > 0 {
                // Not `Invalid`: that would ban the transaction on a node one block behind.
                UnknownTransaction::CannotLookup.into()
            } else {
                InvalidTransaction::Stale.into()
            });
        }
        ensure!(
            report
                .worker
                .verify(&payload.payload(&Self::genesis_hash()), signature),
            InvalidTransaction::BadProof
        );
        let remaining = tally.first_deadline.unwrap_or(now).saturating_sub(now);
        let valid = validity.longevity(remaining.max(1).into()).build()?;
        Ok((valid, Weight::zero()))
    }

    /// Declared weight of dispatching a report.
    pub(crate) fn report_weight(report: &Report) -> Weight {
        Self::report_cost(items(report))
    }

    /// Declared weight of authorizing a report.
    pub(crate) fn report_authorize_weight(report: &Report) -> Weight {
        Self::authorize_cost(items(report), report.encoded_size().saturated_into())
    }
}

fn items(report: &Report) -> u32 {
    let Report::V1(report) = report;
    report.items.len().saturated_into()
}

/// Whether there is an item and the items are strictly ascending, so that none is there twice.
fn is_ordered(report: &ReportV1) -> bool {
    !report.items.is_empty()
        && report.items.windows(2).all(|pair| match pair {
            [a, b] => (a.invocation, a.replica) < (b.invocation, b.replica),
            _ => true,
        })
}
