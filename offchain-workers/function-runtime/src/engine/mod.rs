//! Turns modules into running functions.

mod cache;
mod deterministic;
mod load;
mod loaded;
mod memory;
mod poll;
mod queues;
mod run;
mod settings;
mod stdio;
mod ticker;
mod verdicts;

use std::sync::Arc;
use std::time::Instant;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use wasmtime::Engine as WasmEngine;

use crate::compiler::Compiler;
use crate::digest::Digest;
use crate::in_flight::{InFlight, Running};
use crate::{Config, StartError};

use cache::Cache;
use load::ResidentBytes;
use loaded::Loaded;
use queues::Queues;
use ticker::Ticker;
use verdicts::Verdicts;

pub(crate) use load::{Code, LoadError};
pub(crate) use run::{Call, End, Ended};
pub(crate) use settings::{compiling, Mode};

/// Both engines, the code they have loaded, and what is needed to load more.
pub(crate) struct Engine {
    plain: Kind,
    deterministic: Kind,
    ticker: Ticker,
    cache: Arc<Cache>,
    compiler: Compiler,
    code_dir: Arc<std::path::Path>,
    resident: Arc<ResidentBytes>,
    /// Where the code that is being executed is noted, if anywhere.
    in_flight: Option<Arc<InFlight>>,
    loaded: Arc<Loaded>,
    verdicts: Verdicts,
    queues: Queues,
    /// One place: the second of two deployments of the same code finds it loaded, and only one
    /// reads compiled code, which may be long, into memory. It takes a second or two at most.
    linking: Arc<Semaphore>,
}

struct Kind {
    engine: WasmEngine,
    fingerprint: [u8; 32],
}

impl Kind {
    fn new(mode: Mode, instances: u32) -> Result<Self, StartError> {
        let engine = settings::running(mode, instances)
            .map_err(|error| StartError::Engine(format!("{error:#}")))?;
        let fingerprint = settings::fingerprint(&engine);
        Ok(Self {
            engine,
            fingerprint,
        })
    }
}

impl Engine {
    /// Reserves the pools, opens the cache and starts the ticker.
    pub fn new(config: &Config, in_flight: Option<Arc<InFlight>>) -> Result<Self, StartError> {
        // Checked before: at most 1 024.
        let instances = u32::try_from(config.max_concurrency).unwrap_or(u32::MAX);
        let plain = Kind::new(Mode::Plain, instances)?;
        let deterministic = Kind::new(Mode::Deterministic, instances)?;
        let ticker = Ticker::start(vec![plain.engine.clone(), deterministic.engine.clone()])
            .map_err(|error| StartError::Engine(error.to_string()))?;
        Ok(Self {
            plain,
            deterministic,
            ticker,
            cache: Arc::new(Cache::open(&config.cache_dir, config.cache_bytes)?),
            compiler: Compiler::new(config),
            code_dir: config.code_dir.as_path().into(),
            resident: ResidentBytes::new(config),
            in_flight,
            loaded: Arc::default(),
            verdicts: Verdicts::default(),
            queues: Queues::new(),
            linking: Arc::new(Semaphore::new(1)),
        })
    }

    /// The code with this digest, loaded if it was not. Dropping the future stops the compiler.
    ///
    /// Only a compilation waits for other compilations: code that is compiled, or known not to
    /// compile, does not.
    pub async fn load(&self, digest: Digest, mode: Mode) -> Result<Arc<Code>, LoadError> {
        if let Some(code) = self.known(digest, mode).await? {
            return Ok(code);
        }
        let code_dir = self.code_dir.clone();
        let code_bytes = blocking(move || load::module_bytes(&code_dir, &digest)).await??;
        let _turn = self.queues.turn(code_bytes).await?;
        // Whoever had the turn before may have compiled this very code, or tried to.
        if let Some(code) = self.known(digest, mode).await? {
            return Ok(code);
        }
        self.compiled(digest, mode).await
    }

