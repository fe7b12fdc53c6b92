//! `add`: files in a multipart form into the store.

use std::io;

use axum::body::Body;
use axum::extract::multipart::{Field, MultipartError};
use axum::extract::{Multipart, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use futures::TryStreamExt;
use percent_encoding::percent_decode_str;
use serde::Serialize;
use tokio_util::io::StreamReader;

use super::args::Args;
use super::error::RpcError;
use super::Shared;
use crate::error::Error;
use crate::pins::{Pin, PinKind};

/// Most files in one request.
const MAX_FILES: usize = 256;
/// Longest name of a file that is given back, in bytes.
const MAX_NAME: usize = 1024;

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Added {
    name: String,
    hash: String,
    /// The blocks' lengths together, in bytes, as text: Kubo's form.
    size: String,
}

/// Imports every file of the form under the profile `unixfs-v1-2025`, pins it unless `pin=false`,
/// and answers a line of JSON for each.
pub(super) async fn add(
    State(shared): State<Shared>,
    args: Args,
    mut form: Multipart,
) -> Result<Response, RpcError> {
    let pin = check_options(&args)?.then(|| Pin::new(PinKind::User));
    let mut lines = String::new();
    let mut left = shared.max_file_bytes;
    let mut files = 0;
    while let Some(part) = form.next_field().await.map_err(broken_form)? {
        files += 1;
        if files > MAX_FILES {
            return Err(RpcError::argument(format!(
                "more than {MAX_FILES} files in one request"
            )));
        }
        let name = file_name(&part)?;
        let source = StreamReader::new(part.map_err(io::Error::other));
        let imported = match shared.store.import_file(source, left, pin).await {
            Err(Error::Source(error)) => return Err(broken_source(error)),
            Err(Error::TooLarge { .. }) => {
                return Err(Error::TooLarge {
                    limit: shared.max_file_bytes,
                }
                .into())
            }
            other => other?,
        };
        left -= imported.size;
        let hash = imported.cid.to_string();
        let added = Added {
            name: if name.is_empty() { hash.clone() } else { name },
            hash,
            size: imported.cumulative_size.to_string(),
        };
        let line = serde_json::to_string(&added)
            .map_err(|error| RpcError::new(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()))?;
        lines.push_str(&line);
        lines.push('\n');
    }
    if files == 0 {
        return Err(RpcError::argument("the form has no file"));
    }
    Ok(([(CONTENT_TYPE, "application/json")], Body::from(lines)).into_response())
}

/// Whether to pin. Options that ask for what the profile does anyway are fine; some clients send
/// them all.
fn check_options(args: &Args) -> Result<bool, RpcError> {
    const OFF: &[&str] = &["false", "0"];
    /// Option and the values it may have.
    const FIXED: [(&str, &[&str]); 9] = [
        ("chunker", &["size-1048576"]),
        ("cid-version", &["1"]),
        ("hash", &["sha2-256"]),
        ("inline", OFF),
        ("nocopy", OFF),
        ("only-hash", OFF),
        ("raw-leaves", &["", "true", "1"]),
        ("trickle", OFF),
        ("wrap-with-directory", OFF),
    ];
    for (name, values) in FIXED {
        if let Some(given) = args.get(name).filter(|given| !values.contains(given)) {
            return Err(RpcError::not_built(format!(
                "`{name}={given}` is not built here: files are imported as `unixfs-v1-2025`"
            )));
        }
    }
    // The last two say something about folders and inlining only, and neither is done.
    let others = ["pin", "empty-dirs", "inline-limit"];
    args.allow(
        &FIXED
            .map(|(name, _)| name)
            .into_iter()
            .chain(others)
            .collect::<Vec<_>>(),
    )?;
    args.switch("pin", true)
}

/// The file's name, which clients percent-encode.
fn file_name(part: &Field<'_>) -> Result<String, RpcError> {
    if part.content_type() == Some("application/x-directory") {
        return Err(RpcError::not_built(
            "folders are not taken here: send files",
        ));
    }
    let name = percent_decode_str(part.file_name().unwrap_or_default()).decode_utf8_lossy();
    if name.len() > MAX_NAME {
        return Err(RpcError::argument("a file's name is too long"));
    }
    if name.contains('/') {
        return Err(RpcError::not_built(
            "folders are not taken here: send files",
        ));
    }
    Ok(name.into_owned())
}

pub(super) fn broken_form(error: MultipartError) -> RpcError {
    RpcError::new(error.status(), error.body_text())
}

/// The body's end is told in the form's own error, which may say that it is too long.
fn broken_source(error: io::Error) -> RpcError {
    match error
        .into_inner()
        .map(|inner| inner.downcast::<MultipartError>())
    {
        Some(Ok(error)) => broken_form(*error),
        _ => RpcError::argument("the body broke off"),
    }
}
