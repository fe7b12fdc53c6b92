//! What a function gets and how its end is answered.

use reqwest::{Method, StatusCode};
use serde_json::json;

use crate::support::{annotated, modules, Reply, Runtime};

#[tokio::test]
async fn body_goes_to_standard_input_and_standard_output_is_the_answer() {
    let runtime = Runtime::start().await;
    runtime.deploy("echo", modules::ECHO, json!({})).await;
    let reply = runtime.call("echo", "hello").await.expect("success", 200);
    assert_eq!(reply.text(), "hello");
    assert_eq!(reply.header("content-type"), Some("text/plain"));
    assert_eq!(reply.header("x-openfaas-internal"), None);
    assert_eq!(reply.header("x-defaas-fuel"), None);
    reply
        .header("x-duration-seconds")
        .unwrap()
        .parse::<f64>()
        .unwrap();
    reply
        .header("x-start-time")
        .unwrap()
        .parse::<u64>()
        .unwrap();

    let mebibyte: Vec<u8> = (0..1 << 20).map(|i: u32| (7 * i + i / 251) as u8).collect();
    let reply = runtime
        .call("echo", mebibyte.clone())
        .await
        .expect("success", 200);
    assert!(reply.body == mebibyte);
    assert_eq!(
        runtime.get("/system/function/echo").await.json()["invocationCount"],
        2
    );
}

#[tokio::test]
async fn request_is_in_the_environment_and_credentials_are_not() {
    let runtime = Runtime::start().await;
    let deployed = json!({"envVars": {"colour": "blue"}});
    runtime
        .deploy("show", modules::SURROUNDINGS, deployed)
        .await;
    let request = runtime
        .request(
            Method::PUT,
            "/function/show.openfaas-fn/a/b%20c/?x=1&y=%2F&x=2",
        )
        .header("X-Call-Id", "call-7")
        .header("Content-Type", "text/csv")
        .body("12345");
    let reply = Reply::of(request).await.expect("success", 200);
    assert_eq!(reply.header("x-call-id"), Some("call-7"));
    assert_eq!(reply.header("content-type"), Some("text/csv"));
    let mut strings = reply.text().trim_end_matches('\0').split('\0');
    assert_eq!(strings.next(), Some("show"));
    let variables: Vec<_> = strings.collect();
    for expected in [
        "colour=blue",
        "Http_Method=PUT",
        "Http_Path=/a/b c/",
        "Http_Query=x=1&y=%2F&x=2",
        "Http_ContentLength=5",
        "Http_Content_Length=5",
        "Http_Content_Type=text/csv",
        "Http_X_Call_Id=call-7",
    ] {
        assert!(variables.contains(&expected), "{expected} in {variables:?}");
    }
    assert!(variables
        .iter()
        .all(|variable| !variable.contains("Authorization")));
    assert!(variables
        .iter()
        .all(|variable| !variable.starts_with("PATH=")));
}

#[tokio::test]
async fn other_exit_code_is_failure_with_the_end_of_standard_error() {
    let runtime = Runtime::start().await;
    let long = modules::numbered(6_000);
    runtime
        .deploy("fail", &modules::fail(&long, 3), json!({}))
        .await;
    let reply = runtime
        .call("fail", "")
        .await
        .expect("function-failed", 500);
    assert_eq!(reply.text(), &long[long.len() - 4_096..]);
    assert_eq!(
        reply.header("content-type"),
        Some("text/plain; charset=utf-8")
    );
    assert_eq!(reply.header("x-openfaas-internal"), None);

    runtime
        .deploy("silent", &modules::fail("", 4), json!({}))
        .await;
    let reply = runtime
        .call("silent", "")
        .await
        .expect("function-failed", 500);
    assert_eq!(reply.text(), "exit status 4\n");
}

#[tokio::test]
async fn trap_is_failure_with_its_reason() {
    let runtime = Runtime::start().await;
    runtime.deploy("trap", modules::TRAP, json!({})).await;
    let reply = runtime
        .call("trap", "")
        .await
        .expect("function-failed", 500);
    assert!(reply.text().contains("unreachable"), "{}", reply.text());
}

