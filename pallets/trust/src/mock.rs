//! A runtime of this pallet and a currency, and people in it.

use codec::Encode;
use defaas_primitives::{
    notice::{Notice, NoticeBody},
    worker::{possession_payload, WorkerPair},
    Balance, CodeKind, Endpoint, Host, Label, Labels, ProviderId, WorkerId, WorkerSignature,
};
use defaas_traits::Requirements;
use frame_support::pallet_prelude::{
    TransactionSource, TransactionValidityError, ValidTransaction,
};
use frame_support::{
    derive_impl, parameter_types,
    sp_runtime::{traits::Dispatchable, BuildStorage, DispatchResult},
    traits::{Authorize, ConstU128, ConstU32, ConstU64, Hooks},
    weights::{Weight, WeightMeter},
};
use sp_core::{Pair, H256};

use crate as pallet_trust;
use crate::{
    genesis::Initial,
    types::{Capabilities, Offer, Profile, Provider},
    Profiles, ProviderIds, Providers,
};

pub type AccountId = u64;

pub const ALICE: AccountId = 1;
pub const BOB: AccountId = 2;
pub const CHARLIE: AccountId = 3;
pub const TREASURY: AccountId = 1_000_000;

pub const UNIT: Balance = 1_000;
pub const MIN_BOND: Balance = 100 * UNIT;
pub const FLOOR_BOND: Balance = 50 * UNIT;
pub const BOND_PER_SLOT: Balance = 10 * UNIT;
pub const SLICE: Balance = UNIT;
pub const UNBONDING: u64 = 60;
pub const INTERVAL: u64 = 20;
pub const RICHES: Balance = 1_000_000 * UNIT;

#[frame_support::runtime]
mod runtime {
    #[runtime::runtime]
    #[runtime::derive(
        RuntimeCall,
        RuntimeEvent,
        RuntimeError,
        RuntimeOrigin,
        RuntimeFreezeReason,
        RuntimeHoldReason,
        RuntimeSlashReason,
        RuntimeLockId,
        RuntimeTask,
        RuntimeViewFunction
    )]
    pub struct Test;

    #[runtime::pallet_index(0)]
    pub type System = frame_system;
    #[runtime::pallet_index(1)]
    pub type Balances = pallet_balances;
    #[runtime::pallet_index(2)]
    pub type Trust = pallet_trust;
}

pub type Block = frame_system::mocking::MockBlock<Test>;

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
    type Block = Block;
    type AccountData = pallet_balances::AccountData<Balance>;
}

#[derive_impl(pallet_balances::config_preludes::TestDefaultConfig)]
impl pallet_balances::Config for Test {
    type Balance = Balance;
    type ExistentialDeposit = ConstU128<1>;
    type AccountStore = System;
}

// In storage, so that reading one is counted like in the runtime and a test can change it.
parameter_types! {
    pub storage MinBond: Balance = MIN_BOND;
    pub storage FloorBond: Balance = FLOOR_BOND;
    pub storage BondPerSlot: Balance = BOND_PER_SLOT;
    pub storage Slice: Balance = SLICE;
    pub storage UnbondingDelay: u64 = UNBONDING;
    pub const Treasury: AccountId = TREASURY;
}

impl pallet_trust::Config for Test {
    type WeightInfo = pallet_trust::weights::CountedWeights<Test>;
    type Currency = Balances;
    type Treasury = Treasury;
    type MinBond = MinBond;
    type FloorBond = FloorBond;
    type BondPerSlot = BondPerSlot;
    type Slice = Slice;
    type UnbondingDelay = UnbondingDelay;
    type AnnounceInterval = ConstU64<INTERVAL>;
    type MaxCapacity = ConstU32<1_000>;
    type MaxValidators = ConstU32<10>;
    type NoticePriority = ConstU64<7>;
}

/// Builds a chain with rich people, and checks the invariants after every test.
#[derive(Default)]
pub struct ExtBuilder {
    validators: Vec<Initial<AccountId>>,
    crowd: u64,
}

impl ExtBuilder {
    /// Validators of the genesis state.
    pub fn validators(mut self, validators: Vec<Initial<AccountId>>) -> Self {
        self.validators = validators;
        self
    }

    /// So many more rich accounts, from [`crowd`] on.
    pub fn crowd(mut self, crowd: u64) -> Self {
        self.crowd = crowd;
        self
    }

    pub fn build(self) -> sp_io::TestExternalities {
        let people = [ALICE, BOB, CHARLIE, TREASURY];
        let balances = people
            .into_iter()
            .chain((0..self.crowd).map(crowd))
            .map(|who| (who, RICHES))
            .collect();
        let storage = RuntimeGenesisConfig {
            system: Default::default(),
            balances: BalancesConfig {
                balances,
                ..Default::default()
            },
            trust: TrustConfig {
                validators: self.validators,
            },
        }
        .build_storage()
        .expect("the genesis state can be built");
        let mut ext = sp_io::TestExternalities::new(storage);
        ext.execute_with(|| {
            System::set_block_number(1);
            // What proofs and notices are bound to.
            frame_system::BlockHash::<Test>::insert(0, H256::repeat_byte(0xde));
        });
        ext
    }

    pub fn build_and_execute(self, test: impl FnOnce()) {
        self.build().execute_with(|| {
            let issuance = Balances::total_issuance();
            test();
            Trust::do_try_state().expect("invariants hold after a test");
            assert_eq!(Balances::total_issuance(), issuance);
        });
    }
}

