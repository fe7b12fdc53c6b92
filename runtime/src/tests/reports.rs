//! Reports that must not be accepted, with real keys, bonds and fees: nobody is paid for work of
//! others, for work that came too late, or twice.

use super::{calls::*, *};
use crate::{
    constants::{calls::REPORT_PRIORITY, money::DFS},
    AccountId, Invocations, RuntimeOrigin, Trust,
};
use defaas_primitives::{worker::possession_payload, Outcome, Report, WorkerPair};
use frame_support::{assert_ok, traits::fungible::Inspect};
use pallet_invocations::Assignment;
use sp_core::Pair;
use sp_runtime::{
    transaction_validity::{
        InvalidTransaction, TransactionSource, TransactionValidity, TransactionValidityError,
    },
    StateVersion, TransactionOutcome,
};

const STALE: TransactionValidityError =
    TransactionValidityError::Invalid(InvalidTransaction::Stale);
const BAD_PROOF: TransactionValidityError =
    TransactionValidityError::Invalid(InvalidTransaction::BadProof);

/// What the pool of a node whose best block is `parent` says.
fn pool_says(parent: &Header, transaction: UncheckedExtrinsic) -> TransactionValidity {
    frame_support::storage::with_transaction_unchecked(|| {
        let source = TransactionSource::External;
        TransactionOutcome::Rollback(Executive::validate_transaction(
            source,
            transaction,
            parent.hash(),
        ))
    })
}

/// Whether a report of success on `assignment` that `who` signs would be taken by the open block.
fn block_says(
    who: Sr25519Keyring,
    assignment: &(u64, u8, Assignment<AccountId>),
) -> Result<(), TransactionValidityError> {
    let report = report_on(assignment, Outcome::Success, Some(b"HELLO"));
    frame_support::storage::with_transaction_unchecked(|| {
        TransactionOutcome::Rollback(send_report(who, report).map(drop))
    })
}

#[test]
fn a_spent_report_is_stale_for_ever_and_costs_nothing() {
    let alice = Sr25519Keyring::Alice;
    on_development(|| {
        let header = author_calls(1);
        open_block(&header);
        let [assignment] = assignments().try_into().expect("one call");
        let report = report_on(&assignment, Outcome::Success, Some(b"HELLO"));
        send_report(alice, report.clone()).unwrap().unwrap();
        let mut header = Executive::finalize_block();

        // The same bytes, again and again.
        let spent = signed_report(alice, report);
        let transaction = || spent.clone();
        for _ in 0..3 {
            assert_eq!(pool_says(&header, transaction()), Err(STALE));
            open_block(&header);
            // With the first transaction of a block, whatever becomes of it, the hooks run.
            assert_eq!(Executive::apply_extrinsic(transaction()), Err(STALE));
            let root = sp_io::storage::root(StateVersion::V1);
            let weight = System::block_weight().total();
            for _ in 0..100 {
                assert_eq!(Executive::apply_extrinsic(transaction()), Err(STALE));
            }
            assert_eq!(sp_io::storage::root(StateVersion::V1), root);
            assert_eq!(System::block_weight().total(), weight);
            header = Executive::finalize_block();
        }
    });
}

#[test]
fn an_assignment_of_somebody_else_cannot_be_reported() {
    let (alice, bob) = (Sr25519Keyring::Alice, Sr25519Keyring::Bob);
    on_development(|| {
        let mut header = author_until(genesis_header(), 1);
        open_block(&header);
        publish_for_everybody();
        apply(bob, 2, 0, register(bob, 200 * DFS, 5))
            .unwrap()
            .unwrap();
        call_as_charlie(0);
        header = author_next(&Executive::finalize_block());
        open_block(&header);
        let [assignment] = assignments().try_into().expect("one call");
        let owner = keyring_of(assignment.2.provider).expect("Alice or Bob");
        let thief = if owner == alice { bob } else { alice };

        // In the owner's name, with the owner's key named, with its own key, as itself.
        assert_eq!(block_says(thief, &assignment), Err(BAD_PROOF));
        let mut with_own_key = assignment.clone();
        with_own_key.2.worker = thief.public().into();
        assert_eq!(block_says(thief, &with_own_key), Err(STALE));
        let mut as_itself = with_own_key.clone();
        as_itself.2.provider = Trust::provider_id_of(thief.to_account_id()).expect("registered");
        assert_eq!(block_says(thief, &as_itself), Err(STALE));
        assert_eq!(block_says(owner, &assignment), Ok(()));
    });
}

