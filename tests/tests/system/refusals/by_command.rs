//! What the command answers to those who cannot have what they ask for: it asks the chain first, and sends
//! nothing that would cost a fee and be refused.

use super::stage::{Stage, FEE, MAX_INPUT};
use defaas_cli::amount::DFS;
use defaas_system_tests::{cli, functions::account, Node};

/// A command that must fail.
pub struct Row {
    /// What is wrong; also the account that asks.
    pub name: &'static str,
    /// What that account has, in units.
    pub purse: u128,
    arguments: Vec<String>,
    exit: i32,
    says: &'static str,
}

/// All that can be wrong with what a user types.
pub fn rows(stage: &Stage) -> Vec<Row> {
    let open = stage.open.to_string();
    let call = |name, function: &str, more: &[&str], exit, says| Row {
        name,
        purse: DFS,
        arguments: ["call", function]
            .iter()
            .chain(more)
            .map(|text| (*text).into())
            .collect(),
        exit,
        says,
    };
    let long_path = format!("/{}", "a".repeat(256));
    let input = stage.node.home().path().join("long-input");
    std::fs::write(&input, vec![b'x'; MAX_INPUT as usize + 1]).unwrap();
    let input = input.to_str().unwrap();
    let poor = |name, purse, says| Row {
        purse,
        ..call(name, &open, &[], 4, says)
    };
    vec![
        call("types-unknown-id", "999999", &[], 8, "does not exist"),
        call(
            "types-unknown-name",
            "//Bob/nothing",
            &[],
            8,
            "does not exist",
        ),
        call(
            "types-unknown-alias",
            &open,
            &["--alias", "stable"],
            4,
            "defaas function show",
        ),
        call(
            "types-unknown-version",
            &open,
            &["--version", "2"],
            4,
            "defaas function show",
        ),
        call("types-no-name", "No_Name", &[], 2, "is not a name: 1 to 63"),
        call(
            "types-too-low-a-fee",
            &open,
            &["--max-fee", "0.1"],
            4,
            "more than --max-fee",
        ),
        call(
            "types-path-without-slash",
            &open,
            &["--path", "lines"],
            2,
            "it begins with /",
        ),
        call(
            "types-long-path",
            &open,
            &["--path", &long_path],
            2,
            "at most 256 characters",
        ),
        call(
            "types-missing-file",
            &open,
            &["--input", "/nonexistent/input"],
            6,
            "/nonexistent/input",
        ),
        call(
            "types-long-input",
            &open,
            &["--input", input],
            4,
            "takes 16",
        ),
        call(
            "is-not-the-owner",
            &stage.owners.to_string(),
            &[],
            4,
            "can let this account in with",
        ),
        call(
            "calls-paused",
            &stage.paused.to_string(),
            &[],
            4,
            "Call it later",
        ),
        call(
            "calls-retired",
            &stage.retired.to_string(),
            &[],
            4,
            "It will not be back",
        ),
        poor("has-nothing", 0, "defaas account show"),
        poor("has-less-than-the-price", FEE, "It needs at least"),
    ]
}

/// Runs the command of `row` and checks exit code and words.
///
/// # Panics
/// If it ends otherwise.
pub async fn assert_refused(node: &Node, row: &Row) {
    let arguments: Vec<&str> = row.arguments.iter().map(String::as_str).collect();
    let ended = cli::attempt(node, &account(row.name).0, &arguments).await;
    let complaint = ended.complaint();
    assert_eq!(ended.code, Some(row.exit), "{}: {complaint}", row.name);
    assert!(complaint.contains(row.says), "{}: {complaint}", row.name);
    assert!(ended.stdout.is_empty(), "{}: {ended:?}", row.name);
}
