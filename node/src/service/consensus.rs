//! BABE and GRANDPA: the import pipeline that checks blocks, and the tasks that author and vote.

use super::{
    essential::ending_late,
    network::GrandpaProtocol,
    types::{
        BlockImport, ConsensusLinks, FullBackend, FullClient, FullPool, FullSelectChain,
        ImportQueue,
    },
};
use defaas_runtime::{constants::block::MAX_LENGTH, opaque::Block, BlockNumber};
use sc_basic_authorship::ProposerFactory;
use sc_consensus_babe::{BabeLink, BabeParams, ImportQueueParams, SlotProportion};
use sc_consensus_grandpa::{
    BeforeBestBlockBy, GrandpaParams, LinkHalf, SharedVoterState,
    ThreeQuartersOfTheUnfinalizedChain, VotingRulesBuilder,
};
use sc_consensus_slots::BackoffAuthoringOnFinalizedHeadLagging;
use sc_network::service::traits::NetworkService;
use sc_network_sync::SyncingService;
use sc_service::{Configuration, Error, TaskManager};
use sc_telemetry::TelemetryHandle;
use sc_transaction_pool_api::OffchainTransactionPoolFactory;
use sp_consensus_babe::{
    inherents::{BabeCreateInherentDataProviders, InherentDataProvider as SlotProvider},
    SlotDuration,
};
use sp_keystore::KeystorePtr;
use sp_timestamp::InherentDataProvider as TimestampProvider;
use std::{sync::Arc, time::Duration};
use substrate_prometheus_endpoint::Registry;

/// Blocks between two stored justifications. Those at changes of the voters are always stored;
/// these are for light clients that want to start between them.
const JUSTIFICATION_PERIOD: u32 = 512;

/// How long a vote is expected to take to all voters. A GRANDPA round prevotes after twice and
/// precommits after four times this span, so it is the floor of the time to finality: one second
/// here. Relay chains with hundreds of voters on all continents use 1 s, which at our slot of 2 s
/// would be longer than the blocks themselves take; for a set of up to 100 voters a quarter of a
/// second covers two hops across an ocean.
const GOSSIP_DURATION: Duration = Duration::from_millis(250);

/// How far behind the best block votes are cast. BABE forks at the tip when a slot has two primary
/// authors; one block later the fork is settled as a rule. Each further block would add a slot to
/// the time to finality.
const VOTE_BEHIND_BEST: BlockNumber = 1;

/// When finality lags, authors slow down so that the unfinalized chain does not grow without
/// bound, but never below one block in so many slots: reports and the repair of finality itself
/// need blocks.
const BACKOFF_MAX_INTERVAL: BlockNumber = 10;

/// Share of its slot an author spends on filling a block; the rest is for spreading it.
const PROPOSAL_SLOT_PORTION: f32 = 2.0 / 3.0;

/// Builds the pipeline that checks and imports blocks.
///
/// # Errors
///
/// If the database holds no consistent state of BABE or GRANDPA.
pub fn import_pipeline(
    client: &Arc<FullClient>,
    select_chain: &FullSelectChain,
    transaction_pool: &Arc<FullPool>,
    task_manager: &TaskManager,
    registry: Option<&Registry>,
    telemetry: Option<TelemetryHandle>,
) -> Result<(ImportQueue, ConsensusLinks), Error> {
    let (grandpa_import, grandpa) = sc_consensus_grandpa::block_import(
        client.clone(),
        JUSTIFICATION_PERIOD,
        client,
        select_chain.clone(),
        telemetry.clone(),
    )?;

    let babe_config = sc_consensus_babe::configuration(&**client)?;
    let slot_duration = babe_config.slot_duration();
    let (block_import, babe) = sc_consensus_babe::block_import(
        babe_config,
        grandpa_import.clone(),
        client.clone(),
        Arc::new(move |_, _| async move { Ok(inherent_data(slot_duration)) })
            as BabeCreateInherentDataProviders<Block>,
        select_chain.clone(),
        OffchainTransactionPoolFactory::new(transaction_pool.clone()),
    )?;
    let (import_queue, babe_worker) = sc_consensus_babe::import_queue(ImportQueueParams {
        link: babe.clone(),
        block_import: block_import.clone(),
        justification_import: Some(Box::new(grandpa_import)),
        client: client.clone(),
        slot_duration,
        spawner: &task_manager.spawn_essential_handle(),
        registry,
        telemetry,
    })?;

    let links = ConsensusLinks {
        block_import,
        babe,
        babe_worker,
        grandpa,
        voter_state: SharedVoterState::empty(),
    };
    Ok((import_queue, links))
}

/// What a block must say about time: the clock's, and the slot it falls into.
fn inherent_data(slot_duration: SlotDuration) -> (SlotProvider, TimestampProvider) {
    let timestamp = TimestampProvider::from_system_time();
    let slot = SlotProvider::from_timestamp_and_slot_duration(*timestamp, slot_duration);
    (slot, timestamp)
}

/// What both tasks need.
pub struct Context<'a> {
    /// The client.
    pub client: Arc<FullClient>,
    /// Names the best chain.
    pub select_chain: FullSelectChain,
    /// The transaction pool.
    pub transaction_pool: Arc<FullPool>,
    /// Keys of this node.
    pub keystore: KeystorePtr,
    /// Knows whether the node is still catching up.
    pub sync: Arc<SyncingService<Block>>,
    /// Talks to peers.
    pub network: Arc<dyn NetworkService>,
    /// Reports to telemetry servers.
    pub telemetry: Option<TelemetryHandle>,
    /// Owns the tasks.
    pub task_manager: &'a TaskManager,
}

