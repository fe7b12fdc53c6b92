#![doc = include_str!("../README.md")]

mod extensions;
pub mod generator;

use defaas_runtime::{
    constants::money::{EXISTENTIAL_DEPOSIT, SS58_PREFIX, TOKEN_DECIMALS, TOKEN_SYMBOL},
    Balance, WASM_BINARY,
};
use sc_chain_spec::{ChainType, Properties};
use std::path::PathBuf;

pub use extensions::Extensions;

/// A chain specification with the extensions of this project.
pub type GenericChainSpec = sc_chain_spec::GenericChainSpec<Extensions>;

/// Tells nodes of different networks apart in network protocol names.
pub const PROTOCOL_ID: &str = "defaas";

/// Why a specification could not be loaded.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The runtime was compiled without its Wasm blob, so no genesis can be built.
    #[error(
        "this binary was built without the runtime's Wasm blob; build it again with \
         SKIP_WASM_BUILD unset, or give the path of a chain specification"
    )]
    NoWasmBlob,
    /// No built-in chain and no file is called so.
    #[error(
        "there is no chain called `{0}`: give `dev`, `local`, or the path of a chain specification"
    )]
    UnknownChain(String),
    /// The file is not a chain specification.
    #[error("{path} is not a chain specification of this project: {reason}")]
    InvalidFile {
        /// The file.
        path: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The id of a new network cannot name a folder.
    #[error("`{0}` cannot be an id: use lower case letters, digits and `-`")]
    InvalidId(String),
    /// A key that everybody knows is in the genesis of a live network.
    #[error(
        "{0} is an account whose key everybody knows: a live network needs keys of its own, or make \
         a network of another --type"
    )]
    WellKnownKey(String),
    /// The treasury could not be paid.
    #[error(
        "the treasury {treasury} owns {owned} of the smallest units in this genesis and needs at \
         least {EXISTENTIAL_DEPOSIT}, or the fees of the network would be burnt: endow it under \
         `balances`"
    )]
    PoorTreasury {
        /// Its address.
        treasury: String,
        /// What it owns, in the smallest units.
        owned: Balance,
    },
    /// The runtime refuses the genesis.
    #[error("the runtime refuses this genesis: {0}")]
    InvalidGenesis(String),
}

/// The specification that `id` names: `dev`, `local` (also the empty string), or the path of a
/// file.
///
/// # Errors
///
/// See [`enum@Error`].
pub fn load(id: &str) -> Result<GenericChainSpec, Error> {
    match id {
        "dev" => development(),
        "" | "local" => local(),
        path => {
            if !PathBuf::from(path).is_file() {
                return Err(Error::UnknownChain(path.into()));
            }
            GenericChainSpec::from_json_file(path.into()).map_err(|reason| Error::InvalidFile {
                path: path.into(),
                reason,
            })
        }
    }
}

/// One validator, Alice; for work on one machine.
///
/// # Errors
///
/// [`Error::NoWasmBlob`].
pub fn development() -> Result<GenericChainSpec, Error> {
    built_in(
        "DeFaaS Development",
        "defaas-dev",
        ChainType::Development,
        sp_genesis_builder::DEV_RUNTIME_PRESET,
    )
}

/// Two validators, Alice and Bob; for a small network on one machine.
///
/// # Errors
///
/// [`Error::NoWasmBlob`].
pub fn local() -> Result<GenericChainSpec, Error> {
    built_in(
        "DeFaaS Local",
        "defaas-local",
        ChainType::Local,
        sp_genesis_builder::LOCAL_TESTNET_RUNTIME_PRESET,
    )
}

fn built_in(
    name: &str,
    id: &str,
    chain_type: ChainType,
    preset: &str,
) -> Result<GenericChainSpec, Error> {
    let blob = WASM_BINARY.ok_or(Error::NoWasmBlob)?;
    Ok(GenericChainSpec::builder(blob, Extensions::default())
        .with_name(name)
        .with_id(id)
        .with_chain_type(chain_type)
        .with_protocol_id(PROTOCOL_ID)
        .with_properties(properties())
        .with_genesis_config_preset_name(preset)
        .build())
}

/// What wallets need to show amounts and addresses.
fn properties() -> Properties {
    [
        ("tokenSymbol", TOKEN_SYMBOL.into()),
        ("tokenDecimals", TOKEN_DECIMALS.into()),
        ("ss58Format", SS58_PREFIX.into()),
    ]
    .into_iter()
    .map(|(key, value)| (key.to_string(), value))
    .collect()
}

#[cfg(test)]
mod tests;
