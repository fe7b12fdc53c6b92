//! The connection to a node. Everything is built from the chain's own metadata, with plain signed
//! transactions and view functions: what any wallet can do too.

mod account;
pub mod calls;
pub mod events;
mod follow;
mod submit;
pub mod types;
mod view;
mod views;

pub use account::{parse_address, Balances};
pub use follow::{Ended, Payment};
pub use submit::Included;
pub use views::MAX_PAGE;

use crate::{Error, Result};
use std::time::Duration;
use subxt::{
    client::{ClientAtBlock, OnlineClientAtBlockImpl},
    rpcs::{rpc_params, RpcClient},
    OnlineClient, PolkadotConfig,
};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// State as it is at one block.
pub type AtBlock = ClientAtBlock<PolkadotConfig, ClientImpl>;
type ClientImpl = OnlineClientAtBlockImpl<PolkadotConfig>;

/// A connection to a node.
#[derive(Clone)]
pub struct Chain {
    url: String,
    rpc: RpcClient,
    client: OnlineClient<PolkadotConfig>,
    development: bool,
}

impl Chain {
    /// Connects. Fails if nobody answers within 10 seconds.
    pub async fn connect(url: &str) -> Result<Self> {
        let refused = |reason: String| Error::Connection {
            url: url.into(),
            reason,
        };
        let connect = async {
            let rpc = RpcClient::from_insecure_url(url)
                .await
                .map_err(|error| refused(error.to_string()))?;
            let kind: serde_json::Value = rpc
                .request("system_chainType", rpc_params![])
                .await
                .map_err(|error| refused(error.to_string()))?;
            let client = OnlineClient::from_rpc_client(rpc.clone())
                .await
                .map_err(|error| refused(error.to_string()))?;
            let development = kind == "Development";
            Ok(Self {
                url: url.into(),
                rpc,
                client,
                development,
            })
        };
        tokio::time::timeout(CONNECT_TIMEOUT, connect)
            .await
            .unwrap_or_else(|_| Err(refused("no answer in 10 seconds".into())))
    }

    /// Whether keys that everybody knows may be used.
    pub fn is_development(&self) -> bool {
        self.development
    }

    /// For methods that this program has no name for.
    pub fn rpc(&self) -> &RpcClient {
        &self.rpc
    }

    /// State at the newest finalized block.
    pub async fn finalized(&self) -> Result<AtBlock> {
        self.client
            .at_current_block()
            .await
            .map_err(|error| self.broken(error))
    }

    /// State at the newest block, finalized or not.
    pub async fn best(&self) -> Result<AtBlock> {
        let hash: subxt::utils::H256 = self
            .rpc
            .request("chain_getBlockHash", rpc_params![])
            .await
            .map_err(|error| self.broken(error))?;
        self.at(hash).await
    }

    /// State at one block.
    async fn at(&self, hash: subxt::utils::H256) -> Result<AtBlock> {
        self.client
            .at_block(hash)
            .await
            .map_err(|error| self.broken(error))
    }

    fn broken(&self, error: impl std::fmt::Display) -> Error {
        Error::Connection {
            url: self.url.clone(),
            reason: error.to_string(),
        }
    }
}
