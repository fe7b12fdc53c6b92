//! Who is judged for what, and which versions are suspended.

use defaas_primitives::{Fault, Outcome};
use defaas_traits::{
    mocks::{MockCatalog, MockProviders},
    SuspendReason, Verdict,
};

use crate::{mock::*, types::*};

/// A call whose attempts end like this: `None` is silence. Returns it and the providers, in order.
fn attempts(outcomes: &[Option<Outcome>]) -> (u64, Vec<u32>) {
    let id = assigned();
    let mut providers = Vec::new();
    for outcome in outcomes {
        providers.push(provider_of(id));
        match outcome {
            Some(outcome) => report(id, *outcome),
            None => next_blocks(DEADLINE_TICKS),
        }
        next_block();
    }
    (id, providers)
}

fn failed(fault: Fault) -> Option<Outcome> {
    Some(Outcome::ProviderFailed(fault))
}

fn suspended() -> Option<SuspendReason> {
    MockCatalog::suspended(FUNCTION, VERSION)
}

#[test]
fn earlier_failures_count_once_a_later_attempt_delivered() {
    ExtBuilder::default().build_and_execute(|| {
        let (id, providers) = attempts(&[
            failed(Fault::CodeUnavailable),
            failed(Fault::Overloaded),
            Some(Outcome::Success),
        ]);
        assert_eq!(status(id), Status::Settled(Outcome::Success));
        assert_eq!(
            MockProviders::verdicts(),
            [
                (providers[0], Verdict::Failed),
                (providers[1], Verdict::Failed),
                (providers[2], Verdict::Delivered)
            ]
        );
        assert_eq!(suspended(), None);
    });
}

#[test]
fn silence_is_judged_once_also_if_a_later_attempt_delivered() {
    ExtBuilder::default().build_and_execute(|| {
        let (_, providers) = attempts(&[None, Some(Outcome::Success)]);
        assert_eq!(
            MockProviders::verdicts(),
            [
                (providers[0], Verdict::Silent),
                (providers[1], Verdict::Delivered)
            ]
        );
    });
}

#[test]
fn nobody_is_judged_where_every_attempt_blames_the_content() {
    ExtBuilder::default().build_and_execute(|| {
        let (id, _) = attempts(&[
            failed(Fault::CodeUnavailable),
            failed(Fault::InputUnavailable),
            failed(Fault::InvalidCode),
        ]);
        assert_eq!(status(id), Status::Refunded(RefundReason::ContentUnusable));
        assert_eq!(MockProviders::verdicts(), []);
        assert_eq!(suspended(), None);
    });
}

#[test]
fn without_delivery_only_faults_that_do_not_blame_the_content_count() {
    ExtBuilder::default().build_and_execute(|| {
        let (id, providers) = attempts(&[
            failed(Fault::CodeUnavailable),
            failed(Fault::Internal),
            None,
        ]);
        assert_eq!(
            status(id),
            Status::Refunded(RefundReason::AttemptsExhausted)
        );
        assert_eq!(
            MockProviders::verdicts(),
            [
                (providers[2], Verdict::Silent),
                (providers[1], Verdict::Failed)
            ]
        );
    });
}

#[test]
fn a_version_whose_code_all_found_invalid_is_suspended() {
    ExtBuilder::default().build_and_execute(|| {
        attempts(&[failed(Fault::InvalidCode); 3]);
        assert_eq!(suspended(), Some(SuspendReason::InvalidCode));
        assert_eq!(
            request_with(ALICE, params()).unwrap_err().error,
            MockCatalog::OUT_OF_SERVICE
        );
    });
}

#[test]
fn a_version_whose_code_nobody_could_use_is_suspended_as_unavailable() {
    ExtBuilder::default().build_and_execute(|| {
        attempts(&[
            failed(Fault::InvalidCode),
            failed(Fault::CodeUnavailable),
            failed(Fault::InvalidCode),
        ]);
        assert_eq!(suspended(), Some(SuspendReason::CodeUnavailable));
    });
}

#[test]
fn two_providers_are_too_few_to_suspend() {
    ExtBuilder::default().providers(2).build_and_execute(|| {
        let id = assigned();
        for _ in 0..2 {
            report(id, Outcome::ProviderFailed(Fault::InvalidCode));
            next_block();
        }
        next_blocks(2 + 4 + 8 + 16);
        assert_eq!(status(id), Status::Refunded(RefundReason::ContentUnusable));
        assert_eq!(suspended(), None);
        assert_eq!(MockProviders::verdicts(), []);
    });
}

#[test]
fn input_that_nobody_could_fetch_suspends_nothing() {
    ExtBuilder::default().build_and_execute(|| {
        let (id, _) = attempts(&[failed(Fault::InputUnavailable); 3]);
        assert_eq!(status(id), Status::Refunded(RefundReason::ContentUnusable));
        assert_eq!(suspended(), None);
    });
}
