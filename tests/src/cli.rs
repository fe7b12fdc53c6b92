//! The command line client, as a user runs it.

use crate::{binaries::binary, Node};
use serde_json::Value;
use tokio::process::Command;

/// How a run of `defaas` ended.
#[derive(Debug)]
pub struct Ended {
    /// Its exit code; `None` if a signal ended it.
    pub code: Option<i32>,
    /// What it printed to standard output.
    pub stdout: Vec<u8>,
    /// What it printed to standard error.
    pub stderr: String,
}

impl Ended {
    /// The result: the JSON value on standard output.
    ///
    /// # Panics
    /// If there is none.
    pub fn result(&self) -> Value {
        serde_json::from_slice(&self.stdout).unwrap_or_else(|error| {
            panic!(
                "no JSON on standard output ({error}):\n{}\n{}",
                String::from_utf8_lossy(&self.stdout),
                self.stderr,
            )
        })
    }

    /// What it says went wrong, and what to do about it.
    pub fn complaint(&self) -> String {
        let json: Value = serde_json::from_str(self.stderr.trim()).unwrap_or_default();
        match json["error"].as_str() {
            Some(error) => format!("{error}\n{}", json["hint"].as_str().unwrap_or_default()),
            // The command line itself is refused in plain text.
            None => self.stderr.clone(),
        }
    }
}

/// Runs `defaas` against `node` in the name of `account`, and returns the JSON it prints.
///
/// # Panics
/// If it fails, with what it said.
pub async fn run(node: &Node, account: &str, arguments: &[&str]) -> Value {
    let ended = attempt(node, account, arguments).await;
    assert!(
        ended.code == Some(0),
        "defaas {arguments:?} ended with {:?}:\n{}",
        ended.code,
        ended.stderr,
    );
    ended.result()
}

/// Runs `defaas` against `node` in the name of `account` to its end, whatever that is.
///
/// # Panics
/// If it cannot be started.
pub async fn attempt(node: &Node, account: &str, arguments: &[&str]) -> Ended {
    let mut command = Command::new(binary("defaas"));
    if let Some(store) = node.store() {
        command.env("DEFAAS_STORE", store);
        command.env("DEFAAS_STORE_TOKEN", node.upload_token());
    }
    let output = command
        .args(["--json", "--node", node.url(), "--account", account])
        .args(arguments)
        .kill_on_drop(true)
        .output()
        .await
        .expect("defaas can be started");
    Ended {
        code: output.status.code(),
        stdout: output.stdout,
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}
