//! Why a management call failed.

use std::time::Duration;

use defaas_primitives::Fault;
use reqwest::StatusCode;

use crate::{FunctionName, InvalidName};

/// Why a management call failed. Invocations do not fail: see
/// [`Invocation`](crate::Invocation).
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Nothing was sent.
    #[error("no connection to {endpoint}: {source}; check that OpenFaaS runs and listens there")]
    Connect {
        /// Where to.
        endpoint: String,
        /// Why.
        source: reqwest::Error,
    },
    /// No whole answer in time. A change may have taken effect.
    #[error("no answer to {operation} within {limit:?}; check the load of the OpenFaaS")]
    Timeout {
        /// What was asked.
        operation: &'static str,
        /// How long it was waited for.
        limit: Duration,
    },
    /// The connection ended before the answer did, or the answer is not HTTP. A change may have
    /// taken effect.
    #[error("the answer to {operation} broke off: {source}; see the log of the OpenFaaS")]
    Broken {
        /// What was asked.
        operation: &'static str,
        /// Why.
        source: reqwest::Error,
    },
    /// The deployment's name cannot be used.
    #[error(transparent)]
    InvalidName(#[from] InvalidName),
    /// 401 or 403.
    #[error("the OpenFaaS refuses the credentials: check the user and the password file")]
    Unauthorized,
    /// 404 where the function had to exist.
    #[error("there is no function `{0}`: deploy it first")]
    NotFound(String),
    /// Any other answer than success.
    #[error("the OpenFaaS answers {status} to {operation}: {message}")]
    Rejected {
        /// What was asked.
        operation: &'static str,
        /// The answer's status.
        status: StatusCode,
        /// The beginning of the answer's body.
        message: String,
        /// The fault that this project's own runtime told with it.
        fault: Option<Fault>,
    },
    /// A redirect, which is never followed: the credentials would go to another host.
    #[error("the OpenFaaS redirects {operation} ({status}): give the address it redirects to")]
    Redirected {
        /// What was asked.
        operation: &'static str,
        /// The answer's status.
        status: StatusCode,
    },
    /// The answer is longer than allowed.
    #[error(
        "the answer to {operation} is longer than {limit} bytes: raise `max_management_bytes`"
    )]
    TooLarge {
        /// What was asked.
        operation: &'static str,
        /// Most bytes.
        limit: u64,
    },
    /// The answer is not what the API says.
    #[error("cannot read the answer to {operation}: {source}; is this an OpenFaaS?")]
    Malformed {
        /// What was asked.
        operation: &'static str,
        /// Where the reading stopped.
        source: serde_json::Error,
    },
    /// Deployed, and not ready in time.
    #[error(
        "function `{name}` is not ready after {waited:?}{}; see its log at the OpenFaaS",
        last.as_ref().map(|error| format!(" (last problem: {error})")).unwrap_or_default()
    )]
    NotReady {
        /// Which function.
        name: FunctionName,
        /// How long it was waited for.
        waited: Duration,
        /// What went wrong on the way.
        last: Option<Box<Error>>,
    },
}

impl Error {
    /// What a provider reports when it cannot execute for this reason.
    ///
    /// Only this project's own runtime says that code is invalid or asks for what is not offered; a
    /// foreign OpenFaaS refuses bad images and failed pulls in the same words, and guessing would
    /// blame developers for a provider's broken network.
    pub fn fault(&self) -> Fault {
        match self {
            Self::Rejected {
                fault: Some(fault), ..
            } => *fault,
            Self::Rejected { status, .. } if is_busy(*status) => Fault::Overloaded,
            Self::NotReady {
                last: Some(last), ..
            } => last.fault(),
            _ => Fault::Internal,
        }
    }

    /// Whether the same question may be answered if it is asked again soon.
    pub(crate) fn is_transient(&self) -> bool {
        match self {
            Self::Connect { .. } | Self::Timeout { .. } | Self::Broken { .. } => true,
            Self::Rejected { status, fault, .. } => status.is_server_error() && fault.is_none(),
            _ => false,
        }
    }

    /// Whether the OpenFaaS refused for a reason that lies in what was asked.
    pub(crate) fn is_refusal(&self) -> bool {
        matches!(self, Self::Rejected { status, .. } if status.is_client_error())
    }

    /// Whether this project's own runtime said why, so that nothing is left to find out.
    pub(crate) fn is_explained(&self) -> bool {
        matches!(self, Self::Rejected { fault: Some(_), .. })
    }
}

fn is_busy(status: StatusCode) -> bool {
    matches!(
        status,
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE
    )
}
