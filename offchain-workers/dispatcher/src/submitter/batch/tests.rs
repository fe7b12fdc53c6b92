use defaas_primitives::{Digest, Fault, Hash};
use proptest::prelude::*;

use super::*;
use crate::testing::worker;

fn key(n: u64) -> AttemptKey {
    AttemptKey {
        invocation: n,
        replica: 0,
        attempt: 0,
        digest: Digest::from_low_u64_be(n),
    }
}

fn item_by(key: AttemptKey, worker_number: u8) -> Item {
    let assignment = Assignment {
        provider: 7,
        worker: worker(worker_number),
        deadline: 100,
        seen: BlockRef::default(),
    };
    let conclusion = Arc::new(Conclusion::fault(Fault::Overloaded));
    Item::new(key, &assignment, conclusion)
}

fn item(n: u64) -> Item {
    item_by(key(n), 1)
}

fn view(block: u32, open: impl IntoIterator<Item = u64>) -> View {
    View {
        best: BlockRef {
            number: block,
            hash: Hash::from_low_u64_be(block.into()),
        },
        tick: block,
        open: open.into_iter().map(key).collect(),
    }
}

fn batches() -> Batches {
    Batches::new(32, 64 * 1024)
}

/// What is due: (resend, calls) of each report.
fn due(batches: &mut Batches, view: &View) -> Vec<(u16, Vec<u64>)> {
    let calls = |report: Report| {
        let Report::V1(report) = report;
        assert!(report.is_well_formed());
        let calls = report.items.iter().map(|item| item.invocation).collect();
        (report.resend, calls)
    };
    let due = batches.due(view);
    due.into_iter().map(|(_, report)| calls(report)).collect()
}

#[test]
fn results_of_one_sender_share_a_report_in_ascending_order() {
    let mut batches = batches();
    for n in [3, 1, 2] {
        batches.add(item(n));
    }
    assert_eq!(due(&mut batches, &view(1, 1..4)), [(0, vec![1, 2, 3])]);
}

#[test]
fn results_of_different_keys_do_not_share_a_report() {
    let mut batches = batches();
    batches.add(item_by(key(1), 1));
    batches.add(item_by(key(2), 2));
    let sent = due(&mut batches, &view(1, 1..3));
    assert_eq!(sent, [(0, vec![1]), (0, vec![2])]);
}

#[test]
fn result_that_is_added_again_takes_over_the_deadline() {
    let mut batches = batches();
    batches.add(item(1));
    assert_eq!(due(&mut batches, &view(1, 1..2)), [(0, vec![1])]);
    let mut earlier = item(1);
    earlier.deadline = 3;
    batches.add(earlier);
    assert_eq!(due(&mut batches, &view(2, 1..2)), [(1, vec![1])]);
    assert_eq!(due(&mut batches, &view(3, 1..2)), [], "a report is late");
}

#[test]
fn result_that_another_key_must_report_leaves_its_batch() {
    let mut batches = batches();
    batches.add(item(1));
    batches.add(item(2));
    assert_eq!(due(&mut batches, &view(1, 1..3)), [(0, vec![1, 2])]);
    batches.add(item_by(key(1), 2));
    let sent = batches.due(&view(2, 1..3));
    let senders: Vec<_> = sent
        .iter()
        .map(|(_, Report::V1(report))| (report.worker.clone(), report.items[0].invocation))
        .collect();
    assert_eq!(senders, [(worker(1), 2), (worker(2), 1)]);
}

#[test]
fn report_is_full_at_its_number_of_items_or_bytes() {
    let mut by_number = Batches::new(2, 64 * 1024);
    let bytes = item(1).bytes;
    let mut by_bytes = Batches::new(32, bytes * 2);
    for n in 1..4 {
        by_number.add(item(n));
        by_bytes.add(item(n));
    }
    let expected = [(0, vec![1, 2]), (0, vec![3])];
    assert_eq!(due(&mut by_number, &view(1, 1..4)), expected);
    assert_eq!(due(&mut by_bytes, &view(1, 1..4)), expected);
}

#[test]
fn item_larger_than_a_report_may_be_goes_alone() {
    let mut batches = Batches::new(32, 1);
    batches.add(item(1));
    assert_eq!(due(&mut batches, &view(1, [1])), [(0, vec![1])]);
}

#[test]
fn two_attempts_of_a_replica_do_not_share_a_report() {
    let mut batches = batches();
    let other = AttemptKey {
        attempt: 1,
        ..key(1)
    };
    batches.add(item(1));
    batches.add(item_by(other, 1));
    let mut view = view(1, [1]);
    view.open.insert(other);
    assert_eq!(due(&mut batches, &view), [(0, vec![1]), (0, vec![1])]);
}

#[test]
fn batch_is_sent_once_per_block_with_a_higher_number_each_time() {
    let mut batches = batches();
    batches.add(item(1));
    assert_eq!(due(&mut batches, &view(1, [1])), [(0, vec![1])]);
    assert_eq!(due(&mut batches, &view(1, [1])), []);
    assert_eq!(due(&mut batches, &view(2, [1])), [(1, vec![1])]);
    assert_eq!(due(&mut batches, &view(3, [1])), [(2, vec![1])]);
}

#[test]
fn new_results_do_not_join_what_was_sent() {
    let mut batches = batches();
    batches.add(item(1));
    due(&mut batches, &view(1, [1]));
    batches.add(item(2));
    assert_eq!(due(&mut batches, &view(1, 1..3)), [(0, vec![2])]);
    let sent = due(&mut batches, &view(2, 1..3));
    assert_eq!(sent, [(1, vec![1]), (1, vec![2])]);
}

