//! Code that is in flight when the process crashes.

use std::fs;

use reqwest::Method;
use serde_json::json;

use crate::support::{annotated, digest_of, modules, wait_until, Place, Reply, Runtime};

/// Runs the function that never ends, until it is noted as in flight.
async fn spin(runtime: &Runtime) {
    let long = annotated(&[("timeout-ms", "300000")]);
    runtime.deploy("spin", modules::SPIN, long).await;
    tokio::spawn(runtime.request(Method::POST, "/function/spin").send());
    let digest = spinning();
    let noted = runtime.place.path("crashes").join("in-flight");
    wait_until(async || fs::read_to_string(&noted).unwrap().contains(&digest)).await;
}

fn spinning() -> String {
    digest_of(&wat::parse_str(modules::SPIN).unwrap())
}

async fn deploy_spinning(runtime: &Runtime) -> Reply {
    runtime.try_deploy("spin", &spinning(), json!({})).await
}

#[tokio::test]
async fn code_in_flight_at_three_kills_is_not_deployed_until_the_operator_forgets_it() {
    let mut place = Place::new();
    for _ in 0..3 {
        let runtime = Runtime::start_in(place, &[]).await;
        // Deployed and called in between, but not in flight.
        runtime.deploy("echo", modules::ECHO, json!({})).await;
        assert_eq!(runtime.call("echo", "x").await.text(), "x");
        spin(&runtime).await;
        place = runtime.kill().await;
    }
    // An orderly end does not change it.
    for _ in 0..2 {
        let runtime = Runtime::start_in(place, &[]).await;
        let refused = deploy_spinning(&runtime).await;
        let refused = refused.expect("provider-failed-internal", 503);
        assert!(refused.text().contains("quarantine"), "{}", refused.text());
        runtime.deploy("echo", modules::ECHO, json!({})).await;
        assert_eq!(runtime.call("echo", "x").await.text(), "x");
        place = runtime.stop().await;
    }
    fs::remove_file(place.path("crashes").join("crashes")).unwrap();
    let runtime = Runtime::start_in(place, &[]).await;
    assert_eq!(deploy_spinning(&runtime).await.status, 200);
}

#[tokio::test]
async fn orderly_end_blames_no_code() {
    let mut place = Place::new();
    for _ in 0..4 {
        let runtime = Runtime::start_in(place, &[]).await;
        spin(&runtime).await;
        place = runtime.stop().await;
    }
    assert!(!place.path("crashes").join("in-flight").exists());
    assert!(!place.path("crashes").join("crashes").exists());
}
