//! What the dispatcher counts, in the node's Prometheus registry, as `defaas_worker_…`.

use defaas_dispatcher::metrics::{Histogram, Kind, Metrics, BUCKETS_MS};
use std::sync::Arc;
use substrate_prometheus_endpoint::{
    prometheus::{
        core::{Collector, Desc},
        proto,
    },
    register, MetricSource, Opts, PrometheusError, Registry, SourcedCounter, SourcedGauge,
};

const PREFIX: &str = "defaas_worker_";

/// Registers everything that `metrics` counts.
///
/// # Errors
///
/// If one of the names is taken.
pub fn publish(metrics: &Arc<Metrics>, registry: &Registry) -> Result<(), PrometheusError> {
    let mut known = Vec::new();
    for sample in metrics.samples() {
        if known.contains(&sample.name) {
            continue;
        }
        known.push(sample.name);
        let mut opts = Opts::new(format!("{PREFIX}{}", sample.name), sample.help);
        if sample.outcome.is_some() {
            opts = opts.variable_label("outcome");
        }
        let source = Named {
            metrics: metrics.clone(),
            name: sample.name,
        };
        match sample.kind {
            Kind::Counter => drop(register(SourcedCounter::new(&opts, source)?, registry)?),
            Kind::Gauge => drop(register(SourcedGauge::new(&opts, source)?, registry)?),
        }
    }
    for (name, help, of) in HISTOGRAMS {
        registry.register(Box::new(Durations::new(metrics.clone(), name, help, of)?))?;
    }
    Ok(())
}

/// Picks a histogram.
type Pick = fn(&Metrics) -> &Histogram;

const HISTOGRAMS: [(&str, &str, Pick); 2] = [
    (
        "handoff_seconds",
        "From the wake-up that showed an assignment to the start of its execution.",
        |metrics| &metrics.handoff,
    ),
    (
        "execution_seconds",
        "Executions, as their executor says.",
        |metrics| &metrics.executions,
    ),
];

/// The samples of one name.
#[derive(Clone)]
struct Named {
    metrics: Arc<Metrics>,
    name: &'static str,
}

impl MetricSource for Named {
    type N = u64;

    fn collect(&self, mut set: impl FnMut(&[&str], u64)) {
        for sample in self.metrics.samples() {
            if sample.name == self.name {
                set(sample.outcome.as_slice(), sample.value);
            }
        }
    }
}

/// A histogram of the dispatcher as Prometheus has it: in seconds.
struct Durations {
    metrics: Arc<Metrics>,
    desc: Desc,
    of: Pick,
}

impl Durations {
    fn new(
        metrics: Arc<Metrics>,
        name: &str,
        help: &str,
        of: Pick,
    ) -> Result<Self, PrometheusError> {
        let desc = Desc::new(
            format!("{PREFIX}{name}"),
            help.to_owned(),
            Vec::new(),
            Default::default(),
        )?;
        Ok(Self { metrics, desc, of })
    }
}

impl Collector for Durations {
    fn desc(&self) -> Vec<&Desc> {
        vec![&self.desc]
    }

    fn collect(&self) -> Vec<proto::MetricFamily> {
        let seen = (self.of)(&self.metrics);
        let buckets = BUCKETS_MS.iter().zip(seen.buckets());
        let buckets = buckets.map(|(bound_ms, count)| {
            let mut bucket = proto::Bucket::default();
            bucket.set_upper_bound(*bound_ms as f64 / 1_000.0);
            bucket.set_cumulative_count(count);
            bucket
        });
        let mut histogram = proto::Histogram::default();
        histogram.set_bucket(buckets.collect());
        histogram.set_sample_count(seen.count());
        histogram.set_sample_sum(seen.sum().as_secs_f64());
        let mut metric = proto::Metric::default();
        metric.set_histogram(histogram);
        let mut family = proto::MetricFamily::default();
        family.set_name(self.desc.fq_name.clone());
        family.set_help(self.desc.help.clone());
        family.set_field_type(proto::MetricType::HISTOGRAM);
        family.set_metric(vec![metric]);
        vec![family]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use substrate_prometheus_endpoint::prometheus::{Encoder, TextEncoder};

    #[test]
    fn everything_that_is_counted_is_published_under_one_prefix() {
        let registry = Registry::new();
        let metrics = Arc::new(Metrics::default());
        publish(&metrics, &registry).expect("no name is taken");
        let mut text = Vec::new();
        TextEncoder::new()
            .encode(&registry.gather(), &mut text)
            .expect("can be written");
        let text = String::from_utf8(text).expect("is text");
        for sample in metrics.samples() {
            assert!(text.contains(&format!("{PREFIX}{}", sample.name)), "{text}");
        }
        assert!(text.contains("defaas_worker_outcomes_total{outcome=\"success\"} 0"));
        assert!(text.contains("defaas_worker_execution_seconds_bucket{le=\"0.001\"} 0"));
        assert!(publish(&metrics, &registry).is_err());
    }
}
