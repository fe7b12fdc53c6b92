#![doc = include_str!("../README.md")]

pub mod config;
mod dispatcher;
mod faults;
pub mod journal;
mod key;
pub mod metrics;
pub mod ports;
mod retry;
mod submitter;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
#[cfg(test)]
mod tests;
mod worker;

pub use config::{Config, ConfigError};
pub use dispatcher::{Dispatcher, Fatal};
pub use key::AttemptKey;
pub use metrics::Metrics;
pub use ports::Ports;
pub use retry::RetryPolicy;

/// Target of this crate's log lines.
pub const LOG: &str = "defaas::dispatcher";

/// The causes of an error in one line, from the nearest to the first.
fn causes(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    let causes: Vec<_> = causes.map(ToString::to_string).collect();
    if causes.is_empty() {
        return "no further cause".to_owned();
    }
    causes.join(": ")
}
