use defaas_traits::Providers as _;
use frame_support::{assert_noop, assert_ok, traits::fungible::InspectHold};

use super::judge::jailed;
use crate::{mock::*, types::Status, Error, Event, Evicting, HoldReason, PoolSizes};

#[test]
fn takes_out_of_all_pools_at_once_and_keeps_the_bond() {
    ExtBuilder::default().build_and_execute(|| {
        let id = enrolled(ALICE);
        assert_ok!(Trust::leave(RuntimeOrigin::signed(ALICE)));
        assert_eq!(PoolSizes::<Test>::iter().count(), 0);
        assert!(!Trust::any(&anywhere()));
        assert_eq!(
            Balances::balance_on_hold(&HoldReason::Bond.into(), &ALICE),
            2 * MIN_BOND
        );
        let until = 1 + UNBONDING as u32;
        assert_eq!(provider(id).status, Status::Leaving { until });
        System::assert_last_event(
            Event::Left {
                provider: id,
                until,
            }
            .into(),
        );
    });
}

#[test]
fn takes_a_jailed_provider_out_before_its_eviction() {
    ExtBuilder::default().build_and_execute(|| {
        let id = jailed(ALICE);
        assert_ok!(Trust::leave(RuntimeOrigin::signed(ALICE)));
        assert!(!Evicting::<Test>::contains_key(id));
        assert_eq!(PoolSizes::<Test>::iter().count(), 0);
        advance(1);
    });
}

#[test]
fn refuses_strangers_and_leavers() {
    ExtBuilder::default().build_and_execute(|| {
        let leave = || Trust::leave(RuntimeOrigin::signed(ALICE));
        assert_noop!(leave(), Error::<Test>::NotFound);
        enrolled(ALICE);
        assert_ok!(leave());
        assert_noop!(leave(), Error::<Test>::WrongState);
    });
}
