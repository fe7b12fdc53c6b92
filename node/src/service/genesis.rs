//! Opens the database and makes sure that it belongs to the chain that was asked for.
//!
//! A database keeps the genesis it was started with. Started again with another one of the same
//! chain id, as happens on development chains with every change of the runtime, the client would go
//! on with the old chain, and with a live chain it would never find a peer. Both are hard to see, so
//! the node refuses instead.

use super::types::{Executor, FullBackend};
use defaas_runtime::{opaque::Block, Hash};
use sc_client_api::{Backend, BlockImportOperation};
use sc_service::{
    resolve_state_version_from_wasm, Configuration, Error, GenesisBlockBuilder, PruningFilter,
};
use sp_blockchain::HeaderBackend;
use sp_runtime::traits::HashingFor;
use std::sync::Arc;

/// How to make the genesis block, should the database be empty.
pub type GenesisBuilder = GenesisBlockBuilder<Block, FullBackend, Executor>;

/// Why the database cannot be used.
#[derive(Debug, thiserror::Error)]
enum DatabaseError {
    /// It could not be opened.
    #[error(
        "cannot open the database at {path}: {reason}; if another node runs on this base path, \
         choose another --base-path"
    )]
    Closed {
        path: String,
        reason: sp_blockchain::Error,
    },
    /// It holds another chain.
    #[error(
        "the database at {path} was made for another genesis than that of `{chain}` (state root \
         {found:?}, expected {expected:?}); remove it with the sub-command `purge-chain`, or \
         choose another --base-path"
    )]
    OtherGenesis {
        path: String,
        chain: String,
        found: Hash,
        expected: Hash,
    },
}

impl From<DatabaseError> for Error {
    fn from(error: DatabaseError) -> Self {
        Error::Application(Box::new(error))
    }
}

/// Opens the database of `config` and prepares the genesis of its chain.
///
/// # Errors
///
/// If the database cannot be opened, the genesis cannot be built, or the two do not belong
/// together.
pub fn open_database(
    config: &Configuration,
    executor: &Executor,
    pruning_filters: Vec<Arc<dyn PruningFilter>>,
) -> Result<(Arc<FullBackend>, GenesisBuilder), Error> {
    let path = || {
        config.database.path().map_or_else(
            || "a custom place".to_string(),
            |path| path.display().to_string(),
        )
    };
    let backend = sc_service::new_db_backend::<Block>(sc_client_db::DatabaseSettings {
        pruning_filters,
        ..config.db_config()
    })
    .map_err(|reason| DatabaseError::Closed {
        path: path(),
        reason,
    })?;
    let storage = config
        .chain_spec
        .as_storage_builder()
        .build_storage()
        .map_err(|reason| format!("the chain specification has no valid genesis: {reason}"))?;

    if let Some(genesis) = backend.blockchain().hash(0)? {
        let found = backend.blockchain().expect_header(genesis)?.state_root;
        let version = resolve_state_version_from_wasm::<_, HashingFor<Block>>(&storage, executor)?;
        // Only computes the root: the operation is dropped, not committed.
        let expected =
            backend
                .begin_operation()?
                .set_genesis_state(storage.clone(), false, version)?;
        if found != expected {
            return Err(DatabaseError::OtherGenesis {
                path: path(),
                chain: config.chain_spec.name().into(),
                found,
                expected,
            }
            .into());
        }
    }

    let builder = GenesisBlockBuilder::new_with_storage(
        storage,
        !config.no_genesis(),
        backend.clone(),
        executor.clone(),
    )?;
    Ok((backend, builder))
}
