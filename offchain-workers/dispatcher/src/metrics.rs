//! What the dispatcher counts. Plain atomics: the node registers them with whatever it publishes
//! metrics with, by reading [`Metrics::samples`] when it is asked.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use defaas_primitives::{Fault, Limit, Outcome};

/// Upper bounds of the histograms' buckets, in milliseconds.
pub const BUCKETS_MS: [u64; 12] = [
    1, 5, 10, 25, 50, 100, 250, 500, 1_000, 5_000, 30_000, 300_000,
];

/// Only grows.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    pub(crate) fn add(&self, n: usize) {
        self.0.fetch_add(as_u64(n), Relaxed);
    }

    /// Its value.
    pub fn get(&self) -> u64 {
        self.0.load(Relaxed)
    }
}

/// What there is now.
#[derive(Debug, Default)]
pub struct Gauge(AtomicU64);

impl Gauge {
    pub(crate) fn set(&self, n: usize) {
        self.0.store(as_u64(n), Relaxed);
    }

    /// Its value.
    pub fn get(&self) -> u64 {
        self.0.load(Relaxed)
    }
}

/// How long something took.
#[derive(Debug, Default)]
pub struct Histogram {
    buckets: [AtomicU64; BUCKETS_MS.len()],
    count: AtomicU64,
    sum_us: AtomicU64,
}

impl Histogram {
    pub(crate) fn observe(&self, took: Duration) {
        let us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        for (bound, bucket) in BUCKETS_MS.iter().zip(&self.buckets) {
            if us <= bound.saturating_mul(1_000) {
                bucket.fetch_add(1, Relaxed);
            }
        }
        self.count.fetch_add(1, Relaxed);
        self.sum_us.fetch_add(us, Relaxed);
    }

    /// How many took at most so many milliseconds as [`BUCKETS_MS`] says at the same place.
    pub fn buckets(&self) -> [u64; BUCKETS_MS.len()] {
        std::array::from_fn(|i| self.buckets[i].load(Relaxed))
    }

    /// How many there were.
    pub fn count(&self) -> u64 {
        self.count.load(Relaxed)
    }

    /// How long they took together.
    pub fn sum(&self) -> Duration {
        Duration::from_micros(self.sum_us.load(Relaxed))
    }
}

/// What a [`Sample`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Only grows.
    Counter,
    /// Goes up and down.
    Gauge,
}

/// One number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sample {
    /// Name.
    pub name: &'static str,
    /// Value of the label `outcome`, where there is one.
    pub outcome: Option<&'static str>,
    /// What it says.
    pub help: &'static str,
    /// What it is.
    pub kind: Kind,
    /// Its value.
    pub value: u64,
}

/// Outcomes as labels, in the order of [`index`].
const OUTCOMES: [&str; 12] = [
    "success",
    "function_failed",
    "limit_timeout",
    "limit_memory",
    "limit_output",
    "code_unavailable",
    "input_unavailable",
    "invalid_code",
    "unsupported",
    "overloaded",
    "interrupted",
    "internal",
];

fn index(outcome: &Outcome) -> usize {
    match outcome {
        Outcome::Success => 0,
        Outcome::FunctionFailed => 1,
        Outcome::LimitExceeded(Limit::Timeout) => 2,
        Outcome::LimitExceeded(Limit::Memory) => 3,
        Outcome::LimitExceeded(Limit::Output) => 4,
        Outcome::ProviderFailed(Fault::CodeUnavailable) => 5,
        Outcome::ProviderFailed(Fault::InputUnavailable) => 6,
        Outcome::ProviderFailed(Fault::InvalidCode) => 7,
        Outcome::ProviderFailed(Fault::Unsupported) => 8,
        Outcome::ProviderFailed(Fault::Overloaded) => 9,
        Outcome::ProviderFailed(Fault::Interrupted) => 10,
        Outcome::ProviderFailed(Fault::Internal) => 11,
    }
}

/// The label of an outcome in metrics and logs.
pub fn outcome_label(outcome: &Outcome) -> &'static str {
    OUTCOMES[index(outcome)]
}

