//! One call of a function.
//!
//! Build the request → send it once → judge the head of the answer → read its body within bounds →
//! where the answer may come from somebody else than the function, look whether the function is
//! ready. Every end is an outcome; nothing is ever sent a second time, because a call without an
//! answer may have run.

use std::future::Future;
use std::time::Duration;

use bytes::Bytes;
use defaas_function_protocol::headers;
use defaas_primitives::{Fault, Limit, Limits, Outcome};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, RequestBuilder, Response, StatusCode};
use tokio::time::Instant;

use crate::outcome::{
    judge_exact, judge_foreign, judge_silence, text, Verdict, FAILURE_OUTPUT_BYTES, INTERNAL,
};
use crate::target;
use crate::transport::{is_head_bounded, read, read_message, BodyError};
use crate::{Client, FunctionName};

/// Headers that belong to a connection and not to a call.
const HOP_BY_HOP: [&str; 10] = [
    "connection",
    "content-length",
    "expect",
    "host",
    "keep-alive",
    "proxy-authorization",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// Asks a watchdog to stop the function after this time.
const TIMEOUT: HeaderName = HeaderName::from_static("x-timeout");

/// What to ask of a function.
#[derive(Clone, Debug)]
pub struct Request {
    /// HTTP method. Calls of the chain lane are `POST`.
    pub method: Method,
    /// Path that the function sees. It is normalised first: dot segments and empty segments are
    /// removed, and what may not stand in a URL is percent-encoded.
    pub path: String,
    /// Query that the function sees, without the question mark.
    pub query: Option<String>,
    /// Headers that the function sees. Those that belong to a connection are dropped.
    pub headers: HeaderMap,
    /// What the function reads.
    pub body: Bytes,
    /// Longest execution.
    pub timeout: Duration,
    /// Longest output, in bytes.
    pub max_output_bytes: u64,
    /// Identity of the call for logs, seen by the function too.
    pub call_id: Option<HeaderValue>,
    /// Seed of a deterministic function's random numbers, for this project's own runtime; another
    /// never sees it. `None`: zeros. Derive it from the call's digest, so that every provider that
    /// executes the call gives the function the same.
    pub seed: Option<[u8; 32]>,
}

impl Request {
    /// A call of the chain lane: `POST` to `target`, which is a path with an optional query, within
    /// the limits of the version.
    pub fn post(target: &str, body: impl Into<Bytes>, limits: &Limits) -> Self {
        let (path, query) = target::split(target);
        Self {
            method: Method::POST,
            path: path.to_owned(),
            query: query.map(str::to_owned),
            headers: HeaderMap::new(),
            body: body.into(),
            timeout: Duration::from_millis(limits.timeout_ms.into()),
            max_output_bytes: limits.max_output_bytes.into(),
            call_id: None,
            seed: None,
        }
    }
}

/// How a call ended.
#[derive(Clone, Debug, PartialEq)]
pub struct Invocation {
    /// How it ended.
    pub outcome: Outcome,
    /// Whether the call was sent. `false`: no connection could be made, so the function certainly
    /// did not run. `true`: it may have run, even if there was no answer.
    pub sent: bool,
    /// Status of the answer, if one came.
    pub status: Option<StatusCode>,
    /// Headers of the answer.
    pub headers: HeaderMap,
    /// The output after [`Outcome::Success`] and [`Outcome::FunctionFailed`], else empty.
    pub body: Bytes,
    /// Execution time as the runtime or the watchdog says, else the time until the answer came.
    pub duration: Duration,
    /// Fuel used, where this project's own runtime measured it.
    pub fuel: Option<u64>,
    /// For the log: why it is not a success, where more is known than the outcome says.
    pub problem: Option<String>,
}

impl Invocation {
    /// A call without an answer.
    fn unanswered(outcome: Outcome, sent: bool, duration: Duration, problem: String) -> Self {
        Self {
            outcome,
            sent,
            status: None,
            headers: HeaderMap::new(),
            body: Bytes::new(),
            duration,
            fuel: None,
            problem: Some(problem),
        }
    }

    /// The same with another end: what was read does not count as output.
    fn ended(self, outcome: Outcome, problem: impl Into<String>) -> Self {
        Self {
            outcome,
            body: Bytes::new(),
            problem: Some(problem.into()),
            ..self
        }
    }
}

impl Client {
    /// Calls a function once and says how it ended. Call it only after
    /// [`Client::ensure_deployed`], since a call to a function that is not ready may end as the
    /// provider's failure, and repeat it never within one attempt.
    ///
    /// Takes at most `request.timeout` + `invoke_grace`, and one `get` more where the answer may
    /// have come from somebody else. Cancelling it drops the connection; the function may run on.
    pub async fn invoke(&self, name: &FunctionName, request: Request) -> Invocation {
        let (invocation, verdict) = self.exchange(name, request).await;
        match verdict {
            Verdict::Is(_) => invocation,
            Verdict::IfReady(_) => self.doubt(name, invocation).await,
        }
    }

    /// Sends the call and reads the answer.
    async fn exchange(&self, name: &FunctionName, request: Request) -> (Invocation, Verdict) {
        let grace = self.inner.config.timeouts.invoke_grace;
        let (timeout, max_output) = (request.timeout, request.max_output_bytes);
        let timer = Timer::start(timeout.saturating_add(grace));
        let response = match timer.bound(self.build(name, request).send()).await {
            Ok(Ok(response)) => response,
            Ok(Err(error)) => {
                let sent = !error.is_connect();
                let problem = chain(&error.without_url());
                let failed = Invocation::unanswered(INTERNAL, sent, timer.elapsed(), problem);
                return (failed, Verdict::Is(INTERNAL));
            }
            Err(Elapsed) => return self.silence(&timer),
        };
        let (status, elapsed) = (response.status(), timer.elapsed());
        let verdict = if self.inner.config.exact_outcomes {
            judge_exact(response.headers())
        } else {
            judge_foreign(status, response.headers(), elapsed, timeout)
        };
        let answered = Invocation {
            outcome: verdict.outcome(),
            sent: true,
            status: Some(status),
            headers: response.headers().clone(),
            body: Bytes::new(),
            duration: told_duration(response.headers(), elapsed),
            fuel: self.told_fuel(response.headers()),
            problem: None,
        };
        if !is_head_bounded(response.headers()) {
            let oversized = Invocation {
                headers: HeaderMap::new(),
                ..answered
            };
            let failed = oversized.ended(INTERNAL, "the head of the answer is too large");
            return (failed, Verdict::Is(INTERNAL));
        }
        self.read_output(answered, verdict, response, max_output, &timer)
            .await
    }

    /// No whole answer in time.
    fn silence(&self, timer: &Timer) -> (Invocation, Verdict) {
        let verdict = judge_silence(self.inner.config.exact_outcomes);
        let problem = format!("no whole answer within {:?}", timer.limit);
        let elapsed = timer.elapsed();
        let silent = Invocation::unanswered(verdict.outcome(), true, elapsed, problem);
        (silent, verdict)
    }

    /// Reads the output if the outcome has one, else the message for the log.
    async fn read_output(
        &self,
        answered: Invocation,
        verdict: Verdict,
        response: Response,
        max_output: u64,
        timer: &Timer,
    ) -> (Invocation, Verdict) {
        let wanted = match answered.outcome {
            Outcome::Success => max_output,
            Outcome::FunctionFailed => max_output.max(FAILURE_OUTPUT_BYTES),
            Outcome::LimitExceeded(_) | Outcome::ProviderFailed(_) => {
                let message = read_message(response).await;
                let problem = Some(message).filter(|message| !message.is_empty());
                return (
                    Invocation {
                        problem,
                        ..answered
                    },
                    verdict,
                );
            }
        };
        let bound = wanted.min(self.inner.config.max_response_bytes);
        let Ok(output) = timer.bound(read(response, bound)).await else {
            return self.silence(timer);
        };
        let (outcome, problem) = match output {
            Ok(body) => return (Invocation { body, ..answered }, verdict),
            Err(BodyError::Broken(error)) => (INTERNAL, chain(&error.without_url())),
            Err(BodyError::TooLarge) if bound < wanted => (
                Outcome::ProviderFailed(Fault::Unsupported),
                format!("the output exceeds `max_response_bytes`, {bound}: raise it"),
            ),
            // Our own runtime keeps the limit itself; what it lets through is its mistake.
            Err(BodyError::TooLarge) if self.inner.config.exact_outcomes => (
                INTERNAL,
                format!("the runtime let more than {bound} bytes through"),
            ),
            Err(BodyError::TooLarge) => (
                Outcome::LimitExceeded(Limit::Output),
                format!("the output exceeds {bound} bytes"),
            ),
        };
        // An oversized answer may come from somebody else just as a short one may.
        let verdict = match verdict {
            Verdict::IfReady(_) if outcome != INTERNAL => Verdict::IfReady(outcome),
            _ => Verdict::Is(outcome),
        };
        (answered.ended(outcome, problem), verdict)
    }

    /// Lets the outcome stand only if the function is ready.
    async fn doubt(&self, name: &FunctionName, invocation: Invocation) -> Invocation {
        match self.get(name).await {
            Ok(Some(found)) if found.available_replicas > 0 => invocation,
            Ok(Some(_)) => invocation.ended(INTERNAL, "the function has no running instance"),
            Ok(None) => invocation.ended(INTERNAL, "the function is not deployed"),
            Err(error) => invocation.ended(INTERNAL, error.to_string()),
        }
    }

    fn build(&self, name: &FunctionName, request: Request) -> RequestBuilder {
        let Request {
            method,
            path,
            query,
            mut headers,
            body,
            timeout,
            max_output_bytes: _,
            call_id,
            seed,
        } = request;
        for hop_by_hop in HOP_BY_HOP {
            headers.remove(hop_by_hop);
        }
        if let Some(call_id) = call_id {
            headers.insert(HeaderName::from_static(headers::CALL_ID), call_id);
        }
        // Not for the caller to choose.
        headers.remove(headers::SEED);
        if self.inner.config.exact_outcomes {
            if let Some(seed) = seed {
                headers.insert(
                    HeaderName::from_static(headers::SEED),
                    ascii(hex::encode(seed)),
                );
            }
        } else {
            // So that a watchdog stops what nobody waits for any more. In Go's notation.
            let limit = ascii(format!("{}ms", timeout.as_millis()));
            headers.insert(TIMEOUT, limit);
        }
        let suffix = target::suffix(&path, query.as_deref());
        let path = format!("{}{suffix}", self.route(name));
        self.inner
            .transport
            .request(method, &path, headers)
            .body(body)
    }

    /// Route of a function, without a slash at its end.
    pub(crate) fn route(&self, name: &FunctionName) -> String {
        match self.namespace() {
            Some(namespace) => format!("/function/{name}.{namespace}"),
            None => format!("/function/{name}"),
        }
    }

    fn told_fuel(&self, headers: &HeaderMap) -> Option<u64> {
        if !self.inner.config.exact_outcomes {
            return None;
        }
        text(headers, headers::FUEL)?.parse().ok()
    }
}

fn ascii(text: String) -> HeaderValue {
    HeaderValue::try_from(text).expect("digits and letters are a valid header; qed")
}

/// The time that one call may take.
struct Timer {
    begin: Instant,
    limit: Duration,
}

/// The time is up.
struct Elapsed;

impl Timer {
    fn start(limit: Duration) -> Self {
        let begin = Instant::now();
        Self { begin, limit }
    }

    fn elapsed(&self) -> Duration {
        self.begin.elapsed()
    }

    /// Waits for `work` as long as there is time.
    async fn bound<T>(&self, work: impl Future<Output = T>) -> Result<T, Elapsed> {
        let left = self.limit.saturating_sub(self.elapsed());
        tokio::time::timeout(left, work).await.map_err(|_| Elapsed)
    }
}

/// What the answer says of the execution's time, as far as it can be true.
fn told_duration(headers: &HeaderMap, elapsed: Duration) -> Duration {
    text(headers, headers::DURATION)
        .and_then(|seconds| seconds.parse().ok())
        .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
        .filter(|told| *told <= elapsed)
        .unwrap_or(elapsed)
}

/// An error with its causes: the outermost alone often says only "error sending request".
fn chain(error: &dyn std::error::Error) -> String {
    let mut message = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        message.push_str(": ");
        message.push_str(&error.to_string());
        cause = error.source();
    }
    message
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(value: &'static str) -> Duration {
        let mut map = HeaderMap::new();
        map.insert(headers::DURATION, HeaderValue::from_static(value));
        told_duration(&map, Duration::from_secs(2))
    }

    #[test]
    fn told_duration_is_taken_when_possible() {
        assert_eq!(told("0.25"), Duration::from_millis(250));
    }

    #[test]
    fn told_duration_is_the_measured_one_when_absent_or_impossible() {
        for value in ["", "x", "-1", "NaN", "inf", "1e300", "2.5"] {
            assert_eq!(told(value), Duration::from_secs(2), "{value}");
        }
        let measured = told_duration(&HeaderMap::new(), Duration::from_secs(1));
        assert_eq!(measured, Duration::from_secs(1));
    }

    #[test]
    fn post_splits_path_and_query_and_takes_the_limits() {
        let limits = Limits {
            timeout_ms: 1_500,
            memory_bytes: 0,
            max_input_bytes: 0,
            max_output_bytes: 9,
        };
        let request = Request::post("/a?b=c", "in", &limits);
        assert_eq!(
            (request.path.as_str(), request.query.as_deref()),
            ("/a", Some("b=c"))
        );
        assert_eq!(request.timeout, Duration::from_millis(1_500));
        assert_eq!(
            (request.method, request.max_output_bytes),
            (Method::POST, 9)
        );
    }
}
