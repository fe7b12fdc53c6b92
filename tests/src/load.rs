//! Many calls of a function at once.
//!
//! *Requests of several accounts* → into the pool, each account's in the order of its nonces → read every
//! finalized block; what was refused there because too many calls wait is signed anew and sent again →
//! *every call has ended*.

use crate::ledger::{transaction_fees, Ledger};
use defaas_cli::chain::{
    events::{Refunded, Requested, Settled},
    types::{Input, Selector, Text},
    AtBlock, Chain,
};
use std::{
    collections::{BTreeMap, HashMap},
    time::Duration,
};
use subxt::{
    client::Blocks,
    config::DefaultExtrinsicParamsBuilder,
    dynamic,
    error::DispatchError,
    events::Phase,
    utils::{AccountId32, H256},
    OnlineClient, PolkadotConfig,
};
use subxt_signer::sr25519::Keypair;
use tokio::time::timeout;

/// Longest wait for a block to be finalized.
const BLOCK_TIMEOUT: Duration = Duration::from_secs(60);
/// Blocks within which all calls must have ended. One waits 124 ticks at most for a provider with room.
const MAX_BLOCKS: u64 = 200;

/// What is called, and by whom.
pub struct Load {
    /// Which function, in the version of its alias `latest`.
    pub function: u64,
    /// The most that a call may cost, in units.
    pub max_fee: u128,
    /// Who calls. Nobody else may sign with these keys meanwhile.
    pub callers: Vec<Keypair>,
    /// How often each of them calls.
    pub calls_each: usize,
}

/// What came of it.
pub struct Run {
    /// Who owned what before the first request.
    pub before: Ledger,
    /// Who owned what when the last call had ended.
    pub after: Ledger,
    /// The calls, in the order of their ends.
    pub calls: Vec<Call>,
    /// Requests that were refused with `Busy` and sent again.
    pub busy: usize,
    /// What accounts paid for having transactions included, in units.
    pub transaction_fees: BTreeMap<AccountId32, u128>,
}

/// A call that has ended.
pub struct Call {
    /// Its number.
    pub id: u64,
    /// Who asked.
    pub caller: AccountId32,
    /// What the function read; no two calls have the same.
    pub input: Vec<u8>,
    /// Height of the block with its request.
    pub requested: u64,
    /// Height of the block with its end.
    pub ended: u64,
    /// What was paid, if it was.
    pub end: End,
}

/// How a call ended.
pub enum End {
    /// It was paid.
    Settled(Settled),
    /// Nothing was paid.
    Refunded(Refunded),
}

impl Run {
    /// How many calls ended without charge.
    pub fn refunded(&self) -> usize {
        self.calls
            .iter()
            .filter(|call| matches!(call.end, End::Refunded(_)))
            .count()
    }

    /// Blocks between request and end that `percent` of all calls did not exceed (the nearest rank).
    ///
    /// # Panics
    /// If there are no calls, or `percent` is not from 1 to 100.
    pub fn latency(&self, percent: usize) -> u64 {
        nearest_rank(
            self.calls.iter().map(|call| call.ended - call.requested),
            percent,
        )
    }
}

fn nearest_rank(values: impl Iterator<Item = u64>, percent: usize) -> u64 {
    let mut values: Vec<u64> = values.collect();
    values.sort_unstable();
    values[(values.len() * percent).div_ceil(100) - 1]
}

impl Load {
    /// Makes all the calls and waits until every one has ended.
    ///
    /// # Panics
    /// If a request is refused for another reason than `Busy`, a call does not end, or the node does
    /// not answer.
    pub async fn run(&self, chain: &Chain) -> Run {
        let client = chain
            .finalized()
            .await
            .expect("the node answers")
            .online_client();
        let mut blocks = client
            .stream_blocks()
            .await
            .expect("blocks can be followed");
        let first = next(&mut blocks, &client).await;
        let before = Ledger::read(&first).await;
        let mut run = Run {
            after: before.clone(),
            before,
            calls: Vec::new(),
            busy: 0,
            transaction_fees: BTreeMap::new(),
        };
        let mut open = Open::new(self, chain).await;
        open.send_all().await;
        let mut height = first.block_number();
        drop(first);
        while !open.is_empty() {
            let block = next(&mut blocks, &client).await;
            height += 1;
            assert_eq!(
                block.block_number(),
                height,
                "a finalized block was left out"
            );
            assert!(
                height <= run.before.block + MAX_BLOCKS,
                "{} of {} calls have not ended after {MAX_BLOCKS} blocks",
                open.count(),
                self.callers.len() * self.calls_each,
            );
            open.read(&block, &mut run).await;
            if open.is_empty() {
                run.after = Ledger::read(&block).await;
            }
        }
        run
    }
}

async fn next(
    blocks: &mut Blocks<PolkadotConfig>,
    client: &OnlineClient<PolkadotConfig>,
) -> AtBlock {
    let block = timeout(BLOCK_TIMEOUT, blocks.next())
        .await
        .expect("blocks are finalized")
        .expect("the node goes on telling about blocks")
        .expect("the node goes on telling about blocks");
    // By its number: the node would not keep what is held in a stream of blocks for long.
    client
        .at_block(block.number())
        .await
        .expect("finalized blocks can be read")
}

