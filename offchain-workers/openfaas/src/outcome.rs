//! How an answer to an invocation maps to an outcome. Pure: what it needs to ask is said by
//! [`Verdict::IfReady`] and asked elsewhere. The table with its reasons is in the README.

use std::time::Duration;

use defaas_function_protocol::{self as protocol, headers};
use defaas_primitives::{Fault, Limit, Outcome};
use reqwest::header::HeaderMap;
use reqwest::StatusCode;

/// Most bytes that a failing function's output may have, if its version's limit is lower: room for
/// the end of its error stream.
pub const FAILURE_OUTPUT_BYTES: u64 = 4 * 1024;

/// What [`headers::INTERNAL`] says if the watchdog refused the call for too many at once.
const INTERNAL_LIMITER: &str = "faas-middleware";
/// What it says if the watchdog itself failed.
const INTERNAL_WATCHDOG: &str = "of-watchdog";

/// The outcome as [`headers::OUTCOME`] writes it.
pub const fn outcome_token(outcome: &Outcome) -> &'static str {
    told(outcome).token()
}

/// Reads what [`outcome_token`] writes. `None` for anything else.
pub fn parse_outcome(token: &str) -> Option<Outcome> {
    protocol::Outcome::parse(token).map(meant)
}

/// How the protocol says what the chain means. No other arm, here and below: a word that one side
/// gets and the other does not is an error.
const fn told(outcome: &Outcome) -> protocol::Outcome {
    match outcome {
        Outcome::Success => protocol::Outcome::Success,
        Outcome::FunctionFailed => protocol::Outcome::FunctionFailed,
        Outcome::LimitExceeded(limit) => protocol::Outcome::LimitExceeded(match limit {
            Limit::Timeout => protocol::Limit::Timeout,
            Limit::Memory => protocol::Limit::Memory,
            Limit::Output => protocol::Limit::Output,
        }),
        Outcome::ProviderFailed(fault) => protocol::Outcome::ProviderFailed(match fault {
            Fault::CodeUnavailable => protocol::Fault::CodeUnavailable,
            Fault::InputUnavailable => protocol::Fault::InputUnavailable,
            Fault::InvalidCode => protocol::Fault::InvalidCode,
            Fault::Unsupported => protocol::Fault::Unsupported,
            Fault::Overloaded => protocol::Fault::Overloaded,
            Fault::Interrupted => protocol::Fault::Interrupted,
            Fault::Internal => protocol::Fault::Internal,
        }),
    }
}

/// What the chain means by a word of the protocol.
const fn meant(outcome: protocol::Outcome) -> Outcome {
    match outcome {
        protocol::Outcome::Success => Outcome::Success,
        protocol::Outcome::FunctionFailed => Outcome::FunctionFailed,
        protocol::Outcome::LimitExceeded(limit) => Outcome::LimitExceeded(match limit {
            protocol::Limit::Timeout => Limit::Timeout,
            protocol::Limit::Memory => Limit::Memory,
            protocol::Limit::Output => Limit::Output,
        }),
        protocol::Outcome::ProviderFailed(fault) => Outcome::ProviderFailed(match fault {
            protocol::Fault::CodeUnavailable => Fault::CodeUnavailable,
            protocol::Fault::InputUnavailable => Fault::InputUnavailable,
            protocol::Fault::InvalidCode => Fault::InvalidCode,
            protocol::Fault::Unsupported => Fault::Unsupported,
            protocol::Fault::Overloaded => Fault::Overloaded,
            protocol::Fault::Interrupted => Fault::Interrupted,
            protocol::Fault::Internal => Fault::Internal,
        }),
    }
}

/// What an answer means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Just this.
    Is(Outcome),
    /// This, if the function is ready now; if it is not, the answer came from somebody else, and
    /// it is the provider's failure.
    IfReady(Outcome),
}

impl Verdict {
    pub(crate) fn outcome(self) -> Outcome {
        match self {
            Self::Is(outcome) | Self::IfReady(outcome) => outcome,
        }
    }
}

/// The provider's failure, without more knowledge.
pub(crate) const INTERNAL: Outcome = Outcome::ProviderFailed(Fault::Internal);

/// Judges an answer of this project's own runtime: its word is taken, and an answer without it
/// cannot have come from a function.
pub(crate) fn judge_exact(headers: &HeaderMap) -> Verdict {
    let told = text(headers, headers::OUTCOME).and_then(parse_outcome);
    Verdict::Is(told.unwrap_or(INTERNAL))
}

/// Judges an answer of a foreign OpenFaaS by what is seen of it. `elapsed` is the time from
/// sending to the answer's head, `timeout` the function's limit.
pub(crate) fn judge_foreign(
    status: StatusCode,
    headers: &HeaderMap,
    elapsed: Duration,
    timeout: Duration,
) -> Verdict {
    if let Some(marker) = text(headers, headers::INTERNAL) {
        return Verdict::Is(match (status, marker) {
            (StatusCode::TOO_MANY_REQUESTS, INTERNAL_LIMITER) => {
                Outcome::ProviderFailed(Fault::Overloaded)
            }
            // Only if the time was really up: an operator's shorter time-out is not the function's.
            (StatusCode::GATEWAY_TIMEOUT, INTERNAL_WATCHDOG) if elapsed >= timeout => {
                Outcome::LimitExceeded(Limit::Timeout)
            }
            _ => INTERNAL,
        });
    }
    match status {
        status if status.is_success() => Verdict::Is(Outcome::Success),
        // What the gateway itself says to calls that loop back to it, and without the marker.
        StatusCode::MOVED_PERMANENTLY
        | StatusCode::NOT_FOUND
        | StatusCode::METHOD_NOT_ALLOWED
        | StatusCode::BAD_GATEWAY => Verdict::IfReady(Outcome::FunctionFailed),
        _ => Verdict::Is(Outcome::FunctionFailed),
    }
}

