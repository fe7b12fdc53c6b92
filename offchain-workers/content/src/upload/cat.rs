//! `cat`: a file's bytes.

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::http::HeaderName;
use axum::response::{IntoResponse, Response};
use futures::stream;

use super::args::{resolve, Args};
use super::error::RpcError;
use super::Shared;
use crate::error::{Error, Result};
use crate::store::Reader;

/// Tells clients of Kubo that the body is content and not JSON.
pub(super) const STREAM_OUTPUT: (HeaderName, &str) =
    (HeaderName::from_static("x-stream-output"), "1");

/// Streams a file, or `length` bytes of it from `offset`. The first bytes are read before the
/// answer starts, so that what is not here, or not a file, is an error; damage found later breaks
/// the connection off.
pub(super) async fn cat(State(shared): State<Shared>, args: Args) -> Result<Response, RpcError> {
    args.allow(&["offset", "length"])?;
    let (offset, length) = (args.number("offset")?, args.number("length")?);
    let cid = resolve(&shared.store, args.single()?).await?;
    let mut window = Window {
        reader: shared.store.cat(&cid, u64::MAX).await?,
        skip: offset.unwrap_or(0),
        left: length.unwrap_or(u64::MAX),
    };
    let first = window.next().await?;
    let body = stream::try_unfold((first, window), |(first, mut window)| async move {
        let part = match first {
            Some(part) => Some(part),
            None => window.next().await?,
        };
        Ok::<_, Error>(part.map(|part| (part, (None, window))))
    });
    let headers = [(CONTENT_TYPE, "application/octet-stream"), STREAM_OUTPUT];
    Ok((headers, Body::from_stream(body)).into_response())
}

/// A part of a file. What lies before it is read and thrown away, because only verified blocks say
/// where an offset is.
struct Window {
    reader: Reader,
    /// Bytes still to be left out.
    skip: u64,
    /// Bytes still to be given.
    left: u64,
}

impl Window {
    /// The next bytes, never empty; `None` at the end.
    async fn next(&mut self) -> Result<Option<Bytes>> {
        while self.left > 0 {
            let Some(mut part) = self.reader.next().await? else {
                break;
            };
            let skipped = self.skip.min(part.len() as u64);
            self.skip -= skipped;
            // Both are at most the part's length.
            drop(part.split_to(skipped as usize));
            part.truncate(self.left.min(part.len() as u64) as usize);
            self.left -= part.len() as u64;
            if !part.is_empty() {
                return Ok(Some(part));
            }
        }
        Ok(None)
    }
}
