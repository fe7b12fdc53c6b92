use super::*;
use frame_support::traits::Footprint;
use sp_runtime::{DispatchError, TokenError};

fn deposit() -> Balance {
    DepositBase::get() + Balance::from(Footprint::from_mel::<GrantOf<Test>>().size)
}

#[test]
fn stores_the_grant_for_a_deposit() {
    ExtBuilder::default().build_and_execute(|| {
        grant(BOB, Some(9), Some(3));
        let stored = Access::grant_of(HELLO, BOB).unwrap();
        assert_eq!(stored.expiry, Some(9));
        assert_eq!(stored.quota, Some(Quota { limit: 3, used: 0 }));
        assert_eq!((stored.serial, stored.depositor), (1, ALICE));
        assert_eq!(held(ALICE), deposit());
        System::assert_last_event(
            Event::Granted {
                function: HELLO,
                account: BOB,
                serial: 1,
            }
            .into(),
        );
    });
}

#[test]
fn given_anew_is_another_grant_with_its_whole_quota_for_the_same_deposit() {
    ExtBuilder::default()
        .rules(&[Rule::Accounts])
        .build_and_execute(|| {
            let before = held(ALICE);
            grant(BOB, None, Some(3));
            assert_ok!(permit(BOB));
            grant(BOB, None, Some(5));
            let stored = Access::grant_of(HELLO, BOB).unwrap();
            assert_eq!(stored.quota, Some(Quota { limit: 5, used: 0 }));
            assert_eq!(stored.serial, 2);
            assert_eq!(held(ALICE), before + deposit());
        });
}

#[test]
fn serials_go_on_after_a_grant_is_gone() {
    ExtBuilder::default().build_and_execute(|| {
        grant(BOB, None, None);
        assert_ok!(Access::revoke(by(ALICE), HELLO, BOB));
        grant(CAROL, None, None);
        grant(BOB, None, None);
        let serial = |who| Access::grant_of(HELLO, who).unwrap().serial;
        assert_eq!((serial(CAROL), serial(BOB)), (2, 3));
    });
}

#[test]
fn given_anew_by_a_new_owner_gives_the_former_one_its_deposit_back() {
    ExtBuilder::default().build_and_execute(|| {
        grant(CAROL, None, None);
        hand_over(HELLO, ALICE, BOB);
        assert_ok!(Access::grant(by(BOB), HELLO, CAROL, None, None));
        assert_eq!((held(ALICE), held(BOB)), (0, deposit()));
    });
}

#[test]
fn fails_for_others_and_without_a_function() {
    ExtBuilder::default().build_and_execute(|| {
        assert_noop!(
            Access::grant(by(BOB), HELLO, BOB, None, None),
            Error::<Test>::NotOwner
        );
        assert_noop!(
            Access::grant(by(ALICE), NOWHERE, BOB, None, None),
            Error::<Test>::NotFound
        );
        assert_noop!(
            Access::grant(RuntimeOrigin::none(), HELLO, BOB, None, None),
            DispatchError::BadOrigin
        );
    });
}

#[test]
fn fails_when_it_would_be_over_or_used_up_from_the_start() {
    ExtBuilder::default().build_and_execute(|| {
        assert_noop!(
            Access::grant(by(ALICE), HELLO, BOB, Some(1), None),
            Error::<Test>::Expired
        );
        assert_noop!(
            Access::grant(by(ALICE), HELLO, BOB, None, Some(0)),
            Error::<Test>::InvalidQuota
        );
        grant(BOB, Some(2), Some(1));
    });
}

#[test]
fn fails_when_serials_are_used_up() {
    ExtBuilder::default().build_and_execute(|| {
        Serials::<Test>::insert(HELLO, u32::MAX);
        assert_noop!(
            Access::grant(by(ALICE), HELLO, BOB, None, None),
            Error::<Test>::TooManyGrants
        );
    });
}

#[test]
fn fails_without_money_for_the_deposit() {
    ExtBuilder::default().build_and_execute(|| {
        own(HELLO, PAUPER);
        assert_noop!(
            Access::grant(by(PAUPER), HELLO, BOB, None, None),
            TokenError::FundsUnavailable
        );
    });
}
