use super::*;
use crate::{
    configs::{
        consensus::{BondingSessions, ReportLongevity},
        parameters::{billing, trust, RuntimeParameters},
        system::{RuntimeBlockLength, RuntimeBlockWeights},
    },
    constants::{
        by_chain::{EPOCH_SLOTS, UNBONDING_BLOCKS},
        governed,
        money::DFS,
        time::{DAYS, HOURS, MINIMUM_PERIOD_MILLIS, MINUTES, SLOT_DURATION_MILLIS},
    },
    genesis_settings::{EpochDuration, UnbondingDelay},
    *,
};
use frame_support::{
    assert_noop, assert_ok,
    dispatch::DispatchClass,
    traits::{Get, PalletInfoAccess},
};
use sp_runtime::{DispatchError, Permill};

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
