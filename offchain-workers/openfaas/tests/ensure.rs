//! Bringing a function up from every state that a real OpenFaaS was seen in.

mod support;

use std::time::Duration;

use defaas_openfaas::{headers, Error, FunctionDeployment};
use defaas_primitives::Fault;
use support::raw::{Behaviour, Raw};
use support::script::{Script, Step};
use support::{client, exchange, foreign, hasty, own};

const SOON: Duration = Duration::from_secs(10);

/// The deployment of a recorded request.
fn deployment_of(id: &str) -> FunctionDeployment {
    let body = exchange(id).request.body;
    serde_json::from_str(body.as_str().unwrap()).unwrap()
}

fn recorded(id: &str) -> Step {
    Step::recorded(&exchange(id))
}

/// The client asks for the function's status and gets this recorded answer.
fn look(function: &str, answer: &str) -> Step {
    Step::answer_of(answer, "GET", &format!("/system/function/{function}"))
}

/// The client asks whether the function listens and gets this recorded answer.
fn probe(function: &str, answer: &str) -> Step {
    Step::answer_of(answer, "GET", &format!("/function/{function}/_/health"))
}

async fn ensure(wanted: &FunctionDeployment, steps: Vec<Step>) -> Result<(), Error> {
    let server = Script::serve(steps).await;
    let answer = client(foreign(&server.address))
        .ensure_deployed(wanted, SOON)
        .await;
    server.finish();
    answer.map(|found| assert_eq!(found.name, wanted.service))
}

#[tokio::test]
async fn function_that_is_deployed_and_listens_is_left_alone() {
    let wanted = deployment_of("deploy");
    let steps = vec![
        look("echo", "function.get"),
        probe("echo", "late.invoke.later"),
    ];
    ensure(&wanted, steps).await.unwrap();
}

#[tokio::test]
async fn absent_function_is_deployed_and_waited_for_until_it_listens() {
    let wanted = deployment_of("late.deploy");
    let steps = vec![
        look("late", "function.get.unknown"),
        recorded("late.deploy"),
        recorded("late.function"),
        probe("late", "late.invoke.at-once"),
        recorded("late.function"),
        probe("late", "late.invoke.later"),
    ];
    ensure(&wanted, steps).await.unwrap();
}

#[tokio::test]
async fn refused_deployment_is_not_tried_again() {
    let wanted = deployment_of("deploy.unknown-image");
    let steps = vec![
        look("ghost", "function.get.unknown"),
        recorded("deploy.unknown-image"),
        look("ghost", "function.get.unknown"),
    ];
    let error = ensure(&wanted, steps).await.unwrap_err();
    assert!(
        matches!(error, Error::Rejected { status, .. } if status == 400),
        "{error}"
    );
}

#[tokio::test]
async fn function_that_somebody_else_deploys_at_the_same_time_is_taken() {
    let wanted = deployment_of("deploy.duplicate");
    let steps = vec![
        look("echo", "function.get.unknown"),
        recorded("deploy.duplicate"),
        look("echo", "function.get"),
        look("echo", "function.get"),
        probe("echo", "late.invoke.later"),
    ];
    ensure(&wanted, steps).await.unwrap();
}

#[tokio::test]
async fn name_held_by_a_broken_remainder_is_repaired_by_an_update() {
    let wanted = deployment_of("deploy.broken.update");
    let up = r#"{"name":"broken","image":"<registry>/echo:1","replicas":1,"availableReplicas":1}"#;
    let steps = vec![
        recorded("deploy.broken.function"),
        recorded("deploy.broken.update"),
        Step::new("GET", "/system/function/broken", 200, up).authorized(),
        probe("broken", "late.invoke.later"),
    ];
    ensure(&wanted, steps).await.unwrap();
}

#[tokio::test]
async fn function_that_a_failed_update_destroyed_is_deployed_anew() {
    let mut wanted = deployment_of("update.unknown-image");
    wanted.image = "<registry>/nosuch:1".into();
    let up = r#"{"name":"echo","image":"<registry>/nosuch:1","replicas":1,"availableReplicas":1}"#;
    let steps = vec![
        look("echo", "function.get"),
        recorded("update.unknown-image"),
        recorded("update.unknown-image.function"),
        Step::new("POST", "/system/functions", 200, "").authorized(),
        Step::new("GET", "/system/function/echo", 200, up).authorized(),
        probe("echo", "late.invoke.later"),
    ];
    ensure(&wanted, steps).await.unwrap();
}

#[tokio::test]
async fn function_left_without_a_task_by_a_refused_update_is_started_then_updated() {
    let wanted = deployment_of("update.repair");
    let steps = vec![
        look("echo", "exit.function"),
        Step::answer_of("scale.two", "POST", "/system/scale-function/echo"),
        look("echo", "exit.function"),
        recorded("update.repair"),
        look("echo", "scale.two.function"),
        probe("echo", "late.invoke.later"),
    ];
    ensure(&wanted, steps).await.unwrap();
}

