use super::*;
use crate::{
    configs::{
        consensus::{BondingSessions, ReportLongevity},
        functions::DrawShare,
        money::ExecutionFee,
        parameters::{billing, trust, RuntimeParameters},
        system::{RuntimeBlockLength, RuntimeBlockWeights},
    },
    constants::{
        by_chain::{EPOCH_SLOTS, UNBONDING_BLOCKS},
        governed,
        money::{DFS, MICRO_DFS},
        time::{DAYS, HOURS, MINIMUM_PERIOD_MILLIS, MINUTES, SLOT_DURATION_MILLIS},
    },
    genesis_settings::{EpochDuration, UnbondingDelay},
    *,
};
use defaas_primitives::{
    call::MAX_INLINE, report::MAX_REPORT_ITEMS, Meters, Outcome, Output, Report, ReportItem,
    ReportV1,
};
use frame_support::{
    assert_noop, assert_ok,
    dispatch::{DispatchClass, GetDispatchInfo},
    traits::{Get, PalletInfoAccess},
    weights::WeightToFee,
};
use sp_io::hashing::{blake2_128, twox_128};
use sp_runtime::{BoundedVec, DispatchError, Perbill, Permill};

#[test]
fn minimum_period_is_half_a_slot() {
    assert_eq!(MINIMUM_PERIOD_MILLIS * 2, SLOT_DURATION_MILLIS);
    TestExternalities::default().execute_with(|| {
        assert_eq!(Babe::slot_duration(), SLOT_DURATION_MILLIS);
        assert_eq!(
            <<Runtime as pallet_babe::Config>::ExpectedBlockTime as Get<u64>>::get(),
            SLOT_DURATION_MILLIS
        );
    });
}

#[test]
fn spans_add_up() {
    assert_eq!(
        u64::from(MINUTES) * SLOT_DURATION_MILLIS,
        60_000,
        "slots divide a minute"
    );
    assert_eq!((HOURS, DAYS), (1_800, 43_200));
    assert_eq!((EPOCH_SLOTS, UNBONDING_BLOCKS), (300, 302_400));
}

#[test]
fn reports_live_as_long_as_bonds_answer_and_sessions_longer() {
    for preset in genesis_presets::preset_names() {
        build(&genesis_config(&preset)).execute_with(|| {
            let delay = u64::from(UnbondingDelay::get());
            assert_eq!(ReportLongevity::get(), delay);
            assert!(BondingSessions::get() * EpochDuration::get() >= delay);
        });
    }
}

#[test]
fn block_leaves_room_for_operational_transactions_and_hooks() {
    let weights = RuntimeBlockWeights::get();
    let normal = weights.get(DispatchClass::Normal).max_total.expect("set");
    let operational = weights.get(DispatchClass::Operational);
    assert_eq!(
        normal + operational.reserved.expect("set"),
        weights.max_block
    );
    // At a proof size of zero `on_poll` would never run.
    assert_eq!(weights.max_block.proof_size(), u64::MAX);

    let length = RuntimeBlockLength::get();
    assert_eq!(*length.max.get(DispatchClass::Operational), 5 * 1024 * 1024);
    assert_eq!(
        *length.max.get(DispatchClass::Normal),
        5 * 1024 * 1024 / 4 * 3
    );
}

/// The largest report there can be.
fn largest_report() -> UncheckedExtrinsic {
    let item = ReportItem {
        invocation: 0,
        digest: Default::default(),
        replica: 0,
        attempt: 0,
        outcome: Outcome::Success,
        output: Some(Output::Inline(BoundedVec::truncate_from(vec![
            0;
            MAX_INLINE
                as usize
        ]))),
        meters: Meters {
            duration_ms: 0,
            fuel: Some(0),
        },
    };
    let report = ReportV1 {
        provider: 0,
        worker: Sr25519Keyring::Alice.public().into(),
        resend: 0,
        items: BoundedVec::truncate_from(vec![item; MAX_REPORT_ITEMS as usize]),
    };
    calls::signed_report(Sr25519Keyring::Alice, Report::V1(report))
}

