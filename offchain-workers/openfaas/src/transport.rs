//! One HTTP connection pool to one OpenFaaS: no redirects, no proxy, no repetition, everything
//! bounded.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use defaas_function_protocol::headers::OUTCOME;
use defaas_primitives::{Fault, Outcome};
use reqwest::header::{HeaderMap, HeaderValue, AUTHORIZATION, CONTENT_TYPE};
use reqwest::{Method, RequestBuilder, Response, StatusCode};

use crate::config::ConfigError;
use crate::outcome::{parse_outcome, text};
use crate::{Config, Credentials, Endpoint, Error};

/// Most bytes of names and values together in the head of an answer. The HTTP library itself stops
/// at 100 headers and 408 KiB.
const MAX_HEAD_BYTES: usize = 64 * 1024;
/// Most bytes of an error's text that are kept.
const MAX_MESSAGE_BYTES: usize = 512;
/// Idle connections are closed after this time, before servers close them.
const IDLE: Duration = Duration::from_secs(15);
/// An error's text is waited for so long; the error stands without it.
const MESSAGE_TIMEOUT: Duration = Duration::from_secs(1);

/// Sends requests to one endpoint.
pub(crate) struct Transport {
    http: reqwest::Client,
    /// Without a slash at its end.
    base: String,
    /// For messages.
    endpoint: String,
    credentials: Option<Credentials>,
    /// Whether this is the project's own runtime: every route may see the credentials, and not the
    /// management routes alone, and what it says of outcomes is believed.
    is_trusted: bool,
    max_management_bytes: u64,
}

/// A management request.
pub(crate) struct Question {
    pub operation: &'static str,
    pub method: Method,
    pub path: String,
    pub json: Option<Vec<u8>>,
    pub limit: Duration,
}

/// Why a body was not read to its end.
pub(crate) enum BodyError {
    TooLarge,
    Broken(reqwest::Error),
}

impl Transport {
    pub(crate) fn new(config: &Config) -> Result<Self, ConfigError> {
        let builder = reqwest::Client::builder()
            .http1_only()
            .no_proxy()
            .referer(false)
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .connect_timeout(config.timeouts.connect)
            .pool_idle_timeout(IDLE);
        let (builder, base, endpoint) = match &config.endpoint {
            Endpoint::Unix(path) => (
                builder.unix_socket(path.as_path()),
                // The host is not looked up; it only fills the `Host` header.
                "http://localhost".to_owned(),
                path.display().to_string(),
            ),
            Endpoint::Http(url) => {
                let base = url.as_str().trim_end_matches('/').to_owned();
                (builder, base.clone(), base)
            }
        };
        Ok(Self {
            http: builder.build()?,
            base,
            endpoint,
            credentials: config.credentials.clone(),
            is_trusted: config.exact_outcomes,
            max_management_bytes: config.max_management_bytes,
        })
    }

    /// A request to `path`, which begins with a slash, with the credentials where they belong:
    /// functions and other open routes of a foreign OpenFaaS must not see them.
    pub(crate) fn request(
        &self,
        method: Method,
        path: &str,
        mut headers: HeaderMap,
    ) -> RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.base));
        match &self.credentials {
            Some(credentials) if self.is_trusted || path.starts_with("/system/") => {
                headers.remove(AUTHORIZATION);
                request
                    .headers(headers)
                    .basic_auth(credentials.user(), Some(credentials.password()))
            }
            _ => request.headers(headers),
        }
    }

    /// Asks once and returns the body of a successful answer.
    pub(crate) async fn ask(&self, question: Question) -> Result<Bytes, Error> {
        let Question {
            operation,
            method,
            path,
            json,
            limit,
        } = question;
        let mut headers = HeaderMap::new();
        if json.is_some() {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        let request = self.request(method, &path, headers);
        let request = match json {
            Some(json) => request.body(json),
            None => request,
        };
        let exchange = async {
            let response = request
                .send()
                .await
                .map_err(|source| self.classify(operation, source))?;
            self.settle(operation, response).await
        };
        tokio::time::timeout(limit, exchange)
            .await
            .map_err(|_| Error::Timeout { operation, limit })?
    }

    async fn settle(&self, operation: &'static str, response: Response) -> Result<Bytes, Error> {
        let status = response.status();
        let limit = self.max_management_bytes;
        if !is_head_bounded(response.headers()) {
            return Err(Error::TooLarge { operation, limit });
        }
        if status.is_success() {
            return read(response, limit).await.map_err(|error| match error {
                BodyError::TooLarge => Error::TooLarge { operation, limit },
                BodyError::Broken(source) => self.classify(operation, source),
            });
        }
        if matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) {
            return Err(Error::Unauthorized);
        }
        if status.is_redirection() {
            return Err(Error::Redirected { operation, status });
        }
        Err(Error::Rejected {
            operation,
            status,
            fault: self.told_fault(response.headers()),
            message: read_message(response).await,
        })
    }

    fn told_fault(&self, headers: &HeaderMap) -> Option<Fault> {
        match text(headers, OUTCOME).and_then(parse_outcome)? {
            Outcome::ProviderFailed(fault) if self.is_trusted => Some(fault),
            _ => None,
        }
    }

    fn classify(&self, operation: &'static str, source: reqwest::Error) -> Error {
        let source = source.without_url();
        if source.is_connect() {
            let endpoint = self.endpoint.clone();
            Error::Connect { endpoint, source }
        } else {
            Error::Broken { operation, source }
        }
    }
}

/// Whether the head of an answer is of a sensible size.
pub(crate) fn is_head_bounded(headers: &HeaderMap) -> bool {
    let bytes: usize = headers
        .iter()
        .map(|(name, value)| name.as_str().len() + value.len())
        .sum();
    bytes <= MAX_HEAD_BYTES
}

/// Reads a body of at most `limit` bytes; stops at the first byte more.
pub(crate) async fn read(mut response: Response, limit: u64) -> Result<Bytes, BodyError> {
    if response
        .content_length()
        .is_some_and(|length| length > limit)
    {
        return Err(BodyError::TooLarge);
    }
    let mut body = BytesMut::new();
    while let Some(chunk) = response.chunk().await.map_err(BodyError::Broken)? {
        if (body.len() + chunk.len()) as u64 > limit {
            return Err(BodyError::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

/// The beginning of a body as text for a message, on one line; as far as it can be read.
pub(crate) async fn read_message(mut response: Response) -> String {
    let mut body = BytesMut::new();
    let reading = async {
        while body.len() < MAX_MESSAGE_BYTES {
            match response.chunk().await {
                Ok(Some(chunk)) => body.extend_from_slice(&chunk),
                Ok(None) | Err(_) => break,
            }
        }
    };
    // What was read by then is kept either way.
    let _ = tokio::time::timeout(MESSAGE_TIMEOUT, reading).await;
    body.truncate(MAX_MESSAGE_BYTES);
    String::from_utf8_lossy(&body)
        .trim()
        .replace(char::is_control, " ")
}
