//! Ticks stand still: the only node stops for an hour and no block is authored, or a change of session
//! takes a whole block.

use super::{calls::*, *};
use crate::{
    configs::system::RuntimeBlockWeights,
    constants::{calls::MAX_ATTEMPTS, time::HOURS},
    genesis_settings::EpochDuration,
    Invocations, RuntimeEvent, Trust,
};
use defaas_primitives::{report::MAX_REPORT_ITEMS, Fault, Outcome};
use pallet_invocations::{InvocationOf, RefundReason, Status};
use sp_runtime::transaction_validity::InvalidTransaction;

/// Slots without a block: an hour, in which many epochs pass.
const GAP: u64 = HOURS as u64;

fn record(id: u64) -> InvocationOf<Runtime> {
    Invocations::invocation(id).expect("on record")
}

/// The next block after `parent`, in the slot that follows the outage.
fn open_late_block(parent: &Header) {
    open_block_in(parent, FIRST_SLOT + GAP + u64::from(parent.number) + 1);
}

/// Leaves three calls in the states in which a call can be open, and returns the last header: call 0
/// waits to be drawn again (Alice could not execute it, and there is nobody else), call 1 is assigned
/// to Alice, call 2 stands in the queue.
fn author_calls_in_every_state() -> Header {
    let mut header = author_until(genesis_header(), 1);
    open_block(&header);
    publish_for_everybody();
    call_as_charlie(0);
    header = author_next(&Executive::finalize_block());

    open_block(&header);
    let [assignment] = assignments().try_into().expect("call 0 is assigned");
    let failed = Outcome::ProviderFailed(Fault::Overloaded);
    send_report(Sr25519Keyring::Alice, report_on(&assignment, failed, None))
        .unwrap()
        .unwrap();
    call_as_charlie(1);
    header = Executive::finalize_block();

    open_block(&header);
    call_as_charlie(2);
    header = Executive::finalize_block();

    let stages = [0, 1, 2].map(|id| (record(id).status, record(id).due.is_some()));
    let waiting = (Status::Requested, true);
    let queued = (Status::Requested, false);
    assert_eq!(stages, [waiting, (Status::Assigned, true), queued]);
    header
}

#[test]
fn after_an_hour_without_blocks_each_call_ends_and_nobody_is_slashed() {
    let alice = Sr25519Keyring::Alice;
    on_development(|| {
        let mut header = author_calls_in_every_state();
        let (tick, epoch) = (Invocations::tick(), Babe::epoch_index());
        let deadline = Invocations::assignment(1, 0).expect("open").deadline;
        let bond = Trust::provider(0).expect("Alice").provider.bond;

        // The first block afterwards begins a session, so no hook runs; reports find room.
        open_late_block(&header);
        assert!(Babe::epoch_index() > epoch + 10, "epochs were skipped");
        let [assignment] = assignments().try_into().expect("call 1 is still assigned");
        assert_eq!(assignment.2.deadline, deadline);
        let report = report_on(&assignment, Outcome::Success, Some(b"HELLO"));
        send_report(alice, report).unwrap().unwrap();
        assert_eq!(record(1).status, Status::Settled(Outcome::Success));
        header = Executive::finalize_block();
        assert_eq!(Invocations::tick(), tick);

        // The second one is the first tick: the call in the queue is drawn.
        open_late_block(&header);
        header = Executive::finalize_block();
        assert_eq!(Invocations::tick(), tick + 1);
        open_late_block(&header);
        let [assignment] = assignments().try_into().expect("call 2 is drawn");
        let report = report_on(&assignment, Outcome::FunctionFailed, Some(b""));
        send_report(alice, report).unwrap().unwrap();
        assert_eq!(record(2).status, Status::Settled(Outcome::FunctionFailed));
        header = Executive::finalize_block();

        // Nobody but Alice could take the one that she could not execute.
        let mut blocks = 0;
        while record(0).is_open() {
            blocks += 1;
            assert!(blocks < 2 + 4 + 8 + 16 + 10, "call 0 never ends");
            open_late_block(&header);
            let slashed = |event: &RuntimeEvent| {
                matches!(
                    event,
                    RuntimeEvent::Trust(pallet_trust::Event::Slashed { .. })
                )
            };
            assert!(!deposited(slashed));
            header = Executive::finalize_block();
        }
        assert_eq!(
            record(0).status,
            Status::Refunded(RefundReason::AttemptsExhausted)
        );

        assert_eq!(Trust::provider(0).expect("Alice").provider.bond, bond);
        let provider = Trust::provider(0).expect("Alice").provider;
        assert_eq!((provider.load, provider.exposure), (0, 0));
        assert_eq!(held_for_calls(&Sr25519Keyring::Charlie.to_account_id()), 0);
    });
}

#[test]
fn a_provider_that_stays_away_after_the_outage_is_judged_from_its_first_tick_on() {
    on_development(|| {
        let mut header = author_calls_in_every_state();
        let tick = Invocations::tick();
        let deadline = Invocations::assignment(1, 0).expect("open").deadline;
        let bond = Trust::provider(0).expect("Alice").provider.bond;
        while Invocations::tick() <= deadline {
            assert_eq!(record(1).status, Status::Assigned);
            assert_eq!(Trust::provider(0).expect("Alice").provider.bond, bond);
            open_late_block(&header);
            header = Executive::finalize_block();
        }
        assert!(deadline > tick + 1, "the outage took nothing from it");
        assert_ne!(record(1).status, Status::Assigned);
        assert!(Trust::provider(0).expect("Alice").provider.bond < bond);
        assert!(record(1).attempt() < MAX_ATTEMPTS);
    });
}

#[test]
fn a_report_of_the_largest_size_is_taken_by_the_first_block_of_a_session() {
    let alice = Sr25519Keyring::Alice;
    on_development(|| {
        let epoch = EpochDuration::get() as u32;
        let header = author_until(genesis_header(), epoch - 2);
        open_block(&header);
        publish_for_everybody();
        (0..MAX_REPORT_ITEMS).for_each(call_as_charlie);
        let header = author_next(&Executive::finalize_block());
        assert_eq!(header.number, epoch);

        open_block(&header);
        let full = RuntimeBlockWeights::get().max_block;
        assert!(System::block_weight().total().any_gte(full), "sessions");
        let tick = Invocations::tick();
        let output = [7; 1_024];
        let results = assignments()
            .iter()
            .map(|assignment| report_on(assignment, Outcome::Success, Some(&output)))
            .collect::<Vec<_>>();
        assert_eq!(results.len() as u32, MAX_REPORT_ITEMS);
        send_report(alice, batch(results)).unwrap().unwrap();
        assert_eq!(Invocations::tick(), tick, "the hook found no room");
        for id in 0..u64::from(MAX_REPORT_ITEMS) {
            assert_eq!(record(id).status, Status::Settled(Outcome::Success));
        }

        // Ordinary transactions wait.
        let refused = apply(
            Sr25519Keyring::Charlie,
            MAX_REPORT_ITEMS,
            0,
            request(0, b"", u128::MAX),
        );
        assert_eq!(refused, Err(InvalidTransaction::ExhaustsResources.into()));
    });
}
