//! Much to do, and little time.

use std::time::Duration;

use defaas_primitives::{Fault, Input};

use super::*;
use crate::testing::{cid, Behaviour, Fetch};

#[tokio::test(start_paused = true)]
async fn more_jobs_than_room_are_all_done_within_the_bounds() {
    let mut bench = Bench::new();
    bench.config.work.in_flight = 8;
    bench.config.work.executions = 3;
    let time = Duration::from_millis(100);
    bench.executor.set(1, Behaviour::Sleep(time));
    bench.start().await;
    // More than two pages of the work list.
    let jobs: Vec<_> = (0..250)
        .map(|n| bench.assign_with(n, 30, |job| job.function = 1))
        .collect();
    bench.blocks(8).await;
    for job in &jobs {
        bench.assert_echoed(job);
    }
    assert_eq!(bench.executor.most_running(), 3);
    for report in bench.chain.submitted() {
        assert!(report.items.len() <= 32);
    }
}

#[tokio::test(start_paused = true)]
async fn jobs_that_find_no_place_to_wait_are_refused_as_overload() {
    let mut bench = Bench::new();
    bench.config.work.in_flight = 1;
    bench.config.work.executions = 1;
    bench.config.work.queued = 2;
    let time = Duration::from_secs(1);
    bench.executor.set(1, Behaviour::Sleep(time));
    bench.start().await;
    let jobs: Vec<_> = (0..5)
        .map(|n| bench.assign_with(n, 20, |job| job.function = 1))
        .collect();
    bench.blocks(4).await;
    let refused: Vec<_> = jobs
        .iter()
        .filter(|job| bench.outcome(job) == Outcome::ProviderFailed(Fault::Overloaded))
        .map(|job| (job.invocation, bench.executor.runs(job)))
        .collect();
    assert_eq!(refused, [(2, 0), (3, 0), (4, 0)]);
    bench.assert_echoed(&jobs[0]);
    bench.assert_echoed(&jobs[1]);
}

#[tokio::test(start_paused = true)]
async fn execution_that_will_miss_its_deadline_is_cut_and_reported_in_time() {
    let bench = Bench::started().await;
    bench.executor.set(1, Behaviour::Hang);
    let job = bench.assign_with(1, 6, |job| {
        job.function = 1;
        job.limits.timeout_ms = 300_000;
    });
    bench.blocks(6).await;
    bench.assert_fault(&job, Fault::Overloaded);
    assert_eq!(bench.executor.runs(&job), 1);
    assert_eq!(bench.executor.running(), 0);
    assert_eq!(bench.chain.missed(), []);
}

#[tokio::test(start_paused = true)]
async fn fetch_that_will_miss_the_deadline_is_cut_and_reported_in_time() {
    let bench = Bench::started().await;
    bench.store.set(&cid(0), Fetch::Hang);
    // Its first try may take longer than there is.
    let job = bench.assign_with(1, 6, |job| job.code.size = 64 * 1024 * 1024);
    bench.blocks(6).await;
    bench.assert_fault(&job, Fault::Overloaded);
    assert_eq!(bench.executor.runs(&job), 0);
    assert_eq!(bench.chain.missed(), []);
}

#[tokio::test(start_paused = true)]
async fn fetch_that_failed_before_it_was_cut_is_reported_as_what_it_lacks() {
    for (missing, fault) in [
        (cid(0), Fault::CodeUnavailable),
        (cid(9), Fault::InputUnavailable),
    ] {
        let bench = Bench::started().await;
        bench.store.set(&cid(9), Fetch::Found("hello".into()));
        bench.store.set(&missing, Fetch::Hang);
        // There are ten seconds, and a try takes six.
        let job = bench.assign_with(1, 8, |job| {
            job.input = Input::Stored {
                cid: cid(9),
                size: 5,
            }
        });
        bench.blocks(8).await;
        bench.assert_fault(&job, fault);
        assert_eq!(bench.executor.runs(&job), 0);
        assert_eq!(bench.chain.missed(), []);
    }
}

