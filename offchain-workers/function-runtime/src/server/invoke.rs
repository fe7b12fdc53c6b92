//! Calls of functions.
//!
//! Trigger: any request to `/function/{name}…` → steps: find the function, take a place, read the
//! input, run → failure: each end has its outcome, status and headers; see the table in the README.
//! A client that hangs up stops its function.

use std::sync::atomic::Ordering;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use defaas_function_protocol::headers;
use rand::RngCore;

use super::answer::{self, BodyError, OUTCOME, TEXT};
use super::environment::{self, environment};
use super::App;
use crate::deployments::Function;
use crate::engine::{Call, End, Ended, Mode};
use crate::openfaas::NAMESPACE;
use crate::outcome::{self, Fault, Limit, Outcome};
use crate::timestamp;

const CALL_ID: HeaderName = HeaderName::from_static(headers::CALL_ID);
const START_TIME: HeaderName = HeaderName::from_static("x-start-time");
const DURATION: HeaderName = HeaderName::from_static(headers::DURATION);
const SERVED_BY: HeaderName = HeaderName::from_static("x-served-by");
const INTERNAL: HeaderName = HeaderName::from_static(headers::INTERNAL);
const FUEL: HeaderName = HeaderName::from_static(headers::FUEL);
/// Read from the request: 64 hexadecimal digits that go into a deterministic function's seed.
const SEED: HeaderName = HeaderName::from_static(headers::SEED);

const SERVER: HeaderValue = HeaderValue::from_static(concat!(
    env!("CARGO_PKG_NAME"),
    "/",
    env!("CARGO_PKG_VERSION")
));
const METHODS: [Method; 7] = [
    Method::GET,
    Method::HEAD,
    Method::POST,
    Method::PUT,
    Method::PATCH,
    Method::DELETE,
    Method::OPTIONS,
];
/// Where the functions are.
const ROUTE: &str = "/function/";

/// How an answer is made, before the headers that every answer has.
struct Answer {
    outcome: Outcome,
    status: StatusCode,
    body: Body,
    /// `None`: a message.
    content_type: Option<HeaderValue>,
    duration: Option<Duration>,
    fuel: Option<u64>,
}

pub(super) async fn invoke(State(app): State<Arc<App>>, mut request: Request) -> Response {
    let (name, namespace, path) = target(request.uri().path());
    let Some(function) = find(&app, name, namespace) else {
        let message = format!(
            "error finding function {name}.{}: it is not deployed",
            namespace.unwrap_or(NAMESPACE)
        );
        return answer::fault(StatusCode::NOT_FOUND, Fault::Internal, message);
    };
    let path = path.to_owned();
    let identity = Identity::of(request.headers_mut());
    let answer = if METHODS.contains(request.method()) {
        call(&app, function, &path, request).await
    } else {
        let refused = Answer::fault(Fault::Unsupported, "the method is not supported");
        Answer {
            status: StatusCode::METHOD_NOT_ALLOWED,
            ..refused
        }
    };
    answer.into_response(identity)
}

/// What tells a call from others, for the function and in the answer.
struct Identity {
    call_id: HeaderValue,
    /// In nanoseconds since 1970.
    start_time: HeaderValue,
}

impl Identity {
    /// Takes over the id that a request brings, or makes one, and puts it where the function sees
    /// it.
    fn of(headers: &mut HeaderMap) -> Self {
        let call_id = headers.get(&CALL_ID).cloned().unwrap_or_else(new_call_id);
        let start_time = number(timestamp::now_nanos());
        headers.insert(CALL_ID, call_id.clone());
        headers.insert(START_TIME, start_time.clone());
        Self {
            call_id,
            start_time,
        }
    }
}

