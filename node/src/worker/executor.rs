//! The executor as the dispatcher sees it: the function runtime behind the OpenFaaS REST API.

mod room;
mod uses;

use async_trait::async_trait;
use bytes::Bytes;
use defaas_dispatcher::ports::{Execution, Executor, ExecutorError};
use defaas_openfaas::{Client, Error, FunctionDeployment, FunctionName, HeaderValue, Request};
use defaas_primitives::{CodeKind, Fault, Job, Meters, Outcome};
use room::Room;
use std::{path::Path, time::Duration};
use uses::user;

/// A call that has not ended so long after its time-out is given up by the dispatcher, and does not
/// use its function any more.
const CALL_GRACE: Duration = Duration::from_secs(60);

/// Executes WebAssembly in the function runtime.
pub struct WasmExecutor {
    room: Room<Client>,
}

impl WasmExecutor {
    /// An executor that speaks through `client` and gives up a deployment after `deploy_within`.
    pub fn new(client: Client, deploy_within: Duration) -> Self {
        Self {
            room: Room::new(client, deploy_within),
        }
    }
}

#[async_trait]
impl Executor for WasmExecutor {
    async fn ensure_deployed(&self, job: &Job, _code: &Path) -> Result<(), ExecutorError> {
        if job.code.kind != CodeKind::Wasm {
            return Err(ExecutorError::Unsupported);
        }
        let deployment = deployment(job);
        let name = FunctionName::parse(&deployment.service)
            .map_err(|error| ExecutorError::Failed(error.into()))?;
        let held = self.room.hold(&name, &deployment, user(job)).await;
        held.map_err(of_client)
    }

    async fn invoke(&self, job: &Job, input: Bytes) -> Execution {
        let name = match FunctionName::parse(&deployment(job).service) {
            Ok(name) => name,
            Err(error) => return not_run(&error.to_string()),
        };
        let path = String::from_utf8_lossy(&job.path.0);
        let mut request = Request::post(&path, input, &job.limits);
        request.call_id = HeaderValue::try_from(hex::encode(job.digest)).ok();
        request.seed = job.deterministic.then_some(job.digest.0);
        let lasts = Duration::from_millis(job.limits.timeout_ms.into()) + CALL_GRACE;
        let _held = self.room.begin(&name, user(job), lasts).await;
        let ended = self.room.runtime().invoke(&name, request).await;
        if let Some(problem) = &ended.problem {
            log::debug!(target: super::LOG, "call {:?}: {problem}", job.digest);
        }
        Execution {
            outcome: ended.outcome,
            output: ended.body,
            meters: Meters {
                duration_ms: u32::try_from(ended.duration.as_millis()).unwrap_or(u32::MAX),
                fuel: ended.fuel,
            },
        }
    }
}

fn deployment(job: &Job) -> FunctionDeployment {
    FunctionDeployment::wasm(&job.code.sha256, &job.limits, job.deterministic)
}

fn not_run(problem: &str) -> Execution {
    log::error!(target: super::LOG, "a call was not made: {problem}");
    Execution {
        outcome: Outcome::ProviderFailed(Fault::Internal),
        output: Bytes::new(),
        meters: Meters {
            duration_ms: 0,
            fuel: None,
        },
    }
}

fn of_client(error: Error) -> ExecutorError {
    match error.fault() {
        Fault::InvalidCode => ExecutorError::InvalidCode,
        Fault::Unsupported => ExecutorError::Unsupported,
        Fault::Overloaded => ExecutorError::Busy,
        _ if matches!(error, Error::Timeout { .. } | Error::NotReady { .. }) => {
            ExecutorError::TimedOut
        }
        _ => ExecutorError::Failed(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use defaas_openfaas::StatusCode;

    fn rejected(fault: Option<Fault>) -> Error {
        Error::Rejected {
            operation: "deploy",
            status: StatusCode::BAD_REQUEST,
            message: String::new(),
            fault,
        }
    }

    #[test]
    fn refusals_become_what_the_runtime_says_and_else_a_failure_here() {
        let seen = |fault| of_client(rejected(fault));
        assert!(matches!(
            seen(Some(Fault::InvalidCode)),
            ExecutorError::InvalidCode
        ));
        assert!(matches!(
            seen(Some(Fault::Unsupported)),
            ExecutorError::Unsupported
        ));
        assert!(matches!(seen(Some(Fault::Overloaded)), ExecutorError::Busy));
        assert!(matches!(
            seen(Some(Fault::CodeUnavailable)),
            ExecutorError::Failed(_)
        ));
        assert!(matches!(seen(None), ExecutorError::Failed(_)));
        let late = Error::Timeout {
            operation: "deploy",
            limit: Duration::ZERO,
        };
        assert!(matches!(of_client(late), ExecutorError::TimedOut));
    }
}
