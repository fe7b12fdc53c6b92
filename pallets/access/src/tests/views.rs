use super::*;

#[test]
fn may_call_says_what_permit_would_and_uses_nothing() {
    ExtBuilder::default()
        .rules(&[Rule::Owner, Rule::Accounts])
        .build_and_execute(|| {
            grant(BOB, Some(5), Some(1));
            for who in ACCOUNTS {
                let before = used(BOB);
                let told = Access::may_call(HELLO, who);
                assert_eq!(used(BOB), before);
                assert_eq!(told, permit(who).is_ok());
            }
            assert!(!Access::may_call(HELLO, BOB), "used up");
        });
}

#[test]
fn nobody_may_call_what_does_not_exist() {
    ExtBuilder::default().build_and_execute(|| {
        assert!(Access::may_call(HELLO, ALICE));
        assert!(!Access::may_call(NOWHERE, ALICE));
    });
}

#[test]
fn nobody_may_call_a_removed_function_with_an_old_grant() {
    ExtBuilder::default()
        .rules(&[Rule::Accounts])
        .build_and_execute(|| {
            grant(BOB, None, None);
            assert!(Access::may_call(HELLO, BOB));
            remove_function(HELLO);
            assert!(!Access::may_call(HELLO, BOB));
        });
}
