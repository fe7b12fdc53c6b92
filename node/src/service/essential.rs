//! Essential tasks that end because the node stops.
//!
//! The task manager takes the end of an essential task for a failure, unless it sees first that the
//! node stops. Some tasks end in the same moment: a blocking task of the transaction pool waits without
//! being polled until the pool is dropped, and the voter until the network is gone.

use futures::future::BoxFuture;
use sc_service::SpawnEssentialTaskHandle;
use sp_core::traits::SpawnEssentialNamed;
use std::future::Future;

/// Spawns the tasks of the transaction pool as essential ones. Their end at any time but the stop of
/// the node is a failure, and ends the node.
#[derive(Clone)]
pub struct PoolTasks(pub SpawnEssentialTaskHandle);

impl SpawnEssentialNamed for PoolTasks {
    fn spawn_essential_blocking(
        &self,
        name: &'static str,
        group: Option<&'static str>,
        task: BoxFuture<'static, ()>,
    ) {
        self.0.spawn_blocking(name, group, ending_late(task));
    }

    fn spawn_essential(
        &self,
        name: &'static str,
        group: Option<&'static str>,
        task: BoxFuture<'static, ()>,
    ) {
        self.0.spawn(name, group, ending_late(task));
    }
}

/// `task`, ending one poll later than it does. Before each poll the task manager looks whether the
/// node shuts down, and then drops the task without calling it failed.
pub async fn ending_late(task: impl Future<Output = ()>) {
    task.await;
    tokio::task::yield_now().await;
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{
        future::ready,
        pin::pin,
        task::{Context, Poll, Waker},
    };

    #[test]
    fn end_comes_a_poll_later_and_wakes_for_it() {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .expect("can be built");
        runtime.block_on(async {
            let mut late = pin!(ending_late(ready(())));
            let mut context = Context::from_waker(Waker::noop());
            assert_eq!(late.as_mut().poll(&mut context), Poll::Pending);
            late.await;
        });
    }
}
