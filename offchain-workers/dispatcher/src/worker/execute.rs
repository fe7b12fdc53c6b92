//! One attempt, from its content to its result.
//!
//! Trigger: the attempt's turn → fetch the code, make it ready, fetch the input (all of it may be
//! repeated and cut) → wait for room to execute → record `started` → run the function once, within
//! its limit and a grace → store a long output → record `executed`. Failure: a step before `started`
//! ends the attempt as a fault of what was missing; a panic, or an executor that hangs, as `Internal`;
//! a journal that does not take `started` sends the attempt back to wait, since it has not begun; what
//! is cut after `started` is over, whether the function or the storing of its output was under way.
//!
//! The input comes last, because it stays in memory until the function has ended, and making code
//! ready may take minutes.

use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use defaas_primitives::call::{MAX_INLINE, MAX_STORED};
use defaas_primitives::{Fault, Input, Job, Limit, Outcome, Output, OutputDigest};
use futures::FutureExt;
use sha2::{Digest as _, Sha256};
use tokio::sync::SemaphorePermit;
use tokio_util::sync::CancellationToken;

use super::jobs::Start;
use super::room::Room;
use crate::config::{ContentConfig, ExecutorConfig};
use crate::faults;
use crate::journal::{Conclusion, JournalHandle, Record};
use crate::key::AttemptKey;
use crate::metrics::Metrics;
use crate::ports::{Execution, Pin, PinKind, Ports};
use crate::retry::repeat;

/// What all jobs share.
#[derive(Clone)]
pub(crate) struct Workshop {
    pub ports: Ports,
    pub journal: JournalHandle,
    pub content: ContentConfig,
    pub executor: ExecutorConfig,
    /// Room to execute, and for inputs that wait to be.
    pub room: Arc<Room>,
    pub metrics: Arc<Metrics>,
}

/// A task's last word.
#[derive(Debug)]
pub(crate) struct Finish {
    pub key: AttemptKey,
    pub end: End,
}

/// How a task ended.
#[derive(Debug)]
pub(crate) enum End {
    /// With a result, and whether the journal has it.
    Concluded { conclusion: Conclusion, saved: bool },
    /// Cut, before or after the execution began. Before: with what it was in trouble with.
    Cut {
        started: bool,
        trouble: Option<Fault>,
    },
    /// The journal did not take the start. Nothing has run.
    NotStarted,
}

/// What stands between an attempt and its start, if the last try of something failed. An attempt
/// that is cut then, since its deadline is near, is reported with that and not as overload, or honest
/// providers would be blamed for content that nobody has.
#[derive(Debug, Default)]
struct Trouble(Mutex<[Option<Fault>; 2]>);

#[derive(Clone, Copy, Debug)]
enum Need {
    Code,
    Input,
}

impl Trouble {
    fn set(&self, need: Need, fault: Option<Fault>) {
        let mut faults = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        faults[need as usize] = fault;
    }

    fn get(&self) -> Option<Fault> {
        let faults = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        faults.iter().flatten().next().copied()
    }
}

/// Runs an attempt. Never panics.
pub(crate) async fn run(shop: Workshop, start: Start, cancel: CancellationToken) -> Finish {
    let key = start.key;
    let end = AssertUnwindSafe(steps(&shop, start, cancel))
        .catch_unwind()
        .await
        .unwrap_or_else(|_| {
            log::error!(target: crate::LOG, "attempt {key}: its task panicked");
            shop.metrics.panics.add(1);
            End::Concluded {
                conclusion: Conclusion::fault(Fault::Internal),
                saved: false,
            }
        });
    Finish { key, end }
}