/// An account of the crowd.
pub fn crowd(n: u64) -> AccountId {
    2_000_000 + n
}

/// The worker key pair number `n`.
pub fn pair(n: u64) -> WorkerPair {
    WorkerPair::from_string(&format!("//worker/{n}"), None).expect("a valid derivation")
}

pub fn key(n: u64) -> WorkerId {
    pair(n).public()
}

/// Proof that `account` has key number `n`.
pub fn proof(n: u64, account: AccountId) -> WorkerSignature {
    pair(n).sign(&possession_payload(&Trust::genesis_hash(), &account))
}

pub fn label(text: &str) -> Label {
    Label::parse(text).expect("a valid label")
}

/// Labels of which none is left out.
pub fn labels(cloud: &str, region: &str, arch: &str) -> Labels {
    Labels {
        cloud: Some(label(cloud)),
        region: Some(label(region)),
        arch: Some(label(arch)),
    }
}

pub fn home() -> Labels {
    labels("home", "eu", "x86_64")
}

pub fn endpoint(port: u16) -> Endpoint {
    Endpoint {
        host: Host::Ip4([192, 0, 2, 1]),
        port,
        tls: false,
    }
}

pub fn both_kinds() -> Capabilities {
    Capabilities::of(&[CodeKind::Wasm, CodeKind::Oci])
}

/// An offer that puts its provider into as many pools as there are.
pub fn offer() -> Offer {
    Offer {
        endpoint: endpoint(8_080),
        labels: home(),
        capabilities: both_kinds(),
        capacity: 5,
        encryption_key: None,
    }
}

pub fn wasm(labels: Labels) -> Requirements {
    Requirements {
        kind: CodeKind::Wasm,
        labels,
    }
}

/// Any provider that runs Wasm.
pub fn anywhere() -> Requirements {
    wasm(Labels::default())
}

/// Registers `who` with key number `who`, by the call.
pub fn register(who: AccountId, bond: Balance, offer: Offer) -> DispatchResult {
    Trust::register(
        RuntimeOrigin::signed(who),
        key(who),
        proof(who, who),
        bond,
        offer.endpoint,
        offer.labels,
        offer.capabilities,
        offer.capacity,
        offer.encryption_key,
    )
}

/// Registers `who` with twice the minimum bond and [`offer`], and returns its id.
pub fn enrolled(who: AccountId) -> ProviderId {
    register(who, 2 * MIN_BOND, offer()).expect("can register");
    ProviderIds::<Test>::get(who).expect("is registered")
}

/// Enrolls the whole crowd, with keys that nobody has. Much faster than by the call.
pub fn enroll_crowd(count: u64, bond: Balance, offer: impl Fn(u64) -> Offer) {
    for n in 0..count {
        let worker = sp_core::sr25519::Public::from_raw(sp_io::hashing::blake2_256(&n.encode()));
        Trust::enroll(crowd(n), worker.into(), bond, offer(n)).expect("can be enrolled");
    }
}

pub fn provider(id: ProviderId) -> Provider<AccountId> {
    Providers::<Test>::get(id).expect("is registered")
}

pub fn profile(id: ProviderId) -> Profile {
    Profiles::<Test>::get(id).expect("is registered")
}

/// Changes a record behind the pallet's back.
pub fn tamper(id: ProviderId, change: impl FnOnce(&mut Provider<AccountId>)) {
    Providers::<Test>::mutate(id, |provider| {
        change(provider.as_mut().expect("is registered"))
    });
}

/// Goes on `blocks` blocks, in which the pallet has all the time it wants.
pub fn advance(blocks: u64) {
    System::set_block_number(System::block_number() + blocks);
    Trust::on_poll(System::block_number(), &mut WeightMeter::new());
}

/// Goes on `ticks` blocks, in each of which the hook runs.
pub fn tick(ticks: u32) {
    (0..ticks).for_each(|_| advance(1));
}

/// A notice of `provider`, signed by key number `n`, as a call.
pub fn notice(n: u64, provider: ProviderId, sequence: u64, body: NoticeBody) -> RuntimeCall {
    let notice = Notice {
        provider,
        sequence,
        body: body.clone(),
    };
    let signature = pair(n).sign(&notice.payload(&Trust::genesis_hash()));
    match body {
        NoticeBody::Endpoint(endpoint) => crate::Call::announce {
            provider,
            sequence,
            endpoint,
            signature,
        },
        NoticeBody::Available(available) => crate::Call::set_available {
            provider,
            sequence,
            available,
            signature,
        },
    }
    .into()
}

/// What the pool says to a call.
pub fn authorize(call: &RuntimeCall) -> Result<ValidTransaction, TransactionValidityError> {
    call.authorize(TransactionSource::External)
        .expect("the call can be authorized")
        .map(|(valid, unspent)| {
            assert_eq!(unspent, Weight::zero());
            valid
        })
}

/// Authorizes and dispatches a call, as a block does.
pub fn apply(call: RuntimeCall) -> Result<(), TransactionValidityError> {
    authorize(&call)?;
    let origin = RuntimeOrigin::from(frame_system::RawOrigin::Authorized);
    call.dispatch(origin)
        .expect("an authorized notice does not fail");
    Ok(())
}
