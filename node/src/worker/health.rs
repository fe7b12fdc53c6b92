//! How the parts of the worker are: what notices judge by, and what is published as metrics.
//!
//! Parts write, with guards that undo what they wrote when they end in whatever way; everybody reads.

use super::supervisor::{keep_up, Failure};
use defaas_content::{Store, Usage};
use std::{
    future::Future,
    sync::{
        atomic::{AtomicBool, AtomicU64, AtomicU8, Ordering::Relaxed},
        Arc, Mutex, MutexGuard, PoisonError,
    },
};
use tokio_util::sync::CancellationToken;

/// A part of the worker that is kept up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// All that shares the open content store.
    Worker,
    /// Does what the chain assigns.
    Dispatcher,
    /// The process that runs functions.
    FunctionRuntime,
    /// Serves content to everybody.
    Gateway,
    /// Takes content from this machine.
    UploadListener,
    /// Collects content.
    Housekeeping,
    /// Tells the chain about this worker.
    Notices,
}

impl Part {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Worker,
        Self::Dispatcher,
        Self::FunctionRuntime,
        Self::Gateway,
        Self::UploadListener,
        Self::Housekeeping,
        Self::Notices,
    ];

    /// Its name in logs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Worker => "worker",
            Self::Dispatcher => "dispatcher",
            Self::FunctionRuntime => "function runtime",
            Self::Gateway => "gateway",
            Self::UploadListener => "upload listener",
            Self::Housekeeping => "housekeeping",
            Self::Notices => "notices",
        }
    }

    /// Its name as a label of metrics.
    pub fn label(self) -> &'static str {
        match self {
            Self::Worker => "worker",
            Self::Dispatcher => "dispatcher",
            Self::FunctionRuntime => "function_runtime",
            Self::Gateway => "gateway",
            Self::UploadListener => "upload_listener",
            Self::Housekeeping => "housekeeping",
            Self::Notices => "notices",
        }
    }
}

/// The state of a part.
#[derive(Debug, Default)]
struct State {
    starts: AtomicU64,
    is_up: AtomicBool,
}

/// How the parts are.
#[derive(Default)]
pub struct Health {
    parts: [State; Part::ALL.len()],
    /// Whether the function runtime answers.
    answers: AtomicBool,
    /// The content store, while it is open.
    store: Mutex<Option<Store>>,
    wanted: Known,
    on_chain: Known,
}

/// A yes or no that may be unknown.
#[derive(Debug, Default)]
struct Known(AtomicU8);

impl Known {
    fn set(&self, value: Option<bool>) {
        self.0
            .store(value.map_or(0, |is| 1 + u8::from(is)), Relaxed);
    }

    fn get(&self) -> Option<bool> {
        match self.0.load(Relaxed) {
            0 => None,
            value => Some(value == 2),
        }
    }
}

/// Runs `part` until `shutdown` like [`keep_up`], with its ups and downs on record.
pub async fn keep_up_watched<Run, Work>(
    health: Arc<Health>,
    part: Part,
    shutdown: CancellationToken,
    mut run: Run,
) where
    Run: FnMut() -> Work,
    Work: Future<Output = Result<(), Failure>>,
{
    let watched = || {
        let running = Running::begin(health.clone(), part);
        let work = run();
        async move {
            let _running = running;
            work.await
        }
    };
    keep_up(part.name(), shutdown, watched).await;
}

/// A part that runs. When it is dropped the part runs no more.
struct Running {
    health: Arc<Health>,
    part: Part,
}

impl Running {
    fn begin(health: Arc<Health>, part: Part) -> Self {
        let state = health.state(part);
        state.starts.fetch_add(1, Relaxed);
        state.is_up.store(true, Relaxed);
        Self { health, part }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.health.state(self.part).is_up.store(false, Relaxed);
    }
}

/// The content store is open. When this is dropped it is not looked at any more, so that it can be
/// closed.
pub struct OpenStore(Arc<Health>);

impl Drop for OpenStore {
    fn drop(&mut self) {
        *self.0.store() = None;
        self.0.answers.store(false, Relaxed);
    }
}

impl Health {
    /// Shows `store` as long as the guard lives.
    pub fn show_store(self: &Arc<Self>, store: Store) -> OpenStore {
        *self.store() = Some(store);
        OpenStore(self.clone())
    }

