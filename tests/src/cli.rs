//! The command line client, as a user runs it.

use crate::{binaries::binary, Node};
use serde_json::Value;
use tokio::process::Command;

/// Runs `defaas` against `node` in the name of `account`, and returns the JSON it prints.
///
/// # Panics
/// If it fails, with what it said.
pub async fn run(node: &Node, account: &str, arguments: &[&str]) -> Value {
    let output = Command::new(binary("defaas"))
        .args(["--json", "--node", node.url(), "--account", account])
        .args(arguments)
        .env("DEFAAS_STORE", node.upload_url())
        .env("DEFAAS_STORE_TOKEN", node.upload_token())
        .kill_on_drop(true)
        .output()
        .await
        .expect("defaas can be started");
    assert!(
        output.status.success(),
        "defaas {arguments:?} ended with {}:\n{}",
        output.status,
        String::from_utf8_lossy(&output.stderr),
    );
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| {
        panic!(
            "defaas {arguments:?} printed no JSON ({error}):\n{}",
            String::from_utf8_lossy(&output.stdout),
        )
    })
}
