//! `pin/add`, `pin/rm`, `pin/ls`. Pins here are of kind `user`; the provider's own pins are shown
//! with their kind as name and cannot be removed from outside.

use std::collections::BTreeMap;

use axum::body::Body;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::Json;
use serde::Serialize;

use super::args::{resolve, Args};
use super::error::RpcError;
use super::Shared;
use crate::cid::Cid;
use crate::pins::{Pin, PinKind};

/// Kubo's word for a pin that holds everything below it.
const RECURSIVE: &str = "recursive";

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Changed {
    pins: Vec<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Listed {
    keys: BTreeMap<String, Entry>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Entry {
    r#type: &'static str,
    name: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Line<'a> {
    cid: &'a str,
    #[serde(flatten)]
    entry: &'a Entry,
}

/// Pins DAGs that are here completely; nothing is fetched.
pub(super) async fn add(
    State(shared): State<Shared>,
    args: Args,
) -> Result<Json<Changed>, RpcError> {
    // Some clients ask for a stream, which is one line here in any case.
    args.allow(&["recursive", "stream"])?;
    only_recursive(&args)?;
    let roots = roots(&shared, &args).await?;
    for root in &roots {
        // The reader keeps all of it from being collected between the walk and the pin.
        let held = shared.store.cat(root, u64::MAX).await?;
        shared.store.stat(root).await?;
        shared.store.pin(root, Pin::new(PinKind::User)).await?;
        drop(held);
    }
    Ok(changed(&roots))
}

/// Removes pins of kind `user`.
pub(super) async fn remove(
    State(shared): State<Shared>,
    args: Args,
) -> Result<Json<Changed>, RpcError> {
    args.allow(&["recursive"])?;
    only_recursive(&args)?;
    let roots = roots(&shared, &args).await?;
    for root in &roots {
        if !shared.store.unpin(root, PinKind::User, 0).await? {
            let text = format!("{root} is not pinned or pinned indirectly");
            return Err(RpcError::new(StatusCode::INTERNAL_SERVER_ERROR, text));
        }
    }
    Ok(changed(&roots))
}

/// Lists pins, all of which are recursive; what they hold indirectly is not listed.
pub(super) async fn list(State(shared): State<Shared>, args: Args) -> Result<Response, RpcError> {
    args.allow(&["type", "stream", "names"])?;
    match args.get("type") {
        None | Some("all" | RECURSIVE) => {}
        Some(other) => {
            return Err(RpcError::not_built(format!(
                "pins of type `{other}` are not listed here"
            )))
        }
    }
    let keys = if args.positional().next().is_some() {
        let mut keys = BTreeMap::new();
        for root in roots(&shared, &args).await? {
            let pins = shared.store.pins(Some(&root)).await?;
            if pins.is_empty() {
                let text = format!("{root} is not pinned");
                return Err(RpcError::new(StatusCode::INTERNAL_SERVER_ERROR, text));
            }
            keys.extend(entries(pins));
        }
        keys
    } else {
        entries(shared.store.pins(None).await?)
    };
    if !args.switch("stream", false)? {
        return Ok(Json(Listed { keys }).into_response());
    }
    let mut lines = String::new();
    for (cid, entry) in &keys {
        let line = serde_json::to_string(&Line { cid, entry })
            .map_err(|error| RpcError::new(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()))?;
        lines.push_str(&line);
        lines.push('\n');
    }
    Ok(([(CONTENT_TYPE, "application/json")], Body::from(lines)).into_response())
}

/// One entry for each CID, named by the kinds of its pins.
fn entries(pins: Vec<(Cid, Pin)>) -> BTreeMap<String, Entry> {
    let mut keys: BTreeMap<String, Entry> = BTreeMap::new();
    for (cid, pin) in pins {
        let kind = pin.kind.name();
        let entry = keys.entry(cid.to_string()).or_insert_with(|| Entry {
            r#type: RECURSIVE,
            name: kind.into(),
        });
        if !entry.name.split(' ').any(|name| name == kind) {
            entry.name.push(' ');
            entry.name.push_str(kind);
        }
    }
    keys
}

fn only_recursive(args: &Args) -> Result<(), RpcError> {
    if args.switch(RECURSIVE, true)? {
        Ok(())
    } else {
        Err(RpcError::not_built("direct pins are not built here"))
    }
}

async fn roots(shared: &Shared, args: &Args) -> Result<Vec<Cid>, RpcError> {
    let mut roots = Vec::new();
    for arg in args.positional() {
        roots.push(resolve(&shared.store, arg).await?);
    }
    if roots.is_empty() {
        return Err(RpcError::argument("argument `arg` is missing"));
    }
    Ok(roots)
}

fn changed(roots: &[Cid]) -> Json<Changed> {
    Json(Changed {
        pins: roots.iter().map(Cid::to_string).collect(),
    })
}
