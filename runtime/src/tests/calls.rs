//! What users and workers send, in one line each, and one call from publication to payment.

use super::*;
use crate::{
    configs::money::TreasuryAccount, constants::time::MINUTES, AccountId, Balance, Billing,
    Registry,
};
use codec::Decode;
use defaas_primitives::{
    worker::possession_payload, Cid, Code, CodeKind, Endpoint, FunctionId, Host, Input, Labels,
    Limits, Meters, Name, Outcome, Output, Path, Placement, ProviderId, Report, ReportItem,
    ReportV1, Selector, Verification, WorkerPair,
};
use frame_support::traits::fungible::{Inspect, InspectHold};
use frame_system::offchain::CreateAuthorizedTransaction;
use pallet_invocations::{Assignment, Assignments, Invocations, Status};
use sp_core::Pair;
use sp_runtime::BoundedVec;

/// A small WebAssembly command with short limits.
pub fn version(seed: u8) -> pallet_registry::VersionSpec {
    pallet_registry::VersionSpec {
        code: Code {
            cid: Cid::raw_sha256([seed; 32]),
            sha256: [seed; 32],
            size: 1_024,
            kind: CodeKind::Wasm,
        },
        limits: Limits {
            timeout_ms: 1_000,
            memory_bytes: 64 << 20,
            max_input_bytes: 1_024,
            max_output_bytes: 1_024,
        },
        deterministic: false,
        verification: Verification::Single,
        manifest: None,
        source: None,
    }
}

pub fn publish(name: &str, fee: Balance) -> RuntimeCall {
    pallet_registry::Call::publish {
        name: Name::parse(name).expect("a valid name"),
        description: None,
        fee,
        placement: Placement::default(),
        version: version(1),
    }
    .into()
}

pub fn open_to_everybody(function: FunctionId) -> RuntimeCall {
    set_policy(function, &[pallet_access::Rule::Public])
}

pub fn set_policy(function: FunctionId, rules: &[pallet_access::Rule]) -> RuntimeCall {
    let rules = BoundedVec::truncate_from(rules.to_vec());
    pallet_access::Call::set_policy { function, rules }.into()
}

pub fn request(function: FunctionId, input: &[u8], max_fee: Balance) -> RuntimeCall {
    request_of(function, Selector::Version(1), input, max_fee)
}

pub fn request_of(
    function: FunctionId,
    selector: Selector,
    input: &[u8],
    max_fee: Balance,
) -> RuntimeCall {
    pallet_invocations::Call::request {
        function,
        selector,
        path: Path::default(),
        input: Input::Inline(BoundedVec::truncate_from(input.to_vec())),
        max_fee,
    }
    .into()
}

/// Makes `who` a provider of WebAssembly whose worker key is the account's own key.
pub fn register(who: Sr25519Keyring, bond: Balance, capacity: u32) -> RuntimeCall {
    let payload = possession_payload(&System::block_hash(0), &who.to_account_id());
    pallet_trust::Call::register {
        worker_key: who.public().into(),
        possession_proof: WorkerPair::from(who.pair()).sign(&payload),
        bond,
        endpoint: Endpoint {
            host: Host::Ip4([127, 0, 0, 1]),
            port: 1,
            tls: false,
        },
        labels: Labels::default(),
        capabilities: pallet_trust::types::Capabilities::of(&[CodeKind::Wasm]),
        capacity,
        encryption_key: None,
    }
    .into()
}

/// Open assignments, in order, with what identifies them in a report.
pub fn assignments() -> Vec<(u64, u8, Assignment<AccountId>)> {
    let mut all: Vec<_> = Assignments::<Runtime>::iter().collect();
    all.sort_by_key(|(invocation, replica, _)| (*invocation, *replica));
    all
}

/// One report of all that `reports` say, which must be of one worker and in the order of the calls.
pub fn batch(reports: impl IntoIterator<Item = Report>) -> Report {
    reports
        .into_iter()
        .reduce(|mut batch, report| {
            let (Report::V1(batched), Report::V1(report)) = (&mut batch, report);
            assert_eq!(batched.worker, report.worker);
            for item in report.items {
                batched.items.try_push(item).expect("at most 32 results");
            }
            batch
        })
        .expect("a report has a result")
}