/// In the first block of a session all but this share is taken.
#[test]
fn largest_report_fits_into_what_is_reserved_for_operational_transactions() {
    development().execute_with(|| {
        let report = largest_report();
        let info = report.get_dispatch_info();
        assert_eq!(info.class, DispatchClass::Operational);
        let weights = RuntimeBlockWeights::get();
        let operational = weights.get(DispatchClass::Operational);
        let booked = info
            .total_weight()
            .saturating_add(operational.base_extrinsic);
        let reserved = operational.reserved.expect("set");
        assert!(
            booked.ref_time() <= reserved.ref_time(),
            "{booked} is more than {reserved}"
        );

        let length = RuntimeBlockLength::get();
        let reserved =
            length.max.get(DispatchClass::Operational) - length.max.get(DispatchClass::Normal);
        assert!(report.encoded_size() as u32 <= reserved);
    });
}

/// The hooks of different pallets know nothing of each other.
#[test]
fn hooks_of_calls_take_a_fifth_of_a_block_at_most() {
    let most = Trust::max_poll_weight().saturating_add(Invocations::max_poll_weight());
    let fifth = Perbill::from_percent(20) * RuntimeBlockWeights::get().max_block;
    assert!(
        most.ref_time() <= fifth.ref_time(),
        "{most} is more than {fifth}"
    );

    let draws = DrawShare::get() * RuntimeBlockWeights::get().max_block;
    assert_eq!(draws.ref_time() / Invocations::draw_cost().ref_time(), 45);
}

#[test]
fn network_fee_covers_what_the_transactions_of_three_attempts_would_cost() {
    TestExternalities::default().execute_with(|| {
        let fee = <<Runtime as pallet_billing::Config>::NetworkFee as Get<Balance>>::get();
        let base = RuntimeBlockWeights::get()
            .get(DispatchClass::Operational)
            .base_extrinsic;
        let attempt = Invocations::draw_cost()
            .saturating_add(base)
            .saturating_add(Invocations::report_cost(1))
            .saturating_add(Invocations::authorize_cost(1, MAX_INLINE));
        let all = attempt
            .saturating_mul(constants::calls::MAX_ATTEMPTS.into())
            .saturating_add(Invocations::prune_cost());
        assert!(fee >= ExecutionFee::weight_to_fee(&all));
        // As the documentation shows it. A change of weights changes it: knowingly.
        assert_eq!(fee, 2_792 * MICRO_DFS);

        // What is not covered is small beside it.
        let length = TransactionPayment::length_to_fee(MAX_INLINE);
        let weight = ExecutionFee::weight_to_fee(&Invocations::report_cost(1));
        assert!(length * 5 < weight, "{length} of {weight}");
    });
}

/// The domains that the table in the documentation of the primitives lists.
#[test]
fn no_domain_of_a_hash_is_the_beginning_of_another() {
    let domains: [&[u8]; 8] = [
        defaas_primitives::identity::CALL_DOMAIN,
        defaas_primitives::notice::NOTICE_DOMAIN,
        defaas_primitives::report::REPORT_DOMAIN,
        defaas_primitives::voucher::VOUCHER_DOMAIN,
        defaas_primitives::worker::POSSESSION_DOMAIN,
        pallet_invocations::digest::DRAW_DOMAIN,
        pallet_invocations::digest::SPLIT_DOMAIN,
        pallet_trust::draw::SAMPLE_DOMAIN,
    ];
    for (index, domain) in domains.iter().enumerate() {
        for other in domains.iter().skip(index + 1) {
            assert!(!domain.starts_with(other) && !other.starts_with(domain));
        }
    }
}

/// Stored keys are made of these, so none may ever name another parameter.
#[test]
fn keys_of_parameters_are_frozen() {
    let set = |parameters: RuntimeParameters| {
        assert_ok!(Parameters::set_parameter(RuntimeOrigin::root(), parameters));
    };
    let share = Some(Permill::zero());
    let amount = Some(1);
    type Billing = billing::Parameters;
    type Trust = trust::Parameters;
    let settings: [(RuntimeParameters, [u8; 2]); 7] = [
        (
            RuntimeParameters::Billing(Billing::TreasuryShare(billing::TreasuryShare, share)),
            [0, 0],
        ),
        (
            RuntimeParameters::Billing(Billing::PriceBase(billing::PriceBase, amount)),
            [0, 1],
        ),
        (
            RuntimeParameters::Billing(Billing::PricePerSecond128MiB(
                billing::PricePerSecond128MiB,
                amount,
            )),
            [0, 2],
        ),
        (
            RuntimeParameters::Trust(Trust::MinBond(trust::MinBond, amount)),
            [1, 0],
        ),
        (
            RuntimeParameters::Trust(Trust::FloorBond(trust::FloorBond, amount)),
            [1, 1],
        ),
        (
            RuntimeParameters::Trust(Trust::BondPerSlot(trust::BondPerSlot, amount)),
            [1, 2],
        ),
        (
            RuntimeParameters::Trust(Trust::Slice(trust::Slice, amount)),
            [1, 3],
        ),
    ];
    let prefix = [twox_128(b"Parameters"), twox_128(b"Parameters")].concat();
    TestExternalities::default().execute_with(|| {
        for (parameters, key) in settings {
            let stored = [&prefix[..], &blake2_128(&key), &key].concat();
            assert_eq!(sp_io::storage::get(&stored), None, "{key:?}");
            set(parameters);
            // The value names its parameter too.
            let value = sp_io::storage::get(&stored).expect("set");
            assert_eq!(value[..2], key);
        }
    });
}

