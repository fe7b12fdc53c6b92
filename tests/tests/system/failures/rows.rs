//! What can be wrong, and how a call of it must end.

use super::content::{compile_bomb, long_module, module, nothing, store, store_in_blocks};
use defaas_cli::{
    amount::DFS,
    chain::types::{ContentId, Input},
};
use defaas_system_tests::{functions::Draft, Node};
use std::{fs, path::Path};

/// What the functions' owner gets for a call.
pub const FEE: u128 = DFS / 10;
/// Most bytes of a failed function's error stream that are kept.
const KEPT: usize = 4 * 1024;
/// Bytes of an input of two blocks.
const LONG_INPUT: u32 = (1 << 20) + (1 << 19);
/// What a WebAssembly component begins with.
const COMPONENT: &[u8] = b"\0asm\x0d\0\x01\0";

/// A call.
pub struct Row {
    /// Name of the function, and of the account that calls it.
    pub name: &'static str,
    /// The function.
    pub draft: Draft,
    /// What it reads.
    pub input: Input,
    /// How the call must end.
    pub end: End,
}

/// How a call ends.
#[derive(Clone, Debug)]
pub enum End {
    /// The function answers with nothing.
    Success,
    /// The function fails, and this is the end of its error stream.
    Failed(Vec<u8>),
    /// The function traps, for a reason that has this word in it.
    Trapped(&'static str),
    /// It is stopped at this limit.
    Limited(&'static str),
    /// The provider cannot execute it, for this reason.
    Faulted(&'static str),
}

impl Row {
    fn new(name: &'static str, code: &[u8], end: End) -> Self {
        Self {
            name,
            draft: Draft::new(name, code).with(|draft| draft.fee = FEE),
            input: Input::Inline(Vec::new()),
            end,
        }
    }

    async fn stored(node: &Node, name: &'static str, code: &[u8], end: End) -> Self {
        store(node, code).await;
        Self::new(name, code, end)
    }

    fn with(mut self, change: impl FnOnce(&mut Draft)) -> Self {
        change(&mut self.draft);
        self
    }

    fn reading(self, input: Input) -> Self {
        Self { input, ..self }
    }

    /// Reads a [`long_input`].
    fn reading_long(self, cid: ContentId) -> Self {
        let size = LONG_INPUT;
        self.with(|draft| draft.version.limits.max_input_bytes = size)
            .reading(Input::Stored { cid, size })
    }
}

/// Calls that no provider can execute. Of the first one, nobody has the code.
pub async fn faulty(node: &Node) -> Vec<Row> {
    use End::Faulted;
    let echo = module(include_str!("../../../fixtures/echo.wat"));
    let (halved, block) = store_in_blocks(node, &long_module('h')).await;
    fs::remove_file(block).unwrap();
    let (damaged, block) = store_in_blocks(node, &long_module('d')).await;
    damage(&block);
    let given = store(node, b"an input").await;
    let (halved_input, block) = store_in_blocks(node, &long_input(1)).await;
    fs::remove_file(block).unwrap();
    let (damaged_input, block) = store_in_blocks(node, &long_input(2)).await;
    damage(&block);
    let other = store(node, &nothing("two")).await;
    let absent = Draft::new("absent", b"an input that nobody has")
        .version
        .code;
    let unavailable = Faulted("CodeUnavailable");
    let invalid = Faulted("InvalidCode");
    let unsupported = Faulted("Unsupported");
    let no_input = Faulted("InputUnavailable");
    let with_cid = |name, code: Vec<u8>, cid: &ContentId, end: &End| {
        Row::new(name, &code, end.clone()).with(|draft| draft.version.code.cid = cid.clone())
    };
    vec![
        Row::new("code-nobody-has", b"\0asm\x01\0\0\0", unavailable.clone()),
        with_cid("block-missing", long_module('h'), &halved, &unavailable),
        with_cid("block-damaged", long_module('d'), &damaged, &unavailable),
        with_cid("cid-of-other-code", nothing("one"), &other, &invalid),
        Row::stored(node, "digest-wrong", &nothing("digest"), invalid.clone())
            .await
            .with(|draft| draft.version.code.sha256[0] ^= 1),
        Row::stored(node, "size-too-small", &nothing("small"), invalid.clone())
            .await
            .with(|draft| draft.version.code.size -= 1),
        Row::stored(node, "size-too-large", &nothing("large"), invalid.clone())
            .await
            .with(|draft| draft.version.code.size += 1),
        Row::stored(node, "no-wasm", b"#!/bin/sh\necho hello\n", invalid.clone()).await,
        Row::stored(
            node,
            "wasm-broken",
            b"\0asm\x01\0\0\0\xff\xff",
            invalid.clone(),
        )
        .await,
        Row::stored(
            node,
            "no-start",
            &module(include_str!("../../../fixtures/library.wat")),
            invalid.clone(),
        )
        .await,
        Row::stored(
            node,
            "memory-beyond-limit",
            &module(include_str!("../../../fixtures/large-memory.wat")),
            invalid,
        )
        .await,
        Row::stored(node, "component", COMPONENT, unsupported.clone()).await,
        Row::stored(
            node,
            "wants-another-host",
            &module(include_str!("../../../fixtures/connect.wat")),
            unsupported,
        )
        .await,
        Row::stored(node, "input-nobody-has", &echo, no_input.clone())
            .await
            .reading(Input::Stored {
                cid: absent.cid,
                size: 24,
            }),
        Row::stored(node, "input-size-wrong", &echo, no_input.clone())
            .await
            .reading(Input::Stored {
                cid: given,
                size: 9,
            }),
        Row::stored(node, "input-block-missing", &echo, no_input.clone())
            .await
            .reading_long(halved_input),
        Row::stored(node, "input-block-damaged", &echo, no_input)
            .await
            .reading_long(damaged_input),
    ]
}

/// An input of two blocks. Another `mark` makes another input.
fn long_input(mark: u8) -> Vec<u8> {
    vec![mark; LONG_INPUT as usize]
}

/// Overwrites a block with as many zeros, as a failing disk may.
fn damage(block: &Path) {
    let length = fs::metadata(block).unwrap().len();
    fs::write(block, vec![0; length as usize]).unwrap();
}

/// Calls of functions that run, and have themselves to blame.
pub async fn charged(node: &Node) -> Vec<Row> {
    use End::{Failed, Limited, Trapped};
    let fixtures = [
        (
            "traps",
            include_str!("../../../fixtures/trap.wat"),
            Trapped("unreachable"),
        ),
        (
            "recurses-for-ever",
            include_str!("../../../fixtures/recurse.wat"),
            Trapped("stack"),
        ),
        (
            "wants-files",
            include_str!("../../../fixtures/open-file.wat"),
            // The error number of WASI for a descriptor that is none.
            Failed(b"exit status 8\n".to_vec()),
        ),
        (
            "wants-network",
            include_str!("../../../fixtures/accept.wat"),
            Failed(b"exit status 8\n".to_vec()),
        ),
        (
            "loops-for-ever",
            include_str!("../../../fixtures/spin.wat"),
            Limited("Timeout"),
        ),
        (
            "takes-all-memory",
            include_str!("../../../fixtures/grow.wat"),
            Limited("Memory"),
        ),
        (
            "writes-for-ever",
            include_str!("../../../fixtures/flood.wat"),
            Limited("Output"),
        ),
    ];
    let mut rows = Vec::new();
    for (name, text, end) in fixtures {
        rows.push(Row::stored(node, name, &module(text), end).await);
    }
    // It writes its input to its error stream twice.
    let input: Vec<u8> = (0..)
        .flat_map(|n: u32| format!("{n} ").into_bytes())
        .take(3_000)
        .collect();
    let written = input.repeat(2);
    let end = Failed(written[written.len() - KEPT..].to_vec());
    let fail = module(include_str!("../../../fixtures/fail.wat"));
    let row = Row::stored(node, "complains", &fail, end).await;
    rows.push(row.reading(Input::Inline(input)));
    rows
}

/// A call whose code takes more processor time to compile than code of its length may. Its time-out
/// leaves the compiler that much time also while the processors have other work.
pub async fn bomb(node: &Node) -> Row {
    Row::stored(
        node,
        "compiles-for-ever",
        &compile_bomb(),
        End::Faulted("InvalidCode"),
    )
    .await
    .with(|draft| draft.version.limits.timeout_ms = 60_000)
}

/// Calls with which nothing is wrong, of code that no other has.
pub async fn good(node: &Node) -> [Row; 2] {
    [
        Row::stored(node, "bystander", &nothing("bystander"), End::Success)
            .await
            .with(|draft| draft.version.limits.timeout_ms = 10_000),
        Row::stored(node, "last", &nothing("last"), End::Success).await,
    ]
}
