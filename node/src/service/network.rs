//! Second step: protocols and peers.

use super::types::{ConsensusLinks, FullBackend, FullClient, FullPool, ImportQueue};
use defaas_runtime::opaque::Block;
use futures::{future, StreamExt};
use sc_authority_discovery::{Role, WorkerConfig};
use sc_client_api::BlockBackend;
use sc_consensus_grandpa::warp_proof::NetworkProvider;
use sc_network::{
    config::FullNetworkConfiguration, service::traits::NetworkService, types::ProtocolName, Event,
    NetworkBackend, NetworkEventStream, NotificationService,
};
use sc_network_sync::SyncingService;
use sc_network_transactions::TransactionsHandlerController;
use sc_rpc::system::Request;
use sc_service::{BuildNetworkParams, Configuration, Error, TaskManager, WarpSyncConfig};
use sc_utils::mpsc::TracingUnboundedSender;
use sp_keystore::KeystorePtr;
use sp_runtime::traits::Block as BlockT;
use std::sync::Arc;

type Hash = <Block as BlockT>::Hash;

/// The network, and what the later steps need of it.
pub struct Network {
    /// Talks to peers.
    pub service: Arc<dyn NetworkService>,
    /// Keeps the chain in step with peers.
    pub sync: Arc<SyncingService<Block>>,
    /// The channel of the voters' protocol.
    pub grandpa: GrandpaProtocol,
    /// Serves the RPC methods about the network.
    pub system_rpc_tx: TracingUnboundedSender<Request<Block>>,
    /// Spreads transactions.
    pub tx_handler_controller: TransactionsHandlerController<Hash>,
}

/// The protocol over which GRANDPA votes travel.
pub struct GrandpaProtocol {
    /// Its name, which contains the genesis hash.
    pub name: ProtocolName,
    /// Its messages.
    pub notifications: Box<dyn NotificationService>,
}

/// Registers the protocols and builds the network.
///
/// # Errors
///
/// If an address cannot be listened on or two protocols have one name.
pub fn build<N>(
    config: &Configuration,
    client: &Arc<FullClient>,
    backend: &Arc<FullBackend>,
    transaction_pool: &Arc<FullPool>,
    import_queue: ImportQueue,
    links: &ConsensusLinks,
    task_manager: &TaskManager,
) -> Result<Network, Error>
where
    N: NetworkBackend<Block, Hash>,
{
    let registry = config
        .prometheus_config
        .as_ref()
        .map(|prometheus| &prometheus.registry);
    let mut net_config =
        FullNetworkConfiguration::<Block, Hash, N>::new(&config.network, registry.cloned());
    let metrics = N::register_notification_metrics(registry);

    let genesis = client
        .block_hash(0)?
        .ok_or("the database has no genesis block; purge the chain and start again")?;
    let name = sc_consensus_grandpa::protocol_standard_name(&genesis, &config.chain_spec);
    let (protocol, notifications) = sc_consensus_grandpa::grandpa_peers_set_config::<_, N>(
        name.clone(),
        metrics.clone(),
        net_config.peer_store_handle(),
    );
    net_config.add_notification_protocol(protocol);

    // A node that joins late fetches the proofs of finality instead of all blocks.
    let warp_sync = Arc::new(NetworkProvider::new(
        backend.clone(),
        links.grandpa.shared_authority_set().clone(),
        Vec::default(),
    ));

    let (service, system_rpc_tx, tx_handler_controller, sync, _bitswap) =
        sc_service::build_network(BuildNetworkParams {
            config,
            net_config,
            client: client.clone(),
            transaction_pool: transaction_pool.clone(),
            spawn_handle: task_manager.spawn_handle(),
            spawn_essential_handle: task_manager.spawn_essential_handle(),
            import_queue,
            block_announce_validator_builder: None,
            warp_sync_config: Some(WarpSyncConfig::WithProvider(warp_sync)),
            block_relay: None,
            metrics,
            gap_sync_body_policy: None,
        })?;

    Ok(Network {
        service,
        sync,
        grandpa: GrandpaProtocol {
            name,
            notifications,
        },
        system_rpc_tx,
        tx_handler_controller,
    })
}

/// Publishes the addresses of this validator and looks up those of the others, so that validators
/// are connected to each other whoever their peers are.
pub fn spawn_authority_discovery(
    config: &Configuration,
    client: &Arc<FullClient>,
    network: &Arc<dyn NetworkService>,
    keystore: KeystorePtr,
    task_manager: &TaskManager,
) {
    let dht_events = network
        .event_stream("authority-discovery")
        .filter_map(|event| {
            future::ready(match event {
                Event::Dht(event) => Some(event),
                _ => None,
            })
        });
    let (worker, _service) = sc_authority_discovery::new_worker_and_service_with_config(
        WorkerConfig {
            publish_non_global_ips: config.network.allow_non_globals_in_dht,
            public_addresses: config.network.public_addresses.clone(),
            // Records without a signature are refused.
            strict_record_validation: true,
            persisted_cache_directory: config.network.net_config_path.clone(),
            ..Default::default()
        },
        client.clone(),
        Arc::new(network.clone()),
        Box::pin(dht_events),
        Role::PublishAndDiscover(keystore),
        config.prometheus_registry().cloned(),
        task_manager.spawn_handle(),
    );
    task_manager.spawn_handle().spawn(
        "authority-discovery-worker",
        Some("authority-discovery"),
        worker.run(),
    );
}
