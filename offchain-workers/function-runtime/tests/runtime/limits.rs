//! Functions that take more than they may, and more calls than there are places.

use std::fs;
use std::path::Path;
use std::time::Duration;

use reqwest::Method;
use serde_json::json;

use crate::support::{annotated, modules, wait_until, Reply, Runtime};

#[tokio::test]
async fn endless_computation_ends_at_the_time_out() {
    let runtime = Runtime::start().await;
    let limited = annotated(&[("timeout-ms", "300")]);
    runtime.deploy("spin", modules::SPIN, limited).await;
    let reply = runtime.call("spin", "").await.expect("limit-timeout", 504);
    assert_eq!(reply.header("x-openfaas-internal"), Some("of-watchdog"));
    let duration: f64 = reply.header("x-duration-seconds").unwrap().parse().unwrap();
    assert!(duration >= 0.3, "{duration}");
}

#[tokio::test]
async fn sleep_ends_at_the_time_out_too() {
    let runtime = Runtime::start().await;
    let limited = annotated(&[("timeout-ms", "300")]);
    runtime.deploy("sleep", modules::SLEEP, limited).await;
    runtime.call("sleep", "").await.expect("limit-timeout", 504);
}

#[tokio::test]
async fn refused_memory_is_the_reason_only_of_a_failure() {
    let runtime = Runtime::start().await;
    let limits = json!({"limits": {"memory": "8Mi"}});
    runtime.deploy("grow", modules::GROW, limits.clone()).await;
    runtime.call("grow", "").await.expect("limit-memory", 500);
    runtime
        .deploy("content", modules::GROW_AND_BE_CONTENT, limits)
        .await;
    runtime.call("content", "").await.expect("success", 200);
    // Within its limit a trap is the function's own failure.
    runtime.deploy("trap", modules::TRAP, json!({})).await;
    runtime
        .call("trap", "")
        .await
        .expect("function-failed", 500);
}

#[tokio::test]
async fn output_beyond_its_limit_ends_the_call() {
    let runtime = Runtime::start().await;
    let limited = annotated(&[("max-output-bytes", "100000")]);
    runtime
        .deploy("flood", &modules::flood(1, "0123456789abcdef"), limited)
        .await;
    runtime.call("flood", "").await.expect("limit-output", 500);
    // Standard error has no limit but the time; only its end is kept.
    let timed = annotated(&[("timeout-ms", "300")]);
    runtime
        .deploy("babble", &modules::flood(2, "0123456789abcdef"), timed)
        .await;
    runtime
        .call("babble", "")
        .await
        .expect("limit-timeout", 504);
}

#[tokio::test]
async fn output_of_exactly_its_limit_is_success() {
    let runtime = Runtime::start().await;
    let limited = annotated(&[("max-output-bytes", "5")]);
    runtime.deploy("echo", modules::ECHO, limited).await;
    runtime.call("echo", "hello").await.expect("success", 200);
    runtime
        .call("echo", "hello!")
        .await
        .expect("limit-output", 500);
}

#[tokio::test]
async fn calls_beyond_the_places_are_refused_and_a_client_that_hangs_up_frees_its_place() {
    let place = crate::support::Place::new();
    let in_flight = place.path("crashes").join("in-flight");
    let options = ["--max-concurrency=1", "--max-queue=0"];
    let runtime = Runtime::start_in(place, &options).await;
    let long = annotated(&[("timeout-ms", "300000")]);
    runtime.deploy("spin", modules::SPIN, long).await;
    runtime.deploy("echo", modules::ECHO, json!({})).await;

    let request = runtime.request(Method::POST, "/function/spin");
    let spinning = tokio::spawn(request.send());
    runtime.wait_for_calls("spin", 1).await;
    let reply = runtime
        .call("echo", "x")
        .await
        .expect("provider-failed-overloaded", 429);
    assert_eq!(reply.header("x-openfaas-internal"), Some("faas-middleware"));
    // Also to a client that is still sending its input.
    for _ in 0..16 {
        let reply = runtime.call("echo", vec![b'x'; 1 << 20]).await;
        reply.expect("provider-failed-overloaded", 429);
    }
    let health = Reply::of(runtime.anonymous(Method::GET, "/healthz")).await;
    assert_eq!(health.status, 200);
    let image = runtime.get("/system/function/spin").await.json()["image"].clone();
    let digest = image
        .as_str()
        .unwrap()
        .strip_prefix("wasm/")
        .unwrap()
        .to_owned();
    assert_eq!(noted(&in_flight), [digest]);

    spinning.abort();
    wait_until(async || runtime.call("echo", "x").await.outcome() == "success").await;
    assert_eq!(noted(&in_flight), [""; 0]);
}

