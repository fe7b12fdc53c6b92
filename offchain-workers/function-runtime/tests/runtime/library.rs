//! The server inside another program.

use defaas_function_runtime::{bind, Config, ConfigError, Secret, StartError};
use reqwest::Method;
use serde_json::json;
use tokio::sync::oneshot;

use crate::support::{client, deployment, modules, Place, Reply, BINARY, PASSWORD, USER};

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
