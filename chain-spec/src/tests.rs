use super::*;
use sc_chain_spec::ChainSpec;
use sp_runtime::BuildStorage;

#[test]
fn built_in_chains_have_the_promised_names_and_types() {
    let dev = load("dev").expect("built in");
    assert_eq!((dev.name(), dev.id()), ("DeFaaS Development", "defaas-dev"));
    assert_eq!(dev.chain_type(), ChainType::Development);

    let local = load("local").expect("built in");
    assert_eq!((local.name(), local.id()), ("DeFaaS Local", "defaas-local"));
    assert_eq!(local.chain_type(), ChainType::Local);
    assert_eq!(load("").expect("built in").id(), local.id());
}

#[test]
fn properties_tell_wallets_symbol_decimals_and_prefix() {
    let properties = ChainSpec::properties(&load("dev").expect("built in"));
    assert_eq!(properties["tokenSymbol"], "DFS");
    assert_eq!(properties["tokenDecimals"], 12);
    assert_eq!(properties["ss58Format"], 42);
}

#[test]
fn built_in_genesis_builds_with_the_blob() {
    for id in ["dev", "local"] {
        let storage = load(id)
            .expect("built in")
            .build_storage()
            .expect("the blob accepts its own preset");
        assert!(storage
            .top
            .contains_key(sp_core::storage::well_known_keys::CODE));
    }
}

#[test]
fn specification_survives_a_round_trip_through_a_file() {
    let dev = load("dev").expect("built in");
    let json = ChainSpec::as_json(&dev, true).expect("serializes");
    let file = tempfile::NamedTempFile::new().expect("temporary file");
    std::fs::write(file.path(), json).expect("write");

    let read = load(file.path().to_str().expect("UTF-8")).expect("its own output");
    assert_eq!(read.id(), dev.id());
    assert_eq!(
        read.build_storage().expect("raw").top,
        dev.build_storage().expect("preset").top
    );
}

#[test]
fn unknown_name_says_what_may_be_given() {
    let error = load("mainnet").map(|_| ()).expect_err("no such chain");
    assert!(matches!(&error, Error::UnknownChain(name) if name == "mainnet"));
    assert!(error.to_string().contains("`dev`, `local`"));
}

#[test]
fn file_that_is_no_specification_is_named_in_the_error() {
    let file = tempfile::NamedTempFile::new().expect("temporary file");
    std::fs::write(file.path(), "{}").expect("write");
    let path = file.path().to_str().expect("UTF-8").to_string();
    let error = load(&path).map(|_| ()).expect_err("not a specification");
    assert!(matches!(error, Error::InvalidFile { path: named, .. } if named == path));
}
