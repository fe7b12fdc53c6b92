//! Crashes and restarts at every state of the journal.

use std::time::Duration;

use defaas_primitives::call::Inline;
use defaas_primitives::{Fault, Meters, Outcome, Output};

use super::*;
use crate::journal::Stage;
use crate::testing::Behaviour;

fn answer() -> Conclusion {
    Conclusion {
        outcome: Outcome::Success,
        output: Some(Output::Inline(Inline::truncate_from(b"before".to_vec()))),
        meters: Meters {
            duration_ms: 5,
            fuel: None,
        },
    }
}

/// A machine that was stopped with `records` of an open job in its journal.
async fn restarted(records: impl FnOnce(&Bench, &Job) -> Vec<Record>) -> (Bench, Job) {
    let mut bench = Bench::new();
    let job = bench.assign(1, 10);
    bench.chain.author();
    let records = records(&bench, &job);
    bench.write_journal(records);
    bench.start().await;
    bench.blocks(2).await;
    (bench, job)
}

#[tokio::test(start_paused = true)]
async fn unknown_job_is_executed() {
    let (bench, job) = restarted(|_, _| Vec::new()).await;
    bench.assert_echoed(&job);
}

#[tokio::test(start_paused = true)]
async fn accepted_job_is_executed() {
    let (bench, job) = restarted(|bench, job| vec![bench.record_accepted(job)]).await;
    bench.assert_echoed(&job);
}

#[tokio::test(start_paused = true)]
async fn started_job_is_reported_as_interrupted_and_never_run_again() {
    let (bench, job) =
        restarted(|bench, job| vec![bench.record_accepted(job), bench.record_started(job)]).await;
    bench.assert_fault(&job, Fault::Interrupted);
    assert_eq!(bench.executor.runs(&job), 0);
}

#[tokio::test(start_paused = true)]
async fn executed_job_is_sent_again() {
    let (bench, job) = restarted(|bench, job| {
        vec![
            bench.record_started(job),
            bench.record_executed(job, answer()),
        ]
    })
    .await;
    assert_eq!(inline(&bench.settled(&job)), b"before");
    assert_eq!(bench.executor.runs(&job), 0);
}

#[tokio::test(start_paused = true)]
async fn submitted_job_is_sent_again() {
    let (bench, job) = restarted(|bench, job| {
        vec![
            bench.record_executed(job, answer()),
            Record::Submitted {
                key: AttemptKey::from(job),
            },
        ]
    })
    .await;
    assert_eq!(inline(&bench.settled(&job)), b"before");
    assert_eq!(bench.executor.runs(&job), 0);
}

#[tokio::test(start_paused = true)]
async fn accepted_job_that_is_gone_is_forgotten() {
    let mut bench = Bench::new();
    let job = bench.job(1, 10);
    bench.write_journal(vec![bench.record_accepted(&job)]);
    bench.start().await;
    bench.block().await;
    bench.stop().await;
    assert_eq!(bench.ledger().attempts.len(), 0);
}

#[tokio::test(start_paused = true)]
async fn executed_job_that_was_closed_meanwhile_is_forgotten() {
    let mut bench = Bench::new();
    let job = bench.job(1, 10);
    // Its block is final and it is not open there: it was closed since.
    bench.write_journal(vec![bench.record_executed(&job, answer())]);
    bench.start().await;
    bench.block().await;
    bench.stop().await;
    assert_eq!(bench.ledger().attempts.len(), 0);
    assert!(bench.chain.submitted().is_empty());
}

