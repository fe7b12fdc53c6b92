//! Every recorded exchange of a real OpenFaaS (faasd 0.19.0 and its gateway) that this client can
//! have: it must ask as recorded, and read the answer right.

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use defaas_openfaas::{
    Client, Config, Credentials, Error, FunctionDeployment, HeaderMap, HeaderName, HeaderValue,
    Invocation, Method, Request,
};
use defaas_primitives::{Fault, Limit, Outcome};
use serde_json::Value;
use support::raw::{Behaviour, Raw};
use support::script::{Script, Step};
use support::{bytes_of, client, exchange, foreign, hasty, name, own, recorded, Exchange};

const INTERNAL: Outcome = Outcome::ProviderFailed(Fault::Internal);

/// How each recorded invocation ends, if the function's limits are not reached and `true` if the
/// function must be looked at first and is ready.
const INVOCATIONS: [(&str, bool, Outcome); 46] = [
    ("invoke.get", false, Outcome::Success),
    ("invoke.post", false, Outcome::Success),
    ("invoke.path-query", false, Outcome::Success),
    ("invoke.no-content-type", false, Outcome::Success),
    ("invoke.call-id", false, Outcome::Success),
    ("invoke.authorization", false, Outcome::Success),
    ("invoke.head", false, Outcome::Success),
    ("invoke.put", false, Outcome::Success),
    ("invoke.delete", false, Outcome::Success),
    ("invoke.qualified", false, Outcome::Success),
    ("invoke.unknown", true, Outcome::FunctionFailed),
    ("invoke.unknown.provider", false, INTERNAL),
    ("invoke.unknown-namespace", true, Outcome::FunctionFailed),
    ("invoke.provider", false, Outcome::Success),
    ("invoke.status-500", false, Outcome::FunctionFailed),
    ("invoke.status-404", true, Outcome::FunctionFailed),
    ("invoke.status-204", false, Outcome::Success),
    ("invoke.redirect", false, Outcome::FunctionFailed),
    ("invoke.secret", false, Outcome::Success),
    ("invoke.event-stream", false, Outcome::Success),
    ("invoke.mebibyte", false, Outcome::Success),
    ("invoke.hangup", false, INTERNAL),
    ("late.invoke.at-once", false, INTERNAL),
    ("late.invoke.later", false, Outcome::Success),
    ("deaf.invoke", false, INTERNAL),
    ("exit.invoke", false, INTERNAL),
    ("exit.invoke.again", false, Outcome::Success),
    ("exit.invoke.later", false, Outcome::Success),
    ("paused.invoke.provider", true, Outcome::FunctionFailed),
    ("paused.invoke", false, Outcome::Success),
    ("classic.invoke", false, Outcome::Success),
    ("classic.invoke.exit-1", false, Outcome::FunctionFailed),
    ("ofw.invoke", false, Outcome::Success),
    ("ofw.invoke.timeout", false, INTERNAL),
    (
        "ofw.invoke.busy",
        false,
        Outcome::ProviderFailed(Fault::Overloaded),
    ),
    ("ofw.invoke.hangup", false, INTERNAL),
    ("dev.invoke", false, Outcome::Success),
    ("delete.invoke", true, Outcome::FunctionFailed),
    ("slow.invoke", false, INTERNAL),
    ("crash.invoke.provider", true, Outcome::FunctionFailed),
    ("crash.invoke", false, INTERNAL),
    ("nozero.invoke.unknown", false, INTERNAL),
    ("nozero.crash.invoke", true, Outcome::FunctionFailed),
    ("nozero.paused.invoke", true, Outcome::FunctionFailed),
    ("long.slow.invoke", true, Outcome::FunctionFailed),
    ("long.crash.invoke", true, Outcome::FunctionFailed),
];

/// A client with the credentials and the namespace that the recorded request has.
fn client_for(exchange: &Exchange, address: &str) -> Client {
    let mut config: Config = foreign(address);
    if exchange.request.path.starts_with("/system/") {
        let authorization = exchange.request.headers.get("Authorization");
        config.credentials = match authorization.map(String::as_str) {
            None => None,
            Some("Basic <base64>") => config.credentials,
            Some(_) => Some(Credentials::new("wrong", "wrong").unwrap()),
        };
    }
    let path = &exchange.request.path;
    let asked = path
        .split_once("?namespace=")
        .map(|(_, namespace)| namespace);
    let called = function_of(path).and_then(|function| function.split_once('.'));
    config.namespace = asked
        .or(called.map(|(_, namespace)| namespace))
        .map(str::to_owned);
    client(config)
}

