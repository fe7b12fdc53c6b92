//! Random lives of many calls: the invariants hold after every step, and in the end every call has
//! ended, nobody has work or a hold, and everything is gone.

use codec::Encode;
use defaas_primitives::{Digest, Fault, Limit, Outcome, Report, ReportItem, WorkerSignature};
use defaas_traits::mocks::{MockProviders, MockRandomness};
use frame_support::{
    pallet_prelude::InvalidTransaction,
    traits::Hooks,
    weights::{constants::WEIGHT_REF_TIME_PER_MICROS, Weight, WeightMeter},
};
use proptest::{prelude::*, sample::Index};

use crate::{
    deadline::MAX_FULL_DELAY, mock::*, types::*, Agenda, AgendaLengths, Assignments,
    NextInvocationId, Queue, Worklist,
};

const PROVIDERS: u32 = 6;

#[derive(Clone, Debug)]
enum Step {
    Request,
    /// A block, perhaps without VRF.
    Block(bool),
    /// A block in which the hook does not run.
    Stall,
    /// A block in which the hook has so many microseconds.
    Tight(u64),
    /// The provider of an open assignment reports up to so many of its items, one of them wrong if
    /// told so.
    Report(Index, usize, Outcome, Option<Lie>),
    /// A report of before is sent again.
    Replay(Index),
    /// A provider becomes full, or has room again.
    Full(u32, bool),
    /// A provider goes, or comes back.
    Away(u32, bool),
}

#[derive(Clone, Copy, Debug)]
enum Lie {
    Digest,
    Attempt,
    Provider,
    Output,
    Number,
}

fn outcome() -> impl Strategy<Value = Outcome> {
    let fault = prop_oneof![
        Just(Fault::CodeUnavailable),
        Just(Fault::InputUnavailable),
        Just(Fault::Overloaded),
        Just(Fault::Internal),
    ];
    prop_oneof![
        3 => Just(Outcome::Success),
        1 => Just(Outcome::FunctionFailed),
        1 => Just(Outcome::LimitExceeded(Limit::Timeout)),
        3 => fault.prop_map(Outcome::ProviderFailed),
    ]
}

fn lie() -> impl Strategy<Value = Option<Lie>> {
    prop_oneof![
        4 => Just(None),
        1 => prop_oneof![
            Just(Lie::Digest),
            Just(Lie::Attempt),
            Just(Lie::Provider),
            Just(Lie::Output),
            Just(Lie::Number),
        ]
        .prop_map(Some),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => Just(Step::Request),
        5 => prop::bool::weighted(0.8).prop_map(Step::Block),
        1 => Just(Step::Stall),
        2 => (0..8_000u64).prop_map(Step::Tight),
        4 => (any::<Index>(), 1..4usize, outcome(), lie())
            .prop_map(|(which, items, outcome, lie)| Step::Report(which, items, outcome, lie)),
        1 => any::<Index>().prop_map(Step::Replay),
        1 => (0..PROVIDERS, any::<bool>()).prop_map(|(provider, full)| Step::Full(provider, full)),
        1 => (0..PROVIDERS, any::<bool>()).prop_map(|(provider, away)| Step::Away(provider, away)),
    ]
}

fn spoil(item: &mut ReportItem, lie: Lie) {
    match lie {
        Lie::Digest => item.digest = Digest::repeat_byte(7),
        Lie::Attempt => item.attempt ^= 1,
        Lie::Output => item.output = Some(output(&[0; 2_001])),
        Lie::Number => item.invocation += 1_000,
        Lie::Provider => {}
    }
}

