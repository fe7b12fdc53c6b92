//! Who authors blocks and who finalizes them: BABE, GRANDPA, sessions, offences.

use crate::{
    constants::{
        money::SESSION_KEY_DEPOSIT, time::PRIMARY_PROBABILITY, time::SLOT_DURATION_MILLIS,
        validators::MAX_VALIDATORS,
    },
    genesis_settings::{EpochDuration, UnbondingDelay},
    AccountId, Babe, Balances, Historical, Offences, Runtime, RuntimeEvent, Session, SessionKeys,
    Trust,
};
use alloc::vec::Vec;
use frame_support::{
    parameter_types,
    traits::{ConstU128, ConstU32, ConstU64},
};
use pallet_session::{
    disabling::UpToLimitWithReEnablingDisablingStrategy,
    historical::{self, IdentificationTuple, NoteHistoricalRoot},
    FindAccountFromAuthorIndex,
};
use sp_consensus_babe::{AllowedSlots, BabeEpochConfiguration};
use sp_runtime::traits::{Convert, ConvertInto, OpaqueKeys};
use sp_staking::SessionIndex;

/// How slots are given to authors. Secondary slots are authored with a VRF too, so that every
/// block carries fresh randomness and no slot stays empty while its author is there.
pub const GENESIS_EPOCH_CONFIG: BabeEpochConfiguration = BabeEpochConfiguration {
    c: PRIMARY_PROBABILITY,
    allowed_slots: AllowedSlots::PrimaryAndSecondaryVRFSlots,
};

parameter_types! {
    /// How long a report of an equivocation stays valid, blocks: as long as a bond answers for it.
    pub ReportLongevity: u64 = u64::from(UnbondingDelay::get());
    /// How many past sessions can be proven and slashed. The unbonding delay counts blocks and
    /// sessions count slots, of which some stay empty: twice the even number leaves room for half
    /// of them.
    pub BondingSessions: u64 =
        2 * u64::from(UnbondingDelay::get()).div_ceil(EpochDuration::get().max(1));
}

impl pallet_babe::Config for Runtime {
    type EpochDuration = EpochDuration;
    type ExpectedBlockTime = ConstU64<SLOT_DURATION_MILLIS>;
    // Sessions drive the epochs.
    type EpochChangeTrigger = pallet_babe::ExternalTrigger;
    type DisabledValidators = Session;
    type WeightInfo = ();
    type MaxAuthorities = ConstU32<MAX_VALIDATORS>;
    type MaxNominators = ConstU32<0>;
    type KeyOwnerProof = sp_session::MembershipProof;
    type EquivocationReportSystem =
        pallet_babe::EquivocationReportSystem<Self, Offences, Historical, ReportLongevity>;
}

impl pallet_grandpa::Config for Runtime {
    type RuntimeEvent = RuntimeEvent;
    type WeightInfo = ();
    type MaxAuthorities = ConstU32<MAX_VALIDATORS>;
    type MaxNominators = ConstU32<0>;
    type MaxSetIdSessionEntries = BondingSessions;
    type KeyOwnerProof = sp_session::MembershipProof;
    type EquivocationReportSystem =
        pallet_grandpa::EquivocationReportSystem<Self, Offences, Historical, ReportLongevity>;
}

impl pallet_authorship::Config for Runtime {
    type FindAuthor = FindAccountFromAuthorIndex<Self, Babe>;
    type EventHandler = ();
}

impl pallet_session::Config for Runtime {
    type RuntimeEvent = RuntimeEvent;
    type ValidatorId = AccountId;
    type ValidatorIdOf = ConvertInto;
    type ShouldEndSession = Babe;
    type NextSessionRotation = Babe;
    type SessionManager = NoteHistoricalRoot<Self, Validators>;
    type SessionHandler = <SessionKeys as OpaqueKeys>::KeyTypeIdProviders;
    type Keys = SessionKeys;
    type DisablingStrategy = UpToLimitWithReEnablingDisablingStrategy;
    type WeightInfo = pallet_session::weights::SubstrateWeight<Runtime>;
    type Currency = Balances;
    type KeyDeposit = ConstU128<SESSION_KEY_DEPOSIT>;
}

impl historical::Config for Runtime {
    type RuntimeEvent = RuntimeEvent;
    type FullIdentification = ();
    type FullIdentificationOf = UnitIdentity;
}

impl pallet_offences::Config for Runtime {
    type RuntimeEvent = RuntimeEvent;
    type IdentificationTuple = IdentificationTuple<Self>;
    type OnOffenceHandler = ();
}

impl pallet_authority_discovery::Config for Runtime {
    type MaxAuthorities = ConstU32<MAX_VALIDATORS>;
}

/// Identifies a validator by its account alone. A proof of key ownership must verify against the
/// root of its session long after; anything that changes meanwhile, a bond for one, would break it.
pub struct UnitIdentity;

impl Convert<AccountId, Option<()>> for UnitIdentity {
    fn convert(_: AccountId) -> Option<()> {
        Some(())
    }
}

/// The validators that Trust names. Forgets old sessions besides.
pub struct Validators;

impl pallet_session::SessionManager<AccountId> for Validators {
    fn new_session(index: SessionIndex) -> Option<Vec<AccountId>> {
        <Trust as pallet_session::SessionManager<_>>::new_session(index)
    }

    fn new_session_genesis(index: SessionIndex) -> Option<Vec<AccountId>> {
        <Trust as pallet_session::SessionManager<_>>::new_session_genesis(index)
    }

    fn start_session(index: SessionIndex) {
        <Trust as pallet_session::SessionManager<_>>::start_session(index);
    }

    fn end_session(index: SessionIndex) {
        <Trust as pallet_session::SessionManager<_>>::end_session(index);
    }
}

impl historical::SessionManager<AccountId, ()> for Validators {
    fn new_session(index: SessionIndex) -> Option<Vec<(AccountId, ())>> {
        <Trust as historical::SessionManager<_, _>>::new_session(index)
    }

    fn new_session_genesis(index: SessionIndex) -> Option<Vec<(AccountId, ())>> {
        <Trust as historical::SessionManager<_, _>>::new_session_genesis(index)
    }

    fn start_session(index: SessionIndex) {
        <Trust as historical::SessionManager<_, _>>::start_session(index);
    }

    /// Forgets the sessions that can no longer be slashed.
    fn end_session(index: SessionIndex) {
        <Trust as historical::SessionManager<_, _>>::end_session(index);
        let kept = SessionIndex::try_from(BondingSessions::get()).unwrap_or(SessionIndex::MAX);
        if let Some(oldest) = index.checked_sub(kept) {
            Historical::prune_up_to(oldest);
        }
    }
}
