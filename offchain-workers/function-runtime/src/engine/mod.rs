//! Turns modules into running functions.

mod cache;
mod deterministic;
mod load;
mod memory;
mod poll;
mod run;
mod settings;
mod stdio;
mod ticker;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Instant;

use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use wasmtime::Engine as WasmEngine;

use crate::compiler::Compiler;
use crate::digest::Digest;
use crate::in_flight::{InFlight, Running};
use crate::{Config, StartError};

use cache::Cache;
use load::ResidentBytes;
use ticker::Ticker;

pub(crate) use load::{Code, LoadError};
pub(crate) use run::{Call, End, Ended};
pub(crate) use settings::{compiling, Mode};

/// Most deployments that wait for the compiler.
const MAX_WAITING: usize = 64;

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
    loaded: Mutex<HashMap<(Digest, Mode), Weak<Code>>>,
    /// One load at a time: the second of two deployments of the same code finds it loaded, and
    /// compilations do not compete with each other for the machine that also runs a validator.
    turn: Semaphore,
    waiting: Semaphore,
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
            loaded: Mutex::new(HashMap::new()),
            turn: Semaphore::new(1),
            waiting: Semaphore::new(MAX_WAITING),
        })
    }

    /// The code with this digest, loaded if it was not. Dropping the future stops the compiler.
    pub async fn load(&self, digest: Digest, mode: Mode) -> Result<Arc<Code>, LoadError> {
        if let Some(code) = self.loaded(digest, mode) {
            return Ok(code);
        }
        let _waiting = self.waiting.try_acquire().map_err(|_| LoadError::Busy)?;
        let _turn = self.turn.acquire().await.map_err(|_| LoadError::Busy)?;
        if let Some(code) = self.loaded(digest, mode) {
            return Ok(code);
        }
        let code = match self.cached(digest, mode).await? {
            Some(code) => code,
            None => self.compiled(digest, mode).await?,
        };
        let code = Arc::new(code);
        let mut loaded = self.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        loaded.retain(|_, code| code.strong_count() > 0);
        loaded.insert((digest, mode), Arc::downgrade(&code));
        Ok(code)
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

    fn loaded(&self, digest: Digest, mode: Mode) -> Option<Arc<Code>> {
        let loaded = self.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        loaded.get(&(digest, mode))?.upgrade()
    }

    fn kind(&self, mode: Mode) -> &Kind {
        match mode {
            Mode::Plain => &self.plain,
            Mode::Deterministic => &self.deterministic,
        }
    }

    async fn cached(&self, digest: Digest, mode: Mode) -> Result<Option<Code>, LoadError> {
        let fingerprint = self.kind(mode).fingerprint;
        let cache = self.cache.clone();
        let Some(compiled) = blocking(move || cache.get(&digest, &fingerprint)).await? else {
            return Ok(None);
        };
        match self.link(digest, mode, compiled).await {
            Err(error @ LoadError::NotAccepted(_)) => {
                log::warn!("{digest}: {error}; compiling anew");
                let cache = self.cache.clone();
                blocking(move || cache.remove(&digest, &fingerprint)).await?;
                Ok(None)
            }
            linked => linked.map(Some),
        }
    }

    async fn compiled(&self, digest: Digest, mode: Mode) -> Result<Code, LoadError> {
        let code_dir = self.code_dir.clone();
        let module = blocking(move || load::read_module(&code_dir, &digest)).await??;
        let begin = Instant::now();
        let compiled = self.compiler.compile(mode, module).await?;
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
        self.link(digest, mode, compiled).await
    }

    async fn link(&self, digest: Digest, mode: Mode, compiled: Vec<u8>) -> Result<Code, LoadError> {
        let (engine, resident) = (self.kind(mode).engine.clone(), self.resident.clone());
        let noted = self.note(&digest);
        blocking(move || {
            let linked = load::link(&engine, digest, mode, &compiled, &resident);
            drop(noted);
            linked
        })
        .await?
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
