//! Whether the function runtime answers: *every few seconds* → ask it → note the answer. A runtime
//! that hangs is as down as one that ended.

use super::health::Health;
use defaas_openfaas::Client;
use std::{sync::Arc, time::Duration};
use tokio_util::sync::CancellationToken;

/// Distance between two questions.
const ASK_EVERY: Duration = Duration::from_secs(2);
/// Longest wait for an answer. It is a file descriptor away and the answer costs nothing.
const ASK_TIMEOUT: Duration = Duration::from_secs(5);

/// Asks until `stop`.
pub async fn run(client: Client, health: Arc<Health>, stop: CancellationToken) {
    loop {
        let answer = tokio::select! {
            () = stop.cancelled() => return,
            answer = tokio::time::timeout(ASK_TIMEOUT, client.health()) => answer,
        };
        health.set_answers(matches!(answer, Ok(Ok(()))));
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(ASK_EVERY) => {}
        }
    }
}