/// What stands behind `/function/`, up to the next slash or question mark.
fn function_of(path: &str) -> Option<&str> {
    path.strip_prefix("/function/")?.split(['/', '?']).next()
}

fn request_of(exchange: &Exchange) -> Request {
    let path = &exchange.request.path;
    let function = function_of(path).unwrap();
    let target = &path["/function/".len() + function.len()..];
    let (path, query) = match target.split_once('?') {
        Some((path, query)) => (path, Some(query.to_owned())),
        None => (target, None),
    };
    let headers: HeaderMap = exchange
        .request
        .headers
        .iter()
        .map(|(name, value)| {
            let name: HeaderName = name.parse().unwrap();
            (name, HeaderValue::from_str(value).unwrap())
        })
        .collect();
    Request {
        method: exchange.request.method.parse().unwrap(),
        path: path.to_owned(),
        query,
        headers,
        body: bytes_of(&exchange.request.body).into(),
        timeout: Duration::from_secs(5),
        max_output_bytes: 2 << 20,
        call_id: None,
        seed: None,
    }
}

async fn invoke(client: &Client, exchange: &Exchange) -> Invocation {
    let function = function_of(&exchange.request.path).unwrap();
    let function = function.split('.').next().unwrap();
    client.invoke(&name(function), request_of(exchange)).await
}

/// The question by which the client looks whether a function is ready, with this answer.
fn look(exchange: &Exchange, answer: &str) -> Step {
    let function = function_of(&exchange.request.path).unwrap();
    let path = match function.split_once('.') {
        Some((name, namespace)) => format!("/system/function/{name}?namespace={namespace}"),
        None => format!("/system/function/{function}"),
    };
    Step::answer_of(answer, "GET", &path)
}

/// Serves one exchange, with what follows it, and calls.
async fn replay(exchange: &Exchange, follow_up: Option<Step>) -> Invocation {
    if exchange.response.status.is_none() {
        let server = Raw::serve(Behaviour::Send(Vec::new())).await;
        let invocation = invoke(&client_for(exchange, &server.address), exchange).await;
        assert_eq!(server.requests(), 1, "{}", exchange.id);
        return invocation;
    }
    let steps = std::iter::once(Step::recorded(exchange)).chain(follow_up);
    let server = Script::serve(steps).await;
    let invocation = invoke(&client_for(exchange, &server.address), exchange).await;
    server.finish();
    invocation
}

#[tokio::test]
async fn invocations_of_ready_functions_end_as_the_table_says() {
    for (id, is_doubted, outcome) in INVOCATIONS {
        let exchange = exchange(id);
        let follow_up = is_doubted.then(|| look(&exchange, "function.get"));
        let seen = replay(&exchange, follow_up).await;
        assert_eq!(seen.outcome, outcome, "{id}: {:?}", seen.problem);
        assert_eq!(
            seen.status.map(|status| status.as_u16()),
            exchange.response.status,
            "{id}"
        );
        assert!(seen.sent, "{id}");
        let has_output = matches!(outcome, Outcome::Success | Outcome::FunctionFailed);
        let output = if has_output {
            bytes_of(&exchange.response.body)
        } else {
            Vec::new()
        };
        assert_eq!(seen.body, output, "{id}");
    }
}

#[tokio::test]
async fn doubtful_answers_are_the_provider_s_failure_when_the_function_is_not_ready() {
    // The function is gone, or it has no instance.
    for answer in ["function.get.unknown", "exit.function"] {
        for (id, _, _) in INVOCATIONS.iter().filter(|(_, is_doubted, _)| *is_doubted) {
            let exchange = exchange(id);
            let seen = replay(&exchange, Some(look(&exchange, answer))).await;
            assert_eq!(seen.outcome, INTERNAL, "{id}, {answer}");
            assert!(
                seen.body.is_empty() && seen.problem.is_some(),
                "{id}, {answer}"
            );
        }
    }
}

#[tokio::test]
async fn watchdog_time_out_is_the_function_s_limit_when_the_limit_was_reached() {
    let exchange = exchange("ofw.invoke.timeout");
    let server = Script::serve([Step::recorded(&exchange)]).await;
    let request = Request {
        timeout: Duration::ZERO,
        ..request_of(&exchange)
    };
    let seen = client_for(&exchange, &server.address)
        .invoke(&name("ofw"), request)
        .await;
    server.finish();
    assert_eq!(seen.outcome, Outcome::LimitExceeded(Limit::Timeout));
}

