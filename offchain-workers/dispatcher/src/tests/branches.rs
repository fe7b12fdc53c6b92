//! Re-organisations.

use std::time::Duration;

use defaas_primitives::{Digest, Fault};

use super::*;
use crate::journal::Stage;
use crate::testing::Behaviour;

fn slow(bench: &Bench, seconds: u64) {
    let time = Duration::from_secs(seconds);
    bench.executor.set(1, Behaviour::Sleep(time));
}

#[tokio::test(start_paused = true)]
async fn call_with_the_same_number_on_another_branch_is_executed_as_its_own() {
    let bench = Bench::started().await;
    let parent = bench.chain.best_block();
    let first = bench.assign(1, 20);
    bench.block().await;
    let second = bench.assign_with(1, 20, |job| job.digest = Digest::repeat_byte(0xaa));
    bench.chain.author_on(parent.hash);
    bench.block().await;
    bench.block().await;
    bench.assert_echoed(&second);
    assert_eq!(bench.executor.runs(&first), 1);
    assert_eq!(bench.chain.settled(&first), None);
}

#[tokio::test(start_paused = true)]
async fn execution_is_cut_when_its_assignment_has_been_gone_for_some_blocks() {
    let bench = Bench::started().await;
    slow(&bench, 9);
    let parent = bench.chain.best_block();
    let job = bench.assign_with(1, 20, |job| job.function = 1);
    bench.block().await;
    assert_eq!(bench.executor.running(), 1);
    bench.chain.author_on(parent.hash);
    bench.wait(100).await;
    assert_eq!(bench.executor.running(), 1, "branches come and go");
    bench.block().await;
    bench.block().await;
    assert_eq!(bench.executor.running(), 0);
    assert_eq!(bench.metrics.cancelled.get(), 1);
    assert_eq!(bench.executor.runs(&job), 1);
}

#[tokio::test(start_paused = true)]
async fn execution_goes_on_over_a_short_change_of_branch() {
    let bench = Bench::started().await;
    slow(&bench, 5);
    let parent = bench.chain.best_block();
    let job = bench.assign_with(1, 20, |job| job.function = 1);
    let branch = bench.block().await;
    bench.chain.author_on(parent.hash);
    bench.wait(100).await;
    bench.chain.switch_to(branch);
    bench.blocks(3).await;
    bench.assert_echoed(&job);
}

#[tokio::test(start_paused = true)]
async fn cut_execution_that_comes_back_is_interrupted_and_never_repeated() {
    let bench = Bench::started().await;
    slow(&bench, 100);
    let parent = bench.chain.best_block();
    let job = bench.assign_with(1, 40, |job| {
        job.function = 1;
        job.limits.timeout_ms = 300_000;
    });
    let branch = bench.block().await;
    bench.chain.author_on(parent.hash);
    bench.blocks(3).await;
    assert_eq!(bench.executor.running(), 0);
    bench.chain.switch_to(branch);
    bench.blocks(3).await;
    bench.assert_fault(&job, Fault::Interrupted);
    assert_eq!(bench.executor.runs(&job), 1);
}

#[tokio::test(start_paused = true)]
async fn result_that_a_branch_takes_back_is_sent_again() {
    let bench = Bench::started().await;
    let job = bench.assign(1, 20);
    let open_at = bench.block().await;
    bench.block().await;
    bench.assert_echoed(&job);
    // A branch on which it is open, and on whose pool nothing is known of the report.
    bench.chain.author_on(open_at.hash);
    assert_eq!(bench.chain.settled(&job), None);
    bench.blocks(2).await;
    bench.assert_echoed(&job);
    let reports = bench.chain.submitted();
    assert!(reports.len() >= 2);
    assert!(reports.windows(2).all(|w| w[0].resend < w[1].resend));
}

#[tokio::test(start_paused = true)]
async fn attempt_of_an_abandoned_branch_is_remembered_and_not_executed_when_it_comes_back() {
    let mut bench = Bench::started().await;
    let parent = bench.chain.best_block();
    let job = bench.assign(1, 60);
    bench.block().await;
    assert_eq!(bench.executor.runs(&job), 1);
    bench.chain.author_on(parent.hash);
    bench.blocks(2).await;
    bench.chain.finalize_best();
    bench.wait(100).await;
    bench.crash().await;
    let key = AttemptKey::from(&job);
    assert!(matches!(bench.ledger().attempts[&key], Stage::Vanished(..)));
    bench.start().await;
    // The request is included again and the draw is the same.
    bench.chain.assign(job.clone());
    bench.blocks(2).await;
    bench.assert_fault(&job, Fault::Interrupted);
    assert_eq!(bench.executor.runs(&job), 1);
    bench.chain.finalize_best();
    bench.wait(100).await;
    bench.stop().await;
    assert_eq!(bench.ledger().attempts.len(), 0);
}