/// A report that `outcome` is how this assignment ended.
pub fn report_on(
    (invocation, replica, assignment): &(u64, u8, Assignment<AccountId>),
    outcome: Outcome,
    output: Option<&[u8]>,
) -> Report {
    Report::V1(ReportV1 {
        provider: assignment.provider,
        worker: assignment.worker.clone(),
        resend: 0,
        items: BoundedVec::truncate_from(vec![ReportItem {
            invocation: *invocation,
            digest: assignment.digest,
            replica: *replica,
            attempt: assignment.attempt,
            outcome,
            output: output.map(|bytes| Output::Inline(BoundedVec::truncate_from(bytes.to_vec()))),
            meters: Meters {
                duration_ms: 1,
                fuel: None,
            },
        }]),
    })
}

/// `report` as the worker of `who` signs and sends it.
pub fn signed_report(who: Sr25519Keyring, report: Report) -> UncheckedExtrinsic {
    let signature = WorkerPair::from(who.pair()).sign(&report.payload(&System::block_hash(0)));
    let call = pallet_invocations::Call::report { report, signature }.into();
    let transaction =
        <Runtime as CreateAuthorizedTransaction<RuntimeCall>>::create_authorized_transaction(call);
    let encoded = transaction.encode();
    Decode::decode(&mut &encoded[..]).expect("its own encoding")
}

/// Signs `report` as the worker of `who` does, and applies it to the open block.
pub fn send_report(who: Sr25519Keyring, report: Report) -> ApplyExtrinsicResult {
    Executive::apply_extrinsic(signed_report(who, report))
}

/// Bob publishes function 0, free but for the execution, and opens it to everybody.
pub fn publish_for_everybody() {
    let bob = Sr25519Keyring::Bob;
    apply(bob, 0, 0, publish("echo", 0)).unwrap().unwrap();
    apply(bob, 1, 0, open_to_everybody(0)).unwrap().unwrap();
}

/// Charlie calls function 0, for the `nonce`-th time.
pub fn call_as_charlie(nonce: Nonce) {
    apply(
        Sr25519Keyring::Charlie,
        nonce,
        0,
        request(0, b"hello", Balance::MAX),
    )
    .unwrap()
    .unwrap();
}

/// Blocks after which function 0 is there, and Charlie has called it so many times and each call is
/// assigned to Alice.
pub fn author_calls(calls: u32) -> Header {
    let header = author_until(genesis_header(), 1);
    open_block(&header);
    publish_for_everybody();
    (0..calls).for_each(call_as_charlie);
    author_next(&Executive::finalize_block())
}

/// What is held from `who` for open calls.
pub fn held_for_calls(who: &AccountId) -> Balance {
    Balances::balance_on_hold(&pallet_billing::HoldReason::Quote.into(), who)
}

/// The one of the keyring whose account `provider` is.
pub fn keyring_of(provider: ProviderId) -> Option<Sr25519Keyring> {
    let account = pallet_trust::Providers::<Runtime>::get(provider)?.account;
    Sr25519Keyring::iter().find(|key| key.to_account_id() == account)
}

