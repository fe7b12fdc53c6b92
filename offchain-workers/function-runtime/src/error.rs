//! Why the runtime does not start.

use std::io;
use std::path::PathBuf;

use crate::ConfigError;

/// Why the runtime does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Settings that cannot work.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A folder that others can change or read.
    #[error("{path}: {problem}; make it a folder of this user with mode 0700")]
    NotPrivate {
        /// Which folder.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// Something answers on the socket already.
    #[error("{0} is in use: another runtime answers there; stop it or choose another socket")]
    SocketInUse(PathBuf),
    /// A file stands where the socket would be.
    #[error("{0} exists and is no socket: remove it or choose another path")]
    NotASocket(PathBuf),
    /// A path could not be used.
    #[error("cannot {action} {path}: {source}")]
    Path {
        /// What was tried.
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// Why it failed.
        source: io::Error,
    },
    /// The TCP address could not be used.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// The address.
        address: std::net::SocketAddr,
        /// Why it failed.
        source: io::Error,
    },
    /// The engine refused its settings.
    #[error("the Wasm engine does not start: {0}")]
    Engine(String),
}

impl StartError {
    /// For `map_err` on an operation with a path.
    pub(crate) fn path(
        action: &'static str,
        path: impl Into<PathBuf>,
    ) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Path {
            action,
            path,
            source,
        }
    }
}
