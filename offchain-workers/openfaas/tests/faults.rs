//! What broken, slow, huge and hostile answers come to.

mod support;

use std::time::{Duration, Instant};

use defaas_openfaas::{Config, Error, HeaderMap, HeaderValue, Invocation, Method, Request};
use defaas_primitives::{Fault, Limit, Outcome};
use support::raw::{Behaviour, Raw};
use support::script::{Script, Step};
use support::{client, foreign, hasty, name, own};

const INTERNAL: Outcome = Outcome::ProviderFailed(Fault::Internal);

fn request() -> Request {
    Request {
        method: Method::POST,
        path: "/".into(),
        query: None,
        headers: HeaderMap::new(),
        body: "hello".into(),
        timeout: Duration::from_millis(200),
        max_output_bytes: 1_000,
        call_id: None,
        seed: None,
    }
}

async fn call(config: Config, request: Request) -> Invocation {
    client(config).invoke(&name("echo"), request).await
}

/// Calls a server that behaves so, and checks that it was called once.
async fn call_raw(config: fn(&str) -> Config, behaviour: Behaviour) -> Invocation {
    let server = Raw::serve(behaviour).await;
    let seen = call(hasty(config(&server.address)), request()).await;
    assert_eq!(server.requests(), 1);
    seen
}

fn head(rest: &str) -> Vec<u8> {
    format!("HTTP/1.1 200 OK\r\n{rest}\r\n").into_bytes()
}

#[tokio::test]
async fn refused_connection_is_the_provider_s_failure_and_certainly_not_executed() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let seen = call(hasty(foreign(&address)), request()).await;
    assert_eq!((seen.outcome, seen.sent), (INTERNAL, false));
    let error = client(hasty(foreign(&address))).health().await.unwrap_err();
    assert!(matches!(error, Error::Connect { .. }), "{error}");
}

#[tokio::test]
async fn connection_broken_before_or_in_the_body_is_the_provider_s_failure_and_not_repeated() {
    let mut half = head("content-length: 10\r\n");
    half.extend(b"12345");
    let mut chunked = head("transfer-encoding: chunked\r\n");
    chunked.extend(b"5\r\n12345\r\n");
    for bytes in [
        Vec::new(),
        half,
        chunked,
        b"no HTTP at all\r\n\r\n".to_vec(),
    ] {
        let seen = call_raw(foreign, Behaviour::Send(bytes)).await;
        assert_eq!((seen.outcome, seen.sent), (INTERNAL, true));
        assert!(seen.body.is_empty());
    }
}

#[tokio::test]
async fn silence_of_the_own_runtime_is_its_failure() {
    for bytes in [
        Vec::new(),
        head("content-length: 10\r\nx-defaas-outcome: success\r\n"),
    ] {
        let begin = Instant::now();
        let seen = call_raw(own, Behaviour::SendAndHang(bytes)).await;
        assert_eq!(seen.outcome, INTERNAL);
        let waited = begin.elapsed();
        assert!(waited >= Duration::from_millis(400) && waited < Duration::from_secs(5));
    }
}

#[tokio::test]
async fn judged_answer_stands_when_its_text_never_comes() {
    let marked = head("content-length: 10\r\nx-openfaas-internal: proxy\r\n");
    let seen = call_raw(foreign, Behaviour::SendAndHang(marked)).await;
    assert_eq!((seen.outcome, seen.problem), (INTERNAL, None));
    let told = head("content-length: 10\r\nx-defaas-outcome: limit-memory\r\n");
    let seen = call_raw(own, Behaviour::SendAndHang(told)).await;
    assert_eq!(seen.outcome, Outcome::LimitExceeded(Limit::Memory));
}

#[tokio::test]
async fn silence_of_a_foreign_openfaas_is_doubted() {
    // It hangs when asked whether the function is ready, too.
    let server = Raw::serve(Behaviour::SendAndHang(Vec::new())).await;
    let seen = call(hasty(foreign(&server.address)), request()).await;
    assert_eq!(seen.outcome, INTERNAL);
    assert!(server.requests() > 1);
}

