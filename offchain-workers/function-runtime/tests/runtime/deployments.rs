//! What can be deployed, and what a deployment leaves.

use reqwest::Method;
use serde_json::json;

use crate::support::{deployment, digest_of, modules, Reply, Runtime};

#[tokio::test]
async fn code_must_be_there_and_be_what_its_name_says() {
    let runtime = Runtime::start().await;
    let absent = digest_of(b"absent");
    let refused = runtime.try_deploy("f", &absent, json!({})).await;
    refused.expect("provider-failed-code-unavailable", 400);

    let module = wat::parse_str(modules::ECHO).unwrap();
    std::fs::write(runtime.place.path("code").join(&absent), module).unwrap();
    let refused = runtime.try_deploy("f", &absent, json!({})).await;
    let refused = refused.expect("provider-failed-code-unavailable", 400);
    assert!(refused.text().contains("digest"), "{}", refused.text());
    assert_eq!(runtime.get("/system/function/f").await.status, 404);
}

#[tokio::test]
async fn what_is_no_command_is_invalid_or_unsupported() {
    let runtime = Runtime::start().await;
    let broken = b"\0asm\x01\0\0\0\xff".as_slice();
    let truncated = wat::parse_str(modules::ECHO).unwrap();
    let truncated = &truncated[..truncated.len() / 2];
    let component = b"\0asm\x0d\0\x01\0".as_slice();
    let library = wat::parse_str(r#"(module (func (export "other")))"#).unwrap();
    let parameters = wat::parse_str(r#"(module (func (export "_start") (param i32)))"#).unwrap();
    let foreign = r#"(module (import "env" "f" (func)) (func (export "_start")))"#;
    let foreign = wat::parse_str(foreign).unwrap();
    let shared = r#"(module (memory (export "memory") 1 1 shared) (func (export "_start")))"#;
    let shared = wat::parse_str(shared).unwrap();
    let wide = r#"(module (memory (export "memory") i64 1) (func (export "_start")))"#;
    let wide = wat::parse_str(wide).unwrap();
    let tables = r#"(module (table 1 funcref) (table 1 funcref) (table 1 funcref)
        (table 1 funcref) (table 1 funcref) (func (export "_start")))"#;
    let tables = wat::parse_str(tables).unwrap();
    let table = r#"(module (table 200001 funcref) (func (export "_start")))"#;
    let table = wat::parse_str(table).unwrap();
    for (code, outcome) in [
        (b"#!/bin/sh".as_slice(), "provider-failed-invalid-code"),
        (modules::ECHO.as_bytes(), "provider-failed-invalid-code"),
        (b"", "provider-failed-invalid-code"),
        (broken, "provider-failed-invalid-code"),
        (truncated, "provider-failed-invalid-code"),
        (component, "provider-failed-unsupported"),
        (&library, "provider-failed-invalid-code"),
        (&parameters, "provider-failed-invalid-code"),
        (&foreign, "provider-failed-unsupported"),
        (&shared, "provider-failed-invalid-code"),
        (&wide, "provider-failed-invalid-code"),
        (&tables, "provider-failed-unsupported"),
        (&table, "provider-failed-unsupported"),
    ] {
        let digest = runtime.place.put(code);
        runtime
            .try_deploy("f", &digest, json!({}))
            .await
            .expect(outcome, 400);
    }
}

#[tokio::test]
async fn code_that_starts_with_more_memory_than_its_limit_is_invalid() {
    let runtime = Runtime::start().await;
    let module = r#"(module (memory (export "memory") 33) (func (export "_start")))"#;
    let digest = runtime.place.put_wat(module);
    let of = |memory: &str| json!({"limits": {"memory": memory}});
    let refused = runtime.try_deploy("f", &digest, of("2Mi")).await;
    refused.expect("provider-failed-invalid-code", 400);
    assert_eq!(
        runtime.try_deploy("f", &digest, of("2112Ki")).await.status,
        200
    );
    runtime.call("f", "").await.expect("success", 200);
}

#[tokio::test]
async fn failed_update_leaves_the_old_function() {
    let runtime = Runtime::start().await;
    runtime.deploy("f", modules::ECHO, json!({})).await;
    let body = deployment("f", &digest_of(b"absent"), json!({}));
    let request = runtime
        .request(Method::PUT, "/system/functions")
        .json(&body);
    Reply::of(request)
        .await
        .expect("provider-failed-code-unavailable", 400);
    assert_eq!(runtime.call("f", "still").await.text(), "still");
}

#[tokio::test]
async fn update_replaces_the_code_and_the_whole_deployment() {
    let runtime = Runtime::start().await;
    runtime
        .deploy("f", modules::ECHO, json!({"labels": {"a": "b"}}))
        .await;
    let digest = runtime.place.put_wat(modules::TRAP);
    let body = deployment("f", &digest, json!({}));
    let request = runtime
        .request(Method::PUT, "/system/functions")
        .json(&body);
    assert_eq!(Reply::of(request).await.status, 200);
    runtime.call("f", "").await.expect("function-failed", 500);
    assert_eq!(
        runtime.get("/system/function/f").await.json()["labels"],
        json!({})
    );
}

#[tokio::test]
async fn full_runtime_refuses_and_a_deletion_makes_room() {
    let runtime = Runtime::start_with(&["--max-deployments=1"]).await;
    runtime.deploy("first", modules::ECHO, json!({})).await;
    let digest = runtime.place.put_wat(modules::ECHO);
    let refused = runtime.try_deploy("second", &digest, json!({})).await;
    refused.expect("provider-failed-overloaded", 507);
    let body = json!({"functionName": "first"});
    let request = runtime
        .request(Method::DELETE, "/system/functions")
        .json(&body);
    assert_eq!(Reply::of(request).await.status, 200);
    assert_eq!(
        runtime
            .try_deploy("second", &digest, json!({}))
            .await
            .status,
        200
    );
}

#[tokio::test]
async fn compiled_code_in_memory_is_bounded_and_shared() {
    let runtime = Runtime::start_with(&["--resident-bytes=64Ki"]).await;
    runtime.deploy("a", modules::ECHO, json!({})).await;
    // The same code takes no more memory.
    runtime.deploy("b", modules::ECHO, json!({})).await;
    let mut last = None;
    for number in 0..64 {
        let digest = runtime
            .place
            .put_wat(&modules::fail(&number.to_string(), 1));
        let reply = runtime
            .try_deploy(&format!("f{number}"), &digest, json!({}))
            .await;
        if reply.status != 200 {
            last = Some(reply);
            break;
        }
    }
    last.expect("the bound is reached")
        .expect("provider-failed-overloaded", 507);
    assert_eq!(runtime.call("b", "works").await.text(), "works");
}

#[tokio::test]
async fn management_bodies_are_bounded() {
    let runtime = Runtime::start().await;
    // Longer than what the socket holds, so that the answer finds the client writing.
    let long = "x".repeat(4 << 20);
    for _ in 0..16 {
        let request = runtime.request(Method::POST, "/system/functions");
        assert_eq!(Reply::of(request.body(long.clone())).await.status, 413);
    }
}

#[tokio::test]
async fn routes_that_are_not_built_say_so() {
    let runtime = Runtime::start().await;
    for (method, path) in [
        (Method::POST, "/system/scale-function/f"),
        (Method::GET, "/system/secrets"),
        (Method::GET, "/system/logs?name=f"),
        (Method::GET, "/system/namespaces"),
        (Method::POST, "/system/namespace/"),
        (Method::GET, "/system/namespace/dev"),
        (Method::POST, "/system/alert"),
        (Method::POST, "/async-function/f"),
        (Method::GET, "/metrics"),
        (Method::GET, "/ui/"),
    ] {
        let reply = Reply::of(runtime.request(method.clone(), path)).await;
        assert_eq!(reply.status, 501, "{method} {path}");
        assert!(reply.text().contains("not implemented"), "{method} {path}");
    }
}
