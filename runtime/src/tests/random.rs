//! Random calls by random actors through `Executive`, with every extension. After each block the
//! invariants of every pallet hold and no money came or went; in the end every call has ended.

use super::{calls::*, *};
use crate::{
    constants::{calls::MAX_FULL_REDRAWS, money::DFS},
    Access, AccountId, Balance, Balances, Billing, Registry, Trust,
};
use defaas_primitives::{Fault, FunctionId, Outcome};
use pallet_invocations::deadline::MAX_FULL_DELAY;
use proptest::prelude::*;

const ACTORS: [Sr25519Keyring; 6] = [
    Sr25519Keyring::Alice,
    Sr25519Keyring::Bob,
    Sr25519Keyring::Charlie,
    Sr25519Keyring::Dave,
    Sr25519Keyring::Eve,
    Sr25519Keyring::Ferdie,
];
/// Functions that the actors know of.
const FUNCTIONS: FunctionId = 4;
/// Blocks in which every call ends, if all providers are silent: three deadlines, all new draws, and
/// the blocks that sessions take.
const LONGEST_LIFE: u32 = 130 + MAX_FULL_REDRAWS as u32 * MAX_FULL_DELAY;

#[derive(Clone, Debug)]
enum Step {
    NextBlock,
    Publish(String, Balance),
    PublishVersion(FunctionId, u8),
    OpenToEverybody(FunctionId),
    Grant(FunctionId, usize, Option<u32>),
    Pause(FunctionId),
    Resume(FunctionId),
    Retire(FunctionId),
    Offer(FunctionId, usize),
    Accept(FunctionId),
    SetFee(FunctionId, Balance),
    Request(FunctionId, usize, Balance),
    Register(Balance, u32),
    BondMore(Balance),
    Leave,
    Withdraw,
    Send(usize, Balance),
    /// Which open assignment, how it ended, and whether the right key signs.
    Report(usize, ReportKind, bool),
}

#[derive(Clone, Copy, Debug)]
enum ReportKind {
    Success,
    FunctionFailed,
    Fault(Fault),
    /// An output beyond the limit.
    TooLong,
    /// Another call of the same id.
    OtherDigest,
}

fn amount() -> impl Strategy<Value = Balance> {
    prop_oneof![
        Just(0),
        1..1_000u128,
        Just(DFS),
        Just(200 * DFS),
        Just(Balance::MAX)
    ]
}

