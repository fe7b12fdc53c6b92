//! The genesis states that the runtime offers by name.
//!
//! Both are for development: their keys are derived from public words and worth nothing. A live
//! network starts from a specification of its own.

use crate::{
    configs::{consensus::GENESIS_EPOCH_CONFIG, money::TreasuryAccount},
    constants::{
        by_chain::{DEV_EPOCH_SLOTS, DEV_MIN_VALIDATORS, DEV_UNBONDING_BLOCKS},
        money::{DEV_ENDOWMENT, TREASURY_ENDOWMENT},
        providers::{DEV_BOND, DEV_CAPACITY, DEV_GATEWAY_PORT},
    },
    AccountId, BabeConfig, Balance, BalancesConfig, GenesisSettingsConfig, RuntimeGenesisConfig,
    SessionConfig, SessionKeys, TrustConfig,
};
use alloc::{vec, vec::Vec};
use defaas_primitives::WorkerId;
use frame_support::build_struct_json_patch;
use pallet_trust::genesis::{Initial, InitialCapability, InitialEndpoint, InitialLabels};
use serde_json::Value;
use sp_genesis_builder::{PresetId, DEV_RUNTIME_PRESET, LOCAL_TESTNET_RUNTIME_PRESET};
use sp_keyring::{Ed25519Keyring, Sr25519Keyring};

/// The accounts that own money on development chains.
pub const ENDOWED: [Sr25519Keyring; 6] = [
    Sr25519Keyring::Alice,
    Sr25519Keyring::Bob,
    Sr25519Keyring::Charlie,
    Sr25519Keyring::Dave,
    Sr25519Keyring::Eve,
    Sr25519Keyring::Ferdie,
];

/// An initial validator and provider: its account, and keys derived from the same word.
struct Authority {
    account: AccountId,
    keys: SessionKeys,
    worker: WorkerId,
}

/// The initial validator that `sr25519` and `ed25519`, two keys of the same word, stand for.
fn authority(sr25519: Sr25519Keyring, ed25519: Ed25519Keyring) -> Authority {
    Authority {
        account: sr25519.to_account_id(),
        keys: SessionKeys {
            babe: sr25519.public().into(),
            grandpa: ed25519.public().into(),
            authority_discovery: sr25519.public().into(),
        },
        worker: sr25519.public().into(),
    }
}

/// Balances at genesis: the well-known accounts and the treasury.
fn endowments() -> Vec<(AccountId, Balance)> {
    ENDOWED
        .iter()
        .map(|key| (key.to_account_id(), DEV_ENDOWMENT))
        .chain([(TreasuryAccount::get(), TREASURY_ENDOWMENT)])
        .collect()
}

/// What `authority` offers as a provider: WebAssembly, on this machine. `position` keeps the ports of
/// several providers on one machine apart.
fn provider(authority: &Authority, position: u16) -> Initial<AccountId> {
    Initial {
        account: authority.account.clone(),
        worker_key: authority.worker.clone(),
        endpoint: InitialEndpoint {
            host: "127.0.0.1".into(),
            port: DEV_GATEWAY_PORT.saturating_add(position),
            tls: false,
        },
        labels: InitialLabels::default(),
        capabilities: vec![InitialCapability::Wasm],
        capacity: DEV_CAPACITY,
        bond: DEV_BOND,
    }
}

/// A development genesis with `authorities` as validators, as a patch of the default one.
fn development_genesis(authorities: Vec<Authority>) -> Value {
    build_struct_json_patch!(RuntimeGenesisConfig {
        genesis_settings: GenesisSettingsConfig {
            epoch_duration: DEV_EPOCH_SLOTS,
            unbonding_delay: DEV_UNBONDING_BLOCKS,
            min_validators: DEV_MIN_VALIDATORS,
        },
        babe: BabeConfig {
            epoch_config: GENESIS_EPOCH_CONFIG,
        },
        balances: BalancesConfig {
            balances: endowments(),
        },
        trust: TrustConfig {
            validators: authorities
                .iter()
                .zip(0..)
                .map(|(one, at)| provider(one, at))
                .collect(),
        },
        session: SessionConfig {
            keys: authorities
                .into_iter()
                .map(|Authority { account, keys, .. }| (account.clone(), account, keys))
                .collect(),
        },
    })
}

/// One validator, Alice.
fn development() -> Value {
    development_genesis(vec![authority(
        Sr25519Keyring::Alice,
        Ed25519Keyring::Alice,
    )])
}

/// Two validators, Alice and Bob.
fn local_testnet() -> Value {
    development_genesis(vec![
        authority(Sr25519Keyring::Alice, Ed25519Keyring::Alice),
        authority(Sr25519Keyring::Bob, Ed25519Keyring::Bob),
    ])
}

/// The preset called `id` as JSON bytes, `None` if there is none of that name.
pub fn get_preset(id: &PresetId) -> Option<Vec<u8>> {
    let patch = match id.as_ref() {
        DEV_RUNTIME_PRESET => development(),
        LOCAL_TESTNET_RUNTIME_PRESET => local_testnet(),
        _ => return None,
    };
    Some(alloc::format!("{patch}").into_bytes())
}

/// The names of all presets.
pub fn preset_names() -> Vec<PresetId> {
    vec![
        PresetId::from(DEV_RUNTIME_PRESET),
        PresetId::from(LOCAL_TESTNET_RUNTIME_PRESET),
    ]
}
