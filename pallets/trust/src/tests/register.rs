use defaas_primitives::{Host, Label, Labels};
use frame_support::{
    assert_noop, assert_ok,
    sp_runtime::{BoundedVec, TokenError},
    traits::fungible::InspectHold,
};
use sp_core::H256;

use crate::{
    mock::*,
    score,
    types::{Capabilities, Offer, Status},
    Error, Event, HoldReason, NextProviderId, PoolSizes, ProviderIds, WorkerKeys,
};

#[test]
fn stores_the_provider_and_holds_its_bond() {
    ExtBuilder::default().build_and_execute(|| {
        assert_ok!(register(ALICE, MIN_BOND, offer()));

        let id = ProviderIds::<Test>::get(ALICE).unwrap();
        assert_eq!(WorkerKeys::<Test>::get(key(ALICE)), Some(id));
        let provider = provider(id);
        assert_eq!((provider.account, provider.bond), (ALICE, MIN_BOND));
        assert_eq!((provider.load, provider.exposure), (0, 0));
        assert_eq!(provider.score.units, score::NEUTRAL);
        assert_eq!(provider.status, Status::Active);
        assert!(provider.available);
        assert_eq!(profile(id).labels, home());
        assert_eq!(
            Balances::balance_on_hold(&HoldReason::Bond.into(), &ALICE),
            MIN_BOND
        );
        System::assert_last_event(
            Event::Registered {
                provider: id,
                account: ALICE,
            }
            .into(),
        );
    });
}

#[test]
fn joins_every_pool_it_suits() {
    ExtBuilder::default().build_and_execute(|| {
        enrolled(ALICE);
        assert_eq!(PoolSizes::<Test>::iter().count(), 16);
        for requirements in [anywhere(), wasm(home())] {
            assert_eq!(PoolSizes::<Test>::get(requirements), 1);
        }
    });
}

#[test]
fn ids_are_dense() {
    ExtBuilder::default().build_and_execute(|| {
        assert_eq!([ALICE, BOB, CHARLIE].map(enrolled), [0, 1, 2]);
    });
}

#[test]
fn refuses_a_second_registration() {
    ExtBuilder::default().build_and_execute(|| {
        enrolled(ALICE);
        assert_noop!(
            register(ALICE, MIN_BOND, offer()),
            Error::<Test>::AlreadyExists
        );
    });
}

#[test]
fn refuses_a_key_that_another_has() {
    ExtBuilder::default().build_and_execute(|| {
        enrolled(ALICE);
        let Offer {
            endpoint,
            labels,
            capabilities,
            capacity,
            ..
        } = offer();
        assert_noop!(
            Trust::register(
                RuntimeOrigin::signed(BOB),
                key(ALICE),
                proof(ALICE, BOB),
                MIN_BOND,
                endpoint,
                labels,
                capabilities,
                capacity,
                None,
            ),
            Error::<Test>::WorkerKeyTaken
        );
    });
}

#[test]
fn refuses_a_proof_for_another_account_key_or_chain() {
    ExtBuilder::default().build_and_execute(|| {
        let with_proof = |proof| {
            let offer = offer();
            Trust::register(
                RuntimeOrigin::signed(ALICE),
                key(ALICE),
                proof,
                MIN_BOND,
                offer.endpoint,
                offer.labels,
                offer.capabilities,
                offer.capacity,
                None,
            )
        };
        let bad_proof = || Error::<Test>::BadProof;
        assert_noop!(with_proof(proof(ALICE, BOB)), bad_proof());
        assert_noop!(with_proof(proof(BOB, ALICE)), bad_proof());
        let proof_here = proof(ALICE, ALICE);
        frame_system::BlockHash::<Test>::insert(0, H256::repeat_byte(0xad));
        assert_noop!(with_proof(proof_here), bad_proof());
    });
}

#[test]
fn refuses_what_is_not_a_valid_offer() {
    ExtBuilder::default().build_and_execute(|| {
        let with = |change: &dyn Fn(&mut Offer)| {
            let mut offer = offer();
            change(&mut offer);
            register(ALICE, MIN_BOND, offer)
        };
        let no_label = || Label(BoundedVec::default());
        assert_noop!(
            with(&|offer| offer.endpoint.port = 0),
            Error::<Test>::InvalidEndpoint
        );
        assert_noop!(
            with(&|offer| offer.endpoint.host = Host::Dns(b"-".to_vec().try_into().unwrap())),
            Error::<Test>::InvalidEndpoint
        );
        assert_noop!(
            with(&|offer| offer.labels.cloud = Some(no_label())),
            Error::<Test>::InvalidLabels
        );
        for capabilities in [0, 4, 7] {
            assert_noop!(
                with(&|offer| offer.capabilities = Capabilities(capabilities)),
                Error::<Test>::InvalidCapabilities
            );
        }
        assert_noop!(
            with(&|offer| offer.capacity = 0),
            Error::<Test>::CapacityTooSmall
        );
        assert_noop!(
            with(&|offer| offer.capacity = 1_001),
            Error::<Test>::CapacityTooLarge
        );
        assert_ok!(with(&|offer| offer.labels = Labels::default()));
    });
}

#[test]
fn refuses_a_bond_below_the_minimum_or_above_what_is_there() {
    ExtBuilder::default().build_and_execute(|| {
        assert_noop!(
            register(ALICE, MIN_BOND - 1, offer()),
            Error::<Test>::BondTooSmall
        );
        // The last unit is the existential deposit.
        assert_noop!(
            register(ALICE, RICHES, offer()),
            TokenError::FundsUnavailable
        );
        assert_ok!(register(ALICE, RICHES - 1, offer()));
    });
}

#[test]
fn refuses_when_all_ids_are_used_up() {
    ExtBuilder::default().build_and_execute(|| {
        NextProviderId::<Test>::put(u32::MAX);
        assert_noop!(
            register(ALICE, MIN_BOND, offer()),
            Error::<Test>::TooManyProviders
        );
    });
}
