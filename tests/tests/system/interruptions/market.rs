//! A node whose provider executes a function that waits, and whoever calls it.

use super::{books::Books, journal};
use codec::Encode;
use defaas_cli::{
    chain::{
        calls,
        events::{find, Requested},
        types::{
            Fault, Invocation, Outcome, Output as CallOutput, ProviderInfo, ProviderStatus, Quote,
            RefundReason, Selector, Status,
        },
        AtBlock, Chain, Ended, Payment,
    },
    output::Output,
};
use defaas_dispatcher::{
    journal::{Conclusion, Record},
    AttemptKey,
};
use defaas_primitives::{Balance, FunctionId, Hash, InvocationId, ProviderId, Tick};
use defaas_system_tests::{cli, node::Home, Node};
use std::time::Duration;
use subxt::{
    dynamic,
    events::DecodeAsEvent,
    ext::scale_decode::{self, DecodeAsType},
};
use subxt_signer::sr25519::dev;
use tokio::time::timeout;

/// The only provider.
pub const PROVIDER: ProviderId = 0;
/// Time limit of the function unless something else is said, in milliseconds.
pub const TIME_LIMIT: u32 = 10_000;
/// Long enough for anything to be done while the function runs, and within its limit.
pub const LONG: Duration = Duration::from_secs(8);
/// The function is done before the next block.
pub const SHORT: Duration = Duration::from_millis(200);
/// Every call ends in this time, waits between draws included.
const END_TIMEOUT: Duration = Duration::from_secs(240);
/// Distance between two looks at the chain.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// A running node with a function of //Bob's.
pub struct Market {
    pub node: Node,
    pub chain: Chain,
    pub function: FunctionId,
    pub books: Books,
}

/// The same between two starts.
pub struct Shut {
    pub home: Home,
    function: FunctionId,
    books: Books,
}

/// A call of //Charlie's.
#[derive(Clone, Copy)]
pub struct Call {
    requested: Requested,
    quote: Quote,
}

/// How far an attempt is, as the journal says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    Accepted,
    Started,
    Executed,
    Submitted,
}

/// What a transaction cost.
#[derive(DecodeAsType)]
#[decode_as_type(crate_path = "scale_decode")]
struct TransactionFeePaid {
    actual_fee: Balance,
}

impl DecodeAsEvent for TransactionFeePaid {
    fn is_event(pallet: &str, event: &str) -> bool {
        pallet == "TransactionPayment" && event == "TransactionFeePaid"
    }
}

impl Call {
    /// Its number.
    pub fn id(&self) -> InvocationId {
        self.requested.invocation
    }

    /// Its first attempt.
    fn attempt(&self) -> AttemptKey {
        AttemptKey {
            invocation: self.id(),
            replica: 0,
            attempt: 0,
            digest: Hash::from(self.requested.digest),
        }
    }

    /// Which step of its first attempt `record` is, if one.
    fn step(&self, record: &Record) -> Option<Step> {
        let (step, key) = match record {
            Record::Accepted { key, .. } => (Step::Accepted, key),
            Record::Started { key, .. } => (Step::Started, key),
            Record::Executed { key, .. } => (Step::Executed, key),
            Record::Submitted { key } => (Step::Submitted, key),
            _ => return None,
        };
        (*key == self.attempt()).then_some(step)
    }
}

impl Market {
    /// A new node, on which the function is published with this time limit in milliseconds.
    pub async fn open(time_limit: u32) -> Self {
        let node = Node::start().await.unwrap();
        let chain = node.connect().await.unwrap();
        node.finalized(&chain, 1).await.unwrap();
        let code = node.home().path().join("nap.wasm");
        let wasm = wat::parse_str(include_str!("../../../fixtures/nap.wat")).unwrap();
        std::fs::write(&code, wasm).unwrap();
        let code = code.to_str().unwrap();
        cli::run(&node, "//Bob", &["store", "add", code]).await;
        let limit = time_limit.to_string();
        let mut publish = vec!["publish", code, "--name", "nap", "--fee", "0.25"];
        publish.extend(["--timeout", limit.as_str()]);
        let published = cli::run(&node, "//Bob", &publish).await;
        let function = published["function"].as_u64().unwrap();
        let books = Books::open(&chain).await;
        Self {
            node,
            chain,
            function,
            books,
        }
    }

