//! Room for functions: deploy → if there is no room, remove the function that was not asked for
//! longest and that nothing uses → deploy again.
//!
//! A function is forgotten only when it is known to be gone, and used only when it is known to stay.
//! While it is being removed, who wants it waits and deploys it again; so none disappears between its
//! deployment and its call. A removal is the room's own: it goes on when the attempt that wanted the
//! room is cut, and when its answer is lost it is repeated, because it may take effect all the same.

use super::uses::{User, Uses};
use async_trait::async_trait;
use defaas_openfaas::{Client, Error, FunctionDeployment, FunctionName, StatusCode};
use std::{
    future::Future,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::{
    sync::{oneshot, Notify},
    task::JoinSet,
};

/// A use ends by itself so long after the deployment. Longer than any attempt takes between that and
/// its call.
const USE_LASTS: Duration = Duration::from_secs(600);
/// Most functions that are removed for one other: a large one may need the memory of several.
const MAX_REMOVED: u32 = 32;
/// A removal whose answer is lost is repeated so often. A runtime that does not answer for so long is
/// down, and its functions with it.
const REMOVE_TRIES: u32 = 30;
/// Pause before it is repeated.
const REMOVE_PAUSE: Duration = Duration::from_secs(2);

/// Where functions are deployed.
#[async_trait]
pub trait Runtime: Send + Sync + 'static {
    /// Makes a function ready to be called, or gives up after `within`.
    async fn deploy(&self, deployment: &FunctionDeployment, within: Duration) -> Result<(), Error>;

    /// Removes a function. `false`: there is none of that name.
    async fn delete(&self, name: &FunctionName) -> Result<bool, Error>;
}

#[async_trait]
impl Runtime for Client {
    async fn deploy(&self, deployment: &FunctionDeployment, within: Duration) -> Result<(), Error> {
        self.ensure_deployed(deployment, within).await.map(drop)
    }

    async fn delete(&self, name: &FunctionName) -> Result<bool, Error> {
        Self::delete(self, name).await
    }
}

/// Keeps account of what is deployed. Dropping it ends what is being removed.
pub struct Room<R> {
    shared: Arc<Shared<R>>,
    /// A deployment may take so long.
    deploy_within: Duration,
    removals: Mutex<JoinSet<()>>,
}

/// What attempts and removals work on.
struct Shared<R> {
    runtime: R,
    uses: Mutex<Uses>,
    /// A removal has ended.
    removed: Notify,
}

impl<R> Shared<R> {
    /// Every change under the lock leaves it whole.
    fn uses(&self) -> MutexGuard<'_, Uses> {
        self.uses.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<R: Runtime> Room<R> {
    /// Room in `runtime`, where a deployment is given up after `deploy_within`.
    pub fn new(runtime: R, deploy_within: Duration) -> Self {
        Self {
            shared: Arc::new(Shared {
                runtime,
                uses: Mutex::default(),
                removed: Notify::new(),
            }),
            deploy_within,
            removals: Mutex::default(),
        }
    }

    /// Where the functions are.
    pub fn runtime(&self) -> &R {
        &self.shared.runtime
    }

    /// Makes a function ready, and holds it for `user` until a use by [`Room::begin`] has ended, or
    /// for ten minutes.
    ///
    /// # Errors
    ///
    /// Those of the runtime. Then nothing is held.
    pub async fn hold(
        &self,
        name: &FunctionName,
        deployment: &FunctionDeployment,
        user: User,
    ) -> Result<(), Error> {
        let held = self.begin(name, user, self.deploy_within + USE_LASTS).await;
        self.deploy(deployment).await?;
        held.keep();
        Ok(())
    }

    /// Holds a function for `user` until the answer is dropped, at most for this time.
    pub async fn begin<'a>(
        &'a self,
        name: &'a FunctionName,
        user: User,
        lasts: Duration,
    ) -> Held<'a, R> {
        let shared = &*self.shared;
        loop {
            // Before the look: a removal that ends in between is not missed.
            let removed = shared.removed.notified();
            if shared.uses().begin(name, user, lasts) {
                return Held {
                    shared,
                    name,
                    user,
                    ends: true,
                };
            }
            removed.await;
        }
    }

    async fn deploy(&self, deployment: &FunctionDeployment) -> Result<(), Error> {
        let mut removed = 0;
        loop {
            let deployed = self.runtime().deploy(deployment, self.deploy_within).await;
            let is_full = deployed.as_ref().is_err_and(lacks_room);
            if !is_full || removed == MAX_REMOVED || !self.remove_one().await {
                return deployed;
            }
            removed += 1;
        }
    }

    /// Removes one function that is there. `false`: all are in use, or the runtime fails.
    async fn remove_one(&self) -> bool {
        loop {
            // A value of its own: the lock must not be held any longer.
            let leaving = self.shared.uses().leave();
            let Some(name) = leaving else {
                return false;
            };
            let leaving = Leaving {
                shared: self.shared.clone(),
                name,
            };
            let (tell, told) = oneshot::channel();
            self.spawn(async move {
                // Who asked may be gone.
                let _ = tell.send(leaving.remove().await);
            });
            match told.await {
                Ok(Removal::Done { was_there: true }) => return true,
                // What was deployed before a restart of the runtime gives no room.
                Ok(Removal::Done { was_there: false }) => {}
                Ok(Removal::Failed) | Err(_) => return false,
            }
        }
    }

    fn spawn(&self, removal: impl Future<Output = ()> + Send + 'static) {
        let mut removals = self.removals.lock().unwrap_or_else(PoisonError::into_inner);
        while let Some(ended) = removals.try_join_next() {
            if let Err(error) = ended {
                log::error!(target: super::super::LOG, "the removal of a function was lost: {error}");
            }
        }
        removals.spawn(removal);
    }
}

