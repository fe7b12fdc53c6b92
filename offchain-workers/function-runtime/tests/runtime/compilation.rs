//! Compilation in its own process, and the cache of its results.

use std::fs;
use std::time::Instant;

use defaas_function_runtime::CompileLimits;
use reqwest::Method;
use rustix::process::{kill_process, Pid, Signal};
use serde_json::json;
use tokio::task::JoinHandle;

use crate::support::processes::compiler_of;
use crate::support::{deployment, modules, Place, Reply, Runtime};

/// The compiler gets the processor time that it may take, whatever the tests beside it take.
const PATIENT: &str = "--compile-wall-factor=60";

#[tokio::test]
async fn short_code_that_takes_long_to_compile_is_invalid_and_holds_the_others_up_for_seconds() {
    let runtime = Runtime::start().await;
    let digest = runtime.place.put(&modules::bomb(3_000));
    let begin = Instant::now();
    let refused = runtime.try_deploy("f", &digest, json!({})).await;
    let took = begin.elapsed();
    let refused = refused.expect("provider-failed-invalid-code", 400);
    assert!(
        refused.text().contains("5 s of processor time"),
        "{}",
        refused.text()
    );
    assert!(took < CompileLimits::default().wall(1), "{took:?}");
    // The next one is served as if nothing had been.
    runtime.deploy("echo", modules::ECHO, json!({})).await;
    assert_eq!(runtime.call("echo", "x").await.text(), "x");
}

#[tokio::test]
async fn code_may_take_processor_time_in_proportion_to_its_length() {
    // 31 KiB, which take several seconds.
    let module = modules::bomb(2_000);
    let try_at = async |rate| {
        let runtime = Runtime::start_with(&["--compile-base-seconds=1", PATIENT, rate]).await;
        let digest = runtime.place.put(&module);
        runtime.try_deploy("f", &digest, json!({})).await
    };
    let refused = try_at("--compile-rate=32Ki").await;
    let refused = refused.expect("provider-failed-invalid-code", 400);
    assert!(refused.text().contains("1 s of processor time"));
    let deployed = try_at("--compile-rate=1Ki").await;
    assert_eq!(deployed.status, 200, "{}", deployed.text());
}

#[tokio::test]
async fn compiler_that_gets_no_processor_time_is_an_overload_and_not_the_fault_of_the_code() {
    let options = ["--compile-base-seconds=1", "--compile-wall-factor=1"];
    let runtime = Runtime::start_with(&options).await;
    let digest = runtime.place.put(&modules::bomb(3_000));
    let stop = stopped_compiler_of(&runtime);
    let (refused, _) = tokio::join!(runtime.try_deploy("f", &digest, json!({})), stop);
    let refused = refused.expect("provider-failed-overloaded", 429);
    assert!(refused.text().contains("busy"), "{}", refused.text());
    runtime.deploy("echo", modules::ECHO, json!({})).await;
    assert_eq!(runtime.call("echo", "x").await.text(), "x");
}

#[tokio::test]
async fn code_that_is_compiled_does_not_wait_for_a_compilation() {
    let runtime = Runtime::start().await;
    runtime.deploy("echo", modules::ECHO, json!({})).await;
    // Only the cache knows it after this.
    let place = runtime.stop().await;
    let runtime = Runtime::start_in(place, &[]).await;

    echo_is_served_beside_a_compilation_of(&runtime, &modules::bomb(3_000)).await;
}

#[tokio::test]
async fn short_module_does_not_wait_for_a_long_one() {
    let runtime = Runtime::start().await;
    let long = modules::laborious();
    assert!(long.len() > 1 << 20);
    echo_is_served_beside_a_compilation_of(&runtime, &long).await;
}

#[tokio::test]
async fn code_that_does_not_compile_is_not_compiled_again_for_a_while() {
    let runtime = Runtime::start_with(&["--compile-base-seconds=1", PATIENT]).await;
    let digest = runtime.place.put(&modules::bomb(3_000));
    let refuse = async || {
        let refused = runtime.try_deploy("f", &digest, json!({})).await;
        let refused = refused.expect("provider-failed-invalid-code", 400);
        assert!(
            refused.text().contains("1 s of processor time"),
            "{}",
            refused.text()
        );
    };
    refuse().await;
    // Without the module no compiler could say it.
    fs::remove_file(runtime.place.path("code").join(&digest)).unwrap();
    refuse().await;
}

#[tokio::test]
async fn compiler_that_is_killed_is_an_overload_and_not_the_fault_of_the_code() {
    let runtime = Runtime::start().await;
    let digest = runtime.place.put(&modules::bomb(3_000));
    let kill = async {
        let compiler = compiler_of(runtime.pid()).await;
        let compiler = Pid::from_raw(compiler.try_into().unwrap()).unwrap();
        kill_process(compiler, Signal::KILL).unwrap();
    };
    let (refused, ()) = tokio::join!(runtime.try_deploy("f", &digest, json!({})), kill);
    let refused = refused.expect("provider-failed-overloaded", 429);
    assert!(refused.text().contains("outside"), "{}", refused.text());
}

