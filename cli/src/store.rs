//! The client of a content store's upload listener: the part of Kubo's RPC that is needed here
//! (<https://docs.ipfs.tech/reference/kubo/rpc/>).
//!
//! The address is the user's own, not one that somebody registered on chain. No proxy, no redirects:
//! the token goes nowhere else.

use crate::{chain::types::ContentId, Error, Result};
use reqwest::{header::CONTENT_TYPE, redirect::Policy, Client, RequestBuilder, Response};
use serde::Deserialize;
use std::{fs::File, io::Read, path::Path, time::Duration};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Longest transfer: that of the listener.
const TRANSFER_TIMEOUT: Duration = Duration::from_secs(900);
/// Longest token file, in bytes.
const MAX_TOKEN_LEN: u64 = 4096;
/// Adds and pins a file under the network's import profile, in whatever store: sha2-256, raw leaves
/// of 1 MiB.
const ADD: &str = "add?pin=true&cid-version=1&raw-leaves=true&chunker=size-1048576";
/// Most bytes of an answer that is not content.
const MAX_ANSWER: u64 = 64 * 1024;

/// A content store.
pub struct Store {
    client: Client,
    url: String,
    token: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Added {
    hash: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Refusal {
    message: String,
}

impl Store {
    /// The store at `url`, with the token that stands in `token_file`.
    pub fn at(url: &str, token_file: &Path) -> Result<Self> {
        let mut token = String::new();
        File::open(token_file)
            .and_then(|file| file.take(MAX_TOKEN_LEN).read_to_string(&mut token))
            .map_err(|error| {
                failed(
                    url,
                    format!("no token in {}: {error}", token_file.display()),
                )
            })?;
        let client = Client::builder()
            .no_proxy()
            .redirect(Policy::none())
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(TRANSFER_TIMEOUT)
            .build()
            .map_err(|error| failed(url, error))?;
        Ok(Self {
            client,
            url: url.trim_end_matches('/').into(),
            token: token.trim().into(),
        })
    }

    /// Where it is.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Puts a file into the store and pins it.
    pub async fn add(&self, bytes: &[u8]) -> Result<ContentId> {
        let (content_type, body) = form(bytes, &hex::encode(rand::random::<[u8; 32]>()));
        let request = self.post(ADD).header(CONTENT_TYPE, content_type).body(body);
        let answer = self.send(request, MAX_ANSWER).await?;
        let added: Added = serde_json::from_slice(&answer)
            .map_err(|error| failed(&self.url, format!("no answer of a store: {error}")))?;
        added
            .hash
            .parse()
            .map_err(|error: String| failed(&self.url, error))
    }

    /// The file under `cid`, of at most `limit` bytes.
    pub async fn get(&self, cid: &ContentId, limit: u64) -> Result<Vec<u8>> {
        self.send(self.post(&format!("cat?arg={cid}")), limit).await
    }

    /// Keeps what the store has under `cid`.
    pub async fn pin(&self, cid: &ContentId) -> Result<()> {
        let request = self.post(&format!("pin/add?arg={cid}"));
        self.send(request, MAX_ANSWER).await.map(drop)
    }

    fn post(&self, command: &str) -> RequestBuilder {
        self.client
            .post(format!("{}/api/v0/{command}", self.url))
            .bearer_auth(&self.token)
    }

    async fn send(&self, request: RequestBuilder, limit: u64) -> Result<Vec<u8>> {
        let response = request
            .send()
            .await
            .map_err(|error| failed(&self.url, deepest(&error)))?;
        let status = response.status();
        let limit = if status.is_success() {
            limit
        } else {
            MAX_ANSWER
        };
        let answer = self.read(response, limit).await?;
        if status.is_success() {
            return Ok(answer);
        }
        let reason = match serde_json::from_slice::<Refusal>(&answer) {
            Ok(refusal) => refusal.message,
            Err(_) => format!("it answers {status}"),
        };
        Err(failed(&self.url, reason))
    }

    async fn read(&self, mut response: Response, limit: u64) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        while let Some(chunk) = response
            .chunk()
            .await
            .map_err(|error| failed(&self.url, deepest(&error)))?
        {
            if (bytes.len() as u64).saturating_add(chunk.len() as u64) > limit {
                return Err(Error::TooLarge {
                    what: format!("what the store at {} sends", self.url),
                    limit,
                    instead: "Take more with --max.",
                });
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(bytes)
    }
}

fn failed(url: &str, reason: impl std::fmt::Display) -> Error {
    Error::Store {
        url: url.into(),
        reason: reason.to_string(),
    }
}

/// The innermost cause: what the system says.
fn deepest(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}

/// A multipart form with one file (RFC 7578): its content type and its bytes. The boundary is
/// random, so the file does not hold it.
fn form(bytes: &[u8], boundary: &str) -> (String, Vec<u8>) {
    let head = format!(
        "--{boundary}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"file\"\r\n\
         Content-Type: application/octet-stream\r\n\r\n"
    );
    let mut body = head.into_bytes();
    body.extend_from_slice(bytes);
    body.extend_from_slice(format!("\r\n--{boundary}--\r\n").as_bytes());
    (format!("multipart/form-data; boundary={boundary}"), body)
}