/// Whether the runtime takes no more functions. It is also overloaded by too many at once; removing
/// some would not help then.
fn lacks_room(error: &Error) -> bool {
    matches!(error, Error::Rejected { status, .. } if *status == StatusCode::INSUFFICIENT_STORAGE)
}

/// Whether a removal that failed so may take effect all the same, now or soon. One to which no
/// connection was made counts too, because a try before it may have been heard.
fn is_undecided(error: &Error) -> bool {
    matches!(
        error,
        Error::Connect { .. } | Error::Timeout { .. } | Error::Broken { .. }
    )
}

/// A use; ends when dropped.
pub struct Held<'a, R: Runtime> {
    shared: &'a Shared<R>,
    name: &'a FunctionName,
    user: User,
    ends: bool,
}

impl<R: Runtime> Held<'_, R> {
    /// Lets the use last from now on.
    fn keep(mut self) {
        self.ends = !self.shared.uses().begin(self.name, self.user, USE_LASTS);
    }
}

impl<R: Runtime> Drop for Held<'_, R> {
    fn drop(&mut self) {
        if self.ends {
            self.shared.uses().end(self.name, &self.user);
        }
    }
}

/// How a removal ended.
enum Removal {
    /// The function is gone. Whether it was there before.
    Done { was_there: bool },
    /// It stays.
    Failed,
}

/// A function that is being removed; when dropped it is gone or stays.
struct Leaving<R: Runtime> {
    shared: Arc<Shared<R>>,
    name: FunctionName,
}

impl<R: Runtime> Leaving<R> {
    /// Removes it.
    async fn remove(self) -> Removal {
        let mut tries = REMOVE_TRIES;
        loop {
            tries -= 1;
            match self.shared.runtime.delete(&self.name).await {
                Ok(was_there) => {
                    self.shared.uses().left(&self.name);
                    return Removal::Done { was_there };
                }
                Err(error) if is_undecided(&error) && tries > 0 => {
                    log::debug!(target: super::super::LOG, "removing {} again: {error}", self.name);
                    tokio::time::sleep(REMOVE_PAUSE).await;
                }
                Err(error) => {
                    log::warn!(
                        target: super::super::LOG,
                        "function {} is not in use and cannot be removed: {error}",
                        self.name
                    );
                    return Removal::Failed;
                }
            }
        }
    }
}

impl<R: Runtime> Drop for Leaving<R> {
    fn drop(&mut self) {
        self.shared.uses().stays(&self.name);
        self.shared.removed.notify_waiters();
    }
}

#[cfg(test)]
mod tests;