#[tokio::test]
async fn foreign_answers_are_failures_of_the_provider_where_exact_ones_are_expected() {
    let exchange = exchange("invoke.post");
    // This project's own runtime is asked with the credentials.
    let server = Script::serve([Step::recorded(&exchange).authorized()]).await;
    let seen = client(own(&server.address))
        .invoke(&name("echo"), request_of(&exchange))
        .await;
    server.finish();
    assert_eq!(seen.outcome, INTERNAL);
}

/// What a management call came to, in words that the recorded answer determines.
#[derive(Debug, PartialEq)]
enum Seen {
    Done,
    Absent,
    Unauthorized,
    Rejected(u16, String),
}

impl Seen {
    fn of<T>(answer: Result<T, Error>, is_absent: impl Fn(&T) -> bool) -> Self {
        match answer {
            Ok(value) if is_absent(&value) => Self::Absent,
            Ok(_) => Self::Done,
            Err(Error::NotFound(_)) => Self::Absent,
            Err(Error::Unauthorized) => Self::Unauthorized,
            Err(Error::Rejected {
                status, message, ..
            }) => Self::Rejected(status.as_u16(), message),
            Err(other) => panic!("{other}"),
        }
    }

    fn recorded(exchange: &Exchange) -> Self {
        match exchange.response.status.unwrap() {
            200 | 202 => Self::Done,
            401 => Self::Unauthorized,
            404 => Self::Absent,
            status => {
                let text = String::from_utf8(bytes_of(&exchange.response.body)).unwrap();
                let start: String = text.trim().replace('\n', " ").chars().take(512).collect();
                Self::Rejected(status, start.trim_end().to_owned())
            }
        }
    }
}

async fn manage(client: &Client, exchange: &Exchange) -> Seen {
    let path = exchange.request.path.split('?').next().unwrap();
    let body: Value = match &exchange.request.body {
        Value::String(text) => serde_json::from_str(text).unwrap(),
        _ => Value::Null,
    };
    let deployment = || serde_json::from_value::<FunctionDeployment>(body.clone()).unwrap();
    let last = name_or_default(path.rsplit('/').next().unwrap());
    match (exchange.request.method.as_str(), path) {
        ("GET", "/healthz") => Seen::of(client.health().await, |()| false),
        ("GET", "/system/info") => Seen::of(client.info().await, |_| false),
        ("GET", "/system/functions") => Seen::of(client.list().await, |_| false),
        ("POST", "/system/functions") => Seen::of(client.deploy(&deployment()).await, |()| false),
        ("PUT", "/system/functions") => Seen::of(client.update(&deployment()).await, |()| false),
        ("DELETE", "/system/functions") => {
            let function = name(body["functionName"].as_str().unwrap());
            Seen::of(client.delete(&function).await, |existed| !existed)
        }
        ("GET", _) => Seen::of(client.get(&last).await, Option::is_none),
        ("POST", _) => {
            let replicas = body["replicas"].as_u64().unwrap();
            Seen::of(client.scale(&last, replicas).await, |()| false)
        }
        (method, path) => panic!("{method} {path} is none of this client's requests"),
    }
}

/// The last part of a path, where it is a name.
fn name_or_default(text: &str) -> defaas_openfaas::FunctionName {
    defaas_openfaas::FunctionName::parse(text).unwrap_or_else(|_| name("none"))
}

#[tokio::test]
async fn management_requests_go_out_as_recorded_and_their_answers_are_understood() {
    let exchanges: Vec<_> = recorded()
        .into_iter()
        .filter(|exchange| !exchange.request.path.starts_with("/function/"))
        .collect();
    assert_eq!(exchanges.len() + INVOCATIONS.len(), recorded().len());
    for exchange in exchanges {
        let server = Script::serve([Step::recorded(&exchange)]).await;
        let seen = manage(&client_for(&exchange, &server.address), &exchange).await;
        server.finish();
        assert_eq!(seen, Seen::recorded(&exchange), "{}", exchange.id);
    }
}

#[test]
fn table_names_every_recorded_invocation_once() {
    let listed: BTreeSet<_> = INVOCATIONS
        .iter()
        .map(|(id, _, _)| id.to_string())
        .collect();
    let there: BTreeSet<_> = recorded()
        .into_iter()
        .filter(|exchange| exchange.request.path.starts_with("/function/"))
        .map(|exchange| exchange.id)
        .collect();
    assert_eq!(listed, there);
    assert_eq!(listed.len(), INVOCATIONS.len());
}