#[tokio::test]
async fn code_that_takes_too_much_memory_to_compile_is_invalid() {
    let options = ["--compile-address-space=256Mi"];
    let runtime = Runtime::start_with(&options).await;
    let digest = runtime.place.put(&modules::greedy());
    let refused = runtime.try_deploy("f", &digest, json!({})).await;
    let refused = refused.expect("provider-failed-invalid-code", 400);
    assert!(refused.text().contains("memory"), "{}", refused.text());
    // The bound is one of the code, not of the runtime.
    runtime.deploy("echo", modules::ECHO, json!({})).await;
    assert_eq!(runtime.call("echo", "x").await.text(), "x");
}

#[tokio::test]
async fn second_start_takes_compiled_code_from_the_cache() {
    let runtime = Runtime::start().await;
    let digest = runtime.place.put_wat(modules::ECHO);
    assert_eq!(
        runtime.try_deploy("echo", &digest, json!({})).await.status,
        200
    );
    let place = runtime.stop().await;
    assert_eq!(place.compiled().len(), 1);

    // Without the module, only the cache can give the code.
    fs::remove_file(place.path("code").join(&digest)).unwrap();
    let runtime = Runtime::start_in(place, &[]).await;
    assert_eq!(
        runtime.try_deploy("echo", &digest, json!({})).await.status,
        200
    );
    assert_eq!(runtime.call("echo", "x").await.text(), "x");
}

#[tokio::test]
async fn changed_cache_entry_is_refused_and_compiled_anew() {
    let runtime = Runtime::start().await;
    let digest = runtime.place.put_wat(modules::ECHO);
    assert_eq!(
        runtime.try_deploy("echo", &digest, json!({})).await.status,
        200
    );
    let place = runtime.stop().await;
    let entry = place.compiled().remove(0);
    let original = fs::read(&entry).unwrap();
    let mut changed = original.clone();
    let middle = changed.len() / 2;
    changed[middle] ^= 1;
    fs::write(&entry, &changed).unwrap();

    let runtime = Runtime::start_in(place, &[]).await;
    assert_eq!(
        runtime.try_deploy("echo", &digest, json!({})).await.status,
        200
    );
    assert_eq!(runtime.call("echo", "x").await.text(), "x");
    assert_ne!(fs::read(&entry).unwrap(), changed);
}

#[tokio::test]
async fn entry_of_another_installation_is_not_used() {
    let runtime = Runtime::start().await;
    let digest = runtime.place.put_wat(modules::ECHO);
    assert_eq!(
        runtime.try_deploy("echo", &digest, json!({})).await.status,
        200
    );
    let foreign = runtime.stop().await;

    let runtime = Runtime::start_in(Place::new(), &[]).await;
    let entry = foreign.compiled().remove(0);
    fs::copy(
        &entry,
        runtime.place.path("cache").join(entry.file_name().unwrap()),
    )
    .unwrap();
    let refused = runtime.try_deploy("echo", &digest, json!({})).await;
    refused.expect("provider-failed-code-unavailable", 400);
}

#[tokio::test]
async fn deployments_of_the_same_code_at_once_compile_it_once() {
    let runtime = Runtime::start().await;
    let digest = runtime.place.put_wat(modules::ECHO);
    let names: Vec<_> = (0..8).map(|number| format!("f{number}")).collect();
    let deployed = names
        .iter()
        .map(|name| runtime.try_deploy(name, &digest, json!({})));
    for reply in futures::future::join_all(deployed).await {
        assert_eq!(reply.status, 200, "{}", reply.text());
    }
    assert_eq!(runtime.place.compiled().len(), 1);
}

/// Deploys and calls a short function while the compiler of `module` stands still.
async fn echo_is_served_beside_a_compilation_of(runtime: &Runtime, module: &[u8]) {
    let deploying = deploy_aside(runtime, module);
    let compiler = stopped_compiler_of(runtime).await;
    runtime.deploy("echo", modules::ECHO, json!({})).await;
    assert_eq!(runtime.call("echo", "x").await.text(), "x");
    assert!(!deploying.is_finished());
    kill_process(compiler, Signal::KILL).unwrap();
    let refused = deploying.await.unwrap();
    refused.expect("provider-failed-overloaded", 429);
}

/// Deploys a module without waiting for it.
fn deploy_aside(runtime: &Runtime, module: &[u8]) -> JoinHandle<Reply> {
    let digest = runtime.place.put(module);
    let body = deployment("aside", &digest, json!({}));
    let request = runtime.request(Method::POST, "/system/functions");
    tokio::spawn(Reply::of(request.json(&body)))
}

/// The compiler at work, made to stand still.
async fn stopped_compiler_of(runtime: &Runtime) -> Pid {
    let compiler = compiler_of(runtime.pid()).await;
    let compiler = Pid::from_raw(compiler.try_into().unwrap()).unwrap();
    kill_process(compiler, Signal::STOP).unwrap();
    compiler
}
