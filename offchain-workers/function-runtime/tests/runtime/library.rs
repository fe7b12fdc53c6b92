//! The server inside another program.

use std::time::Duration;

use defaas_function_runtime::{bind, Config, ConfigError, Secret, StartError};
use reqwest::Method;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::sync::oneshot;

use crate::support::{client, deployment, modules, Place, Reply, BINARY, PASSWORD, PATIENCE, USER};

fn config(place: &Place) -> Config {
    Config {
        socket: Some(place.path("socket")),
        code_dir: place.path("code"),
        cache_dir: place.path("cache"),
        compiler: BINARY.into(),
        ..Config::default()
    }
}

#[tokio::test]
async fn server_serves_until_it_is_told_to_end() {
    let place = Place::new();
    let server = bind(config(&place), Secret::new(PASSWORD).unwrap())
        .await
        .unwrap();
    let socket = place.path("socket");
    assert_eq!(
        server.addresses()[0].to_string(),
        format!("unix:{}", socket.display())
    );
    let (end, ended) = oneshot::channel::<()>();
    let serving = tokio::spawn(server.run(async {
        let _ = ended.await;
    }));

    let http = client(&socket);
    let request = |method, path: &str| {
        http.request(method, format!("http://runtime{path}"))
            .basic_auth(USER, Some(PASSWORD))
    };
    let digest = place.put_wat(modules::ECHO);
    let body = deployment("echo", &digest, json!({}));
    let deployed = Reply::of(request(Method::POST, "/system/functions").json(&body)).await;
    assert_eq!(deployed.status, 200, "{}", deployed.text());
    let reply = Reply::of(request(Method::POST, "/function/echo").body("hello")).await;
    assert_eq!(reply.expect("success", 200).text(), "hello");

    drop(end);
    serving.await.unwrap();
    assert!(!socket.exists());
}

#[tokio::test]
async fn client_that_sends_no_whole_head_loses_its_place() {
    let place = Place::new();
    let narrow = Config {
        max_connections: 1,
        header_timeout: Duration::from_millis(300),
        ..config(&place)
    };
    let server = bind(narrow, Secret::new(PASSWORD).unwrap()).await.unwrap();
    let socket = place.path("socket");
    let serving = tokio::spawn(server.run(std::future::pending()));

    let mut slow = UnixStream::connect(&socket).await.unwrap();
    slow.write_all(b"GET /healthz HT").await.unwrap();
    let asked = client(&socket).get("http://runtime/healthz");
    assert_eq!(Reply::of(asked).await.status, 200);
    // Closed, with an answer before or without one.
    let mut answer = Vec::new();
    let closed = slow.read_to_end(&mut answer);
    assert!(tokio::time::timeout(PATIENCE, closed).await.is_ok());
    serving.abort();
}

#[tokio::test]
async fn settings_that_cannot_work_are_refused_before_anything_is_made() {
    let place = Place::new();
    let silent = Config {
        socket: None,
        ..config(&place)
    };
    let refused = bind(silent, Secret::new(PASSWORD).unwrap())
        .await
        .err()
        .unwrap();
    assert!(
        matches!(refused, StartError::Config(ConfigError::NoAddress)),
        "{refused}"
    );
    assert!(!place.path("cache").exists());
}