#[tokio::test]
async fn silence_of_a_ready_foreign_function_is_its_limit() {
    let body = r#"{"name":"echo","availableReplicas":1}"#;
    let gateway = axum::Router::new()
        .route(
            "/system/function/echo",
            axum::routing::get(move || async move { body }),
        )
        .fallback(|| async {
            tokio::time::sleep(Duration::from_secs(60)).await;
        });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let server = tokio::spawn(async move { axum::serve(listener, gateway).await.unwrap() });
    let seen = call(hasty(foreign(&address)), request()).await;
    server.abort();
    assert_eq!(seen.outcome, Outcome::LimitExceeded(Limit::Timeout));
    assert_eq!((seen.sent, seen.status), (true, None));
}

#[tokio::test]
async fn output_over_the_limit_ends_at_the_limit_however_it_is_framed() {
    let by_length = head("content-length: 1001\r\n");
    let endless = head("");
    for bytes in [by_length, endless] {
        let seen = call_raw(foreign, Behaviour::Flood(bytes)).await;
        assert_eq!(seen.outcome, Outcome::LimitExceeded(Limit::Output));
        assert!(seen.body.is_empty());
    }
}

#[tokio::test]
async fn output_at_the_limit_is_taken() {
    let step = Step::new("POST", "/function/echo", 200, vec![b'x'; 1_000]);
    let server = Script::serve([step]).await;
    let seen = call(foreign(&server.address), request()).await;
    server.finish();
    assert_eq!((seen.outcome, seen.body.len()), (Outcome::Success, 1_000));
}

#[tokio::test]
async fn limit_counts_to_the_byte_without_a_length_in_the_head() {
    for (length, outcome) in [
        (1_000, Outcome::Success),
        (1_001, Outcome::LimitExceeded(Limit::Output)),
    ] {
        let mut answer = head("connection: close\r\n");
        answer.extend(vec![b'x'; length]);
        let seen = call_raw(foreign, Behaviour::Send(answer)).await;
        assert_eq!(seen.outcome, outcome);
    }
}

#[tokio::test]
async fn failing_function_may_say_why_beyond_a_small_limit() {
    for (length, outcome) in [
        (4_096, Outcome::FunctionFailed),
        (4_097, Outcome::LimitExceeded(Limit::Output)),
    ] {
        let step = Step::new("POST", "/function/echo", 500, vec![b'x'; length]);
        let server = Script::serve([step]).await;
        let seen = call(foreign(&server.address), request()).await;
        server.finish();
        assert_eq!(seen.outcome, outcome);
    }
}

#[tokio::test]
async fn output_over_the_client_s_own_bound_is_the_provider_s_failure() {
    let step = Step::new("POST", "/function/echo", 200, vec![b'x'; 101]);
    let server = Script::serve([step]).await;
    let config = Config {
        max_response_bytes: 100,
        ..foreign(&server.address)
    };
    let seen = call(config, request()).await;
    server.finish();
    assert_eq!(seen.outcome, Outcome::ProviderFailed(Fault::Unsupported));
}

#[tokio::test]
async fn output_over_the_limit_from_the_own_runtime_is_its_failure() {
    let step = Step::new("POST", "/function/echo", 200, vec![b'x'; 1_001])
        .authorized()
        .answering("x-defaas-outcome", "success");
    let server = Script::serve([step]).await;
    let seen = call(own(&server.address), request()).await;
    server.finish();
    assert_eq!(seen.outcome, INTERNAL);
}

#[tokio::test]
async fn huge_head_is_the_provider_s_failure() {
    let value = "x".repeat(70_000);
    let long = head(&format!("content-length: 0\r\nx-a: {value}\r\n"));
    let longer_than_the_library_takes = head(&format!("x-a: {}\r\n", "x".repeat(500_000)));
    let many = head(&"x-a: 1\r\n".repeat(200));
    for bytes in [long, longer_than_the_library_takes, many] {
        let seen = call_raw(foreign, Behaviour::SendAndHang(bytes)).await;
        assert_eq!(seen.outcome, INTERNAL);
        assert!(seen.headers.is_empty());
    }
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let step =
        Step::new("POST", "/function/echo", 307, "moved").answering("location", "/function/x");
    let server = Script::serve([step]).await;
    let seen = call(foreign(&server.address), request()).await;
    server.finish();
    assert_eq!(seen.outcome, Outcome::FunctionFailed);

    let step = Step::new("GET", "/system/info", 302, "")
        .authorized()
        .answering("location", "/x");
    let server = Script::serve([step]).await;
    let error = client(foreign(&server.address)).info().await.unwrap_err();
    server.finish();
    assert!(matches!(error, Error::Redirected { .. }), "{error}");
}

