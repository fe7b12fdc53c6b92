//! From whatever state a function is in to deployed and ready.
//!
//! Look (`get`) → compare with what is wanted → change → look again, until the function is ready or
//! the time is up. Nothing is assumed from the answer to a change, because faasd
//! * answers a deployment before the function listens;
//! * destroys the function when an update fails, and may keep a name whose deployment it refused;
//! * counts a function as available that does not listen yet.
//!
//! So each round looks anew, and the number of changes is bounded.

use std::time::Duration;

use defaas_function_protocol::headers;
use reqwest::header::HeaderMap;
use reqwest::Method;
use tokio::time::Instant;

use crate::outcome::text;
use crate::retry::Backoff;
use crate::{Client, Error, FunctionDeployment, FunctionName, FunctionStatus};

/// Most changes in one go: deploy, start, update, and one repair.
const MAX_CHANGES: u32 = 4;
/// Delay between two looks, growing.
const FIRST_LOOK: Duration = Duration::from_millis(20);
const LAST_LOOK: Duration = Duration::from_secs(1);
/// Answered by the watchdog of a container, not by the function; every container must answer it.
const PROBE_PATH: &str = "/_/health";

/// What to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// It is not there.
    Deploy,
    /// It is something else, or could not be started.
    Update,
    /// It is right and has no instance.
    Start,
    /// It is right and comes up.
    Wait,
    /// It is right and counted as available: see whether it listens.
    Probe,
}

/// What was done so far.
#[derive(Clone, Copy, Debug, Default)]
struct Done {
    changes: u32,
    started: bool,
    updated: bool,
}

fn plan(wanted: &FunctionDeployment, found: Option<&FunctionStatus>, done: Done) -> Step {
    match found {
        None => Step::Deploy,
        Some(found) if !wanted.is_deployed_as(found) => Step::Update,
        Some(found) if found.available_replicas > 0 => Step::Probe,
        // Just deployed, started or updated: its instance is on the way.
        Some(found) if found.replicas > 0 => Step::Wait,
        Some(_) if !done.started => Step::Start,
        Some(_) if !done.updated => Step::Update,
        Some(_) => Step::Wait,
    }
}

impl Client {
    /// Makes sure that the function is deployed as given and ready to be called, and returns its
    /// status. Safe to call again, also at once from several places.
    ///
    /// Fails with [`Error::NotReady`] after `within`, and at once when the OpenFaaS refuses the
    /// deployment.
    pub async fn ensure_deployed(
        &self,
        wanted: &FunctionDeployment,
        within: Duration,
    ) -> Result<FunctionStatus, Error> {
        let name = FunctionName::parse(&wanted.service)?;
        let begin = Instant::now();
        let mut last = None;
        let work = self.bring_up(&name, wanted, &mut last);
        match tokio::time::timeout(within, work).await {
            Ok(Err(error)) => Err(error),
            Ok(Ok(Some(status))) => Ok(status),
            Ok(Ok(None)) | Err(_) => Err(Error::NotReady {
                name,
                waited: begin.elapsed(),
                last: last.map(Box::new),
            }),
        }
    }

    /// `None`: all changes were made in vain.
    async fn bring_up(
        &self,
        name: &FunctionName,
        wanted: &FunctionDeployment,
        last: &mut Option<Error>,
    ) -> Result<Option<FunctionStatus>, Error> {
        let mut done = Done::default();
        let mut backoff = Backoff::new(FIRST_LOOK, LAST_LOOK);
        loop {
            let found = self.get(name).await?;
            match plan(wanted, found.as_ref(), done) {
                Step::Probe if self.listens(name).await => return Ok(found),
                Step::Probe | Step::Wait => {}
                _ if done.changes == MAX_CHANGES => return Ok(None),
                change => {
                    log::debug!("function {name}: {change:?}");
                    *last = self.apply(name, wanted, change, &mut done).await?;
                }
            }
            tokio::time::sleep(backoff.step()).await;
        }
    }

    /// Carries out a change. A failure that may be repaired is returned inside.
    async fn apply(
        &self,
        name: &FunctionName,
        wanted: &FunctionDeployment,
        change: Step,
        done: &mut Done,
    ) -> Result<Option<Error>, Error> {
        done.changes += 1;
        let answer = match change {
            Step::Deploy => self.deploy(wanted).await,
            Step::Start => {
                done.started = true;
                self.scale(name, 1).await
            }
            _ => {
                done.updated = true;
                self.update(wanted).await
            }
        };
        let Err(error) = answer else {
            return Ok(None);
        };
        log::debug!("function {name}: {error}");
        // A refused deployment may still stand: somebody else was faster, or a broken remainder
        // holds the name. If nothing stands, asking again changes nothing.
        let is_final = match error {
            Error::Unauthorized | Error::Redirected { .. } => true,
            _ if error.is_explained() => true,
            _ => change == Step::Deploy && error.is_refusal() && self.get(name).await?.is_none(),
        };
        if is_final {
            Err(error)
        } else {
            Ok(Some(error))
        }
    }

    /// Whether the function itself answers. This project's own runtime counts a function as
    /// available only when it can run, so it is not asked.
    async fn listens(&self, name: &FunctionName) -> bool {
        if self.inner.config.exact_outcomes {
            return true;
        }
        let path = format!("{}{PROBE_PATH}", self.route(name));
        let transport = &self.inner.transport;
        let request = transport.request(Method::GET, &path, HeaderMap::new());
        match tokio::time::timeout(self.inner.config.timeouts.query, request.send()).await {
            Ok(Ok(answer)) => {
                text(answer.headers(), headers::INTERNAL).is_none()
                    && !answer.status().is_server_error()
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted() -> FunctionDeployment {
        FunctionDeployment {
            service: "echo".into(),
            image: "i".into(),
            ..Default::default()
        }
    }

    fn found(replicas: u64, available_replicas: u64) -> FunctionStatus {
        FunctionStatus {
            name: "echo".into(),
            image: "i".into(),
            replicas,
            available_replicas,
            ..Default::default()
        }
    }

    #[test]
    fn plan_deploys_what_is_absent_and_updates_what_is_different() {
        let other = FunctionStatus {
            image: "other".into(),
            ..found(1, 1)
        };
        assert_eq!(plan(&wanted(), None, Done::default()), Step::Deploy);
        assert_eq!(plan(&wanted(), Some(&other), Done::default()), Step::Update);
    }

    #[test]
    fn plan_probes_the_available_and_waits_for_the_coming() {
        assert_eq!(
            plan(&wanted(), Some(&found(1, 1)), Done::default()),
            Step::Probe
        );
        assert_eq!(
            plan(&wanted(), Some(&found(1, 0)), Done::default()),
            Step::Wait
        );
    }

    #[test]
    fn plan_starts_then_updates_then_only_waits_without_instances() {
        let mut done = Done::default();
        assert_eq!(plan(&wanted(), Some(&found(0, 0)), done), Step::Start);
        done.started = true;
        assert_eq!(plan(&wanted(), Some(&found(0, 0)), done), Step::Update);
        done.updated = true;
        assert_eq!(plan(&wanted(), Some(&found(0, 0)), done), Step::Wait);
    }
}
