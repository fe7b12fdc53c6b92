//! The life of the process.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::process::Stdio;

use defaas_function_runtime::BUILD_ID;
use reqwest::Method;
use serde_json::json;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;

use crate::support::{
    annotated, modules, wait_until, write_secret, Place, Reply, Runtime, BINARY, PASSWORD,
    PATIENCE, USER,
};

#[tokio::test]
async fn end_of_standard_input_ends_the_process_and_interrupts_calls() {
    let mut runtime = Runtime::start().await;
    let long = annotated(&[("timeout-ms", "300000")]);
    runtime.deploy("spin", modules::SPIN, long).await;
    let request = runtime.request(Method::POST, "/function/spin");
    let spinning = tokio::spawn(Reply::of(request));
    runtime.wait_for_calls("spin", 1).await;
    drop(runtime.child.stdin.take());
    spinning
        .await
        .unwrap()
        .expect("provider-failed-interrupted", 503);
    let status = tokio::time::timeout(PATIENCE, runtime.child.wait())
        .await
        .unwrap()
        .unwrap();
    assert!(status.success(), "{status}");
    assert!(!runtime.place.path("socket").exists());
}

#[tokio::test]
async fn process_that_is_killed_leaves_no_compiler() {
    let runtime = Runtime::start().await;
    let digest = runtime.place.put(&modules::laborious());
    let body = crate::support::deployment("f", &digest, json!({}));
    let request = runtime
        .request(Method::POST, "/system/functions")
        .json(&body);
    let deploying = tokio::spawn(request.send());
    let pid = runtime.child.id().unwrap();
    let mut compiler = None;
    wait_until(async || {
        compiler = child_of(pid);
        compiler.is_some()
    })
    .await;
    let compiler = compiler.unwrap();
    let mut runtime = runtime;
    runtime.child.kill().await.unwrap();
    assert!(deploying.await.unwrap().is_err());
    // Gone, or a zombie that nobody has waited for yet.
    wait_until(async || state(compiler).is_none_or(|state| state == 'Z')).await;
}

#[tokio::test]
async fn wrong_or_missing_secret_ends_the_start() {
    for secret in ["", "short\n", "without an end"] {
        let place = Place::new();
        let mut child = place.command(&[]).stderr(Stdio::piped()).spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        tokio::io::AsyncWriteExt::write_all(&mut stdin, secret.as_bytes())
            .await
            .unwrap();
        drop(stdin);
        let output = tokio::time::timeout(PATIENCE, child.wait_with_output())
            .await
            .unwrap();
        let output = output.unwrap();
        assert!(!output.status.success(), "{secret:?}");
        assert!(
            String::from_utf8_lossy(&output.stderr).contains("secret"),
            "{secret:?}"
        );
    }
}

#[tokio::test]
async fn socket_is_closed_to_others_and_its_folder_must_be_too() {
    let runtime = Runtime::start().await;
    let mode = fs::metadata(runtime.place.path("socket")).unwrap().mode();
    assert_eq!(mode & 0o777, 0o600);

    let place = Place::new();
    let folder = place.path("socket").parent().unwrap().to_owned();
    fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).unwrap();
    let mut child = place.command(&[]).stderr(Stdio::piped()).spawn().unwrap();
    write_secret(&mut child).await;
    let output = child.wait_with_output().await.unwrap();
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("0700"));
}

#[tokio::test]
async fn tcp_address_is_announced_and_served_when_given() {
    let place = Place::new();
    let mut child = place.command(&["--listen=127.0.0.1:0"]).spawn().unwrap();
    write_secret(&mut child).await;
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    lines.next_line().await.unwrap().unwrap();
    let second = lines.next_line().await.unwrap().unwrap();
    let url = second.strip_prefix("ready ").unwrap();
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let info = http
        .get(format!("{url}/system/info"))
        .basic_auth(USER, Some(PASSWORD));
    assert_eq!(
        Reply::of(info).await.json()["provider"]["orchestration"],
        "wasmtime"
    );
}

#[tokio::test]
async fn build_id_of_binary_and_library_are_the_same() {
    let output = Command::new(BINARY)
        .arg("--build-id")
        .output()
        .await
        .unwrap();
    assert_eq!(
        String::from_utf8(output.stdout).unwrap(),
        format!("{BUILD_ID}\n")
    );
}

#[tokio::test]
async fn privileges_are_given_up() {
    let runtime = Runtime::start().await;
    let status = fs::read_to_string(format!("/proc/{}/status", runtime.child.id().unwrap()));
    let status = status.unwrap();
    assert!(status.contains("NoNewPrivs:\t1"), "{status}");
}

#[tokio::test]
async fn other_user_serves_when_root_starts_it_and_nobody_else_can_ask_for_that() {
    const NOBODY: u32 = 65_534;
    let place = Place::new();
    let is_root = fs::metadata(place.path("code")).unwrap().uid() == 0;
    let option = format!("--uid={NOBODY}");
    if !is_root {
        let mut child = place
            .command(&[&option])
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        write_secret(&mut child).await;
        let output = child.wait_with_output().await.unwrap();
        assert!(!output.status.success());
        assert!(String::from_utf8_lossy(&output.stderr).contains("root"));
        return;
    }
    let folder = place.path("code").parent().unwrap().to_owned();
    std::os::unix::fs::chown(&folder, Some(NOBODY), Some(NOBODY)).unwrap();
    let runtime = Runtime::start_in(place, &[&option]).await;
    let status = fs::read_to_string(format!("/proc/{}/status", runtime.child.id().unwrap()));
    let status = status.unwrap();
    let expected = format!("Uid:\t{NOBODY}\t{NOBODY}\t{NOBODY}\t{NOBODY}");
    assert!(status.contains(&expected), "{status}");
    // It can still start its compiler.
    runtime.deploy("echo", modules::ECHO, json!({})).await;
    assert_eq!(runtime.call("echo", "x").await.text(), "x");
}

/// A compiler that this process has started.
fn child_of(parent: u32) -> Option<u32> {
    fs::read_dir("/proc").unwrap().find_map(|entry| {
        let pid: u32 = entry.ok()?.file_name().to_str()?.parse().ok()?;
        let command = fs::read_to_string(format!("/proc/{pid}/cmdline")).ok()?;
        let (_, after) = stat(pid)?;
        let its_parent: u32 = after.split(' ').nth(1)?.parse().ok()?;
        (its_parent == parent && command.contains("compile")).then_some(pid)
    })
}

fn state(pid: u32) -> Option<char> {
    stat(pid).map(|(state, _)| state)
}

/// State and what follows the name in `/proc/PID/stat`.
fn stat(pid: u32) -> Option<(char, String)> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, after) = stat.rsplit_once(") ")?;
    Some((after.chars().next()?, after.to_owned()))
}
