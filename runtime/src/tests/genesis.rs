use super::*;
use crate::{
    configs::money::TreasuryAccount,
    constants::{
        by_chain::{
            DEV_EPOCH_SLOTS, DEV_MIN_VALIDATORS, DEV_UNBONDING_BLOCKS, EPOCH_SLOTS, MIN_VALIDATORS,
            UNBONDING_BLOCKS,
        },
        money::{DEV_ENDOWMENT, EXISTENTIAL_DEPOSIT, TREASURY_ENDOWMENT},
    },
    genesis_presets::ENDOWED,
    genesis_settings::{EpochDuration, MinValidators, UnbondingDelay},
    Babe, Balances, Grandpa, Session,
};
use frame_support::traits::fungible::Inspect;
use sp_genesis_builder::{DEV_RUNTIME_PRESET, LOCAL_TESTNET_RUNTIME_PRESET};

fn validators(preset: &str) -> (Vec<crate::AccountId>, usize, usize) {
    build(&genesis_config(preset)).execute_with(|| {
        (
            Session::validators(),
            Babe::authorities().len(),
            Grandpa::grandpa_authorities().len(),
        )
    })
}

#[test]
fn development_preset_has_alice_as_validator() {
    assert_eq!(
        validators(DEV_RUNTIME_PRESET),
        (vec![Sr25519Keyring::Alice.to_account_id()], 1, 1)
    );
}

#[test]
fn local_preset_has_alice_and_bob_as_validators() {
    let (mut accounts, babe, grandpa) = validators(LOCAL_TESTNET_RUNTIME_PRESET);
    let mut expected = vec![
        Sr25519Keyring::Alice.to_account_id(),
        Sr25519Keyring::Bob.to_account_id(),
    ];
    accounts.sort();
    expected.sort();
    assert_eq!((accounts, babe, grandpa), (expected, 2, 2));
}

#[test]
fn every_preset_endows_the_treasury_and_the_known_accounts_and_nobody_else() {
    for preset in genesis_presets::preset_names() {
        build(&genesis_config(&preset)).execute_with(|| {
            let treasury = Balances::balance(&TreasuryAccount::get());
            assert!(treasury >= EXISTENTIAL_DEPOSIT, "{preset}");
            for key in ENDOWED {
                assert_eq!(Balances::total_balance(&key.to_account_id()), DEV_ENDOWMENT);
            }
            assert_eq!(
                Balances::total_issuance(),
                TREASURY_ENDOWMENT + DEV_ENDOWMENT * ENDOWED.len() as u128
            );
        });
    }
}

#[test]
fn presets_write_the_settings_of_development_chains() {
    for preset in genesis_presets::preset_names() {
        build(&genesis_config(&preset)).execute_with(|| {
            assert_eq!(EpochDuration::get(), DEV_EPOCH_SLOTS);
            assert_eq!(UnbondingDelay::get(), DEV_UNBONDING_BLOCKS);
            assert_eq!(MinValidators::get(), DEV_MIN_VALIDATORS);
        });
    }
}

#[test]
fn default_genesis_writes_the_settings_of_live_chains() {
    let mut config = genesis_config(DEV_RUNTIME_PRESET);
    let default = get_preset::<RuntimeGenesisConfig>(&None, |_| None).expect("the default exists");
    let default: Value = serde_json::from_slice(&default).expect("JSON");
    config["genesisSettings"] = default["genesisSettings"].clone();
    build(&config).execute_with(|| {
        assert_eq!(EpochDuration::get(), EPOCH_SLOTS);
        assert_eq!(UnbondingDelay::get(), UNBONDING_BLOCKS);
        assert_eq!(MinValidators::get(), MIN_VALIDATORS);
    });
}

#[test]
fn settings_are_read_from_storage() {
    let mut config = genesis_config(DEV_RUNTIME_PRESET);
    config["genesisSettings"]["epochDuration"] = 7.into();
    build(&config).execute_with(|| {
        assert_eq!(
            <<Runtime as pallet_babe::Config>::EpochDuration as frame_support::traits::Get<u64>>::get(),
            7
        );
    });
}

#[test]
#[should_panic(expected = "epochDuration must be at least 1 slot")]
fn genesis_refuses_an_empty_epoch() {
    let mut config = genesis_config(DEV_RUNTIME_PRESET);
    config["genesisSettings"]["epochDuration"] = 0.into();
    build(&config);
}

#[test]
#[should_panic(expected = "unbondingDelay must be at least two epochs")]
fn genesis_refuses_an_unbonding_delay_shorter_than_two_epochs() {
    let mut config = genesis_config(DEV_RUNTIME_PRESET);
    config["genesisSettings"]["unbondingDelay"] = (2 * DEV_EPOCH_SLOTS - 1).into();
    build(&config);
}

#[test]
#[should_panic(expected = "minValidators must be between 1 and 100")]
fn genesis_refuses_more_validators_than_there_may_be() {
    let mut config = genesis_config(DEV_RUNTIME_PRESET);
    config["genesisSettings"]["minValidators"] = 101.into();
    build(&config);
}

#[test]
fn unknown_preset_is_none() {
    assert_eq!(genesis_presets::get_preset(&PresetId::from("other")), None);
}
