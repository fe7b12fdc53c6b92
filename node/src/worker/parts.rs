//! The parts of the worker, each under the supervisor.
//!
//! Open the store → start function runtime, gateway, upload listener, housekeeping → start the
//! dispatcher → on shutdown the dispatcher stops first, because what it runs may still end well as
//! long as the others are there. Notices stand beside all of this: also a worker that cannot open
//! its store tells the chain that it takes no new work.

use super::{
    bounds::Bounds,
    chain::{in_time, NodeChain},
    content::NodeContent,
    executor::WasmExecutor,
    folder::Folder,
    health::{keep_up_watched, Health, Part},
    listeners,
    notices::Notices,
    params::WorkerParams,
    probe::{self, Pulse},
    runtime_process::{RuntimeProcess, RuntimeSecret},
    supervisor::Failure,
    LOG,
};
use defaas_content::{upload::UploadConfig, Store};
use defaas_dispatcher::{ports::Chain, Dispatcher, Metrics, Ports};
use defaas_gateway::GatewayConfig;
use defaas_openfaas::{Client, Credentials};
use std::{future::Future, sync::Arc, time::Duration};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// User of the function runtime.
const RUNTIME_USER: &str = "admin";
/// Distance between two collections of content.
const COLLECT_EVERY: Duration = Duration::from_secs(60);
/// Room for files of code is at least this, in bytes: one of the longest.
const MIN_CODE_ROOM: u64 = 64 << 20;

/// What the parts are made of.
pub struct Parts {
    /// The chain.
    pub chain: NodeChain,
    /// Where everything lies.
    pub folder: Folder,
    /// What the dispatcher counts.
    pub metrics: Arc<Metrics>,
    /// How the parts are.
    pub health: Arc<Health>,
    /// Options of the command line.
    pub params: WorkerParams,
}

/// What opens once and is shared by the parts.
struct Shared {
    store: Store,
    content: NodeContent,
    client: Client,
    executor: Arc<WasmExecutor>,
    bounds: Bounds,
}

impl Parts {
    /// Runs all parts until `shutdown`.
    pub async fn run(self, shutdown: CancellationToken) {
        let secret = RuntimeSecret::random();
        let parts = Arc::new(self);
        // The store may be held by a former process for a moment, so this too is tried again.
        let work = || {
            let (parts, secret, shutdown) = (parts.clone(), secret.clone(), shutdown.clone());
            async move {
                let shared = parts.open(&secret).await?;
                parts.run_all(shared, secret, shutdown).await;
                Ok::<(), Failure>(())
            }
        };
        let work = keep_up_watched(parts.health.clone(), Part::Worker, shutdown.clone(), work);
        tokio::join!(work, parts.tell(shutdown.clone()));
    }

    async fn tell(&self, shutdown: CancellationToken) {
        let notices = Notices {
            chain: self.chain.clone(),
            health: self.health.clone(),
            endpoint: self.params.public_endpoint.clone(),
            is_draining: self.params.drain,
        };
        let token = shutdown.clone();
        let run = || {
            let (notices, token) = (notices.clone(), token.clone());
            async move {
                notices.run(token).await;
                Ok(())
            }
        };
        keep_up_watched(self.health.clone(), Part::Notices, shutdown, run).await;
    }

    async fn open(&self, secret: &RuntimeSecret) -> Result<Shared, Failure> {
        let config = defaas_content::Config {
            max_bytes: self.params.store_size,
            ..defaas_content::Config::in_dir(self.folder.content())
        };
        let store = tokio::task::spawn_blocking(move || Store::open(config)).await??;
        let max_code = MIN_CODE_ROOM.max(self.params.store_size / 4);
        let content = NodeContent::new(store.clone(), self.folder.code(), max_code).await?;
        let credentials = Credentials::new(RUNTIME_USER, secret.reveal())?;
        let bounds = Bounds::of_this_machine();
        let mut config = defaas_openfaas::Config::embedded(self.folder.socket(), Some(credentials));
        config.timeouts.change = bounds.change;
        let client = Client::new(config)?;
        Ok(Shared {
            store,
            content,
            executor: Arc::new(WasmExecutor::new(client.clone(), bounds.deploy)),
            client,
            bounds,
        })
    }

