//! Query arguments.
//!
//! An option that would change what is done and is not built is refused; ignoring it would pretend.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use super::error::RpcError;
use crate::cid::Cid;
use crate::store::Store;

/// The query of a command: any argument may come several times.
pub(super) struct Args(Vec<(String, String)>);

impl<S: Sync> FromRequestParts<S> for Args {
    type Rejection = RpcError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, RpcError> {
        let query = axum::extract::Query::<Vec<(String, String)>>::try_from_uri(&parts.uri);
        query
            .map(|query| Self(query.0))
            .map_err(|error| RpcError::argument(error.body_text()))
    }
}

impl Args {
    /// The last value of an option.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .rev()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    /// A switch; present without a value means on, as Kubo reads it.
    pub(super) fn switch(&self, name: &str, default: bool) -> Result<bool, RpcError> {
        match self.get(name) {
            None => Ok(default),
            Some("" | "true" | "1") => Ok(true),
            Some("false" | "0") => Ok(false),
            Some(other) => Err(RpcError::argument(format!("`{name}={other}` is no switch"))),
        }
    }

    /// A number of bytes.
    pub(super) fn number(&self, name: &str) -> Result<Option<u64>, RpcError> {
        let number = self.get(name).map(str::parse).transpose();
        number.map_err(|_| RpcError::argument(format!("`{name}` must be a number of bytes")))
    }

    /// All positional arguments.
    pub(super) fn positional(&self) -> impl Iterator<Item = &str> {
        self.0
            .iter()
            .filter(|(key, _)| key == "arg")
            .map(|(_, value)| value.as_str())
    }

    /// The one positional argument.
    pub(super) fn single(&self) -> Result<&str, RpcError> {
        let mut all = self.positional();
        match (all.next(), all.next()) {
            (Some(arg), None) => Ok(arg),
            (None, _) => Err(RpcError::argument("argument `arg` is missing")),
            (Some(_), Some(_)) => Err(RpcError::argument("one argument `arg` is expected")),
        }
    }

    /// Refuses every option that is neither known nor without effect here.
    pub(super) fn allow(&self, known: &[&str]) -> Result<(), RpcError> {
        /// What clients send along and does not change what is done here: everything is offline,
        /// and how long a request may take is bounded anyway.
        const WITHOUT_EFFECT: [&str; 11] = [
            "api",
            "api-auth",
            "arg",
            "encoding",
            "offline",
            "progress",
            "quiet",
            "quieter",
            "silent",
            "stream-channels",
            "timeout",
        ];
        match self.0.iter().find(|(key, _)| {
            !known.contains(&key.as_str()) && !WITHOUT_EFFECT.contains(&key.as_str())
        }) {
            None => Ok(()),
            Some((key, _)) => Err(RpcError::not_built(format!(
                "option `{key}` is not built here"
            ))),
        }
    }
}

/// Reads `<cid>`, `/ipfs/<cid>` or either with a path below, and follows the path.
pub(super) async fn resolve(store: &Store, arg: &str) -> Result<Cid, RpcError> {
    let arg = arg.strip_prefix("/ipfs/").unwrap_or(arg);
    let (root, path) = arg.split_once('/').unwrap_or((arg, ""));
    let root: Cid = root.parse().map_err(crate::error::Error::from)?;
    if path.is_empty() {
        return Ok(root);
    }
    Ok(store.resolve(&root, path).await?)
}
