//! What a call costs.

use codec::Encode;
use defaas_primitives::Selector;
use defaas_traits::{mocks::MockCatalog, Escrow};
use frame_support::assert_noop;

use crate::{mock::*, Error, HoldReason, PriceCard};

const MIB: u32 = 1024 * 1024;

#[test]
fn has_all_parts() {
    ExtBuilder::default().build_and_execute(|| {
        let quote = <Billing as Escrow<_>>::quote(&function(2_000, 256 * MIB, 500)).unwrap();
        assert_eq!(quote, quote_of(500, 1_400, 70, 30));
        assert_eq!(quote.held(), Some(1_900));
        assert_eq!(quote.total(), Some(1_930));
    });
}

#[test]
fn the_treasurys_share_is_rounded_down() {
    ExtBuilder::default().build_and_execute(|| {
        Card::set(PriceCard {
            base: 39,
            per_unit: 0,
        });
        let quote = <Billing as Escrow<_>>::quote(&function(1, 1, 0)).unwrap();
        assert_eq!(quote.treasury_share, 1);
    });
}

#[test]
fn fails_where_the_execution_price_overflows() {
    ExtBuilder::default().build_and_execute(|| {
        Card::set(PriceCard {
            base: 0,
            per_unit: u128::MAX,
        });
        assert_noop!(
            <Billing as Escrow<_>>::quote(&function(2, 1, 0)),
            Error::<Test>::PriceTooLarge
        );
    });
}

#[test]
fn fails_where_the_sum_overflows() {
    ExtBuilder::default().build_and_execute(|| {
        assert_noop!(
            <Billing as Escrow<_>>::quote(&function(1, 1, u128::MAX)),
            Error::<Test>::PriceTooLarge
        );
        Fee::set(u128::MAX);
        assert_noop!(
            <Billing as Escrow<_>>::quote(&function(1, 1, 0)),
            Error::<Test>::PriceTooLarge
        );
    });
}

#[test]
fn the_view_function_shows_what_a_call_is_charged() {
    ExtBuilder::default().build_and_execute(|| {
        let resolved = function(2_000, 256 * MIB, 500);
        MockCatalog::insert(&resolved);
        let shown = Billing::quote(resolved.function, Selector::Version(1)).unwrap();
        assert_eq!(shown, <Billing as Escrow<_>>::quote(&resolved).unwrap());
        assert_eq!(Billing::price_card(), Card::get());
        assert_eq!(Billing::treasury(), TREASURY);
    });
}

#[test]
fn the_view_function_fails_for_an_unknown_function() {
    ExtBuilder::default().build_and_execute(|| {
        assert_noop!(
            Billing::quote(99, Selector::Version(1)),
            MockCatalog::UNKNOWN
        );
    });
}

#[test]
fn the_hold_reason_is_frozen() {
    assert_eq!(HoldReason::Quote.encode(), [0]);
}
