//! Room for functions: deploy → if there is no room, remove the function that was not asked for
//! longest and that nothing uses → deploy again.
//!
//! A function is forgotten only when it is known to be gone. While it is being removed, who wants it
//! waits and deploys it again; so none disappears between its deployment and its call.

use super::uses::{User, Uses};
use async_trait::async_trait;
use defaas_openfaas::{Client, Error, FunctionDeployment, FunctionName, StatusCode};
use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::sync::Notify;

/// A deployment is given up after so long. The dispatcher's own time-out is a little longer.
const DEPLOY_WITHIN: Duration = Duration::from_secs(140);
/// A use ends by itself so long after it began. Longer than any attempt takes between its
/// deployment and its call.
const USE_LASTS: Duration = Duration::from_secs(600);
/// Most functions that are removed for one other: a large one may need the memory of several.
const MAX_REMOVED: u32 = 32;

/// Where functions are deployed.
#[async_trait]
pub trait Runtime: Send + Sync + 'static {
    /// Makes a function ready to be called.
    async fn deploy(&self, deployment: &FunctionDeployment) -> Result<(), Error>;

    /// Removes a function. `false`: there is none of that name.
    async fn delete(&self, name: &FunctionName) -> Result<bool, Error>;
}

#[async_trait]
impl Runtime for Client {
    async fn deploy(&self, deployment: &FunctionDeployment) -> Result<(), Error> {
        let deployed = self.ensure_deployed(deployment, DEPLOY_WITHIN).await;
        deployed.map(drop)
    }

    async fn delete(&self, name: &FunctionName) -> Result<bool, Error> {
        Self::delete(self, name).await
    }
}

/// Keeps account of what is deployed.
pub struct Room<R> {
    runtime: R,
    uses: Mutex<Uses>,
    /// A removal has ended.
    removed: Notify,
}

impl<R: Runtime> Room<R> {
    /// Room in `runtime`.
    pub fn new(runtime: R) -> Self {
        Self {
            runtime,
            uses: Mutex::default(),
            removed: Notify::new(),
        }
    }

    /// Where the functions are.
    pub fn runtime(&self) -> &R {
        &self.runtime
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
        let held = self.begin(name, user, USE_LASTS).await;
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
        loop {
            // Before the look: a removal that ends in between is not missed.
            let removed = self.removed.notified();
            if self.uses().begin(name, user, lasts) {
                return Held {
                    room: self,
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
            let deployed = self.runtime.deploy(deployment).await;
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
            let leaving = self.uses().leave();
            let Some(name) = leaving else {
                return false;
            };
            let leaving = Leaving { room: self, name };
            match self.runtime.delete(&leaving.name).await {
                Ok(was_there) => {
                    self.uses().left(&leaving.name);
                    // What was deployed before a restart of the runtime gives no room.
                    if was_there {
                        return true;
                    }
                }
                Err(error) => {
                    log::warn!(
                        target: super::super::LOG,
                        "function {} is not in use and cannot be removed: {error}",
                        leaving.name
                    );
                    return false;
                }
            }
        }
    }

    fn uses(&self) -> MutexGuard<'_, Uses> {
        self.uses.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether the runtime takes no more functions. It is also overloaded by too many at once; removing
/// some would not help then.
fn lacks_room(error: &Error) -> bool {
    matches!(error, Error::Rejected { status, .. } if *status == StatusCode::INSUFFICIENT_STORAGE)
}

/// A use; ends when dropped.
pub struct Held<'a, R: Runtime> {
    room: &'a Room<R>,
    name: &'a FunctionName,
    user: User,
    ends: bool,
}

impl<R: Runtime> Held<'_, R> {
    /// Lets the use last.
    fn keep(mut self) {
        self.ends = false;
    }
}

impl<R: Runtime> Drop for Held<'_, R> {
    fn drop(&mut self) {
        if self.ends {
            self.room.uses().end(self.name, &self.user);
        }
    }
}

/// A removal; when dropped the function is gone or stays.
struct Leaving<'a, R: Runtime> {
    room: &'a Room<R>,
    name: FunctionName,
}

