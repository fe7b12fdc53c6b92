use super::*;
use defaas_traits::mocks::MockOnFunction;
use frame_support::dispatch::PostDispatchInfo;

fn retired_since_block_1() {
    assert_ok!(Registry::publish_version(by(ALICE), 0, spec()));
    assert_ok!(Registry::set_alias(by(ALICE), 0, name("stable"), to(1)));
    assert_ok!(Registry::retire(by(ALICE), 0));
}

#[test]
fn frees_every_deposit_and_the_name_and_tells_others() {
    ExtBuilder::default().published().build_and_execute(|| {
        retired_since_block_1();
        System::set_block_number(1 + REMOVAL_DELAY);
        let PostDispatchInfo { actual_weight, .. } = Registry::remove(by(ALICE), 0).unwrap();
        let hook = <MockOnFunction as defaas_traits::OnFunction<u64>>::max_weight();
        assert_eq!(
            actual_weight,
            Some(<Test as Config>::WeightInfo::remove(2, 2) + hook)
        );
        System::assert_last_event(Event::FunctionRemoved { function: 0 }.into());
        assert_eq!(held(ALICE), 0);
        assert_eq!(Functions::<Test>::iter().count(), 0);
        assert_eq!(FunctionIds::<Test>::iter().count(), 0);
        assert_eq!(Versions::<Test>::iter().count(), 0);
        assert_eq!(Aliases::<Test>::iter().count(), 0);
        assert_eq!(MockOnFunction::removals(), vec![0]);
        // The name is free again, the id is not.
        assert_eq!(publish(ALICE, "hello"), 1);
    });
}

#[test]
fn leaves_other_functions_alone() {
    ExtBuilder::default().published().build_and_execute(|| {
        publish(ALICE, "other");
        let before = (Registry::versions(1, 1, 9), Registry::aliases(1));
        retired_since_block_1();
        System::set_block_number(1 + REMOVAL_DELAY);
        assert_ok!(Registry::remove(by(ALICE), 0));
        assert_eq!((Registry::versions(1, 1, 9), Registry::aliases(1)), before);
    });
}

#[test]
fn fails_before_the_delay_is_over() {
    ExtBuilder::default().published().build_and_execute(|| {
        retired_since_block_1();
        System::set_block_number(REMOVAL_DELAY);
        assert_noop!(Registry::remove(by(ALICE), 0), Error::<Test>::TooEarly);
    });
}

#[test]
fn fails_for_others_and_unless_retired() {
    ExtBuilder::default().published().build_and_execute(|| {
        assert_noop!(Registry::remove(by(BOB), 0), Error::<Test>::NotOwner);
        assert_noop!(Registry::remove(by(ALICE), 1), Error::<Test>::NotFound);
        assert_noop!(Registry::remove(by(ALICE), 0), Error::<Test>::WrongState);
    });
}
