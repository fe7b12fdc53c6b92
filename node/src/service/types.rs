//! The concrete types this node is made of.

use defaas_runtime::{opaque::Block, RuntimeApi};
use sc_consensus::{DefaultImportQueue, LongestChain};
use sc_consensus_babe::{BabeLink, BabeWorkerHandle};
use sc_consensus_grandpa::{GrandpaBlockImport, LinkHalf, SharedVoterState};
use sc_executor::WasmExecutor;
use sc_service::{TFullBackend, TFullClient};
use sc_transaction_pool::TransactionPoolHandle;
use sp_consensus_babe::inherents::BabeCreateInherentDataProviders;

/// Executes the runtime's blob, with the host functions every Substrate node has.
pub type Executor = WasmExecutor<sp_io::SubstrateHostFunctions>;
/// The client: database plus executor.
pub type FullClient = TFullClient<Block, RuntimeApi, Executor>;
/// The database.
pub type FullBackend = TFullBackend<Block>;
/// The transaction pool.
pub type FullPool = TransactionPoolHandle<Block, FullClient>;
/// Names the best chain: the longest, which with BABE is the one with most primary slots.
pub type FullSelectChain = LongestChain<FullBackend, Block>;
/// Imports blocks one after another.
pub type ImportQueue = DefaultImportQueue<Block>;

/// Checks GRANDPA justifications and tracks the voters.
pub type FinalityImport = GrandpaBlockImport<FullBackend, Block, FullClient, FullSelectChain>;
/// Checks BABE's claims on slots, then hands on to GRANDPA.
pub type BlockImport = sc_consensus_babe::BabeBlockImport<
    Block,
    FullClient,
    FinalityImport,
    BabeCreateInherentDataProviders<Block>,
    FullSelectChain,
>;

/// What connects the import pipeline with authoring, voting and RPC.
pub struct ConsensusLinks {
    /// Where authored blocks are imported.
    pub block_import: BlockImport,
    /// Epochs, shared with the author.
    pub babe: BabeLink<Block>,
    /// Answers questions about epochs.
    pub babe_worker: BabeWorkerHandle<Block>,
    /// Voters and justifications, shared with the voter.
    pub grandpa: LinkHalf<Block, FullClient, FullSelectChain>,
    /// State of the voter, filled in once it runs.
    pub voter_state: SharedVoterState,
}
