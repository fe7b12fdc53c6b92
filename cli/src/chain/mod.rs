//! The connection to a node. Everything is built from the chain's own metadata, with plain signed
//! transactions and view functions: what any wallet can do too.

mod account;
mod call_state;
pub mod calls;
mod ended;
pub mod events;
mod follow;
mod nonce;
mod sought;
mod submit;
pub mod types;
mod view;
mod views;

pub use account::{parse_address, Balances};
pub use ended::{Ended, Payment};
pub use sought::{Request, Sought};
pub use submit::Included;
pub use views::MAX_PAGE;

use crate::{Error, Result};
use std::{path::PathBuf, time::Duration};
use subxt::{
    client::{ClientAtBlock, OnlineClientAtBlockImpl},
    rpcs::{rpc_params, RpcClient},
    utils::H256,
    OnlineClient, PolkadotConfig,
};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// How long to try again while the node has as many connections as it takes.
const FULL_TIMEOUT: Duration = Duration::from_secs(60);
/// Pause between two tries, on average.
const FULL_PAUSE: Duration = Duration::from_millis(500);
/// HTTP status of a node that takes no more connections.
const TOO_MANY: &str = "429";

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
    /// Where processes that submit for one account take turns.
    turns: Option<PathBuf>,
}

impl Chain {
    /// Connects. Fails if nobody answers within 10 seconds, or if the node has as many connections as
    /// it takes for a minute.
    pub async fn connect(url: &str) -> Result<Self> {
        let tries = async {
            loop {
                match Self::connect_once(url).await {
                    Err(Error::Connection { reason, .. }) if reason.contains(TOO_MANY) => {
                        tokio::time::sleep(FULL_PAUSE.mul_f64(0.5 + rand::random::<f64>())).await;
                    }
                    connected => return connected,
                }
            }
        };
        tokio::time::timeout(FULL_TIMEOUT, tries)
            .await
            .unwrap_or_else(|_| {
                Err(Error::Connection {
                    url: url.into(),
                    reason: "it has as many connections as it takes (429)".into(),
                })
            })
    }

    /// Lets processes that submit for one account take turns, by lock files in this folder.
    pub fn with_turns(self, folder: impl Into<PathBuf>) -> Self {
        Self {
            turns: Some(folder.into()),
            ..self
        }
    }

    /// A new connection to the same node.
    async fn reconnect(&self) -> Result<Self> {
        let turns = self.turns.clone();
        Ok(Self {
            turns,
            ..Self::connect(&self.url).await?
        })
    }

    async fn connect_once(url: &str) -> Result<Self> {
        let refused = |reason: String| Error::Connection {
            url: url.into(),
            reason: plain(&reason),
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
                turns: None,
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
        let hash: H256 = self
            .rpc
            .request("chain_getBlockHash", rpc_params![])
            .await
            .map_err(|error| self.broken(error))?;
        self.at(hash).await
    }

    /// State at the block of this number in the best chain.
    pub async fn at_number(&self, number: u64) -> Result<AtBlock> {
        let hash: Option<H256> = self
            .rpc
            .request("chain_getBlockHash", rpc_params![number])
            .await
            .map_err(|error| self.broken(error))?;
        let hash = hash.ok_or_else(|| Error::NotFound(format!("block {number}")))?;
        self.at(hash).await
    }

    /// State at the block before.
    async fn parent(&self, block: &AtBlock) -> Result<AtBlock> {
        let header = block
            .block_header()
            .await
            .map_err(|error| self.broken(error))?;
        self.at(header.parent_hash).await
    }

    /// State at one block.
    pub async fn at(&self, hash: H256) -> Result<AtBlock> {
        self.client
            .at_block(hash)
            .await
            .map_err(|error| self.broken(error))
    }

    fn broken(&self, error: impl std::fmt::Display) -> Error {
        Error::Connection {
            url: self.url.clone(),
            reason: plain(&error.to_string()),
        }
    }
}

/// Without what each layer of the client puts before the words of the next.
fn plain(reason: &str) -> String {
    let (_, words) = reason.rsplit_once("client error: ").unwrap_or(("", reason));
    words.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_innermost_reason_is_told() {
        let reason = "RPC error: client error: RPC error: client error: Connection refused";
        assert_eq!(plain(reason), "Connection refused");
        assert_eq!(plain("no answer"), "no answer");
    }
}
