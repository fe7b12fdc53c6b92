//! What the process and its compiler have given up. Where the kernel lacks a feature, there must be
//! a warning in its place.

use std::fs;
use std::os::unix::fs::{chown, symlink, MetadataExt, PermissionsExt};
use std::path::Path;
use std::process::Stdio;

use reqwest::Method;
use serde_json::json;

use crate::support::processes::{compiler_of, has_landlock, has_seccomp, statuses};
use crate::support::{deployment, modules, wait_until, write_secret, Place, Runtime};

/// No user of this machine.
const SOMEBODY: u32 = 60_600;

fn assert_confined(pid: u32) {
    let statuses = statuses(pid);
    assert!(!statuses.is_empty());
    let seccomp = if has_seccomp() { 2 } else { 0 };
    for status in statuses {
        assert!(status.contains("NoNewPrivs:\t1\n"), "{status}");
        assert!(
            status.contains(&format!("Seccomp:\t{seccomp}\n")),
            "{status}"
        );
    }
    let limits = fs::read_to_string(format!("/proc/{pid}/limits")).unwrap();
    let core = limits.lines().find(|line| line.starts_with("Max core"));
    let core: Vec<_> = core.unwrap().split_whitespace().collect();
    assert_eq!(core[4..6], ["0", "0"]);
}

#[tokio::test]
async fn every_thread_is_confined() {
    let runtime = Runtime::start().await;
    runtime.deploy("echo", modules::ECHO, json!({})).await;
    runtime.call("echo", "x").await.expect("success", 200);
    assert_confined(runtime.pid());
}

#[tokio::test]
async fn compiler_is_confined_and_inherits_no_descriptors_however_the_runtime_was_started() {
    let place = Place::new();
    fs::write(place.path("secret"), "of the parent").unwrap();
    let open = format!("exec 7<{0} 8>>{0}", place.path("secret").display());
    let command = place.shell_command(&open);
    let socket = place.path("socket");
    let runtime = Runtime::run(place, command, &socket).await;
    let digest = runtime.place.put(&modules::laborious());
    let body = deployment("f", &digest, json!({}));
    let deploying = runtime.request(Method::POST, "/system/functions");
    let deploying = tokio::spawn(deploying.json(&body).send());

    let compiler = compiler_of(runtime.pid()).await;
    let descriptors = || {
        let open = fs::read_dir(format!("/proc/{compiler}/fd")).unwrap();
        let mut names: Vec<_> = open.map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        names
    };
    // While it starts, it opens its libraries.
    wait_until(async || descriptors() == ["0", "1", "2"]).await;
    assert_confined(compiler);
    deploying.abort();
}

/// The folder of compiled code is replaced, after the start, by a link to another folder.
#[tokio::test]
async fn files_outside_its_folders_are_out_of_reach() {
    let runtime = Runtime::start().await;
    let (cache, outside) = (runtime.place.path("cache"), runtime.place.path("outside"));
    fs::create_dir(&outside).unwrap();
    fs::rename(&cache, runtime.place.path("moved")).unwrap();
    symlink(&outside, &cache).unwrap();
    runtime.deploy("echo", modules::ECHO, json!({})).await;
    assert_eq!(runtime.call("echo", "x").await.text(), "x");
    let written = fs::read_dir(&outside).unwrap().count();
    assert_eq!(written, if has_landlock() { 0 } else { 1 });
}

#[tokio::test]
async fn warnings_name_what_the_kernel_lacks_and_nothing_else() {
    let place = Place::new();
    let mut command = place.command(&["--log-level=warn"]);
    let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
    write_secret(&mut child).await;
    // Ends it as soon as it has started.
    drop(child.stdin.take());
    let output = child.wait_with_output().await.unwrap();
    assert!(output.status.success());
    let warnings = String::from_utf8(output.stderr).unwrap();
    assert_eq!(warnings.contains("landlock"), !has_landlock(), "{warnings}");
    assert_eq!(warnings.contains("seccomp"), !has_seccomp(), "{warnings}");
    let lacking = usize::from(!has_landlock()) + usize::from(!has_seccomp());
    assert_eq!(warnings.lines().count(), lacking, "{warnings}");
}

/// As the node does it when it is root: its folder is open to the user only for passing through, and
/// lies under folders that the user cannot enter.
#[tokio::test]
async fn other_user_serves_when_root_starts_it_and_nobody_else_can_ask_for_that() {
    let place = Place::new();
    let is_root = fs::metadata(place.root()).unwrap().uid() == 0;
    let option = format!("--uid={SOMEBODY}");
    if !is_root {
        let mut command = place.command(&[&option]);
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        write_secret(&mut child).await;
        let output = child.wait_with_output().await.unwrap();
        assert!(!output.status.success());
        assert!(String::from_utf8_lossy(&output.stderr).contains("root"));
        return;
    }
    for (folder, owner, mode) in [
        ("", 0, 0o710),
        ("code", 0, 0o750),
        ("run", SOMEBODY, 0o700),
        ("cache", SOMEBODY, 0o700),
        ("crashes", SOMEBODY, 0o700),
    ] {
        let folder = place.path(folder);
        fs::create_dir_all(&folder).unwrap();
        chown(&folder, Some(owner), Some(SOMEBODY)).unwrap();
        fs::set_permissions(&folder, fs::Permissions::from_mode(mode)).unwrap();
    }
    let command = place.relative_command(&[
        "--socket=run/socket",
        "--code-dir=code",
        "--cache-dir=cache",
        "--crash-dir=crashes",
        &option,
    ]);
    let runtime = Runtime::run(place, command, Path::new("run/socket")).await;
    let ids = format!("{SOMEBODY}\t{SOMEBODY}\t{SOMEBODY}\t{SOMEBODY}\n");
    for status in statuses(runtime.pid()) {
        assert!(status.contains(&format!("Uid:\t{ids}")), "{status}");
        assert!(status.contains(&format!("Gid:\t{ids}")), "{status}");
        assert!(status.contains("CapEff:\t0000000000000000\n"), "{status}");
    }
    // It can still start its compiler.
    runtime.deploy("echo", modules::ECHO, json!({})).await;
    assert_eq!(runtime.call("echo", "x").await.text(), "x");
}