#[test]
fn closed_items_are_left_out_and_sent_again_if_they_open_again() {
    let mut batches = batches();
    batches.add(item(1));
    batches.add(item(2));
    due(&mut batches, &view(1, 1..3));
    assert_eq!(due(&mut batches, &view(2, [2])), [(1, vec![2])]);
    assert_eq!(due(&mut batches, &view(3, [])), []);
    assert_eq!(due(&mut batches, &view(4, 1..3)), [(2, vec![1, 2])]);
}

#[test]
fn forgotten_items_are_not_sent_again() {
    let mut batches = batches();
    batches.add(item(1));
    batches.add(item(2));
    due(&mut batches, &view(1, 1..3));
    batches.forget(&key(1));
    assert_eq!(due(&mut batches, &view(2, 1..3)), [(1, vec![2])]);
    batches.forget(&key(2));
    assert_eq!(due(&mut batches, &view(3, 1..3)), []);
    assert!(batches.batches.is_empty() && batches.member.is_empty());
}

#[test]
fn what_is_not_open_or_late_waits() {
    let mut batches = batches();
    batches.add(item(1));
    assert_eq!(due(&mut batches, &view(1, [])), []);
    assert_eq!(due(&mut batches, &view(100, [1])), [], "deadline is 100");
    assert_eq!(due(&mut batches, &view(99, [1])), [(0, vec![1])]);
}

#[test]
fn refused_batch_is_halved_until_the_bad_item_is_alone_and_sent_less_and_less_often() {
    let mut batches = batches();
    for n in 0..8 {
        batches.add(item(n));
    }
    let bad = key(5);
    let mut open: HashSet<u64> = (0..8).collect();
    let mut tries = 0;
    for block in 1..60 {
        let view = view(block, open.iter().copied());
        for (batch, report) in batches.due(&view) {
            let Report::V1(report) = report;
            if report.items.iter().any(|i| i.invocation == bad.invocation) {
                tries += 1;
                batches.answered(batch.id, Submission::Refused, &view);
            } else {
                batches.answered(batch.id, Submission::Accepted, &view);
                for item in &report.items {
                    open.remove(&item.invocation);
                }
            }
        }
    }
    assert_eq!(open, HashSet::from([5]));
    // Four to be alone (with 8, 4, 2, 1), then after 1, 2, 4, 8, 16 and 16 blocks of pause.
    assert_eq!(tries, 10);
}

#[test]
fn items_are_told_as_taken_once() {
    let mut batches = batches();
    batches.add(item(1));
    batches.add(item(2));
    let first = view(1, 1..3);
    let (due, _) = batches.due(&first)[0].clone();
    let taken = batches.answered(due.id, Submission::Accepted, &first);
    assert_eq!(taken, [key(1), key(2)]);
    let second = view(2, 1..3);
    batches.due(&second);
    let taken = batches.answered(due.id, Submission::AlreadyKnown, &second);
    assert_eq!(taken, []);
}

#[derive(Clone, Debug)]
enum Op {
    Add(u64),
    Forget(u64),
    Block(Vec<u64>, Submission),
}

fn any_op() -> impl Strategy<Value = Op> {
    let n = 0u64..12;
    let answer = prop_oneof![
        3 => Just(Submission::Accepted),
        1 => Just(Submission::Later),
        1 => Just(Submission::Refused),
    ];
    prop_oneof![
        3 => n.clone().prop_map(Op::Add),
        1 => n.clone().prop_map(Op::Forget),
        3 => (prop::collection::vec(n, 0..12), answer).prop_map(|(open, a)| Op::Block(open, a)),
    ]
}

proptest! {
    /// Whatever happens: no item is in two reports of one block, every report is well formed and
    /// holds only open items, items never move between batches except into a half, and the number
    /// of a batch only grows.
    #[test]
    fn item_is_in_one_report_at_a_time(ops in prop::collection::vec(any_op(), 0..60)) {
        let mut batches = Batches::new(4, 64 * 1024);
        let mut block = 0;
        let mut highest: BTreeMap<u64, u16> = BTreeMap::new();
        for op in ops {
            match op {
                Op::Add(n) => batches.add(item(n)),
                Op::Forget(n) => batches.forget(&key(n)),
                Op::Block(open, answer) => {
                    block += 1;
                    let view = view(block, open.iter().copied());
                    let mut sent = HashSet::new();
                    for (due, report) in batches.due(&view) {
                        let Report::V1(report) = report;
                        prop_assert!(report.is_well_formed());
                        prop_assert!(report.items.len() <= 4);
                        let before = highest.insert(due.id, report.resend);
                        prop_assert!(before.is_none_or(|before| before < report.resend));
                        for item in &report.items {
                            prop_assert!(open.contains(&item.invocation));
                            prop_assert!(sent.insert(item.invocation));
                        }
                        batches.answered(due.id, answer, &view);
                    }
                    let mut members = 0;
                    for (id, batch) in &batches.batches {
                        prop_assert!(!batch.items.is_empty() && batch.items.len() <= 4);
                        for key in batch.items.keys() {
                            members += 1;
                            prop_assert_eq!(batches.member.get(key), Some(id));
                            prop_assert!(!batches.waiting.contains_key(key));
                        }
                    }
                    prop_assert_eq!(members, batches.member.len());
                }
            }
        }
    }
}
