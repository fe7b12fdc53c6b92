//! The deployed functions. In memory alone: the client deploys again after a restart.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use crate::deployment::FunctionLimits;
use crate::engine::Code;
use crate::openfaas::{FunctionResources, FunctionStatus, Map, NAMESPACE};
use crate::timestamp;

/// A deployed function with its code.
pub(crate) struct Function {
    pub name: String,
    pub image: String,
    pub environment: Map,
    pub labels: Map,
    pub annotations: Map,
    pub resources: FunctionResources,
    pub limits: FunctionLimits,
    pub code: Arc<Code>,
    pub created_at: String,
    pub invocations: AtomicU64,
}

/// Functions by name.
pub(crate) struct Deployments {
    functions: RwLock<BTreeMap<String, Arc<Function>>>,
    most: usize,
}

/// Why a function was not added, replaced or removed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Conflict {
    #[error("unable to deploy {0}: already exists; update it with PUT")]
    AlreadyExists(String),
    #[error("service {0} not found")]
    NotFound(String),
    #[error("all {0} places for functions are taken: delete functions that are not used")]
    Full(usize),
}

impl Function {
    /// How the REST API shows it.
    pub fn status(&self) -> FunctionStatus<'_> {
        FunctionStatus {
            name: &self.name,
            image: &self.image,
            namespace: NAMESPACE,
            env_vars: &self.environment,
            labels: &self.labels,
            annotations: &self.annotations,
            limits: &self.resources,
            invocation_count: self.invocations.load(Ordering::Relaxed),
            // Loaded code can be called; there is nothing to wait for.
            replicas: 1,
            available_replicas: 1,
            created_at: &self.created_at,
        }
    }

    /// Now, as `created_at` has it.
    pub fn now() -> String {
        let seconds = timestamp::now_nanos() / 1_000_000_000;
        timestamp::rfc3339(u64::try_from(seconds).unwrap_or(u64::MAX))
    }
}

impl Deployments {
    pub fn new(most: usize) -> Self {
        Self {
            functions: RwLock::new(BTreeMap::new()),
            most,
        }
    }

    pub fn get(&self, name: &str) -> Option<Arc<Function>> {
        self.read().get(name).cloned()
    }

    pub fn all(&self) -> Vec<Arc<Function>> {
        self.read().values().cloned().collect()
    }

    /// Whether [`Deployments::add`] would take this name now. Asked before the work of loading.
    pub fn may_add(&self, name: &str) -> Result<(), Conflict> {
        may_add(&self.read(), name, self.most)
    }

    pub fn add(&self, function: Function) -> Result<(), Conflict> {
        let mut functions = self.write();
        may_add(&functions, &function.name, self.most)?;
        functions.insert(function.name.clone(), Arc::new(function));
        Ok(())
    }

    /// Replaces a function as a whole. Calls of the old one run to their end.
    pub fn replace(&self, function: Function) -> Result<(), Conflict> {
        match self.write().get_mut(&function.name) {
            Some(place) => {
                *place = Arc::new(function);
                Ok(())
            }
            None => Err(Conflict::NotFound(function.name)),
        }
    }

    /// Removes a function. Calls of it run to their end.
    pub fn remove(&self, name: &str) -> Result<(), Conflict> {
        let removed = self.write().remove(name);
        removed
            .map(drop)
            .ok_or_else(|| Conflict::NotFound(name.into()))
    }

    fn read(&self) -> std::sync::RwLockReadGuard<'_, BTreeMap<String, Arc<Function>>> {
        self.functions
            .read()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> std::sync::RwLockWriteGuard<'_, BTreeMap<String, Arc<Function>>> {
        self.functions
            .write()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

fn may_add(
    functions: &BTreeMap<String, Arc<Function>>,
    name: &str,
    most: usize,
) -> Result<(), Conflict> {
    if functions.contains_key(name) {
        Err(Conflict::AlreadyExists(name.into()))
    } else if functions.len() >= most {
        Err(Conflict::Full(most))
    } else {
        Ok(())
    }
}
