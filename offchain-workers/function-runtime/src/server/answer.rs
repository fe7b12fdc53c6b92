//! Answers in the form that OpenFaaS gives them.

use axum::body::Body;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use bytes::{Bytes, BytesMut};
use defaas_function_protocol::headers;
use futures::StreamExt;

use super::App;
use crate::outcome::{Fault, Outcome};

/// How a call or a deployment ended, in the words of [`Outcome::token`].
pub(super) const OUTCOME: HeaderName = HeaderName::from_static(headers::OUTCOME);

/// Content type of messages.
pub(super) const TEXT: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");

/// A message.
pub(super) fn text(status: StatusCode, message: impl ToString) -> Response {
    (status, [(CONTENT_TYPE, TEXT)], message.to_string()).into_response()
}

/// A message with the provider's failure that it amounts to.
pub(super) fn fault(status: StatusCode, fault: Fault, message: impl ToString) -> Response {
    let token = HeaderValue::from_static(Outcome::ProviderFailed(fault).token());
    let mut response = text(status, message);
    response.headers_mut().insert(OUTCOME, token);
    response
}

/// Why the body of a request is not there.
pub(super) enum BodyError {
    TooLarge,
    Incomplete,
}

/// Reads a body within its bounds in bytes and time.
pub(super) async fn read_body(
    app: &App,
    headers: &HeaderMap,
    body: Body,
    most: u64,
) -> Result<Bytes, BodyError> {
    let announced = headers
        .get(CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok()?.parse::<u64>().ok())
        .unwrap_or(0);
    if announced > most {
        return Err(BodyError::TooLarge);
    }
    match tokio::time::timeout(app.body_timeout, collect(body, most)).await {
        Ok(read) => read,
        Err(_) => Err(BodyError::Incomplete),
    }
}

async fn collect(body: Body, most: u64) -> Result<Bytes, BodyError> {
    let mut chunks = body.into_data_stream();
    let mut bytes = BytesMut::new();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|_| BodyError::Incomplete)?;
        if (bytes.len() + chunk.len()) as u64 > most {
            return Err(BodyError::TooLarge);
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes.freeze())
}