    /// Requests a call that takes this time.
    pub async fn ask(&mut self, time: Duration) -> Call {
        let latest = Selector::Alias("latest".into());
        let block = self.best().await;
        let quote = self.chain.quote(&block, self.function, &latest).await;
        let quote = quote.unwrap();
        let input = u32::try_from(time.as_millis()).unwrap().encode();
        let request = calls::request(self.function, latest, "/".into(), input, quote.total());
        let included = self
            .chain
            .submit(&request, &dev::charlie(), &Output::new(true))
            .await
            .unwrap();
        let fee: TransactionFeePaid = find(included.events.iter()).unwrap().unwrap();
        let requested = find(included.events.iter()).unwrap().unwrap();
        self.books.requested(fee.actual_fee, &quote);
        Call { requested, quote }
    }

    /// Waits until the journal says that the first attempt of `call` has made this step.
    pub async fn reaches(&self, call: &Call, step: Step) {
        let file = self.node.home().journal();
        journal::wait_for(&file, |record| call.step(record) == Some(step)).await;
    }

    /// Waits until the function runtime executes something, as its own note of that says.
    pub async fn executes(&self) {
        let file = self.node.home().in_flight();
        let wait = async {
            // After the first line one for each place, which names code or is blank.
            let is_taken = |line: &str| !line.starts_with('-');
            let runs = || {
                std::fs::read_to_string(&file).is_ok_and(|text| text.lines().skip(1).any(is_taken))
            };
            while !runs() {
                tokio::time::sleep(LOOK_EVERY).await;
            }
        };
        timeout(END_TIMEOUT, wait).await.expect("it executes");
    }

    /// Steps of the first attempt of `call` in the journal, of which a start of the worker leaves the
    /// last one or two. Nothing is begun without `Accepted` before it.
    pub fn steps(&self, call: &Call) -> Vec<Step> {
        let records = journal::records(&self.node.home().journal());
        let mut steps: Vec<_> = records
            .iter()
            .filter_map(|record| call.step(record))
            .collect();
        // A report is sent again after a restart.
        steps.dedup_by(|a, b| *a == Step::Submitted && a == b);
        steps
    }

    /// Waits for the end of `call`, and asserts that it was a success and paid for. Returns what the
    /// function wrote.
    pub async fn settled(&mut self, call: &Call) -> Vec<u8> {
        let ended = self.end(call).await;
        let record = &ended.record;
        assert_eq!(record.status, Status::Settled(Outcome::Success));
        assert!(record.tried.is_empty(), "{record:?}");
        let quote = &call.quote;
        let payment = Payment {
            developer: quote.developer_fee,
            provider: quote.execution_price - quote.treasury_share,
            treasury: quote.treasury_share,
            returned: 0,
        };
        assert_eq!(ended.payment, Some(payment));
        self.books.settled(quote);
        match ended.output {
            Some(CallOutput::Inline(output)) if output.len() == 16 => output,
            other => panic!("not what the function writes: {other:?}"),
        }
    }

    /// Waits for the end of `call`, and asserts that its one attempt ended with `fault`, or in
    /// silence for `None`, and that all but the fees came back.
    pub async fn refunded(&mut self, call: &Call, fault: Option<Fault>) {
        let ended = self.end(call).await;
        let record = &ended.record;
        // Nobody is left who has not tried.
        assert_eq!(
            record.status,
            Status::Refunded(RefundReason::AttemptsExhausted)
        );
        assert_eq!(tried(record), [(PROVIDER, fault)]);
        assert!(record.delivery.is_none() && ended.output.is_none());
        let payment = Payment {
            developer: 0,
            provider: 0,
            treasury: 0,
            returned: call.quote.developer_fee + call.quote.execution_price,
        };
        assert_eq!(ended.payment, Some(payment));
    }

    /// Waits for the end of `call`, and asserts that whoever is to pay or to be paid for it is.
    pub async fn ended(&mut self, call: &Call) -> Invocation {
        let Ended { record, .. } = self.end(call).await;
        match record.status {
            Status::Settled(_) => {
                self.settled(call).await;
            }
            _ => {
                let fault = record.tried.first().and_then(|tried| tried.fault);
                self.refunded(call, fault).await;
            }
        }
        record
    }

    /// Waits until the first attempt of `call` has failed, and returns the record then.
    pub async fn fails(&self, call: &Call) -> Invocation {
        let wait = async {
            loop {
                let record = self.record(call).await;
                if !record.tried.is_empty() {
                    return record;
                }
                tokio::time::sleep(LOOK_EVERY).await;
            }
        };
        timeout(END_TIMEOUT, wait).await.expect("it fails")
    }