#[tokio::test(start_paused = true)]
async fn job_behind_a_queue_that_is_too_slow_is_refused_at_once() {
    let mut bench = Bench::new();
    bench.config.work.in_flight = 1;
    bench.config.work.executions = 1;
    let time = Duration::from_secs(8);
    bench.executor.set(1, Behaviour::Sleep(time));
    bench.start().await;
    let measured = bench.assign_with(1, 20, |job| job.function = 1);
    bench.blocks(6).await;
    bench.assert_echoed(&measured);
    // Each takes eight seconds; three ticks are left beyond the margin, which is six.
    let first = bench.assign_with(2, 30, |job| job.function = 1);
    let second = bench.assign(3, 6);
    bench.blocks(2).await;
    bench.assert_fault(&second, Fault::Overloaded);
    bench.blocks(6).await;
    bench.assert_echoed(&first);
}

#[tokio::test(start_paused = true)]
async fn job_that_comes_too_late_is_refused() {
    let bench = Bench::started().await;
    let job = bench.assign(1, 3);
    bench.blocks(2).await;
    bench.assert_fault(&job, Fault::Overloaded);
    assert_eq!(bench.executor.runs(&job), 0);
}

#[tokio::test(start_paused = true)]
async fn nearest_deadline_goes_first() {
    let mut bench = Bench::new();
    bench.config.work.in_flight = 1;
    bench.config.work.executions = 1;
    let time = Duration::from_secs(3);
    bench.executor.set(1, Behaviour::Sleep(time));
    bench.start().await;
    let patient = bench.assign_with(1, 40, |job| job.function = 1);
    let urgent = bench.assign_with(2, 10, |job| job.function = 1);
    bench.block().await;
    assert_eq!(bench.executor.runs(&urgent), 1);
    assert_eq!(bench.executor.runs(&patient), 0);
    bench.blocks(4).await;
    bench.assert_echoed(&patient);
}

#[tokio::test(start_paused = true)]
async fn attempts_beyond_what_can_be_remembered_wait_for_room() {
    let mut bench = Bench::new();
    bench.config.work.tracked = 2;
    bench.start().await;
    let jobs: Vec<_> = (0..3).map(|n| bench.assign(n, 30)).collect();
    bench.blocks(2).await;
    assert_eq!(bench.executor.runs(&jobs[2]), 0);
    assert!(bench.metrics.not_tracked.get() > 0);
    bench.chain.finalize_best();
    bench.wait(100).await;
    bench.blocks(2).await;
    for job in &jobs {
        bench.assert_echoed(job);
    }
}

#[tokio::test(start_paused = true)]
async fn cut_work_list_leaves_alone_what_lies_beyond_the_cut() {
    let mut bench = Bench::new();
    bench.config.work.tracked = 150;
    bench.config.work.in_flight = 1;
    bench.config.work.executions = 1;
    let time = Duration::from_secs(300);
    bench.executor.set(1, Behaviour::Sleep(time));
    bench.start().await;
    // One with a high number runs; then many with lower ones fill the list before it.
    let beyond = bench.assign_with(10_000, 200, |job| {
        job.function = 1;
        job.limits.timeout_ms = 300_000;
    });
    bench.block().await;
    for n in 0..300 {
        bench.assign(n, 250);
    }
    bench.chain.set_pool(crate::testing::PoolMode::Later);
    bench.blocks(5).await;
    assert_eq!(bench.executor.runs(&beyond), 1);
    assert_eq!(bench.executor.running(), 1, "not taken for gone");
    assert_eq!(bench.metrics.cancelled.get(), 0);
}

const MIB: u32 = 1024 * 1024;

#[tokio::test(start_paused = true)]
async fn more_calls_than_places_and_memory_share_them_and_all_end_well() {
    let mut bench = Bench::new();
    bench.config.work.executions = 4;
    bench.config.work.memory_bytes = (256 * MIB).into();
    let time = Duration::from_millis(300);
    bench.executor.set(1, Behaviour::Sleep(time));
    bench.start().await;
    let jobs: Vec<_> = [64, 128, 256, 32]
        .into_iter()
        .cycle()
        .take(80)
        .zip(0..)
        .map(|(mib, n)| {
            bench.assign_with(n, 60, |job| {
                job.function = 1;
                job.limits.memory_bytes = mib * MIB;
            })
        })
        .collect();
    bench.blocks(15).await;
    for job in &jobs {
        bench.assert_echoed(job);
    }
    assert_eq!(bench.executor.most_memory(), u64::from(256 * MIB));
    assert!((2..=4).contains(&bench.executor.most_running()));
}

