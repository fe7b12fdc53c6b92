//! Which reports enter the pool and blocks.

use defaas_primitives::{Digest, Fault, Outcome, Report, ReportItem, ReportV1, WorkerSignature};
use defaas_traits::mocks::MockProviders;
use frame_support::pallet_prelude::{
    InvalidTransaction, TransactionSource, TransactionValidityError, UnknownTransaction,
};
use sp_core::Pair;

use crate::{mock::*, types::FIRST_REPLICA};

const STALE: TransactionValidityError =
    TransactionValidityError::Invalid(InvalidTransaction::Stale);
const UNKNOWN: TransactionValidityError =
    TransactionValidityError::Unknown(UnknownTransaction::CannotLookup);
const BAD_PROOF: TransactionValidityError =
    TransactionValidityError::Invalid(InvalidTransaction::BadProof);
const MALFORMED: TransactionValidityError =
    TransactionValidityError::Invalid(InvalidTransaction::Call);

/// What the pool and a block say of the same report.
#[track_caller]
fn verdicts(report: (Report, WorkerSignature)) -> [Result<(), TransactionValidityError>; 2] {
    [TransactionSource::External, TransactionSource::InBlock]
        .map(|source| validate(source, report.clone()).map(drop))
}

/// A report of one item of `id`, changed before it is signed.
fn changed(id: u64, change: impl FnOnce(&mut ReportItem)) -> (Report, WorkerSignature) {
    let mut item = item(id, Outcome::Success);
    change(&mut item);
    batch(provider_of(id), vec![item])
}

#[test]
fn a_true_report_is_valid_everywhere() {
    ExtBuilder::default().build_and_execute(|| {
        let id = assigned();
        let report = changed(id, |_| ());
        for source in [
            TransactionSource::External,
            TransactionSource::Local,
            TransactionSource::InBlock,
        ] {
            let valid = validate(source, report.clone()).unwrap();
            assert_eq!(valid.priority, ReportPriority::get());
            assert_eq!(valid.longevity, u64::from(DEADLINE_TICKS));
            assert_eq!(valid.provides.len(), 1);
            assert!(valid.requires.is_empty());
            assert!(valid.propagate);
        }
    });
}

#[test]
fn each_live_item_provides_a_tag_and_the_first_deadline_is_the_longevity() {
    ExtBuilder::default().providers(1).build_and_execute(|| {
        let first = assigned();
        next_blocks(3);
        let second = assigned();
        let alone = changed(first, |_| ());
        let both = batch(
            0,
            vec![
                item(first, Outcome::Success),
                item(second, Outcome::Success),
            ],
        );
        let alone = validate(TransactionSource::External, alone).unwrap();
        let both = validate(TransactionSource::External, both).unwrap();
        assert_eq!(both.provides.len(), 2);
        assert_eq!(both.provides[0], alone.provides[0]);
        assert_ne!(both.provides[0], both.provides[1]);
        assert_eq!(both.longevity, u64::from(DEADLINE_TICKS) - 4);
    });
}

#[test]
fn attempts_of_one_call_provide_different_tags() {
    ExtBuilder::default().build_and_execute(|| {
        let id = assigned();
        let first = validate(TransactionSource::External, changed(id, |_| ())).unwrap();
        report(id, Outcome::ProviderFailed(Fault::Internal));
        next_block();
        let second = validate(TransactionSource::External, changed(id, |_| ())).unwrap();
        assert_ne!(first.provides, second.provides);
    });
}

#[test]
fn a_resend_has_a_higher_priority_and_the_same_tags() {
    ExtBuilder::default().build_and_execute(|| {
        let id = assigned();
        let sent = |resend| {
            let provider = provider_of(id);
            let report = signed(ReportV1 {
                provider,
                worker: key(provider).public(),
                resend,
                items: vec![item(id, Outcome::Success)].try_into().unwrap(),
            });
            validate(TransactionSource::External, report).unwrap()
        };
        let (first, second, last) = (sent(0), sent(1), sent(u16::MAX));
        assert_eq!(second.priority, first.priority + 1);
        assert_eq!(last.priority, first.priority + u64::from(u16::MAX));
        assert_eq!(first.provides, last.provides);
    });
}

#[test]
fn at_the_deadline_a_block_takes_it_but_the_pool_does_not() {
    ExtBuilder::default().build_and_execute(|| {
        let id = assigned();
        let report = changed(id, |_| ());
        next_blocks(DEADLINE_TICKS - 1);
        assert_eq!(Invocations::tick() + 1, assignment(id).deadline);
        assert_eq!(verdicts(report.clone()), [Ok(()), Ok(())]);
        next_block();
        assert_eq!(Invocations::tick(), assignment(id).deadline);
        assert_eq!(verdicts(report.clone()), [Err(STALE), Ok(())]);
        next_block();
        assert_eq!(verdicts(report), [Err(STALE), Err(STALE)]);
    });
}

