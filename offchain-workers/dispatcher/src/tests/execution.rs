//! One attempt, and what becomes of it.

use bytes::Bytes;
use defaas_primitives::{Fault, Input, Limit, Outcome, Output};
use sha2::{Digest as _, Sha256};

use super::*;
use crate::ports::PinKind;
use crate::testing::{cid, Behaviour, Fetch};

/// Long enough for every retry and time-out.
const LONG: u32 = 200;

#[tokio::test(start_paused = true)]
async fn job_is_executed_and_reported_in_the_next_block() {
    let bench = Bench::started().await;
    let job = bench.assign(1, 6);
    bench.block().await;
    bench.block().await;
    bench.assert_echoed(&job);
    let item = bench.settled(&job);
    assert_eq!((item.meters.duration_ms, item.meters.fuel), (1, Some(42)));
    assert_eq!(bench.metrics.outcome(&Outcome::Success), 1);
    assert_eq!(bench.metrics.handoff.count(), 1);
    assert_eq!(bench.metrics.started.get(), 1);
}

#[tokio::test(start_paused = true)]
async fn job_is_over_when_finalized_state_shows_it_closed() {
    let mut bench = Bench::started().await;
    bench.assign(1, 6);
    bench.block().await;
    bench.block().await;
    bench.chain.finalize_best();
    bench.wait(100).await;
    assert_eq!(bench.metrics.tracked.get(), 0);
    bench.stop().await;
    assert_eq!(bench.ledger().attempts.len(), 0);
}

/// Whether `job` is in the journal once a block was finalized.
async fn is_remembered_after(mut bench: Bench, finalized: BlockRef, job: &Job) -> bool {
    bench.chain.finalize(finalized);
    bench.wait(100).await;
    bench.stop().await;
    let known = bench.ledger().attempts;
    known.contains_key(&AttemptKey::from(job))
}

#[tokio::test(start_paused = true)]
async fn job_that_is_not_open_yet_in_finalized_state_is_not_over() {
    let bench = Bench::started().await;
    let before = bench.block().await;
    let job = bench.assign(1, 6);
    bench.blocks(2).await;
    bench.assert_echoed(&job);
    assert!(is_remembered_after(bench, before, &job).await);
}

#[tokio::test(start_paused = true)]
async fn job_that_is_still_open_in_finalized_state_is_not_over() {
    let bench = Bench::started().await;
    let job = bench.assign(1, 6);
    let opened = bench.block().await;
    bench.block().await;
    bench.assert_echoed(&job);
    assert!(is_remembered_after(bench, opened, &job).await);
}

#[tokio::test(start_paused = true)]
async fn long_output_is_stored_pinned_and_reported_by_cid() {
    let bench = Bench::started().await;
    let long = Bytes::from(vec![7; 4_097]);
    bench.executor.set(1, Behaviour::Answer(long.clone()));
    let job = bench.assign_with(1, 6, |job| job.function = 1);
    bench.blocks(2).await;
    let Some(Output::Stored { cid, digest }) = bench.settled(&job).output else {
        panic!("not stored");
    };
    assert_eq!(bench.store.stored(&cid), Some(long.clone()));
    assert_eq!(digest.size, 4_097);
    assert_eq!(digest.sha256, <[u8; 32]>::from(Sha256::digest(&long)));
    let (_, pin) = bench.store.pins().pop().unwrap();
    assert_eq!(pin.kind, PinKind::Output);
    assert_eq!(pin.until, job.deadline + bench.config.content.retention);
}

#[tokio::test(start_paused = true)]
async fn output_of_inline_length_stands_in_the_report() {
    let bench = Bench::started().await;
    let output = Bytes::from(vec![7; 4_096]);
    bench.executor.set(1, Behaviour::Answer(output.clone()));
    let job = bench.assign_with(1, 6, |job| job.function = 1);
    bench.blocks(2).await;
    assert_eq!(inline(&bench.settled(&job)), output);
}

#[tokio::test(start_paused = true)]
async fn output_over_the_limit_is_a_limit_exceeded() {
    let bench = Bench::started().await;
    let output = Bytes::from(vec![7; 11]);
    bench.executor.set(1, Behaviour::Answer(output));
    let job = bench.assign_with(1, 6, |job| {
        job.function = 1;
        job.limits.max_output_bytes = 10;
    });
    bench.blocks(2).await;
    let item = bench.settled(&job);
    assert_eq!(item.outcome, Outcome::LimitExceeded(Limit::Output));
    assert_eq!(item.output, None);
}

