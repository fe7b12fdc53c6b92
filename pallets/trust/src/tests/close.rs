use defaas_traits::Providers as _;

use crate::mock::*;

#[test]
fn takes_off_what_was_booked() {
    ExtBuilder::default().build_and_execute(|| {
        let id = enrolled(ALICE);
        for exposure in [5, 7] {
            assert!(Trust::draw(&anywhere(), [0; 32], &[], exposure)
                .chosen()
                .is_some());
        }
        Trust::close(id, 5);
        assert_eq!((provider(id).load, provider(id).exposure), (1, 7));
        Trust::close(id, 7);
        assert_eq!((provider(id).load, provider(id).exposure), (0, 0));
    });
}

#[test]
fn makes_room_for_the_next() {
    ExtBuilder::default().build_and_execute(|| {
        let id = enrolled(ALICE);
        let draw = || Trust::draw(&anywhere(), [0; 32], &[], 2 * MIN_BOND).chosen();
        assert!(draw().is_some());
        assert!(draw().is_none());
        Trust::close(id, 2 * MIN_BOND);
        assert!(draw().is_some());
    });
}

#[test]
#[should_panic(expected = "what is closed was drawn")]
fn closing_what_was_not_drawn_is_a_fault() {
    ExtBuilder::default().build_and_execute(|| {
        let id = enrolled(ALICE);
        Trust::close(id, 0);
    });
}

#[test]
#[should_panic(expected = "what is closed was drawn")]
fn closing_with_another_exposure_is_a_fault() {
    ExtBuilder::default().build_and_execute(|| {
        let id = enrolled(ALICE);
        assert!(Trust::draw(&anywhere(), [0; 32], &[], 5).chosen().is_some());
        Trust::close(id, 4);
    });
}

#[test]
#[should_panic(expected = "a provider with open assignments cannot withdraw")]
fn closing_for_a_stranger_is_a_fault() {
    ExtBuilder::default().build_and_execute(|| Trust::close(7, 0));
}
