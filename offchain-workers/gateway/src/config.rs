//! Configuration of the gateway.

use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

/// Configuration of the gateway.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct GatewayConfig {
    /// Where it listens; port 0 takes a free one. The default is for this machine only: a provider
    /// sets the address that it announces.
    pub listen: SocketAddr,
    /// Most connections at once; further ones wait. Each may hold one block of 2 MiB in memory.
    pub max_connections: usize,
    /// Time for one request, up to its answer's first byte, in seconds.
    pub request_timeout_secs: u64,
    /// Longest life of a connection, in seconds: bounds how long a slow reader holds a place.
    pub max_connection_secs: u64,
}

impl Default for GatewayConfig {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8880)),
            max_connections: 128,
            request_timeout_secs: 10,
            max_connection_secs: 120,
        }
    }
}
