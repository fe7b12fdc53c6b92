//! Deploying, replacing, removing and looking at functions.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::Json;
use bytes::Bytes;
use serde::de::DeserializeOwned;

use super::answer::{self, BodyError};
use super::App;
use crate::crashes::Quarantined;
use crate::deployment::{check_namespace, Plan, Refusal};
use crate::deployments::{Conflict, Function};
use crate::engine::LoadError;
use crate::openfaas::{DeleteRequest, FunctionDeployment, NamespaceQuery};
use crate::outcome::Fault;

/// Longest body of a management request, in bytes.
const MAX_BODY_BYTES: u64 = 256 << 10;

/// Why a management request is refused.
#[derive(Debug, thiserror::Error)]
pub(super) enum Rejection {
    #[error(transparent)]
    Malformed(#[from] serde_json::Error),
    #[error("the body has more than {MAX_BODY_BYTES} bytes")]
    TooLarge,
    #[error("the body did not arrive whole and in time")]
    Incomplete,
    #[error(transparent)]
    Refused(#[from] Refusal),
    #[error(transparent)]
    Quarantined(#[from] Quarantined),
    #[error(transparent)]
    Load(#[from] LoadError),
    #[error(transparent)]
    Conflict(#[from] Conflict),
}

impl IntoResponse for Rejection {
    fn into_response(self) -> Response {
        let status = match &self {
            Self::Malformed(_) | Self::Refused(_) => StatusCode::BAD_REQUEST,
            Self::Quarantined(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Incomplete => StatusCode::REQUEST_TIMEOUT,
            Self::Load(LoadError::Full(_)) | Self::Conflict(Conflict::Full(_)) => {
                StatusCode::INSUFFICIENT_STORAGE
            }
            Self::Load(error) => match error.fault() {
                Fault::Overloaded => StatusCode::TOO_MANY_REQUESTS,
                Fault::Internal => StatusCode::INTERNAL_SERVER_ERROR,
                _ => StatusCode::BAD_REQUEST,
            },
            Self::Conflict(Conflict::AlreadyExists(_)) => StatusCode::BAD_REQUEST,
            Self::Conflict(Conflict::NotFound(_)) => StatusCode::NOT_FOUND,
        };
        let fault = match &self {
            Self::Refused(refusal) => refusal.fault(),
            Self::Load(error) => error.fault(),
            Self::Conflict(Conflict::Full(_)) => Fault::Overloaded,
            // The code is a suspect, not convicted: what crashed is this runtime.
            Self::Quarantined(_) => Fault::Internal,
            _ => return answer::text(status, self),
        };
        log::info!("deployment refused: {self}");
        answer::fault(status, fault, self)
    }
}

pub(super) async fn list(
    State(app): State<Arc<App>>,
    Query(query): Query<NamespaceQuery>,
) -> Result<Response, Rejection> {
    check_namespace(&query.namespace)?;
    let functions = app.deployments.all();
    let statuses: Vec<_> = functions.iter().map(|function| function.status()).collect();
    Ok(Json(statuses).into_response())
}

pub(super) async fn status(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
    Query(query): Query<NamespaceQuery>,
) -> Result<Response, Rejection> {
    check_namespace(&query.namespace)?;
    Ok(match app.deployments.get(&name) {
        Some(function) => Json(function.status()).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    })
}

pub(super) async fn deploy(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    body: Body,
) -> Result<StatusCode, Rejection> {
    let (asked, plan) = understand(&app, &headers, body).await?;
    app.deployments.may_add(&plan.name)?;
    let function = prepare(&app, asked, plan).await?;
    app.deployments.add(function)?;
    Ok(StatusCode::OK)
}

pub(super) async fn update(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    body: Body,
) -> Result<StatusCode, Rejection> {
    let (asked, plan) = understand(&app, &headers, body).await?;
    if app.deployments.get(&plan.name).is_none() {
        return Err(Conflict::NotFound(plan.name).into());
    }
    let function = prepare(&app, asked, plan).await?;
    app.deployments.replace(function)?;
    Ok(StatusCode::OK)
}

pub(super) async fn delete(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    body: Body,
) -> Result<StatusCode, Rejection> {
    let asked: DeleteRequest = parse(&read(&app, &headers, body).await?)?;
    check_namespace(&asked.namespace)?;
    app.deployments.remove(&asked.function_name)?;
    Ok(StatusCode::OK)
}

async fn understand(
    app: &App,
    headers: &HeaderMap,
    body: Body,
) -> Result<(FunctionDeployment, Plan), Rejection> {
    let asked: FunctionDeployment = parse(&read(app, headers, body).await?)?;
    let plan = Plan::of(&asked, app.memory_pool)?;
    Ok((asked, plan))
}

/// Loads the code, compiling it if need be.
async fn prepare(app: &App, asked: FunctionDeployment, plan: Plan) -> Result<Function, Rejection> {
    if let Some(crashes) = &app.crashes {
        crashes.check(&plan.digest)?;
    }
    let code = app.engine.load(plan.digest, plan.mode).await?;
    let (initial, limit) = (code.initial_memory, plan.limits.memory_bytes);
    if initial > limit {
        return Err(Refusal::CannotStart { initial, limit }.into());
    }
    Ok(Function {
        name: plan.name,
        image: asked.image,
        environment: asked.env_vars,
        labels: asked.labels,
        annotations: asked.annotations,
        resources: asked.limits,
        limits: plan.limits,
        code,
        created_at: Function::now(),
        invocations: 0.into(),
    })
}

async fn read(app: &App, headers: &HeaderMap, body: Body) -> Result<Bytes, Rejection> {
    answer::read_body(app, headers, body, MAX_BODY_BYTES)
        .await
        .map_err(|error| match error {
            BodyError::TooLarge => Rejection::TooLarge,
            BodyError::Incomplete => Rejection::Incomplete,
        })
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Rejection> {
    Ok(serde_json::from_slice(body)?)
}