    /// The function runtime answers, or does not.
    pub fn set_answers(&self, answers: bool) {
        self.answers.store(answers, Relaxed);
    }

    /// New work should be taken, or should not.
    pub fn set_wanted(&self, available: bool) {
        self.wanted.set(Some(available));
    }

    /// The chain says that new work is taken, or is not. `None`: this worker is no provider's.
    pub fn set_on_chain(&self, available: Option<bool>) {
        self.on_chain.set(available);
    }

    /// See [`Health::set_wanted`]. `None`: not decided yet.
    pub fn wanted(&self) -> Option<bool> {
        self.wanted.get()
    }

    /// See [`Health::set_on_chain`]. `None` also before the chain was asked.
    pub fn on_chain(&self) -> Option<bool> {
        self.on_chain.get()
    }

    /// Whether the function runtime answers.
    pub fn answers(&self) -> bool {
        self.answers.load(Relaxed)
    }

    /// Whether `part` runs.
    pub fn is_up(&self, part: Part) -> bool {
        self.state(part).is_up.load(Relaxed)
    }

    /// How often `part` was started again.
    pub fn restarts(&self, part: Part) -> u64 {
        self.state(part).starts.load(Relaxed).saturating_sub(1)
    }

    /// Whether everything is up without which no call can be executed.
    pub fn can_execute(&self) -> bool {
        self.store().is_some() && self.is_up(Part::Dispatcher) && self.answers()
    }

    /// Whether the content store is open and full of pins.
    pub fn store_is_full(&self) -> bool {
        self.store().as_ref().is_some_and(Store::is_full_of_pins)
    }

    /// How full the content store is, while it is open.
    pub fn usage(&self) -> Option<Usage> {
        self.store().as_ref().map(Store::usage)
    }

    fn state(&self, part: Part) -> &State {
        &self.parts[part as usize]
    }

    /// Every change under the lock is one assignment, so a panic elsewhere leaves it whole.
    fn store(&self) -> MutexGuard<'_, Option<Store>> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use defaas_content::Config;

    #[test]
    fn parts_have_their_place_and_distinct_names() {
        for (place, part) in Part::ALL.into_iter().enumerate() {
            assert_eq!(part as usize, place);
        }
        let mut names: Vec<_> = Part::ALL.map(Part::name).into();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Part::ALL.len());
    }

    #[tokio::test(start_paused = true)]
    async fn part_is_up_while_it_runs_and_its_restarts_are_counted() {
        let health = Arc::<Health>::default();
        let (part, stop) = (Part::Gateway, CancellationToken::new());
        let seen = health.clone();
        let token = stop.clone();
        let mut runs = 0;
        let run = move || {
            runs += 1;
            assert!(seen.is_up(part));
            assert_eq!(seen.restarts(part), runs - 1);
            if runs == 3 {
                token.cancel();
            }
            async { Err("broken".into()) }
        };
        keep_up_watched(health.clone(), part, stop, run).await;
        assert!(!health.is_up(part));
        assert_eq!(health.restarts(part), 2);
        assert_eq!(health.restarts(Part::Dispatcher), 0);
    }

    #[tokio::test]
    async fn store_is_looked_at_only_while_it_is_shown_and_can_be_opened_again() {
        let dir = tempfile::tempdir().expect("a temporary folder can be made");
        let health = Arc::<Health>::default();
        for _ in 0..2 {
            assert_eq!(health.usage(), None);
            let store = Store::open(Config::in_dir(dir.path())).expect("nobody has it");
            let shown = health.show_store(store);
            health.set_answers(true);
            assert!(health.usage().is_some());
            assert!(!health.can_execute(), "there is no dispatcher");
            let running = Running::begin(health.clone(), Part::Dispatcher);
            assert!(health.can_execute());
            drop((running, shown));
            assert!(!health.can_execute() && !health.answers());
        }
    }

    #[test]
    fn availability_is_unknown_until_it_is_set() {
        let health = Health::default();
        assert_eq!((health.wanted(), health.on_chain()), (None, None));
        health.set_wanted(false);
        health.set_on_chain(Some(true));
        assert_eq!(
            (health.wanted(), health.on_chain()),
            (Some(false), Some(true))
        );
        health.set_on_chain(None);
        assert_eq!(health.on_chain(), None);
    }
}
