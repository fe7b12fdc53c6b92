use super::*;
use defaas_traits::{Catalog, Resolved, SuspendReason};

fn resolve(selector: Selector, salt: [u8; 32]) -> Result<Resolved<u64>, sp_runtime::DispatchError> {
    <Registry as Catalog<u64>>::resolve(0, &selector, &salt)
}

fn suspend(version: u32, reason: SuspendReason) {
    <Registry as Catalog<u64>>::suspend(0, version, reason);
}

fn alias(alias: &str) -> Selector {
    Selector::Alias(name(alias))
}

#[test]
fn resolve_gives_everything_that_a_call_needs() {
    ExtBuilder::default().published().build_and_execute(|| {
        let expected = Resolved {
            function: 0,
            owner: ALICE,
            version: 1,
            code: spec().code,
            limits: spec().limits,
            deterministic: spec().deterministic,
            verification: spec().verification,
            required: Default::default(),
            source: None,
            fee: 5,
        };
        assert_eq!(resolve(alias("latest"), [0; 32]), Ok(expected.clone()));
        assert_eq!(resolve(Selector::Version(1), [9; 32]), Ok(expected));
    });
}

#[test]
fn resolve_follows_the_salt_where_an_alias_splits() {
    ExtBuilder::default().published().build_and_execute(|| {
        assert_ok!(Registry::publish_version(by(ALICE), 0, spec()));
        assert_ok!(Registry::set_alias(
            by(ALICE),
            0,
            name("canary"),
            split(&[(1, 3), (2, 1)])
        ));
        let mut salt = [0; 32];
        let picks: Vec<_> = (0..4)
            .map(|point| {
                salt[0] = point;
                resolve(alias("canary"), salt).unwrap().version
            })
            .collect();
        assert_eq!(picks, [1, 1, 1, 2]);
    });
}

#[test]
fn resolve_fails_for_what_does_not_exist() {
    ExtBuilder::default().published().build_and_execute(|| {
        assert_noop!(
            <Registry as Catalog<u64>>::resolve(1, &alias("latest"), &[0; 32]),
            Error::<Test>::NotFound
        );
        assert_noop!(
            resolve(alias("stable"), [0; 32]),
            Error::<Test>::AliasNotFound
        );
        assert_noop!(
            resolve(Selector::Version(2), [0; 32]),
            Error::<Test>::VersionNotFound
        );
    });
}

#[test]
fn suspended_version_cannot_be_called_and_does_not_change_the_split() {
    ExtBuilder::default().published().build_and_execute(|| {
        assert_ok!(Registry::publish_version(by(ALICE), 0, spec()));
        assert_ok!(Registry::set_alias(
            by(ALICE),
            0,
            name("canary"),
            split(&[(1, 1), (2, 1)])
        ));
        suspend(2, SuspendReason::InvalidCode);
        System::assert_last_event(
            Event::VersionSuspended {
                function: 0,
                version: 2,
                reason: SuspendReason::InvalidCode,
            }
            .into(),
        );
        assert_noop!(
            resolve(Selector::Version(2), [0; 32]),
            Error::<Test>::Suspended
        );
        assert_eq!(resolve(alias("canary"), [0; 32]).unwrap().version, 1);
        let mut odd = [0; 32];
        odd[0] = 1;
        assert_noop!(resolve(alias("canary"), odd), Error::<Test>::Suspended);
    });
}

#[test]
fn suspend_keeps_the_first_reason_and_ignores_what_is_gone() {
    ExtBuilder::default().published().build_and_execute(|| {
        suspend(1, SuspendReason::CodeUnavailable);
        events();
        suspend(1, SuspendReason::InvalidCode);
        suspend(2, SuspendReason::InvalidCode);
        <Registry as Catalog<u64>>::suspend(7, 1, SuspendReason::InvalidCode);
        assert_eq!(events(), vec![]);
        assert_eq!(
            Registry::version(0, 1).unwrap().suspended,
            Some(SuspendReason::CodeUnavailable)
        );
        assert!(!Versions::<Test>::contains_key(0, 2));
    });
}

#[test]
fn owner_is_known_while_the_function_exists() {
    ExtBuilder::default().published().build_and_execute(|| {
        assert_eq!(<Registry as Catalog<u64>>::owner_of(0), Some(ALICE));
        assert_eq!(<Registry as Catalog<u64>>::owner_of(1), None);
        assert_ok!(Registry::retire(by(ALICE), 0));
        assert_eq!(<Registry as Catalog<u64>>::owner_of(0), Some(ALICE));
        System::set_block_number(1 + REMOVAL_DELAY);
        assert_ok!(Registry::remove(by(ALICE), 0));
        assert_eq!(<Registry as Catalog<u64>>::owner_of(0), None);
    });
}
