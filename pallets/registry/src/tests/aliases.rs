use super::*;
use frame_support::BoundedVec;

/// Function 0 with versions 1, 2 and 3.
fn three_versions() {
    for _ in 0..2 {
        assert_ok!(Registry::publish_version(by(ALICE), 0, spec()));
    }
}

fn set(alias: &str, target: AliasTarget) -> sp_runtime::DispatchResult {
    Registry::set_alias(by(ALICE), 0, name(alias), target)
}

fn points(alias: &str) -> (AliasTarget, Option<AliasTarget>) {
    let alias = Registry::alias(0, name(alias)).unwrap();
    (alias.target, alias.previous)
}

#[test]
fn set_creates_for_a_deposit_and_moves_for_none() {
    ExtBuilder::default().published().build_and_execute(|| {
        three_versions();
        let before = held(ALICE);
        assert_ok!(set("stable", to(1)));
        let alias = DepositBase::get() + Balance::from(deposits::of_alias::<Test>().size);
        assert_eq!(held(ALICE), before + alias);
        assert_eq!(Registry::function(0).unwrap().aliases, 2);
        assert_ok!(set("stable", split(&[(2, 9), (3, 1)])));
        assert_eq!(held(ALICE), before + alias);
        assert_eq!(points("stable"), (split(&[(2, 9), (3, 1)]), Some(to(1))));
        System::assert_last_event(
            Event::AliasSet {
                function: 0,
                alias: name("stable"),
            }
            .into(),
        );
    });
}

#[test]
fn set_to_the_same_target_keeps_what_a_roll_back_leads_to() {
    ExtBuilder::default().published().build_and_execute(|| {
        three_versions();
        assert_ok!(set("stable", to(1)));
        assert_ok!(set("stable", to(2)));
        events();
        assert_ok!(set("stable", to(2)));
        assert_eq!(points("stable"), (to(2), Some(to(1))));
        assert_eq!(events(), vec![]);
    });
}

#[test]
fn set_fails_with_targets_that_lead_nowhere() {
    ExtBuilder::default().published().build_and_execute(|| {
        three_versions();
        for target in [
            to(0),
            to(4),
            split(&[]),
            split(&[(1, 0)]),
            split(&[(1, 1), (1, 1)]),
            split(&[(1, 1), (4, 1)]),
        ] {
            assert_noop!(set("stable", target), Error::<Test>::InvalidTarget);
        }
    });
}

#[test]
fn set_fails_for_others_invalid_names_and_too_many() {
    ExtBuilder::default().published().build_and_execute(|| {
        assert_noop!(
            Registry::set_alias(by(BOB), 0, name("stable"), to(1)),
            Error::<Test>::NotOwner
        );
        assert_noop!(
            Registry::set_alias(by(ALICE), 1, name("stable"), to(1)),
            Error::<Test>::NotFound
        );
        let invalid = defaas_primitives::Name(BoundedVec::truncate_from(b"No".to_vec()));
        assert_noop!(
            Registry::set_alias(by(ALICE), 0, invalid, to(1)),
            Error::<Test>::InvalidName
        );
        for alias in ["a", "b", "c"] {
            assert_ok!(set(alias, to(1)));
        }
        assert_noop!(set("d", to(1)), Error::<Test>::TooManyAliases);
        assert_ok!(Registry::retire(by(ALICE), 0));
        assert_noop!(set("a", to(1)), Error::<Test>::Retired);
    });
}

#[test]
fn latest_is_neither_set_nor_removed() {
    ExtBuilder::default().published().build_and_execute(|| {
        assert_noop!(set("latest", to(1)), Error::<Test>::Reserved);
        assert_noop!(
            Registry::remove_alias(by(ALICE), 0, name("latest")),
            Error::<Test>::Reserved
        );
    });
}

#[test]
fn second_roll_back_undoes_the_first() {
    ExtBuilder::default().published().build_and_execute(|| {
        three_versions();
        assert_ok!(set("stable", to(1)));
        assert_ok!(set("stable", split(&[(1, 1), (2, 1)])));
        assert_ok!(Registry::roll_back_alias(by(ALICE), 0, name("stable")));
        assert_eq!(points("stable"), (to(1), Some(split(&[(1, 1), (2, 1)]))));
        System::assert_last_event(
            Event::AliasRolledBack {
                function: 0,
                alias: name("stable"),
            }
            .into(),
        );
        assert_ok!(Registry::roll_back_alias(by(ALICE), 0, name("stable")));
        assert_eq!(points("stable"), (split(&[(1, 1), (2, 1)]), Some(to(1))));
    });
}

#[test]
fn latest_rolls_back_and_the_next_version_moves_it_on() {
    ExtBuilder::default().published().build_and_execute(|| {
        assert_ok!(Registry::publish_version(by(ALICE), 0, spec()));
        assert_ok!(Registry::roll_back_alias(by(ALICE), 0, name("latest")));
        assert_eq!(points("latest"), (to(1), Some(to(2))));
        assert_ok!(Registry::publish_version(by(ALICE), 0, spec()));
        assert_eq!(points("latest"), (to(3), Some(to(1))));
    });
}

#[test]
fn roll_back_fails_without_a_former_target_or_alias_or_right() {
    ExtBuilder::default().published().build_and_execute(|| {
        let roll_back =
            |who, function, alias| Registry::roll_back_alias(by(who), function, name(alias));
        assert_noop!(
            roll_back(ALICE, 0, "latest"),
            Error::<Test>::NothingToRollBack
        );
        assert_noop!(roll_back(ALICE, 0, "stable"), Error::<Test>::AliasNotFound);
        assert_noop!(roll_back(BOB, 0, "latest"), Error::<Test>::NotOwner);
        assert_noop!(roll_back(ALICE, 1, "latest"), Error::<Test>::NotFound);
        assert_ok!(Registry::retire(by(ALICE), 0));
        assert_noop!(roll_back(ALICE, 0, "latest"), Error::<Test>::Retired);
    });
}

#[test]
fn remove_releases_the_deposit() {
    ExtBuilder::default().published().build_and_execute(|| {
        let before = held(ALICE);
        assert_ok!(set("stable", to(1)));
        assert_ok!(Registry::remove_alias(by(ALICE), 0, name("stable")));
        assert_eq!(held(ALICE), before);
        assert_eq!(Registry::alias(0, name("stable")), None);
        assert_eq!(Registry::function(0).unwrap().aliases, 1);
        System::assert_last_event(
            Event::AliasRemoved {
                function: 0,
                alias: name("stable"),
            }
            .into(),
        );
    });
}

#[test]
fn remove_fails_for_others_and_missing_aliases() {
    ExtBuilder::default().published().build_and_execute(|| {
        let remove = |who, function| Registry::remove_alias(by(who), function, name("stable"));
        assert_noop!(remove(ALICE, 0), Error::<Test>::AliasNotFound);
        assert_ok!(set("stable", to(1)));
        assert_noop!(remove(BOB, 0), Error::<Test>::NotOwner);
        assert_noop!(remove(ALICE, 1), Error::<Test>::NotFound);
        assert_ok!(Registry::retire(by(ALICE), 0));
        assert_noop!(remove(ALICE, 0), Error::<Test>::Retired);
    });
}
