//! First step: database, client, pool and import pipeline. Opens no port, so sub-commands that
//! work on the database use it too.

use super::{
    consensus,
    essential::PoolTasks,
    genesis::open_database,
    types::{
        ConsensusLinks, Executor, FullBackend, FullClient, FullPool, FullSelectChain, ImportQueue,
    },
};
use sc_consensus_grandpa::GrandpaPruningFilter;
use sc_service::{Configuration, Error, KeystoreContainer, TaskManager};
use sc_telemetry::{Telemetry, TelemetryWorker};
use std::sync::Arc;

/// Messages that telemetry keeps while its server is slow; more are dropped.
const TELEMETRY_BUFFER: usize = 16;

/// A node without network, RPC and running consensus.
pub struct Partial {
    /// The client.
    pub client: Arc<FullClient>,
    /// The database.
    pub backend: Arc<FullBackend>,
    /// Owns all tasks; when it is dropped they end.
    pub task_manager: TaskManager,
    /// Keys of this node.
    pub keystore: KeystoreContainer,
    /// Names the best chain.
    pub select_chain: FullSelectChain,
    /// The transaction pool.
    pub transaction_pool: Arc<FullPool>,
    /// Imports blocks from the network or a file.
    pub import_queue: ImportQueue,
    /// What connects the import pipeline with the rest.
    pub links: ConsensusLinks,
    /// Reports to telemetry servers, if there are any.
    pub telemetry: Option<Telemetry>,
}

/// Opens the database and builds everything that needs no network.
///
/// # Errors
///
/// If the database cannot be opened or the genesis cannot be built.
pub fn partial(config: &Configuration) -> Result<Partial, Error> {
    let telemetry = telemetry(config)?;
    let executor: Executor = sc_service::new_wasm_executor(&config.executor);

    // The filter keeps blocks with GRANDPA justifications when old blocks are pruned: a pruned
    // node still serves warp sync.
    let (backend, genesis) =
        open_database(config, &executor, vec![Arc::new(GrandpaPruningFilter)])?;
    let (client, backend, keystore, task_manager) =
        sc_service::new_full_parts_with_genesis_builder(
            config,
            telemetry.as_ref().map(|(_, telemetry)| telemetry.handle()),
            executor,
            backend,
            genesis,
            false,
        )?;
    let client = Arc::new(client);
    let select_chain = FullSelectChain::new(backend.clone());

    let telemetry = telemetry.map(|(worker, telemetry)| {
        task_manager
            .spawn_handle()
            .spawn("telemetry", None, worker.run());
        telemetry
    });

    let transaction_pool = Arc::from(
        sc_transaction_pool::Builder::new(
            PoolTasks(task_manager.spawn_essential_handle()),
            client.clone(),
            config.role.is_authority().into(),
        )
        .with_options(config.transaction_pool.clone())
        .with_prometheus(config.prometheus_registry())
        .build(),
    );

    let (import_queue, links) = consensus::import_pipeline(
        &client,
        &select_chain,
        &transaction_pool,
        &task_manager,
        config.prometheus_registry(),
        telemetry.as_ref().map(|telemetry| telemetry.handle()),
    )?;

    Ok(Partial {
        client,
        backend,
        task_manager,
        keystore,
        select_chain,
        transaction_pool,
        import_queue,
        links,
        telemetry,
    })
}

/// The connection to the configured telemetry servers and the worker that feeds it; nothing if
/// none is configured.
fn telemetry(config: &Configuration) -> Result<Option<(TelemetryWorker, Telemetry)>, Error> {
    let Some(endpoints) = config
        .telemetry_endpoints
        .clone()
        .filter(|endpoints| !endpoints.is_empty())
    else {
        return Ok(None);
    };
    let worker = TelemetryWorker::new(TELEMETRY_BUFFER)?;
    let telemetry = worker.handle().new_telemetry(endpoints);
    Ok(Some((worker, telemetry)))
}
