//! What the actors may do, and how often.

use super::super::{calls::*, *};
pub use crate::genesis_presets::ENDOWED as ACTORS;
use crate::{constants::money::DFS, AccountId, Balance, Registry};
use defaas_primitives::{
    worker::possession_payload, AliasTarget, Fault, FunctionId, Limit, Name, Selector, WorkerPair,
};
use pallet_access::Rule;
use proptest::prelude::*;
use sp_core::Pair;
use sp_runtime::BoundedVec;

/// Functions that the actors know of. The first ones are there from the start.
const FUNCTIONS: FunctionId = 3;

#[derive(Clone, Debug)]
pub enum Step {
    NextBlock,
    /// Nothing happens for as long as a function must be retired before it can be removed, and longer
    /// than bonds and most grants last.
    Later,
    Signed(Call),
    /// The worker of which open assignment reports it and others of its provider, how they ended, and
    /// whether the right key signs.
    Report(usize, Vec<ReportKind>, bool),
    /// The worker of which provider says something about itself, so many numbers after the last time,
    /// and whether the right key signs.
    Notice(usize, Notice, u64, bool),
    /// Which of the free transactions that were taken is sent again.
    Replay(usize),
}

/// A call that an account signs. Functions are named by any number.
#[derive(Clone, Debug)]
pub enum Call {
    Publish(String, Balance),
    PublishVersion(FunctionId, u8),
    SetAlias(FunctionId, String, AliasTarget),
    RollBackAlias(FunctionId, String),
    RemoveAlias(FunctionId, String),
    SetFee(FunctionId, Balance),
    Pause(FunctionId),
    Resume(FunctionId),
    Reinstate(FunctionId),
    Retire(FunctionId),
    Remove(FunctionId),
    Offer(FunctionId, usize),
    Accept(FunctionId),
    SetPolicy(FunctionId, Vec<Rule>),
    ClearPolicy(FunctionId),
    /// With an expiry in so many blocks, and a quota.
    Grant(FunctionId, usize, Option<u32>, Option<u32>),
    Revoke(FunctionId, usize),
    RemoveExpired(FunctionId, usize),
    RemoveOrphaned(FunctionId, usize),
    Request(FunctionId, Selector, usize, Balance),
    Register(Balance, u32),
    SetWorkerKey(usize),
    BondMore(Balance),
    Leave,
    Withdraw,
    Send(usize, Balance),
}

#[derive(Clone, Copy, Debug)]
pub enum ReportKind {
    Success,
    FunctionFailed,
    LimitExceeded(Limit),
    Fault(Fault),
    /// An output beyond the limit.
    TooLong,
    /// Another call of the same number.
    OtherDigest,
}

impl ReportKind {
    /// Whether it can be true.
    pub fn is_live(self) -> bool {
        !matches!(self, Self::TooLong | Self::OtherDigest)
    }
}

#[derive(Clone, Copy, Debug)]
pub enum Notice {
    Endpoint(u16),
    Available(bool),
}

fn amount() -> impl Strategy<Value = Balance> {
    prop_oneof![
        2 => Just(0),
        1 => 1..1_000u128,
        2 => Just(DFS),
        4 => Just(200 * DFS),
        1 => Just(Balance::MAX)
    ]
}

fn fee() -> impl Strategy<Value = Balance> {
    prop_oneof![4 => Just(0), 4 => 1..2 * DFS, 1 => Just(Balance::MAX)]
}

fn max_fee() -> impl Strategy<Value = Balance> {
    prop_oneof![1 => Just(0), 2 => Just(DFS), 8 => Just(Balance::MAX)]
}

fn alias() -> impl Strategy<Value = String> {
    prop_oneof![Just("latest".into()), Just("a".into())]
}

fn target() -> impl Strategy<Value = AliasTarget> {
    let weighted =
        |weight| AliasTarget::Weighted(BoundedVec::truncate_from(vec![(1, weight), (2, 1)]));
    prop_oneof![
        (0..3u32).prop_map(AliasTarget::Version),
        (0..3u8).prop_map(weighted),
    ]
}

fn selector() -> impl Strategy<Value = Selector> {
    prop_oneof![
        6 => Just(Selector::Version(1)),
        1 => (0..4u32).prop_map(Selector::Version),
        3 => alias().prop_map(|alias| Selector::Alias(name(&alias))),
    ]
}

fn rules() -> impl Strategy<Value = Vec<Rule>> {
    prop_oneof![
        4 => Just(vec![Rule::Public]),
        4 => Just(vec![Rule::Accounts]),
        1 => Just(vec![Rule::Owner, Rule::Accounts]),
        1 => Just(vec![]),
    ]
}

fn report_kind() -> impl Strategy<Value = ReportKind> {
    prop_oneof![
        4 => Just(ReportKind::Success),
        1 => Just(ReportKind::FunctionFailed),
        1 => Just(ReportKind::LimitExceeded(Limit::Timeout)),
        2 => Just(ReportKind::Fault(Fault::CodeUnavailable)),
        1 => Just(ReportKind::Fault(Fault::Overloaded)),
        1 => Just(ReportKind::TooLong),
        1 => Just(ReportKind::OtherDigest),
    ]
}

