//! What workers and watchers read.

use std::collections::BTreeSet;

use defaas_primitives::{Outcome, Path};

use crate::{mock::*, types::FIRST_REPLICA, MAX_RECORDS_PAGE};

#[test]
fn a_job_has_all_that_a_worker_needs() {
    ExtBuilder::default().build_and_execute(|| {
        let id = assigned();
        let given = assignment(id);
        let jobs = Invocations::assignments(given.provider, None, 10);
        assert_eq!(jobs.len(), 1);
        let job = &jobs[0];
        assert_eq!(job.cursor(), (id, FIRST_REPLICA));
        assert_eq!(job.digest, Invocations::status_of(id).unwrap().0);
        assert_eq!((job.attempt, job.deadline), (0, given.deadline));
        assert_eq!(job.worker, given.worker);
        assert_eq!((job.function, job.version), (FUNCTION, VERSION));
        assert_eq!(job.code, function().code);
        assert_eq!(job.limits, function().limits);
        assert_eq!((job.deterministic, job.source), (false, Some(1)));
        assert_eq!(job.path, Path::default());
        assert_eq!(job.input, inline(b"hello"));
    });
}

#[test]
fn pages_hold_every_job_once() {
    ExtBuilder::default().providers(1).build_and_execute(|| {
        let ids: BTreeSet<u64> = (0..23).map(|_| request()).collect();
        next_block();
        let mut seen = Vec::new();
        let mut from = None;
        loop {
            let page = Invocations::assignments(0, from, 5);
            seen.extend(page.iter().map(|job| job.invocation));
            from = page.last().map(|job| job.cursor());
            if page.len() < 5 {
                break;
            }
        }
        assert_eq!(seen.len(), 23);
        assert_eq!(seen.into_iter().collect::<BTreeSet<u64>>(), ids);
    });
}

#[test]
fn a_page_goes_on_after_a_job_that_is_done() {
    ExtBuilder::default().providers(1).build_and_execute(|| {
        for _ in 0..6 {
            request();
        }
        next_block();
        let page = Invocations::assignments(0, None, 3);
        let last = page[2].cursor();
        report(last.0, Outcome::Success);
        let rest = Invocations::assignments(0, Some(last), 10);
        assert_eq!(rest.len(), 3);
        assert!(rest
            .iter()
            .all(|job| page.iter().all(|seen| seen.invocation != job.invocation)));
    });
}

#[test]
fn a_page_is_bounded() {
    ExtBuilder::default().providers(1).build_and_execute(|| {
        for _ in 0..110 {
            request();
        }
        next_blocks(4);
        assert_eq!(Invocations::assignments(0, None, u32::MAX).len(), 100);
        assert_eq!(Invocations::assignments(0, None, 0).len(), 0);
        assert_eq!(Invocations::assignments(1, None, 10).len(), 0);
        let records = Invocations::invocations(0, u32::MAX);
        assert_eq!(records.len(), MAX_RECORDS_PAGE as usize);
        assert_eq!(Invocations::invocations(100, 100).len(), 10);
        assert_eq!(Invocations::invocations(u64::MAX, 100).len(), 0);
    });
}

#[test]
fn records_that_were_pruned_are_left_out_of_a_page() {
    ExtBuilder::default().build_and_execute(|| {
        let old = assigned();
        report(old, Outcome::Success);
        next_blocks(RecordRetention::get() + 1);
        let new = request();
        let ids: Vec<u64> = Invocations::invocations(0, 10)
            .iter()
            .map(|(id, _)| *id)
            .collect();
        assert_eq!(ids, [new]);
        assert_eq!(Invocations::status_of(old), None);
    });
}
