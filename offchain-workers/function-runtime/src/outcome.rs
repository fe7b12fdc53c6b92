//! How a call ends, in the words of the chain, and how HTTP says it.

use axum::http::StatusCode;

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
    /// The code is not in the folder of code, or the file there is something else.
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
    /// A mistake of this runtime or of its machine.
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
    /// The value of the header `X-Defaas-Outcome`.
    pub const fn token(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::FunctionFailed => "function-failed",
            Self::LimitExceeded(Limit::Timeout) => "limit-timeout",
            Self::LimitExceeded(Limit::Memory) => "limit-memory",
            Self::LimitExceeded(Limit::Output) => "limit-output",
            Self::ProviderFailed(fault) => fault.token(),
        }
    }

    /// The status of the answer to a call that ended so.
    pub const fn status(self) -> StatusCode {
        match self {
            Self::Success => StatusCode::OK,
            Self::FunctionFailed => StatusCode::INTERNAL_SERVER_ERROR,
            Self::LimitExceeded(Limit::Timeout) => StatusCode::GATEWAY_TIMEOUT,
            Self::LimitExceeded(Limit::Memory | Limit::Output) => StatusCode::INTERNAL_SERVER_ERROR,
            Self::ProviderFailed(Fault::Overloaded) => StatusCode::TOO_MANY_REQUESTS,
            Self::ProviderFailed(Fault::Internal) => StatusCode::INTERNAL_SERVER_ERROR,
            Self::ProviderFailed(Fault::InputUnavailable) => StatusCode::REQUEST_TIMEOUT,
            Self::ProviderFailed(_) => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// The value of the header `X-OpenFaaS-Internal`, by which clients of OpenFaaS know answers
    /// that the infrastructure made. The words are those of the part of OpenFaaS that would have
    /// answered. `None` where the function itself answers.
    pub const fn internal(self) -> Option<&'static str> {
        match self {
            Self::Success | Self::FunctionFailed => None,
            Self::LimitExceeded(_) => Some("of-watchdog"),
            Self::ProviderFailed(Fault::Overloaded) => Some("faas-middleware"),
            Self::ProviderFailed(_) => Some("proxy"),
        }
    }
}

impl Fault {
    /// The value of the header `X-Defaas-Outcome`.
    pub const fn token(self) -> &'static str {
        match self {
            Self::CodeUnavailable => "provider-failed-code-unavailable",
            Self::InputUnavailable => "provider-failed-input-unavailable",
            Self::InvalidCode => "provider-failed-invalid-code",
            Self::Unsupported => "provider-failed-unsupported",
            Self::Overloaded => "provider-failed-overloaded",
            Self::Interrupted => "provider-failed-interrupted",
            Self::Internal => "provider-failed-internal",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use codec::DecodeAll;
    use defaas_openfaas::parse_outcome;
    use defaas_primitives as chain;
    use std::collections::HashSet;

    /// What the chain means by it. No other arm: a word that one side gets and the other does not
    /// is an error here.
    fn here(outcome: chain::Outcome) -> Outcome {
        match outcome {
            chain::Outcome::Success => Outcome::Success,
            chain::Outcome::FunctionFailed => Outcome::FunctionFailed,
            chain::Outcome::LimitExceeded(limit) => Outcome::LimitExceeded(match limit {
                chain::Limit::Timeout => Limit::Timeout,
                chain::Limit::Memory => Limit::Memory,
                chain::Limit::Output => Limit::Output,
            }),
            chain::Outcome::ProviderFailed(fault) => Outcome::ProviderFailed(match fault {
                chain::Fault::CodeUnavailable => Fault::CodeUnavailable,
                chain::Fault::InputUnavailable => Fault::InputUnavailable,
                chain::Fault::InvalidCode => Fault::InvalidCode,
                chain::Fault::Unsupported => Fault::Unsupported,
                chain::Fault::Overloaded => Fault::Overloaded,
                chain::Fault::Interrupted => Fault::Interrupted,
                chain::Fault::Internal => Fault::Internal,
            }),
        }
    }

    fn there(outcome: Outcome) -> chain::Outcome {
        match outcome {
            Outcome::Success => chain::Outcome::Success,
            Outcome::FunctionFailed => chain::Outcome::FunctionFailed,
            Outcome::LimitExceeded(limit) => chain::Outcome::LimitExceeded(match limit {
                Limit::Timeout => chain::Limit::Timeout,
                Limit::Memory => chain::Limit::Memory,
                Limit::Output => chain::Limit::Output,
            }),
            Outcome::ProviderFailed(fault) => chain::Outcome::ProviderFailed(match fault {
                Fault::CodeUnavailable => chain::Fault::CodeUnavailable,
                Fault::InputUnavailable => chain::Fault::InputUnavailable,
                Fault::InvalidCode => chain::Fault::InvalidCode,
                Fault::Unsupported => chain::Fault::Unsupported,
                Fault::Overloaded => chain::Fault::Overloaded,
                Fault::Interrupted => chain::Fault::Interrupted,
                Fault::Internal => chain::Fault::Internal,
            }),
        }
    }

    /// All outcomes that the chain can encode, in one byte or two.
    fn all() -> impl Iterator<Item = chain::Outcome> {
        let one = (0..=u8::MAX).map(|first| vec![first]);
        let two = (0..=u16::MAX).map(|both| both.to_le_bytes().to_vec());
        one.chain(two)
            .filter_map(|bytes| chain::Outcome::decode_all(&mut bytes.as_slice()).ok())
    }

    #[test]
    fn client_reads_every_outcome_of_the_chain_from_the_word_written_here() {
        let mut tokens = HashSet::new();
        for outcome in all() {
            let token = here(outcome).token();
            assert_eq!(parse_outcome(token), Some(outcome), "{token}");
            assert_eq!(there(here(outcome)), outcome, "{token}");
            assert!(tokens.insert(token), "{token} stands for two");
        }
        assert!(tokens.contains("success") && tokens.len() > 4, "{tokens:?}");
    }
}
