//! The sample functions, as the workspace in `examples/` builds them.
//!
//! Each is built twice from the same source: as the WebAssembly command that is published, and as a
//! program of this machine, which says what the command must answer.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
};
use tokio::process::Command;

/// Folder of `examples/` within that of the build.
const FOLDER: &str = "examples";

/// Folder of all build products: that of the running test's own executable is `release/deps` in it.
///
/// # Panics
/// If the test was not built by cargo.
pub fn build_folder() -> PathBuf {
    let test = std::env::current_exe().expect("a running test has an executable");
    let folder = test
        .ancestors()
        .nth(3)
        .expect("tests lie in <profile>/deps");
    folder.to_owned()
}

fn built(path: &str) -> PathBuf {
    let folder = build_folder().join(FOLDER);
    let path = folder.join(path);
    assert!(
        path.is_file(),
        "{} is missing: build the samples first, with ./dev test, or in examples/ with \
         CARGO_TARGET_DIR={folder} cargo build --release --locked and again with --target wasm32-wasip1",
        path.display(),
        folder = folder.display(),
    );
    path
}

/// WebAssembly of the sample `name`.
///
/// # Panics
/// If it was not built.
pub fn code(name: &str) -> PathBuf {
    built(&format!("wasm32-wasip1/release/{name}.wasm"))
}

/// A file of `examples/inputs`.
pub fn input(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../examples/inputs")
        .join(name)
}

/// What the sample `name` answers when it is run directly on this machine.
///
/// # Panics
/// If it was not built, or fails.
pub async fn run(name: &str, query: &str, input: &Path) -> Vec<u8> {
    let input = std::fs::File::open(input).expect("the input can be read");
    let output = Command::new(built(&format!("release/{name}")))
        .env_clear()
        .env("Http_Query", query)
        .stdin(Stdio::from(input))
        .kill_on_drop(true)
        .output()
        .await
        .expect("the sample can be started");
    assert!(
        output.status.success(),
        "{name} ended with {}:\n{}",
        output.status,
        String::from_utf8_lossy(&output.stderr),
    );
    output.stdout
}