    async fn run_all(&self, shared: Shared, secret: RuntimeSecret, shutdown: CancellationToken) {
        let stop = CancellationToken::new();
        let _shown = self.health.show_store(shared.store.clone());
        let mut others = JoinSet::new();
        let (client, health) = (shared.client.clone(), self.health.clone());
        let pulse = Arc::<Pulse>::default();
        others.spawn(probe::run(client, health, pulse.clone(), stop.clone()));
        let process = RuntimeProcess {
            executable: self.params.function_runtime.clone(),
            folder: self.folder.clone(),
            secret,
            bounds: shared.bounds,
            pulse,
        };
        self.spawn_function_runtime(&mut others, process, &stop);
        self.spawn_listeners(&mut others, &shared.store, &stop);
        self.spawn_housekeeping(&mut others, &shared.content, &stop);
        self.dispatch(shared, shutdown).await;
        stop.cancel();
        while let Some(end) = others.join_next().await {
            if let Err(error) = end {
                log::error!(target: LOG, "a part of the worker was lost: {error}");
            }
        }
    }

    fn spawn_function_runtime(
        &self,
        parts: &mut JoinSet<()>,
        process: RuntimeProcess,
        stop: &CancellationToken,
    ) {
        let token = stop.clone();
        let run = move || {
            let running = process.clone().run(token.clone());
            async move { running.await.map_err(Failure::from) }
        };
        self.spawn(parts, Part::FunctionRuntime, stop, run);
    }

    fn spawn_listeners(&self, parts: &mut JoinSet<()>, store: &Store, stop: &CancellationToken) {
        let config = GatewayConfig {
            listen: self.params.gateway_addr,
            ..GatewayConfig::default()
        };
        let (content, token) = (store.clone(), stop.clone());
        let run = move || listeners::gateway(config.clone(), content.clone(), token.clone());
        self.spawn(parts, Part::Gateway, stop, run);

        let config = UploadConfig {
            listen: self.params.upload_addr,
            token_file: self.folder.upload_token(),
            ..UploadConfig::default()
        };
        let (content, token) = (store.clone(), stop.clone());
        let run = move || listeners::upload(config.clone(), content.clone(), token.clone());
        self.spawn(parts, Part::UploadListener, stop, run);
    }

    fn spawn_housekeeping(
        &self,
        parts: &mut JoinSet<()>,
        content: &NodeContent,
        stop: &CancellationToken,
    ) {
        let (chain, content, token) = (self.chain.clone(), content.clone(), stop.clone());
        let run = move || {
            let (chain, content, token) = (chain.clone(), content.clone(), token.clone());
            async move { keep_house(&chain, &content, &token).await }
        };
        self.spawn(parts, Part::Housekeeping, stop, run);
    }

    async fn dispatch(&self, shared: Shared, shutdown: CancellationToken) {
        let ports = Ports {
            chain: Arc::new(self.chain.clone()),
            content: Arc::new(shared.content),
            executor: shared.executor,
        };
        let (stop, bounds) = (shutdown.clone(), shared.bounds);
        let run = || {
            let config = bounds.dispatcher(self.folder.journal());
            let dispatcher = Dispatcher::new(config, ports.clone(), self.metrics.clone());
            let stop = stop.clone();
            async move { Ok::<(), Failure>(dispatcher?.run(stop).await?) }
        };
        keep_up_watched(self.health.clone(), Part::Dispatcher, shutdown, run).await;
    }

    /// Keeps a part up in a task of its own.
    fn spawn<Run, Work>(
        &self,
        parts: &mut JoinSet<()>,
        part: Part,
        stop: &CancellationToken,
        run: Run,
    ) where
        Run: FnMut() -> Work + Send + 'static,
        Work: Future<Output = Result<(), Failure>> + Send + 'static,
    {
        parts.spawn(keep_up_watched(
            self.health.clone(),
            part,
            stop.clone(),
            run,
        ));
    }
}

/// Drops content that nobody needs any more, by the clock of the finalized chain. Does so first of
/// all: only a collection tells whether the store is full of pins. A chain that does not answer in
/// time ends it; the supervisor says so and begins it anew.
async fn keep_house(
    chain: &NodeChain,
    content: &NodeContent,
    stop: &CancellationToken,
) -> Result<(), Failure> {
    loop {
        let finalized = in_time("finalized", chain.finalized()).await?;
        let tick = in_time("tick", chain.tick(finalized.hash)).await?;
        content.collect(tick).await?;
        tokio::select! {
            () = stop.cancelled() => return Ok(()),
            () = tokio::time::sleep(COLLECT_EVERY) => {}
        }
    }
}