async fn steps(shop: &Workshop, start: Start, cancel: CancellationToken) -> End {
    let Start {
        key,
        assignment,
        job,
        seen_at,
    } = start;
    let trouble = Trouble::default();
    let ready = async {
        let memory = u64::from(job.limits.memory_bytes);
        if !shop.room.can_hold(memory) {
            log::warn!(target: crate::LOG, "attempt {key}: {memory} bytes of memory are more than there are here");
            return Err(Fault::Unsupported);
        }
        make_ready(shop, &job, &trouble).await?;
        let input = fetch(shop, &job, &trouble).await?;
        let room = shop.room.execution(memory).await;
        Ok((input, room.map_err(|_| Fault::Internal)?))
    };
    let ready = tokio::select! {
        biased;
        () = cancel.cancelled() => {
            return End::Cut { started: false, trouble: trouble.get() };
        }
        ready = ready => ready,
    };
    let conclusion = match ready {
        Err(fault) => Conclusion::fault(fault),
        Ok((Fetched { bytes, room: held }, _room)) => {
            let started = Record::Started {
                key,
                assignment: assignment.clone(),
            };
            if let Err(error) = shop.journal.append(vec![started]).await {
                log::error!(target: crate::LOG, "attempt {key} does not begin: {error}: {}", crate::causes(&error));
                shop.metrics.journal_errors.add(1);
                return End::NotStarted;
            }
            shop.metrics.started.add(1);
            shop.metrics.handoff.observe(seen_at.elapsed());
            let execution = tokio::select! {
                biased;
                () = cancel.cancelled() => return End::Cut { started: true, trouble: None },
                execution = execute(shop, &job, bytes) => execution,
            };
            drop(held);
            // An output that need not be stored makes a result at once, also when time is up.
            tokio::select! {
                biased;
                conclusion = conclude(shop, &job, execution) => conclusion,
                () = cancel.cancelled() => return End::Cut { started: true, trouble: None },
            }
        }
    };
    let executed = Record::Executed {
        key,
        assignment,
        conclusion: conclusion.clone(),
    };
    let saved = match shop.journal.append(vec![executed]).await {
        Ok(()) => true,
        Err(error) => {
            log::error!(target: crate::LOG, "result of attempt {key} is not saved: {error}: {}", crate::causes(&error));
            shop.metrics.journal_errors.add(1);
            false
        }
    };
    End::Concluded { conclusion, saved }
}

/// Fetches the code and makes it ready to be called.
async fn make_ready(shop: &Workshop, job: &Job, trouble: &Trouble) -> Result<(), Fault> {
    let key = AttemptKey::from(job);
    let content = &shop.content;
    let pin = Pin {
        kind: PinKind::Code,
        until: job.deadline,
    };
    let limit = content.timeout(job.code.size);
    let ask = || shop.ports.content.code(&job.code, job.source, pin);
    let failed = |error: &_| trouble.set(Need::Code, Some(faults::of_code(error)));
    let path = repeat(&content.retry, limit, ask, failed)
        .await
        .map_err(|error| {
            log::warn!(target: crate::LOG, "attempt {key}: no code: {error}: {}", crate::causes(&error));
            faults::of_code(&error)
        })?;
    trouble.set(Need::Code, None);
    let executor = &shop.executor;
    let ask = || shop.ports.executor.ensure_deployed(job, &path);
    let failed = |error: &_| trouble.set(Need::Code, Some(faults::of_deployment(error)));
    repeat(&executor.retry, executor.deploy_timeout, ask, failed)
        .await
        .map_err(|error| {
            log::warn!(target: crate::LOG, "attempt {key}: not deployed: {error}: {}", crate::causes(&error));
            faults::of_deployment(&error)
        })?;
    trouble.set(Need::Code, None);
    Ok(())
}

/// An input in memory.
struct Fetched<'a> {
    bytes: Bytes,
    /// Room for it. `None`: it is so short that it stands on chain.
    room: Option<SemaphorePermit<'a>>,
}

/// Fetches the input.
async fn fetch<'a>(shop: &'a Workshop, job: &Job, trouble: &Trouble) -> Result<Fetched<'a>, Fault> {
    let (cid, size) = match &job.input {
        Input::Inline(bytes) => {
            let bytes = Bytes::copy_from_slice(bytes);
            return Ok(Fetched { bytes, room: None });
        }
        Input::Stored { cid, size } => (cid, *size),
    };
    let key = AttemptKey::from(job);
    let content = &shop.content;
    let room = shop.room.input(size.into()).await;
    let room = Some(room.map_err(|_| Fault::Internal)?);
    let pin = Pin {
        kind: PinKind::Input,
        until: job.deadline.saturating_add(content.retention),
    };
    let limit = content.timeout(size.into());
    let ask = || shop.ports.content.input(cid, size, pin);
    let failed = |error: &_| trouble.set(Need::Input, Some(faults::of_input(error)));
    let bytes = repeat(&content.retry, limit, ask, failed)
        .await
        .map_err(|error| {
            log::warn!(target: crate::LOG, "attempt {key}: no input: {error}: {}", crate::causes(&error));
            faults::of_input(&error)
        })?;
    trouble.set(Need::Input, None);
    if u32::try_from(bytes.len()) == Ok(size) {
        Ok(Fetched { bytes, room })
    } else {
        Err(Fault::InputUnavailable)
    }
}

