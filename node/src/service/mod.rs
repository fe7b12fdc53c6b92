//! The running node, put together in small steps.
//!
//! ```text
//! partial     database, client, transaction pool, import pipeline   (also what sub-commands use)
//! network     protocols and peers
//! rpc         methods and servers
//! consensus   authoring and voting, if this node is an authority
//! worker      runs functions, if this node has a worker key
//! ```
//!
//! The order matters in two places: the transaction pool comes before the import pipeline, because
//! importing a block may report an equivocation through it; and protocols are registered before
//! the network is built.

mod consensus;
mod essential;
mod genesis;
mod network;
mod partial;
mod types;

use crate::{
    rpc,
    worker::{self, WorkerParams},
};
use defaas_primitives::worker::WORKER_KEY_TYPE;
use defaas_runtime::opaque::Block;
use sc_consensus_grandpa::FinalityProofProvider;
use sc_network::{
    config::NetworkBackendType, Litep2pNetworkBackend, NetworkBackend, NetworkWorker,
};
use sc_service::{Configuration, Error, SpawnTasksParams, TaskManager};
use sp_keystore::Keystore;
use sp_runtime::traits::Block as BlockT;

pub use consensus::revert as revert_consensus;
pub use partial::{partial, Partial};
pub use types::{FullBackend, FullClient, FullPool, FullSelectChain};

/// Starts the node over the configured network backend.
///
/// # Errors
///
/// If any part cannot be built: a database that cannot be opened, a port in use, a chain
/// specification without a runtime.
pub fn start(config: Configuration, worker: WorkerParams) -> Result<TaskManager, Error> {
    match config.network.network_backend {
        NetworkBackendType::Litep2p => start_over::<Litep2pNetworkBackend>(config, worker),
        NetworkBackendType::Libp2p => start_over::<NetworkWorker<_, _>>(config, worker),
    }
}

fn start_over<N>(config: Configuration, worker: WorkerParams) -> Result<TaskManager, Error>
where
    N: NetworkBackend<Block, <Block as BlockT>::Hash>,
{
    let Partial {
        client,
        backend,
        mut task_manager,
        keystore,
        select_chain,
        transaction_pool,
        import_queue,
        links,
        mut telemetry,
    } = partial(&config)?;

    let network = network::build::<N>(
        &config,
        &client,
        &backend,
        &transaction_pool,
        import_queue,
        &links,
        &task_manager,
    )?;

    if let Some(seed) = &config.dev_key_seed {
        // The client makes the session keys of `--alice` and the like; the worker key is none.
        keystore
            .keystore()
            .sr25519_generate_new(WORKER_KEY_TYPE, Some(seed.as_str()))
            .map_err(|error| Error::Application(Box::new(error)))?;
    }

    if config.role.is_authority() {
        network::spawn_authority_discovery(
            &config,
            &client,
            &network.service,
            keystore.keystore(),
            &task_manager,
        );
    }

    let authoring = consensus::Authoring::from_config(&config);
    let finality = consensus::Finality::from_config(&config, network.grandpa);

    let rpc_deps = rpc::Deps {
        client: client.clone(),
        pool: transaction_pool.clone(),
        select_chain: select_chain.clone(),
        chain_spec: config.chain_spec.cloned_box(),
        babe_worker: links.babe_worker.clone(),
        keystore: keystore.keystore(),
        grandpa: rpc::GrandpaDeps {
            voter_state: links.voter_state.clone(),
            authority_set: links.grandpa.shared_authority_set().clone(),
            justifications: links.grandpa.justification_stream(),
            finality_proofs: FinalityProofProvider::new_for_service(
                backend.clone(),
                Some(links.grandpa.shared_authority_set().clone()),
            ),
        },
    };

    let worker_deps = worker::Deps {
        client: client.clone(),
        pool: transaction_pool.clone(),
        keystore: keystore.keystore(),
        sync: network.sync.clone(),
        registry: config.prometheus_registry().cloned(),
        root: worker::root(&config),
        params: worker,
    };

    // `spawn_tasks` keeps the handles of the RPC servers in the task manager.
    sc_service::spawn_tasks(SpawnTasksParams {
        config,
        client: client.clone(),
        backend,
        task_manager: &mut task_manager,
        keystore: keystore.keystore(),
        transaction_pool: transaction_pool.clone(),
        rpc_builder: Box::new(move |executor| rpc::module(&rpc_deps, executor).map_err(Into::into)),
        network: network.service.clone(),
        system_rpc_tx: network.system_rpc_tx,
        tx_handler_controller: network.tx_handler_controller,
        sync_service: network.sync.clone(),
        telemetry: telemetry.as_mut(),
        tracing_execute_block: None,
    })?;

    let context = consensus::Context {
        client,
        select_chain,
        transaction_pool,
        keystore: keystore.keystore(),
        sync: network.sync,
        network: network.service,
        telemetry: telemetry.as_ref().map(|telemetry| telemetry.handle()),
        task_manager: &task_manager,
    };
    if let Some(finality) = finality {
        consensus::spawn_grandpa(
            &context,
            finality,
            links.grandpa,
            links.voter_state,
            links.block_import.clone(),
        )?;
    }
    if let Some(authoring) = authoring {
        consensus::spawn_babe(&context, authoring, links.block_import, links.babe)?;
    }

    match worker::start(worker_deps) {
        Ok(None) => {}
        // Goes with the task manager, which waits for it.
        Ok(Some(worker)) => task_manager.keep_alive(worker),
        // Whatever keeps functions from running must not keep blocks from being made.
        Err(error) => log::error!("This node runs no functions: {error}"),
    }

    Ok(task_manager)
}
