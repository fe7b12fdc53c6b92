//! Functions: what can be called, who may call it, who pays, who runs it, and how a call goes.
//!
//! The pallets do not know each other. Here it is said who stands behind each seam.

use crate::{
    configs::{
        money::{ExecutionFee, TreasuryAccount},
        parameters::{billing, trust},
    },
    constants::{
        calls, deposits, providers, time::SLOT_DURATION_MILLIS, validators::MAX_VALIDATORS,
    },
    genesis_settings::UnbondingDelay,
    Access, AccountId, Babe, Balance, Balances, Billing, Invocations, Registry, Runtime,
    RuntimeHoldReason, Trust,
};
use codec::Encode;
use defaas_primitives::call::MAX_STORED;
use defaas_traits::SlotRandomness;
use frame_support::{
    parameter_types,
    traits::{fungible::HoldConsideration, ConstU32, ConstU64, ConstU8, Get, LinearStoragePrice},
    weights::WeightToFee,
};
use pallet_billing::PriceCard;
use sp_runtime::Perbill;

parameter_types! {
    /// The registry's reason to hold a deposit.
    pub const RegistryDeposit: RuntimeHoldReason =
        RuntimeHoldReason::Registry(pallet_registry::HoldReason::Deposit);
    /// The access pallet's reason to hold a deposit.
    pub const AccessDeposit: RuntimeHoldReason =
        RuntimeHoldReason::Access(pallet_access::HoldReason::Deposit);
    /// Deposit for an entry.
    pub const DepositBase: Balance = deposits::PER_ENTRY;
    /// Deposit for each byte that an entry keeps, on chain and on the holders' disks.
    pub const DepositPerByte: Balance = deposits::PER_BYTE;
}

/// What an entry of so many bytes costs to keep.
pub type DepositPrice = LinearStoragePrice<DepositBase, DepositPerByte, Balance>;

impl pallet_registry::Config for Runtime {
    type WeightInfo = pallet_registry::weights::CountedWeights<Runtime>;
    type Currency = Balances;
    type Deposit = HoldConsideration<AccountId, Balances, RegistryDeposit, DepositPrice>;
    type OnFunction = Access;
    type MaxVersions = ConstU32<{ calls::MAX_VERSIONS }>;
    type MaxAliases = ConstU32<{ calls::MAX_ALIASES }>;
    type RemovalDelay = ConstU32<{ calls::REMOVAL_DELAY }>;
    type MaxWasmSize = ConstU64<{ calls::MAX_WASM_SIZE }>;
    type MaxOciSize = ConstU64<{ calls::MAX_OCI_SIZE }>;
    type MaxTimeoutMs = ConstU32<{ calls::MAX_TIMEOUT_MILLIS }>;
    type MaxMemoryBytes = ConstU32<{ calls::MAX_MEMORY_BYTES }>;
    type MaxInputBytes = ConstU32<MAX_STORED>;
    type MaxOutputBytes = ConstU32<MAX_STORED>;
}

impl pallet_access::Config for Runtime {
    type WeightInfo = pallet_access::weights::CountedWeights<Runtime>;
    type Currency = Balances;
    type Deposit = HoldConsideration<AccountId, Balances, AccessDeposit, DepositPrice>;
    type Catalog = Registry;
}

/// The price card as governance set it.
pub struct GovernedPriceCard;

impl Get<PriceCard> for GovernedPriceCard {
    fn get() -> PriceCard {
        PriceCard {
            base: billing::PriceBase::get(),
            per_unit: billing::PricePerSecond128MiB::get(),
        }
    }
}

/// What the free transactions of a call would cost if they were paid for, at fee multiplier 1: the
/// declared weights of draw, report, settlement and pruning, for all attempts, and what every
/// transaction costs before its call.
///
/// Their length is not in it: an inline output of the greatest length costs less than a fifth of the
/// weight of its report, and one signature covers a whole batch.
pub struct CallNetworkFee;

