//! Names of the headers of calls and their answers, in lower case, as HTTP libraries compare them.

/// How a call or a deployment ended, in the words of [`Outcome`](crate::Outcome). From this
/// project's own runtime alone.
pub const OUTCOME: &str = "x-defaas-outcome";
/// Fuel that a deterministic function used, from this project's own runtime alone.
pub const FUEL: &str = "x-defaas-fuel";
/// Seed of a deterministic function's random numbers, for this project's own runtime alone: 64
/// hexadecimal digits.
pub const SEED: &str = "x-defaas-seed";
/// Execution time in seconds, from the watchdog in a function's container or this project's own
/// runtime.
pub const DURATION: &str = "x-duration-seconds";
/// Marks an answer that the infrastructure made. The function may have run all the same.
pub const INTERNAL: &str = "x-openfaas-internal";
/// Identity of a call, for logs.
pub const CALL_ID: &str = "x-call-id";