#[tokio::test(start_paused = true)]
async fn crash_at_any_moment_never_repeats_an_execution_and_never_loses_an_answer() {
    // Functions take 0, 300, 600, … ms; the crash comes at any tenth of a second of two blocks.
    for moment in (0..40).map(|n| n * 100) {
        let mut bench = Bench::new();
        bench.config.work.executions = 2;
        bench.config.work.in_flight = 3;
        for function in 1..6 {
            let time = Duration::from_millis(300 * (function - 1));
            bench.executor.set(function, Behaviour::Sleep(time));
        }
        bench.start().await;
        let jobs: Vec<_> = (1..6)
            .map(|n| bench.assign_with(n, 20, |job| job.function = n))
            .collect();
        bench.chain.author();
        bench.wait(moment).await;
        bench.crash().await;
        let known = bench.ledger();
        let ran: Vec<_> = jobs.iter().map(|job| bench.executor.runs(job)).collect();
        bench.start().await;
        bench.blocks(8).await;
        assert!(bench.executor.most_runs() <= 1, "crash at {moment}");
        for (job, ran) in jobs.iter().zip(ran) {
            let item = bench.settled(job);
            let is_answered = item.outcome == Outcome::Success;
            let is_interrupted = item.outcome == Outcome::ProviderFailed(Fault::Interrupted);
            assert!(is_answered || is_interrupted, "crash at {moment}: {item:?}");
            match known.attempts.get(&AttemptKey::from(job)) {
                Some(Stage::Executed(..) | Stage::Submitted(..)) => assert!(is_answered),
                Some(Stage::Started(_)) => assert!(is_interrupted),
                _ => assert!(ran == 0 && is_answered, "crash at {moment}"),
            }
        }
        assert_eq!(bench.chain.missed(), []);
    }
}

#[tokio::test(start_paused = true)]
async fn stop_lets_running_jobs_end_and_sends_their_results() {
    let mut bench = Bench::started().await;
    let time = Duration::from_secs(3);
    bench.executor.set(1, Behaviour::Sleep(time));
    let job = bench.assign_with(1, 10, |job| job.function = 1);
    bench.chain.author();
    bench.wait(100).await;
    bench.stop().await;
    bench.chain.author();
    bench.assert_echoed(&job);
}

#[tokio::test(start_paused = true)]
async fn stop_does_not_wait_longer_than_its_grace() {
    let mut bench = Bench::started().await;
    bench.executor.set(1, Behaviour::Hang);
    let job = bench.assign_with(1, 100, |job| {
        job.function = 1;
        job.limits.timeout_ms = 100_000;
    });
    bench.chain.author();
    bench.wait(100).await;
    let begin = tokio::time::Instant::now();
    bench.stop().await;
    assert_eq!(begin.elapsed().as_secs(), 5);
    assert_eq!(bench.executor.running(), 0);
    bench.start().await;
    bench.block().await;
    bench.block().await;
    bench.assert_fault(&job, Fault::Interrupted);
    assert_eq!(bench.executor.runs(&job), 1);
}

#[tokio::test(start_paused = true)]
async fn second_dispatcher_on_the_same_journal_is_refused() {
    let bench = Bench::started().await;
    let stop = CancellationToken::new();
    let second = bench.dispatcher().run(stop).await;
    assert!(matches!(
        second,
        Err(Fatal::Journal(crate::journal::JournalError::Locked(_)))
    ));
}

#[tokio::test(start_paused = true)]
async fn adapter_that_panics_ends_the_dispatcher_and_the_next_one_goes_on() {
    let mut bench = Bench::started().await;
    bench.executor.set(1, Behaviour::Hang);
    let job = bench.assign_with(1, 30, |job| job.function = 1);
    bench.block().await;
    bench.chain.panic_next();
    bench.chain.author();
    let (task, _) = bench.running.take().unwrap();
    let ended = task.await.unwrap();
    assert!(matches!(ended, Err(Fatal::Ended { part: "worker" })));
    assert_eq!(bench.executor.running(), 0, "nothing is left behind");
    bench.start().await;
    bench.blocks(2).await;
    bench.assert_fault(&job, Fault::Interrupted);
}

#[tokio::test(start_paused = true)]
async fn result_under_a_key_that_was_changed_is_sent_after_a_restart() {
    let mut bench = Bench::new();
    let job = bench.assign(1, 10);
    bench.chain.author();
    bench.write_journal(vec![
        bench.record_started(&job),
        bench.record_executed(&job, answer()),
    ]);
    bench.chain.rotate_key();
    bench.start().await;
    bench.blocks(2).await;
    assert_eq!(inline(&bench.settled(&job)), b"before");
    assert_eq!(bench.executor.runs(&job), 0);
}

#[tokio::test(start_paused = true)]
async fn attempt_under_a_key_that_is_changed_meanwhile_is_executed_and_reported() {
    let bench = Bench::started().await;
    bench.block().await;
    let job = bench.assign(1, 10);
    bench.chain.rotate_key();
    bench.blocks(2).await;
    bench.assert_echoed(&job);
}
