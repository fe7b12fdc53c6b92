//! Parts of a specification that the client understands and the runtime does not.

use defaas_runtime::opaque::Block;
use sc_chain_spec::ChainSpecExtension;
use serde::{Deserialize, Serialize};

/// Client-side extensions of a chain specification. All are empty on the built-in chains.
#[derive(Default, Clone, Debug, Serialize, Deserialize, ChainSpecExtension)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Extensions {
    /// Numbers of blocks whose hashes are known; any other block of that number is refused.
    pub fork_blocks: sc_client_api::ForkBlocks<Block>,
    /// Hashes of blocks that are refused.
    pub bad_blocks: sc_client_api::BadBlocks<Block>,
    /// A checkpoint for light clients, filled in by the RPC method `sync_state_genSyncSpec`.
    pub light_sync_state: sc_sync_state_rpc::LightSyncStateExtension,
}
