//! RPC methods beyond those every Substrate node has: account nonces, fees, BABE, GRANDPA, light
//! client checkpoints, calls of functions.

mod call_state;
mod faas;

use crate::service::{FullBackend, FullClient, FullPool, FullSelectChain};
use defaas_runtime::{opaque::Block, BlockNumber, Hash};
use faas::{Faas, FaasRpcServer};
use jsonrpsee::RpcModule;
use pallet_transaction_payment_rpc::{TransactionPayment, TransactionPaymentApiServer};
use sc_consensus_babe::BabeWorkerHandle;
use sc_consensus_babe_rpc::{Babe, BabeApiServer};
use sc_consensus_grandpa::{
    FinalityProofProvider, GrandpaJustificationStream, SharedAuthoritySet, SharedVoterState,
};
use sc_consensus_grandpa_rpc::{Grandpa, GrandpaApiServer};
use sc_rpc::SubscriptionTaskExecutor;
use sc_service::ChainSpec;
use sc_sync_state_rpc::{SyncState, SyncStateApiServer};
use sp_keystore::KeystorePtr;
use std::{error::Error, sync::Arc};
use substrate_frame_rpc_system::{System, SystemApiServer};

/// What the methods read.
pub struct Deps {
    /// The client.
    pub client: Arc<FullClient>,
    /// The transaction pool.
    pub pool: Arc<FullPool>,
    /// Names the best chain.
    pub select_chain: FullSelectChain,
    /// The specification this node was started with.
    pub chain_spec: Box<dyn ChainSpec>,
    /// Answers questions about epochs.
    pub babe_worker: BabeWorkerHandle<Block>,
    /// Keys of this node.
    pub keystore: KeystorePtr,
    /// What GRANDPA knows.
    pub grandpa: GrandpaDeps,
}

/// What the GRANDPA methods read.
pub struct GrandpaDeps {
    /// State of the running rounds.
    pub voter_state: SharedVoterState,
    /// The voters.
    pub authority_set: SharedAuthoritySet<Hash, BlockNumber>,
    /// New justifications.
    pub justifications: GrandpaJustificationStream<Block>,
    /// Proves that a block is final.
    pub finality_proofs: Arc<FinalityProofProvider<FullBackend, Block>>,
}

/// Builds the methods. Called once per RPC server; `executor` runs their subscriptions.
///
/// # Errors
///
/// If two modules claim one name, or the specification lacks the light client extension.
pub fn module(
    deps: &Deps,
    executor: SubscriptionTaskExecutor,
) -> Result<RpcModule<()>, Box<dyn Error + Send + Sync>> {
    let Deps {
        client,
        pool,
        select_chain,
        chain_spec,
        babe_worker,
        keystore,
        grandpa,
    } = deps;

    let mut module = RpcModule::new(());
    module.merge(System::new(client.clone(), pool.clone()).into_rpc())?;
    module.merge(TransactionPayment::new(client.clone()).into_rpc())?;
    module.merge(
        Babe::new(
            client.clone(),
            babe_worker.clone(),
            keystore.clone(),
            select_chain.clone(),
        )
        .into_rpc(),
    )?;
    module.merge(
        Grandpa::new(
            executor.clone(),
            grandpa.authority_set.clone(),
            grandpa.voter_state.clone(),
            grandpa.justifications.clone(),
            grandpa.finality_proofs.clone(),
        )
        .into_rpc(),
    )?;
    module.merge(
        SyncState::new(
            chain_spec.cloned_box(),
            client.clone(),
            grandpa.authority_set.clone(),
            babe_worker.clone(),
        )?
        .into_rpc(),
    )?;
    module.merge(Faas::new(client.clone(), executor).into_rpc())?;
    Ok(module)
}
