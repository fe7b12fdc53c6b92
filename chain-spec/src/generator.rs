//! Makes the specification of a new network out of its genesis.

use crate::{properties, Error, Extensions, GenericChainSpec, PROTOCOL_ID};
use codec::DecodeAll;
use defaas_runtime::{
    configs::money::TreasuryAccount, constants::money::EXISTENTIAL_DEPOSIT,
    genesis_presets::get_preset, AccountId, Balance, Nonce, Runtime, WASM_BINARY,
};
use sc_chain_spec::ChainType;
use sc_network::config::MultiaddrWithPeerId;
use serde_json::Value;
use sp_core::crypto::Ss58Codec;
use sp_genesis_builder::{PresetId, DEV_RUNTIME_PRESET, LOCAL_TESTNET_RUNTIME_PRESET};
use sp_keyring::{Ed25519Keyring, Sr25519Keyring};

/// What a new network is called and starts from.
#[derive(Clone, Debug)]
pub struct Network {
    /// Shown to people.
    pub name: String,
    /// Names the node's folders; lower case, digits and `-`.
    pub id: String,
    /// Who it is for.
    pub chain_type: ChainType,
    /// What differs from the runtime's default genesis.
    pub genesis: Value,
    /// Nodes that new ones ask first.
    pub boot_nodes: Vec<MultiaddrWithPeerId>,
}

impl Network {
    /// The specification as JSON; with `raw`, its genesis as storage, which all nodes share whatever
    /// version they were built from. The genesis is built in both cases, so one that the runtime
    /// refuses is never written down.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidId`], [`Error::WellKnownKey`] on a live network, [`Error::PoorTreasury`],
    /// [`Error::NoWasmBlob`], and [`Error::InvalidGenesis`].
    pub fn generate(self, raw: bool) -> Result<String, Error> {
        let is_id = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if self.id.is_empty() || !self.id.bytes().all(is_id) {
            return Err(Error::InvalidId(self.id));
        }
        let is_live = self.chain_type == ChainType::Live;
        let blob = WASM_BINARY.ok_or(Error::NoWasmBlob)?;
        let spec = GenericChainSpec::builder(blob, Extensions::default())
            .with_name(&self.name)
            .with_id(&self.id)
            .with_chain_type(self.chain_type)
            .with_protocol_id(PROTOCOL_ID)
            .with_properties(properties())
            .with_boot_nodes(self.boot_nodes)
            .with_genesis_config_patch(self.genesis)
            .build();
        let built = spec.as_json(true).map_err(Error::InvalidGenesis)?;
        if is_live {
            refuse_well_known_keys(&built)?;
        }
        refuse_poor_treasury(&built)?;
        if raw {
            Ok(built)
        } else {
            spec.as_json(false).map_err(Error::InvalidGenesis)
        }
    }
}

/// The genesis of a built-in chain, `dev` or `local`, to begin a new one from.
///
/// # Errors
///
/// [`Error::UnknownChain`].
pub fn preset(name: &str) -> Result<Value, Error> {
    let id = match name {
        "dev" => DEV_RUNTIME_PRESET,
        "local" => LOCAL_TESTNET_RUNTIME_PRESET,
        _ => return Err(Error::UnknownChain(name.into())),
    };
    get_preset(&PresetId::from(id))
        .and_then(|json| serde_json::from_slice(&json).ok())
        .ok_or_else(|| Error::UnknownChain(name.into()))
}

/// Everybody has the keys of `//Alice` and the like: money and blocks of a live network would be
/// theirs. They are searched for in the storage of the genesis, where a key is its bytes, however it
/// was written.
fn refuse_well_known_keys(storage: &str) -> Result<(), Error> {
    let sr25519 =
        Sr25519Keyring::iter().map(|key| (key.to_raw_public(), key.public().to_ss58check()));
    let ed25519 =
        Ed25519Keyring::iter().map(|key| (key.to_raw_public(), key.public().to_ss58check()));
    match sr25519
        .chain(ed25519)
        .find(|(bytes, _)| storage.contains(&hex::encode(bytes)))
    {
        Some((_, address)) => Err(Error::WellKnownKey(address)),
        None => Ok(()),
    }
}

/// Fees, shares and slices go to the treasury. What an account that cannot exist is given is burnt, so
/// without the existential deposit the money of the network would melt away unseen.
fn refuse_poor_treasury(storage: &str) -> Result<(), Error> {
    let treasury = TreasuryAccount::get();
    let owned = balance_of(&treasury, storage).ok_or_else(|| {
        Error::InvalidGenesis("its storage cannot be read as that of this runtime".into())
    })?;
    if owned < EXISTENTIAL_DEPOSIT {
        return Err(Error::PoorTreasury {
            treasury: treasury.to_ss58check(),
            owned,
        });
    }
    Ok(())
}

/// What `account` owns in the raw specification `storage`. `None`: it is not one of this runtime.
fn balance_of(account: &AccountId, storage: &str) -> Option<Balance> {
    let spec: Value = serde_json::from_str(storage).ok()?;
    let top = spec["genesis"]["raw"]["top"].as_object()?;
    let key = frame_system::Account::<Runtime>::hashed_key_for(account);
    let Some(value) = top.get(&format!("0x{}", hex::encode(key))) else {
        return Some(0);
    };
    let bytes = hex::decode(value.as_str()?.strip_prefix("0x")?).ok()?;
    type Account = frame_system::AccountInfo<Nonce, <Runtime as frame_system::Config>::AccountData>;
    Some(Account::decode_all(&mut &bytes[..]).ok()?.data.free)
}