async fn served<T>(id: &str, ask: impl AsyncFnOnce(Client) -> Result<T, Error>) -> T {
    let exchange = exchange(id);
    let server = Script::serve([Step::recorded(&exchange)]).await;
    let answer = ask(client_for(&exchange, &server.address)).await.unwrap();
    server.finish();
    answer
}

#[tokio::test]
async fn info_is_read_in_both_shapes() {
    let gateway = served("info", async |client| client.info().await).await;
    let provider = served("info.provider", async |client| client.info().await).await;
    assert_eq!(gateway.gateway.unwrap().version.release, "dev");
    assert_eq!(provider.gateway, None);
    for info in [&gateway.provider, &provider.provider] {
        assert_eq!(info, "faasd");
    }
    assert_eq!(
        (&gateway.version, &gateway.orchestration),
        (&provider.version, &provider.orchestration)
    );
    assert_eq!(
        (
            provider.version.release.as_str(),
            provider.version.sha.as_str()
        ),
        ("0.19.0", "e4848cd")
    );
}

#[tokio::test]
async fn function_is_read_whole_from_the_list_and_alone() {
    let list = served("functions.list", async |client| client.list().await).await;
    let alone = served("function.get", async |client| {
        client.get(&name("echo")).await
    })
    .await;
    let (listed, alone) = (&list[0], alone.unwrap());
    assert_eq!(list.len(), 1);
    for function in [listed, &alone] {
        assert_eq!(function.name, "echo");
        assert_eq!(function.image, "<registry>/echo:1");
        assert_eq!(function.namespace, "openfaas-fn");
        assert_eq!(
            function.env_vars,
            BTreeMap::from([("colour".into(), "blue".into())])
        );
        assert_eq!(function.secrets, ["key"]);
        assert_eq!(function.annotations["cid"], "bafkreiexample");
        assert_eq!(function.labels["com.openfaas.scale.min"], "1");
        assert_eq!(function.replicas, 1);
        // What is read is what was written: nothing is lost on the way.
        let text = if std::ptr::eq(function, listed) {
            "functions.list"
        } else {
            "function.get"
        };
        let body =
            serde_json::from_slice::<Value>(&bytes_of(&exchange(text).response.body)).unwrap();
        let body = if body.is_array() {
            body[0].clone()
        } else {
            body
        };
        assert_eq!(serde_json::to_value(function).unwrap(), body);
    }
    assert_eq!(listed.limits.as_ref().unwrap().memory, "64Mi");
    assert_eq!(
        (listed.available_replicas, alone.available_replicas),
        (0, 1)
    );
}

#[tokio::test]
async fn function_without_instances_reads_as_zero_replicas() {
    let found = served("exit.function", async |client| {
        client.get(&name("echo")).await
    })
    .await;
    let found = found.unwrap();
    assert_eq!((found.replicas, found.available_replicas), (0, 0));
}

#[tokio::test]
async fn watchdog_s_duration_is_taken() {
    let recorded = exchange("classic.invoke");
    let server =
        Script::serve([Step::recorded(&recorded).answering("x-duration-seconds", "0.000001")])
            .await;
    let seen = invoke(&client_for(&recorded, &server.address), &recorded).await;
    server.finish();
    assert_eq!(seen.duration, Duration::from_micros(1));
}

#[tokio::test]
async fn closed_connection_to_a_question_is_asked_again_three_times_in_all() {
    let server = Raw::serve(Behaviour::Send(Vec::new())).await;
    let answer = client(hasty(foreign(&server.address))).list().await;
    assert!(matches!(answer, Err(Error::Broken { .. })), "{answer:?}");
    assert_eq!(server.requests(), 3);
}

#[tokio::test]
async fn method_and_call_id_reach_the_function() {
    let step = Step::new("PUT", "/function/echo/a?b=c", 200, "ok").expecting("x-call-id", "call-7");
    let server = Script::serve([step]).await;
    let request = Request {
        method: Method::PUT,
        path: "/a".into(),
        query: Some("b=c".into()),
        call_id: Some(HeaderValue::from_static("call-7")),
        ..request_of(&exchange("invoke.put"))
    };
    let seen = client(foreign(&server.address))
        .invoke(&name("echo"), request)
        .await;
    server.finish();
    assert_eq!(seen.outcome, Outcome::Success);
}
