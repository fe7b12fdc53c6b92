//! The genesis of the development chain.

use crate::binaries::binary;
use std::path::Path;
use tokio::{fs, process::Command, sync::OnceCell};

static SPECIFICATION: OnceCell<Vec<u8>> = OnceCell::const_new();

/// Writes the specification of the development chain to `file`, with its genesis as storage. It is
/// exported once: a node that has to build the genesis compiles the runtime for it, at each start.
///
/// # Panics
/// If the node cannot export it, or the file cannot be written.
pub async fn write(file: &Path) {
    let specification = SPECIFICATION.get_or_init(export).await;
    fs::write(file, specification)
        .await
        .expect("the folder of a test is its own");
}

async fn export() -> Vec<u8> {
    let exported = Command::new(binary("defaas-node"))
        .args(["export-chain-spec", "--chain", "dev", "--raw"])
        .kill_on_drop(true)
        .output()
        .await
        .expect("the node can be run");
    assert!(
        exported.status.success(),
        "{}",
        String::from_utf8_lossy(&exported.stderr)
    );
    exported.stdout
}
