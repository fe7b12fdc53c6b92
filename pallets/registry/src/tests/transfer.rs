use super::*;

#[test]
fn offer_changes_nothing_yet() {
    ExtBuilder::default().published().build_and_execute(|| {
        let before = held(ALICE);
        assert_ok!(Registry::transfer(by(ALICE), 0, BOB));
        System::assert_last_event(
            Event::TransferOffered {
                function: 0,
                to: BOB,
            }
            .into(),
        );
        let function = Registry::function(0).unwrap();
        assert_eq!((function.owner, function.offered_to), (ALICE, Some(BOB)));
        assert_eq!((held(ALICE), held(BOB)), (before, 0));
    });
}

#[test]
fn newer_offer_replaces_the_older() {
    ExtBuilder::default().published().build_and_execute(|| {
        assert_ok!(Registry::transfer(by(ALICE), 0, BOB));
        assert_ok!(Registry::transfer(by(ALICE), 0, CAROL));
        assert_noop!(Registry::accept(by(BOB), 0), Error::<Test>::NotOffered);
        assert_ok!(Registry::accept(by(CAROL), 0));
    });
}

#[test]
fn offer_fails_to_oneself_and_by_others() {
    ExtBuilder::default().published().build_and_execute(|| {
        assert_noop!(
            Registry::transfer(by(ALICE), 0, ALICE),
            Error::<Test>::OwnAlready
        );
        assert_noop!(
            Registry::transfer(by(BOB), 0, CAROL),
            Error::<Test>::NotOwner
        );
        assert_noop!(
            Registry::transfer(by(ALICE), 1, BOB),
            Error::<Test>::NotFound
        );
        assert_ok!(Registry::retire(by(ALICE), 0));
        assert_noop!(
            Registry::transfer(by(ALICE), 0, BOB),
            Error::<Test>::Retired
        );
    });
}

#[test]
fn cancelled_offer_cannot_be_taken() {
    ExtBuilder::default().published().build_and_execute(|| {
        assert_ok!(Registry::transfer(by(ALICE), 0, BOB));
        assert_ok!(Registry::cancel_transfer(by(ALICE), 0));
        System::assert_last_event(Event::TransferCancelled { function: 0 }.into());
        assert_noop!(Registry::accept(by(BOB), 0), Error::<Test>::NotOffered);
    });
}

#[test]
fn cancel_fails_without_an_offer_and_by_others() {
    ExtBuilder::default().published().build_and_execute(|| {
        assert_noop!(
            Registry::cancel_transfer(by(ALICE), 0),
            Error::<Test>::NoOffer
        );
        assert_ok!(Registry::transfer(by(ALICE), 0, BOB));
        assert_noop!(
            Registry::cancel_transfer(by(BOB), 0),
            Error::<Test>::NotOwner
        );
        assert_noop!(
            Registry::cancel_transfer(by(ALICE), 1),
            Error::<Test>::NotFound
        );
    });
}
