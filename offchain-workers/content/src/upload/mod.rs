//! The admin listener: how a developer or operator puts content into the store.
//!
//! It speaks a subset of Kubo's RPC (<https://docs.ipfs.tech/reference/kubo/rpc/>), so that Kubo's
//! clients work with it. It is not for the public: loopback, a bearer token, no browsers.
//!
//! *Request → no browser, right token → handler → answer or Kubo's error form.* What is not built
//! answers 501 and says so.

mod add;
mod args;
mod auth;
mod block;
mod cat;
mod error;
mod info;
mod pins;
mod token;

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use axum::extract::DefaultBodyLimit;
use axum::middleware;
use axum::routing::{any, post};
use axum::Router;
use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

pub use self::token::{Token, TokenError};

use crate::http::{serve, ServerLimits};
use crate::store::Store;

/// What a multipart body may have beside the content: boundaries and part headers, in bytes.
const MULTIPART_OVERHEAD: u64 = 1 << 20;

/// Configuration of the admin listener.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct UploadConfig {
    /// Where it listens; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Whether `listen` may be an address that other machines reach. The token then travels
    /// unencrypted.
    pub allow_remote: bool,
    /// File with the token; made with a random one if missing.
    pub token_file: PathBuf,
    /// Most bytes of the files in one request together.
    pub max_file_bytes: u64,
    /// Most connections at once.
    pub max_connections: usize,
    /// Longest life of a connection, and so of an upload or download, in seconds.
    pub max_connection_secs: u64,
}

impl Default for UploadConfig {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 5101)),
            allow_remote: false,
            token_file: PathBuf::from("upload-token"),
            max_file_bytes: 64 << 20,
            max_connections: 32,
            max_connection_secs: 900,
        }
    }
}

/// Why the listener did not start.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// The address is reachable from other machines.
    #[error("{0} is not a loopback address: use 127.0.0.1, or allow remote access explicitly")]
    NotLoopback(SocketAddr),
    /// The token file cannot be used.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
}

/// The admin listener, bound but not yet serving.
pub struct Upload {
    listener: TcpListener,
    address: SocketAddr,
    router: Router,
    limits: ServerLimits,
}

impl Upload {
    /// Reads or makes the token and takes the port.
    pub async fn bind(config: &UploadConfig, store: Store) -> Result<Self, BindError> {
        if !config.listen.ip().is_loopback() && !config.allow_remote {
            return Err(BindError::NotLoopback(config.listen));
        }
        let token = Token::load_or_create(&config.token_file)?;
        let failed = |source| BindError::Listen {
            address: config.listen,
            source,
        };
        let listener = TcpListener::bind(config.listen).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let limits = ServerLimits {
            max_connections: config.max_connections,
            header_timeout: Duration::from_secs(10),
            max_age: Duration::from_secs(config.max_connection_secs),
            drain: Duration::from_secs(10),
        };
        log::info!("upload listener bound; address={address}");
        Ok(Self {
            listener,
            address,
            router: router(store, token, config.max_file_bytes),
            limits,
        })
    }

    /// Where it listens.
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Serves until `shutdown` is cancelled.
    pub async fn run(self, shutdown: CancellationToken) {
        serve(self.listener, self.router, self.limits, shutdown).await;
    }
}

/// What handlers share.
#[derive(Clone)]
struct Shared {
    store: Store,
    max_file_bytes: u64,
}

fn router(store: Store, token: Token, max_file_bytes: u64) -> Router {
    let body_limit = max_file_bytes.saturating_add(MULTIPART_OVERHEAD);
    let body_limit = usize::try_from(body_limit).unwrap_or(usize::MAX);
    Router::new()
        .route("/api/v0/add", post(add::add))
        .route("/api/v0/cat", post(cat::cat))
        .route("/api/v0/block/get", post(block::get))
        .route("/api/v0/block/put", post(block::put))
        .route("/api/v0/block/stat", post(block::stat))
        .route("/api/v0/pin/add", post(pins::add))
        .route("/api/v0/pin/rm", post(pins::remove))
        .route("/api/v0/pin/ls", post(pins::list))
        .route("/api/v0/repo/stat", post(info::repo_stat))
        .route("/api/v0/version", post(info::version))
        .route("/api/v0/{*command}", any(error::not_built))
        .method_not_allowed_fallback(error::method_not_allowed)
        .fallback(error::no_such_page)
        .layer(DefaultBodyLimit::max(body_limit))
        .layer(middleware::from_fn_with_state(token, auth::check))
        .with_state(Shared {
            store,
            max_file_bytes,
        })
}
