//! Servers that stand in for an OpenFaaS: one answers from a script and checks what it is asked,
//! one misbehaves on the level of bytes.

// Each test file uses its own part of this.
#![allow(dead_code)]

pub mod raw;
pub mod script;

use std::collections::BTreeMap;
use std::time::Duration;

use defaas_openfaas::{Client, Config, Credentials, Endpoint, FunctionName};
use serde::Deserialize;
use serde_json::Value;

/// User and password of the recorded OpenFaaS.
pub const USER: &str = "admin";
pub const PASSWORD: &str = "testpass";
/// How they look in a request.
pub const AUTHORIZATION: &str = "Basic YWRtaW46dGVzdHBhc3M=";

/// One recorded exchange.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exchange {
    pub id: String,
    /// `gateway` or `provider`.
    pub target: String,
    pub request: RecordedRequest,
    pub response: RecordedResponse,
    pub note: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordedRequest {
    pub method: String,
    /// With query.
    pub path: String,
    pub headers: BTreeMap<String, String>,
    /// Text, `{sha256, length}` or null.
    pub body: Value,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordedResponse {
    /// `None`: the connection was closed without an answer.
    pub status: Option<u16>,
    pub headers: BTreeMap<String, String>,
    /// Text or `{sha256, length}`.
    pub body: Value,
    #[serde(default)]
    pub error: Option<String>,
}

/// All recorded exchanges that this client can have.
pub fn recorded() -> Vec<Exchange> {
    serde_json::from_str(include_str!("../fixtures/openfaas-exchanges.json")).unwrap()
}

/// The recorded exchange of this id.
pub fn exchange(id: &str) -> Exchange {
    recorded()
        .into_iter()
        .find(|exchange| exchange.id == id)
        .unwrap_or_else(|| panic!("no exchange {id}"))
}

/// The bytes that a recorded body stands for.
pub fn bytes_of(body: &Value) -> Vec<u8> {
    match body {
        Value::Null => Vec::new(),
        Value::String(text) => text.as_bytes().to_vec(),
        // The one long body of the recording: byte i is (7 i + i div 251) mod 256.
        sized => {
            let length = sized["length"].as_u64().unwrap();
            (0..length).map(|i| (7 * i + i / 251) as u8).collect()
        }
    }
}

/// Settings for a foreign OpenFaaS at `address` with its credentials.
pub fn foreign(address: &str) -> Config {
    Config {
        endpoint: address.parse::<Endpoint>().unwrap(),
        credentials: Some(Credentials::new(USER, PASSWORD).unwrap()),
        ..Config::default()
    }
}

/// Settings for this project's own runtime at `address`.
pub fn own(address: &str) -> Config {
    Config {
        exact_outcomes: true,
        ..foreign(address)
    }
}

/// Shorter time-outs for tests that wait for them.
pub fn hasty(mut config: Config) -> Config {
    config.timeouts.connect = Duration::from_millis(200);
    config.timeouts.query = Duration::from_millis(200);
    config.timeouts.change = Duration::from_millis(200);
    config.timeouts.invoke_grace = Duration::from_millis(200);
    config
}

pub fn client(config: Config) -> Client {
    Client::new(config).unwrap()
}

pub fn name(text: &str) -> FunctionName {
    FunctionName::parse(text).unwrap()
}
