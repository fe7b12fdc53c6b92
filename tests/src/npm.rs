//! Packages of npm for tests that speak with the node as a wallet does.
//!
//! *A folder with a lock file* → `npm ci` into the folder of the build, once per lock file → *a folder of
//! its own for each test, with the scripts and the packages*. The checkout stays as it is.

use crate::samples::build_folder;
use std::{
    collections::hash_map::DefaultHasher,
    fs,
    hash::{Hash, Hasher},
    io,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    time::Duration,
};
use tempfile::TempDir;
use tokio::{process::Command, time::timeout};

/// Oldest release of Node.js that the packages run with.
const MIN_NODE: u32 = 18;
/// What decides which packages are installed.
const MANIFEST: [&str; 3] = ["package.json", "package-lock.json", ".npmrc"];
/// Longest run of a script.
const RUN_TIMEOUT: Duration = Duration::from_secs(180);
const PACKAGES: &str = "node_modules";

/// Scripts with the packages that they import.
pub struct Scripts(TempDir);

impl Scripts {
    /// Of the folder `source`, whose packages are installed if no test did so before.
    ///
    /// # Panics
    /// If Node.js or npm is missing or too old, or the packages are not to be had.
    pub async fn with_packages(source: &Path) -> Self {
        check_node().await;
        let cache = build_folder().join("npm");
        fs::create_dir_all(&cache).expect("the folder of the build can be written");
        let installed = cache.join(format!("{:016x}", fingerprint(source)));
        if !installed.is_dir() {
            install(source, &cache, &installed).await;
        }
        let folder = TempDir::new_in(&cache).expect("the folder of the build can be written");
        for file in fs::read_dir(source).expect("the scripts can be read") {
            let file = file.expect("the scripts can be read").path();
            if file.extension().is_some_and(|extension| extension == "mjs") {
                copy(&file, folder.path());
            }
        }
        // Scripts import from beside themselves.
        symlink(installed.join(PACKAGES), folder.path().join(PACKAGES)).expect("links can be made");
        Self(folder)
    }

    /// Runs a script and returns what it printed on standard output and on standard error.
    ///
    /// # Panics
    /// If it fails, with what it said, or does not end in time.
    pub async fn run(&self, script: &str, arguments: &[&str]) -> (String, String) {
        let run = Command::new("node")
            .arg(self.0.path().join(script))
            .args(arguments)
            // What Node.js says about itself differs by its release.
            .env("NODE_NO_WARNINGS", "1")
            .kill_on_drop(true)
            .output();
        let output = timeout(RUN_TIMEOUT, run)
            .await
            .unwrap_or_else(|_| panic!("node {script} {arguments:?} does not end"))
            .expect("node can be started");
        let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
        let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
        assert!(
            output.status.success(),
            "node {script} {arguments:?} ended with {}:\n{stdout}{stderr}",
            output.status,
        );
        (stdout, stderr)
    }
}

/// Another test may install the same at the same time: who is first gives it its name, the others
/// throw theirs away.
async fn install(source: &Path, cache: &Path, installed: &Path) {
    let folder = TempDir::new_in(cache).expect("the folder of the build can be written");
    for file in MANIFEST {
        copy(&source.join(file), folder.path());
    }
    let output = Command::new("npm")
        .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"])
        .current_dir(folder.path())
        .kill_on_drop(true)
        .output()
        .await
        .expect("npm can be started");
    assert!(
        output.status.success(),
        "npm ci for {} ended with {}; is the registry of your npm reachable?\n{}",
        source.display(),
        output.status,
        String::from_utf8_lossy(&output.stderr),
    );
    if let Err(error) = fs::rename(folder.path(), installed) {
        assert!(installed.is_dir(), "{}: {error}", installed.display());
    }
}

async fn check_node() {
    let advice =
        format!("tests with a wallet need Node.js {MIN_NODE} or later, and npm: ./dev install");
    for (program, oldest) in [("node", MIN_NODE), ("npm", 0)] {
        let version = version(program)
            .await
            .unwrap_or_else(|error| panic!("{program}: {error}; {advice}"));
        let major = version
            .trim_start_matches('v')
            .split('.')
            .next()
            .and_then(|major| major.parse::<u32>().ok());
        assert!(
            major.is_some_and(|major| major >= oldest),
            "{program} is of version {version:?}; {advice}",
        );
    }
}

async fn version(program: &str) -> io::Result<String> {
    let output = Command::new(program)
        .arg("--version")
        .kill_on_drop(true)
        .output()
        .await?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

fn fingerprint(source: &Path) -> u64 {
    let mut hasher = DefaultHasher::new();
    for file in MANIFEST {
        fs::read(source.join(file))
            .unwrap_or_else(|error| panic!("{file}: {error}"))
            .hash(&mut hasher);
    }
    hasher.finish()
}

fn copy(file: &Path, folder: &Path) {
    let name: PathBuf = file.file_name().expect("files have names").into();
    fs::copy(file, folder.join(name)).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
}