async fn execute(shop: &Workshop, job: &Job, input: Bytes) -> Execution {
    let limit = Duration::from_millis(job.limits.timeout_ms.into());
    let limit = limit.saturating_add(shop.executor.invoke_grace);
    let execution = shop.ports.executor.invoke(job, input);
    match tokio::time::timeout(limit, execution).await {
        Ok(execution) => {
            let took = Duration::from_millis(execution.meters.duration_ms.into());
            shop.metrics.executions.observe(took);
            execution
        }
        Err(_) => {
            // The executor enforces the limit of the function. If it says nothing for so much longer
            // it is the executor that hangs, and nobody knows what became of the function.
            log::error!(target: crate::LOG, "attempt {}: the executor hangs", AttemptKey::from(job));
            let Conclusion {
                outcome, meters, ..
            } = Conclusion::fault(Fault::Internal);
            Execution {
                outcome,
                output: Bytes::new(),
                meters,
            }
        }
    }
}

/// Makes of an execution what is reported.
async fn conclude(shop: &Workshop, job: &Job, execution: Execution) -> Conclusion {
    let Execution {
        outcome,
        output,
        meters,
    } = execution;
    let (outcome, output) = match outcome {
        Outcome::Success => match store(shop, job, output).await {
            Ok(output) => (outcome, Some(output)),
            Err(outcome) => (outcome, None),
        },
        Outcome::FunctionFailed => (outcome, Some(Output::Inline(tail(&output)))),
        Outcome::LimitExceeded(_) | Outcome::ProviderFailed(_) => (outcome, None),
    };
    Conclusion {
        outcome,
        output,
        meters,
    }
}

/// The last bytes that stand on chain themselves.
fn tail(output: &[u8]) -> defaas_primitives::call::Inline {
    let most = usize::try_from(MAX_INLINE).unwrap_or(usize::MAX);
    let begin = output.len().saturating_sub(most);
    let end = output.get(begin..).unwrap_or_default().to_vec();
    defaas_primitives::call::Inline::truncate_from(end)
}

/// The output as it is reported: itself if it is short, else by CID.
async fn store(shop: &Workshop, job: &Job, output: Bytes) -> Result<Output, Outcome> {
    let too_long = Outcome::LimitExceeded(Limit::Output);
    let size = u32::try_from(output.len()).map_err(|_| too_long)?;
    if size > job.limits.max_output_bytes.min(MAX_STORED) {
        return Err(too_long);
    }
    if size <= MAX_INLINE {
        return Ok(Output::Inline(tail(&output)));
    }
    let key = AttemptKey::from(job);
    let content = &shop.content;
    let pin = Pin {
        kind: PinKind::Output,
        until: job.deadline.saturating_add(content.retention),
    };
    let limit = content.timeout(u64::from(size));
    let put = || shop.ports.content.put(output.clone(), pin);
    let cid = repeat(&content.retry, limit, put, |_| ()).await.map_err(|error| {
        log::error!(target: crate::LOG, "attempt {key}: output not stored: {error}: {}", crate::causes(&error));
        Outcome::ProviderFailed(faults::of_output(&error))
    })?;
    // Up to 16 MiB: too long for a thread that serves others.
    let sha256 = tokio::task::spawn_blocking(move || Sha256::digest(&output).into())
        .await
        .map_err(|_| Outcome::ProviderFailed(Fault::Internal))?;
    let digest = OutputDigest { sha256, size };
    let output = Output::Stored { cid, digest };
    if output.is_valid() {
        Ok(output)
    } else {
        log::error!(target: crate::LOG, "attempt {key}: the store gave a CID that no worker can fetch");
        Err(Outcome::ProviderFailed(Fault::Internal))
    }
}