/// Judges a call that got no whole answer within its limit and the grace. This project's own
/// runtime stops functions itself, so its silence is its own failure; a foreign one may not know
/// the limit, or may hold a call for a function that never comes up.
pub(crate) const fn judge_silence(exact: bool) -> Verdict {
    if exact {
        Verdict::Is(INTERNAL)
    } else {
        Verdict::IfReady(Outcome::LimitExceeded(Limit::Timeout))
    }
}

/// A header's value as text; of several, the first.
pub(crate) fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use codec::DecodeAll;
    use reqwest::header::{HeaderName, HeaderValue};

    const LIMIT: Duration = Duration::from_secs(1);
    const FAST: Duration = Duration::from_millis(10);

    fn with(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| {
                (
                    HeaderName::from_static(name),
                    HeaderValue::from_static(value),
                )
            })
            .collect()
    }

    /// All outcomes that the chain can encode, in one byte or two.
    fn all() -> impl Iterator<Item = Outcome> {
        let one = (0..=u8::MAX).map(|first| vec![first]);
        let two = (0..=u16::MAX).map(|both| both.to_le_bytes().to_vec());
        one.chain(two)
            .filter_map(|bytes| Outcome::decode_all(&mut bytes.as_slice()).ok())
    }

    #[test]
    fn every_outcome_of_the_chain_has_a_word_and_every_word_an_outcome() {
        for outcome in all() {
            let token = outcome_token(&outcome);
            assert_eq!(parse_outcome(token), Some(outcome), "{token}");
        }
        assert_eq!(all().count(), protocol::Outcome::ALL.len());
    }

    #[test]
    fn judge_exact_takes_the_word_of_the_runtime_and_nothing_else() {
        let told = with(&[(headers::OUTCOME, "limit-memory")]);
        assert_eq!(
            judge_exact(&told),
            Verdict::Is(Outcome::LimitExceeded(Limit::Memory))
        );
        assert_eq!(judge_exact(&HeaderMap::new()), Verdict::Is(INTERNAL));
        assert_eq!(
            judge_exact(&with(&[(headers::OUTCOME, "fine")])),
            Verdict::Is(INTERNAL)
        );
    }

    #[test]
    fn judge_foreign_does_not_believe_an_outcome_header() {
        let told = with(&[(headers::OUTCOME, "provider-failed-internal")]);
        let verdict = judge_foreign(StatusCode::OK, &told, FAST, LIMIT);
        assert_eq!(verdict, Verdict::Is(Outcome::Success));
    }

    #[test]
    fn judge_foreign_goes_by_the_status_without_the_marker() {
        let judge = |status| {
            let status = StatusCode::from_u16(status).unwrap();
            judge_foreign(status, &HeaderMap::new(), FAST, LIMIT)
        };
        for status in [200, 201, 204, 299] {
            assert_eq!(judge(status), Verdict::Is(Outcome::Success), "{status}");
        }
        for status in [301, 404, 405, 502] {
            assert_eq!(
                judge(status),
                Verdict::IfReady(Outcome::FunctionFailed),
                "{status}"
            );
        }
        for status in [302, 307, 400, 401, 429, 500, 503, 504] {
            assert_eq!(
                judge(status),
                Verdict::Is(Outcome::FunctionFailed),
                "{status}"
            );
        }
    }

    #[test]
    fn judge_foreign_blames_the_provider_where_the_marker_stands() {
        for status in [200, 404, 500, 503] {
            let status = StatusCode::from_u16(status).unwrap();
            let marked = with(&[(headers::INTERNAL, "proxy")]);
            assert_eq!(
                judge_foreign(status, &marked, FAST, LIMIT),
                Verdict::Is(INTERNAL)
            );
        }
    }

    #[test]
    fn judge_foreign_knows_a_full_watchdog_from_a_failed_one() {
        let limiter = with(&[(headers::INTERNAL, "faas-middleware")]);
        let busy = judge_foreign(StatusCode::TOO_MANY_REQUESTS, &limiter, FAST, LIMIT);
        assert_eq!(
            busy,
            Verdict::Is(Outcome::ProviderFailed(Fault::Overloaded))
        );
    }

    #[test]
    fn judge_foreign_takes_a_watchdog_s_time_out_only_when_the_limit_was_reached() {
        let watchdog = with(&[(headers::INTERNAL, "of-watchdog")]);
        let judge = |elapsed| judge_foreign(StatusCode::GATEWAY_TIMEOUT, &watchdog, elapsed, LIMIT);
        assert_eq!(
            judge(LIMIT),
            Verdict::Is(Outcome::LimitExceeded(Limit::Timeout))
        );
        assert_eq!(judge(FAST), Verdict::Is(INTERNAL));
    }

    #[test]
    fn judge_silence_blames_the_own_runtime_and_the_foreign_function() {
        assert_eq!(judge_silence(true), Verdict::Is(INTERNAL));
        assert_eq!(
            judge_silence(false),
            Verdict::IfReady(Outcome::LimitExceeded(Limit::Timeout))
        );
    }
}
