//! Functions as a test wants them: published with whatever is said about their code, true or not, and
//! requested with whatever a transaction can hold, valid or not.
//!
//! The command refuses much of this early. Here it goes to the chain as it is.

use defaas_cli::{
    chain::{
        calls::{self, AccessCall, RegistryCall},
        types::{
            Code, CodeKind, ContentId, Input, Limits, Placement, Rule, Selector, Text,
            Verification, VersionSpec,
        },
        Chain, Included,
    },
    output::Output,
    Error,
};
use sha2::{Digest, Sha256};
use subxt::{
    dynamic,
    ext::scale_encode::{self, EncodeAsType},
    transactions::Payload,
    utils::AccountId32,
};
use subxt_signer::{sr25519::Keypair, SecretUri};

/// Limits of a draft for which nothing else is said.
pub const LIMITS: Limits = Limits {
    timeout_ms: 1_000,
    memory_bytes: 16 << 20,
    max_input_bytes: 64 << 10,
    max_output_bytes: 64 << 10,
};

/// A function to publish.
#[derive(Clone, Debug)]
pub struct Draft {
    /// Its name.
    pub name: Text,
    /// To its owner per call, in units.
    pub fee: u128,
    /// Where it wants to run.
    pub placement: Placement,
    /// Its only version.
    pub version: VersionSpec,
}

impl Draft {
    /// A function with the code `bytes`, stored as a single block.
    pub fn new(name: &str, bytes: &[u8]) -> Self {
        let sha256 = Sha256::digest(bytes).into();
        Self {
            name: Text::from(name),
            fee: 0,
            placement: Placement::default(),
            version: VersionSpec {
                code: Code {
                    cid: ContentId::raw(sha256),
                    sha256,
                    size: bytes.len() as u64,
                    kind: CodeKind::Wasm,
                },
                limits: LIMITS,
                deterministic: false,
                verification: Verification::Single,
                manifest: None,
                source: None,
            },
        }
    }

    /// The same, changed.
    pub fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }

    fn publish(&self) -> calls::Call {
        calls::Call::Registry(RegistryCall::publish {
            name: self.name.clone(),
            description: None,
            fee: self.fee,
            placement: self.placement.clone(),
            version: self.version.clone(),
        })
    }
}

/// The transaction that publishes `draft` and nothing else.
pub fn publication(draft: &Draft) -> impl Payload {
    calls::all_or_nothing(vec![draft.publish()])
}

/// Publishes all of `drafts` in one transaction, for everybody to call. Returns their ids.
///
/// # Panics
/// If the chain does not take them.
pub async fn publish(chain: &Chain, owner: &Keypair, drafts: &[Draft]) -> Vec<u64> {
    let block = chain.best().await.expect("there is a block");
    let first = chain
        .next_function_id(&block)
        .await
        .expect("functions are counted");
    let ids: Vec<u64> = (first..).take(drafts.len()).collect();
    let calls = drafts.iter().zip(&ids).flat_map(|(draft, id)| {
        let open = AccessCall::set_policy {
            function: *id,
            rules: vec![Rule::Public],
        };
        [draft.publish(), calls::Call::Access(open)]
    });
    send(chain, owner, &calls::all_or_nothing(calls.collect()))
        .await
        .expect("the functions are valid");
    ids
}

/// Sends a transaction and waits until it stands in a block.
pub async fn send(chain: &Chain, signer: &Keypair, call: &impl Payload) -> Result<Included, Error> {
    chain.submit(call, signer, &Output::new(true)).await
}

/// The account that a test calls `name`: a development key like `//Alice`, and how the command names
/// it.
///
/// # Panics
/// If that cannot be part of a key's name.
pub fn account(name: &str) -> (String, Keypair) {
    let uri = format!("//{name}");
    let secret: SecretUri = uri.parse().expect("a valid name of a key");
    let key = Keypair::from_uri(&secret).expect("a valid key");
    (uri, key)
}

/// A request of a call.
#[derive(Clone, Debug)]
pub struct Request {
    /// Which function.
    pub function: u64,
    /// Which version.
    pub selector: Selector,
    /// Path and query.
    pub path: Text,
    /// What it reads.
    pub input: Input,
    /// Most to pay, in units.
    pub max_fee: u128,
}

impl Request {
    /// A request without input, of the latest version, whatever it costs.
    pub fn of(function: u64) -> Self {
        Self {
            function,
            selector: Selector::Alias(Text::from("latest")),
            path: Text::from("/"),
            input: Input::Inline(Vec::new()),
            max_fee: u128::MAX,
        }
    }

    /// The same, changed.
    pub fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }

    /// As a transaction.
    pub fn transaction(self) -> impl Payload {
        let Self {
            function,
            selector,
            path,
            input,
            max_fee,
        } = self;
        let arguments = (function, selector, path, input, max_fee);
        dynamic::transaction("Invocations", "request", arguments)
    }
}

/// A call inside a batch.
#[derive(Clone, Debug, EncodeAsType)]
#[encode_as_type(crate_path = "scale_encode")]
enum Call {
    Balances(BalancesCall),
    Invocations(InvocationsCall),
}

#[allow(non_camel_case_types)]
#[derive(Clone, Debug, EncodeAsType)]
#[encode_as_type(crate_path = "scale_encode")]
enum BalancesCall {
    transfer_keep_alive { dest: Destination, value: u128 },
}

#[derive(Clone, Debug, EncodeAsType)]
#[encode_as_type(crate_path = "scale_encode")]
enum Destination {
    Id(AccountId32),
}

#[allow(non_camel_case_types)]
#[derive(Clone, Debug, EncodeAsType)]
#[encode_as_type(crate_path = "scale_encode")]
enum InvocationsCall {
    request {
        function: u64,
        selector: Selector,
        path: Text,
        input: Input,
        max_fee: u128,
    },
}

impl From<Request> for Call {
    fn from(request: Request) -> Self {
        let Request {
            function,
            selector,
            path,
            input,
            max_fee,
        } = request;
        Self::Invocations(InvocationsCall::request {
            function,
            selector,
            path,
            input,
            max_fee,
        })
    }
}

/// The transaction with all of `requests`: either all are made or none.
pub fn all_or_none(requests: Vec<Request>) -> impl Payload {
    batch("batch_all", requests)
}

/// The transaction with all of `requests` up to the first that is refused.
pub fn as_many_as_possible(requests: Vec<Request>) -> impl Payload {
    batch("batch", requests)
}

fn batch(kind: &str, requests: Vec<Request>) -> impl Payload {
    let calls: Vec<Call> = requests.into_iter().map(Call::from).collect();
    dynamic::transaction("Utility", kind, (calls,))
}

/// Sends each of `accounts` so many units, in one transaction.
///
/// # Panics
/// If `from` does not have them.
pub async fn endow(chain: &Chain, from: &Keypair, accounts: &[(&Keypair, u128)]) {
    let calls: Vec<Call> = accounts
        .iter()
        .map(|(key, value)| {
            Call::Balances(BalancesCall::transfer_keep_alive {
                dest: Destination::Id(key.public_key().to_account_id()),
                value: *value,
            })
        })
        .collect();
    let payments = dynamic::transaction("Utility", "batch_all", (calls,));
    send(chain, from, &payments)
        .await
        .expect("the money is there");
}
