//! Code that is in memory, for as long as a deployment or a call holds it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use super::{Code, Mode};
use crate::digest::Digest;

/// Loaded code by what it is.
#[derive(Default)]
pub(super) struct Loaded {
    codes: Mutex<HashMap<(Digest, Mode), Weak<Code>>>,
}

impl Loaded {
    pub fn get(&self, digest: Digest, mode: Mode) -> Option<Arc<Code>> {
        self.codes().get(&(digest, mode))?.upgrade()
    }

    pub fn add(&self, code: Code) -> Arc<Code> {
        let code = Arc::new(code);
        let mut codes = self.codes();
        codes.retain(|_, code| code.strong_count() > 0);
        codes.insert((code.digest, code.mode), Arc::downgrade(&code));
        code
    }

    fn codes(&self) -> MutexGuard<'_, HashMap<(Digest, Mode), Weak<Code>>> {
        // The map is whole after every operation on it.
        self.codes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