#[cfg(test)]
mod tests {
    use super::*;
    use defaas_runtime::constants::{money, providers};
    use sc_chain_spec::ChainSpec;
    use sp_core::crypto::Ss58AddressFormat;
    use sp_runtime::BuildStorage;

    fn network(chain_type: ChainType) -> Network {
        Network {
            name: "Test".into(),
            id: "defaas-test".into(),
            chain_type,
            genesis: preset("local").expect("built in"),
            boot_nodes: Vec::new(),
        }
    }

    #[test]
    fn generated_specification_starts_the_same_genesis_in_both_forms() {
        let plain = network(ChainType::Local).generate(false).expect("valid");
        let raw = network(ChainType::Local).generate(true).expect("valid");
        let [plain, raw] = [plain, raw]
            .map(|json| GenericChainSpec::from_json_bytes(json.into_bytes()).expect("its output"));
        assert_eq!((raw.id(), raw.name()), ("defaas-test", "Test"));
        assert_eq!(ChainSpec::properties(&raw)["tokenSymbol"], "DFS");
        assert_eq!(
            plain.build_storage().expect("plain").top,
            raw.build_storage().expect("raw").top
        );
    }

    #[test]
    fn live_network_with_a_key_that_everybody_has_is_refused() {
        let error = network(ChainType::Live).generate(true).expect_err("Alice");
        assert!(matches!(error, Error::WellKnownKey(_)), "{error}");

        // Written in the form of another network.
        let other = Ss58AddressFormat::custom(0);
        let mut network = network(ChainType::Live);
        let mut text = network.genesis.to_string();
        for key in Sr25519Keyring::iter().map(|key| key.public()) {
            text = text.replace(&key.to_ss58check(), &key.to_ss58check_with_version(other));
        }
        for key in Ed25519Keyring::iter().map(|key| key.public()) {
            text = text.replace(&key.to_ss58check(), &key.to_ss58check_with_version(other));
        }
        network.genesis = serde_json::from_str(&text).expect("still JSON");
        assert_ne!(network.genesis, preset("local").expect("built in"));
        let error = network.generate(true).expect_err("Alice");
        assert!(matches!(error, Error::WellKnownKey(_)), "{error}");
    }

    #[test]
    fn network_whose_treasury_cannot_exist_is_refused() {
        let treasury = TreasuryAccount::get().to_ss58check();
        // Endowed with `units`, or left out.
        let endowed = |units: Option<u64>| {
            let mut network = network(ChainType::Local);
            let balances = network.genesis["balances"]["balances"]
                .as_array_mut()
                .expect("a list");
            balances.retain(|entry| entry[0] != treasury.as_str());
            balances.extend(units.map(|units| serde_json::json!([treasury, units])));
            network.generate(true)
        };
        let enough = u64::try_from(EXISTENTIAL_DEPOSIT).expect("small");
        assert!(endowed(Some(enough)).is_ok());

        let error = endowed(None).expect_err("no treasury");
        assert!(
            matches!(error, Error::PoorTreasury { owned: 0, .. }),
            "{error}"
        );
        let text = error.to_string();
        assert!(
            text.contains(&treasury) && text.contains("1000000000"),
            "{text}"
        );
        // The runtime refuses this one by itself: no account may begin with so little.
        assert!(endowed(Some(enough - 1)).is_err());
    }

    #[test]
    fn balance_is_read_from_the_storage_of_the_genesis() {
        let json = network(ChainType::Local).generate(true).expect("valid");
        let balance = |account| balance_of(account, &json);
        let alice = Sr25519Keyring::Alice.to_account_id();
        // What is held as her bond is not free.
        let (endowment, bond) = (money::DEV_ENDOWMENT, providers::DEV_BOND);
        assert_eq!(balance(&alice), Some(endowment - bond));
        assert_eq!(balance(&Sr25519Keyring::One.to_account_id()), Some(0));
        assert_eq!(balance_of(&alice, "{}"), None);
    }

    #[test]
    fn genesis_that_the_runtime_refuses_is_never_written_down() {
        let mut network = network(ChainType::Local);
        network.genesis["balances"]["nonsense"] = 1.into();
        let error = network.generate(false).expect_err("no such field");
        assert!(
            matches!(&error, Error::InvalidGenesis(reason) if reason.contains("nonsense")),
            "{error}"
        );
    }

    #[test]
    fn id_that_cannot_name_a_folder_is_refused() {
        for id in ["", "Has Space", "../up"] {
            let mut network = network(ChainType::Local);
            network.id = id.into();
            let error = network.generate(true).expect_err("no id");
            assert!(matches!(error, Error::InvalidId(_)), "{error}");
        }
    }

    #[test]
    fn unknown_preset_is_named() {
        assert!(matches!(preset("mainnet"), Err(Error::UnknownChain(name)) if name == "mainnet"));
    }
}