#[test]
fn parameters_start_at_their_first_values() {
    TestExternalities::default().execute_with(|| {
        assert_eq!(billing::TreasuryShare::get(), Permill::from_percent(5));
        assert_eq!(billing::PriceBase::get(), DFS / 1_000);
        assert_eq!(billing::PricePerSecond128MiB::get(), DFS / 10_000);
        assert_eq!(trust::MinBond::get(), 100 * DFS);
        assert_eq!(trust::FloorBond::get(), 50 * DFS);
        assert_eq!(trust::BondPerSlot::get(), 10 * DFS);
        assert_eq!(trust::Slice::get(), DFS);
    });
}

#[test]
fn only_root_sets_a_parameter_and_unsetting_it_restores_the_first_value() {
    development().execute_with(|| {
        let set = |value| RuntimeParameters::Trust(trust::Parameters::Slice(trust::Slice, value));
        assert_noop!(
            Parameters::set_parameter(
                RuntimeOrigin::signed(Sr25519Keyring::Alice.to_account_id()),
                set(Some(7))
            ),
            DispatchError::BadOrigin
        );
        assert_ok!(Parameters::set_parameter(
            RuntimeOrigin::root(),
            set(Some(7))
        ));
        assert_eq!(trust::Slice::get(), 7);
        assert_ok!(Parameters::set_parameter(RuntimeOrigin::root(), set(None)));
        assert_eq!(trust::Slice::get(), governed::SLICE);
    });
}

#[test]
fn indices_of_pallets_are_frozen() {
    let indices = [
        (System::index(), 0),
        (GenesisSettings::index(), 1),
        (Babe::index(), 2),
        (Timestamp::index(), 3),
        (Balances::index(), 4),
        (TransactionPayment::index(), 5),
        (Authorship::index(), 6),
        (Trust::index(), 7),
        (Offences::index(), 8),
        (Historical::index(), 9),
        (Session::index(), 10),
        (Grandpa::index(), 11),
        (AuthorityDiscovery::index(), 12),
        (Parameters::index(), 20),
        (Utility::index(), 21),
        (Registry::index(), 50),
        (Access::index(), 51),
        (Billing::index(), 52),
        (Invocations::index(), 53),
    ];
    for (index, frozen) in indices {
        assert_eq!(index, frozen);
    }
}

#[test]
fn authorized_transaction_is_a_general_one_that_survives_its_encoding() {
    use frame_system::offchain::CreateAuthorizedTransaction;
    TestExternalities::default().execute_with(|| {
        let call: RuntimeCall = frame_system::Call::remark { remark: vec![1] }.into();
        let transaction =
            <Runtime as CreateAuthorizedTransaction<RuntimeCall>>::create_authorized_transaction(
                call.clone(),
            );
        assert!(matches!(
            transaction.preamble,
            generic::Preamble::General(_)
        ));
        let decoded: UncheckedExtrinsic =
            codec::Decode::decode(&mut &transaction.encode()[..]).expect("its own encoding");
        assert_eq!(decoded.function, call);
    });
}

#[test]
fn session_change_takes_the_whole_block_and_leaves_the_next_one_free() {
    development().execute_with(|| {
        let epoch = EpochDuration::get() as u32;
        let parent = author_until(genesis_header(), epoch);
        open_block(&parent);
        let weights = RuntimeBlockWeights::get();
        assert!(System::block_weight().total().any_gte(weights.max_block));
        let parent = Executive::finalize_block();
        open_block(&parent);
        assert!(System::block_weight().total().all_lt(weights.max_block));
    });
}