    /// Runs a call on a thread of its own. `stop` ends it early; `held` is dropped when it has
    /// ended, also if this future was dropped before.
    pub async fn run<H: Send + 'static>(
        &self,
        code: Arc<Code>,
        call: Call,
        stop: CancellationToken,
        held: H,
    ) -> Ended {
        let begin = Instant::now();
        let ticking = self.ticker.begin();
        let noted = self.note(&code.digest);
        let work = move || {
            let ended = run::run(&code, call, &stop);
            drop((ticking, noted, held));
            ended
        };
        match tokio::task::spawn_blocking(work).await {
            Ok(ended) => ended,
            Err(error) => Ended::broken(begin, error.to_string()),
        }
    }

    /// What is known of the code without compiling it: it is loaded, or it can be, or it never can.
    async fn known(&self, digest: Digest, mode: Mode) -> Result<Option<Arc<Code>>, LoadError> {
        if let Some(code) = self.loaded.get(digest, mode) {
            return Ok(Some(code));
        }
        self.verdicts.check(digest, mode)?;
        let place = self.place_to_link().await?;
        // It may have been linked while this waited.
        if let Some(code) = self.loaded.get(digest, mode) {
            return Ok(Some(code));
        }
        self.cached(digest, mode, place).await
    }

    fn kind(&self, mode: Mode) -> &Kind {
        match mode {
            Mode::Plain => &self.plain,
            Mode::Deterministic => &self.deterministic,
        }
    }

    async fn cached(
        &self,
        digest: Digest,
        mode: Mode,
        place: OwnedSemaphorePermit,
    ) -> Result<Option<Arc<Code>>, LoadError> {
        let fingerprint = self.kind(mode).fingerprint;
        let cache = self.cache.clone();
        let read = move || (cache.get(&digest, &fingerprint), place);
        let (Some(compiled), place) = blocking(read).await? else {
            return Ok(None);
        };
        match self.link(digest, mode, compiled, place).await {
            Err(error @ LoadError::NotAccepted(_)) => {
                log::warn!("{digest}: {error}; compiling anew");
                let cache = self.cache.clone();
                blocking(move || cache.remove(&digest, &fingerprint)).await?;
                Ok(None)
            }
            linked => linked.map(Some),
        }
    }

    async fn compiled(&self, digest: Digest, mode: Mode) -> Result<Arc<Code>, LoadError> {
        let code_dir = self.code_dir.clone();
        let module = blocking(move || load::read_module(&code_dir, &digest)).await??;
        let begin = Instant::now();
        let compiled = self.compiler.compile(mode, module).await;
        let compiled = compiled
            .map_err(LoadError::from)
            .inspect_err(|error| self.verdicts.keep(digest, mode, error))?;
        log::info!(
            "compiled {digest} ({}) in {:?}",
            mode.name(),
            begin.elapsed()
        );
        let (cache, fingerprint) = (self.cache.clone(), self.kind(mode).fingerprint);
        let compiled = blocking(move || {
            cache.put(&digest, &fingerprint, &compiled);
            compiled
        })
        .await?;
        let place = self.place_to_link().await?;
        // Since it is in the cache, another deployment may have linked it.
        match self.loaded.get(digest, mode) {
            Some(code) => Ok(code),
            None => self.link(digest, mode, compiled, place).await,
        }
    }

    async fn place_to_link(&self) -> Result<OwnedSemaphorePermit, LoadError> {
        // Never closed.
        let place = self.linking.clone().acquire_owned().await;
        place.map_err(|_| LoadError::Busy)
    }

    /// Keeps its place until it has ended, also if the future was dropped before.
    async fn link(
        &self,
        digest: Digest,
        mode: Mode,
        compiled: Vec<u8>,
        place: OwnedSemaphorePermit,
    ) -> Result<Arc<Code>, LoadError> {
        let (engine, resident) = (self.kind(mode).engine.clone(), self.resident.clone());
        let (loaded, noted) = (self.loaded.clone(), self.note(&digest));
        let linked = blocking(move || {
            let linked = load::link(&engine, digest, mode, &compiled, &resident);
            let linked = linked.map(|code| loaded.add(code));
            drop((compiled, noted, place));
            linked
        });
        linked
            .await?
            .inspect_err(|error| self.verdicts.keep(digest, mode, error))
    }

    fn note(&self, digest: &Digest) -> Option<Running> {
        self.in_flight.as_ref()?.begin(digest)
    }
}

/// Runs what blocks where it may. A panic there is this runtime's failure.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, LoadError> {
    Ok(tokio::task::spawn_blocking(work).await?)
}
