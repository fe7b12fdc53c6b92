//! `block/get`, `block/put`, `block/stat`: single blocks.

use axum::extract::{Multipart, State};
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::Json;
use serde::Serialize;

use super::add::broken_form;
use super::args::{resolve, Args};
use super::cat::STREAM_OUTPUT;
use super::error::RpcError;
use super::Shared;
use crate::cid::{Cid, Codec, HashFunction};
use crate::config::MAX_BLOCK_BYTES;
use crate::error::Error;
use crate::pins::{Pin, PinKind};

/// A block's CID and length in bytes.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct BlockStat {
    key: String,
    size: usize,
}

/// A block's bytes.
pub(super) async fn get(State(shared): State<Shared>, args: Args) -> Result<Response, RpcError> {
    args.allow(&[])?;
    let cid = resolve(&shared.store, args.single()?).await?;
    let block = shared.store.get_block(&cid).await?;
    let headers = [(CONTENT_TYPE, "application/octet-stream"), STREAM_OUTPUT];
    Ok((headers, block).into_response())
}

/// A block's length.
pub(super) async fn stat(
    State(shared): State<Shared>,
    args: Args,
) -> Result<Json<BlockStat>, RpcError> {
    args.allow(&[])?;
    let cid = resolve(&shared.store, args.single()?).await?;
    let block = shared.store.get_block(&cid).await?;
    Ok(Json(BlockStat {
        key: cid.to_string(),
        size: block.len(),
    }))
}

/// Puts one block; pins what is below it only with `pin=true`.
pub(super) async fn put(
    State(shared): State<Shared>,
    args: Args,
    mut form: Multipart,
) -> Result<Json<BlockStat>, RpcError> {
    args.allow(&["allow-big-block", "cid-codec", "mhtype", "mhlen", "pin"])?;
    if args.switch("allow-big-block", false)? {
        return Err(RpcError::not_built("blocks over 2 MiB are not taken here"));
    }
    let codec = match args.get("cid-codec") {
        None | Some("raw") => Codec::Raw,
        Some("dag-pb") => Codec::DagPb,
        Some(other) => return Err(RpcError::not_built(format!("no codec `{other}` here"))),
    };
    let hash = match args.get("mhtype") {
        None | Some("sha2-256") => HashFunction::Sha2,
        Some("blake2b-256") => HashFunction::Blake2b,
        Some(other) => return Err(RpcError::not_built(format!("no hash `{other}` here"))),
    };
    if !matches!(args.get("mhlen"), None | Some("-1" | "32")) {
        return Err(RpcError::not_built("digests have 32 bytes here"));
    }
    let pin = args.switch("pin", false)?;
    let mut part = form
        .next_field()
        .await
        .map_err(broken_form)?
        .ok_or_else(|| RpcError::argument("the form has no block"))?;
    let mut block = Vec::new();
    while let Some(bytes) = part.chunk().await.map_err(broken_form)? {
        block.extend_from_slice(&bytes);
        if block.len() > MAX_BLOCK_BYTES {
            return Err(Error::BlockTooLarge {
                size: block.len(),
                limit: MAX_BLOCK_BYTES,
            }
            .into());
        }
    }
    let cid = Cid::of(codec, hash, &block);
    let stat = BlockStat {
        key: cid.to_string(),
        size: block.len(),
    };
    if pin {
        let import = shared.store.import().await?;
        import.put_block(&cid, block.into()).await?;
        import.finish(&cid, Pin::new(PinKind::User)).await?;
    } else {
        shared.store.put_block(&cid, block.into()).await?;
    }
    Ok(Json(stat))
}
