//! The connection to a node. Everything is built from the chain's own metadata, with plain signed
//! transactions and view functions: what any wallet can do too.

mod account;
mod call_state;
pub mod calls;
mod deliver;
mod ended;
pub mod events;
#[cfg(test)]
mod fake;
mod follow;
mod link;
mod nonce;
mod pool;
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
use link::Link;
use std::{
    path::PathBuf,
    sync::{Arc, RwLock},
    time::Duration,
};
use subxt::{
    client::{ClientAtBlock, OnlineClientAtBlockImpl},
    error::OnlineClientAtBlockError,
    rpcs::{rpc_params, RpcClient},
    utils::H256,
    PolkadotConfig,
};

/// How often a block is asked for whose hash the node told before it hands its header out.
const HEADER_TRIES: u32 = 10;
/// Pause between two of these tries.
const HEADER_PAUSE: Duration = Duration::from_millis(100);

/// State as it is at one block.
pub type AtBlock = ClientAtBlock<PolkadotConfig, ClientImpl>;
type ClientImpl = OnlineClientAtBlockImpl<PolkadotConfig>;

/// A connection to a node.
#[derive(Clone)]
pub struct Chain {
    url: String,
    link: Arc<RwLock<Link>>,
    /// Hash of the first block: which chain it is.
    genesis: H256,
    development: bool,
    /// Where processes that submit for one account take turns.
    turns: Option<PathBuf>,
}

impl Chain {
    /// Lets processes that submit for one account take turns, by lock files in this folder.
    pub fn with_turns(self, folder: impl Into<PathBuf>) -> Self {
        Self {
            turns: Some(folder.into()),
            ..self
        }
    }

    /// Whether keys that everybody knows may be used.
    pub fn is_development(&self) -> bool {
        self.development
    }

    /// For methods that this program has no name for.
    pub fn rpc(&self) -> RpcClient {
        self.link().rpc
    }

    /// State at the newest finalized block.
    pub async fn finalized(&self) -> Result<AtBlock> {
        self.link()
            .client
            .at_current_block()
            .await
            .map_err(|error| self.broken(error))
    }

    /// State at the newest block, finalized or not.
    pub async fn best(&self) -> Result<AtBlock> {
        let hash: H256 = self
            .rpc()
            .request("chain_getBlockHash", rpc_params![])
            .await
            .map_err(|error| self.broken(error))?;
        self.at(hash).await
    }

    /// State at the block of this number in the best chain.
    pub async fn at_number(&self, number: u64) -> Result<AtBlock> {
        let hash: Option<H256> = self
            .rpc()
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
        let client = self.link().client;
        let mut tries = 0;
        loop {
            match client.at_block(hash).await {
                Err(OnlineClientAtBlockError::BlockHeaderNotFound { .. })
                    if tries < HEADER_TRIES =>
                {
                    tries += 1;
                    tokio::time::sleep(HEADER_PAUSE).await;
                }
                at => return at.map_err(|error| self.broken(error)),
            }
        }
    }
}