fn report_kind() -> impl Strategy<Value = ReportKind> {
    prop_oneof![
        4 => Just(ReportKind::Success),
        1 => Just(ReportKind::FunctionFailed),
        1 => Just(ReportKind::Fault(Fault::CodeUnavailable)),
        1 => Just(ReportKind::Fault(Fault::Overloaded)),
        1 => Just(ReportKind::TooLong),
        1 => Just(ReportKind::OtherDigest),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let function = || 0..FUNCTIONS;
    let actor = || 0..ACTORS.len();
    prop_oneof![
        6 => Just(Step::NextBlock),
        2 => ("[a-c]", amount()).prop_map(|(name, fee)| Step::Publish(name, fee)),
        1 => (function(), any::<u8>()).prop_map(|(f, seed)| Step::PublishVersion(f, seed)),
        2 => function().prop_map(Step::OpenToEverybody),
        1 => (function(), actor(), any::<Option<u32>>()).prop_map(|(f, a, q)| Step::Grant(f, a, q)),
        1 => function().prop_map(Step::Pause),
        1 => function().prop_map(Step::Resume),
        1 => function().prop_map(Step::Retire),
        1 => (function(), actor()).prop_map(|(f, a)| Step::Offer(f, a)),
        1 => function().prop_map(Step::Accept),
        1 => (function(), amount()).prop_map(|(f, fee)| Step::SetFee(f, fee)),
        6 => (function(), 0..1_100usize, amount()).prop_map(|(f, len, fee)| Step::Request(f, len, fee)),
        2 => (amount(), 0..20u32).prop_map(|(bond, capacity)| Step::Register(bond, capacity)),
        1 => amount().prop_map(Step::BondMore),
        1 => Just(Step::Leave),
        1 => Just(Step::Withdraw),
        1 => (actor(), amount()).prop_map(|(a, value)| Step::Send(a, value)),
        5 => (any::<usize>(), report_kind(), prop::bool::weighted(0.9))
            .prop_map(|(which, kind, right)| Step::Report(which, kind, right)),
    ]
}

/// The call that `step` makes of `who`. `None` for what is not a signed call.
fn signed_call(who: Sr25519Keyring, step: &Step) -> Option<RuntimeCall> {
    let account = |actor: usize| ACTORS[actor].to_account_id();
    Some(match step.clone() {
        Step::NextBlock | Step::Report(..) => return None,
        Step::Publish(name, fee) => publish(&name, fee),
        Step::PublishVersion(function, seed) => pallet_registry::Call::publish_version {
            function,
            version: version(seed),
        }
        .into(),
        Step::OpenToEverybody(function) => open_to_everybody(function),
        Step::Grant(function, actor, quota) => {
            let account = account(actor);
            pallet_access::Call::grant {
                function,
                account,
                expiry: None,
                quota,
            }
            .into()
        }
        Step::Pause(function) => pallet_registry::Call::pause {
            function,
            reason: None,
        }
        .into(),
        Step::Resume(function) => pallet_registry::Call::resume { function }.into(),
        Step::Retire(function) => pallet_registry::Call::retire { function }.into(),
        Step::Offer(function, actor) => pallet_registry::Call::transfer {
            function,
            to: account(actor),
        }
        .into(),
        Step::Accept(function) => pallet_registry::Call::accept { function }.into(),
        Step::SetFee(function, fee) => pallet_registry::Call::set_fee { function, fee }.into(),
        Step::Request(function, len, max_fee) => request(function, &vec![7; len], max_fee),
        Step::Register(bond, capacity) => register(who, bond, capacity),
        Step::BondMore(amount) => pallet_trust::Call::bond_more { amount }.into(),
        Step::Leave => pallet_trust::Call::leave {}.into(),
        Step::Withdraw => pallet_trust::Call::withdraw {}.into(),
        Step::Send(actor, value) => {
            let dest = account(actor).into();
            pallet_balances::Call::transfer_allow_death { dest, value }.into()
        }
    })
}

/// Sends a report on one of the open assignments, if there is one. Reports that cannot be right are
/// refused.
fn report(which: usize, kind: ReportKind, right_key: bool) {
    let mut open = assignments();
    let Some(index) = which.checked_rem(open.len()) else {
        return;
    };
    let mut assignment = open.swap_remove(index);
    if let ReportKind::OtherDigest = kind {
        assignment.2.digest = Default::default();
    }
    let Some(signer) = keyring_of(assignment.2.provider) else {
        return;
    };
    let signer = if right_key {
        signer
    } else {
        Sr25519Keyring::One
    };
    let (outcome, output): (_, Option<Vec<u8>>) = match kind {
        ReportKind::Success | ReportKind::OtherDigest => (Outcome::Success, Some(vec![1])),
        ReportKind::FunctionFailed => (Outcome::FunctionFailed, Some(vec![])),
        ReportKind::Fault(fault) => (Outcome::ProviderFailed(fault), None),
        ReportKind::TooLong => (Outcome::Success, Some(vec![1; 1_025])),
    };
    let sent = send_report(signer, report_on(&assignment, outcome, output.as_deref()));
    if matches!(kind, ReportKind::TooLong | ReportKind::OtherDigest) || !right_key {
        assert!(sent.is_err(), "{kind:?}, right key: {right_key}");
    }
}

fn check(issuance: Balance) {
    assert_eq!(Balances::total_issuance(), issuance);
    Registry::do_try_state().expect("registry");
    Access::do_try_state().expect("access");
    Billing::do_try_state().expect("billing");
    Trust::do_try_state().expect("trust");
    crate::Invocations::do_try_state().expect("invocations");
}

fn run(steps: Vec<(usize, Step)>) {
    development().execute_with(|| {
        let issuance = Balances::total_issuance();
        let mut header = author_until(genesis_header(), 1);
        open_block(&header);
        for (actor, step) in steps {
            let who = ACTORS[actor];
            match step {
                Step::NextBlock => {
                    header = Executive::finalize_block();
                    check(issuance);
                    open_block(&header);
                }
                Step::Report(which, kind, right_key) => report(which, kind, right_key),
                step => {
                    let call = signed_call(who, &step).expect("signed");
                    // Refusals are as welcome as successes: both must keep the invariants.
                    let _ = apply(who, System::account_nonce(who.to_account_id()), 0, call);
                }
            }
        }
        header = Executive::finalize_block();
        check(issuance);

        let end = header.number + LONGEST_LIFE;
        author_until(header, end);
        check(issuance);
        for (id, record) in pallet_invocations::Invocations::<Runtime>::iter() {
            assert!(
                !record.is_open(),
                "call {id} never ended: {:?}",
                record.status
            );
        }
        let accounts: Vec<AccountId> = ACTORS.iter().map(|who| who.to_account_id()).collect();
        assert_eq!(accounts.iter().map(held_for_calls).sum::<Balance>(), 0);
        for (id, provider) in pallet_trust::Providers::<Runtime>::iter() {
            assert_eq!((provider.load, provider.exposure), (0, 0), "provider {id}");
        }
    });
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn invariants_hold_whatever_is_called(
        steps in prop::collection::vec((0..ACTORS.len(), step()), 20..120),
    ) {
        run(steps);
    }
}