#[test]
fn published_function_is_called_executed_and_paid() {
    const FEE: Balance = 7_000_000_000;
    let [alice, bob, charlie] = [
        Sr25519Keyring::Alice,
        Sr25519Keyring::Bob,
        Sr25519Keyring::Charlie,
    ];
    on_development(|| {
        let mut header = author_until(genesis_header(), 1);

        open_block(&header);
        apply(bob, 0, 0, publish("echo", FEE)).unwrap().unwrap();
        apply(bob, 1, 0, open_to_everybody(0)).unwrap().unwrap();
        header = Executive::finalize_block();

        open_block(&header);
        let quote = Billing::quote(0, Selector::Version(1)).unwrap();
        assert_eq!(quote.developer_fee, FEE);
        apply(charlie, 0, 0, request(0, b"hello", quote.total().unwrap()))
            .unwrap()
            .unwrap();
        assert_eq!(
            held_for_calls(&charlie.to_account_id()),
            quote.held().unwrap()
        );
        header = Executive::finalize_block();

        // The only provider is Alice, the validator of the development chain. She is drawn in the
        // next block, before its transactions.
        header = author_until(header.clone(), header.number + 1);
        open_block(&header);
        let [assignment] = assignments()
            .try_into()
            .expect("drawn in the block after the request");
        assert_eq!(keyring_of(assignment.2.provider), Some(alice));
        let before = [alice, bob].map(|who| Balances::balance(&who.to_account_id()));
        let treasury = Balances::balance(&TreasuryAccount::get());
        let report = report_on(&assignment, Outcome::Success, Some(b"HELLO"));
        send_report(alice, report.clone()).unwrap().unwrap();

        let record = Invocations::<Runtime>::get(0).unwrap();
        assert_eq!(record.status, Status::Settled(Outcome::Success));
        assert_eq!(held_for_calls(&charlie.to_account_id()), 0);
        let after = [alice, bob].map(|who| Balances::balance(&who.to_account_id()));
        let share = quote.treasury_share;
        assert_eq!(share, quote.execution_price / 20);
        assert_eq!(
            after,
            [before[0] + quote.execution_price - share, before[1] + FEE]
        );
        assert_eq!(Balances::balance(&TreasuryAccount::get()), treasury + share);

        // The same report again has nothing to report.
        assert!(send_report(alice, report).is_err());
        Executive::finalize_block();
        assert_eq!(Registry::function(0).unwrap().owner, bob.to_account_id());
    });
}

#[test]
fn call_of_a_provider_that_is_silent_is_refunded_and_costs_it_a_slice() {
    let charlie = Sr25519Keyring::Charlie;
    on_development(|| {
        let mut header = author_until(genesis_header(), 1);
        open_block(&header);
        apply(Sr25519Keyring::Bob, 0, 0, publish("echo", 0))
            .unwrap()
            .unwrap();
        apply(Sr25519Keyring::Bob, 1, 0, open_to_everybody(0))
            .unwrap()
            .unwrap();
        apply(charlie, 0, 0, request(0, b"", Balance::MAX))
            .unwrap()
            .unwrap();
        header = Executive::finalize_block();
        assert!(held_for_calls(&charlie.to_account_id()) > 0);
        let bond = pallet_trust::Providers::<Runtime>::get(0).unwrap().bond;

        author_until(header, 120);

        let record = Invocations::<Runtime>::get(0).unwrap();
        assert!(
            matches!(record.status, Status::Refunded(_)),
            "{:?}",
            record.status
        );
        assert_eq!(held_for_calls(&charlie.to_account_id()), 0);
        let slice = crate::constants::governed::SLICE;
        let provider = pallet_trust::Providers::<Runtime>::get(0).unwrap();
        assert_eq!(provider.bond, bond - slice);
        assert_eq!((provider.load, provider.exposure), (0, 0));
    });
}

#[test]
fn burst_beyond_what_the_only_provider_can_take_at_once_is_served_within_minutes() {
    const CALLS: u32 = 12;
    let alice = Sr25519Keyring::Alice;
    on_development(|| {
        let header = author_until(genesis_header(), 1);
        open_block(&header);
        let two_at_once = pallet_trust::Call::update {
            endpoint: None,
            labels: None,
            capabilities: None,
            capacity: Some(2),
            encryption_key: None,
        };
        apply(alice, 0, 0, two_at_once.into()).unwrap().unwrap();
        publish_for_everybody();
        (0..CALLS).for_each(call_as_charlie);
        let mut header = Executive::finalize_block();

        let open = || Invocations::<Runtime>::iter_values().filter(|record| record.is_open());
        let mut blocks = 0;
        while open().count() > 0 {
            blocks += 1;
            assert!(blocks < 4 * MINUTES, "{} still wait", open().count());
            open_block(&header);
            // What was drawn in the block before is done.
            let drawn = assignments();
            assert!(drawn.len() <= 2);
            for assignment in drawn {
                let report = report_on(&assignment, Outcome::Success, Some(b"HELLO"));
                send_report(alice, report).unwrap().unwrap();
            }
            header = Executive::finalize_block();
        }
        for id in 0..u64::from(CALLS) {
            let status = Invocations::<Runtime>::get(id).unwrap().status;
            assert_eq!(status, Status::Settled(Outcome::Success), "call {id}");
        }
    });
}
