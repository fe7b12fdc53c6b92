//! A server that expects certain requests in a certain order, and gives each its answer.

use std::collections::{BTreeMap, VecDeque};
use std::path::Path;
use std::sync::{Arc, Mutex};

use axum::body::{to_bytes, Body};
use axum::extract::{Request, State};
use axum::http::{Response, StatusCode};
use axum::Router;
use serde_json::Value;
use tokio::net::{TcpListener, UnixListener};
use tokio::task::JoinHandle;

use super::{bytes_of, exchange, Exchange, AUTHORIZATION};

/// Longest request body.
const MAX_BODY: usize = 4 << 20;

/// A request that must come next, and its answer.
#[derive(Clone, Debug)]
pub struct Step {
    method: String,
    path: String,
    /// These must be there; `authorization` must be as here, also if absent.
    headers: BTreeMap<String, String>,
    /// This must not be there.
    absent: Option<String>,
    /// `None`: any.
    body: Option<Vec<u8>>,
    status: u16,
    answer_headers: BTreeMap<String, String>,
    answer: Vec<u8>,
}

impl Step {
    /// What was recorded, request and answer.
    pub fn recorded(exchange: &Exchange) -> Self {
        let headers = exchange.request.headers.iter().map(|(name, value)| {
            let value = value.replace("Basic <base64>", AUTHORIZATION);
            (name.to_ascii_lowercase(), value)
        });
        Self {
            method: exchange.request.method.clone(),
            path: exchange.request.path.clone(),
            headers: headers.collect(),
            absent: None,
            body: Some(bytes_of(&exchange.request.body)),
            status: exchange
                .response
                .status
                .expect("an exchange with an answer"),
            answer_headers: exchange.response.headers.clone(),
            answer: bytes_of(&exchange.response.body),
        }
    }

    /// The recorded answer of this id, to another request without a body.
    pub fn answer_of(id: &str, method: &str, path: &str) -> Self {
        let mut step = Self::recorded(&exchange(id));
        step.method = method.to_owned();
        step.path = path.to_owned();
        step.headers.clear();
        if path.starts_with("/system/") {
            step.headers
                .insert("authorization".into(), AUTHORIZATION.into());
        }
        step.body = None;
        step
    }

    /// A made-up answer to a request without recorded headers.
    pub fn new(method: &str, path: &str, status: u16, answer: impl Into<Vec<u8>>) -> Self {
        Self {
            method: method.to_owned(),
            path: path.to_owned(),
            headers: BTreeMap::new(),
            absent: None,
            body: None,
            status,
            answer_headers: BTreeMap::new(),
            answer: answer.into(),
        }
    }

    pub fn authorized(mut self) -> Self {
        self.headers
            .insert("authorization".into(), AUTHORIZATION.into());
        self
    }

    pub fn expecting(mut self, header: &str, value: &str) -> Self {
        self.headers.insert(header.into(), value.into());
        self
    }

    pub fn without(mut self, header: &str) -> Self {
        self.absent = Some(header.into());
        self
    }

    pub fn answering(mut self, header: &str, value: &str) -> Self {
        self.answer_headers.insert(header.into(), value.into());
        self
    }

    /// What is wrong with a request, if anything.
    fn compare(&self, seen: &axum::http::request::Parts, body: &[u8]) -> Result<(), String> {
        let path = seen.uri.path_and_query().map_or("", |path| path.as_str());
        let asked = format!("{} {path}", seen.method);
        let expected = format!("{} {}", self.method, self.path);
        if asked != expected {
            return Err(format!("{asked} instead of {expected}"));
        }
        let header = |name: &str| seen.headers.get(name).and_then(|value| value.to_str().ok());
        let wrong = self
            .headers
            .iter()
            .find(|(name, value)| header(name.as_str()) != Some(value.as_str()));
        if let Some((name, value)) = wrong {
            return Err(format!(
                "{asked}: {name} is {:?}, not {value}",
                header(name)
            ));
        }
        if header("authorization") != self.headers.get("authorization").map(String::as_str) {
            return Err(format!("{asked}: credentials where there must be none"));
        }
        if let Some(name) = self.absent.as_ref().filter(|name| header(name).is_some()) {
            return Err(format!("{asked}: {name} where there must be none"));
        }
        match &self.body {
            Some(expected) if !same_body(path, expected, body) => Err(format!(
                "{asked}: body {} instead of {}",
                String::from_utf8_lossy(body),
                String::from_utf8_lossy(expected)
            )),
            _ => Ok(()),
        }
    }

    fn respond(self) -> Response<Body> {
        let mut response = Response::builder().status(self.status);
        for (name, value) in &self.answer_headers {
            response = response.header(name, value);
        }
        response.body(Body::from(self.answer)).unwrap()
    }
}

/// Management bodies are JSON and compared as such.
fn same_body(path: &str, expected: &[u8], seen: &[u8]) -> bool {
    if !path.starts_with("/system/") || expected.is_empty() {
        return expected == seen;
    }
    let parse = |bytes| serde_json::from_slice::<Value>(bytes).ok();
    parse(expected).is_some() && parse(expected) == parse(seen)
}

#[derive(Default)]
struct Progress {
    steps: VecDeque<Step>,
    problems: Vec<String>,
}

/// A running server; ends with this value.
pub struct Script {
    progress: Arc<Mutex<Progress>>,
    server: JoinHandle<()>,
    /// Where it listens.
    pub address: String,
}

impl Script {
    /// Serves on loopback.
    pub async fn serve(steps: impl IntoIterator<Item = Step>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let (progress, router) = Self::router(steps);
        let server = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self {
            progress,
            server,
            address,
        }
    }

    /// Serves on a unix socket at `path`.
    pub async fn serve_unix(path: &Path, steps: impl IntoIterator<Item = Step>) -> Self {
        let listener = UnixListener::bind(path).unwrap();
        let address = format!("unix:{}", path.display());
        let (progress, router) = Self::router(steps);
        let server = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self {
            progress,
            server,
            address,
        }
    }

    fn router(steps: impl IntoIterator<Item = Step>) -> (Arc<Mutex<Progress>>, Router) {
        let progress = Arc::new(Mutex::new(Progress {
            steps: steps.into_iter().collect(),
            problems: Vec::new(),
        }));
        let router = Router::new().fallback(answer).with_state(progress.clone());
        (progress, router)
    }

    /// Checks that everything came, and as expected.
    pub fn finish(self) {
        let progress = self.progress.lock().unwrap();
        assert_eq!(progress.problems, Vec::<String>::new());
        assert!(
            progress.steps.is_empty(),
            "never asked: {:?}",
            progress.steps
        );
    }
}

impl Drop for Script {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn answer(State(progress): State<Arc<Mutex<Progress>>>, request: Request) -> Response<Body> {
    let (head, body) = request.into_parts();
    let body = to_bytes(body, MAX_BODY).await.unwrap_or_default();
    let mut progress = progress.lock().unwrap();
    let Some(step) = progress.steps.pop_front() else {
        progress
            .problems
            .push(format!("unexpected {} {}", head.method, head.uri));
        return refuse();
    };
    match step.compare(&head, &body) {
        Ok(()) => step.respond(),
        Err(problem) => {
            progress.problems.push(problem);
            refuse()
        }
    }
}

/// A status that no recorded exchange has and that is not repeated.
fn refuse() -> Response<Body> {
    Response::builder()
        .status(StatusCode::IM_A_TEAPOT)
        .body(Body::empty())
        .unwrap()
}
