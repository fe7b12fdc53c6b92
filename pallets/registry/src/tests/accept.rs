use super::*;
use defaas_traits::mocks::MockOnFunction;
use frame_support::dispatch::PostDispatchInfo;
use sp_runtime::TokenError;

fn offered_to(who: u64) {
    assert_ok!(Registry::publish_version(by(ALICE), 0, spec()));
    assert_ok!(Registry::set_alias(by(ALICE), 0, name("stable"), to(1)));
    assert_ok!(Registry::transfer(by(ALICE), 0, who));
}

#[test]
fn moves_owner_name_and_every_deposit_and_tells_others() {
    ExtBuilder::default().published().build_and_execute(|| {
        offered_to(BOB);
        let deposits = held(ALICE);
        let PostDispatchInfo { actual_weight, .. } = Registry::accept(by(BOB), 0).unwrap();
        let hook = <MockOnFunction as defaas_traits::OnFunction<u64>>::max_weight();
        assert_eq!(
            actual_weight,
            Some(<Test as Config>::WeightInfo::accept(2, 2) + hook)
        );
        System::assert_last_event(
            Event::FunctionTransferred {
                function: 0,
                from: ALICE,
                to: BOB,
            }
            .into(),
        );
        assert_eq!((held(ALICE), held(BOB)), (0, deposits));
        let function = Registry::function(0).unwrap();
        assert_eq!((function.owner, function.offered_to), (BOB, None));
        assert_eq!(Registry::function_by_name(ALICE, name("hello")), None);
        assert_eq!(Registry::function_by_name(BOB, name("hello")), Some(0));
        assert_eq!(MockOnFunction::transfers(), vec![(0, ALICE, BOB)]);
        assert_noop!(Registry::retire(by(ALICE), 0), Error::<Test>::NotOwner);
        assert_ok!(Registry::retire(by(BOB), 0));
    });
}

#[test]
fn new_owner_pays_todays_price_and_the_old_one_gets_back_what_it_paid() {
    ExtBuilder::default().published().build_and_execute(|| {
        offered_to(BOB);
        let paid = held(ALICE);
        DepositPerByte::set(&2);
        assert_ok!(Registry::accept(by(BOB), 0));
        assert_eq!(held(ALICE), 0);
        assert_eq!(held(BOB), 2 * paid - 5 * DepositBase::get());
    });
}

#[test]
fn fails_unless_offered_to_the_caller() {
    ExtBuilder::default().published().build_and_execute(|| {
        assert_noop!(Registry::accept(by(BOB), 0), Error::<Test>::NotOffered);
        assert_noop!(Registry::accept(by(BOB), 1), Error::<Test>::NotFound);
        offered_to(BOB);
        assert_noop!(Registry::accept(by(CAROL), 0), Error::<Test>::NotOffered);
        assert_noop!(Registry::accept(by(ALICE), 0), Error::<Test>::NotOffered);
    });
}

#[test]
fn fails_when_the_new_owner_has_that_name() {
    ExtBuilder::default().published().build_and_execute(|| {
        offered_to(BOB);
        publish(BOB, "hello");
        assert_noop!(Registry::accept(by(BOB), 0), Error::<Test>::AlreadyExists);
    });
}

#[test]
fn fails_without_money_for_the_deposits() {
    ExtBuilder::default().published().build_and_execute(|| {
        offered_to(PAUPER);
        assert_noop!(
            Registry::accept(by(PAUPER), 0),
            TokenError::FundsUnavailable
        );
    });
}
