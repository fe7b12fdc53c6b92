//! The methods `faas_…`: where a call stands, once or until it has ended.

use super::call_state::CallState;
use crate::service::FullClient;
use defaas_primitives::{Hash, InvocationId, InvocationState};
use defaas_runtime::faas_api::FaasApi;
use futures::{
    future,
    stream::{self, BoxStream},
    Stream, StreamExt,
};
use jsonrpsee::{
    core::server::PendingSubscriptionSink,
    proc_macros::rpc,
    types::{ErrorObject, ErrorObjectOwned},
};
use sc_client_api::BlockchainEvents;
use sc_rpc::{
    utils::{spawn_subscription_task, BoundedVecDeque, PendingSubscription},
    SubscriptionTaskExecutor,
};
use sp_api::{ApiError, ProvideRuntimeApi};
use sp_blockchain::HeaderBackend;
use std::sync::Arc;

/// The node could not read its own state.
const STATE_UNREADABLE: i32 = 9_101;
/// There is no such call.
const UNKNOWN_CALL: i32 = 9_102;

/// Questions about calls.
#[rpc(server, namespace = "faas")]
pub trait FaasRpc {
    /// Where call `id` stands in the best block; `null` if it was not requested yet or its record
    /// was pruned.
    #[method(name = "invocation", blocking)]
    fn invocation(&self, id: InvocationId) -> Result<Option<CallState>, ErrorObjectOwned>;

    /// Each state of call `id` in best blocks, beginning with the present one. The last one is the
    /// end of the call with `finalized: true`; nothing is sent after it, and the client unsubscribes.
    /// Refused if there is no such call.
    #[subscription(
        name = "subscribeInvocation" => "invocationState",
        unsubscribe = "unsubscribeInvocation",
        item = CallState
    )]
    fn subscribe_invocation(&self, id: InvocationId);
}

/// Answers out of the state of this node.
pub struct Faas {
    client: Arc<FullClient>,
    executor: SubscriptionTaskExecutor,
}

impl Faas {
    /// Methods that read through `client`; `executor` runs their subscriptions.
    pub fn new(client: Arc<FullClient>, executor: SubscriptionTaskExecutor) -> Self {
        Self { client, executor }
    }
}

impl FaasRpcServer for Faas {
    fn invocation(&self, id: InvocationId) -> Result<Option<CallState>, ErrorObjectOwned> {
        look(&self.client, id).map_err(|error| unreadable(&error))
    }

    fn subscribe_invocation(&self, pending: PendingSubscriptionSink, id: InvocationId) {
        let client = self.client.clone();
        // Before the first look, so that no block falls between them.
        let news = news(&client);
        spawn_subscription_task(&self.executor, async move {
            let refusal = match look(&client, id) {
                Ok(Some(_)) => {
                    return PendingSubscription::from(pending)
                        .pipe_from_stream(
                            states(news, move || look(&client, id)),
                            BoundedVecDeque::default(),
                        )
                        .await
                }
                Ok(None) => ErrorObject::owned(
                    UNKNOWN_CALL,
                    format!("there is no call {id}, or its record was pruned"),
                    None::<()>,
                ),
                Err(error) => unreadable(&error),
            };
            pending.reject(refusal).await;
        });
    }
}

fn unreadable(error: &ApiError) -> ErrorObjectOwned {
    let text = format!("the state cannot be read: {error}; ask again after the next block");
    ErrorObject::owned(STATE_UNREADABLE, text, None::<()>)
}

/// Ready when the best or the finalized block has changed.
fn news(client: &FullClient) -> BoxStream<'static, ()> {
    let imported = client.import_notification_stream().map(|_| ());
    let finalized = client.finality_notification_stream().map(|_| ());
    stream::select(imported, finalized).boxed()
}

