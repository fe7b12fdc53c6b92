//! Lost, damaged and unwritable journals.

use std::fs;

use defaas_primitives::Fault;

use super::*;
use crate::journal::JournalError;
use crate::testing::job;

#[tokio::test(start_paused = true)]
async fn lost_journal_executes_nothing_that_was_open_before() {
    let mut bench = Bench::without_journal();
    let before = bench.assign(1, 20);
    bench.chain.author();
    bench.start().await;
    // Still within the margin of the first looks.
    let soon = bench.assign(2, 20);
    bench.block().await;
    bench.blocks(4).await;
    let after = bench.assign(3, 20);
    bench.blocks(2).await;
    bench.assert_fault(&before, Fault::Interrupted);
    bench.assert_fault(&soon, Fault::Interrupted);
    assert_eq!(bench.executor.runs(&before), 0);
    assert_eq!(bench.executor.runs(&soon), 0);
    bench.assert_echoed(&after);
    bench.stop().await;
    assert!(bench.ledger().settled);
}

#[tokio::test(start_paused = true)]
async fn new_chain_is_served_from_its_second_block() {
    let mut bench = Bench::without_journal();
    bench.chain = Arc::default();
    bench.chain.author();
    bench.start().await;
    let job = bench.assign(1, 6);
    bench.blocks(2).await;
    bench.assert_echoed(&job);
}

#[tokio::test(start_paused = true)]
async fn lost_journal_waits_for_a_node_that_is_behind() {
    let mut bench = Bench::without_journal();
    bench.chain.set_syncing(true);
    bench.start().await;
    bench.blocks(10).await;
    // Assigned before the loss, seen only now that the node has caught up.
    let before = bench.assign(1, 20);
    bench.block().await;
    bench.chain.set_syncing(false);
    bench.blocks(2).await;
    bench.assert_fault(&before, Fault::Interrupted);
    assert_eq!(bench.executor.runs(&before), 0);
}

#[tokio::test(start_paused = true)]
async fn crash_before_the_first_looks_are_over_begins_them_again() {
    let mut bench = Bench::without_journal();
    bench.start().await;
    bench.block().await;
    bench.crash().await;
    assert!(!bench.ledger().settled);
    let before = bench.assign(1, 20);
    bench.chain.author();
    bench.start().await;
    bench.blocks(2).await;
    bench.assert_fault(&before, Fault::Interrupted);
    assert_eq!(bench.executor.runs(&before), 0);
}

#[tokio::test(start_paused = true)]
async fn damaged_journal_sends_what_it_knows_and_executes_nothing_else_that_was_open() {
    let mut bench = Bench::new();
    let (done, lost) = (bench.assign(1, 20), bench.assign(2, 20));
    bench.chain.author();
    let conclusion = Conclusion {
        outcome: Outcome::Success,
        output: Some(Output::Inline(b"kept".to_vec().try_into().unwrap())),
        ..Conclusion::fault(Fault::Internal)
    };
    bench.write_journal(vec![bench.record_executed(&done, conclusion)]);
    let intact = fs::metadata(bench.journal_path()).unwrap().len();
    bench.write_journal(vec![bench.record_started(&lost)]);
    let mut bytes = fs::read(bench.journal_path()).unwrap();
    let at = usize::try_from(intact).unwrap() + 25;
    bytes[at] ^= 1;
    fs::write(bench.journal_path(), bytes).unwrap();

    bench.start().await;
    bench.blocks(2).await;
    assert_eq!(inline(&bench.settled(&done)), b"kept");
    bench.assert_fault(&lost, Fault::Interrupted);
    assert_eq!(bench.executor.most_runs(), 0);
    assert!(bench.folder.path().join("journal.damaged").exists());
}

#[tokio::test(start_paused = true)]
async fn journal_of_another_chain_ends_the_dispatcher() {
    let bench = Bench::without_journal();
    let other = defaas_primitives::Hash::repeat_byte(9);
    drop(Journal::open(&bench.journal_path(), other, 1_000).unwrap());
    let ended = bench.dispatcher().run(CancellationToken::new()).await;
    assert!(matches!(
        ended,
        Err(Fatal::Journal(JournalError::OtherChain { found, .. })) if found == other
    ));
}

/// A machine with `records` in its journal whose disk is full after so many writes. The returned
/// folder stands for what fills it.
async fn with_full_disk(bench: &mut Bench, writes: usize, records: Vec<Record>) -> PathBuf {
    bench.write_journal(records);
    let mut journal = bench.open_journal();
    journal.break_after(writes);
    let full = bench.folder.path().join("journal.new");
    fs::create_dir(&full).unwrap();
    bench.start_with(journal).await;
    full
}

#[tokio::test(start_paused = true)]
async fn nothing_begins_while_the_disk_is_full_and_everything_does_when_there_is_room() {
    let mut bench = Bench::new();
    let full = with_full_disk(&mut bench, 0, Vec::new()).await;
    let job = bench.assign(1, 20);
    bench.blocks(3).await;
    assert_eq!(bench.executor.runs(&job), 0);
    assert!(bench.metrics.journal_errors.get() > 0);
    fs::remove_dir(full).unwrap();
    bench.blocks(2).await;
    bench.assert_echoed(&job);
}

