//! What a function sees of the request: environment variables, as the fork watchdogs of OpenFaaS
//! set them.
//!
//! `Http_Method`, `Http_Path` (decoded), `Http_Query` (as sent, absent if empty),
//! `Http_ContentLength`, `Http_Content_Length`, and one `Http_<Name>` per header. Never the
//! credentials of this runtime. A deterministic function sees no headers at all: they differ from
//! provider to provider, and are no part of a call on chain.

use std::collections::BTreeMap;

use axum::http::{HeaderMap, HeaderName, HeaderValue, Method};
use defaas_function_protocol::headers;

use crate::openfaas::Map;

/// Most bytes of names and values of all headers of a call.
const MAX_HEADER_BYTES: usize = 16 << 10;

/// Headers that a function does not see: those of the connection, and what only this runtime reads.
const HIDDEN: [&str; 12] = [
    "authorization",
    "connection",
    "content-length",
    "expect",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    headers::SEED,
];

/// What is known of a call.
pub(super) struct Request<'a> {
    pub method: &'a Method,
    /// As in the URL, from the function's root on.
    pub path: &'a str,
    pub query: &'a str,
    /// `None`: for a deterministic function.
    pub headers: Option<&'a HeaderMap>,
    pub body_bytes: usize,
}

/// The headers are too long for an environment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the headers have more than {MAX_HEADER_BYTES} bytes")]
pub(super) struct HeadersTooLarge;

/// The whole environment of a call. Of two variables with the same name, what the request says
/// stands before what the deployment says.
pub(super) fn environment(
    deployed: &Map,
    request: &Request<'_>,
) -> Result<Vec<(String, String)>, HeadersTooLarge> {
    let mut variables: BTreeMap<String, String> = deployed.clone();
    let mut bytes = 0;
    for name in request.headers.into_iter().flat_map(HeaderMap::keys) {
        let value = request.headers.and_then(|headers| headers.get(name));
        let Some(value) = value
            .and_then(readable)
            .filter(|_| !HIDDEN.contains(&name.as_str()))
        else {
            continue;
        };
        bytes += name.as_str().len() + value.len();
        if bytes > MAX_HEADER_BYTES {
            return Err(HeadersTooLarge);
        }
        variables.insert(variable(name), value.to_owned());
    }
    let length = request.body_bytes.to_string();
    for (name, value) in [
        ("Http_Method", request.method.as_str()),
        ("Http_Path", &decoded(request.path)),
        ("Http_Query", request.query),
        ("Http_ContentLength", &length),
        ("Http_Content_Length", &length),
    ] {
        variables.remove(name);
        if !value.is_empty() {
            variables.insert(name.into(), value.into());
        }
    }
    Ok(variables.into_iter().collect())
}

/// Values that are no text, or whose text an environment cannot hold, are left out.
fn readable(value: &HeaderValue) -> Option<&str> {
    std::str::from_utf8(value.as_bytes()).ok()
}

/// `x-call-id` becomes `Http_X_Call_Id`.
fn variable(header: &HeaderName) -> String {
    let mut name = String::from("Http");
    for part in header.as_str().split('-') {
        name.push('_');
        let mut characters = part.chars();
        name.extend(characters.next().map(|first| first.to_ascii_uppercase()));
        name.push_str(characters.as_str());
    }
    name
}

/// The path without percent-encoding. As it is, if it would then be no text or contain a zero byte,
/// which ends a string in an environment.
fn decoded(path: &str) -> String {
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        let escaped = (*first == b'%')
            .then(|| tail.get(..2))
            .flatten()
            .and_then(|digits| hex::decode(digits).ok());
        match escaped {
            Some(byte) => {
                bytes.extend(byte);
                rest = &tail[2..];
            }
            None => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    match String::from_utf8(bytes) {
        Ok(text) if !text.contains('\0') => text,
        _ => path.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn request(headers: Option<&HeaderMap>) -> Request<'_> {
        Request {
            method: &Method::POST,
            path: "/a%20b",
            query: "x=%2F",
            headers,
            body_bytes: 5,
        }
    }

    #[test]
    fn variables_are_those_of_the_watchdogs() {
        let mut headers = HeaderMap::new();
        headers.insert("x-call-id", HeaderValue::from_static("7"));
        headers.insert("content-type", HeaderValue::from_static("text/csv"));
        let deployed = Map::from([("colour".into(), "blue".into())]);
        let variables = environment(&deployed, &request(Some(&headers))).unwrap();
        let expected = [
            ("Http_ContentLength", "5"),
            ("Http_Content_Length", "5"),
            ("Http_Content_Type", "text/csv"),
            ("Http_Method", "POST"),
            ("Http_Path", "/a b"),
            ("Http_Query", "x=%2F"),
            ("Http_X_Call_Id", "7"),
            ("colour", "blue"),
        ];
        let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(variables, expected);
    }

    #[test]
    fn credentials_and_connection_headers_are_hidden() {
        let mut headers = HeaderMap::new();
        for name in HIDDEN {
            headers.insert(name, HeaderValue::from_static("hidden"));
        }
        let variables = environment(&Map::new(), &request(Some(&headers))).unwrap();
        assert!(variables.iter().all(|(_, value)| value != "hidden"));
    }

    #[test]
    fn deterministic_functions_see_no_headers_and_the_request_wins_over_the_deployment() {
        let deployed = Map::from([("Http_Method".into(), "forged".into())]);
        let variables = environment(&deployed, &request(None)).unwrap();
        assert_eq!(variables.len(), 5);
        assert!(variables.contains(&("Http_Method".into(), "POST".into())));
    }

    #[test]
    fn long_headers_are_refused() {
        let mut headers = HeaderMap::new();
        let long = HeaderValue::from_str(&"x".repeat(MAX_HEADER_BYTES)).unwrap();
        headers.insert("x-long", long);
        let refused = environment(&Map::new(), &request(Some(&headers)));
        assert_eq!(refused, Err(HeadersTooLarge));
    }

    #[test]
    fn path_that_cannot_be_text_stays_encoded() {
        for path in ["/%00", "/%ff", "/%", "/%4", "/%zz"] {
            assert_eq!(decoded(path), path);
        }
        assert_eq!(decoded("/%C3%A4%2fb"), "/ä/b");
    }

    proptest! {
        #[test]
        fn decoded_paths_never_hold_a_zero_byte(path in "(/|%|0|[a-f]|[1-9]){0,40}") {
            prop_assert!(!decoded(&path).contains('\0'));
        }
    }
}
