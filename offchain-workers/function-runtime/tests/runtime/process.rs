//! The life of the process.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::process::Stdio;

use defaas_function_runtime::BUILD_ID;
use reqwest::Method;
use serde_json::json;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;
use tokio::task::JoinHandle;

use crate::support::processes::{compiler_of, state};
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
async fn calls_whose_client_is_gone_end_in_order_with_the_process() {
    const SLEEPING: usize = 64;
    const SPINNING: usize = 8;
    // Whether a call or the process ends first is a matter of chance, so this is tried some times.
    for _ in 0..8 {
        let place = Place::new();
        let mut command = place.command(&["--max-concurrency=72", "--memory-pool=16Gi"]);
        command.stderr(Stdio::piped());
        let socket = place.path("socket");
        let mut runtime = Runtime::run(place, command, &socket).await;
        let long = annotated(&[("timeout-ms", "300000")]);
        runtime.deploy("sleep", modules::SLEEP, long.clone()).await;
        runtime.deploy("spin", modules::SPIN, long).await;
        let begin = |path: &'static str| tokio::spawn(runtime.request(Method::POST, path).send());
        let mut calls: Vec<_> = (0..SLEEPING).map(|_| begin("/function/sleep")).collect();
        runtime.wait_for_calls("sleep", SLEEPING as u64).await;
        calls.extend((0..SPINNING).map(|_| begin("/function/spin")));
        runtime.wait_for_calls("spin", SPINNING as u64).await;

        // As when a node is killed: its connections and standard input end at once.
        calls.iter().for_each(JoinHandle::abort);
        drop(runtime.child.stdin.take());
        let output = runtime.child.wait_with_output();
        let output = tokio::time::timeout(PATIENCE, output).await.unwrap();
        let output = output.unwrap();
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{}: {told}", output.status);
        assert!(!told.contains("panicked"), "{told}");
        // The calls ended within the grace time.
        assert!(!told.contains("given up"), "{told}");
    }
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
    let compiler = compiler_of(pid).await;
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
