//! Random calls by random actors through `Executive`, with every extension. After each block every
//! invariant holds and no money came or went; in the end every call has ended.

mod steps;

use self::steps::{step, Call, Notice, ReportKind, Step, ACTORS};
use super::{calls::*, invariants, *};
use crate::{
    constants::{
        calls::{MAX_FULL_REDRAWS, REMOVAL_DELAY},
        money::DFS,
    },
    faas_api::notice_extrinsic,
    AccountId, Balance, Trust,
};
use defaas_primitives::{Endpoint, Host, NoticeBody, Outcome, ProviderId, WorkerId, WorkerPair};
use pallet_access::Rule;
use pallet_invocations::{deadline::MAX_FULL_DELAY, Assignment};
use proptest::prelude::*;
use sp_core::Pair;

/// Blocks in which every call ends, if all providers are silent: three deadlines, all new draws, and
/// the blocks that sessions take.
const LONGEST_LIFE: u32 = 130 + MAX_FULL_REDRAWS as u32 * MAX_FULL_DELAY;

/// The one of the keyring whose public key `worker` is.
fn holder_of(worker: &WorkerId) -> Sr25519Keyring {
    Sr25519Keyring::iter()
        .find(|key| WorkerId::from(key.public()) == *worker)
        .expect("all keys are of the keyring")
}

/// Somebody who never is the holder of a worker key that it is asked about.
fn stranger_to(worker: &WorkerId) -> Sr25519Keyring {
    match holder_of(worker) {
        Sr25519Keyring::One => Sr25519Keyring::Two,
        _ => Sr25519Keyring::One,
    }
}

/// A walk through the states of the chain.
struct Walk {
    header: Header,
    issuance: Balance,
    /// Free transactions that were taken.
    taken: Vec<UncheckedExtrinsic>,
}

impl Walk {
    /// With a block open in which some functions and providers begin: function 0, which everybody may
    /// call, function 1, which some may, and three providers with room for two calls each.
    fn begin() -> Self {
        let issuance = Balances::total_issuance();
        let header = author_until(genesis_header(), 1);
        open_block(&header);
        publish_for_everybody();
        let mut walk = Self {
            header,
            issuance,
            taken: Vec::new(),
        };
        let room_for_two = pallet_trust::Call::update {
            endpoint: None,
            labels: None,
            capabilities: None,
            capacity: Some(2),
            encryption_key: None,
        };
        apply(Sr25519Keyring::Alice, 0, 0, room_for_two.into())
            .unwrap()
            .unwrap();
        let [bob, charlie] = [1, 2];
        for (actor, call) in [
            (bob, Call::Register(200 * DFS, 2)),
            (charlie, Call::Register(200 * DFS, 2)),
            (charlie, Call::Publish("b".into(), DFS)),
            (charlie, Call::SetPolicy(1, vec![Rule::Accounts])),
            (charlie, Call::Grant(1, 3, None, Some(2))),
            (charlie, Call::Grant(1, 4, Some(30), Some(3))),
            (charlie, Call::Grant(1, 5, None, None)),
        ] {
            walk.take(actor, false, Step::Signed(call));
        }
        assert_eq!(pallet_access::Grants::<Runtime>::iter().count(), 3);
        assert_eq!(pallet_trust::Providers::<Runtime>::iter().count(), 3);
        walk
    }

    fn check(&self) {
        assert_eq!(invariants::check(), Ok(()));
        assert_eq!(Balances::total_issuance(), self.issuance);
    }

    /// Ends the block and opens the one that comes `blocks` after it.
    fn advance(&mut self, blocks: u32) {
        self.header = Executive::finalize_block();
        self.check();
        self.header = much_later(self.header.clone(), blocks - 1);
        open_block(&self.header);
        // With the first transaction, whatever becomes of it, the hooks run. Nobody pays for this one.
        let remark = frame_system::Call::remark { remark: vec![] };
        assert!(apply(Sr25519Keyring::One, 0, 0, remark.into()).is_err());
    }

    /// `likely`: whether a signed call is made by somebody who may well succeed with it.
    fn take(&mut self, actor: usize, likely: bool, step: Step) {
        match step {
            Step::NextBlock => self.advance(1),
            Step::Later => self.advance(REMOVAL_DELAY),
            Step::Signed(call) => {
                let likely = likely.then(|| call.likely_signer(actor)).flatten();
                let who = likely.unwrap_or(ACTORS[actor]);
                let nonce = System::account_nonce(who.to_account_id());
                // Refusals are as welcome as successes: both must keep the invariants.
                let _ = apply(who, nonce, 0, call.by(who));
            }
            Step::Report(which, kinds, right_key) => self.report(which, &kinds, right_key),
            Step::Notice(which, notice, step, right_key) => {
                self.notice(which, notice, step, right_key);
            }
            Step::Replay(which) => {
                let Some(index) = which.checked_rem(self.taken.len()) else {
                    return;
                };
                let again = Executive::apply_extrinsic(self.taken[index].clone());
                assert!(again.is_err(), "it was taken twice");
            }
        }
    }