/// The end of call `id` if it is final, else where it stands in the best block.
fn look(client: &FullClient, id: InvocationId) -> Result<Option<CallState>, ApiError> {
    let info = client.info();
    // One instance reads one block.
    let at = |block: Hash| -> Result<Option<InvocationState>, ApiError> {
        client.runtime_api().invocation_state(block, id)
    };
    if let Some(state) = at(info.finalized_hash)? {
        if state.status.is_end() {
            return Ok(Some(CallState::new(state, info.finalized_hash, true)));
        }
    }
    let best = at(info.best_hash)?;
    Ok(best.map(|state| CallState::new(state, info.best_hash, false)))
}

/// What `look` shows, now and after each piece of news, without repetitions, up to the last state.
/// A state that cannot be read is looked for again with the next block.
fn states(
    news: BoxStream<'static, ()>,
    look: impl Fn() -> Result<Option<CallState>, ApiError> + Send + 'static,
) -> impl Stream<Item = CallState> + Send + Unpin + 'static {
    let wakes = stream::once(future::ready(())).chain(news);
    let mut shown: Option<CallState> = None;
    let changes = wakes.filter_map(move |()| {
        let seen = look().ok().flatten();
        let is_news = match (&shown, &seen) {
            (Some(shown), Some(seen)) => !shown.says_the_same_as(seen),
            (None, Some(_)) => true,
            (_, None) => false,
        };
        if is_news {
            shown.clone_from(&seen);
        }
        future::ready(seen.filter(|_| is_news))
    });
    // The end is an item of its own behind the last state: no more news is waited for.
    changes
        .flat_map(|state| {
            let end = state.is_last().then_some(None);
            stream::iter([Some(state)].into_iter().chain(end))
        })
        .take_while(|state| future::ready(state.is_some()))
        .filter_map(future::ready)
        .boxed()
}

#[cfg(test)]
mod tests {
    use super::*;
    use defaas_primitives::{Digest, Outcome, Status};
    use std::sync::Mutex;

    fn state(status: Status, block: u8, finalized: bool) -> CallState {
        let state = InvocationState {
            invocation: 1,
            digest: Digest::zero(),
            status,
            attempt: 0,
            provider: None,
            deadline: None,
            output: None,
            meters: None,
        };
        CallState::new(state, Hash::repeat_byte(block), finalized)
    }

    /// What is sent when the looks show these, one after the other.
    fn sent(looks: Vec<Option<CallState>>) -> Vec<CallState> {
        let news = stream::iter(vec![(); looks.len() - 1]).boxed();
        let looks = Mutex::new(looks.into_iter());
        let look = move || Ok(looks.lock().expect("nobody panics").next().flatten());
        futures::executor::block_on(states(news, look).collect())
    }

    #[test]
    fn each_state_is_sent_once_up_to_the_final_end() {
        let settled = Status::Settled(Outcome::Success);
        let looks = [
            state(Status::Requested, 1, false),
            state(Status::Requested, 2, false),
            state(Status::Assigned, 3, false),
            state(settled, 4, false),
            state(settled, 5, false),
            state(settled, 4, true),
        ];
        let sent = sent(looks.iter().cloned().map(Some).collect());
        assert_eq!(sent, [0, 2, 3, 5].map(|at| looks[at].clone()));
    }

    #[test]
    fn nothing_is_looked_at_after_the_final_end() {
        let end = state(Status::Settled(Outcome::Success), 1, true);
        let look = {
            let end = end.clone();
            move || Ok(Some(end.clone()))
        };
        let news = stream::repeat(()).boxed();
        let sent: Vec<_> = futures::executor::block_on(states(news, look).collect());
        assert_eq!(sent, [end]);
    }

    #[test]
    fn call_that_a_re_organisation_hides_is_waited_for() {
        let assigned = state(Status::Assigned, 1, false);
        let requested = state(Status::Requested, 2, false);
        let sent = sent(vec![Some(assigned.clone()), None, Some(requested.clone())]);
        assert_eq!(sent, [assigned, requested]);
    }
}
