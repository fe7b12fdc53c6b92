use super::*;
use defaas_primitives::Verification;
use defaas_traits::{Catalog, SuspendReason};

fn suspend(version: u32) {
    <Registry as Catalog<u64>>::suspend(0, version, SuspendReason::CodeUnavailable);
}

#[test]
fn gets_the_next_number_and_moves_latest() {
    ExtBuilder::default().published().build_and_execute(|| {
        let before = held(ALICE);
        events();
        let second = VersionSpec {
            deterministic: true,
            ..spec()
        };
        assert_ok!(Registry::publish_version(by(ALICE), 0, second.clone()));
        assert_eq!(
            events(),
            vec![
                Event::VersionPublished {
                    function: 0,
                    version: 2
                },
                Event::AliasSet {
                    function: 0,
                    alias: name("latest")
                },
            ]
        );
        assert_eq!(Registry::version(0, 1).unwrap().spec, spec());
        assert_eq!(Registry::version(0, 2).unwrap().spec, second);
        let latest = Registry::alias(0, name("latest")).unwrap();
        assert_eq!((latest.target, latest.previous), (to(2), Some(to(1))));
        assert!(held(ALICE) > before + Balance::from(spec().code.size));
    });
}

#[test]
fn fails_for_others_unknown_retired_full_and_invalid() {
    ExtBuilder::default().published().build_and_execute(|| {
        assert_noop!(
            Registry::publish_version(by(BOB), 0, spec()),
            Error::<Test>::NotOwner
        );
        assert_noop!(
            Registry::publish_version(by(ALICE), 7, spec()),
            Error::<Test>::NotFound
        );
        let reserved = VersionSpec {
            verification: Verification::Audited,
            ..spec()
        };
        assert_noop!(
            Registry::publish_version(by(ALICE), 0, reserved),
            Error::<Test>::Unsupported
        );
        for _ in 1..6 {
            assert_ok!(Registry::publish_version(by(ALICE), 0, spec()));
        }
        assert_noop!(
            Registry::publish_version(by(ALICE), 0, spec()),
            Error::<Test>::TooManyVersions
        );
        assert_ok!(Registry::retire(by(ALICE), 0));
        assert_noop!(
            Registry::publish_version(by(ALICE), 0, spec()),
            Error::<Test>::Retired
        );
    });
}

#[test]
fn paused_function_takes_new_versions() {
    ExtBuilder::default().published().build_and_execute(|| {
        assert_ok!(Registry::pause(by(ALICE), 0, None));
        assert_ok!(Registry::publish_version(by(ALICE), 0, spec()));
    });
}

#[test]
fn reinstate_puts_a_suspended_version_back() {
    ExtBuilder::default().published().build_and_execute(|| {
        suspend(1);
        assert_ok!(Registry::reinstate(by(ALICE), 0, 1));
        assert_eq!(Registry::version(0, 1).unwrap().suspended, None);
        System::assert_last_event(
            Event::VersionReinstated {
                function: 0,
                version: 1,
            }
            .into(),
        );
        assert_ok!(Registry::resolve(0, Selector::Version(1)));
    });
}

#[test]
fn reinstate_fails_for_others_missing_and_serving_versions() {
    ExtBuilder::default().published().build_and_execute(|| {
        assert_noop!(
            Registry::reinstate(by(ALICE), 0, 1),
            Error::<Test>::NotSuspended
        );
        suspend(1);
        assert_noop!(Registry::reinstate(by(BOB), 0, 1), Error::<Test>::NotOwner);
        assert_noop!(
            Registry::reinstate(by(ALICE), 0, 2),
            Error::<Test>::VersionNotFound
        );
        assert_noop!(
            Registry::reinstate(by(ALICE), 1, 1),
            Error::<Test>::NotFound
        );
        assert_ok!(Registry::retire(by(ALICE), 0));
        assert_noop!(Registry::reinstate(by(ALICE), 0, 1), Error::<Test>::Retired);
    });
}
