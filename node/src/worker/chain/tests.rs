use super::*;
use defaas_primitives::{Cid, Code, CodeKind, Digest, Input, Limits, Path};
use sp_runtime::transaction_validity::UnknownTransaction;

fn job(invocation: u64) -> Job {
    Job {
        invocation,
        digest: Digest::zero(),
        replica: 0,
        attempt: 0,
        deadline: 9,
        worker: WorkerId::from(sr25519::Public::from_raw([0; 32])),
        function: 0,
        version: 1,
        code: Code {
            cid: Cid::raw_sha256([0; 32]),
            sha256: [0; 32],
            size: 1,
            kind: CodeKind::Wasm,
        },
        limits: Limits {
            timeout_ms: 1,
            memory_bytes: 1,
            max_input_bytes: 1,
            max_output_bytes: 1,
        },
        deterministic: false,
        source: None,
        path: Path::default(),
        input: Input::Inline(Default::default()),
    }
}

#[test]
fn pages_follow_each_other_also_after_a_job_that_is_gone() {
    let jobs: Vec<_> = [1, 2, 4, 7].map(job).into();
    let ids = |after, limit| -> Vec<u64> {
        let page = page(&jobs, after, limit);
        page.iter().map(|job| job.invocation).collect()
    };
    assert_eq!(ids(None, 2), [1, 2]);
    assert_eq!(ids(Some((2, 0)), 9), [4, 7]);
    assert_eq!(ids(Some((3, 0)), 1), [4]);
    assert!(ids(Some((7, 0)), 9).is_empty());
}

#[test]
fn jobs_of_keys_that_another_machine_has_are_left_out_and_counted() {
    let key = |n| WorkerId::from(sr25519::Public::from_raw([n; 32]));
    let jobs = || -> Vec<_> {
        let jobs = [(1, 0), (2, 7), (3, 0), (4, 8)].into_iter();
        jobs.map(|(id, n)| Job {
            worker: key(n),
            ..job(id)
        })
        .collect()
    };
    let own = |keys: &[WorkerId]| {
        let mut jobs = jobs();
        let foreign = leave_own(&mut jobs, keys);
        let ids: Vec<_> = jobs.iter().map(|job| job.invocation).collect();
        (ids, foreign)
    };
    assert_eq!(own(&[key(0)]), (vec![1, 3], 2));
    assert_eq!(own(&[key(8), key(7)]), (vec![2, 4], 2));
    assert_eq!(own(&[key(0), key(7), key(8)]), (vec![1, 2, 3, 4], 0));
    assert_eq!(own(&[]), (vec![], 4));
}

#[tokio::test(start_paused = true)]
async fn answer_that_does_not_come_is_a_time_out_that_names_the_question() {
    let answer = in_time::<()>("the question", std::future::pending()).await;
    assert!(matches!(
        answer,
        Err(ChainError::TimedOut {
            question: "the question"
        })
    ));
    let answer = in_time("the question", async { Ok(7) }).await;
    assert_eq!(answer.expect("there is one"), 7);
}

#[test]
fn pool_answers_are_told_apart() {
    let cases = [
        (
            PoolError::AlreadyImported(Box::new(())),
            Submission::AlreadyKnown,
        ),
        (
            PoolError::UnknownTransaction(UnknownTransaction::CannotLookup),
            Submission::Later,
        ),
        (
            PoolError::TooLowPriority { old: 2, new: 1 },
            Submission::Later,
        ),
        (PoolError::TemporarilyBanned, Submission::Later),
        (
            PoolError::InvalidTransaction(InvalidTransaction::Stale),
            Submission::Refused,
        ),
        (
            PoolError::InvalidTransaction(InvalidTransaction::BadProof),
            Submission::Refused,
        ),
    ];
    for (refusal, expected) in cases {
        assert_eq!(submission(&refusal), expected, "{refusal}");
    }
}

#[test]
fn best_block_is_old_without_slot_or_some_slots_behind_the_clock() {
    assert!(is_old(None, 100));
    assert!(is_old(Some(100 - OLD_SLOTS - 1), 100));
    assert!(!is_old(Some(100 - OLD_SLOTS), 100));
    assert!(!is_old(Some(101), 100));
}
