//! What holds of the whole runtime between any two transactions, beyond what a pallet can know of
//! itself.
//!
//! 1. Every pallet is sound by its own invariants.
//! 2. Load and exposure of each provider are those of its open assignments.
//! 3. Whatever is on hold from an account has its reason: open calls, a bond, deposits, session keys.
//! 4. Open calls and what is held for them are the same, and agree on payer and price.
//! 5. The issuance is the sum of all accounts.

use crate::{
    constants::money::SESSION_KEY_DEPOSIT, Access, AccountId, Balance, Balances, Billing,
    Invocations, Registry, Runtime, RuntimeHoldReason, Trust,
};
use codec::Encode;
use defaas_primitives::ProviderId;
use frame_support::ensure;
use sp_runtime::DispatchError;
use std::collections::{BTreeMap, BTreeSet};

/// The number and meaning of the first invariant that does not hold.
type Check = Result<(), String>;

/// Checks every invariant.
pub fn check() -> Check {
    pallets_are_sound()?;
    loads_are_of_open_assignments()?;
    holds_have_reasons()?;
    open_calls_are_held_for()?;
    issuance_is_the_sum_of_all_accounts()
}

/// Invariant 1.
fn pallets_are_sound() -> Check {
    let sound = |pallet: &str, result: Result<(), DispatchError>| {
        result.map_err(|error| format!("1: {pallet}: {error:?}"))
    };
    sound("registry", Registry::do_try_state())?;
    sound("access", Access::do_try_state())?;
    sound("billing", Billing::do_try_state())?;
    sound("trust", Trust::do_try_state())?;
    sound("invocations", Invocations::do_try_state())
}

/// Invariant 2.
fn loads_are_of_open_assignments() -> Check {
    let mut open = BTreeMap::<ProviderId, (u32, Balance)>::new();
    for assignment in pallet_invocations::Assignments::<Runtime>::iter_values() {
        let (load, exposure) = open.entry(assignment.provider).or_default();
        *load += 1;
        *exposure += assignment.exposure;
    }
    for (id, provider) in pallet_trust::Providers::<Runtime>::iter() {
        let expected = open.remove(&id).unwrap_or_default();
        ensure!(
            (provider.load, provider.exposure) == expected,
            format!("2: provider {id} has other load or exposure than {expected:?}")
        );
    }
    match open.pop_first() {
        Some((id, _)) => Err(format!("2: provider {id} is gone with open assignments")),
        None => Ok(()),
    }
}

/// Invariant 3.
fn holds_have_reasons() -> Check {
    let mut due = due()?;
    for (account, holds) in pallet_balances::Holds::<Runtime>::iter() {
        for hold in holds {
            let reason = hold.id;
            let expected = match reason {
                RuntimeHoldReason::Session(_) => session_keys(&account, hold.amount),
                _ => due
                    .remove(&(account.clone(), reason.encode()))
                    .unwrap_or_default(),
            };
            ensure!(
                hold.amount == expected,
                format!(
                    "3: {account} has {} instead of {expected} on hold for {reason:?}",
                    hold.amount
                )
            );
        }
    }
    match due.into_iter().find(|(_, amount)| *amount > 0) {
        Some(((account, reason), amount)) => Err(format!(
            "3: {account} has nothing instead of {amount} on hold for {reason:?}"
        )),
        None => Ok(()),
    }
}

/// What the pallets say is on hold, by account and encoded reason. Without session keys.
fn due() -> Result<BTreeMap<(AccountId, Vec<u8>), Balance>, String> {
    let mut due = BTreeMap::<(AccountId, Vec<u8>), Balance>::new();
    let mut add = |account: AccountId, reason: RuntimeHoldReason, amount: Balance| {
        *due.entry((account, reason.encode())).or_default() += amount;
    };
    for hold in pallet_billing::Holds::<Runtime>::iter_values() {
        let held = hold.quote.held().ok_or("3: a quote overflows")?;
        add(hold.payer, pallet_billing::HoldReason::Quote.into(), held);
    }
    for provider in pallet_trust::Providers::<Runtime>::iter_values() {
        let reason = pallet_trust::HoldReason::Bond.into();
        add(provider.account, reason, provider.bond);
    }
    let unreadable = |error| format!("3: {error:?}");
    for (owner, deposits) in Registry::deposits().map_err(unreadable)? {
        add(owner, pallet_registry::HoldReason::Deposit.into(), deposits);
    }
    for (depositor, deposits) in Access::deposits().map_err(unreadable)? {
        add(
            depositor,
            pallet_access::HoldReason::Deposit.into(),
            deposits,
        );
    }
    Ok(due)
}