/// A request that was sent, or is to be.
struct Request {
    caller: usize,
    input: Vec<u8>,
}

/// Requests and calls that have not ended.
struct Open<'a> {
    load: &'a Load,
    /// For signing: its metadata, and the chain's identity.
    at: AtBlock,
    nonces: Vec<u64>,
    requests: HashMap<H256, Request>,
    calls: HashMap<u64, (Request, u64)>,
}

impl<'a> Open<'a> {
    async fn new(load: &'a Load, chain: &Chain) -> Self {
        let at = chain.best().await.expect("the node answers");
        let mut nonces = Vec::new();
        for caller in &load.callers {
            let account = caller.public_key().to_account_id();
            let nonce = at.transactions().account_nonce(&account).await;
            nonces.push(nonce.expect("the node answers"));
        }
        Self {
            load,
            at,
            nonces,
            requests: HashMap::new(),
            calls: HashMap::new(),
        }
    }

    fn count(&self) -> usize {
        self.requests.len() + self.calls.len()
    }

    fn is_empty(&self) -> bool {
        self.count() == 0
    }

    async fn send_all(&mut self) {
        for call in 0..self.load.calls_each {
            for caller in 0..self.load.callers.len() {
                let input = format!("call {call} of account {caller}\n").into_bytes();
                self.send(Request { caller, input }).await;
            }
        }
    }

    async fn send(&mut self, request: Request) {
        let payload = dynamic::transaction(
            "Invocations",
            "request",
            (
                self.load.function,
                Selector::Alias(Text::from("latest")),
                Text::from("/"),
                Input::Inline(request.input.clone()),
                self.load.max_fee,
            ),
        );
        let nonce = &mut self.nonces[request.caller];
        let params = DefaultExtrinsicParamsBuilder::new().nonce(*nonce).build();
        *nonce += 1;
        let transaction = self
            .at
            .transactions()
            .create_signable_offline(&payload, params)
            .and_then(|mut signable| signable.sign(&self.load.callers[request.caller]))
            .expect("requests can be signed");
        let hash = transaction
            .submit()
            .await
            .unwrap_or_else(|error| panic!("the pool refused a request: {error}"));
        self.requests.insert(hash, request);
    }

    /// Takes from a block what it says about open requests and calls.
    async fn read(&mut self, block: &AtBlock, run: &mut Run) {
        for (account, fee) in transaction_fees(block).await {
            *run.transaction_fees.entry(account).or_default() += fee;
        }
        let body = block
            .extrinsics()
            .fetch()
            .await
            .expect("blocks have bodies");
        let hashes: Vec<H256> = body
            .iter()
            .map(|transaction| transaction.expect("transactions can be read").hash())
            .collect();
        let events = block.events().fetch().await.expect("blocks have events");
        let mut refused = Vec::new();
        for event in events.iter() {
            let event = event.expect("events can be read");
            let sent = match event.phase() {
                Phase::ApplyExtrinsic(at) => hashes.get(at as usize),
                Phase::Finalization | Phase::Initialization => None,
            };
            if let (Some(requested), Some(hash)) = (event.decode_fields_as::<Requested>(), sent) {
                let id = requested.expect("events can be read").invocation;
                let request = self.requests.remove(hash).expect("nobody else calls");
                self.calls.insert(id, (request, block.block_number()));
            } else if (event.pallet_name(), event.event_name()) == ("System", "ExtrinsicFailed") {
                let error = DispatchError::decode_from(event.field_bytes(), block.metadata());
                let request = sent.and_then(|hash| self.requests.remove(hash));
                let error = error.expect("errors can be read");
                assert!(is_busy(&error), "the chain refused a transaction: {error}");
                refused.extend(request);
            } else if let Some(settled) = event.decode_fields_as::<Settled>() {
                let settled = settled.expect("events can be read");
                let end = End::Settled(settled);
                self.end(settled.invocation, end, block, run);
            } else if let Some(refunded) = event.decode_fields_as::<Refunded>() {
                let refunded = refunded.expect("events can be read");
                let end = End::Refunded(refunded);
                self.end(refunded.invocation, end, block, run);
            }
        }
        run.busy += refused.len();
        for request in refused {
            self.send(request).await;
        }
    }

    fn end(&mut self, id: u64, end: End, block: &AtBlock, run: &mut Run) {
        let (request, requested) = self.calls.remove(&id).expect("a call ends once");
        run.calls.push(Call {
            id,
            caller: self.load.callers[request.caller]
                .public_key()
                .to_account_id(),
            input: request.input,
            requested,
            ended: block.block_number(),
            end,
        });
    }
}

fn is_busy(error: &DispatchError) -> bool {
    let DispatchError::Module(module) = error else {
        return false;
    };
    module.details().is_ok_and(|details| {
        (details.pallet.name(), details.variant.name.as_str()) == ("Invocations", "Busy")
    })
}

#[cfg(test)]
mod tests {
    use super::nearest_rank;

    #[test]
    fn nearest_rank_is_the_least_value_that_the_share_does_not_exceed() {
        let values = [5, 1, 4, 2, 3];
        for (percent, expected) in [(1, 1), (20, 1), (21, 2), (50, 3), (95, 5), (100, 5)] {
            assert_eq!(nearest_rank(values.into_iter(), percent), expected);
        }
    }
}
