//! The HTTP/1 server that the upload listener and the gateway run on: bounded in connections,
//! headers and time, whoever is at the other end.
//!
//! *Accept → serve → drain*: at most [`ServerLimits::max_connections`] are served, more wait in the
//! system's queue. A connection has [`ServerLimits::header_timeout`] for each request's headers and
//! [`ServerLimits::max_age`] in all; then, and at shutdown, it may finish the request it is in
//! within [`ServerLimits::drain`]. When [`serve`] returns, no task is left.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// Longest head of a request, in bytes.
const MAX_HEAD_BYTES: usize = 16 << 10;
/// Most headers of a request.
const MAX_HEADERS: usize = 64;
/// Pause after a failed accept: the process may be out of descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(200);

/// Bounds of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServerLimits {
    /// Most connections served at once.
    pub max_connections: usize,
    /// Time for the headers of a request.
    pub header_timeout: Duration,
    /// Longest life of a connection.
    pub max_age: Duration,
    /// Time to finish what is under way after that, and at shutdown.
    pub drain: Duration,
}

/// Serves `router` until `shutdown` is cancelled.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    limits: ServerLimits,
    shutdown: CancellationToken,
) {
    let permits = Arc::new(Semaphore::new(
        limits.max_connections.min(Semaphore::MAX_PERMITS),
    ));
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            () = shutdown.cancelled() => break,
            accepted = accept(&listener, &permits) => accepted,
            Some(_) = connections.join_next() => continue,
        };
        let Some((stream, permit)) = accepted else {
            break;
        };
        let (router, shutdown) = (router.clone(), shutdown.clone());
        connections.spawn(async move {
            serve_connection(stream, router, limits, shutdown).await;
            drop(permit);
        });
    }
    drop(listener);
    while connections.join_next().await.is_some() {}
}

/// `None` if the semaphore was closed, which nobody does.
async fn accept(
    listener: &TcpListener,
    permits: &Arc<Semaphore>,
) -> Option<(TcpStream, tokio::sync::OwnedSemaphorePermit)> {
    let permit = permits.clone().acquire_owned().await.ok()?;
    loop {
        match listener.accept().await {
            Ok((stream, _)) => return Some((stream, permit)),
            Err(error) => {
                log::warn!("accept failed; error={error}");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

async fn serve_connection(
    stream: TcpStream,
    router: Router,
    limits: ServerLimits,
    shutdown: CancellationToken,
) {
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.header_timeout)
        .max_headers(MAX_HEADERS)
        .max_buf_size(MAX_HEAD_BYTES)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
    let mut connection = std::pin::pin!(connection);
    tokio::select! {
        result = connection.as_mut() => return note(result),
        () = shutdown.cancelled() => {}
        () = tokio::time::sleep(limits.max_age) => {}
    }
    connection.as_mut().graceful_shutdown();
    match tokio::time::timeout(limits.drain, connection).await {
        Ok(result) => note(result),
        Err(_) => log::debug!("a connection was cut off while draining"),
    }
}

/// How a connection ends is the client's business; it is of interest only when looking for a fault.
fn note(result: hyper::Result<()>) {
    if let Err(error) = result {
        log::debug!("connection ended; error={error}");
    }
}