#[test]
fn after_the_deadline_it_is_stale_even_before_the_sweep() {
    ExtBuilder::default().build_and_execute(|| {
        let id = assigned();
        let report = changed(id, |_| ());
        let deadline = assignment(id).deadline;
        crate::Tick::<Test>::put(deadline + 1);
        assert!(crate::Assignments::<Test>::contains_key(id, FIRST_REPLICA));
        assert_eq!(verdicts(report), [Err(STALE), Err(STALE)]);
        crate::Tick::<Test>::put(1);
    });
}

#[test]
fn a_number_not_given_out_yet_is_unknown() {
    ExtBuilder::default().build_and_execute(|| {
        let id = assigned();
        let report = changed(id, |item| item.invocation = 99);
        assert_eq!(verdicts(report), [Err(UNKNOWN), Err(UNKNOWN)]);
    });
}

#[test]
fn a_later_attempt_is_unknown() {
    ExtBuilder::default().build_and_execute(|| {
        let id = assigned();
        let report = changed(id, |item| item.attempt = 1);
        assert_eq!(verdicts(report), [Err(UNKNOWN), Err(UNKNOWN)]);
    });
}

#[test]
fn an_earlier_attempt_is_stale() {
    ExtBuilder::default().build_and_execute(|| {
        let id = assigned();
        let early = changed(id, |_| ());
        report(id, Outcome::ProviderFailed(Fault::Internal));
        assert_eq!(verdicts(early.clone()), [Err(STALE), Err(STALE)]);
        next_block();
        assert_eq!(verdicts(early), [Err(STALE), Err(STALE)]);
    });
}

#[test]
fn while_the_call_waits_for_the_draw_it_is_unknown() {
    ExtBuilder::default().build_and_execute(|| {
        let id = assigned();
        let first_provider = provider_of(id);
        let mut next = item(id, Outcome::Success);
        next.attempt = 1;
        report(id, Outcome::ProviderFailed(Fault::Internal));
        let next = batch(first_provider, vec![next]);
        assert_eq!(verdicts(next), [Err(UNKNOWN), Err(UNKNOWN)]);
    });
}

#[test]
fn a_waiting_call_with_another_digest_is_stale() {
    ExtBuilder::default().build_and_execute(|| {
        let mut other = item(assigned(), Outcome::Success);
        other.invocation = request();
        assert_eq!(verdicts(batch(0, vec![other])), [Err(STALE), Err(STALE)]);
    });
}

#[test]
fn another_digest_is_stale() {
    ExtBuilder::default().build_and_execute(|| {
        let id = assigned();
        let report = changed(id, |item| item.digest = Digest::repeat_byte(1));
        assert_eq!(verdicts(report), [Err(STALE), Err(STALE)]);
    });
}

#[test]
fn another_replica_is_stale() {
    ExtBuilder::default().build_and_execute(|| {
        let id = assigned();
        let report = changed(id, |item| item.replica = 1);
        assert_eq!(verdicts(report), [Err(STALE), Err(STALE)]);
    });
}

#[test]
fn somebody_elses_assignment_is_stale() {
    ExtBuilder::default().build_and_execute(|| {
        let id = assigned();
        let thief = (provider_of(id) + 1) % 5;
        let report = batch(thief, vec![item(id, Outcome::Success)]);
        assert_eq!(verdicts(report), [Err(STALE), Err(STALE)]);
    });
}

#[test]
fn the_name_of_the_provider_with_another_key_is_stale() {
    ExtBuilder::default().build_and_execute(|| {
        let id = assigned();
        let provider = provider_of(id);
        let thief = key(77);
        let report = Report::V1(ReportV1 {
            provider,
            worker: thief.public(),
            resend: 0,
            items: vec![item(id, Outcome::Success)].try_into().unwrap(),
        });
        let signature = thief.sign(&report.payload(&GENESIS));
        assert_eq!(verdicts((report, signature)), [Err(STALE), Err(STALE)]);
    });
}

#[test]
fn a_wrong_signature_is_a_bad_proof() {
    ExtBuilder::default().build_and_execute(|| {
        let id = assigned();
        let (report, _) = changed(id, |_| ());
        let forged = key(77).sign(&report.payload(&GENESIS));
        assert_eq!(
            verdicts((report.clone(), forged)),
            [Err(BAD_PROOF), Err(BAD_PROOF)]
        );
        let other_chain = key(provider_of(id)).sign(&report.payload(&Digest::zero()));
        assert_eq!(
            verdicts((report, other_chain)),
            [Err(BAD_PROOF), Err(BAD_PROOF)]
        );
    });
}

#[test]
fn the_signature_covers_every_part() {
    ExtBuilder::default().build_and_execute(|| {
        let id = assigned();
        let (Report::V1(report), signature) = changed(id, |_| ());
        let mut resent = report.clone();
        resent.resend = 1;
        let mut other = report;
        other.items[0].outcome = Outcome::FunctionFailed;
        for forged in [resent, other] {
            assert_eq!(
                verdicts((Report::V1(forged), signature.clone())),
                [Err(BAD_PROOF), Err(BAD_PROOF)]
            );
        }
    });
}

