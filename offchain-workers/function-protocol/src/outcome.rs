//! How a call ends, in the words of the chain.

/// Which limit of its version a call exceeded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// It ran too long, or used up its fuel.
    Timeout,
    /// It asked for more memory and failed without it.
    Memory,
    /// It wrote more than it may.
    Output,
}

/// Why a provider could not run a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The code is not there, or what is there is something else.
    CodeUnavailable,
    /// The input did not arrive whole and in time.
    InputUnavailable,
    /// The code is no module that can be compiled and started within the limits.
    InvalidCode,
    /// The code, the deployment or the call needs something that this runtime does not offer.
    Unsupported,
    /// Too many calls or deployments at once.
    Overloaded,
    /// The runtime was shut down during the call.
    Interrupted,
    /// A mistake of the runtime or of its machine.
    Internal,
}

/// How a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Exit code 0.
    Success,
    /// Another exit code, or a trap.
    FunctionFailed,
    /// Stopped at a limit.
    LimitExceeded(Limit),
    /// Not run, or not to its end, for a reason that does not lie in the call.
    ProviderFailed(Fault),
}

impl Outcome {
    /// Every outcome.
    pub const ALL: [Self; 12] = [
        Self::Success,
        Self::FunctionFailed,
        Self::LimitExceeded(Limit::Timeout),
        Self::LimitExceeded(Limit::Memory),
        Self::LimitExceeded(Limit::Output),
        Self::ProviderFailed(Fault::CodeUnavailable),
        Self::ProviderFailed(Fault::InputUnavailable),
        Self::ProviderFailed(Fault::InvalidCode),
        Self::ProviderFailed(Fault::Unsupported),
        Self::ProviderFailed(Fault::Overloaded),
        Self::ProviderFailed(Fault::Interrupted),
        Self::ProviderFailed(Fault::Internal),
    ];

    /// The value of [`headers::OUTCOME`](crate::headers::OUTCOME).
    pub const fn token(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::FunctionFailed => "function-failed",
            Self::LimitExceeded(Limit::Timeout) => "limit-timeout",
            Self::LimitExceeded(Limit::Memory) => "limit-memory",
            Self::LimitExceeded(Limit::Output) => "limit-output",
            Self::ProviderFailed(Fault::CodeUnavailable) => "provider-failed-code-unavailable",
            Self::ProviderFailed(Fault::InputUnavailable) => "provider-failed-input-unavailable",
            Self::ProviderFailed(Fault::InvalidCode) => "provider-failed-invalid-code",
            Self::ProviderFailed(Fault::Unsupported) => "provider-failed-unsupported",
            Self::ProviderFailed(Fault::Overloaded) => "provider-failed-overloaded",
            Self::ProviderFailed(Fault::Interrupted) => "provider-failed-interrupted",
            Self::ProviderFailed(Fault::Internal) => "provider-failed-internal",
        }
    }

    /// Reads what [`Outcome::token`] writes. `None` for anything else.
    pub fn parse(token: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|outcome| outcome.token() == token)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parse_reads_back_every_token_and_nothing_else() {
        for outcome in Outcome::ALL {
            // Fails also if two outcomes have the same word.
            assert_eq!(Outcome::parse(outcome.token()), Some(outcome));
        }
        for token in ["", "Success", "limit", "provider-failed", "success "] {
            assert_eq!(Outcome::parse(token), None, "{token}");
        }
    }
}
