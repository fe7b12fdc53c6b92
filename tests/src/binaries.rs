//! Where the build put the binaries under test.

use std::path::PathBuf;

/// Path of a binary of this workspace: beside the folder of the running test's own executable.
///
/// # Panics
/// If it was not built. `cargo test --workspace` builds it; `cargo test -p` of this crate alone does
/// not.
pub fn binary(name: &str) -> PathBuf {
    let test = std::env::current_exe().expect("a running test has an executable");
    let profile = test
        .ancestors()
        .nth(2)
        .expect("tests lie in <profile>/deps");
    let path = profile.join(name);
    assert!(
        path.is_file(),
        "{} is missing: build the whole workspace first, with cargo build --release --workspace",
        path.display(),
    );
    path
}
