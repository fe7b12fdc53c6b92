//! Wake-ups, and what the pool does with reports.

use super::*;
use crate::testing::PoolMode;

#[tokio::test(start_paused = true)]
async fn lost_wake_ups_are_made_up_for() {
    let bench = Bench::started().await;
    bench.chain.mute(true);
    let job = bench.assign(1, 20);
    bench.blocks(7).await;
    bench.assert_echoed(&job);
}

#[tokio::test(start_paused = true)]
async fn doubled_wake_ups_read_the_same_block_once() {
    let bench = Bench::started().await;
    let job = bench.assign(1, 20);
    bench.chain.author_without_reports();
    bench.wait(100).await;
    let pages = bench.chain.pages();
    for _ in 0..20 {
        bench.chain.wake();
        bench.wait(10).await;
    }
    assert_eq!(bench.chain.pages(), pages);
    assert_eq!(bench.chain.submitted().len(), 1);
    assert_eq!(bench.executor.runs(&job), 1);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_done_while_the_node_is_behind() {
    let bench = Bench::started().await;
    bench.chain.set_syncing(true);
    let job = bench.assign(1, 20);
    bench.blocks(3).await;
    assert_eq!(bench.executor.runs(&job), 0);
    bench.chain.set_syncing(false);
    bench.blocks(2).await;
    bench.assert_echoed(&job);
}

#[tokio::test(start_paused = true)]
async fn node_that_does_not_answer_is_asked_again() {
    let bench = Bench::started().await;
    bench.chain.set_failing(true);
    let job = bench.assign(1, 20);
    bench.blocks(3).await;
    assert!(bench.metrics.look_errors.get() >= 3);
    bench.chain.set_failing(false);
    bench.blocks(2).await;
    bench.assert_echoed(&job);
}

#[tokio::test(start_paused = true)]
async fn report_that_authors_leave_out_is_sent_again_with_each_block() {
    let bench = Bench::started().await;
    let job = bench.assign(1, 20);
    for _ in 0..4 {
        bench.chain.author_without_reports();
        bench.wait(2_000).await;
    }
    let reports = bench.chain.submitted();
    let resends: Vec<_> = reports.iter().map(|report| report.resend).collect();
    assert_eq!(resends, [0, 1, 2, 3]);
    assert!(reports.windows(2).all(|w| w[0].items == w[1].items));
    bench.block().await;
    bench.assert_echoed(&job);
    bench.block().await;
    assert_eq!(bench.chain.submitted().len(), 4, "included: not sent again");
    assert_eq!(bench.metrics.reports_resent.get(), 3);
}

#[tokio::test(start_paused = true)]
async fn report_is_sent_again_after_the_node_lost_its_pool() {
    let bench = Bench::started().await;
    let job = bench.assign(1, 20);
    bench.chain.author();
    bench.wait(1_000).await;
    bench.chain.clear_pool();
    bench.blocks(2).await;
    bench.assert_echoed(&job);
}

#[tokio::test(start_paused = true)]
async fn report_that_the_pool_postpones_or_does_not_answer_is_sent_later() {
    for mode in [PoolMode::Later, PoolMode::Hang] {
        let bench = Bench::started().await;
        bench.chain.set_pool(mode);
        let job = bench.assign(1, 30);
        bench.blocks(5).await;
        assert_eq!(bench.chain.settled(&job), None);
        bench.chain.set_pool(PoolMode::Judge);
        bench.blocks(4).await;
        bench.assert_echoed(&job);
        assert!(bench.metrics.reports_postponed.get() > 0);
    }
}

#[tokio::test(start_paused = true)]
async fn pool_that_hangs_does_not_hold_up_the_work() {
    let bench = Bench::started().await;
    bench.chain.set_pool(PoolMode::Hang);
    let jobs: Vec<_> = (0..3)
        .map(|n| {
            let job = bench.assign(n, 30);
            bench.chain.author();
            job
        })
        .collect();
    bench.wait(1_000).await;
    for job in &jobs {
        assert_eq!(bench.executor.runs(job), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn report_that_is_refused_is_tried_again() {
    let bench = Bench::started().await;
    bench.chain.set_pool(PoolMode::Refuse);
    let job = bench.assign(1, 30);
    bench.blocks(3).await;
    assert!(bench.metrics.reports_refused.get() > 0);
    bench.chain.set_pool(PoolMode::Judge);
    bench.blocks(6).await;
    bench.assert_echoed(&job);
}

#[tokio::test(start_paused = true)]
async fn one_item_that_the_pool_refuses_does_not_hold_up_the_others() {
    let bench = Bench::started().await;
    let jobs: Vec<_> = (0..8).map(|n| bench.assign(n, 30)).collect();
    bench.chain.poison(AttemptKey::from(&jobs[3]));
    bench.blocks(8).await;
    for job in &jobs {
        assert_eq!(bench.executor.runs(job), 1);
        let is_settled = bench.chain.settled(job).is_some();
        assert_eq!(is_settled, job.invocation != 3, "call {}", job.invocation);
    }
}

#[tokio::test(start_paused = true)]
async fn results_that_come_together_share_a_report() {
    let bench = Bench::started().await;
    let jobs: Vec<_> = (0..40).map(|n| bench.assign(n, 30)).collect();
    bench.blocks(2).await;
    for job in &jobs {
        bench.assert_echoed(job);
    }
    let lens: Vec<_> = bench
        .chain
        .submitted()
        .iter()
        .map(|report| report.items.len())
        .collect();
    assert_eq!(lens.iter().sum::<usize>(), 40);
    assert!(lens.len() <= 3, "{lens:?}");
}

#[tokio::test(start_paused = true)]
async fn result_under_an_old_key_is_signed_by_that_key() {
    let bench = Bench::started().await;
    let old = bench.assign_with(1, 30, |job| job.worker = crate::testing::worker(2));
    let new = bench.assign(2, 30);
    bench.blocks(2).await;
    bench.assert_echoed(&old);
    bench.assert_echoed(&new);
    let reports = bench.chain.submitted();
    assert_eq!(reports.len(), 2);
    for report in reports {
        let job = if report.items[0].invocation == 1 {
            &old
        } else {
            &new
        };
        assert_eq!(report.worker, job.worker);
    }
}