/// Name, namespace and the path that the function sees.
fn target(path: &str) -> (&str, Option<&str>, &str) {
    let rest = path.strip_prefix(ROUTE).unwrap_or(path);
    let (function, path) = match rest.find('/') {
        Some(end) => rest.split_at(end),
        None => (rest, "/"),
    };
    match function.split_once('.') {
        Some((name, namespace)) => (name, Some(namespace), path),
        None => (function, None, path),
    }
}

fn find(app: &App, name: &str, namespace: Option<&str>) -> Option<Arc<Function>> {
    match namespace {
        None | Some(NAMESPACE) => app.deployments.get(name),
        Some(_) => None,
    }
}

/// A random UUID (RFC 9562, version 4).
fn new_call_id() -> HeaderValue {
    let mut bytes = [0; 16];
    rand::thread_rng().fill_bytes(&mut bytes);
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let digits = hex::encode(bytes);
    let (a, b, c, d, e) = (
        &digits[..8],
        &digits[8..12],
        &digits[12..16],
        &digits[16..20],
        &digits[20..],
    );
    ascii(format!("{a}-{b}-{c}-{d}-{e}"))
}

async fn call(app: &App, function: Arc<Function>, path: &str, request: Request) -> Answer {
    let (parts, body) = request.into_parts();
    let headers = &parts.headers;
    let Some(seed) = seed(headers) else {
        let refused = Answer::fault(
            Fault::Unsupported,
            "X-Defaas-Seed needs 64 hexadecimal digits",
        );
        return Answer {
            status: StatusCode::BAD_REQUEST,
            ..refused
        };
    };
    let limits = function.limits;
    let admitted = match app.admission.admit(limits.memory_bytes).await {
        Ok(admitted) => admitted,
        Err(overloaded) => return Answer::fault(Fault::Overloaded, overloaded.to_string()),
    };
    // Only now, so that waiting calls hold no input.
    let input = match answer::read_body(app, headers, body, limits.max_input_bytes).await {
        Ok(input) => input,
        Err(BodyError::TooLarge) => {
            let message = format!("the input has more than {} bytes", limits.max_input_bytes);
            let refused = Answer::fault(Fault::Unsupported, message);
            return Answer {
                status: StatusCode::PAYLOAD_TOO_LARGE,
                ..refused
            };
        }
        Err(BodyError::Incomplete) => {
            let message = "the input did not arrive whole and in time";
            return Answer::fault(Fault::InputUnavailable, message);
        }
    };
    let is_deterministic = function.code.mode == Mode::Deterministic;
    let seen = environment::Request {
        method: &parts.method,
        path,
        query: parts.uri.query().unwrap_or(""),
        headers: (!is_deterministic).then_some(headers),
        body_bytes: input.len(),
    };
    let environment = match environment(&function.environment, &seen) {
        Ok(environment) => environment,
        Err(too_large) => {
            let refused = Answer::fault(Fault::Unsupported, too_large.to_string());
            let status = StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE;
            return Answer { status, ..refused };
        }
    };
    let name = function.name.clone();
    let call = Call {
        name,
        environment,
        input,
        seed,
        limits,
    };
    let stop = app.stop.child_token();
    // Dropped when the client hangs up: axum then drops this future.
    let _stops_with_client = stop.clone().drop_guard();
    let code = function.code.clone();
    function.invocations.fetch_add(1, Ordering::Relaxed);
    let ended = app.engine.run(code, call, stop, admitted).await;
    Answer::of(ended, headers.get(CONTENT_TYPE))
}

/// All zeros if there is none; `None` if it is malformed.
fn seed(headers: &HeaderMap) -> Option<[u8; 32]> {
    let mut seed = [0; 32];
    if let Some(text) = headers.get(&SEED) {
        hex::decode_to_slice(text.as_bytes(), &mut seed).ok()?;
    }
    Some(seed)
}

impl Answer {
    fn new(outcome: Outcome, body: impl Into<Body>) -> Self {
        Self {
            outcome,
            status: outcome::status(outcome),
            body: body.into(),
            content_type: None,
            duration: None,
            fuel: None,
        }
    }

