//! The REST API: who may ask, what may be asked, and how it is answered.

mod answer;
mod auth;
mod connections;
mod environment;
mod functions;
mod invoke;
mod leftover;
mod listener;
mod system;

use std::fmt;
use std::future::Future;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::routing::{any, get};
use axum::{middleware, Router};
use tokio::net::{TcpListener, UnixListener};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::admission::Admission;
use crate::crashes::Crashes;
use crate::deployments::Deployments;
use crate::engine::Engine;
use crate::in_flight::InFlight;
use crate::{Config, Secret, StartError};

use connections::serve;
use listener::Bounded;

/// How long calls may take to end, and answers to be sent, after the calls were stopped.
const GRACE: Duration = Duration::from_secs(3);

/// Where a server listens, as clients of OpenFaaS write it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// A unix socket.
    Unix(PathBuf),
    /// Plain HTTP.
    Tcp(SocketAddr),
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
            Self::Tcp(address) => write!(f, "http://{address}"),
        }
    }
}

/// A bound server. Connections are accepted by the machine from now on and served by
/// [`Server::run`].
pub struct Server {
    app: Arc<App>,
    in_flight: Option<Arc<InFlight>>,
    max_connections: usize,
    header_timeout: Duration,
    unix: Option<(UnixListener, PathBuf)>,
    tcp: Option<(TcpListener, SocketAddr)>,
}

/// What all routes share.
struct App {
    secret: Secret,
    engine: Engine,
    deployments: Deployments,
    admission: Admission,
    /// `None`: crashes are not counted.
    crashes: Option<Crashes>,
    memory_pool: u64,
    body_timeout: Duration,
    /// Cancelled when the server ends.
    stop: CancellationToken,
}

/// Checks the settings, reserves memory for calls, opens the cache and binds the addresses.
///
/// Must be called within a tokio runtime that has threads for blocking work: one per
/// `max_concurrency` and some more.
pub async fn bind(config: Config, secret: Secret) -> Result<Server, StartError> {
    config.check()?;
    let (crashes, in_flight) = match &config.crash_dir {
        // One place more than calls: for the code that is being made ready.
        Some(dir) => Some(Crashes::open(dir, config.max_concurrency + 1)?),
        None => None,
    }
    .unzip();
    let app = App {
        secret,
        engine: Engine::new(&config, in_flight.clone())?,
        deployments: Deployments::new(config.max_deployments),
        admission: Admission::new(&config),
        crashes,
        memory_pool: config.memory_pool,
        body_timeout: config.body_timeout,
        stop: CancellationToken::new(),
    };
    let unix = match config.socket {
        Some(path) => Some((listener::bind_unix(&path).await?, path)),
        None => None,
    };
    let tcp = match config.listen {
        Some(address) => Some(listener::bind_tcp(address).await?),
        None => None,
    };
    Ok(Server {
        app: Arc::new(app),
        in_flight,
        max_connections: config.max_connections,
        header_timeout: config.header_timeout,
        unix,
        tcp,
    })
}

impl Server {
    /// Where it listens; a TCP port that was given as 0 is known here.
    pub fn addresses(&self) -> Vec<Address> {
        let unix = self
            .unix
            .iter()
            .map(|(_, path)| Address::Unix(path.clone()));
        let tcp = self.tcp.iter().map(|(_, address)| Address::Tcp(*address));
        unix.chain(tcp).collect()
    }

    /// Serves until `shutdown` is ready. Then calls in progress are stopped and answered as
    /// interrupted.
    ///
    /// Calls run on threads of their own. They are waited for also where their clients are gone, so
    /// that none finds the tokio runtime at its end.
    pub async fn run(self, shutdown: impl Future<Output = ()>) {
        let stop = self.app.stop.clone();
        let routes = routes(self.app.clone());
        let (places, within) = (listener::places(self.max_connections), self.header_timeout);
        let mut serving = JoinSet::new();
        let mut socket = None;
        if let Some((unix, path)) = self.unix {
            let bounded = Bounded::new(unix, places.clone());
            serving.spawn(serve(bounded, routes.clone(), within, stop.clone()));
            socket = Some(path);
        }
        if let Some((tcp, _)) = self.tcp {
            let bounded = Bounded::new(tcp, places);
            serving.spawn(serve(bounded, routes, within, stop.clone()));
        }
        shutdown.await;
        stop.cancel();
        let drained = async {
            while serving.join_next().await.is_some() {}
            self.app.admission.idle().await;
        };
        if tokio::time::timeout(GRACE, drained).await.is_err() {
            log::warn!("connections or calls did not end within {GRACE:?} and are given up");
        }
        if let Some(in_flight) = self.in_flight {
            in_flight.end();
        }
        if let Some(path) = socket {
            if let Err(error) = std::fs::remove_file(&path) {
                log::debug!("cannot remove {}: {error}", path.display());
            }
        }
    }
}

fn routes(app: Arc<App>) -> Router {
    let protected = Router::new()
        .route(
            "/system/functions",
            get(functions::list)
                .post(functions::deploy)
                .put(functions::update)
                .delete(functions::delete),
        )
        .route("/system/function/{name}", get(functions::status))
        .route("/system/info", get(system::info))
        .route("/function/{name}", any(invoke::invoke))
        .route("/function/{name}/", any(invoke::invoke))
        .route("/function/{name}/{*path}", any(invoke::invoke));
    let protected = system::NOT_BUILT
        .into_iter()
        .fold(protected, |routes, path| {
            routes.route(path, any(system::not_built))
        })
        .fallback(system::unknown)
        // Only for those who may ask.
        .layer(middleware::from_fn_with_state(app.clone(), leftover::take))
        .layer(middleware::from_fn_with_state(app.clone(), auth::require));
    Router::new()
        .route("/healthz", get(system::health))
        .merge(protected)
        .with_state(app)
}