/// What may be on hold from an account that has `held` on hold for its session keys: the deposit, if
/// it has keys. Those of the genesis state have none, which the pallet does not record.
fn session_keys(account: &AccountId, held: Balance) -> Balance {
    match pallet_session::NextKeys::<Runtime>::contains_key(account) {
        true if held > 0 => SESSION_KEY_DEPOSIT,
        _ => 0,
    }
}

/// Invariant 4.
fn open_calls_are_held_for() -> Check {
    let mut holds: BTreeSet<_> = pallet_billing::Holds::<Runtime>::iter_keys().collect();
    for (id, record) in pallet_invocations::Invocations::<Runtime>::iter() {
        if !record.is_open() {
            continue;
        }
        let hold = Billing::hold(id).ok_or(format!("4: nothing is held for open call {id}"))?;
        ensure!(
            (&hold.payer, hold.quote) == (&record.payer, record.quote),
            format!("4: call {id} and its hold disagree")
        );
        holds.remove(&id);
    }
    match holds.pop_first() {
        Some(id) => Err(format!(
            "4: something is held for call {id}, which is not open"
        )),
        None => Ok(()),
    }
}

/// Invariant 5.
fn issuance_is_the_sum_of_all_accounts() -> Check {
    let sum: Balance = frame_system::Account::<Runtime>::iter_values()
        .map(|account| account.data.free + account.data.reserved)
        .sum();
    let issuance = Balances::total_issuance();
    ensure!(
        sum == issuance,
        format!("5: the accounts own {sum}, issued are {issuance}")
    );
    Ok(())
}

/// Each invariant is seen to fail when the state is damaged.
mod detection {
    use super::{super::*, *};
    use crate::{
        configs::functions::{AccessDeposit, RegistryDeposit},
        constants::money::DFS,
        tests::calls::{author_calls, call_as_charlie},
    };
    use frame_support::{
        assert_ok,
        traits::{fungible::hold::Mutate, tokens::Precision},
    };

    /// A chain with a function and its policy, a provider and one call assigned to it (0), one that
    /// waits (1); then `damage`, which `check` must find with exactly this.
    #[track_caller]
    fn finds(check: fn() -> Check, expected: &str, damage: impl FnOnce()) {
        development().execute_with(|| {
            open_block(&author_calls(1));
            call_as_charlie(1);
            assert_eq!(super::check(), Ok(()));
            damage();
            let error = check().expect_err(expected);
            assert!(error.contains(expected), "{error}");
            assert!(super::check().is_err());
        });
    }

    fn charlie() -> AccountId {
        Sr25519Keyring::Charlie.to_account_id()
    }

    fn dave() -> AccountId {
        Sr25519Keyring::Dave.to_account_id()
    }

    #[test]
    fn a_pallet_that_is_not_sound_is_found() {
        finds(pallets_are_sound, "1: registry", || {
            pallet_registry::NextFunctionId::<Runtime>::put(0);
        });
        finds(pallets_are_sound, "1: access", || {
            pallet_access::Serials::<Runtime>::insert(99, 1);
        });
        finds(pallets_are_sound, "1: billing", || {
            pallet_billing::Holds::<Runtime>::remove(1);
        });
        finds(pallets_are_sound, "1: trust", || {
            pallet_trust::NextProviderId::<Runtime>::put(0);
        });
        finds(pallets_are_sound, "1: invocations", || {
            pallet_invocations::NextInvocationId::<Runtime>::put(0);
        });
    }

    fn change_provider(change: impl FnOnce(&mut pallet_trust::types::Provider<AccountId>)) {
        pallet_trust::Providers::<Runtime>::mutate(0, |provider| {
            change(provider.as_mut().expect("Alice"));
        });
    }

