use super::*;
use crate::{
    configs::consensus::BondingSessions, constants::by_chain::DEV_EPOCH_SLOTS, Babe, Historical,
    Session, SessionKeys,
};
use frame_support::traits::KeyOwnerProofSystem;
use pallet_session::historical::HistoricalSessions;
use sp_core::ByteArray;
use sp_keyring::Ed25519Keyring;

const EPOCH: u32 = DEV_EPOCH_SLOTS as u32;

#[test]
fn sessions_follow_epochs_and_keep_the_validators() {
    development().execute_with(|| {
        let validators = Session::validators();
        // Block 1 opens epoch 0, block 1 + n * EPOCH opens epoch n.
        let mut header = genesis_header();
        for epoch in 1..=3 {
            header = author_until(header, epoch * EPOCH);
            assert_eq!(Session::current_index(), epoch - 1);
            header = author_until(header, epoch * EPOCH + 1);
            assert_eq!(Session::current_index(), epoch);
            assert_eq!(Babe::epoch_index(), u64::from(epoch));
            assert_eq!(Session::validators(), validators);
        }
    });
}

#[test]
fn key_of_a_past_session_can_be_proven_until_its_bond_no_longer_answers() {
    development().execute_with(|| {
        let babe = (
            sp_consensus_babe::KEY_TYPE,
            Sr25519Keyring::Alice.public().to_raw_vec(),
        );
        let grandpa = (
            sp_consensus_grandpa::KEY_TYPE,
            Ed25519Keyring::Alice.public().to_raw_vec(),
        );
        let header = author_until(genesis_header(), 1);
        let proofs =
            [&babe, &grandpa].map(|key| Historical::prove(key.clone()).expect("Alice validates"));

        let kept = BondingSessions::get() as u32;
        let header = author_until(header, kept * EPOCH + 1);
        for (key, proof) in [&babe, &grandpa].into_iter().zip(&proofs) {
            assert_eq!(
                Historical::check_proof(key.clone(), proof.clone()),
                Some((Sr25519Keyring::Alice.to_account_id(), ()))
            );
        }

        author_until(header, (kept + 2) * EPOCH + 1);
        for (key, proof) in [babe, grandpa].into_iter().zip(proofs) {
            assert_eq!(Historical::check_proof(key, proof), None);
        }
    });
}

#[test]
fn roots_of_old_sessions_are_forgotten() {
    development().execute_with(|| {
        let kept = BondingSessions::get() as u32;
        author_until(genesis_header(), 3 * kept * EPOCH);
        let roots = HistoricalSessions::<Runtime>::iter().count() as u32;
        // Beside the kept ones: the running session, the planned one, the one just ending.
        assert!((kept..=kept + 3).contains(&roots), "{roots}");
    });
}

#[test]
fn session_keys_are_babe_grandpa_and_authority_discovery_in_this_order() {
    use sp_runtime::traits::OpaqueKeys;
    assert_eq!(
        SessionKeys::key_ids(),
        [
            sp_consensus_babe::KEY_TYPE,
            sp_consensus_grandpa::KEY_TYPE,
            sp_core::crypto::key_types::AUTHORITY_DISCOVERY
        ]
    );
}
