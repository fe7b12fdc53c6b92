use defaas_primitives::{CodeKind, Host};
use frame_support::{assert_noop, assert_ok, sp_runtime::DispatchResult};

use crate::{
    mock::*,
    types::{Capabilities, Changes},
    Error, Event, PoolSizes,
};

fn update(who: AccountId, changes: Changes) -> DispatchResult {
    Trust::update(
        RuntimeOrigin::signed(who),
        changes.endpoint,
        changes.labels,
        changes.capabilities,
        changes.capacity,
        changes.encryption_key,
    )
}

#[test]
fn changes_what_is_given() {
    ExtBuilder::default().build_and_execute(|| {
        let id = enrolled(ALICE);
        let changes = Changes {
            endpoint: Some(endpoint(9_000)),
            capacity: Some(7),
            encryption_key: Some([9; 32]),
            ..Default::default()
        };
        assert_ok!(update(ALICE, changes));
        let profile = profile(id);
        assert_eq!(profile.endpoint, endpoint(9_000));
        assert_eq!(profile.encryption_key, Some([9; 32]));
        assert_eq!(provider(id).capacity, 7);
        System::assert_last_event(Event::Updated { provider: id }.into());
    });
}

#[test]
fn keeps_what_is_not_given() {
    ExtBuilder::default().build_and_execute(|| {
        let id = enrolled(ALICE);
        let before = (provider(id), profile(id));
        assert_ok!(update(ALICE, Changes::default()));
        assert_eq!((provider(id), profile(id)), before);
    });
}

#[test]
fn moves_to_the_pools_of_new_labels_and_capabilities() {
    ExtBuilder::default().build_and_execute(|| {
        enrolled(ALICE);
        enrolled(BOB);
        let cellar = labels("home", "eu", "aarch64");
        let changes = Changes {
            labels: Some(cellar.clone()),
            capabilities: Some(Capabilities::of(&[CodeKind::Wasm])),
            ..Default::default()
        };
        assert_ok!(update(ALICE, changes));
        let size = |requirements| PoolSizes::<Test>::get(requirements);
        assert_eq!(size(wasm(home())), 1);
        assert_eq!(size(wasm(cellar)), 1);
        assert_eq!(size(anywhere()), 2);
        let mut oci = anywhere();
        oci.kind = CodeKind::Oci;
        assert_eq!(size(oci), 1);
    });
}

#[test]
fn does_not_bring_back_into_pools_whoever_is_out() {
    ExtBuilder::default().build_and_execute(|| {
        enrolled(ALICE);
        assert_ok!(Trust::leave(RuntimeOrigin::signed(ALICE)));
        let changes = Changes {
            labels: Some(labels("x", "y", "z")),
            ..Default::default()
        };
        assert_ok!(update(ALICE, changes));
        assert_eq!(PoolSizes::<Test>::iter().count(), 0);
    });
}

#[test]
fn refuses_strangers_and_invalid_values() {
    ExtBuilder::default().build_and_execute(|| {
        assert_noop!(update(BOB, Changes::default()), Error::<Test>::NotFound);
        enrolled(ALICE);
        let mut nowhere = endpoint(1);
        nowhere.host = Host::Dns(Default::default());
        let mut unlabelled = home();
        unlabelled.arch.as_mut().unwrap().0[0] = b'A';
        let cases = [
            (
                Changes {
                    endpoint: Some(nowhere),
                    ..Default::default()
                },
                Error::<Test>::InvalidEndpoint,
            ),
            (
                Changes {
                    labels: Some(unlabelled),
                    ..Default::default()
                },
                Error::<Test>::InvalidLabels,
            ),
            (
                Changes {
                    capabilities: Some(Capabilities(0)),
                    ..Default::default()
                },
                Error::<Test>::InvalidCapabilities,
            ),
            (
                Changes {
                    capacity: Some(0),
                    ..Default::default()
                },
                Error::<Test>::CapacityTooSmall,
            ),
            (
                Changes {
                    capacity: Some(1_001),
                    ..Default::default()
                },
                Error::<Test>::CapacityTooLarge,
            ),
        ];
        for (changes, error) in cases {
            assert_noop!(update(ALICE, changes), error);
        }
    });
}
