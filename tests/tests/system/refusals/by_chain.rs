//! What the chain refuses when it is asked without the command, which refuses much of it before.

use super::stage::{Stage, FEE, MAX_INPUT};
use defaas_cli::{
    amount::DFS,
    chain::{
        types::{ContentId, Input, Labels, Selector, Text, Verification},
        Chain,
    },
    Error,
};
use defaas_system_tests::functions::{account, publication, send, Draft, Request};

/// Most bytes of an input or output that is given by CID.
const MAX_STORED: u32 = 16 << 20;
/// Largest WebAssembly code.
const MAX_CODE: u64 = 64 << 20;

/// A transaction that must be refused.
pub struct Row {
    /// What is wrong; also who signs.
    pub name: &'static str,
    /// What that account has, in units.
    pub purse: u128,
    /// The transaction.
    pub asked: Asked,
    /// How it is refused.
    pub refusal: Refusal,
}

/// What is asked of the chain.
pub enum Asked {
    /// A call.
    Call(Request),
    /// A new function.
    Function(Box<Draft>),
}

/// Who refuses.
pub enum Refusal {
    /// The pool, because such a transaction is none.
    InPool,
    /// The block, with this pallet's error of this name.
    InBlock(&'static str),
}

/// All that is wrong with requests and with functions.
pub async fn rows(stage: &Stage) -> Vec<Row> {
    let mut rows = requests(stage).await;
    rows.extend(functions());
    rows
}

async fn requests(stage: &Stage) -> Vec<Row> {
    use Refusal::{InBlock, InPool};
    let block = stage.chain.best().await.unwrap();
    let latest = Selector::Alias(Text::from("latest"));
    let quote = stage.chain.quote(&block, stage.open, &latest).await;
    let price = quote.unwrap().total();
    let cid = Draft::new("input", b"any input").version.code.cid;
    let stored = |cid: &ContentId, size| Input::Stored {
        cid: cid.clone(),
        size,
    };
    let open = || Request::of(stage.open);
    let path = |bytes: &[u8]| open().with(|request| request.path = Text(bytes.to_vec()));
    let input = |input| open().with(|request| request.input = input);
    let selector = |selector| open().with(|request| request.selector = selector);
    let row = |name, request, refusal| Row {
        name,
        purse: DFS,
        asked: Asked::Call(request),
        refusal,
    };
    vec![
        row("path-of-257-bytes", path(&[b'/'; 257]), InPool),
        row(
            "input-of-4097-bytes",
            input(Input::Inline(vec![0; 4_097])),
            InPool,
        ),
        row(
            "alias-of-64-bytes",
            selector(Selector::Alias(Text(vec![b'a'; 64]))),
            InPool,
        ),
        row("path-empty", path(b""), InBlock("Invocations.InvalidPath")),
        row(
            "path-without-slash",
            path(b"a"),
            InBlock("Invocations.InvalidPath"),
        ),
        row(
            "path-not-utf8",
            path(b"/\xff\xfe"),
            InBlock("Invocations.InvalidPath"),
        ),
        row(
            "path-with-line-break",
            path(b"/\r\nHost: a"),
            InBlock("Invocations.InvalidPath"),
        ),
        row(
            "input-longer-than-the-version-takes",
            input(Input::Inline(vec![0; MAX_INPUT as usize + 1])),
            InBlock("Invocations.InputTooLarge"),
        ),
        row(
            "stored-input-longer-than-the-version-takes",
            input(stored(&cid, MAX_INPUT + 1)),
            InBlock("Invocations.InputTooLarge"),
        ),
        row(
            "stored-input-longer-than-any-may-be",
            input(stored(&cid, MAX_STORED + 1)),
            InBlock("Invocations.InvalidInput"),
        ),
        row(
            "input-that-nobody-can-fetch",
            input(stored(&identity(), 1)),
            InBlock("Invocations.InvalidInput"),
        ),
        row(
            "fee-one-unit-too-low",
            open().with(|request| request.max_fee = price - 1),
            InBlock("Invocations.MaxFeeTooLow"),
        ),
        row(
            "function-unknown",
            Request::of(u64::MAX),
            InBlock("Registry.NotFound"),
        ),
        row(
            "alias-unknown",
            selector(Selector::Alias(Text::from("stable"))),
            InBlock("Registry.AliasNotFound"),
        ),
        row(
            "version-unknown",
            selector(Selector::Version(2)),
            InBlock("Registry.VersionNotFound"),
        ),
        row(
            "function-paused",
            Request::of(stage.paused),
            InBlock("Registry.Paused"),
        ),
        row(
            "function-retired",
            Request::of(stage.retired),
            InBlock("Registry.Retired"),
        ),
        row(
            "caller-without-grant",
            Request::of(stage.granted),
            InBlock("Access.NotAuthorized"),
        ),
        row(
            "caller-not-the-owner",
            Request::of(stage.owners),
            InBlock("Access.NotAuthorized"),
        ),
        Row {
            purse: FEE,
            ..row(
                "payer-too-poor",
                open(),
                InBlock("Billing.InsufficientFunds"),
            )
        },
    ]
}

fn functions() -> Vec<Row> {
    use Refusal::{InBlock, InPool};
    let row = |name: &'static str, refusal, change: &dyn Fn(&mut Draft)| Row {
        name,
        purse: DFS,
        asked: Asked::Function(Box::new(Draft::new("f", b"code").with(change))),
        refusal,
    };
    let name = |label: &'static str, text: &'static str, refusal| {
        row(label, refusal, &|draft| draft.name = Text::from(text))
    };
    let label = |text: &str| Labels {
        region: Some(Text::from(text)),
        ..Labels::default()
    };
    let invalid_name = || InBlock("Registry.InvalidName");
    let invalid_limits = || InBlock("Registry.InvalidLimits");
    let long = "a123456789012345678901234567890123456789012345678901234567890123";
    vec![
        name("name-empty", "", invalid_name()),
        name("name-in-capitals", "F", invalid_name()),
        name("name-with-slash", "a/b", invalid_name()),
        name("name-with-hyphen-at-its-end", "a-", invalid_name()),
        name("name-of-64-bytes", long, InPool),
        row("code-empty", InBlock("Registry.CodeEmpty"), &|draft| {
            draft.version.code.size = 0;
        }),
        row(
            "code-too-large",
            InBlock("Registry.CodeTooLarge"),
            &|draft| {
                draft.version.code.size = MAX_CODE + 1;
            },
        ),
        row(
            "code-that-nobody-can-fetch",
            InBlock("Registry.InvalidCid"),
            &|draft| draft.version.code.cid = identity(),
        ),
        row("no-time", invalid_limits(), &|draft| {
            draft.version.limits.timeout_ms = 0;
        }),
        row("too-much-time", invalid_limits(), &|draft| {
            draft.version.limits.timeout_ms = 300_001;
        }),
        row("no-memory", invalid_limits(), &|draft| {
            draft.version.limits.memory_bytes = 0;
        }),
        row("too-much-memory", invalid_limits(), &|draft| {
            draft.version.limits.memory_bytes = (1 << 30) + 1;
        }),
        row("too-much-input", invalid_limits(), &|draft| {
            draft.version.limits.max_input_bytes = MAX_STORED + 1;
        }),
        row("too-much-output", invalid_limits(), &|draft| {
            draft.version.limits.max_output_bytes = MAX_STORED + 1;
        }),
        row(
            "label-in-capitals",
            InBlock("Registry.InvalidLabels"),
            &|draft| draft.placement.required = label("EU"),
        ),
        row("label-of-33-bytes", InPool, &|draft| {
            draft.placement.required = label("a12345678901234567890123456789012");
        }),
        row(
            "label-preferred",
            InBlock("Registry.Unsupported"),
            &|draft| draft.placement.preferred = label("eu"),
        ),
        row(
            "verification-reserved",
            InBlock("Registry.Unsupported"),
            &|draft| draft.version.verification = Verification::Redundant(2),
        ),
    ]
}

/// A CID that holds its content itself.
fn identity() -> ContentId {
    ContentId(vec![1, 0x55, 0, 1, b'a'])
}

/// Sends what `row` says and checks how it is refused.
///
/// # Panics
/// If it is not, or otherwise.
pub async fn assert_refused(chain: &Chain, row: &Row) {
    let (_, key) = account(row.name);
    let answer = match &row.asked {
        Asked::Call(request) => send(chain, &key, &request.clone().transaction()).await,
        Asked::Function(draft) => send(chain, &key, &publication(draft)).await,
    };
    let error = answer.map(|included| included.hash).unwrap_err();
    match (&row.refusal, &error) {
        (Refusal::InPool, Error::NotAccepted(_)) => {}
        (Refusal::InBlock(word), Error::Refused { pallet, name, docs }) => {
            assert_eq!(format!("{pallet}.{name}"), *word, "{}", row.name);
            assert!(!docs.is_empty(), "{}: {word} is not explained", row.name);
        }
        _ => panic!("{}: {error:?}", row.name),
    }
    assert_eq!(error.exit_code(), 4, "{}", row.name);
}
