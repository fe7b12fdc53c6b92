//! The executor as the dispatcher sees it: the function runtime behind the OpenFaaS REST API.

use async_trait::async_trait;
use bytes::Bytes;
use defaas_dispatcher::ports::{Execution, Executor, ExecutorError};
use defaas_openfaas::{Client, Error, FunctionDeployment, FunctionName, HeaderValue, Request};
use defaas_primitives::{CodeKind, Fault, Job, Meters, Outcome};
use std::{
    collections::HashMap,
    path::Path,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::time::Instant;

/// A deployment is given up after so long. The dispatcher's own time-out is a little longer.
const DEPLOY_WITHIN: Duration = Duration::from_secs(140);
/// A function that was not asked for during this time may be removed to make room for another one.
/// Longer than any attempt takes between its deployment and its end.
const IDLE: Duration = Duration::from_secs(600);

/// Executes WebAssembly in the function runtime.
pub struct WasmExecutor {
    client: Client,
    /// When each function was asked for last.
    used: Mutex<HashMap<FunctionName, Instant>>,
}

impl WasmExecutor {
    /// An executor that speaks through `client`.
    pub fn new(client: Client) -> Self {
        Self {
            client,
            used: Mutex::default(),
        }
    }

    fn used(&self) -> MutexGuard<'_, HashMap<FunctionName, Instant>> {
        self.used.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn deploy(&self, deployment: &FunctionDeployment) -> Result<(), Error> {
        let deployed = self.client.ensure_deployed(deployment, DEPLOY_WITHIN).await;
        deployed.map(drop)
    }

    /// Removes the function that was not asked for longest, if any is idle. Whether there is more
    /// room now.
    async fn make_room(&self) -> bool {
        let Some(name) = longest_idle(&self.used(), Instant::now()) else {
            return false;
        };
        self.used().remove(&name);
        match self.client.delete(&name).await {
            Ok(was_there) => was_there,
            Err(error) => {
                log::warn!(target: super::LOG, "function {name} is idle and cannot be removed: {error}");
                false
            }
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
        self.used().insert(name, Instant::now());
        let mut deployed = self.deploy(&deployment).await;
        if matches!(&deployed, Err(error) if error.fault() == Fault::Overloaded)
            && self.make_room().await
        {
            deployed = self.deploy(&deployment).await;
        }
        deployed.map_err(of_client)
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
        let ended = self.client.invoke(&name, request).await;
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

fn longest_idle(used: &HashMap<FunctionName, Instant>, now: Instant) -> Option<FunctionName> {
    used.iter()
        .filter(|(_, at)| now.duration_since(**at) >= IDLE)
        .min_by_key(|(_, at)| **at)
        .map(|(name, _)| name.clone())
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
            limit: DEPLOY_WITHIN,
        };
        assert!(matches!(of_client(late), ExecutorError::TimedOut));
    }

    #[tokio::test(start_paused = true)]
    async fn function_idle_longest_gives_way_and_one_in_use_never() {
        let name = |text| FunctionName::parse(text).expect("a valid name");
        let mut used = HashMap::from([(name("first"), Instant::now())]);
        tokio::time::advance(Duration::from_secs(1)).await;
        used.insert(name("second"), Instant::now());
        assert_eq!(longest_idle(&used, Instant::now()), None);
        tokio::time::advance(IDLE).await;
        assert_eq!(longest_idle(&used, Instant::now()), Some(name("first")));
    }
}
