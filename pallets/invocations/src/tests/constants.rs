//! The runtime's constants are checked against each other.

use frame_support::traits::Hooks;
use sp_runtime::Perbill;

use crate::mock::*;

fn integrity() -> std::thread::Result<()> {
    std::panic::catch_unwind(Invocations::integrity_test)
}

#[test]
fn those_of_the_mock_fit() {
    ExtBuilder::default().build_and_execute(|| assert!(integrity().is_ok()));
}

#[test]
fn shares_above_a_fifth_of_the_block_are_refused() {
    ExtBuilder::default().build_and_execute(|| {
        DrawShare::set(Perbill::from_percent(9));
        assert!(integrity().is_err());
    });
}

#[test]
fn a_share_too_small_for_one_draw_is_refused() {
    ExtBuilder::default().build_and_execute(|| {
        DrawShare::set(Perbill::from_parts(1));
        assert!(integrity().is_err());
    });
}

#[test]
fn the_weight_of_a_life_covers_its_worst_parts() {
    ExtBuilder::default().build_and_execute(|| {
        let life = Invocations::lifecycle_weight().ref_time();
        let attempt = Invocations::draw_cost().ref_time() + Invocations::report_cost(1).ref_time();
        assert!(life > 3 * attempt + Invocations::prune_cost().ref_time());
        let missed = Invocations::draw_cost().ref_time() + Invocations::miss_cost().ref_time();
        assert!(life > 3 * missed + Invocations::refund_cost().ref_time());
        let redraws = u64::from(MaxFullRedraws::get()) * Invocations::redraw_cost().ref_time();
        assert!(life > 3 * attempt + redraws + Invocations::prune_cost().ref_time());
    });
}

#[test]
fn debug_assertions_and_overflow_checks_are_on() {
    let one = std::hint::black_box(1u8);
    assert!(std::panic::catch_unwind(|| u8::MAX + one).is_err());
    let fired = std::panic::catch_unwind(|| {
        frame_support::defensive!("fires");
    });
    assert!(fired.is_err());
}