fn notice() -> impl Strategy<Value = Notice> {
    prop_oneof![
        any::<u16>().prop_map(Notice::Endpoint),
        any::<bool>().prop_map(Notice::Available),
    ]
}

/// What is done to functions by whoever owns them.
fn upkeep() -> impl Strategy<Value = Call> {
    let function = || 0..FUNCTIONS;
    let actor = || 0..ACTORS.len();
    let expiry = || prop::option::of(0..60u32);
    let quota = || prop::option::weighted(0.8, 0..4u32);
    prop_oneof![
        3 => (function(), any::<u8>()).prop_map(|(f, seed)| Call::PublishVersion(f, seed)),
        2 => (function(), alias(), target()).prop_map(|(f, a, t)| Call::SetAlias(f, a, t)),
        2 => (function(), alias()).prop_map(|(f, a)| Call::RollBackAlias(f, a)),
        1 => (function(), alias()).prop_map(|(f, a)| Call::RemoveAlias(f, a)),
        2 => (function(), fee()).prop_map(|(f, fee)| Call::SetFee(f, fee)),
        2 => function().prop_map(Call::Pause),
        2 => function().prop_map(Call::Resume),
        2 => function().prop_map(Call::Reinstate),
        1 => function().prop_map(Call::Retire),
        3 => function().prop_map(Call::Remove),
        2 => (function(), actor()).prop_map(|(f, a)| Call::Offer(f, a)),
        6 => (function(), rules()).prop_map(|(f, rules)| Call::SetPolicy(f, rules)),
        1 => function().prop_map(Call::ClearPolicy),
        6 => (function(), actor(), expiry(), quota())
            .prop_map(|(f, a, expiry, quota)| Call::Grant(f, a, expiry, quota)),
        3 => (function(), actor()).prop_map(|(f, a)| Call::Revoke(f, a)),
    ]
}

fn call() -> impl Strategy<Value = Call> {
    let function = || 0..FUNCTIONS;
    let actor = || 0..ACTORS.len();
    prop_oneof![
        1 => ("[a-c]", fee()).prop_map(|(name, fee)| Call::Publish(name, fee)),
        14 => upkeep(),
        2 => function().prop_map(Call::Accept),
        2 => (function(), actor()).prop_map(|(f, a)| Call::RemoveExpired(f, a)),
        4 => (function(), actor()).prop_map(|(f, a)| Call::RemoveOrphaned(f, a)),
        16 => (function(), selector(), 0..1_100usize, max_fee())
            .prop_map(|(f, selector, len, fee)| Call::Request(f, selector, len, fee)),
        3 => (amount(), 0..20u32).prop_map(|(bond, capacity)| Call::Register(bond, capacity)),
        2 => (0..Sr25519Keyring::iter().count()).prop_map(Call::SetWorkerKey),
        1 => amount().prop_map(Call::BondMore),
        1 => Just(Call::Leave),
        2 => Just(Call::Withdraw),
        1 => (actor(), amount()).prop_map(|(a, value)| Call::Send(a, value)),
    ]
}

pub fn step() -> impl Strategy<Value = Step> {
    let right = || prop::bool::weighted(0.9);
    prop_oneof![
        16 => Just(Step::NextBlock),
        2 => Just(Step::Later),
        44 => call().prop_map(Step::Signed),
        12 => (any::<usize>(), prop::collection::vec(report_kind(), 1..5), right())
            .prop_map(|(which, kinds, right)| Step::Report(which, kinds, right)),
        4 => (any::<usize>(), notice(), 0..3u64, right())
            .prop_map(|(which, notice, step, right)| Step::Notice(which, notice, step, right)),
        3 => any::<usize>().prop_map(Step::Replay),
    ]
}

fn name(text: &str) -> Name {
    Name::parse(text).expect("a valid name")
}

/// Who of the keyring has this account.
fn keyring(account: &AccountId) -> Option<Sr25519Keyring> {
    Sr25519Keyring::iter().find(|key| key.to_account_id() == *account)
}

impl Call {
    /// The function that it is about. Numbers beyond those given out are wrapped around.
    fn function(&self) -> Option<FunctionId> {
        let number = match *self {
            Self::PublishVersion(function, _)
            | Self::SetAlias(function, ..)
            | Self::RollBackAlias(function, _)
            | Self::RemoveAlias(function, _)
            | Self::SetFee(function, _)
            | Self::Pause(function)
            | Self::Resume(function)
            | Self::Reinstate(function)
            | Self::Retire(function)
            | Self::Remove(function)
            | Self::Offer(function, _)
            | Self::Accept(function)
            | Self::SetPolicy(function, _)
            | Self::ClearPolicy(function)
            | Self::Grant(function, ..)
            | Self::Revoke(function, _)
            | Self::RemoveExpired(function, _)
            | Self::RemoveOrphaned(function, _)
            | Self::Request(function, ..) => function,
            Self::Publish(..)
            | Self::Register(..)
            | Self::SetWorkerKey(_)
            | Self::BondMore(_)
            | Self::Leave
            | Self::Withdraw
            | Self::Send(..) => return None,
        };
        let given_out = pallet_registry::NextFunctionId::<Runtime>::get();
        Some(number % given_out.max(1))
    }