/// Settings of the author.
pub struct Authoring {
    force: bool,
    registry: Option<Registry>,
}

impl Authoring {
    /// The settings, `None` if this node does not author.
    pub fn from_config(config: &Configuration) -> Option<Self> {
        config.role.is_authority().then(|| Self {
            force: config.force_authoring,
            registry: config.prometheus_registry().cloned(),
        })
    }
}

/// Starts the author. Its end is the end of the node.
///
/// # Errors
///
/// If BABE refuses the parameters.
pub fn spawn_babe(
    context: &Context,
    authoring: Authoring,
    block_import: BlockImport,
    babe_link: BabeLink<Block>,
) -> Result<(), Error> {
    let mut proposer = ProposerFactory::new(
        context.task_manager.spawn_handle(),
        context.client.clone(),
        context.transaction_pool.clone(),
        authoring.registry.as_ref(),
        context.telemetry.clone(),
    );
    // The default limit is below what the runtime allows.
    proposer.set_default_block_size_limit(MAX_LENGTH as usize);

    let slot_duration = babe_link.config().slot_duration();
    let babe = sc_consensus_babe::start_babe(BabeParams {
        keystore: context.keystore.clone(),
        client: context.client.clone(),
        select_chain: context.select_chain.clone(),
        env: proposer,
        block_import,
        sync_oracle: context.sync.clone(),
        justification_sync_link: context.sync.clone(),
        create_inherent_data_providers: move |_, ()| async move { Ok(inherent_data(slot_duration)) },
        force_authoring: authoring.force,
        backoff_authoring_blocks: Some(BackoffAuthoringOnFinalizedHeadLagging {
            max_interval: BACKOFF_MAX_INTERVAL,
            ..Default::default()
        }),
        babe_link,
        block_proposal_slot_portion: SlotProportion::new(PROPOSAL_SLOT_PORTION),
        max_block_proposal_slot_portion: None,
        telemetry: context.telemetry.clone(),
    })?;
    context
        .task_manager
        .spawn_essential_handle()
        .spawn_blocking("babe", Some("block-authoring"), babe);
    Ok(())
}

/// Settings of the voter.
pub struct Finality {
    config: sc_consensus_grandpa::Config,
    notifications: Box<dyn sc_network::NotificationService>,
    registry: Option<Registry>,
}

impl Finality {
    /// The settings, `None` if the voter was switched off.
    pub fn from_config(config: &Configuration, protocol: GrandpaProtocol) -> Option<Self> {
        (!config.disable_grandpa).then(|| Self {
            config: sc_consensus_grandpa::Config {
                gossip_duration: GOSSIP_DURATION,
                justification_generation_period: JUSTIFICATION_PERIOD,
                name: Some(config.network.node_name.clone()),
                observer_enabled: false,
                keystore: None,
                local_role: config.role,
                telemetry: None,
                protocol_name: protocol.name,
            },
            notifications: protocol.notifications,
            registry: config.prometheus_registry().cloned(),
        })
    }
}

/// Starts the voter. A node that is no authority runs it too, without keys: it follows the rounds
/// and so knows of finality as early as the voters do. Its end is the end of the node. `block_import`
/// is the import pipeline it works with.
///
/// # Errors
///
/// If the metrics cannot be registered.
pub fn spawn_grandpa(
    context: &Context,
    finality: Finality,
    link: LinkHalf<Block, FullClient, FullSelectChain>,
    voter_state: SharedVoterState,
    block_import: BlockImport,
) -> Result<(), Error> {
    let keys = finality
        .config
        .local_role
        .is_authority()
        .then(|| context.keystore.clone());
    let voter = sc_consensus_grandpa::run_grandpa_voter(GrandpaParams {
        config: sc_consensus_grandpa::Config {
            keystore: keys,
            telemetry: context.telemetry.clone(),
            ..finality.config
        },
        link,
        network: context.network.clone(),
        sync: context.sync.clone(),
        notification_service: finality.notifications,
        voting_rule: VotingRulesBuilder::new()
            .add(BeforeBestBlockBy(VOTE_BEHIND_BEST))
            .add(ThreeQuartersOfTheUnfinalizedChain)
            .build(),
        prometheus_registry: finality.registry,
        shared_voter_state: voter_state,
        telemetry: context.telemetry.clone(),
        offchain_tx_pool_factory: OffchainTransactionPoolFactory::new(
            context.transaction_pool.clone(),
        ),
    })?;
    let voter = async move {
        voter.await;
        // It is commanded through the import pipeline. Without a hold on that it may see the pipeline
        // go when the node stops, and log a violation of its safety.
        drop(block_import);
    };
    context
        .task_manager
        .spawn_essential_handle()
        .spawn_blocking("grandpa-voter", Some("finality"), ending_late(voter));
    Ok(())
}

/// Takes back what BABE and GRANDPA noted about the last `blocks` blocks, for the sub-command
/// `revert`.
///
/// # Errors
///
/// If the notes cannot be read or written.
pub fn revert(
    client: Arc<FullClient>,
    backend: Arc<FullBackend>,
    blocks: BlockNumber,
) -> sc_cli::Result<()> {
    sc_consensus_babe::revert(client.clone(), backend, blocks)?;
    sc_consensus_grandpa::revert(client, blocks)?;
    Ok(())
}