#[tokio::test(start_paused = true)]
async fn output_that_cannot_be_stored_is_this_providers_fault() {
    for (fails, fault) in [
        (Fetch::Full, Fault::Overloaded),
        (Fetch::Hang, Fault::Internal),
    ] {
        let bench = Bench::started().await;
        bench.store.set_put(Some(fails));
        let long = Bytes::from(vec![7; 5_000]);
        bench.executor.set(1, Behaviour::Answer(long));
        let job = bench.assign_with(1, LONG, |job| job.function = 1);
        bench.blocks(30).await;
        bench.assert_fault(&job, fault);
        assert_eq!(bench.executor.runs(&job), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn failed_function_is_reported_with_the_end_of_its_errors() {
    let bench = Bench::started().await;
    let mut errors = vec![b'x'; 5_000];
    errors.extend_from_slice(b"the end");
    bench
        .executor
        .set(1, Behaviour::Fail(errors.clone().into()));
    let job = bench.assign_with(1, 6, |job| job.function = 1);
    bench.blocks(2).await;
    let item = bench.settled(&job);
    assert_eq!(item.outcome, Outcome::FunctionFailed);
    assert_eq!(inline(&item), &errors[errors.len() - 4_096..]);
}

#[tokio::test(start_paused = true)]
async fn limit_is_reported_without_output() {
    let bench = Bench::started().await;
    bench.executor.set(1, Behaviour::Exceed(Limit::Memory));
    let job = bench.assign_with(1, 6, |job| job.function = 1);
    bench.blocks(2).await;
    let item = bench.settled(&job);
    assert_eq!(item.outcome, Outcome::LimitExceeded(Limit::Memory));
    assert_eq!(item.output, None);
}

#[tokio::test(start_paused = true)]
async fn input_by_cid_is_fetched_and_pinned() {
    let bench = Bench::started().await;
    bench.store.set(&cid(9), Fetch::Found("hello".into()));
    let job = bench.assign_with(1, 6, |job| {
        job.input = Input::Stored {
            cid: cid(9),
            size: 5,
        }
    });
    bench.blocks(2).await;
    assert_eq!(inline(&bench.settled(&job)), b"hello");
    let pins = bench.store.pins();
    let (_, pin) = pins.iter().find(|(pinned, _)| *pinned == cid(9)).unwrap();
    assert_eq!(pin.kind, PinKind::Input);
    assert_eq!(pin.until, job.deadline + bench.config.content.retention);
}

#[tokio::test(start_paused = true)]
async fn input_that_is_missing_or_wrong_is_input_unavailable() {
    let cases = [
        Fetch::Missing,
        Fetch::Mismatch,
        Fetch::Hang,
        Fetch::Found("longer than said".into()),
    ];
    for fetch in cases {
        let bench = Bench::started().await;
        bench.store.set(&cid(9), fetch);
        let job = bench.assign_with(1, LONG, |job| {
            job.input = Input::Stored {
                cid: cid(9),
                size: 5,
            }
        });
        bench.blocks(30).await;
        bench.assert_fault(&job, Fault::InputUnavailable);
        assert_eq!(bench.executor.runs(&job), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn code_that_cannot_be_had_is_a_fault_of_the_code() {
    let cases = [
        (Fetch::Missing, Fault::CodeUnavailable),
        (Fetch::Hang, Fault::CodeUnavailable),
        (Fetch::Mismatch, Fault::InvalidCode),
        (Fetch::Full, Fault::Overloaded),
    ];
    for (fetch, fault) in cases {
        let bench = Bench::started().await;
        bench.store.set(&cid(0), fetch);
        let job = bench.assign(1, LONG);
        bench.blocks(30).await;
        bench.assert_fault(&job, fault);
        assert_eq!(bench.executor.runs(&job), 0);
        assert_eq!(bench.metrics.started.get(), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn code_that_comes_at_the_last_try_is_executed() {
    let bench = Bench::started().await;
    bench.store.set(&cid(0), Fetch::FoundAfter(3, Bytes::new()));
    let job = bench.assign(1, 10);
    bench.blocks(4).await;
    bench.assert_echoed(&job);
    assert_eq!(bench.store.fetches(), 4);
}

#[tokio::test(start_paused = true)]
async fn code_that_cannot_be_deployed_is_reported_as_what_it_is() {
    let cases = [
        (Behaviour::Invalid, Fault::InvalidCode),
        (Behaviour::Unsupported, Fault::Unsupported),
    ];
    for (behaviour, fault) in cases {
        let bench = Bench::started().await;
        bench.executor.set(1, behaviour);
        let job = bench.assign_with(1, 6, |job| job.function = 1);
        bench.blocks(2).await;
        bench.assert_fault(&job, fault);
        assert_eq!(bench.executor.runs(&job), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn executor_that_hangs_is_given_up_after_limit_and_grace() {
    let bench = Bench::started().await;
    bench.executor.set(1, Behaviour::Hang);
    let job = bench.assign_with(1, LONG, |job| job.function = 1);
    // Ten seconds of limit and five of grace.
    bench.blocks(7).await;
    assert_eq!(bench.executor.running(), 1);
    assert_eq!(bench.chain.settled(&job), None);
    bench.blocks(3).await;
    bench.assert_fault(&job, Fault::Internal);
    assert_eq!(bench.executor.runs(&job), 1);
    assert_eq!(bench.executor.running(), 0);
}

#[tokio::test(start_paused = true)]
async fn executor_that_crashes_is_not_asked_again() {
    let bench = Bench::started().await;
    bench.executor.set(1, Behaviour::Crash);
    let job = bench.assign_with(1, 6, |job| job.function = 1);
    bench.blocks(2).await;
    bench.assert_fault(&job, Fault::Internal);
    assert_eq!(bench.executor.runs(&job), 1);
}

#[tokio::test(start_paused = true)]
async fn panic_in_one_job_is_reported_and_harms_no_other() {
    let bench = Bench::started().await;
    bench.executor.set(1, Behaviour::Panic);
    let bad = bench.assign_with(1, 6, |job| job.function = 1);
    let good = bench.assign(2, 6);
    bench.blocks(2).await;
    bench.assert_fault(&bad, Fault::Internal);
    bench.assert_echoed(&good);
    assert_eq!(bench.metrics.panics.get(), 1);
    let later = bench.assign(3, 6);
    bench.blocks(2).await;
    bench.assert_echoed(&later);
}
