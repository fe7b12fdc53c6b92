//! A content store that does what it is told.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard};

use async_trait::async_trait;
use bytes::Bytes;
use defaas_primitives::{Cid, Code, ProviderId};
use sha2::{Digest as _, Sha256};

use crate::ports::{ContentError, ContentStore, Pin};

/// How a transfer ends.
#[derive(Clone, Debug)]
pub enum Fetch {
    /// With these bytes.
    Found(Bytes),
    /// Nobody has it.
    Missing,
    /// It is something else.
    Mismatch,
    /// The store is full.
    Full,
    /// It does not end.
    Hang,
    /// So many tries fail, then it is there.
    FoundAfter(u32, Bytes),
}

#[derive(Debug, Default)]
struct State {
    content: HashMap<Vec<u8>, Fetch>,
    put: HashMap<Vec<u8>, Bytes>,
    put_fails: Option<Fetch>,
    pins: Vec<(Cid, Pin)>,
    fetches: usize,
}

/// See the module. Code that it was not told about is there.
#[derive(Debug, Default)]
pub struct FakeStore(Mutex<State>);

impl FakeStore {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// How transfers of `cid` end.
    pub fn set(&self, cid: &Cid, fetch: Fetch) {
        self.lock().content.insert(cid.as_bytes().to_vec(), fetch);
    }

    /// How storing ends; `None`: well.
    pub fn set_put(&self, fails: Option<Fetch>) {
        self.lock().put_fails = fails;
    }

    /// What was stored under `cid`.
    pub fn stored(&self, cid: &Cid) -> Option<Bytes> {
        self.lock().put.get(cid.as_bytes()).cloned()
    }

    /// Everything that was asked to be kept.
    pub fn pins(&self) -> Vec<(Cid, Pin)> {
        self.lock().pins.clone()
    }

    /// How many transfers were asked for.
    pub fn fetches(&self) -> usize {
        self.lock().fetches
    }

    async fn fetch(&self, cid: &Cid, default: Fetch, pin: Pin) -> Result<Bytes, ContentError> {
        let fetch = {
            let mut state = self.lock();
            state.fetches += 1;
            state.pins.push((cid.clone(), pin));
            let fetch = state.content.get(cid.as_bytes()).cloned();
            if let Some(Fetch::FoundAfter(n @ 1.., bytes)) = &fetch {
                let next = Fetch::FoundAfter(n - 1, bytes.clone());
                state.content.insert(cid.as_bytes().to_vec(), next);
            }
            fetch.unwrap_or(default)
        };
        end(fetch).await
    }
}

async fn end(fetch: Fetch) -> Result<Bytes, ContentError> {
    match fetch {
        Fetch::Found(bytes) | Fetch::FoundAfter(0, bytes) => Ok(bytes),
        Fetch::Missing | Fetch::FoundAfter(..) => Err(ContentError::NotFound),
        Fetch::Mismatch => Err(ContentError::Mismatch),
        Fetch::Full => Err(ContentError::Full),
        Fetch::Hang => std::future::pending().await,
    }
}

#[async_trait]
impl ContentStore for FakeStore {
    async fn code(
        &self,
        code: &Code,
        _source: Option<ProviderId>,
        pin: Pin,
    ) -> Result<PathBuf, ContentError> {
        self.fetch(&code.cid, Fetch::Found(Bytes::new()), pin)
            .await?;
        Ok("code".into())
    }

    async fn input(&self, cid: &Cid, _size: u32, pin: Pin) -> Result<Bytes, ContentError> {
        self.fetch(cid, Fetch::Missing, pin).await
    }

    async fn put(&self, bytes: Bytes, pin: Pin) -> Result<Cid, ContentError> {
        let fails = self.lock().put_fails.clone();
        if let Some(fetch) = fails {
            end(fetch).await?;
        }
        let cid = Cid::raw_sha256(Sha256::digest(&bytes).into());
        let mut state = self.lock();
        state.put.insert(cid.as_bytes().to_vec(), bytes);
        state.pins.push((cid.clone(), pin));
        Ok(cid)
    }
}