#[tokio::test]
async fn files_and_network_are_not_there() {
    /// `badf`: no such descriptor.
    const NO_DESCRIPTOR: &str = "exit status 8\n";
    let runtime = Runtime::start().await;
    for (name, module) in [("file", modules::OPEN_FILE), ("accept", modules::ACCEPT)] {
        runtime.deploy(name, module, json!({})).await;
        let reply = runtime.call(name, "").await.expect("function-failed", 500);
        assert_eq!(reply.text(), NO_DESCRIPTOR, "{name}");
    }
}

#[tokio::test]
async fn unknown_function_namespace_or_method_runs_nothing() {
    let runtime = Runtime::start().await;
    runtime.deploy("echo", modules::ECHO, json!({})).await;
    for name in ["nosuch", "echo.nowhere", "echo.a.b"] {
        let reply = runtime
            .call(name, "x")
            .await
            .expect("provider-failed-internal", 404);
        assert_eq!(reply.header("x-call-id"), None);
    }
    let traced = Reply::of(runtime.request(Method::TRACE, "/function/echo")).await;
    traced.expect("provider-failed-unsupported", 405);
    let head = Reply::of(runtime.request(Method::HEAD, "/function/echo")).await;
    head.expect("success", 200);
    let counted = runtime.get("/system/function/echo").await.json();
    assert_eq!(counted["invocationCount"], 1);
}

#[tokio::test]
async fn every_route_but_health_needs_the_secret() {
    let runtime = Runtime::start().await;
    runtime.deploy("echo", modules::ECHO, json!({})).await;
    let health = Reply::of(runtime.anonymous(Method::GET, "/healthz")).await;
    assert_eq!((health.status, health.text()), (StatusCode::OK, ""));
    for (method, path) in [
        (Method::GET, "/system/info"),
        (Method::GET, "/system/functions"),
        (Method::POST, "/system/functions"),
        (Method::PUT, "/system/functions"),
        (Method::DELETE, "/system/functions"),
        (Method::PATCH, "/system/functions"),
        (Method::GET, "/system/function/echo"),
        (Method::POST, "/function/echo"),
        (Method::POST, "/function/echo/path"),
        (Method::GET, "/metrics"),
        (Method::GET, "/"),
    ] {
        let without = Reply::of(runtime.anonymous(method.clone(), path)).await;
        assert_eq!(without.status, StatusCode::UNAUTHORIZED, "{method} {path}");
        let wrong = runtime
            .anonymous(method.clone(), path)
            .basic_auth("admin", Some("wrong"));
        assert_eq!(
            Reply::of(wrong).await.status,
            StatusCode::UNAUTHORIZED,
            "{method} {path}"
        );
    }
    let counted = runtime.get("/system/function/echo").await.json();
    assert_eq!(counted.get("invocationCount"), None);
}

#[tokio::test]
async fn malformed_seed_and_long_headers_are_refused() {
    let runtime = Runtime::start().await;
    runtime.deploy("echo", modules::ECHO, json!({})).await;
    let seeded = runtime
        .request(Method::POST, "/function/echo")
        .header("X-Defaas-Seed", "xyz");
    Reply::of(seeded)
        .await
        .expect("provider-failed-unsupported", 400);
    let long = runtime
        .request(Method::POST, "/function/echo")
        .header("X-A", "x".repeat(20_000));
    Reply::of(long)
        .await
        .expect("provider-failed-unsupported", 431);
}

#[tokio::test]
async fn input_beyond_its_limit_is_refused_with_and_without_length() {
    let runtime = Runtime::start().await;
    let limited = annotated(&[("max-input-bytes", "10")]);
    runtime.deploy("echo", modules::ECHO, limited).await;
    runtime
        .call("echo", "0123456789")
        .await
        .expect("success", 200);
    runtime
        .call("echo", "0123456789a")
        .await
        .expect("provider-failed-unsupported", 413);
    let chunks = ["01234", "56789", "a"].map(Ok::<_, std::io::Error>);
    let chunked = reqwest::Body::wrap_stream(futures::stream::iter(chunks));
    runtime
        .call("echo", chunked)
        .await
        .expect("provider-failed-unsupported", 413);
}
