//! Who may use the listener: whoever has the token and is not a web page.

use axum::extract::{Request, State};
use axum::http::header::{HeaderName, AUTHORIZATION, ORIGIN, REFERER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::error::RpcError;
use super::token::Token;

/// Headers that browsers put on requests which pages cause.
const BROWSER_HEADERS: [HeaderName; 2] = [ORIGIN, REFERER];

/// Refuses web pages and wrong tokens, before anything is read of the body.
pub(super) async fn check(State(token): State<Token>, request: Request, next: Next) -> Response {
    let headers = request.headers();
    if BROWSER_HEADERS
        .iter()
        .any(|name| headers.contains_key(name))
    {
        return RpcError::new(StatusCode::FORBIDDEN, "requests from web pages are refused")
            .into_response();
    }
    let given = headers.get(AUTHORIZATION).and_then(bearer);
    if !given.is_some_and(|given| token.matches(given)) {
        let text = "send the token of the token file: `Authorization: Bearer <token>`";
        let mut response = RpcError::new(StatusCode::UNAUTHORIZED, text).into_response();
        response
            .headers_mut()
            .insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        return response;
    }
    next.run(request).await
}

fn bearer(value: &HeaderValue) -> Option<&[u8]> {
    let (scheme, token) = value.as_bytes().split_at_checked("Bearer ".len())?;
    scheme.eq_ignore_ascii_case(b"Bearer ").then_some(token)
}