#[tokio::test]
async fn function_with_a_lost_annotation_is_updated() {
    let wanted = deployment_of("deploy");
    let steps = vec![
        look("echo", "update.function"),
        Step::new("PUT", "/system/functions", 200, "").authorized(),
        look("echo", "function.get"),
        probe("echo", "late.invoke.later"),
    ];
    ensure(&wanted, steps).await.unwrap();
}

#[tokio::test]
async fn changes_are_bounded_when_nothing_helps() {
    let wanted = deployment_of("update");
    let other = r#"{"name":"echo","image":"other","replicas":1,"availableReplicas":1}"#;
    let mut steps = Vec::new();
    for _ in 0..4 {
        steps.push(Step::new("GET", "/system/function/echo", 200, other).authorized());
        steps.push(Step::new("PUT", "/system/functions", 500, "no").authorized());
    }
    steps.push(Step::new("GET", "/system/function/echo", 200, other).authorized());
    match ensure(&wanted, steps).await.unwrap_err() {
        Error::NotReady {
            last: Some(last), ..
        } => {
            assert!(matches!(*last, Error::Rejected { .. }), "{last}");
        }
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn function_that_never_comes_up_fails_when_the_time_is_up() {
    let body = r#"{"name":"echo","image":"<registry>/echo:1","replicas":1}"#;
    let answer = format!(
        "HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    let server = Raw::serve(Behaviour::Send(answer.into_bytes())).await;
    let within = Duration::from_millis(300);
    let error = client(hasty(foreign(&server.address)))
        .ensure_deployed(&deployment_of("deploy.duplicate"), within)
        .await
        .unwrap_err();
    assert!(
        matches!(error, Error::NotReady { waited, .. } if waited >= within),
        "{error}"
    );
    assert!(server.requests() > 2);
}

#[tokio::test]
async fn own_runtime_is_not_probed_for_what_it_counts_as_available() {
    let server = Script::serve([look("echo", "function.get")]).await;
    let answer = client(own(&server.address))
        .ensure_deployed(&deployment_of("deploy.duplicate"), SOON)
        .await;
    server.finish();
    assert_eq!(answer.unwrap().available_replicas, 1);
}

#[tokio::test]
async fn refused_credentials_and_impossible_names_end_it_at_once() {
    let wanted = deployment_of("deploy");
    let refused = Step::answer_of("info.no-auth", "GET", "/system/function/echo");
    let error = ensure(&wanted, vec![refused]).await.unwrap_err();
    assert!(matches!(error, Error::Unauthorized), "{error}");
    let error = ensure(&deployment_of("deploy.bad-name"), vec![])
        .await
        .unwrap_err();
    assert!(matches!(error, Error::InvalidName(_)), "{error}");
}

#[tokio::test]
async fn fault_that_the_own_runtime_tells_ends_it_at_once() {
    let wanted = deployment_of("deploy");
    let steps = |status| {
        let refusal = Step::new("POST", "/system/functions", status, "no Wasm")
            .authorized()
            .answering(headers::OUTCOME, "provider-failed-invalid-code");
        [look("echo", "function.get.unknown"), refusal]
    };
    for status in [400, 500] {
        let server = Script::serve(steps(status)).await;
        let error = client(own(&server.address))
            .ensure_deployed(&wanted, SOON)
            .await
            .unwrap_err();
        server.finish();
        assert_eq!(error.fault(), Fault::InvalidCode);
    }
}

#[tokio::test]
async fn fault_that_a_foreign_openfaas_tells_is_not_believed() {
    let refusal = Step::new("POST", "/system/functions", 400, "no")
        .authorized()
        .answering(headers::OUTCOME, "provider-failed-invalid-code");
    let absent = || look("echo", "function.get.unknown");
    let steps = vec![absent(), refusal, absent()];
    let error = ensure(&deployment_of("deploy"), steps).await.unwrap_err();
    assert_eq!(error.fault(), Fault::Internal);
}

#[tokio::test]
async fn overload_is_told_as_such_also_when_the_time_is_up() {
    let wanted = deployment_of("deploy");
    let mut steps = Vec::new();
    for _ in 0..4 {
        steps.push(look("echo", "function.get.unknown"));
        steps.push(Step::new("POST", "/system/functions", 503, "busy").authorized());
    }
    steps.push(look("echo", "function.get.unknown"));
    let error = ensure(&wanted, steps).await.unwrap_err();
    assert_eq!(error.fault(), Fault::Overloaded, "{error}");
}