    /// Waits until a block with at least this number is finalized.
    pub async fn finalizes(&self, number: u64) {
        self.node.finalized(&self.chain, number).await.unwrap();
    }

    async fn end(&self, call: &Call) -> Ended {
        let output = Output::new(true);
        let follow = self.chain.follow(&call.requested, &output);
        let ended = timeout(END_TIMEOUT, follow).await;
        ended.expect("every call ends").unwrap()
    }

    /// Asserts that a new call succeeds.
    pub async fn serves(&mut self) -> Call {
        let call = self.ask(SHORT).await;
        self.settled(&call).await;
        call
    }

    /// State at the newest block.
    pub async fn best(&self) -> AtBlock {
        self.chain.best().await.unwrap()
    }

    /// The record of `call` in the newest state.
    pub async fn record(&self, call: &Call) -> Invocation {
        let record = self.chain.invocation(&self.best().await, call.id()).await;
        record.unwrap().expect("the record is there")
    }

    /// The provider in the newest state.
    pub async fn provider(&self) -> ProviderInfo {
        let provider = self.chain.provider(&self.best().await, PROVIDER).await;
        provider.unwrap().expect("the provider is there")
    }

    /// The tick in the state of `block`.
    pub async fn tick(&self, block: &AtBlock) -> Tick {
        let address = dynamic::storage::<(), Tick>("Invocations", "Tick");
        let tick = block.storage().try_fetch(address, ()).await.unwrap();
        tick.map_or(0, |tick| tick.decode().unwrap())
    }

    /// Asserts that all ended as it should: no call is open, nothing is held for one, the provider
    /// has nothing to do, everybody owns what the rules say. Then stops the node, and asserts that
    /// no process is left.
    pub async fn close(self) {
        let block = self.best().await;
        let calls = self.chain.invocations(&block, 0, 100).await.unwrap();
        assert!(!calls.is_empty());
        for (id, record) in calls {
            assert!(record.status.is_end(), "call {id} is open: {record:?}");
        }
        let caller = dev::charlie().public_key().to_account_id();
        let balances = self.chain.balances(&block, &caller).await.unwrap();
        assert_eq!(balances.held, 0);
        let ProviderInfo { provider, .. } = self.provider().await;
        assert_eq!((provider.load, provider.exposure), (0, 0));
        assert_eq!(provider.bond, self.books.bond());
        assert_eq!(provider.status, ProviderStatus::Active);
        self.books.check(&self.chain).await;
        self.stop().await;
    }

    /// Kills the node.
    pub async fn kill(self) -> Shut {
        Shut {
            home: self.node.kill().await.unwrap(),
            function: self.function,
            books: self.books,
        }
    }

    /// Stops the node.
    pub async fn stop(self) -> Shut {
        Shut {
            home: self.node.stop().await.unwrap(),
            function: self.function,
            books: self.books,
        }
    }
}

impl Shut {
    /// Starts the node again.
    pub async fn reopen(self) -> Market {
        self.reopen_with(&[]).await
    }

    /// Starts the node again, with some more flags.
    pub async fn reopen_with(self, flags: &[&str]) -> Market {
        let node = Node::start_with(self.home, flags).await.unwrap();
        let chain = node.connect().await.unwrap();
        Market {
            node,
            chain,
            function: self.function,
            books: self.books,
        }
    }

    /// How the first attempt of `call` ended, as the journal has it.
    pub fn conclusion(&self, call: &Call) -> Conclusion {
        let records = journal::records(&self.home.journal());
        let found = records.into_iter().find_map(|record| match record {
            Record::Executed {
                key, conclusion, ..
            } if key == call.attempt() => Some(conclusion),
            _ => None,
        });
        found.expect("the journal has the result")
    }

    /// Whether the last record of the journal is this step of the first attempt of `call`.
    pub fn ends_with(&self, call: &Call, step: Step) -> bool {
        let records = journal::records(&self.home.journal());
        records
            .last()
            .is_some_and(|record| call.step(record) == Some(step))
    }
}

/// Who tried a call, and why it did not deliver.
pub fn tried(record: &Invocation) -> Vec<(ProviderId, Option<Fault>)> {
    let tried = record.tried.iter();
    tried.map(|tried| (tried.provider, tried.fault)).collect()
}
