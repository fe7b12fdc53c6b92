//! The frame the other pallets stand in: limits of a block, time, batching of calls.

use crate::{
    constants::{
        block::{HOOKS_PERCENT, MAX_HEADER_SIZE, MAX_LENGTH, MAX_REF_TIME, NORMAL_PERCENT},
        money::SS58_PREFIX,
        time::{BLOCK_HASH_COUNT, MINIMUM_PERIOD_MILLIS},
    },
    genesis_settings, AccountId, Babe, Balance, Block, BlockNumber, Hash, Moment, Nonce,
    OriginCaller, PalletInfo, Runtime, RuntimeCall, RuntimeEvent, RuntimeOrigin, RuntimeTask,
    VERSION,
};
use frame_support::{
    derive_impl,
    dispatch::DispatchClass,
    parameter_types,
    traits::{ConstU16, ConstU64},
    weights::{
        constants::{BlockExecutionWeight, ExtrinsicBaseWeight, ParityDbWeight},
        Weight,
    },
};
use frame_system::limits::{BlockLength, BlockWeights};
use sp_runtime::Perbill;
use sp_version::RuntimeVersion;

/// Share of a block that ordinary transactions may use.
pub const NORMAL_RATIO: Perbill = Perbill::from_percent(NORMAL_PERCENT);

/// Weight of a whole block. There is no proof to be shipped to anybody, so the proof size is
/// unlimited; it must not be zero, because `on_poll` runs only while *both* dimensions have weight
/// left.
pub const MAX_BLOCK_WEIGHT: Weight = Weight::from_parts(MAX_REF_TIME, u64::MAX);

parameter_types! {
    /// Number of recent block hashes kept on chain.
    pub const BlockHashCount: BlockNumber = BLOCK_HASH_COUNT;
    /// Version of the runtime.
    pub const Version: RuntimeVersion = VERSION;
    /// Weight limits of a block. What ordinary transactions leave is reserved for operational
    /// ones: a block full of transfers still takes the reports of workers.
    pub RuntimeBlockWeights: BlockWeights = BlockWeights::builder()
        .base_block(BlockExecutionWeight::get())
        .for_class(DispatchClass::all(), |weights| {
            weights.base_extrinsic = ExtrinsicBaseWeight::get();
        })
        .for_class(DispatchClass::Normal, |weights| {
            weights.max_total = Some(NORMAL_RATIO * MAX_BLOCK_WEIGHT);
        })
        .for_class(DispatchClass::Operational, |weights| {
            weights.max_total = Some(MAX_BLOCK_WEIGHT);
            weights.reserved = Some(MAX_BLOCK_WEIGHT - NORMAL_RATIO * MAX_BLOCK_WEIGHT);
        })
        .avg_block_initialization(Perbill::from_percent(HOOKS_PERCENT))
        .build_or_panic();
    /// Length limits of a block.
    pub RuntimeBlockLength: BlockLength = BlockLength::builder()
        .max_length(MAX_LENGTH)
        .modify_max_length_for_class(DispatchClass::Normal, |length| {
            *length = NORMAL_RATIO * *length;
        })
        .max_header_size(MAX_HEADER_SIZE)
        .build();
}

#[derive_impl(frame_system::config_preludes::SolochainDefaultConfig)]
impl frame_system::Config for Runtime {
    type Block = Block;
    type BlockHashCount = BlockHashCount;
    type BlockWeights = RuntimeBlockWeights;
    type BlockLength = RuntimeBlockLength;
    // The node's default database.
    type DbWeight = ParityDbWeight;
    type Version = Version;
    type AccountId = AccountId;
    type AccountData = pallet_balances::AccountData<Balance>;
    type Nonce = Nonce;
    type Hash = Hash;
    type SS58Prefix = ConstU16<SS58_PREFIX>;
    type SystemWeightInfo = frame_system::weights::SubstrateWeight<Runtime>;
    type ExtensionsWeightInfo = frame_system::SubstrateExtensionsWeight<Runtime>;
}

impl genesis_settings::Config for Runtime {
    type EpochDuration = genesis_settings::EpochDuration;
    type UnbondingDelay = genesis_settings::UnbondingDelay;
    type MinValidators = genesis_settings::MinValidators;
}

impl pallet_timestamp::Config for Runtime {
    type Moment = Moment;
    // BABE checks that the time lies in the slot the block was authored for.
    type OnTimestampSet = Babe;
    type MinimumPeriod = ConstU64<MINIMUM_PERIOD_MILLIS>;
    type WeightInfo = pallet_timestamp::weights::SubstrateWeight<Runtime>;
}

impl pallet_utility::Config for Runtime {
    type RuntimeEvent = RuntimeEvent;
    type RuntimeCall = RuntimeCall;
    type PalletsOrigin = OriginCaller;
    type WeightInfo = pallet_utility::weights::SubstrateWeight<Runtime>;
}
