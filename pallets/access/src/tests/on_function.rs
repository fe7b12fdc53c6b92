use super::*;
use defaas_traits::{AccessControl, OnFunction};

#[test]
fn transfer_leaves_policy_grants_and_deposits_where_they_are() {
    ExtBuilder::default()
        .rules(&[Rule::Accounts])
        .build_and_execute(|| {
            grant(CAROL, None, Some(1));
            let before = (
                Access::policy(HELLO),
                Access::grant_of(HELLO, CAROL),
                held(ALICE),
            );
            hand_over(HELLO, ALICE, BOB);
            let after = (
                Access::policy(HELLO),
                Access::grant_of(HELLO, CAROL),
                held(ALICE),
            );
            assert_eq!(after, before);
            assert_eq!(held(BOB), 0);
            assert_ok!(permit(CAROL));
        });
}

#[test]
fn removal_frees_the_policy_at_once_and_the_grants_when_asked() {
    ExtBuilder::default()
        .rules(&[Rule::Accounts])
        .build_and_execute(|| {
            grant(BOB, None, None);
            grant(CAROL, None, None);
            let all = held(ALICE);
            remove_function(HELLO);
            assert_eq!(Access::policy(HELLO), None);
            assert_eq!(Serials::<Test>::iter().count(), 0);
            assert!(held(ALICE) > 0 && held(ALICE) < all);
            assert_ok!(Access::remove_orphaned(by(PAUPER), HELLO, BOB));
            assert_ok!(Access::remove_orphaned(by(PAUPER), HELLO, CAROL));
            assert_eq!(held(ALICE), 0);
        });
}

#[test]
fn removal_without_a_policy_changes_nothing() {
    ExtBuilder::default().build_and_execute(|| {
        remove_function(HELLO);
        assert_eq!(Access::policy(HELLO), None);
        assert_eq!(held(ALICE), 0);
    });
}

#[test]
fn undo_after_the_removal_is_harmless() {
    ExtBuilder::default()
        .rules(&[Rule::Accounts])
        .build_and_execute(|| {
            grant(BOB, None, Some(1));
            let taken = permit(BOB).unwrap();
            remove_function(HELLO);
            Access::undo(&taken);
            assert_eq!(used(BOB), Some(0));
            assert_ok!(Access::remove_orphaned(by(CAROL), HELLO, BOB));
            Access::undo(&taken);
            assert_eq!(Access::grant_of(HELLO, BOB), None);
        });
}

#[test]
fn weight_used_is_never_above_the_maximum() {
    ExtBuilder::default()
        .rules(&[Rule::Public])
        .build_and_execute(|| {
            let most = <Access as OnFunction<u64>>::max_weight();
            let transferred = <Access as OnFunction<u64>>::transferred(HELLO, &ALICE, &BOB);
            assert!(transferred.all_lte(most));
            defaas_traits::mocks::MockCatalog::remove::<u64>(HELLO);
            let removed = <Access as OnFunction<u64>>::removed(HELLO);
            assert!(removed.all_lte(most));
        });
}