/// The code in flight.
fn noted(path: &Path) -> Vec<String> {
    let text = fs::read_to_string(path).unwrap();
    let lines = text.lines().skip(1).filter(|line| !line.starts_with('-'));
    lines.map(str::to_owned).collect()
}

#[tokio::test]
async fn calls_wait_in_the_queue_for_a_place() {
    let options = [
        "--max-concurrency=1",
        "--max-queue=8",
        "--queue-wait-ms=60000",
    ];
    let runtime = Runtime::start_with(&options).await;
    runtime.deploy("echo", modules::ECHO, json!({})).await;
    let calls = (0..8).map(|number| runtime.call("echo", number.to_string()));
    for (number, reply) in futures::future::join_all(calls)
        .await
        .into_iter()
        .enumerate()
    {
        assert_eq!(reply.expect("success", 200).text(), number.to_string());
    }
}

#[tokio::test]
async fn memory_limits_of_all_calls_stay_within_the_pool() {
    let options = ["--max-concurrency=4", "--max-queue=0", "--memory-pool=64Mi"];
    let runtime = Runtime::start_with(&options).await;
    let mut long = annotated(&[("timeout-ms", "300000")]);
    long["limits"] = json!({"memory": "48Mi"});
    runtime.deploy("spin", modules::SPIN, long).await;
    runtime
        .deploy(
            "large",
            modules::ECHO,
            json!({"limits": {"memory": "32Mi"}}),
        )
        .await;
    runtime
        .deploy(
            "small",
            modules::ECHO,
            json!({"limits": {"memory": "16Mi"}}),
        )
        .await;
    let spinning = tokio::spawn(runtime.request(Method::POST, "/function/spin").send());
    runtime.wait_for_calls("spin", 1).await;
    runtime
        .call("large", "x")
        .await
        .expect("provider-failed-overloaded", 429);
    runtime.call("small", "x").await.expect("success", 200);
    spinning.abort();

    let beyond = json!({"limits": {"memory": "65Mi"}});
    let digest = runtime.place.put_wat(modules::ECHO);
    let refused = runtime.try_deploy("huge", &digest, beyond).await;
    refused.expect("provider-failed-unsupported", 400);
}

#[tokio::test]
async fn pool_that_is_the_sum_of_all_limits_takes_as_many_calls_as_there_are_places() {
    // No queue: a call that would have to wait is refused.
    let options = ["--max-concurrency=16", "--max-queue=0", "--memory-pool=2Gi"];
    let runtime = Runtime::start_with(&options).await;
    let mut limits = annotated(&[("timeout-ms", "300000")]);
    limits["limits"] = json!({"memory": "128Mi"});
    runtime.deploy("sleep", modules::SLEEP, limits).await;
    runtime.deploy("echo", modules::ECHO, json!({})).await;
    let call = || tokio::spawn(runtime.request(Method::POST, "/function/sleep").send());
    let calls: Vec<_> = (0..16).map(|_| call()).collect();
    runtime.wait_for_calls("sleep", 16).await;
    assert!(calls.iter().all(|call| !call.is_finished()));
    // Now there is no place for one more.
    let refused = runtime.call("echo", "x").await;
    refused.expect("provider-failed-overloaded", 429);
    calls.iter().for_each(|call| call.abort());
}

#[tokio::test]
async fn all_places_compute_at_once_and_the_server_still_answers() {
    let runtime = Runtime::start_with(&["--max-concurrency=8"]).await;
    let limited = annotated(&[("timeout-ms", "2000")]);
    runtime.deploy("spin", modules::SPIN, limited).await;
    let calls = (0..8).map(|_| runtime.call("spin", ""));
    let spinning = futures::future::join_all(calls);
    let asking = async {
        runtime.wait_for_calls("spin", 8).await;
        tokio::time::sleep(Duration::from_millis(50)).await;
        Reply::of(runtime.anonymous(Method::GET, "/healthz")).await
    };
    let (replies, health) = tokio::join!(spinning, asking);
    assert_eq!(health.status, 200);
    for reply in replies {
        reply.expect("limit-timeout", 504);
    }
}