impl<R: Runtime> Drop for Leaving<'_, R> {
    fn drop(&mut self) {
        self.room.uses().stays(&self.name);
        self.room.removed.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use defaas_primitives::{Digest, Fault};
    use std::{
        collections::BTreeSet,
        sync::{
            atomic::{AtomicBool, Ordering},
            Arc,
        },
    };

    /// Has room for so many functions.
    #[derive(Default)]
    struct Fake {
        most: usize,
        deployed: Mutex<BTreeSet<String>>,
        fails_to_delete: AtomicBool,
        /// A deletion waits for this if it is slow.
        is_slow: AtomicBool,
        go_on: Notify,
    }

    impl Fake {
        fn with_room_for(most: usize) -> Arc<Self> {
            Arc::new(Self {
                most,
                ..Self::default()
            })
        }

        fn deployed(&self) -> Vec<String> {
            let deployed = self.deployed.lock().expect("nobody panics with it");
            deployed.iter().cloned().collect()
        }

        fn restart(&self) {
            self.deployed.lock().expect("nobody panics with it").clear();
        }
    }

    fn rejected(status: StatusCode) -> Error {
        Error::Rejected {
            operation: "test",
            status,
            message: String::new(),
            fault: Some(Fault::Overloaded),
        }
    }

    #[async_trait]
    impl Runtime for Arc<Fake> {
        async fn deploy(&self, deployment: &FunctionDeployment) -> Result<(), Error> {
            let mut deployed = self.deployed.lock().expect("nobody panics with it");
            if deployed.len() == self.most && !deployed.contains(&deployment.service) {
                return Err(rejected(StatusCode::INSUFFICIENT_STORAGE));
            }
            deployed.insert(deployment.service.clone());
            Ok(())
        }

        async fn delete(&self, name: &FunctionName) -> Result<bool, Error> {
            if self.is_slow.load(Ordering::SeqCst) {
                self.go_on.notified().await;
            }
            if self.fails_to_delete.load(Ordering::SeqCst) {
                return Err(rejected(StatusCode::INTERNAL_SERVER_ERROR));
            }
            let mut deployed = self.deployed.lock().expect("nobody panics with it");
            Ok(deployed.remove(name.as_str()))
        }
    }

    fn attempt(number: u8) -> User {
        (Digest::zero(), 7, 0, number)
    }

    async fn hold(room: &Room<Arc<Fake>>, text: &str, number: u8) -> Result<(), Error> {
        let name = FunctionName::parse(text).expect("a valid name");
        let deployment = FunctionDeployment {
            service: text.into(),
            ..FunctionDeployment::default()
        };
        room.hold(&name, &deployment, attempt(number)).await
    }

    async fn call(room: &Room<Arc<Fake>>, text: &str, number: u8) {
        let name = FunctionName::parse(text).expect("a valid name");
        room.begin(&name, attempt(number), USE_LASTS).await;
    }

    #[tokio::test(start_paused = true)]
    async fn called_functions_give_way_to_new_ones_at_once() {
        let runtime = Fake::with_room_for(2);
        let room = Room::new(runtime.clone());
        for (number, text) in (0..).zip(["a", "b", "c", "d"]) {
            hold(&room, text, number).await.expect("finds room");
            call(&room, text, number).await;
            tokio::time::advance(Duration::from_secs(1)).await;
        }
        assert_eq!(runtime.deployed(), ["c", "d"]);
    }

    #[tokio::test(start_paused = true)]
    async fn function_that_waits_for_its_call_does_not_give_way_until_it_was_waited_for_too_long() {
        let runtime = Fake::with_room_for(1);
        let room = Room::new(runtime.clone());
        hold(&room, "a", 1).await.expect("finds room");
        assert!(hold(&room, "b", 2)
            .await
            .is_err_and(|error| lacks_room(&error)));
        assert_eq!(runtime.deployed(), ["a"]);
        tokio::time::advance(USE_LASTS).await;
        hold(&room, "b", 2).await.expect("finds room");
        assert_eq!(runtime.deployed(), ["b"]);
    }

    #[tokio::test(start_paused = true)]
    async fn function_that_cannot_be_removed_is_not_forgotten() {
        let runtime = Fake::with_room_for(1);
        let room = Room::new(runtime.clone());
        hold(&room, "a", 1).await.expect("finds room");
        call(&room, "a", 1).await;
        runtime.fails_to_delete.store(true, Ordering::SeqCst);
        assert!(hold(&room, "b", 2).await.is_err());
        runtime.fails_to_delete.store(false, Ordering::SeqCst);
        hold(&room, "b", 3).await.expect("finds room");
        assert_eq!(runtime.deployed(), ["b"]);
    }

    #[tokio::test(start_paused = true)]
    async fn failed_deployment_holds_nothing() {
        let runtime = Fake::with_room_for(1);
        let room = Room::new(runtime.clone());
        hold(&room, "a", 1).await.expect("finds room");
        assert!(hold(&room, "b", 2).await.is_err());
        runtime.restart();
        hold(&room, "b", 3).await.expect("finds room");
        call(&room, "b", 3).await;
        hold(&room, "c", 4).await.expect("finds room");
        assert_eq!(runtime.deployed(), ["c"]);
    }

    #[tokio::test(start_paused = true)]
    async fn what_a_restart_removed_is_passed_over() {
        let runtime = Fake::with_room_for(1);
        let room = Room::new(runtime.clone());
        hold(&room, "old", 1).await.expect("finds room");
        call(&room, "old", 1).await;
        runtime.restart();
        tokio::time::advance(Duration::from_secs(1)).await;
        hold(&room, "a", 2).await.expect("finds room");
        call(&room, "a", 2).await;
        hold(&room, "b", 3).await.expect("finds room");
        assert_eq!(runtime.deployed(), ["b"]);
    }

    #[tokio::test(start_paused = true)]
    async fn function_wanted_while_it_is_removed_is_deployed_again() {
        let runtime = Fake::with_room_for(2);
        let room = Arc::new(Room::new(runtime.clone()));
        for (number, text) in (0..).zip(["a", "b"]) {
            hold(&room, text, number).await.expect("finds room");
            call(&room, text, number).await;
            tokio::time::advance(Duration::from_secs(1)).await;
        }
        runtime.is_slow.store(true, Ordering::SeqCst);
        let start = |text: &'static str, number| {
            let room = room.clone();
            tokio::spawn(async move { hold(&room, text, number).await })
        };
        let (new, again) = (start("c", 3), start("a", 4));
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert!(!new.is_finished() && !again.is_finished());
        runtime.is_slow.store(false, Ordering::SeqCst);
        runtime.go_on.notify_one();
        new.await.expect("does not panic").expect("finds room");
        again.await.expect("does not panic").expect("finds room");
        assert_eq!(runtime.deployed(), ["a", "c"]);
    }

    #[tokio::test(start_paused = true)]
    async fn removal_that_is_cut_off_lets_others_go_on() {
        let runtime = Fake::with_room_for(1);
        let room = Arc::new(Room::new(runtime.clone()));
        hold(&room, "a", 1).await.expect("finds room");
        call(&room, "a", 1).await;
        runtime.is_slow.store(true, Ordering::SeqCst);
        let cut = tokio::time::timeout(Duration::from_secs(1), hold(&room, "b", 2)).await;
        assert!(cut.is_err());
        hold(&room, "a", 3).await.expect("is there still");
    }
}
