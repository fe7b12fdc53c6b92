//! Errors in Kubo's form: `{"Message": …, "Code": …, "Type": "error"}`.

use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::Json;
use serde::Serialize;

use crate::error::Error;

/// Kubo's code of an ordinary error.
const NORMAL: u8 = 0;
/// Kubo's code of a wrong argument.
const CLIENT: u8 = 1;

/// An error answer.
#[derive(Debug)]
pub(super) struct RpcError {
    status: StatusCode,
    message: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Body {
    message: String,
    code: u8,
    r#type: &'static str,
}

impl RpcError {
    pub(super) fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self {
            status,
            message: message.into(),
        }
    }

    /// A wrong argument.
    pub(super) fn argument(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, message)
    }

    /// Something of Kubo's that is not built here.
    pub(super) fn not_built(message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_IMPLEMENTED, message)
    }
}

/// Kubo answers every failed command with 500; here the client's fault is told from the store's.
impl From<Error> for RpcError {
    fn from(error: Error) -> Self {
        let status = match &error {
            Error::UnsupportedCid(_) | Error::WrongBlock(_) | Error::Source(_) => {
                StatusCode::BAD_REQUEST
            }
            Error::TooLarge { .. } | Error::BlockTooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Error::StoreFull { .. } | Error::TooManyPins { .. } => StatusCode::INSUFFICIENT_STORAGE,
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        };
        if matches!(error, Error::Io { .. }) {
            log::error!("upload request failed; error={error}");
            // Paths of this machine are not the client's business.
            return Self::new(status, "the store's disk failed: see the node's log");
        }
        Self::new(status, error.to_string())
    }
}

impl IntoResponse for RpcError {
    fn into_response(self) -> Response {
        let code = if self.status.is_client_error() {
            CLIENT
        } else {
            NORMAL
        };
        let body = Body {
            message: self.message,
            code,
            r#type: "error",
        };
        (self.status, Json(body)).into_response()
    }
}

/// A command of Kubo's that is not built here.
pub(super) async fn not_built(uri: Uri) -> RpcError {
    RpcError::not_built(format!("{} is not built here", uri.path()))
}

/// Kubo's RPC is POST only.
pub(super) async fn method_not_allowed() -> RpcError {
    RpcError::new(StatusCode::METHOD_NOT_ALLOWED, "commands are sent by POST")
}

/// Outside `/api/v0`.
pub(super) async fn no_such_page() -> RpcError {
    RpcError::new(StatusCode::NOT_FOUND, "there is only /api/v0")
}
