//! Log lines on standard error, which whoever started this process collects.
//!
//! Libraries are heard only from warnings on, and those that serve functions not at all: they write
//! a line per call of the host, so a function could fill the log.

use std::io::Write;

use log::{Level, LevelFilter, Log, Metadata, Record};

/// Targets of this crate begin so.
const OWN: &str = env!("CARGO_CRATE_NAME");
/// Targets of the libraries between function and host begin so.
const DRIVEN_BY_FUNCTIONS: [&str; 3] = ["wasmtime", "wasi", "wiggle"];

struct Stderr;

/// Begins logging; later calls change nothing.
pub(super) fn init(level: LevelFilter) {
    if log::set_logger(&Stderr).is_ok() {
        log::set_max_level(level);
    }
}

impl Log for Stderr {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.level() <= log::max_level() && is_heard(metadata.target(), metadata.level())
    }

    fn log(&self, record: &Record<'_>) {
        if self.enabled(record.metadata()) {
            let line = format!(
                "{} {}: {}\n",
                record.level(),
                record.target(),
                record.args()
            );
            // A log that cannot be written must not end the process.
            let _ = std::io::stderr().write_all(line.as_bytes());
        }
    }

    fn flush(&self) {}
}

fn is_heard(target: &str, level: Level) -> bool {
    let is_driven = || {
        DRIVEN_BY_FUNCTIONS
            .iter()
            .any(|library| target.starts_with(library))
    };
    target.starts_with(OWN) || (level <= Level::Warn && !is_driven())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_cannot_write_to_the_log() {
        assert!(is_heard("defaas_function_runtime::engine", Level::Debug));
        assert!(is_heard("axum::serve", Level::Error));
        assert!(!is_heard("axum::serve", Level::Info));
        assert!(!is_heard("wasmtime_wasi::preview1", Level::Warn));
        assert!(!is_heard("wiggle", Level::Error));
    }
}
