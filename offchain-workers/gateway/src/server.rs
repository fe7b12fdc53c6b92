//! The listener: routes, bounds, start and stop.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::StatusCode;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::Router;
use defaas_content::http::{serve, ServerLimits};
use defaas_content::Store;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::{block, health, GatewayConfig};

/// The gateway did not start.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {address}: {source}; is another program using the port?")]
pub struct BindError {
    /// The address.
    pub address: SocketAddr,
    /// What the system said.
    pub source: io::Error,
}

/// The gateway, bound but not yet serving.
pub struct Gateway {
    listener: TcpListener,
    address: SocketAddr,
    router: Router,
    limits: ServerLimits,
}

impl Gateway {
    /// Takes the port.
    pub async fn bind(config: &GatewayConfig, store: Store) -> Result<Self, BindError> {
        let failed = |source| BindError {
            address: config.listen,
            source,
        };
        let listener = TcpListener::bind(config.listen).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let limits = ServerLimits {
            max_connections: config.max_connections,
            header_timeout: Duration::from_secs(5),
            max_age: Duration::from_secs(config.max_connection_secs),
            drain: Duration::from_secs(5),
        };
        let timeout = Duration::from_secs(config.request_timeout_secs);
        log::info!("gateway bound; address={address}");
        Ok(Self {
            listener,
            address,
            router: router(store, timeout),
            limits,
        })
    }

    /// Where it listens.
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Serves until `shutdown` is cancelled, then lets requests under way finish for a few seconds.
    pub async fn run(self, shutdown: CancellationToken) {
        serve(self.listener, self.router, self.limits, shutdown).await;
    }
}

fn router(store: Store, timeout: Duration) -> Router {
    Router::new()
        .route("/ipfs/{cid}", get(block::block))
        .route("/ipfs/{cid}/{*path}", get(block::path))
        .route("/healthz", get(health::healthz))
        // Nothing here takes a body.
        .layer(DefaultBodyLimit::max(0))
        .layer(middleware::from_fn_with_state(timeout, bounded))
        .with_state(store)
}

async fn bounded(State(timeout): State<Duration>, request: Request, next: Next) -> Response {
    match tokio::time::timeout(timeout, next.run(request)).await {
        Ok(response) => response,
        Err(_) => (
            StatusCode::GATEWAY_TIMEOUT,
            "the store did not answer in time\n",
        )
            .into_response(),
    }
}
