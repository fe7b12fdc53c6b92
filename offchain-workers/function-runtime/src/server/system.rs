//! What answers, whether it is well, and what it does not do.

use axum::http::{StatusCode, Uri};
use axum::response::Response;
use axum::Json;

use super::answer;
use crate::openfaas::{GatewayVersion, Info, Provider, ProviderVersion};

/// Routes of OpenFaaS that this runtime does not have.
pub(super) const NOT_BUILT: [&str; 13] = [
    "/system/scale-function/{name}",
    "/system/secrets",
    "/system/logs",
    "/system/namespaces",
    "/system/namespace/",
    "/system/namespace/{name}",
    "/system/alert",
    "/system/telemetry",
    "/async-function/{*path}",
    "/metrics",
    "/ui",
    "/ui/",
    "/ui/{*path}",
];

const RELEASE: &str = env!("CARGO_PKG_VERSION");

pub(super) async fn health() -> StatusCode {
    StatusCode::OK
}

pub(super) async fn info() -> Json<Info> {
    Json(Info {
        provider: Provider {
            provider: env!("CARGO_PKG_NAME"),
            version: ProviderVersion {
                sha: crate::SOURCE_HASH,
                release: RELEASE,
            },
            orchestration: "wasmtime",
        },
        version: GatewayVersion {
            commit_message: "sha is the hash of the sources",
            sha: crate::SOURCE_HASH,
            release: RELEASE,
        },
        arch: std::env::consts::ARCH,
    })
}

pub(super) async fn not_built(uri: Uri) -> Response {
    let message = format!("{} is not implemented by this runtime", uri.path());
    answer::text(StatusCode::NOT_IMPLEMENTED, message)
}

pub(super) async fn unknown() -> Response {
    answer::text(StatusCode::NOT_FOUND, "404 page not found\n")
}