#[tokio::test]
async fn garbage_is_told_as_garbage() {
    for body in ["", "{", "[1]", "{\"name\":5}", "<html>"] {
        let step = Step::new("GET", "/system/function/echo", 200, body).authorized();
        let server = Script::serve([step]).await;
        let error = client(foreign(&server.address))
            .get(&name("echo"))
            .await
            .unwrap_err();
        server.finish();
        assert!(matches!(error, Error::Malformed { .. }), "{body}: {error}");
    }
}

#[tokio::test]
async fn oversized_management_answer_is_refused() {
    let server = Raw::serve(Behaviour::Flood(head(""))).await;
    let config = Config {
        max_management_bytes: 1_000,
        ..foreign(&server.address)
    };
    let error = client(config).list().await.unwrap_err();
    assert!(
        matches!(error, Error::TooLarge { limit: 1_000, .. }),
        "{error}"
    );
}

#[tokio::test]
async fn hanging_management_answer_ends_with_the_time_out() {
    let server = Raw::serve(Behaviour::SendAndHang(head("content-length: 9\r\n"))).await;
    let error = client(hasty(foreign(&server.address)))
        .info()
        .await
        .unwrap_err();
    assert!(
        matches!(
            error,
            Error::Timeout {
                operation: "info",
                ..
            }
        ),
        "{error}"
    );
    assert_eq!(server.requests(), 3);
}

#[tokio::test]
async fn changes_are_sent_once_and_deletes_again_on_5xx() {
    let server = Script::serve([
        Step::new("PUT", "/system/functions", 500, "no").authorized(),
        Step::new(
            "DELETE",
            "/system/functions",
            500,
            "cannot delete running task",
        )
        .authorized(),
        Step::new("DELETE", "/system/functions", 200, "").authorized(),
    ])
    .await;
    let client = client(foreign(&server.address));
    let error = client.update(&Default::default()).await.unwrap_err();
    assert!(matches!(error, Error::Rejected { .. }), "{error}");
    assert!(client.delete(&name("echo")).await.unwrap());
    server.finish();
}

#[tokio::test]
async fn path_of_the_caller_cannot_reach_a_management_route() {
    let step = Step::new("POST", "/function/echo/system/functions", 200, "");
    let server = Script::serve([step]).await;
    let hostile = Request {
        path: "/../%2e%2e/system/functions".into(),
        ..request()
    };
    let seen = call(foreign(&server.address), hostile).await;
    server.finish();
    assert_eq!(seen.outcome, Outcome::Success);
}

#[tokio::test]
async fn headers_of_the_connection_are_not_taken_from_the_caller() {
    let step = Step::new("POST", "/function/echo", 200, "")
        .expecting("content-length", "5")
        .expecting("x-own", "kept")
        .without("x-defaas-seed")
        .expecting("x-timeout", "200ms");
    let server = Script::serve([step]).await;
    let mut hostile = request();
    hostile.seed = Some([1; 32]);
    for (name, value) in [
        ("content-length", "99"),
        ("transfer-encoding", "chunked"),
        ("host", "elsewhere"),
        ("connection", "upgrade"),
        ("x-timeout", "1h"),
        ("x-defaas-seed", "00"),
        ("x-own", "kept"),
    ] {
        hostile
            .headers
            .insert(name, HeaderValue::from_static(value));
    }
    let seen = call(foreign(&server.address), hostile).await;
    server.finish();
    assert_eq!(seen.outcome, Outcome::Success, "{:?}", seen.problem);
}