#[test]
fn a_rotated_key_still_reports_what_was_assigned_to_it() {
    ExtBuilder::default().providers(1).build_and_execute(|| {
        let old = assigned();
        MockProviders::rotate::<AccountId>(0, key(55).public());
        let new = assigned();
        assert_eq!(verdicts(changed(old, |_| ())), [Ok(()), Ok(())]);
        assert_eq!(verdicts(changed(new, |_| ())), [Err(STALE), Err(STALE)]);
        let report = Report::V1(ReportV1 {
            provider: 0,
            worker: key(55).public(),
            resend: 0,
            items: vec![item(new, Outcome::Success)].try_into().unwrap(),
        });
        let signature = key(55).sign(&report.payload(&GENESIS));
        assert_eq!(verdicts((report, signature)), [Ok(()), Ok(())]);
    });
}

#[test]
fn an_output_above_the_limit_is_stale() {
    ExtBuilder::default().build_and_execute(|| {
        let id = assigned();
        let at = changed(id, |item| item.output = Some(output(&[0; 2_000])));
        assert_eq!(verdicts(at), [Ok(()), Ok(())]);
        let above = changed(id, |item| item.output = Some(output(&[0; 2_001])));
        assert_eq!(verdicts(above), [Err(STALE), Err(STALE)]);
    });
}

#[test]
fn an_item_that_is_not_well_formed_is_stale() {
    ExtBuilder::default().build_and_execute(|| {
        let id = assigned();
        let without = changed(id, |item| item.output = None);
        assert_eq!(verdicts(without), [Err(STALE), Err(STALE)]);
        let with = changed(id, |item| {
            item.outcome = Outcome::ProviderFailed(Fault::Internal);
        });
        assert_eq!(verdicts(with), [Err(STALE), Err(STALE)]);
    });
}

#[test]
fn items_out_of_order_or_twice_or_none_are_malformed() {
    ExtBuilder::default().providers(1).build_and_execute(|| {
        let (first, second) = (request(), request());
        next_block();
        let (first, second) = (
            item(first, Outcome::Success),
            item(second, Outcome::Success),
        );
        for items in [
            vec![],
            vec![second.clone(), first.clone()],
            vec![first.clone(), first],
        ] {
            assert_eq!(verdicts(batch(0, items)), [Err(MALFORMED), Err(MALFORMED)]);
        }
        assert_eq!(verdicts(batch(0, vec![second])), [Ok(()), Ok(())]);
    });
}

#[test]
fn of_an_ended_and_of_a_pruned_call_it_is_stale() {
    ExtBuilder::default().build_and_execute(|| {
        let id = assigned();
        let late = changed(id, |_| ());
        report(id, Outcome::Success);
        assert_eq!(verdicts(late.clone()), [Err(STALE), Err(STALE)]);
        next_blocks(RecordRetention::get() + 1);
        assert_eq!(Invocations::invocation(id), None);
        assert_eq!(verdicts(late), [Err(STALE), Err(STALE)]);
    });
}

/// Items of the only provider: `settled` that are done, then `open`.
fn mixed(settled: usize, open: usize) -> Vec<ReportItem> {
    let ids: Vec<u64> = (0..settled + open).map(|_| request()).collect();
    next_block();
    let items: Vec<ReportItem> = ids.iter().map(|id| item(*id, Outcome::Success)).collect();
    for id in &ids[..settled] {
        report(*id, Outcome::Success);
    }
    items
}

#[test]
fn half_stale_is_enough_for_the_pool() {
    ExtBuilder::default().providers(1).build_and_execute(|| {
        assert_eq!(verdicts(batch(0, mixed(2, 2))), [Ok(()), Ok(())]);
    });
}

#[test]
fn more_than_half_stale_is_enough_for_a_block_only() {
    ExtBuilder::default().providers(1).build_and_execute(|| {
        assert_eq!(verdicts(batch(0, mixed(3, 2))), [Err(STALE), Ok(())]);
    });
}

#[test]
fn more_than_half_of_the_bytes_stale_is_enough_for_a_block_only() {
    ExtBuilder::default().providers(1).build_and_execute(|| {
        let mut items = mixed(1, 1);
        items[0].output = Some(output(&[0; 100]));
        assert_eq!(verdicts(batch(0, items)), [Err(STALE), Ok(())]);
    });
}

#[test]
fn too_few_live_items_beside_an_unknown_one_are_unknown() {
    ExtBuilder::default().providers(1).build_and_execute(|| {
        let mut items = mixed(2, 1);
        let mut unknown = items[2].clone();
        unknown.invocation = 99;
        items.push(unknown);
        assert_eq!(verdicts(batch(0, items)), [Err(UNKNOWN), Ok(())]);
    });
}