#[tokio::test(start_paused = true)]
async fn attempt_of_an_abandoned_branch_is_forgotten_after_a_while() {
    let mut bench = Bench::new();
    bench.config.work.vanished_blocks = 3;
    bench.start().await;
    let parent = bench.chain.best_block();
    bench.assign(1, 60);
    bench.block().await;
    bench.chain.author_on(parent.hash);
    bench.blocks(2).await;
    bench.chain.finalize_best();
    bench.wait(100).await;
    assert_eq!(bench.metrics.tracked.get(), 1);
    bench.blocks(4).await;
    bench.chain.finalize_best();
    bench.wait(100).await;
    assert_eq!(bench.metrics.tracked.get(), 0);
    bench.stop().await;
    assert_eq!(bench.ledger().attempts.len(), 0);
}

#[tokio::test(start_paused = true)]
async fn waiting_job_that_is_gone_is_forgotten_and_executed_if_it_comes_back() {
    let mut bench = Bench::new();
    bench.config.work.in_flight = 1;
    bench.config.work.executions = 1;
    bench.start().await;
    slow(&bench, 5);
    let first = bench.assign_with(1, 20, |job| job.function = 1);
    bench.block().await;
    let parent = bench.chain.best_block();
    let waiting = bench.assign(2, 20);
    let branch = bench.chain.author();
    bench.wait(100).await;
    assert_eq!(bench.metrics.queued.get(), 1);
    bench.chain.author_on(parent.hash);
    bench.wait(100).await;
    assert_eq!(bench.metrics.queued.get(), 0);
    bench.chain.switch_to(branch);
    bench.blocks(4).await;
    bench.assert_echoed(&first);
    bench.assert_echoed(&waiting);
}

#[tokio::test(start_paused = true)]
async fn attempt_that_is_open_on_both_branches_is_over_when_the_second_is_final() {
    let mut bench = Bench::started().await;
    let parent = bench.chain.best_block();
    let job = bench.assign(1, 60);
    bench.chain.author_without_reports();
    bench.wait(1_000).await;
    // The other branch includes the same request, and its draw gives the same attempt.
    bench.chain.assign(job.clone());
    bench.chain.clear_pool();
    bench.chain.author_on(parent.hash);
    bench.wait(1_000).await;
    bench.block().await;
    bench.assert_echoed(&job);
    bench.chain.finalize_best();
    bench.wait(100).await;
    assert_eq!(bench.metrics.tracked.get(), 0);
    bench.stop().await;
    assert_eq!(bench.ledger().attempts.len(), 0);
}

/// `job` as another branch assigns it.
fn again(job: &Job, deadline: u32) -> Job {
    Job {
        deadline,
        worker: crate::testing::worker(2),
        ..job.clone()
    }
}

#[tokio::test(start_paused = true)]
async fn execution_that_another_branch_wants_earlier_and_by_another_key_is_reported_so() {
    let bench = Bench::started().await;
    bench.executor.set(1, Behaviour::Hang);
    let parent = bench.chain.best_block();
    let job = bench.assign_with(1, 60, |job| {
        job.function = 1;
        job.limits.timeout_ms = 300_000;
    });
    bench.block().await;
    assert_eq!(bench.executor.running(), 1);
    let job = again(&job, parent.number + 8);
    bench.chain.assign(job.clone());
    bench.chain.author_on(parent.hash);
    bench.wait(2_000).await;
    bench.blocks(7).await;
    bench.assert_fault(&job, Fault::Overloaded);
    assert_eq!(bench.executor.runs(&job), 1);
    assert_eq!(bench.chain.missed(), []);
}

#[tokio::test(start_paused = true)]
async fn result_that_another_branch_wants_by_another_key_is_reported_by_that_key() {
    let bench = Bench::started().await;
    let parent = bench.chain.best_block();
    let job = bench.assign(1, 60);
    bench.chain.author_without_reports();
    bench.wait(2_000).await;
    assert_eq!(bench.chain.submitted().len(), 1);
    let job = again(&job, job.deadline + 5);
    bench.chain.assign(job.clone());
    bench.chain.author_on(parent.hash);
    bench.wait(2_000).await;
    bench.blocks(3).await;
    bench.assert_echoed(&job);
}

#[tokio::test(start_paused = true)]
async fn waiting_job_that_another_branch_wants_earlier_goes_first() {
    let mut bench = Bench::new();
    bench.config.work.in_flight = 1;
    bench.config.work.executions = 1;
    bench.start().await;
    slow(&bench, 5);
    bench.assign_with(1, 60, |job| job.function = 1);
    bench.block().await;
    let parent = bench.chain.best_block();
    let patient = bench.assign_with(2, 60, |job| job.function = 1);
    let urgent = bench.assign_with(3, 70, |job| job.function = 1);
    bench.chain.author();
    bench.wait(100).await;
    bench.chain.assign(patient.clone());
    let urgent = again(&urgent, parent.number + 15);
    bench.chain.assign(urgent.clone());
    bench.chain.author_on(parent.hash);
    bench.wait(4_000).await;
    assert_eq!(bench.executor.runs(&urgent), 1);
    assert_eq!(bench.executor.runs(&patient), 0);
    bench.blocks(8).await;
    bench.assert_echoed(&urgent);
    bench.assert_echoed(&patient);
}
