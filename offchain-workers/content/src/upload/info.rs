//! `version`, `repo/stat`: what clients ask before anything else.

use axum::extract::State;
use axum::Json;
use serde::Serialize;

use super::args::Args;
use super::error::RpcError;
use super::Shared;

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Version {
    version: &'static str,
    commit: &'static str,
    repo: &'static str,
    system: String,
    golang: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct RepoStat {
    repo_size: u64,
    storage_max: u64,
    num_objects: u64,
    version: &'static str,
}

/// Name and version of this program, in the form of a semantic version, which Kubo's command line
/// insists on; the fields that only Kubo has are empty.
pub(super) async fn version() -> Json<Version> {
    Json(Version {
        version: concat!(env!("CARGO_PKG_VERSION"), "+defaas-content"),
        commit: "",
        repo: "",
        system: format!("{}/{}", std::env::consts::ARCH, std::env::consts::OS),
        golang: "",
    })
}

/// How full the store is, in bytes and blocks.
pub(super) async fn repo_stat(
    State(shared): State<Shared>,
    args: Args,
) -> Result<Json<RepoStat>, RpcError> {
    args.allow(&["size-only", "human"])?;
    let usage = shared.store.usage();
    Ok(Json(RepoStat {
        repo_size: usage.bytes,
        storage_max: usage.max_bytes,
        num_objects: usage.blocks,
        version: "",
    }))
}
