//! Balances, the treasury account, fees of transactions.
//!
//! The total issuance never changes. Whatever the rules take from an account (fees, tips, the rest
//! of a reaped account) goes to the treasury account, which exists from genesis on: an amount
//! resolved to an account that cannot exist would be burned.

use crate::{
    constants::{
        fees::{
            ADJUSTMENT_MILLIONTHS, MAX_MULTIPLIER, MIN_MULTIPLIER, OPERATIONAL_MULTIPLIER,
            PER_BYTE, PER_SECOND, TARGET_FULLNESS_PERCENT,
        },
        money::EXISTENTIAL_DEPOSIT,
    },
    AccountId, Balance, Balances, Runtime, RuntimeEvent, RuntimeFreezeReason, RuntimeHoldReason,
    System,
};
use frame_support::{
    parameter_types,
    traits::{tokens::imbalance::ResolveTo, ConstU128, ConstU32, ConstU8, VariantCountOf},
    weights::{constants::WEIGHT_REF_TIME_PER_SECOND, ConstantMultiplier, Weight, WeightToFee},
    PalletId,
};
use pallet_transaction_payment::{FungibleAdapter, Multiplier, TargetedFeeAdjustment};
use sp_runtime::{traits::AccountIdConversion, FixedPointNumber, Perquintill};

/// The treasury has no key: its account is derived from this id.
pub const TREASURY_ID: PalletId = PalletId(*b"df/trsry");

parameter_types! {
    /// Account of the treasury.
    pub TreasuryAccount: AccountId = TREASURY_ID.into_account_truncating();
    /// Fullness of the normal share of a block at which fees stand still.
    pub const TargetBlockFullness: Perquintill = Perquintill::from_percent(TARGET_FULLNESS_PERCENT);
    /// How strongly one block moves the fees.
    pub AdjustmentVariable: Multiplier =
        Multiplier::saturating_from_rational(ADJUSTMENT_MILLIONTHS, 1_000_000);
    /// Lower bound of the fee multiplier.
    pub MinimumMultiplier: Multiplier = Multiplier::saturating_from_integer(MIN_MULTIPLIER);
    /// Upper bound of the fee multiplier.
    pub MaximumMultiplier: Multiplier = Multiplier::saturating_from_integer(MAX_MULTIPLIER);
}

/// Puts what it is given into the treasury account.
pub type ToTreasury = ResolveTo<TreasuryAccount, Balances>;

impl pallet_balances::Config for Runtime {
    type RuntimeEvent = RuntimeEvent;
    type RuntimeHoldReason = RuntimeHoldReason;
    type RuntimeFreezeReason = RuntimeFreezeReason;
    type WeightInfo = pallet_balances::weights::SubstrateWeight<Runtime>;
    type Balance = Balance;
    type DustRemoval = ToTreasury;
    type ExistentialDeposit = ConstU128<EXISTENTIAL_DEPOSIT>;
    type AccountStore = System;
    type ReserveIdentifier = [u8; 8];
    type FreezeIdentifier = RuntimeFreezeReason;
    type MaxLocks = ConstU32<50>;
    type MaxReserves = ConstU32<50>;
    type MaxFreezes = VariantCountOf<RuntimeFreezeReason>;
    type DoneSlashHandler = ();
}

/// Price of execution time: linear, at [`PER_SECOND`].
///
/// Only `ref_time` costs. Proof size bounds nothing here, since no proof leaves the machine.
pub struct ExecutionFee;

impl WeightToFee for ExecutionFee {
    type Balance = Balance;

    fn weight_to_fee(weight: &Weight) -> Balance {
        // Both factors are far below 2⁶⁴, the product fits.
        Balance::from(weight.ref_time()).saturating_mul(PER_SECOND)
            / Balance::from(WEIGHT_REF_TIME_PER_SECOND)
    }
}

/// Follows demand: dearer while blocks are fuller than the target, cheaper while emptier, within
/// bounds.
pub type FeeAdjustment = TargetedFeeAdjustment<
    Runtime,
    TargetBlockFullness,
    AdjustmentVariable,
    MinimumMultiplier,
    MaximumMultiplier,
>;

impl pallet_transaction_payment::Config for Runtime {
    type RuntimeEvent = RuntimeEvent;
    type OnChargeTransaction = FungibleAdapter<Balances, ToTreasury>;
    type WeightToFee = ExecutionFee;
    type LengthToFee = ConstantMultiplier<Balance, ConstU128<PER_BYTE>>;
    type FeeMultiplierUpdate = FeeAdjustment;
    type OperationalFeeMultiplier = ConstU8<OPERATIONAL_MULTIPLIER>;
    type WeightInfo = pallet_transaction_payment::weights::SubstrateWeight<Runtime>;
}
