//! Against a real OpenFaaS, where the environment names one.

use std::env;
use std::path::PathBuf;

use defaas_openfaas::{Client, Config, Credentials, FunctionName, Request};
use defaas_primitives::{Fault, Limits, Outcome};

const URL: &str = "DEFAAS_OPENFAAS_URL";
const USER_FILE: &str = "DEFAAS_OPENFAAS_USER_FILE";
const PASSWORD_FILE: &str = "DEFAAS_OPENFAAS_PASSWORD_FILE";

/// The OpenFaaS of the environment; says on standard output if there is none.
fn real(test: &str) -> Option<Client> {
    let Ok(url) = env::var(URL) else {
        // Straight to the stream, since the test harness keeps what `println!` says.
        use std::io::Write;
        let _ = writeln!(
            std::io::stdout(),
            "{test}: not run, because {URL} names no OpenFaaS"
        );
        return None;
    };
    let file = |name| env::var_os(name).map(PathBuf::from);
    let credentials = match (file(USER_FILE), file(PASSWORD_FILE)) {
        (Some(user), Some(password)) => {
            Some(Credentials::from_files(&user, &password).expect("readable credentials"))
        }
        _ => None,
    };
    let config = Config {
        endpoint: url.parse().expect("an endpoint"),
        credentials,
        ..Config::default()
    };
    Some(Client::new(config).expect("usable settings"))
}

#[tokio::test]
async fn real_openfaas_answers_questions() {
    let Some(client) = real("real_openfaas_answers_questions") else {
        return;
    };
    client.health().await.unwrap();
    assert!(!client.info().await.unwrap().provider.is_empty());
    for function in client.list().await.unwrap() {
        assert!(!function.name.is_empty() && !function.image.is_empty());
    }
}

#[tokio::test]
async fn real_openfaas_knows_no_function_that_was_never_deployed() {
    let Some(client) = real("real_openfaas_knows_no_function_that_was_never_deployed") else {
        return;
    };
    let limits = Limits {
        timeout_ms: 5_000,
        memory_bytes: 64 << 20,
        max_input_bytes: 4_096,
        max_output_bytes: 4_096,
    };
    let name = FunctionName::derive("never/deployed", &limits, false);
    assert_eq!(client.get(&name).await.unwrap(), None);
    assert!(!client.delete(&name).await.unwrap());
    let seen = client
        .invoke(&name, Request::post("/", "hello", &limits))
        .await;
    assert_eq!(
        seen.outcome,
        Outcome::ProviderFailed(Fault::Internal),
        "{seen:?}"
    );
}
