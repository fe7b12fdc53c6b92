//! How the parts of the worker are, in the node's Prometheus registry, as `defaas_worker_…`.

use super::health::{Health, Part};
use std::sync::Arc;
use substrate_prometheus_endpoint::{
    register, MetricSource, Opts, PrometheusError, Registry, SourcedCounter, SourcedGauge,
};

/// Name, help, and how it is read. Nothing is shown while it is unknown.
type Gauge = (&'static str, &'static str, fn(&Health) -> Option<u64>);

const GAUGES: [Gauge; 9] = [
    (
        "defaas_worker_function_runtime_answers",
        "1 if the function runtime answers, else 0.",
        |health| Some(health.answers().into()),
    ),
    (
        "defaas_worker_store_bytes",
        "What the blocks of the content store take on disk.",
        |health| health.usage().map(|usage| usage.bytes),
    ),
    (
        "defaas_worker_store_limit_bytes",
        "The most that the blocks of the content store may take on disk.",
        |health| health.usage().map(|usage| usage.max_bytes),
    ),
    (
        "defaas_worker_store_pinned_bytes",
        "What was pinned or in use at the last collection of the content store.",
        |health| health.usage().map(|usage| usage.kept),
    ),
    (
        "defaas_worker_store_blocks",
        "Blocks in the content store.",
        |health| health.usage().map(|usage| usage.blocks),
    ),
    (
        "defaas_worker_store_pins",
        "Pins in the content store.",
        |health| {
            let usage = health.usage()?;
            u64::try_from(usage.pins).ok()
        },
    ),
    (
        "defaas_worker_store_full_of_pins",
        "1 if the content store is full of pins, else 0.",
        |health| health.usage().map(|_| health.store_is_full().into()),
    ),
    (
        "defaas_worker_available_wanted",
        "1 if this worker wants new work, 0 if not.",
        |health| health.wanted().map(u64::from),
    ),
    (
        "defaas_worker_available_on_chain",
        "1 if the chain says in its best block that this worker takes new work, 0 if not.",
        |health| health.on_chain().map(u64::from),
    ),
];

/// Registers everything about `health`.
///
/// # Errors
///
/// If one of the names is taken.
pub fn publish(health: &Arc<Health>, registry: &Registry) -> Result<(), PrometheusError> {
    for (name, help, read) in GAUGES {
        let source = One {
            health: health.clone(),
            read,
        };
        register(SourcedGauge::new(&Opts::new(name, help), source)?, registry)?;
    }
    let up = Opts::new("defaas_worker_part_up", "1 if the part runs, else 0.");
    let source = Each {
        health: health.clone(),
        read: |health, part| health.is_up(part).into(),
    };
    register(
        SourcedGauge::new(&up.variable_label("part"), source)?,
        registry,
    )?;
    let restarts = Opts::new(
        "defaas_worker_part_restarts_total",
        "How often the part was started again after it ended, failed or panicked.",
    );
    let source = Each {
        health: health.clone(),
        read: |health, part| health.restarts(part),
    };
    register(
        SourcedCounter::new(&restarts.variable_label("part"), source)?,
        registry,
    )?;
    Ok(())
}

/// A number without a label.
#[derive(Clone)]
struct One {
    health: Arc<Health>,
    read: fn(&Health) -> Option<u64>,
}

impl MetricSource for One {
    type N = u64;

    fn collect(&self, mut set: impl FnMut(&[&str], u64)) {
        if let Some(value) = (self.read)(&self.health) {
            set(&[], value);
        }
    }
}

/// A number for each part.
#[derive(Clone)]
struct Each {
    health: Arc<Health>,
    read: fn(&Health, Part) -> u64,
}

impl MetricSource for Each {
    type N = u64;

    fn collect(&self, mut set: impl FnMut(&[&str], u64)) {
        for part in Part::ALL {
            set(&[part.label()], (self.read)(&self.health, part));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use defaas_content::{Config, Store};
    use substrate_prometheus_endpoint::prometheus::{Encoder, TextEncoder};

    fn text(registry: &Registry) -> String {
        let mut text = Vec::new();
        TextEncoder::new()
            .encode(&registry.gather(), &mut text)
            .expect("can be written");
        String::from_utf8(text).expect("is text")
    }

    #[test]
    fn health_is_published_as_far_as_it_is_known() {
        let dir = tempfile::tempdir().expect("a temporary folder can be made");
        let (registry, health) = (Registry::new(), Arc::<Health>::default());
        publish(&health, &registry).expect("no name is taken");
        let before = text(&registry);
        assert!(before.contains("defaas_worker_function_runtime_answers 0\n"));
        assert!(before.contains("defaas_worker_part_up{part=\"dispatcher\"} 0\n"));
        assert!(before.contains("defaas_worker_part_restarts_total{part=\"function_runtime\"} 0\n"));
        for unknown in [
            "defaas_worker_store_bytes ",
            "defaas_worker_available_wanted ",
        ] {
            assert!(!before.contains(unknown), "{unknown}");
        }

        let config = Config {
            max_bytes: 1 << 20,
            ..Config::in_dir(dir.path())
        };
        let _shown = health.show_store(Store::open(config).expect("nobody has it"));
        health.set_answers(true);
        health.set_wanted(true);
        health.set_on_chain(Some(false));
        let after = text(&registry);
        for line in [
            "defaas_worker_function_runtime_answers 1\n",
            "defaas_worker_store_bytes 0\n",
            "defaas_worker_store_limit_bytes 1048576\n",
            "defaas_worker_store_pinned_bytes 0\n",
            "defaas_worker_store_full_of_pins 0\n",
            "defaas_worker_available_wanted 1\n",
            "defaas_worker_available_on_chain 0\n",
        ] {
            assert!(after.contains(line), "{line} is not in\n{after}");
        }
        assert!(publish(&health, &registry).is_err());
    }
}
