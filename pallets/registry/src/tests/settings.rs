use super::*;
use defaas_primitives::{labels::LabelKey, Cid, Label, Labels, Placement};
use frame_support::BoundedVec;

fn at_home() -> Placement {
    Placement {
        required: Labels {
            cloud: Label::parse("home"),
            ..Default::default()
        },
        ..Default::default()
    }
}

#[test]
fn fee_applies_to_later_calls() {
    ExtBuilder::default().published().build_and_execute(|| {
        assert_ok!(Registry::set_fee(by(ALICE), 0, 77));
        System::assert_last_event(
            Event::FeeSet {
                function: 0,
                fee: 77,
            }
            .into(),
        );
        assert_eq!(Registry::resolve(0, Selector::Version(1)).unwrap().fee, 77);
    });
}

#[test]
fn placement_applies_to_later_calls() {
    ExtBuilder::default().published().build_and_execute(|| {
        assert_ok!(Registry::set_placement(by(ALICE), 0, at_home()));
        System::assert_last_event(Event::PlacementSet { function: 0 }.into());
        let resolved = Registry::resolve(0, Selector::Version(1)).unwrap();
        assert_eq!(resolved.required, at_home().required);
    });
}

#[test]
fn placement_fails_with_invalid_labels_and_reserved_fields() {
    ExtBuilder::default().published().build_and_execute(|| {
        let mut invalid = at_home();
        invalid.required.arch = Some(Label(BoundedVec::new()));
        assert_noop!(
            Registry::set_placement(by(ALICE), 0, invalid),
            Error::<Test>::InvalidLabels
        );
        let spread = Placement {
            spread: Some(LabelKey::Cloud),
            ..at_home()
        };
        assert_noop!(
            Registry::set_placement(by(ALICE), 0, spread),
            Error::<Test>::Unsupported
        );
    });
}

#[test]
fn description_is_replaced_and_cleared_and_checked() {
    ExtBuilder::default().published().build_and_execute(|| {
        assert_ok!(Registry::set_description(by(ALICE), 0, Some(cid(3))));
        System::assert_last_event(Event::DescriptionSet { function: 0 }.into());
        assert_eq!(Registry::function(0).unwrap().description, Some(cid(3)));
        assert_noop!(
            Registry::set_description(by(ALICE), 0, Some(Cid(BoundedVec::new()))),
            Error::<Test>::InvalidCid
        );
        assert_ok!(Registry::set_description(by(ALICE), 0, None));
        assert_eq!(Registry::function(0).unwrap().description, None);
    });
}

#[test]
fn only_the_owner_of_a_function_that_is_not_retired_sets_anything() {
    ExtBuilder::default().published().build_and_execute(|| {
        let all = |who, function| {
            [
                Registry::set_fee(by(who), function, 1),
                Registry::set_placement(by(who), function, at_home()),
                Registry::set_description(by(who), function, None),
            ]
        };
        let stored = Registry::function(0);
        assert_eq!(all(BOB, 0), [Err(Error::<Test>::NotOwner.into()); 3]);
        assert_eq!(all(ALICE, 1), [Err(Error::<Test>::NotFound.into()); 3]);
        assert_eq!(Registry::function(0), stored);
        assert_ok!(Registry::retire(by(ALICE), 0));
        let stored = Registry::function(0);
        assert_eq!(all(ALICE, 0), [Err(Error::<Test>::Retired.into()); 3]);
        assert_eq!(Registry::function(0), stored);
    });
}
