//! This project's own runtime: over a unix socket, with its exact outcomes.

mod support;

use defaas_openfaas::{
    headers, outcome_token, parse_outcome, Client, Config, Credentials, FunctionDeployment,
    HeaderValue, Request,
};
use defaas_primitives::{Limits, Outcome};
use support::script::{Script, Step};
use support::{client, name, own, PASSWORD, USER};

const LIMITS: Limits = Limits {
    timeout_ms: 1_000,
    memory_bytes: 64 << 20,
    max_input_bytes: 4_096,
    max_output_bytes: 4_096,
};

#[tokio::test]
async fn deploys_and_calls_over_a_unix_socket() {
    let dir = tempfile::tempdir().unwrap();
    let socket = dir.path().join("runtime.sock");
    let wanted = FunctionDeployment::wasm(&[7; 32], &LIMITS, true);
    let status = serde_json::json!({
        "name": wanted.service, "image": wanted.image, "annotations": wanted.annotations,
        "replicas": 1, "availableReplicas": 1,
    });
    let look = format!("/system/function/{}", wanted.service);
    let server = Script::serve_unix(
        &socket,
        [
            Step::new("GET", &look, 404, "").authorized(),
            Step::new("POST", "/system/functions", 202, "").authorized(),
            Step::new("GET", &look, 200, status.to_string()).authorized(),
            Step::new(
                "POST",
                &format!("/function/{}/count?top=3", wanted.service),
                200,
                "out",
            )
            .authorized()
            .answering(headers::OUTCOME, "success")
            .answering(headers::FUEL, "12345"),
        ],
    )
    .await;
    let credentials = Credentials::new(USER, PASSWORD).unwrap();
    let client = Client::new(Config::embedded(&socket, Some(credentials))).unwrap();
    let found = client
        .ensure_deployed(&wanted, std::time::Duration::from_secs(5))
        .await
        .unwrap();
    let request = Request::post("/count?top=3", "in", &LIMITS);
    let seen = client.invoke(&name(&found.name), request).await;
    server.finish();
    assert_eq!(
        (seen.outcome, seen.body.as_ref()),
        (Outcome::Success, &b"out"[..])
    );
    assert_eq!(seen.fuel, Some(12_345));
}

#[tokio::test]
async fn seed_is_the_worker_s_and_not_the_caller_s() {
    let seeded = || Step::new("POST", "/function/f", 200, "").authorized();
    for (seed, step) in [
        (
            Some([0xab; 32]),
            seeded().expecting("x-defaas-seed", &"ab".repeat(32)),
        ),
        (None, seeded().without("x-defaas-seed")),
    ] {
        let server = Script::serve([step]).await;
        let mut request = Request::post("/", "in", &LIMITS);
        request
            .headers
            .insert("x-defaas-seed", HeaderValue::from_static("00"));
        request.seed = seed;
        client(own(&server.address))
            .invoke(&name("f"), request)
            .await;
        server.finish();
    }
}

#[tokio::test]
async fn every_outcome_is_taken_from_the_runtime_whatever_the_status() {
    for token in [
        "success",
        "function-failed",
        "limit-timeout",
        "limit-memory",
        "limit-output",
        "provider-failed-code-unavailable",
        "provider-failed-input-unavailable",
        "provider-failed-invalid-code",
        "provider-failed-unsupported",
        "provider-failed-overloaded",
        "provider-failed-interrupted",
        "provider-failed-internal",
    ] {
        let outcome = parse_outcome(token).unwrap();
        assert_eq!(outcome_token(&outcome), token);
        for status in [200, 404, 500] {
            let step = Step::new("POST", "/function/f", status, "text")
                .authorized()
                .answering(headers::OUTCOME, token);
            let server = Script::serve([step]).await;
            let request = Request::post("/", "in", &LIMITS);
            let seen = client(own(&server.address))
                .invoke(&name("f"), request)
                .await;
            server.finish();
            assert_eq!(seen.outcome, outcome);
            // A report carries an output with these two alone; the rest is for the log.
            match outcome {
                Outcome::Success | Outcome::FunctionFailed => {
                    assert_eq!((seen.body.as_ref(), seen.problem), (&b"text"[..], None));
                }
                _ => {
                    assert_eq!((seen.body.len(), seen.problem), (0, Some("text".into())));
                }
            }
        }
    }
}

#[tokio::test]
async fn credentials_of_the_caller_do_not_replace_those_of_the_worker() {
    let step = Step::new("POST", "/function/f", 200, "")
        .authorized()
        .answering(headers::OUTCOME, "success");
    let server = Script::serve([step]).await;
    let mut request = Request::post("/", "in", &LIMITS);
    request
        .headers
        .insert("authorization", HeaderValue::from_static("Bearer mine"));
    let seen = client(own(&server.address))
        .invoke(&name("f"), request)
        .await;
    server.finish();
    assert_eq!(seen.outcome, Outcome::Success);
}