impl Get<Balance> for CallNetworkFee {
    fn get() -> Balance {
        ExecutionFee::weight_to_fee(&Invocations::lifecycle_weight())
    }
}

impl pallet_billing::Config for Runtime {
    type WeightInfo = pallet_billing::weights::CountedWeights<Runtime>;
    type Currency = Balances;
    type Catalog = Registry;
    type Treasury = TreasuryAccount;
    type PriceCard = GovernedPriceCard;
    type TreasuryShare = billing::TreasuryShare;
    type NetworkFee = CallNetworkFee;
}

impl pallet_trust::Config for Runtime {
    type WeightInfo = pallet_trust::weights::CountedWeights<Runtime>;
    type Currency = Balances;
    type Treasury = TreasuryAccount;
    type MinBond = trust::MinBond;
    type FloorBond = trust::FloorBond;
    type BondPerSlot = trust::BondPerSlot;
    type Slice = trust::Slice;
    type UnbondingDelay = UnbondingDelay;
    type AnnounceInterval = ConstU32<{ providers::ANNOUNCE_INTERVAL }>;
    type MaxCapacity = ConstU32<{ providers::MAX_CAPACITY }>;
    type MaxValidators = ConstU32<MAX_VALIDATORS>;
    type NoticePriority = ConstU64<{ providers::NOTICE_PRIORITY }>;
}

/// The VRF output of the block being executed: its pre-digest says it, and BABE has checked it.
///
/// Known to nobody but the author before the block, and to the author since the epoch began. It
/// seeds draws of requests that stood in earlier blocks. A block by a secondary author without VRF
/// has none; this chain does not allow such blocks.
pub struct BlockVrf;

impl SlotRandomness for BlockVrf {
    fn current() -> Option<[u8; 32]> {
        let output = Babe::initialized()??.vrf_signature()?.pre_output.clone();
        Some(sp_io::hashing::blake2_256(&output.encode()))
    }
}

parameter_types! {
    /// Share of a block for deadlines that passed.
    pub const SweepShare: Perbill = Perbill::from_parts(calls::SWEEP_PERMILLE * 1_000_000);
    /// Share of a block for draws.
    pub const DrawShare: Perbill = Perbill::from_parts(calls::DRAW_PERMILLE * 1_000_000);
    /// Share of a block for removing what is old.
    pub const PruneShare: Perbill = Perbill::from_parts(calls::PRUNE_PERMILLE * 1_000_000);
}

impl pallet_invocations::Config for Runtime {
    type WeightInfo = pallet_invocations::weights::CountedWeights<Runtime>;
    type Catalog = Registry;
    type Access = Access;
    type Payer = pallet_billing::CallerPays;
    type Escrow = Billing;
    type Providers = Trust;
    type Randomness = BlockVrf;
    type OnOutcome = ();
    type MaxAttempts = ConstU8<{ calls::MAX_ATTEMPTS }>;
    type MaxRedraws = ConstU8<{ calls::MAX_REDRAWS }>;
    type MaxFullRedraws = ConstU8<{ calls::MAX_FULL_REDRAWS }>;
    type DeadlineMargin = ConstU32<{ calls::DEADLINE_MARGIN }>;
    type SlotMillis = ConstU32<{ SLOT_DURATION_MILLIS as u32 }>;
    type FetchRate = ConstU32<{ calls::FETCH_RATE }>;
    type CompileRate = ConstU32<{ calls::COMPILE_RATE }>;
    type OutputRetention = ConstU32<{ calls::OUTPUT_RETENTION }>;
    type RecordRetention = ConstU32<{ calls::RECORD_RETENTION }>;
    type SweepShare = SweepShare;
    type DrawShare = DrawShare;
    type PruneShare = PruneShare;
    type ReportPriority = ConstU64<{ calls::REPORT_PRIORITY }>;
}
