//! *A call that was requested* → subscribe to it at the node → *its end in the best chain*.
//!
//! The number of a call may name another one after a re-organisation, so each state's digest is
//! compared, and the call is searched for near its number when it is another's, or when the node is
//! silent for longer than blocks take. A subscription or connection that breaks is made again a
//! bounded number of times.

use super::{
    call_state::{CallState, NO_SUCH_METHOD, SUBSCRIBE, UNKNOWN_CALL, UNSUBSCRIBE},
    sought::Sought,
    Chain, Ended,
};
use crate::{output::Output, Error, Result};
use std::time::Duration;
use subxt::rpcs::{client::RpcSubscription, rpc_params, Error as RpcError};

/// After so long without a word the call is looked for in the best block: its number may name
/// nothing any more. Three blocks.
const SILENCE: Duration = Duration::from_secs(6);
/// How often in a row the subscription is made again.
const MAX_LOSSES: u32 = 6;
/// Pause before the first time; doubled for each next one.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
/// How often in a row the call may be on no block of the best chain: its transaction waits to be
/// included anew.
const MAX_ABSENCES: u32 = 20;

/// Why a subscription is over.
enum Over {
    /// The call has ended.
    Ended(Box<Ended>),
    /// The call has another number now.
    Moved,
    /// The node ended it.
    Lost(String),
}

/// What is remembered over several subscriptions.
#[derive(Default)]
struct Memory {
    /// What was said last.
    told: String,
    /// Failures in a row.
    losses: u32,
    /// Looks in a row that did not find the call.
    absences: u32,
}

impl Chain {
    /// Waits until the call has ended. The caller bounds the time.
    pub async fn follow(&self, call: impl Into<Sought>, output: &Output) -> Result<Ended> {
        let mut sought = call.into();
        let mut memory = Memory::default();
        loop {
            let reason = match self.watch(&mut sought, &mut memory, output).await {
                Ok(Over::Ended(ended)) => return Ok(*ended),
                Ok(Over::Moved) => continue,
                Ok(Over::Lost(reason)) | Err(Error::Connection { reason, .. }) => reason,
                Err(error) => return Err(error),
            };
            self.again(&sought, &mut memory, reason, output).await?;
        }
    }

    /// Waits for a connection that answers, for another subscription.
    async fn again(
        &self,
        sought: &Sought,
        memory: &mut Memory,
        mut reason: String,
        output: &Output,
    ) -> Result<()> {
        loop {
            if memory.losses >= MAX_LOSSES {
                return Err(Error::LostSight {
                    id: sought.id,
                    reason,
                });
            }
            output.progress(format_args!("subscribing again: {reason}"));
            tokio::time::sleep(FIRST_PAUSE.saturating_mul(1 << memory.losses)).await;
            memory.losses += 1;
            match self.revive(output).await {
                Err(Error::Connection { reason: now, .. }) => reason = now,
                revived => return revived,
            }
        }
    }

    /// One subscription, from its first state to its last.
    async fn watch(
        &self,
        sought: &mut Sought,
        memory: &mut Memory,
        output: &Output,
    ) -> Result<Over> {
        let id = sought.id;
        let Some(mut states) = self.subscribe(id).await? else {
            return self.look(id, sought, memory).await;
        };
        loop {
            let state = match tokio::time::timeout(SILENCE, states.next()).await {
                Ok(None) => return Ok(Over::Lost("the node ended the subscription".into())),
                Ok(Some(state)) => state.map_err(|error| self.broken(error))?,
                Err(_) => match self.look(id, sought, memory).await? {
                    Over::Lost(_) => continue,
                    over => return Ok(over),
                },
            };
            memory.losses = 0;
            if !sought.is(id, &state.digest) || state.is_end() {
                // The record decides: it says which call this is, and how it ended.
                let at = self.at(state.block).await?;
                match self.locate(&at, sought).await? {
                    Some(record) if record.status.is_end() => {
                        let ended = self.ended(at, sought.id, record).await?;
                        return Ok(Over::Ended(Box::new(ended)));
                    }
                    Some(_) if sought.id != id => return Ok(Over::Moved),
                    Some(_) => {}
                    // Another call has the number, and this one has none yet.
                    None => continue,
                }
            }
            memory.absences = 0;
            let text = state.describe();
            if text != memory.told {
                output.progress(&text);
                memory.told = text;
            }
        }
    }

    /// The node's states of call `id`; `None` if it does not know it.
    async fn subscribe(&self, id: u64) -> Result<Option<RpcSubscription<CallState>>> {
        let states = self
            .rpc()
            .subscribe(SUBSCRIBE, rpc_params![id], UNSUBSCRIBE)
            .await;
        match states {
            Ok(states) => Ok(Some(states)),
            Err(RpcError::User(error)) if error.code == UNKNOWN_CALL => Ok(None),
            Err(RpcError::User(error)) if error.code == NO_SUCH_METHOD => Err(Error::Incompatible(
                format!("its node has no method {SUBSCRIBE}"),
            )),
            Err(error) => Err(self.broken(error)),
        }
    }

    /// Looks for the call in the best block. `Lost`: nothing new.
    async fn look(&self, id: u64, sought: &mut Sought, memory: &mut Memory) -> Result<Over> {
        let at = self.best().await?;
        let Some(record) = self.locate(&at, sought).await? else {
            memory.absences += 1;
            if memory.absences > MAX_ABSENCES {
                return Err(Error::LostSight {
                    id,
                    reason: "the best chain does not have it; its transaction may still be \
                             included"
                        .into(),
                });
            }
            return Ok(Over::Lost("the best chain does not have the call".into()));
        };
        memory.absences = 0;
        if record.status.is_end() {
            let ended = self.ended(at, sought.id, record).await?;
            return Ok(Over::Ended(Box::new(ended)));
        }
        if sought.id != id {
            return Ok(Over::Moved);
        }
        Ok(Over::Lost("the node does not tell about the call".into()))
    }
}