fn run(step: Step, sent: &mut Vec<(Report, WorkerSignature)>) {
    match step {
        Step::Request => {
            let _ = request_with(ALICE, params());
        }
        Step::Block(true) => next_block(),
        Step::Block(false) => next_block_with(None),
        Step::Stall => System::set_block_number(System::block_number() + 1),
        Step::Tight(micros) => {
            let block = System::block_number() + 1;
            System::set_block_number(block);
            MockRandomness::set(Some(block.using_encoded(sp_io::hashing::blake2_256)));
            let limit = Weight::from_parts(micros * WEIGHT_REF_TIME_PER_MICROS, u64::MAX);
            let mut meter = WeightMeter::with_limit(limit);
            Invocations::on_poll(block, &mut meter);
            assert!(meter.consumed().all_lte(limit));
        }
        Step::Report(which, items, outcome, lie) => {
            let now = Invocations::tick();
            let (mut open, mut late) = (Vec::new(), Vec::new());
            for (id, _, assignment) in Assignments::<Test>::iter() {
                let in_time = now <= assignment.deadline;
                if in_time { &mut open } else { &mut late }.push((id, assignment.provider));
            }
            for (id, provider) in late {
                let result = include(batch(provider, vec![item(id, outcome)]));
                assert_eq!(result, Err(InvalidTransaction::Stale.into()));
            }
            if open.is_empty() {
                return;
            }
            open.sort_unstable();
            let (_, provider) = *which.get(&open);
            let mut batched: Vec<ReportItem> = open
                .iter()
                .filter(|(_, of)| *of == provider)
                .take(items)
                .map(|(id, _)| item(*id, outcome))
                .collect();
            let live = batched.len();
            if let (Some(lie), Some(last)) = (lie, batched.last_mut()) {
                spoil(last, lie);
            }
            let sender = match lie {
                Some(Lie::Provider) => provider + 1,
                _ => provider,
            };
            let ended = |id: u64| !Invocations::invocation(id).unwrap().is_open();
            let first = batched[0].invocation;
            let report = batch(sender, batched);
            sent.push(report.clone());
            let result = include(report);
            match lie {
                None => {
                    result.unwrap().unwrap();
                    assert!(Assignments::<Test>::get(first, FIRST_REPLICA)
                        .is_none_or(|assignment| assignment.provider != provider));
                    assert!(!outcome.is_charged() || ended(first));
                }
                Some(Lie::Provider) => assert!(result.is_err()),
                Some(_) => assert_eq!(result.is_ok(), live > 1),
            }
        }
        Step::Replay(which) => {
            if !sent.is_empty() {
                let _ = include(which.get(sent).clone());
            }
        }
        Step::Full(provider, full) => MockProviders::set_full::<AccountId>(provider, full),
        Step::Away(provider, away) => MockProviders::set_away::<AccountId>(provider, away),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn lives_end_and_leave_nothing(steps in prop::collection::vec(step(), 1..120)) {
        ExtBuilder::default().providers(PROVIDERS).build_and_execute(|| {
            let mut sent = Vec::new();
            for step in steps {
                run(step, &mut sent);
                check_invariants();
            }
            // Three silent attempts, all new draws, and some blocks to catch up.
            let redraws = u32::from(MaxFullRedraws::get()) * MAX_FULL_DELAY;
            next_blocks(3 * (DEADLINE_TICKS + 1) + redraws + 5);
            check_invariants();
            for (id, invocation) in Invocations::invocations(0, 100) {
                assert!(!invocation.is_open(), "call {id} is {:?}", invocation.status);
            }
            assert!(loads().iter().all(|load| *load == (0, 0)));
            assert_eq!(Queue::<Test>::iter().count(), 0);
            assert_eq!(Assignments::<Test>::iter().count(), 0);
            assert_eq!(Worklist::<Test>::iter().count(), 0);

            next_blocks(RecordRetention::get() + 5);
            assert_eq!(crate::Invocations::<Test>::iter().count(), 0);
            assert_eq!(crate::Outputs::<Test>::iter().count(), 0);
            assert_eq!(Agenda::<Test>::iter().count(), 0);
            assert_eq!(AgendaLengths::<Test>::iter().count(), 0);

            // Each call ended exactly once.
            let ended = defaas_traits::mocks::MockOnOutcome::all();
            let mut ids: Vec<u64> = ended.iter().map(|(id, _)| *id).collect();
            ids.sort_unstable();
            let all: Vec<u64> = (0..NextInvocationId::<Test>::get()).collect();
            assert_eq!(ids, all);
        });
    }
}
