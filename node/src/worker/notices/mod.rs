//! What this worker tells the chain about itself: where its gateway is reached, and whether it takes
//! new work.
//!
//! *Every few seconds* → look at the machine and judge ([`availability`]) → read what the chain says
//! → choose what is due ([`due`]) → sign it and hand it to the pool. Failure, or no answer in time:
//! nothing is lost, the next look decides anew by the state of the chain.

mod availability;
mod due;

use super::{
    chain::{in_time, NodeChain},
    endpoint::PublicEndpoint,
    health::Health,
    LOG,
};
use availability::{Availability, Seen, Verdict};
use defaas_dispatcher::ports::{Chain, ChainError, Submission};
use defaas_primitives::NoticeBody;
use due::{Due, Wanted};
use std::{sync::Arc, time::Duration};
use tokio::time::{Instant, MissedTickBehavior};
use tokio_util::sync::CancellationToken;

/// Distance between two looks.
const LOOK_EVERY: Duration = Duration::from_secs(3);

/// What notices are made from.
#[derive(Clone)]
pub struct Notices {
    /// The chain.
    pub chain: NodeChain,
    /// How the parts of the worker are.
    pub health: Arc<Health>,
    /// Where the gateway is reached. `None`: nothing is said about it.
    pub endpoint: Option<PublicEndpoint>,
    /// Whether the operator asks to take no new work.
    pub is_draining: bool,
}

impl Notices {
    /// Looks and tells until `stop`.
    pub async fn run(self, stop: CancellationToken) {
        let mut availability = Availability::default();
        let mut due = Due::default();
        let mut verdict = Verdict::Undecided;
        let mut looks = tokio::time::interval(LOOK_EVERY);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut last = Instant::now();
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                _ = looks.tick() => {}
            }
            let seen = Seen {
                is_draining: self.is_draining,
                is_full: self.health.store_is_full(),
                is_up: self.health.can_execute(),
            };
            let now = Instant::now();
            let judged = availability.observe(seen, now.duration_since(last));
            last = now;
            tell_operator(verdict, judged);
            if judged != Verdict::Undecided {
                verdict = judged;
                self.health.set_wanted(verdict == Verdict::Serve);
            }
            let told = tokio::select! {
                () = stop.cancelled() => return,
                told = self.tell(judged, &mut due) => told,
            };
            if let Err(error) = told {
                log::warn!(target: LOG, "the chain is not told about this worker: {}", super::causes(&error));
            }
        }
    }

    /// Tells the chain what is due.
    async fn tell(&self, verdict: Verdict, due: &mut Due) -> Result<(), ChainError> {
        let is_syncing = async { Ok(self.chain.is_syncing().await) };
        if in_time("is_syncing", is_syncing).await? {
            return Ok(());
        }
        let standing = in_time("standing of the worker", self.chain.standing()).await?;
        let Some(standing) = standing else {
            self.health.set_on_chain(None);
            return Ok(());
        };
        self.health.set_on_chain(Some(standing.said.available));
        let wanted = Wanted {
            available: verdict,
            endpoint: self.endpoint.as_ref().map(|endpoint| &endpoint.0),
        };
        let best = standing.at.number;
        let Some(body) = due.next(&wanted, &standing.said, best) else {
            return Ok(());
        };
        let text = text(&body);
        match in_time("notice", self.chain.notify(&standing, body)).await? {
            (Submission::Accepted, sequence) => {
                log::info!(target: LOG, "told the chain: {text}");
                due.sent(sequence, best);
            }
            (Submission::Refused, sequence) => {
                log::warn!(target: LOG, "the pool refuses to tell the chain: {text}");
                // Not at every look.
                due.sent(sequence, best);
            }
            (Submission::AlreadyKnown | Submission::Later, _) => {}
        }
        Ok(())
    }
}

/// Says when the judgement changes, since what the chain says follows only after a while.
fn tell_operator(before: Verdict, now: Verdict) {
    if before == now {
        return;
    }
    match now {
        Verdict::Drain(reason) => {
            log::warn!(target: LOG, "no new work: {reason}");
        }
        Verdict::Serve => log::info!(target: LOG, "ready for new work"),
        Verdict::Undecided => {}
    }
}

/// A notice in words.
fn text(body: &NoticeBody) -> String {
    match body {
        NoticeBody::Available(true) => "new work is taken".into(),
        NoticeBody::Available(false) => "no new work is taken".into(),
        NoticeBody::Endpoint(endpoint) => {
            format!(
                "the gateway is reached at {}",
                PublicEndpoint(endpoint.clone())
            )
        }
    }
}
