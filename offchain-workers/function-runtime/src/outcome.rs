//! How HTTP says how a call ended, beside the word for it.

use axum::http::StatusCode;

pub(crate) use defaas_function_protocol::{Fault, Limit, Outcome};

/// The status of the answer to a call that ended so.
pub(crate) const fn status(outcome: Outcome) -> StatusCode {
    match outcome {
        Outcome::Success => StatusCode::OK,
        Outcome::FunctionFailed => StatusCode::INTERNAL_SERVER_ERROR,
        Outcome::LimitExceeded(Limit::Timeout) => StatusCode::GATEWAY_TIMEOUT,
        Outcome::LimitExceeded(Limit::Memory | Limit::Output) => StatusCode::INTERNAL_SERVER_ERROR,
        Outcome::ProviderFailed(Fault::Overloaded) => StatusCode::TOO_MANY_REQUESTS,
        Outcome::ProviderFailed(Fault::Internal) => StatusCode::INTERNAL_SERVER_ERROR,
        Outcome::ProviderFailed(Fault::InputUnavailable) => StatusCode::REQUEST_TIMEOUT,
        Outcome::ProviderFailed(_) => StatusCode::SERVICE_UNAVAILABLE,
    }
}

/// The value of the header `X-OpenFaaS-Internal`, by which clients of OpenFaaS know answers that
/// the infrastructure made. The words are those of the part of OpenFaaS that would have answered.
/// `None` where the function itself answers.
pub(crate) const fn internal(outcome: Outcome) -> Option<&'static str> {
    match outcome {
        Outcome::Success | Outcome::FunctionFailed => None,
        Outcome::LimitExceeded(_) => Some("of-watchdog"),
        Outcome::ProviderFailed(Fault::Overloaded) => Some("faas-middleware"),
        Outcome::ProviderFailed(_) => Some("proxy"),
    }
}