#[tokio::test(start_paused = true)]
async fn full_disk_is_reported_as_overload_before_the_deadline() {
    let mut bench = Bench::new();
    with_full_disk(&mut bench, 0, Vec::new()).await;
    let job = bench.assign(1, 6);
    bench.blocks(6).await;
    bench.assert_fault(&job, Fault::Overloaded);
    assert_eq!(bench.executor.runs(&job), 0);
    assert_eq!(bench.chain.missed(), []);
}

#[tokio::test(start_paused = true)]
async fn accepted_job_whose_start_cannot_be_recorded_waits_without_being_run() {
    let mut bench = Bench::new();
    // The acceptance is written, the start is not.
    let full = with_full_disk(&mut bench, 1, Vec::new()).await;
    let job = bench.assign(1, 20);
    bench.blocks(3).await;
    assert_eq!(bench.executor.runs(&job), 0);
    assert_eq!(bench.metrics.queued.get(), 1);
    let errors = bench.metrics.journal_errors.get();
    assert!((1..20).contains(&errors), "{errors}: once per look");
    fs::remove_dir(full).unwrap();
    bench.blocks(2).await;
    bench.assert_echoed(&job);
}

#[tokio::test(start_paused = true)]
async fn result_that_cannot_be_recorded_waits_for_the_disk_and_is_not_run_again() {
    let mut bench = Bench::new();
    // Acceptance and start are written, the result is not.
    let full = with_full_disk(&mut bench, 2, Vec::new()).await;
    let job = bench.assign(1, 20);
    bench.blocks(3).await;
    assert_eq!(bench.executor.runs(&job), 1);
    assert!(bench.chain.submitted().is_empty(), "not before it is saved");
    fs::remove_dir(full).unwrap();
    bench.blocks(2).await;
    bench.assert_echoed(&job);
}

#[tokio::test(start_paused = true)]
async fn result_that_cannot_be_recorded_is_sent_when_the_deadline_is_near() {
    let mut bench = Bench::new();
    with_full_disk(&mut bench, 2, Vec::new()).await;
    let job = bench.assign(1, 6);
    bench.blocks(6).await;
    bench.assert_echoed(&job);
    assert_eq!(bench.chain.missed(), []);
}

#[tokio::test(start_paused = true)]
async fn refusal_of_an_attempt_that_was_accepted_before_the_restart_is_kept() {
    let mut bench = Bench::new();
    // Accepted, and now too late.
    let job = bench.assign(1, 3);
    bench.chain.author();
    bench.chain.set_pool(crate::testing::PoolMode::Later);
    let accepted = vec![bench.record_accepted(&job)];
    let full = with_full_disk(&mut bench, 0, accepted).await;
    fs::remove_dir(full).unwrap();
    bench.blocks(3).await;
    bench.stop().await;
    let known = bench.ledger().attempts;
    assert!(matches!(
        known[&AttemptKey::from(&job)],
        crate::journal::Stage::Executed(..)
    ));
}

#[test]
fn fake_job_is_one_that_the_chain_could_assign() {
    let job = job(1, 10);
    assert!(job.path.is_valid() && job.input.is_valid());
    assert!(job.code.cid.check().is_ok());
}

#[tokio::test(start_paused = true)]
async fn lost_journal_is_not_settled_before_everything_that_was_open_is_remembered() {
    let mut bench = Bench::without_journal();
    bench.config.work.tracked = 2;
    let before: Vec<_> = (0..3).map(|n| bench.assign(n, 60)).collect();
    bench.chain.author();
    bench.start().await;
    // The margin has passed, and one of them was never looked at.
    bench.blocks(6).await;
    bench.assert_fault(&before[0], Fault::Interrupted);
    bench.assert_fault(&before[1], Fault::Interrupted);
    assert_eq!(bench.chain.settled(&before[2]), None);
    bench.chain.finalize_best();
    bench.wait(100).await;
    bench.blocks(3).await;
    bench.assert_fault(&before[2], Fault::Interrupted);
    assert_eq!(bench.executor.most_runs(), 0);
    bench.chain.finalize_best();
    bench.wait(100).await;
    let after = bench.assign(3, 20);
    bench.blocks(2).await;
    bench.assert_echoed(&after);
    bench.stop().await;
    assert!(bench.ledger().settled);
}

#[tokio::test(start_paused = true)]
async fn lost_journal_is_not_settled_by_a_work_list_that_was_cut() {
    let mut bench = Bench::without_journal();
    // One page of the work list is read, and all of it is remembered.
    bench.config.work.tracked = 100;
    let before: Vec<_> = (0..150).map(|n| bench.assign(n, 80)).collect();
    bench.chain.author();
    bench.chain.set_pool(crate::testing::PoolMode::Later);
    bench.start().await;
    bench.blocks(6).await;
    assert_eq!(bench.metrics.tracked.get(), 100);
    assert_eq!(bench.metrics.not_tracked.get(), 0);
    bench.chain.set_pool(crate::testing::PoolMode::Judge);
    for _ in 0..4 {
        bench.blocks(3).await;
        bench.chain.finalize_best();
        bench.wait(100).await;
    }
    for job in &before {
        bench.assert_fault(job, Fault::Interrupted);
    }
    assert_eq!(bench.executor.most_runs(), 0);
    bench.stop().await;
    assert!(bench.ledger().settled);
}
