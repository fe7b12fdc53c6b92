//! The three ways in which a grant goes.

use super::*;
use sp_runtime::DispatchError;

#[test]
fn revoke_takes_the_grant_and_releases_the_deposit_to_whom_it_came_from() {
    ExtBuilder::default().build_and_execute(|| {
        grant(CAROL, None, None);
        hand_over(HELLO, ALICE, BOB);
        assert_ok!(Access::revoke(by(BOB), HELLO, CAROL));
        System::assert_last_event(
            Event::Revoked {
                function: HELLO,
                account: CAROL,
            }
            .into(),
        );
        assert_eq!(Access::grant_of(HELLO, CAROL), None);
        assert_eq!(held(ALICE), 0);
    });
}

#[test]
fn revoke_fails_for_others_and_without_a_grant_or_function() {
    ExtBuilder::default().build_and_execute(|| {
        assert_noop!(
            Access::revoke(by(ALICE), HELLO, BOB),
            Error::<Test>::GrantNotFound
        );
        grant(BOB, None, None);
        assert_noop!(Access::revoke(by(BOB), HELLO, BOB), Error::<Test>::NotOwner);
        assert_noop!(
            Access::revoke(by(ALICE), NOWHERE, BOB),
            Error::<Test>::NotFound
        );
    });
}

#[test]
fn anybody_removes_an_expired_grant() {
    ExtBuilder::default().build_and_execute(|| {
        grant(BOB, Some(5), None);
        System::set_block_number(5);
        assert_ok!(Access::remove_expired(by(CAROL), HELLO, BOB));
        System::assert_last_event(
            Event::GrantRemoved {
                function: HELLO,
                account: BOB,
            }
            .into(),
        );
        assert_eq!(Access::grant_of(HELLO, BOB), None);
        assert_eq!(held(ALICE), 0);
    });
}

#[test]
fn remove_expired_fails_while_the_grant_is_valid_and_without_one() {
    ExtBuilder::default().build_and_execute(|| {
        grant(BOB, Some(5), None);
        grant(CAROL, None, None);
        System::set_block_number(4);
        assert_noop!(
            Access::remove_expired(by(CAROL), HELLO, BOB),
            Error::<Test>::NotExpired
        );
        assert_noop!(
            Access::remove_expired(by(CAROL), HELLO, CAROL),
            Error::<Test>::NotExpired
        );
        assert_noop!(
            Access::remove_expired(by(CAROL), HELLO, ALICE),
            Error::<Test>::GrantNotFound
        );
        assert_noop!(
            Access::remove_expired(RuntimeOrigin::none(), HELLO, BOB),
            DispatchError::BadOrigin
        );
    });
}

#[test]
fn anybody_removes_a_grant_whose_function_is_gone() {
    ExtBuilder::default().build_and_execute(|| {
        grant(BOB, None, None);
        remove_function(HELLO);
        assert_ok!(Access::remove_orphaned(by(CAROL), HELLO, BOB));
        System::assert_last_event(
            Event::GrantRemoved {
                function: HELLO,
                account: BOB,
            }
            .into(),
        );
        assert_eq!(held(ALICE), 0);
    });
}

#[test]
fn remove_orphaned_fails_while_the_function_exists_and_without_a_grant() {
    ExtBuilder::default().build_and_execute(|| {
        grant(BOB, None, None);
        assert_noop!(
            Access::remove_orphaned(by(CAROL), HELLO, BOB),
            Error::<Test>::NotOrphaned
        );
        remove_function(HELLO);
        assert_noop!(
            Access::remove_orphaned(by(CAROL), HELLO, CAROL),
            Error::<Test>::GrantNotFound
        );
        assert_noop!(
            Access::remove_orphaned(RuntimeOrigin::none(), HELLO, BOB),
            DispatchError::BadOrigin
        );
    });
}
