//! The binary, where its output goes: a full disk, closed pipes, and programs that read JSON.

use serde_json::Value;
use std::{
    fs::OpenOptions,
    path::Path,
    process::{Command, Output, Stdio},
};

/// Nobody listens there.
const NOWHERE: &str = "ws://127.0.0.1:9";

fn defaas(words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_defaas"));
    command
        .args(words)
        .env_remove("DEFAAS_ACCOUNT")
        .env_remove("DEFAAS_KEYS")
        .env_remove("DEFAAS_NODE")
        .env_remove("DEFAAS_STORE")
        .env_remove("DEFAAS_STORE_TOKEN");
    command
}

fn full() -> Stdio {
    let full = Path::new("/dev/full");
    OpenOptions::new().write(true).open(full).unwrap().into()
}

fn error(ended: &Output) -> Value {
    serde_json::from_slice(&ended.stderr)
        .unwrap_or_else(|_| panic!("no JSON: {}", String::from_utf8_lossy(&ended.stderr)))
}

#[test]
fn a_result_that_cannot_be_written_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let keys = folder.path().to_str().unwrap();
    let list = ["--json", "--keys", keys, "account", "list"];
    let ended = defaas(&list).output().unwrap();
    assert_eq!(ended.status.code(), Some(0), "{ended:?}");
    assert_eq!(ended.stdout, b"[]\n");

    let ended = defaas(&list).stdout(full()).output().unwrap();
    assert_eq!(ended.status.code(), Some(6), "{ended:?}");
    let error = error(&ended);
    assert!(error["error"].as_str().unwrap().contains("standard output"));
    assert_eq!(error["exit_code"], 6);
}

#[test]
fn a_reader_that_has_seen_enough_is_no_error() {
    let folder = tempfile::tempdir().unwrap();
    let keys = folder.path().to_str().unwrap();
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let status = defaas(&["--keys", keys, "account", "list"])
        .stdout(writer)
        .status()
        .unwrap();
    assert_eq!(status.code(), Some(0));
}

#[test]
fn an_error_that_nobody_reads_keeps_its_exit_code() {
    for words in [
        &["--node", NOWHERE, "function", "list"][..],
        &["--json", "--node", NOWHERE, "function", "list"],
    ] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let status = defaas(words).stderr(writer).status().unwrap();
        assert_eq!(status.code(), Some(3), "{words:?}");
    }
}

#[test]
fn a_refused_command_line_is_json_for_those_who_ask_for_it() {
    for (words, says) in [
        (
            &["--json", "call", "f", "--path", "lines"][..],
            "begins with /",
        ),
        (&["account", "send", "A", "much", "--json"], "much"),
        (&["--json", "publish", "f.wasm"], "--name"),
        (&["--json"], "no command"),
    ] {
        let ended = defaas(words).output().unwrap();
        assert_eq!(ended.status.code(), Some(2), "{words:?}");
        assert!(ended.stdout.is_empty(), "{words:?}");
        let error = error(&ended);
        assert!(error["error"].as_str().unwrap().contains(says), "{error}");
        assert_eq!(error["exit_code"], 2);
    }
}

#[test]
fn help_is_no_error_and_text_is_for_people() {
    let ended = defaas(&["--json", "--help"]).output().unwrap();
    assert_eq!(ended.status.code(), Some(0));
    assert!(String::from_utf8_lossy(&ended.stdout).contains("Usage"));
    let ended = defaas(&["dance"]).output().unwrap();
    assert_eq!(ended.status.code(), Some(2));
    assert!(ended.stderr.starts_with(b"error: "));
}
