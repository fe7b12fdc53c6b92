//! What the node sees and says through the runtime API: one call with its work list, report and
//! states; and notices.

use super::{calls, *};
use crate::{faas_api::runtime_decl_for_faas_api::FaasApiV2, Balance, Block};
use defaas_primitives::{
    Endpoint, Host, Meters, Notice, NoticeBody, Outcome, Output, Report, ReportItem, ReportV1,
    Status, WorkerId, WorkerPair,
};
use sp_core::Pair;
use sp_runtime::BoundedVec;

/// Status of call 0.
fn status() -> Option<Status> {
    <Runtime as FaasApiV2<Block>>::invocation_state(0).map(|state| state.status)
}

#[test]
fn call_is_seen_taken_and_reported_through_the_api() {
    let bob = Sr25519Keyring::Bob;
    development().execute_with(|| {
        let worker = WorkerPair::from(Sr25519Keyring::Alice.pair());
        let provider = <Runtime as FaasApiV2<Block>>::provider_of(worker.public());
        let provider = provider.expect("Alice is a provider at genesis");
        let stranger = WorkerId::from(bob.public());
        assert_eq!(<Runtime as FaasApiV2<Block>>::provider_of(stranger), None);

        let mut header = author_until(genesis_header(), 1);
        open_block(&header);
        apply(bob, 0, 0, calls::publish("echo", 0))
            .unwrap()
            .unwrap();
        apply(bob, 1, 0, calls::open_to_everybody(0))
            .unwrap()
            .unwrap();
        assert_eq!(status(), None);
        apply(bob, 2, 0, calls::request(0, b"hello", Balance::MAX / 2))
            .unwrap()
            .unwrap();
        assert_eq!(status(), Some(Status::Requested));
        header = Executive::finalize_block();
        assert!(<Runtime as FaasApiV2<Block>>::jobs(provider, None, 10).is_empty());

        // Drawn in the next block.
        header = author_until(header.clone(), header.number + 1);
        assert_eq!(status(), Some(Status::Assigned));
        let jobs = <Runtime as FaasApiV2<Block>>::jobs(provider, None, 10);
        let [job] = jobs.try_into().expect("one call is open");
        assert_eq!(job.worker, worker.public());
        assert!(job.deadline > <Runtime as FaasApiV2<Block>>::tick());
        let after = Some(job.cursor());
        assert!(<Runtime as FaasApiV2<Block>>::jobs(provider, after, 10).is_empty());

        let output = Output::Inline(BoundedVec::truncate_from(b"HELLO".to_vec()));
        let digest = output.digest();
        let report = Report::V1(ReportV1 {
            provider,
            worker: job.worker.clone(),
            resend: 0,
            items: BoundedVec::truncate_from(vec![ReportItem {
                invocation: job.invocation,
                digest: job.digest,
                replica: job.replica,
                attempt: job.attempt,
                outcome: Outcome::Success,
                output: Some(output),
                meters: Meters {
                    duration_ms: 3,
                    fuel: None,
                },
            }]),
        });
        open_block(&header);
        let signature = worker.sign(&report.payload(&System::block_hash(0)));
        let transaction = <Runtime as FaasApiV2<Block>>::report_extrinsic(report, signature);
        Executive::apply_extrinsic(transaction).unwrap().unwrap();

        let state = <Runtime as FaasApiV2<Block>>::invocation_state(0).expect("on record");
        assert_eq!(state.status, Status::Settled(Outcome::Success));
        assert_eq!(
            (state.provider, state.deadline, state.output),
            (Some(provider), None, Some(digest))
        );
        assert!(<Runtime as FaasApiV2<Block>>::jobs(provider, None, 10).is_empty());
    });
}

#[test]
fn notices_are_taken_and_their_standing_is_seen_through_the_api() {
    development().execute_with(|| {
        let worker = WorkerPair::from(Sr25519Keyring::Alice.pair());
        let standing =
            || <Runtime as FaasApiV2<Block>>::worker_standing(worker.public()).expect("a provider");
        let stranger = WorkerId::from(Sr25519Keyring::Bob.public());
        assert_eq!(
            <Runtime as FaasApiV2<Block>>::worker_standing(stranger),
            None
        );
        let before = standing();
        assert!(before.available && before.interval > 0);
        assert_eq!((before.endpoint_from, before.available_from), (0, 0));

        open_block(&author_until(genesis_header(), 1));
        let endpoint = Endpoint {
            host: Host::Ip4([192, 0, 2, 7]),
            port: 443,
            tls: true,
        };
        let bodies = [
            NoticeBody::Available(false),
            NoticeBody::Endpoint(endpoint.clone()),
        ];
        for (body, sequence) in bodies.into_iter().zip(before.sequence + 1..) {
            let notice = Notice {
                provider: before.provider,
                sequence,
                body,
            };
            let signature = worker.sign(&notice.payload(&System::block_hash(0)));
            let transaction = <Runtime as FaasApiV2<Block>>::notice_extrinsic(notice, signature);
            Executive::apply_extrinsic(transaction).unwrap().unwrap();
        }
        let after = standing();
        let from = System::block_number() + after.interval;
        assert!(!after.available);
        assert_eq!(after.endpoint, endpoint);
        assert_eq!(after.sequence, before.sequence + 2);
        assert_eq!((after.endpoint_from, after.available_from), (from, from));
    });
}