/// What the dispatcher counts.
#[derive(Debug, Default)]
pub struct Metrics {
    outcomes: [Counter; OUTCOMES.len()],
    /// Attempts whose execution began.
    pub started: Counter,
    /// Executions cut because their assignment was gone or late.
    pub cancelled: Counter,
    /// Tasks of jobs that panicked.
    pub panics: Counter,
    /// Looks at the work list.
    pub looks: Counter,
    /// Looks that failed.
    pub look_errors: Counter,
    /// Records that the journal did not take.
    pub journal_errors: Counter,
    /// Reports that the pool took.
    pub reports_accepted: Counter,
    /// Reports that the pool did not take for now.
    pub reports_postponed: Counter,
    /// Reports that the pool refused.
    pub reports_refused: Counter,
    /// Reports that were sent again.
    pub reports_resent: Counter,
    /// Assignments not taken because too many are remembered.
    pub not_tracked: Counter,
    /// Jobs between fetch and result.
    pub in_flight: Gauge,
    /// Jobs that wait to begin.
    pub queued: Gauge,
    /// Attempts remembered.
    pub tracked: Gauge,
    /// From the wake-up that showed an assignment to the start of its execution.
    pub handoff: Histogram,
    /// Executions, as their executor says.
    pub executions: Histogram,
}

impl Metrics {
    pub(crate) fn concluded(&self, outcome: &Outcome) {
        self.outcomes[index(outcome)].add(1);
    }

    /// How many attempts ended with `outcome`.
    pub fn outcome(&self, outcome: &Outcome) -> u64 {
        self.outcomes[index(outcome)].get()
    }

    /// Everything but the histograms.
    pub fn samples(&self) -> Vec<Sample> {
        let outcomes = OUTCOMES.iter().zip(&self.outcomes).map(|(label, counter)| {
            let mut sample = counter_sample("outcomes_total", "Attempts by outcome.", counter);
            sample.outcome = Some(label);
            sample
        });
        let counters = [
            ("started_total", "Executions begun.", &self.started),
            ("cancelled_total", "Executions cut.", &self.cancelled),
            ("panics_total", "Job tasks that panicked.", &self.panics),
            ("looks_total", "Looks at the work list.", &self.looks),
            ("look_errors_total", "Looks that failed.", &self.look_errors),
            (
                "journal_errors_total",
                "Records that the journal did not take.",
                &self.journal_errors,
            ),
            (
                "reports_accepted_total",
                "Reports that the pool took.",
                &self.reports_accepted,
            ),
            (
                "reports_postponed_total",
                "Reports that the pool did not take for now.",
                &self.reports_postponed,
            ),
            (
                "reports_refused_total",
                "Reports that the pool refused.",
                &self.reports_refused,
            ),
            (
                "reports_resent_total",
                "Reports sent again.",
                &self.reports_resent,
            ),
            (
                "not_tracked_total",
                "Assignments not taken because too many are remembered.",
                &self.not_tracked,
            ),
        ];
        let gauges = [
            (
                "in_flight",
                "Jobs between fetch and result.",
                &self.in_flight,
            ),
            ("queued", "Jobs that wait to begin.", &self.queued),
            ("tracked", "Attempts remembered.", &self.tracked),
        ];
        outcomes
            .chain(counters.map(|(name, help, counter)| counter_sample(name, help, counter)))
            .chain(gauges.map(|(name, help, gauge)| Sample {
                name,
                outcome: None,
                help,
                kind: Kind::Gauge,
                value: gauge.get(),
            }))
            .collect()
    }
}

fn counter_sample(name: &'static str, help: &'static str, counter: &Counter) -> Sample {
    Sample {
        name,
        outcome: None,
        help,
        kind: Kind::Counter,
        value: counter.get(),
    }
}

fn as_u64(n: usize) -> u64 {
    u64::try_from(n).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_are_cumulative() {
        let histogram = Histogram::default();
        for ms in [0, 1, 7, 400_000] {
            histogram.observe(Duration::from_millis(ms));
        }
        assert_eq!(histogram.buckets()[..3], [2, 2, 3]);
        assert_eq!(histogram.buckets()[BUCKETS_MS.len() - 1], 3);
        assert_eq!(histogram.count(), 4);
        assert_eq!(histogram.sum(), Duration::from_millis(400_008));
    }

    #[test]
    fn samples_have_distinct_names_and_carry_outcomes_under_their_label() {
        let metrics = Metrics::default();
        let outcome = Outcome::ProviderFailed(Fault::Internal);
        metrics.concluded(&outcome);
        metrics.queued.set(3);
        let samples = metrics.samples();
        let value = |name, label| {
            samples
                .iter()
                .find(|s| s.name == name && s.outcome == label)
                .map(|s| s.value)
        };
        assert_eq!(value("outcomes_total", Some("internal")), Some(1));
        assert_eq!(value("outcomes_total", Some("success")), Some(0));
        assert_eq!(value("queued", None), Some(3));
        assert_eq!(outcome_label(&outcome), "internal");
        let mut names: Vec<_> = samples.iter().map(|s| (s.name, s.outcome)).collect();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), samples.len());
    }
}