    #[test]
    fn a_load_or_exposure_of_nothing_is_found() {
        let expected = "2: provider 0 has other load or exposure";
        finds(loads_are_of_open_assignments, expected, || {
            change_provider(|provider| provider.load += 1);
        });
        finds(loads_are_of_open_assignments, expected, || {
            change_provider(|provider| provider.exposure += 1);
        });
        finds(loads_are_of_open_assignments, expected, || {
            change_provider(|provider| (provider.load, provider.exposure) = (0, 0));
        });
    }

    #[test]
    fn a_provider_that_is_gone_with_open_assignments_is_found() {
        let expected = "2: provider 0 is gone with open assignments";
        finds(loads_are_of_open_assignments, expected, || {
            pallet_trust::Providers::<Runtime>::remove(0);
        });
    }

    #[test]
    fn an_orphaned_hold_is_found_whatever_its_reason() {
        let reasons: [RuntimeHoldReason; 5] = [
            pallet_billing::HoldReason::Quote.into(),
            pallet_trust::HoldReason::Bond.into(),
            RegistryDeposit::get(),
            AccessDeposit::get(),
            pallet_session::HoldReason::Keys.into(),
        ];
        for reason in reasons {
            // Dave has nothing to do with any pallet, so none of them looks at him.
            finds(holds_have_reasons, "instead of 0 on hold", || {
                assert_ok!(Balances::hold(&reason, &dave(), DFS));
                assert_eq!(pallets_are_sound(), Ok(()));
            });
        }
    }

    #[test]
    fn a_hold_that_is_too_large_too_small_or_gone_is_found() {
        let reason = pallet_billing::HoldReason::Quote.into();
        finds(holds_have_reasons, "3: ", || {
            assert_ok!(Balances::hold(&reason, &charlie(), 1));
        });
        finds(holds_have_reasons, "3: ", || {
            assert_ok!(Balances::release(&reason, &charlie(), 1, Precision::Exact));
        });
        finds(holds_have_reasons, "has nothing instead of", || {
            let all = calls::held_for_calls(&charlie());
            assert_ok!(Balances::release(
                &reason,
                &charlie(),
                all,
                Precision::Exact
            ));
        });
    }

    #[test]
    fn a_deposit_for_session_keys_is_taken_for_what_it_is_and_nothing_else() {
        let (alice, reason) = (
            Sr25519Keyring::Alice.to_account_id(),
            pallet_session::HoldReason::Keys.into(),
        );
        development().execute_with(|| {
            assert_ok!(Balances::hold(&reason, &alice, SESSION_KEY_DEPOSIT));
            assert_eq!(check(), Ok(()));
        });
        finds(holds_have_reasons, "3: ", || {
            assert_ok!(Balances::hold(&reason, &alice, SESSION_KEY_DEPOSIT + 1));
        });
    }

    #[test]
    fn an_open_call_without_its_hold_is_found() {
        finds(
            open_calls_are_held_for,
            "4: nothing is held for open call 1",
            || {
                pallet_billing::Holds::<Runtime>::remove(1);
            },
        );
    }

    #[test]
    fn a_hold_without_an_open_call_is_found() {
        let expected = "4: something is held for call 9, which is not open";
        finds(open_calls_are_held_for, expected, || {
            let hold = Billing::hold(1).expect("open");
            pallet_billing::Holds::<Runtime>::insert(9, hold);
        });
    }

    #[test]
    fn a_hold_of_another_payer_or_price_is_found() {
        let expected = "4: call 1 and its hold disagree";
        let change = |change: fn(&mut pallet_billing::Hold<AccountId>)| {
            move || {
                pallet_billing::Holds::<Runtime>::mutate(1, |hold| {
                    change(hold.as_mut().expect("open"));
                });
            }
        };
        finds(
            open_calls_are_held_for,
            expected,
            change(|hold| hold.payer = dave()),
        );
        finds(
            open_calls_are_held_for,
            expected,
            change(|hold| hold.quote.network_fee += 1),
        );
    }

    #[test]
    fn money_out_of_nothing_is_found() {
        finds(issuance_is_the_sum_of_all_accounts, "5: ", || {
            frame_system::Account::<Runtime>::mutate(dave(), |account| account.data.free += 1);
        });
        finds(issuance_is_the_sum_of_all_accounts, "5: ", || {
            pallet_balances::TotalIssuance::<Runtime>::mutate(|issuance| *issuance += 1);
        });
    }
}