    /// Somebody who may well succeed with it: the `which`-th of them. `None`: anybody, or nobody.
    pub fn likely_signer(&self, which: usize) -> Option<Sr25519Keyring> {
        let nth = |accounts: Vec<AccountId>| {
            let index = which.checked_rem(accounts.len())?;
            keyring(&accounts[index])
        };
        match self {
            Self::BondMore(_) | Self::SetWorkerKey(_) | Self::Leave | Self::Withdraw => {
                let providers = pallet_trust::Providers::<Runtime>::iter_values();
                nth(providers.map(|provider| provider.account).collect())
            }
            Self::Request(..) => {
                nth(pallet_access::Grants::<Runtime>::iter_key_prefix(self.function()?).collect())
            }
            Self::Accept(_) => keyring(&Registry::function(self.function()?)?.offered_to?),
            Self::RemoveExpired(..) | Self::RemoveOrphaned(..) => None,
            _ => keyring(&Registry::function(self.function()?)?.owner),
        }
    }

    /// The call as `who` makes it.
    pub fn by(self, who: Sr25519Keyring) -> RuntimeCall {
        use pallet_access::Call as Access;
        use pallet_registry::Call as Catalog;
        use pallet_trust::Call as Trust;
        let account = |actor: usize| -> AccountId { ACTORS[actor].to_account_id() };
        let function = self.function().unwrap_or_default();
        match self {
            Self::Publish(name, fee) => publish(&name, fee),
            Self::PublishVersion(_, seed) => Catalog::publish_version {
                function,
                version: version(seed),
            }
            .into(),
            Self::SetAlias(_, alias, target) => Catalog::set_alias {
                function,
                alias: name(&alias),
                target,
            }
            .into(),
            Self::RollBackAlias(_, alias) => Catalog::roll_back_alias {
                function,
                alias: name(&alias),
            }
            .into(),
            Self::RemoveAlias(_, alias) => Catalog::remove_alias {
                function,
                alias: name(&alias),
            }
            .into(),
            Self::SetFee(_, fee) => Catalog::set_fee { function, fee }.into(),
            Self::Pause(_) => Catalog::pause {
                function,
                reason: None,
            }
            .into(),
            Self::Resume(_) => Catalog::resume { function }.into(),
            Self::Reinstate(_) => Catalog::reinstate {
                function,
                version: 1,
            }
            .into(),
            Self::Retire(_) => Catalog::retire { function }.into(),
            Self::Remove(_) => Catalog::remove { function }.into(),
            Self::Offer(_, actor) => Catalog::transfer {
                function,
                to: account(actor),
            }
            .into(),
            Self::Accept(_) => Catalog::accept { function }.into(),
            Self::SetPolicy(_, rules) => set_policy(function, &rules),
            Self::ClearPolicy(_) => Access::clear_policy { function }.into(),
            Self::Grant(_, actor, expiry, quota) => Access::grant {
                function,
                account: account(actor),
                expiry: expiry.map(|blocks| System::block_number() + blocks),
                quota,
            }
            .into(),
            Self::Revoke(_, actor) => Access::revoke {
                function,
                account: account(actor),
            }
            .into(),
            Self::RemoveExpired(_, actor) => Access::remove_expired {
                function,
                account: account(actor),
            }
            .into(),
            Self::RemoveOrphaned(_, actor) => Access::remove_orphaned {
                function,
                account: account(actor),
            }
            .into(),
            Self::Request(_, selector, len, max_fee) => {
                request_of(function, selector, &vec![7; len], max_fee)
            }
            Self::Register(bond, capacity) => register(who, bond, capacity),
            Self::SetWorkerKey(key) => set_worker_key(who, key),
            Self::BondMore(amount) => Trust::bond_more { amount }.into(),
            Self::Leave => Trust::leave {}.into(),
            Self::Withdraw => Trust::withdraw {}.into(),
            Self::Send(actor, value) => pallet_balances::Call::transfer_allow_death {
                dest: account(actor).into(),
                value,
            }
            .into(),
        }
    }
}

/// Gives the provider of `who` the `key`-th key of the keyring.
fn set_worker_key(who: Sr25519Keyring, key: usize) -> RuntimeCall {
    let key = Sr25519Keyring::iter().nth(key).expect("one of them");
    let payload = possession_payload(&System::block_hash(0), &who.to_account_id());
    pallet_trust::Call::set_worker_key {
        worker_key: key.public().into(),
        possession_proof: WorkerPair::from(key.pair()).sign(&payload),
    }
    .into()
}