#[test]
fn an_assignment_freezes_the_key_that_reports_it() {
    let (alice, new) = (Sr25519Keyring::Alice, Sr25519Keyring::Ferdie);
    on_development(|| {
        let header = author_calls(1);
        open_block(&header);
        let [old_one] = assignments().try_into().expect("one call");
        let payload = possession_payload(&System::block_hash(0), &alice.to_account_id());
        assert_ok!(Trust::set_worker_key(
            RuntimeOrigin::signed(alice.to_account_id()),
            new.public().into(),
            WorkerPair::from(new.pair()).sign(&payload),
        ));
        call_as_charlie(1);
        let header = author_next(&Executive::finalize_block());
        open_block(&header);
        let [still_old, new_one] = assignments().try_into().expect("two calls");
        assert_eq!(still_old.2, old_one.2);
        assert_eq!(new_one.2.worker, new.public().into());

        // Each key with its own name, then with the name of the other.
        let named = |assignment: &(u64, u8, Assignment<AccountId>), key: Sr25519Keyring| {
            let mut named = assignment.clone();
            named.2.worker = key.public().into();
            named
        };
        assert_eq!(block_says(alice, &old_one), Ok(()));
        assert_eq!(block_says(new, &named(&old_one, new)), Err(STALE));
        assert_eq!(block_says(new, &old_one), Err(BAD_PROOF));
        assert_eq!(block_says(new, &new_one), Ok(()));
        assert_eq!(block_says(alice, &named(&new_one, alice)), Err(STALE));
        assert_eq!(block_says(alice, &new_one), Err(BAD_PROOF));
    });
}

#[test]
fn after_the_deadline_a_report_is_stale_and_pays_nobody() {
    let alice = Sr25519Keyring::Alice;
    on_development(|| {
        let mut header = author_calls(1);
        let [assignment] = assignments().try_into().expect("one call");
        let balance = Balances::balance(&alice.to_account_id());
        let report = report_on(&assignment, Outcome::Success, Some(b"HELLO"));
        while Invocations::tick() < assignment.2.deadline {
            let transaction = signed_report(alice, report.clone());
            assert!(pool_says(&header, transaction).is_ok());
            header = author_next(&header);
        }
        // The next block would be too late.
        let transaction = || signed_report(alice, report.clone());
        assert_eq!(pool_says(&header, transaction()), Err(STALE));
        open_block(&header);
        assert_eq!(Executive::apply_extrinsic(transaction()), Err(STALE));
        assert_eq!(Balances::balance(&alice.to_account_id()), balance);
    });
}

#[test]
fn of_a_half_stale_batch_only_the_live_items_are_paid() {
    let alice = Sr25519Keyring::Alice;
    on_development(|| {
        let header = author_calls(2);
        open_block(&header);
        let reports: Vec<Report> = assignments()
            .iter()
            .map(|assignment| report_on(assignment, Outcome::Success, Some(b"HELLO")))
            .collect();
        let [first, second] = reports.try_into().expect("two calls");
        let both = batch([first.clone(), second]);
        send_report(alice, first).unwrap().unwrap();

        let balance = || Balances::balance(&alice.to_account_id());
        let before = balance();
        send_report(alice, both.clone()).unwrap().unwrap();
        let paid = balance() - before;
        let quote = Invocations::invocation(1).expect("on record").quote;
        assert_eq!(paid, quote.execution_price - quote.treasury_share);
        assert_eq!(send_report(alice, both), Err(STALE));
        assert_eq!(balance(), before + paid);
    });
}

#[test]
fn a_report_comes_before_whatever_pays_a_tip_of_up_to_100_dfs() {
    let alice = Sr25519Keyring::Alice;
    on_development(|| {
        let header = author_calls(1);
        let [assignment] = assignments().try_into().expect("one call");
        let report = report_on(&assignment, Outcome::Success, Some(b"HELLO"));
        let of_report = pool_says(&header, signed_report(alice, report)).expect("valid");
        assert_eq!(of_report.priority, REPORT_PRIORITY);

        // The smallest transaction there is: of its like the most fit into a block.
        let of_tip = |tip| {
            let call: RuntimeCall = frame_system::Call::remark { remark: vec![] }.into();
            let transaction = signed(Sr25519Keyring::Bob, 2, tip, call);
            pool_says(&header, transaction).expect("valid").priority
        };
        assert!(of_tip(100 * DFS) < REPORT_PRIORITY);
        assert!(of_tip(100_000 * DFS) > REPORT_PRIORITY);
    });
}
