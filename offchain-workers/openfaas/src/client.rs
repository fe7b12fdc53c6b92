//! The management routes: one method per route, each one question.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use reqwest::{Method, StatusCode};
use serde::de::DeserializeOwned;
use serde::Serialize;

use crate::config::ConfigError;
use crate::retry;
use crate::transport::{Question, Transport};
use crate::types::{DeleteRequest, ScaleRequest};
use crate::{Config, Error, FunctionDeployment, FunctionName, FunctionStatus, Info};

/// Client of one OpenFaaS. Clones share their connections.
///
/// Questions (`health`, `info`, `list`, `get`) and `delete` are repeated when the connection fails
/// or the OpenFaaS answers 5xx. Changes are sent once, because on faasd a change that fails may
/// have half happened: [`Client::ensure_deployed`] looks and repairs. Invocations are sent once.
#[derive(Clone)]
pub struct Client {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub transport: Transport,
    pub config: Config,
}

impl Client {
    /// Checks the settings and sets up the client; nothing is sent yet.
    pub fn new(config: Config) -> Result<Self, ConfigError> {
        config.check()?;
        let transport = Transport::new(&config)?;
        Ok(Self {
            inner: Arc::new(Inner { transport, config }),
        })
    }

    /// Whether the OpenFaaS answers and is healthy.
    pub async fn health(&self) -> Result<(), Error> {
        self.query("health", "/healthz").await.map(drop)
    }

    /// What answers there.
    pub async fn info(&self) -> Result<Info, Error> {
        parse("info", &self.query("info", "/system/info").await?)
    }

    /// All functions of the namespace.
    pub async fn list(&self) -> Result<Vec<FunctionStatus>, Error> {
        let path = format!("/system/functions{}", self.namespace_query());
        parse("list", &self.query("list", &path).await?)
    }

    /// One function; `None` if there is none of that name.
    pub async fn get(&self, name: &FunctionName) -> Result<Option<FunctionStatus>, Error> {
        let path = format!("/system/function/{name}{}", self.namespace_query());
        match self.query("get", &path).await {
            Err(Error::Rejected { status, .. }) if status == StatusCode::NOT_FOUND => Ok(None),
            answer => parse("get", &answer?).map(Some),
        }
    }

    /// Deploys a function that is not there. It may not listen yet when this returns.
    pub async fn deploy(&self, deployment: &FunctionDeployment) -> Result<(), Error> {
        let body = encode(&self.in_namespace(deployment));
        self.change("deploy", Method::POST, "/system/functions", body)
            .await
    }

    /// Replaces a function as a whole. If faasd answers an error, the function that was there is
    /// likely gone.
    pub async fn update(&self, deployment: &FunctionDeployment) -> Result<(), Error> {
        let body = encode(&self.in_namespace(deployment));
        let answer = self
            .change("update", Method::PUT, "/system/functions", body)
            .await;
        found(&deployment.service, answer)
    }

    /// Removes a function; `false` if there is none of that name.
    ///
    /// Repeated on 5xx: faasd answers 500 to the first try if a function takes long to stop.
    pub async fn delete(&self, name: &FunctionName) -> Result<bool, Error> {
        let body = encode(&DeleteRequest {
            function_name: name.as_str(),
            namespace: self.namespace(),
        });
        let delete = || {
            let body = body.clone();
            self.change("delete", Method::DELETE, "/system/functions", body)
        };
        match retry::repeat(delete).await {
            Err(Error::Rejected { status, .. }) if status == StatusCode::NOT_FOUND => Ok(false),
            answer => answer.map(|()| true),
        }
    }

    /// Asks for a number of instances. Gateways raise 0 to 1; faasd runs at most 1.
    pub async fn scale(&self, name: &FunctionName, replicas: u64) -> Result<(), Error> {
        let body = encode(&ScaleRequest {
            service_name: name.as_str(),
            replicas,
            namespace: self.namespace(),
        });
        let path = format!("/system/scale-function/{name}");
        let answer = self.change("scale", Method::POST, &path, body).await;
        found(name.as_str(), answer)
    }

    /// Asks, and asks again if the answer was lost.
    async fn query(&self, operation: &'static str, path: &str) -> Result<Bytes, Error> {
        retry::repeat(|| {
            self.inner.transport.ask(Question {
                operation,
                method: Method::GET,
                path: path.to_owned(),
                json: None,
                limit: self.inner.config.timeouts.query,
            })
        })
        .await
    }

    /// Asks once for a change.
    async fn change(
        &self,
        operation: &'static str,
        method: Method,
        path: &str,
        body: Vec<u8>,
    ) -> Result<(), Error> {
        let question = Question {
            operation,
            method,
            path: path.to_owned(),
            json: Some(body),
            limit: self.inner.config.timeouts.change,
        };
        self.inner.transport.ask(question).await.map(drop)
    }

    pub(crate) fn namespace(&self) -> Option<&str> {
        self.inner.config.namespace.as_deref()
    }

    /// The namespace was checked to need no escaping.
    fn namespace_query(&self) -> String {
        self.namespace()
            .map(|namespace| format!("?namespace={namespace}"))
            .unwrap_or_default()
    }

    fn in_namespace(&self, deployment: &FunctionDeployment) -> FunctionDeployment {
        let mut deployment = deployment.clone();
        if let Some(namespace) = self.namespace() {
            namespace.clone_into(&mut deployment.namespace);
        }
        deployment
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("config", &self.inner.config)
            .finish_non_exhaustive()
    }
}

/// Names what was not found.
fn found(name: &str, answer: Result<(), Error>) -> Result<(), Error> {
    match answer {
        Err(Error::Rejected { status, .. }) if status == StatusCode::NOT_FOUND => {
            Err(Error::NotFound(name.to_owned()))
        }
        answer => answer,
    }
}

fn parse<T: DeserializeOwned>(operation: &'static str, body: &[u8]) -> Result<T, Error> {
    serde_json::from_slice(body).map_err(|source| Error::Malformed { operation, source })
}

fn encode(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).expect("maps have text keys and no field can fail to serialize; qed")
}
