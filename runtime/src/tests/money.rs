use super::*;
use crate::{
    configs::money::TreasuryAccount,
    constants::money::{DEV_ENDOWMENT, DFS, EXISTENTIAL_DEPOSIT, MICRO_DFS},
    AccountId, Balances, RuntimeEvent,
};
use frame_support::traits::{
    fungible::Inspect,
    tokens::{Fortitude, Preservation},
};
use sp_runtime::{
    transaction_validity::{InvalidTransaction, TransactionValidityError},
    TokenError,
};

fn transfer(dest: AccountId, value: u128) -> RuntimeCall {
    pallet_balances::Call::transfer_allow_death {
        dest: dest.into(),
        value,
    }
    .into()
}

fn treasury() -> u128 {
    Balances::balance(&TreasuryAccount::get())
}

#[test]
fn fee_and_tip_of_a_transfer_land_in_the_treasury_and_issuance_stays() {
    development().execute_with(|| {
        let (alice, bob) = (
            Sr25519Keyring::Alice.to_account_id(),
            Sr25519Keyring::Bob.to_account_id(),
        );
        let issuance = Balances::total_issuance();
        let before = (
            Balances::balance(&alice),
            Balances::balance(&bob),
            treasury(),
        );
        let tip = 5 * MICRO_DFS;

        open_block(&genesis_header());
        apply(Sr25519Keyring::Alice, 0, tip, transfer(bob.clone(), DFS))
            .expect("valid")
            .expect("Alice can pay");

        let paid = before.0 - Balances::balance(&alice) - DFS;
        assert!(paid > tip);
        assert_eq!(Balances::balance(&bob), before.1 + DFS);
        assert_eq!(treasury(), before.2 + paid);
        assert!(deposited(|event| matches!(
            event,
            RuntimeEvent::TransactionPayment(
                pallet_transaction_payment::Event::TransactionFeePaid { who, actual_fee, tip: t }
            ) if *who == alice && *actual_fee == paid && *t == tip
        )));

        Executive::finalize_block();
        assert_eq!(Balances::total_issuance(), issuance);
    });
}

#[test]
fn transfer_costs_between_ten_and_a_hundred_micro_dfs_at_multiplier_one() {
    development().execute_with(|| {
        open_block(&genesis_header());
        let before = treasury();
        apply(
            Sr25519Keyring::Alice,
            0,
            0,
            transfer(Sr25519Keyring::Bob.to_account_id(), DFS),
        )
        .expect("valid")
        .expect("Alice can pay");
        let fee = treasury() - before;
        assert!((10 * MICRO_DFS..100 * MICRO_DFS).contains(&fee), "{fee}");
    });
}

#[test]
fn fee_of_a_failed_call_is_paid_too() {
    development().execute_with(|| {
        let issuance = Balances::total_issuance();
        open_block(&genesis_header());
        let before = treasury();
        let error = apply(
            Sr25519Keyring::Alice,
            0,
            0,
            transfer(Sr25519Keyring::Bob.to_account_id(), 2 * DEV_ENDOWMENT),
        )
        .expect("valid")
        .expect_err("Alice does not own that much");
        assert_eq!(error, TokenError::FundsUnavailable.into());
        assert!(treasury() > before);
        assert_eq!(Balances::total_issuance(), issuance);
    });
}

#[test]
fn dust_of_a_reaped_account_goes_to_the_treasury() {
    development().execute_with(|| {
        let (alice, bob) = (
            Sr25519Keyring::Alice.to_account_id(),
            Sr25519Keyring::Bob.to_account_id(),
        );
        let issuance = Balances::total_issuance();
        let before = treasury();
        let owned = Balances::reducible_balance(&bob, Preservation::Expendable, Fortitude::Polite);
        let kept = EXISTENTIAL_DEPOSIT / 2;

        open_block(&genesis_header());
        // The fee comes out of what is kept, so less than the existential deposit remains.
        apply(Sr25519Keyring::Bob, 0, 0, transfer(alice, owned - kept))
            .expect("valid")
            .expect("Bob can pay");

        assert_eq!(Balances::balance(&bob), 0);
        assert_eq!(treasury(), before + kept);
        Executive::finalize_block();
        assert_eq!(Balances::total_issuance(), issuance);
    });
}

#[test]
fn transaction_of_an_account_that_cannot_pay_is_invalid() {
    development().execute_with(|| {
        open_block(&genesis_header());
        assert_eq!(
            apply(
                Sr25519Keyring::One,
                0,
                0,
                transfer(Sr25519Keyring::Bob.to_account_id(), 1)
            ),
            Err(TransactionValidityError::Invalid(
                InvalidTransaction::Payment
            ))
        );
    });
}

#[test]
fn fees_stay_at_their_floor_while_blocks_are_empty() {
    development().execute_with(|| {
        let before = pallet_transaction_payment::NextFeeMultiplier::<Runtime>::get();
        author_until(genesis_header(), 5);
        assert_eq!(
            pallet_transaction_payment::NextFeeMultiplier::<Runtime>::get(),
            before
        );
    });
}