    /// Applies a free transaction.
    fn send(&mut self, transaction: UncheckedExtrinsic) -> bool {
        let sent = Executive::apply_extrinsic(transaction.clone());
        if sent.is_ok() {
            assert_eq!(
                sent,
                Ok(Ok(())),
                "a free call that fails could be sent again"
            );
            self.taken.push(transaction);
        }
        sent.is_ok()
    }

    /// Sends a report on one of the open assignments, if there is one, and on those that follow with
    /// the same worker. It is taken exactly if the right key signs and any of it can be true.
    fn report(&mut self, which: usize, kinds: &[ReportKind], right_key: bool) {
        let open = assignments();
        let Some(index) = which.checked_rem(open.len()) else {
            return;
        };
        let (provider, worker) = (open[index].2.provider, open[index].2.worker.clone());
        let results: Vec<_> = open[index..]
            .iter()
            .filter(|(_, _, other)| (other.provider, &other.worker) == (provider, &worker))
            .zip(kinds)
            .collect();
        let is_live = results.iter().any(|(_, kind)| kind.is_live());
        let report = batch(results.into_iter().map(|(of, kind)| result(of, *kind)));
        let signer = if right_key {
            holder_of(&worker)
        } else {
            stranger_to(&worker)
        };
        let taken = self.send(signed_report(signer, report));
        assert_eq!(
            taken,
            is_live && right_key,
            "{kinds:?}, right key: {right_key}"
        );
    }

    /// Sends what the worker of a provider says, if there is one.
    fn notice(&mut self, which: usize, notice: Notice, step: u64, right_key: bool) {
        let all: Vec<ProviderId> = pallet_trust::Providers::<Runtime>::iter_keys().collect();
        let Some(index) = which.checked_rem(all.len()) else {
            return;
        };
        let info = Trust::provider(all[index]).expect("listed");
        let notice = defaas_primitives::Notice {
            provider: all[index],
            sequence: info.profile.sequence + step,
            body: match notice {
                Notice::Available(available) => NoticeBody::Available(available),
                Notice::Endpoint(port) => NoticeBody::Endpoint(Endpoint {
                    host: Host::Ip4([127, 0, 0, 1]),
                    port,
                    tls: false,
                }),
            },
        };
        let signer = if right_key {
            holder_of(&info.provider.worker)
        } else {
            stranger_to(&info.provider.worker)
        };
        let payload = notice.payload(&System::block_hash(0));
        let signature = WorkerPair::from(signer.pair()).sign(&payload);
        let taken = self.send(notice_extrinsic(notice, signature));
        assert!(!taken || (right_key && step > 0));
    }

    /// Nobody does anything any more, until every call has ended.
    fn end(mut self) {
        self.header = Executive::finalize_block();
        self.check();
        let end = self.header.number + LONGEST_LIFE;
        author_until(self.header.clone(), end);
        self.check();
        for (id, record) in pallet_invocations::Invocations::<Runtime>::iter() {
            let status = record.status;
            assert!(!record.is_open(), "call {id} never ended: {status:?}");
        }
        // With the invariants: nothing is on hold for calls, nobody has load or exposure.
        assert!(assignments().is_empty());
        assert_eq!(pallet_billing::Holds::<Runtime>::iter().count(), 0);
    }
}

/// A report of one result.
fn result(
    (id, replica, assignment): &(u64, u8, Assignment<AccountId>),
    kind: ReportKind,
) -> defaas_primitives::Report {
    let mut assignment = assignment.clone();
    let (outcome, output): (_, Option<Vec<u8>>) = match kind {
        ReportKind::Success => (Outcome::Success, Some(vec![1])),
        ReportKind::FunctionFailed => (Outcome::FunctionFailed, Some(vec![])),
        ReportKind::LimitExceeded(limit) => (Outcome::LimitExceeded(limit), None),
        ReportKind::Fault(fault) => (Outcome::ProviderFailed(fault), None),
        ReportKind::TooLong => (Outcome::Success, Some(vec![1; 1_025])),
        ReportKind::OtherDigest => {
            assignment.digest = Default::default();
            (Outcome::Success, Some(vec![1]))
        }
    };
    report_on(&(*id, *replica, assignment), outcome, output.as_deref())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn invariants_hold_whatever_is_called(
        steps in prop::collection::vec(
            (0..ACTORS.len(), prop::bool::weighted(0.8), step()),
            40..200,
        ),
    ) {
        development().execute_with(|| {
            let mut walk = Walk::begin();
            for (actor, likely, step) in steps {
                walk.take(actor, likely, step);
            }
            walk.end();
        });
    }
}