#[tokio::test(start_paused = true)]
async fn call_that_needs_more_memory_than_there_is_at_all_is_unsupported() {
    let mut bench = Bench::new();
    bench.config.work.memory_bytes = (256 * MIB).into();
    bench.start().await;
    let fits = bench.assign_with(1, 6, |job| job.limits.memory_bytes = 256 * MIB);
    let exceeds = bench.assign_with(2, 6, |job| job.limits.memory_bytes = 256 * MIB + 1);
    bench.blocks(2).await;
    bench.assert_echoed(&fits);
    bench.assert_fault(&exceeds, Fault::Unsupported);
    assert_eq!(bench.executor.runs(&exceeds), 0);
}

#[tokio::test(start_paused = true)]
async fn call_that_waits_for_memory_until_its_deadline_is_overload_in_time() {
    let mut bench = Bench::new();
    bench.config.work.memory_bytes = (256 * MIB).into();
    let time = Duration::from_secs(100);
    bench.executor.set(1, Behaviour::Sleep(time));
    bench.start().await;
    let running = bench.assign_with(1, 100, |job| {
        job.function = 1;
        job.limits.timeout_ms = 300_000;
    });
    bench.block().await;
    let waiting = bench.assign_with(2, 8, |job| job.limits.memory_bytes = 256 * MIB);
    bench.blocks(8).await;
    bench.assert_fault(&waiting, Fault::Overloaded);
    assert_eq!(bench.executor.runs(&waiting), 0);
    assert_eq!(bench.executor.runs(&running), 1);
    assert_eq!(bench.executor.running(), 1);
    assert_eq!(bench.chain.missed(), []);
}

#[tokio::test(start_paused = true)]
async fn inputs_of_calls_that_wait_for_a_place_stay_within_their_bytes() {
    let mut bench = Bench::new();
    bench.config.work.executions = 1;
    bench.config.work.input_bytes = 8 * 1024;
    let time = Duration::from_millis(1_500);
    bench.executor.set(1, Behaviour::Sleep(time));
    bench.start().await;
    let input = bytes::Bytes::from(vec![7; 4 * 1024]);
    bench.store.set(&cid(9), Fetch::Found(input));
    let jobs: Vec<_> = (0..6)
        .map(|n| {
            bench.assign_with(n, 60, |job| {
                job.function = 1;
                job.input = Input::Stored {
                    cid: cid(9),
                    size: 4 * 1024,
                };
            })
        })
        .collect();
    let fetched = || {
        let pins = bench.store.pins();
        pins.iter().filter(|(pinned, _)| *pinned == cid(9)).count()
    };
    bench.chain.author();
    bench.wait(1_000).await;
    assert_eq!(fetched(), 2, "one executes and one waits");
    bench.wait(1_000).await;
    assert_eq!(fetched(), 3);
    bench.blocks(8).await;
    assert_eq!(fetched(), 6);
    for job in &jobs {
        assert_eq!(bench.outcome(job), Outcome::Success);
    }
}

#[tokio::test(start_paused = true)]
async fn output_that_will_not_be_stored_before_the_deadline_is_overload_in_time_and_not_run_again()
{
    let mut bench = Bench::started().await;
    bench.store.set_put(Some(Fetch::Hang));
    let long = bytes::Bytes::from(vec![7; 5_000]);
    bench.executor.set(1, Behaviour::Answer(long));
    // Ten seconds are left, and the tries to store it take more than twenty.
    let job = bench.assign_with(1, 8, |job| job.function = 1);
    bench.blocks(5).await;
    assert_eq!(bench.chain.settled(&job), None);
    bench.chain.set_pool(crate::testing::PoolMode::Later);
    bench.block().await;
    bench.crash().await;
    bench.chain.set_pool(crate::testing::PoolMode::Judge);
    bench.start().await;
    bench.blocks(2).await;
    bench.assert_fault(&job, Fault::Overloaded);
    assert_eq!(bench.executor.runs(&job), 1);
    assert_eq!(bench.chain.missed(), []);
}
