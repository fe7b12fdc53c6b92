//! Functions that must give the same answer everywhere.

use reqwest::Method;

use crate::support::{annotated, modules, Reply, Runtime};

const DETERMINISTIC: (&str, &str) = ("deterministic", "true");

#[tokio::test]
async fn chance_time_and_fuel_are_the_same_in_two_processes() {
    let mut seen = Vec::new();
    for _ in 0..2 {
        let runtime = Runtime::start().await;
        runtime
            .deploy("chance", modules::CHANCE, annotated(&[DETERMINISTIC]))
            .await;
        for _ in 0..2 {
            let reply = runtime.call("chance", "").await.expect("success", 200);
            let fuel: u64 = reply.header("x-defaas-fuel").unwrap().parse().unwrap();
            assert!(fuel > 0);
            assert_eq!(reply.body.len(), 48);
            seen.push((reply.body, fuel));
        }
    }
    assert!(seen.windows(2).all(|pair| pair[0] == pair[1]), "{seen:?}");
}

#[tokio::test]
async fn other_functions_get_real_chance_and_time_and_no_fuel() {
    let runtime = Runtime::start().await;
    runtime
        .deploy("chance", modules::CHANCE, annotated(&[]))
        .await;
    let first = runtime.call("chance", "").await.expect("success", 200);
    let second = runtime.call("chance", "").await.expect("success", 200);
    assert_ne!(first.body[..32], second.body[..32]);
    assert_ne!(first.body[32..], second.body[32..]);
    assert_eq!(first.header("x-defaas-fuel"), None);
}

#[tokio::test]
async fn seed_of_the_call_changes_the_chance_and_not_the_time() {
    let runtime = Runtime::start().await;
    runtime
        .deploy("chance", modules::CHANCE, annotated(&[DETERMINISTIC]))
        .await;
    let seeded = async |seed: &str| {
        let request = runtime.request(Method::POST, "/function/chance");
        Reply::of(request.header("X-Defaas-Seed", seed.repeat(32)))
            .await
            .expect("success", 200)
            .body
    };
    let (one, same, other) = (seeded("01").await, seeded("01").await, seeded("02").await);
    assert_eq!(one, same);
    assert_ne!(one[..32], other[..32]);
    assert_eq!(one[32..], other[32..]);
    assert_eq!(seeded("00").await, runtime.call("chance", "").await.body);
}

#[tokio::test]
async fn sleep_takes_no_time() {
    let runtime = Runtime::start().await;
    let limited = annotated(&[DETERMINISTIC, ("timeout-ms", "30000")]);
    runtime.deploy("sleep", modules::SLEEP, limited).await;
    let reply = runtime.call("sleep", "").await.expect("success", 200);
    assert_eq!(reply.text(), "slept");
}

#[tokio::test]
async fn endless_computation_ends_when_the_fuel_does() {
    /// What the README promises per millisecond of the time-out.
    const FUEL_PER_MILLISECOND: u64 = 200_000;
    let runtime = Runtime::start().await;
    let limited = annotated(&[DETERMINISTIC, ("timeout-ms", "10000")]);
    runtime.deploy("spin", modules::SPIN, limited).await;
    let reply = runtime.call("spin", "").await.expect("limit-timeout", 504);
    let fuel: u64 = reply.header("x-defaas-fuel").unwrap().parse().unwrap();
    assert_eq!(fuel, 10_000 * FUEL_PER_MILLISECOND);
}

#[tokio::test]
async fn headers_are_not_seen() {
    let runtime = Runtime::start().await;
    runtime
        .deploy("show", modules::SURROUNDINGS, annotated(&[DETERMINISTIC]))
        .await;
    let request = runtime
        .request(Method::POST, "/function/show/p?q")
        .header("X-A", "b")
        .body("1");
    let reply = Reply::of(request).await.expect("success", 200);
    let expected = "show\0Http_ContentLength=1\0Http_Content_Length=1\0Http_Method=POST\0\
                    Http_Path=/p\0Http_Query=q\0";
    assert_eq!(reply.text(), expected);
}
