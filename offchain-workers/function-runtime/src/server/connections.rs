//! Connections: accepted → served → at the end of the server, left to finish what they are in.
//!
//! A client has [`Config::header_timeout`](crate::Config::header_timeout) for the head of each
//! request, so that one which never asks anything, and so never shows credentials, does not keep
//! its place.

use std::pin::pin;
use std::time::Duration;

use axum::serve::Listener;
use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// Serves until `stop`, and then until no connection is left. Dropping the future closes them all.
pub(super) async fn serve(
    mut listener: impl Listener,
    routes: Router,
    header_timeout: Duration,
    stop: CancellationToken,
) {
    let mut connections = JoinSet::new();
    loop {
        let (io, _) = tokio::select! {
            () = stop.cancelled() => break,
            accepted = listener.accept() => accepted,
            // What has ended is forgotten.
            Some(_) = connections.join_next() => continue,
        };
        connections.spawn(connection(io, routes.clone(), header_timeout, stop.clone()));
    }
    drop(listener);
    while connections.join_next().await.is_some() {}
}

async fn connection(
    io: impl AsyncRead + AsyncWrite + Unpin,
    routes: Router,
    header_timeout: Duration,
    stop: CancellationToken,
) {
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(header_timeout)
        .serve_connection(TokioIo::new(io), TowerToHyperService::new(routes));
    let mut served = pin!(served);
    let ended = tokio::select! {
        ended = served.as_mut() => ended,
        () = stop.cancelled() => {
            served.as_mut().graceful_shutdown();
            served.await
        }
    };
    // How a connection ends is the client's business.
    if let Err(error) = ended {
        log::debug!("a connection ended: {error}");
    }
}