    fn fault(fault: Fault, message: impl Into<Body>) -> Self {
        Self::new(Outcome::ProviderFailed(fault), message)
    }

    /// `asked` is the content type of the request; a command cannot name that of its output, so it
    /// is taken to be the same.
    fn of(ended: Ended, asked: Option<&HeaderValue>) -> Self {
        let answer = match ended.end {
            End::Success(output) => Self {
                content_type: Some(
                    asked
                        .cloned()
                        .unwrap_or(HeaderValue::from_static("text/plain")),
                ),
                ..Self::new(Outcome::Success, output)
            },
            End::Failed(output) => Self::new(Outcome::FunctionFailed, output),
            End::Limited(limit) => {
                let message = match limit {
                    Limit::Timeout => "the function exceeded its time-out",
                    Limit::Memory => "the function exceeded its memory limit",
                    Limit::Output => "the function exceeded its output limit",
                };
                Self::new(Outcome::LimitExceeded(limit), message)
            }
            End::Stopped => Self::fault(Fault::Interrupted, "the runtime ends"),
            End::NoRoom(why) => {
                log::warn!("no room for a call: {why}");
                Self::fault(Fault::Overloaded, "the machine has no room for the call")
            }
            End::Broken(why) => {
                log::error!("a call could not be run: {why}");
                Self::fault(Fault::Internal, "the call could not be run")
            }
        };
        Self {
            duration: Some(ended.duration),
            fuel: ended.fuel,
            ..answer
        }
    }

    fn into_response(self, identity: Identity) -> Response {
        let mut response = (self.status, self.body).into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, self.content_type.unwrap_or(TEXT));
        headers.insert(OUTCOME, HeaderValue::from_static(self.outcome.token()));
        headers.insert(CALL_ID, identity.call_id);
        headers.insert(START_TIME, identity.start_time);
        headers.insert(SERVED_BY, SERVER);
        if let Some(part) = outcome::internal(self.outcome) {
            headers.insert(INTERNAL, HeaderValue::from_static(part));
        }
        if let Some(duration) = self.duration {
            headers.insert(DURATION, ascii(format!("{:.6}", duration.as_secs_f64())));
        }
        if let Some(fuel) = self.fuel {
            headers.insert(FUEL, number(fuel));
        }
        response
    }
}

fn number(value: impl ToString) -> HeaderValue {
    ascii(value.to_string())
}

/// A header's value out of digits and letters, which are always valid there.
fn ascii(text: String) -> HeaderValue {
    HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static(""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn target_splits_name_namespace_and_path() {
        for (path, expected) in [
            ("/function/echo", ("echo", None, "/")),
            ("/function/echo/", ("echo", None, "/")),
            ("/function/echo/a//b.c", ("echo", None, "/a//b.c")),
            (
                "/function/echo.openfaas-fn/a",
                ("echo", Some("openfaas-fn"), "/a"),
            ),
            ("/function/a.b.c", ("a", Some("b.c"), "/")),
        ] {
            assert_eq!(target(path), expected, "{path}");
        }
    }

    #[test]
    fn new_call_ids_are_random_uuids() {
        let (a, b) = (new_call_id(), new_call_id());
        assert_ne!(a, b);
        let text = a.to_str().unwrap();
        let lengths: Vec<_> = text.split('-').map(str::len).collect();
        assert_eq!(lengths, [8, 4, 4, 4, 12]);
        assert_eq!(&text[14..15], "4");
    }

    #[test]
    fn seed_is_zero_without_header_and_refused_if_malformed() {
        let mut headers = HeaderMap::new();
        assert_eq!(seed(&headers), Some([0; 32]));
        headers.insert(SEED, ascii("ab".repeat(32)));
        assert_eq!(seed(&headers), Some([0xab; 32]));
        headers.insert(SEED, ascii("ab".into()));
        assert_eq!(seed(&headers), None);
    }
}
