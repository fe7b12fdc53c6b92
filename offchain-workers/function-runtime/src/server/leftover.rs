//! What a request still has to say when its answer is there.
//!
//! A refusal often comes before the body was read. If the connection were closed then, the client,
//! which is still writing, would see it break and might never read why. So the rest is taken and
//! thrown away, within bounds, before the answer is sent.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::body::{Body, BodyDataStream};
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use bytes::Bytes;
use futures::{Stream, StreamExt};
use tokio::sync::oneshot;

use super::App;
use crate::ceilings;

/// Most bytes that are thrown away: more than a client sends that knows the limits. Who sends more
/// is not listened to.
const MOST: u64 = 2 * ceilings::INPUT_BYTES;

/// Lends the body to the handler and takes what it leaves.
pub(super) async fn take(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let (back, mut left) = oneshot::channel();
    let lent = Lent {
        body: Some(body.into_data_stream()),
        back: Some(back),
    };
    let request = Request::from_parts(parts, Body::from_stream(lent));
    let response = next.run(request).await;
    if let Ok(body) = left.try_recv() {
        // Whether it was all or too much, there is nothing more to be done.
        let _ = tokio::time::timeout(app.body_timeout, discard(body)).await;
    }
    response
}

async fn discard(mut body: BodyDataStream) {
    let mut taken = 0;
    while let Some(Ok(chunk)) = body.next().await {
        taken += chunk.len() as u64;
        if taken > MOST {
            break;
        }
    }
}

/// A body that is given back when it is dropped.
struct Lent {
    body: Option<BodyDataStream>,
    back: Option<oneshot::Sender<BodyDataStream>>,
}

impl Stream for Lent {
    type Item = Result<Bytes, axum::Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        match &mut self.body {
            Some(body) => body.poll_next_unpin(context),
            None => Poll::Ready(None),
        }
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        if let (Some(body), Some(back)) = (self.body.take(), self.back.take()) {
            // Nobody waits for it if the client has hung up.
            let _ = back.send(body);
        }
    }
}
