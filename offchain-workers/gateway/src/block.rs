//! `/ipfs/{cid}`: single blocks that the asker can verify.
//! Specification: <https://specs.ipfs.tech/http-gateways/trustless-gateway/>.

use axum::extract::{Path, Query, State};
use axum::http::header::{
    HeaderName, ACCEPT, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE, ETAG, IF_NONE_MATCH,
    VARY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use defaas_content::{Cid, Error, Store};
use serde::Deserialize;

use crate::accept::{form, Form};

const X_IPFS_PATH: HeaderName = HeaderName::from_static("x-ipfs-path");
const RAW_TYPE: &str = "application/vnd.ipld.raw";
/// What a CID names never changes: 48 weeks, as other gateways say.
const IMMUTABLE: &str = "public, max-age=29030400, immutable";
const HOW_TO_ASK: &str = "this gateway serves raw blocks only: ask with `?format=raw` or \
                          `Accept: application/vnd.ipld.raw` and verify them against the CID\n";

/// The query arguments that matter.
#[derive(Deserialize)]
pub(crate) struct Arguments {
    format: Option<String>,
}

/// A request that is not answered with a block.
#[derive(Debug)]
pub(crate) struct Refusal(StatusCode, String);

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let headers = [
            (CACHE_CONTROL, "no-store"),
            (X_CONTENT_TYPE_OPTIONS, "nosniff"),
            (VARY, ACCEPT.as_str()),
        ];
        (self.0, headers, self.1).into_response()
    }
}

/// Serves a block of the local store. Nothing is fetched for strangers.
pub(crate) async fn block(
    State(store): State<Store>,
    Path(cid): Path<String>,
    Query(arguments): Query<Arguments>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    check_form(form(arguments.format.as_deref(), &headers))?;
    let cid: Cid = cid
        .parse()
        .map_err(|error| Refusal(StatusCode::BAD_REQUEST, format!("{error}\n")))?;
    // Read in any case: a client's cache must not vouch for a block that is not here.
    let block = store
        .get_block(&cid)
        .await
        .map_err(|error| not_served(error, &headers))?;
    let etag = format!("\"{cid}.raw\"");
    if is_known(&headers, &etag) {
        let headers = [
            (ETAG, etag),
            (CACHE_CONTROL, IMMUTABLE.into()),
            (VARY, ACCEPT.to_string()),
        ];
        return Ok((StatusCode::NOT_MODIFIED, headers).into_response());
    }
    let headers = [
        (CONTENT_TYPE, RAW_TYPE.into()),
        (
            CONTENT_DISPOSITION,
            format!("attachment; filename=\"{cid}.bin\""),
        ),
        (X_CONTENT_TYPE_OPTIONS, "nosniff".into()),
        (ETAG, etag),
        (CACHE_CONTROL, IMMUTABLE.into()),
        (VARY, ACCEPT.to_string()),
        (X_IPFS_PATH, format!("/ipfs/{cid}")),
    ];
    Ok((headers, block).into_response())
}

/// Raw blocks have no paths.
pub(crate) async fn path(
    Query(arguments): Query<Arguments>,
    headers: HeaderMap,
) -> Result<(), Refusal> {
    check_form(form(arguments.format.as_deref(), &headers))?;
    let text = "a raw block has no path below it: resolve the path yourself, block by block\n";
    Err(Refusal(StatusCode::BAD_REQUEST, text.into()))
}

fn check_form(form: Form) -> Result<(), Refusal> {
    match form {
        Form::Raw => Ok(()),
        Form::Car => {
            let text = format!("CAR archives are not served here; {HOW_TO_ASK}");
            Err(Refusal(StatusCode::NOT_IMPLEMENTED, text))
        }
        Form::Unspecified => Err(Refusal(StatusCode::BAD_REQUEST, HOW_TO_ASK.into())),
        Form::Other => Err(Refusal(StatusCode::NOT_ACCEPTABLE, HOW_TO_ASK.into())),
    }
}

fn not_served(error: Error, headers: &HeaderMap) -> Refusal {
    match error {
        // A damaged block has just been removed; the next request would find none either.
        Error::NotFound(cid) | Error::Corrupt(cid) => {
            let status = if only_if_cached(headers) {
                StatusCode::PRECONDITION_FAILED
            } else {
                StatusCode::NOT_FOUND
            };
            Refusal(status, format!("{cid} is not in this store\n"))
        }
        error => {
            log::error!("a block was not served; error={error}");
            Refusal(
                StatusCode::INTERNAL_SERVER_ERROR,
                "the store failed\n".into(),
            )
        }
    }
}

fn only_if_cached(headers: &HeaderMap) -> bool {
    list(headers, CACHE_CONTROL).any(|directive| directive.eq_ignore_ascii_case("only-if-cached"))
}

/// Weak comparison (RFC 9110, 13.1.2).
fn is_known(headers: &HeaderMap, etag: &str) -> bool {
    list(headers, IF_NONE_MATCH)
        .any(|known| known == "*" || known.strip_prefix("W/").unwrap_or(known) == etag)
}

/// The comma-separated members of a header. No ETag of ours contains a comma.
fn list(headers: &HeaderMap, name: HeaderName) -> impl Iterator<Item = &str> {
    headers
        .get_all(name)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
}
