//! Annotations by which a deployment carries the limits of its version. The limit of memory is in
//! the deployment itself: `limits.memory`.

/// Longest execution, in milliseconds.
pub const TIMEOUT_MS: &str = "defaas.timeout-ms";
/// Longest input, in bytes.
pub const MAX_INPUT_BYTES: &str = "defaas.max-input-bytes";
/// Longest output, in bytes.
pub const MAX_OUTPUT_BYTES: &str = "defaas.max-output-bytes";
/// `true` or `false`: whether the same input must give the same output.
pub const DETERMINISTIC: &str = "defaas.deterministic";
