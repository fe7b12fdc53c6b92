use super::*;
use defaas_primitives::{Digest, Fault};
use std::{
    collections::BTreeSet,
    sync::atomic::{AtomicBool, AtomicU32, Ordering},
};

const DEPLOY_WITHIN: Duration = Duration::from_secs(100);

/// Has room for so many functions.
#[derive(Default)]
struct Fake {
    most: usize,
    deployed: Mutex<BTreeSet<String>>,
    deployments: AtomicU32,
    fails_to_delete: AtomicBool,
    /// So many deletions are not heard.
    unheard: AtomicU32,
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

    /// How often something was deployed that was not there.
    fn deployments(&self) -> u32 {
        self.deployments.load(Ordering::SeqCst)
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
    async fn deploy(
        &self,
        deployment: &FunctionDeployment,
        _within: Duration,
    ) -> Result<(), Error> {
        let mut deployed = self.deployed.lock().expect("nobody panics with it");
        if deployed.len() == self.most && !deployed.contains(&deployment.service) {
            return Err(rejected(StatusCode::INSUFFICIENT_STORAGE));
        }
        if deployed.insert(deployment.service.clone()) {
            self.deployments.fetch_add(1, Ordering::SeqCst);
        }
        Ok(())
    }

    async fn delete(&self, name: &FunctionName) -> Result<bool, Error> {
        if self.is_slow.load(Ordering::SeqCst) {
            self.go_on.notified().await;
        }
        if self.fails_to_delete.load(Ordering::SeqCst) {
            return Err(rejected(StatusCode::INTERNAL_SERVER_ERROR));
        }
        let unheard = self.unheard.load(Ordering::SeqCst);
        if unheard > 0 {
            self.unheard.store(unheard - 1, Ordering::SeqCst);
            return Err(Error::Timeout {
                operation: "delete",
                limit: Duration::ZERO,
            });
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
    let room = Room::new(runtime.clone(), DEPLOY_WITHIN);
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
    let room = Room::new(runtime.clone(), DEPLOY_WITHIN);
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
    let room = Room::new(runtime.clone(), DEPLOY_WITHIN);
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
    let room = Room::new(runtime.clone(), DEPLOY_WITHIN);
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
    let room = Room::new(runtime.clone(), DEPLOY_WITHIN);
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
    let room = Arc::new(Room::new(runtime.clone(), DEPLOY_WITHIN));
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

/// A room for one function that `a` has and does not need, as shared by attempts.
async fn taken_by_a() -> (Arc<Fake>, Arc<Room<Arc<Fake>>>) {
    let runtime = Fake::with_room_for(1);
    let room = Arc::new(Room::new(runtime.clone(), DEPLOY_WITHIN));
    hold(&room, "a", 1).await.expect("finds room");
    call(&room, "a", 1).await;
    (runtime, room)
}

#[tokio::test(start_paused = true)]
async fn removal_goes_on_without_the_attempt_that_wanted_the_room_and_then_it_is_deployed_anew() {
    let (runtime, room) = taken_by_a().await;
    runtime.is_slow.store(true, Ordering::SeqCst);
    let cut = tokio::time::timeout(Duration::from_secs(1), hold(&room, "b", 2)).await;
    assert!(cut.is_err());
    let others = room.clone();
    let again = tokio::spawn(async move { hold(&others, "a", 3).await });
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(!again.is_finished(), "it is about to go");
    runtime.go_on.notify_one();
    again.await.expect("does not panic").expect("finds room");
    assert_eq!(runtime.deployed(), ["a"]);
    assert_eq!(runtime.deployments(), 2);
}

#[tokio::test(start_paused = true)]
async fn removal_whose_answer_is_lost_is_repeated_and_nobody_takes_the_function_for_staying() {
    let (runtime, room) = taken_by_a().await;
    runtime.unheard.store(3, Ordering::SeqCst);
    let others = room.clone();
    let new = tokio::spawn(async move { hold(&others, "b", 2).await });
    tokio::time::sleep(REMOVE_PAUSE).await;
    let early = tokio::time::timeout(REMOVE_PAUSE, hold(&room, "a", 3)).await;
    assert!(early.is_err());
    new.await.expect("does not panic").expect("finds room");
    assert_eq!(runtime.deployed(), ["b"]);
}

#[tokio::test(start_paused = true)]
async fn removal_that_is_never_answered_ends_and_leaves_the_function() {
    let (runtime, room) = taken_by_a().await;
    runtime.unheard.store(REMOVE_TRIES, Ordering::SeqCst);
    assert!(hold(&room, "b", 2)
        .await
        .is_err_and(|error| lacks_room(&error)));
    hold(&room, "a", 3).await.expect("is there still");
    assert_eq!(runtime.deployments(), 1);
}

#[tokio::test(start_paused = true)]
async fn use_lasts_for_its_time_from_the_deployment_on() {
    let (runtime, room) = taken_by_a().await;
    tokio::time::advance(Duration::from_secs(1)).await;
    hold(&room, "a", 2).await.expect("is there");
    tokio::time::advance(USE_LASTS - Duration::from_secs(1)).await;
    assert!(hold(&room, "b", 3).await.is_err());
    tokio::time::advance(Duration::from_secs(1)).await;
    hold(&room, "b", 3).await.expect("nobody waits for a");
    assert_eq!(runtime.deployed(), ["b"]);
}
