//! Tests of the whole runtime: genesis, blocks through `Executive`, transactions with all
//! extensions.

mod calls;
mod consensus;
mod faas_api;
mod genesis;
mod grants;
mod invariants;
mod money;
mod outage;
mod random;
mod removal;
mod reports;
mod values;
mod weights;

use crate::{
    configs::transactions::extension, genesis_presets, Babe, Balances, Executive, Header, Nonce,
    Runtime, RuntimeCall, RuntimeGenesisConfig, SignedPayload, System, UncheckedExtrinsic,
};
use codec::Encode;
use frame_support::genesis_builder_helper::{build_state, get_preset};
use pallet_transaction_payment::ChargeTransactionPayment;
use serde_json::Value;
use sp_consensus_babe::{
    digests::{CompatibleDigestItem, PreDigest, SecondaryVRFPreDigest},
    make_vrf_sign_data,
};
use sp_core::crypto::VrfSecret;
use sp_genesis_builder::PresetId;
use sp_io::TestExternalities;
use sp_keyring::Sr25519Keyring;
use sp_runtime::{ApplyExtrinsicResult, Digest, DigestItem};

/// Slot of block 1 in the tests; any later than 0 will do.
const FIRST_SLOT: u64 = 1_000;

/// Puts `patch` over `target`, as a chain specification does (RFC 7386).
fn merge(target: &mut Value, patch: Value) {
    match (target, patch) {
        (Value::Object(target), Value::Object(patch)) => {
            for (key, value) in patch {
                merge(target.entry(key).or_insert(Value::Null), value);
            }
        }
        (target, patch) => *target = patch,
    }
}

/// The complete genesis configuration of a preset.
fn genesis_config(preset: &str) -> Value {
    let default = get_preset::<RuntimeGenesisConfig>(&None, |_| None).expect("the default exists");
    let patch = genesis_presets::get_preset(&PresetId::from(preset)).expect("the preset exists");
    let mut config = serde_json::from_slice(&default).expect("JSON");
    merge(&mut config, serde_json::from_slice(&patch).expect("JSON"));
    config
}

/// The state that `config` builds.
fn build(config: &Value) -> TestExternalities {
    let mut ext = TestExternalities::default();
    ext.execute_with(|| {
        build_state::<RuntimeGenesisConfig>(config.to_string().into_bytes()).expect("valid genesis")
    });
    ext
}

/// The state of the development chain at genesis.
fn development() -> TestExternalities {
    build(&genesis_config(sp_genesis_builder::DEV_RUNTIME_PRESET))
}

/// Runs `test` on the development chain. In the end every invariant holds, and no money came or went.
fn on_development(test: impl FnOnce()) {
    development().execute_with(|| {
        let issuance = Balances::total_issuance();
        test();
        assert_eq!(invariants::check(), Ok(()));
        assert_eq!(Balances::total_issuance(), issuance);
    });
}

/// Opens the block after `parent` in the slot of the same number, up to its inherents.
fn open_block(parent: &Header) {
    open_block_in(parent, FIRST_SLOT + u64::from(parent.number) + 1);
}

/// Opens the block after `parent` in `slot`, up to its inherents. Its author is Alice, in a secondary
/// slot with VRF.
fn open_block_in(parent: &Header, slot: u64) {
    let number = parent.number + 1;
    let transcript = make_vrf_sign_data(&Babe::randomness(), slot.into(), Babe::epoch_index());
    let claim = PreDigest::SecondaryVRF(SecondaryVRFPreDigest {
        authority_index: 0,
        slot: slot.into(),
        vrf_signature: Sr25519Keyring::Alice.pair().vrf_sign(&transcript),
    });
    Executive::initialize_block(&Header {
        parent_hash: parent.hash(),
        number,
        state_root: Default::default(),
        extrinsics_root: Default::default(),
        digest: Digest {
            logs: vec![<DigestItem as CompatibleDigestItem>::babe_pre_digest(claim)],
        },
    });
    let now = slot * crate::constants::time::SLOT_DURATION_MILLIS;
    let inherent = UncheckedExtrinsic::new_bare(pallet_timestamp::Call::set { now }.into());
    Executive::apply_extrinsic(inherent)
        .expect("the inherent is valid")
        .expect("the time of the slot is accepted");
}

/// Authors an empty block. Hooks run after the inherents, with the first transaction or at the end.
fn author_next(parent: &Header) -> Header {
    open_block(parent);
    Executive::finalize_block()
}

/// Authors empty blocks until `number` and returns the last header.
fn author_until(mut parent: Header, number: u32) -> Header {
    while parent.number < number {
        parent = author_next(&parent);
    }
    parent
}

/// The header to build on when `blocks` have passed after `last` in which nothing happened. Ticks stand
/// still meanwhile.
fn much_later(last: Header, blocks: u32) -> Header {
    let number = last.number + blocks;
    System::set_block_number(number);
    Header { number, ..last }
}

/// The header the first block builds on.
fn genesis_header() -> Header {
    Header {
        parent_hash: Default::default(),
        number: 0,
        state_root: Default::default(),
        extrinsics_root: Default::default(),
        digest: Default::default(),
    }
}

/// `call` as a wallet signs it.
fn signed(who: Sr25519Keyring, nonce: Nonce, tip: u128, call: RuntimeCall) -> UncheckedExtrinsic {
    let mut extension = extension(nonce);
    extension.8 = ChargeTransactionPayment::from(tip);
    let payload = SignedPayload::new(call.clone(), extension.clone()).expect("implicit data");
    let signature = payload.using_encoded(|bytes| who.sign(bytes));
    let transaction = UncheckedExtrinsic::new_signed(
        call,
        who.to_account_id().into(),
        signature.into(),
        extension,
    );
    // Through bytes, as it arrives.
    let encoded = transaction.encode();
    codec::Decode::decode(&mut &encoded[..]).expect("its own encoding")
}

/// Signs `call` as a wallet does and applies it to the open block.
fn apply(who: Sr25519Keyring, nonce: Nonce, tip: u128, call: RuntimeCall) -> ApplyExtrinsicResult {
    Executive::apply_extrinsic(signed(who, nonce, tip, call))
}

/// Whether the open block deposited an event that `is` accepts.
fn deposited(is: impl Fn(&<Runtime as frame_system::Config>::RuntimeEvent) -> bool) -> bool {
    System::events().iter().any(|record| is(&record.event))
}
