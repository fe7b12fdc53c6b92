//! Basic authentication in front of every route but the health check.
//!
//! Also in front of invocations, which OpenFaaS leaves open: whoever else is on this machine may
//! not have functions executed without anybody paying for it.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::Response;

use super::{answer, App};

pub(super) async fn require(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let given = request.headers().get(AUTHORIZATION);
    if given.is_some_and(|given| app.secret.admits(given.as_bytes())) {
        return next.run(request).await;
    }
    let mut response = answer::text(StatusCode::UNAUTHORIZED, "invalid credentials");
    let realm = HeaderValue::from_static("Basic realm=\"Restricted\"");
    response.headers_mut().insert(WWW_AUTHENTICATE, realm);
    response
}
