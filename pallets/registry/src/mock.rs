//! A runtime with balances and the registry, and what the tests say in one line.

use defaas_primitives::{
    Balance, Cid, Code, CodeKind, FunctionId, Limits, Name, Placement, Verification,
};
use defaas_traits::mocks::MockOnFunction;
use frame_support::{
    derive_impl, parameter_types,
    traits::{
        fungible::{HoldConsideration, InspectHold},
        ConstU32, ConstU64, LinearStoragePrice,
    },
    weights::constants::RocksDbWeight,
};
use sp_runtime::BuildStorage;

use crate as pallet_registry;
use crate::{weights::CountedWeights, HoldReason, VersionSpec};

pub const ALICE: u64 = 1;
pub const BOB: u64 = 2;
pub const CAROL: u64 = 3;
/// Has money, but not enough for a deposit.
pub const PAUPER: u64 = 4;
pub const ACCOUNTS: [u64; 4] = [ALICE, BOB, CAROL, PAUPER];

pub const EXISTENTIAL_DEPOSIT: Balance = 1_000;
pub const ENDOWMENT: Balance = 1_000_000_000_000;
pub const REMOVAL_DELAY: u64 = 10;
pub const MAX_WASM_SIZE: u64 = 64 * 1024 * 1024;
pub const MAX_OCI_SIZE: u64 = 1024 * 1024 * 1024;

type Block = frame_system::mocking::MockBlock<Test>;

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
    pub type Registry = pallet_registry;
}

parameter_types! {
    pub const ExistentialDeposit: Balance = EXISTENTIAL_DEPOSIT;
    pub const DepositReason: RuntimeHoldReason = RuntimeHoldReason::Registry(HoldReason::Deposit);
    pub const DepositBase: Balance = 100;
    pub storage DepositPerByte: Balance = 1;
    pub const MaxWasmSize: u64 = MAX_WASM_SIZE;
    pub const MaxOciSize: u64 = MAX_OCI_SIZE;
}

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
    type Block = Block;
    type DbWeight = RocksDbWeight;
    type AccountData = pallet_balances::AccountData<Balance>;
}

#[derive_impl(pallet_balances::config_preludes::TestDefaultConfig)]
impl pallet_balances::Config for Test {
    type Balance = Balance;
    type ExistentialDeposit = ExistentialDeposit;
    type AccountStore = System;
}

impl pallet_registry::Config for Test {
    type WeightInfo = CountedWeights<Test>;
    type Currency = Balances;
    type Deposit = HoldConsideration<
        u64,
        Balances,
        DepositReason,
        LinearStoragePrice<DepositBase, DepositPerByte, Balance>,
    >;
    type OnFunction = MockOnFunction;
    type MaxVersions = ConstU32<6>;
    type MaxAliases = ConstU32<4>;
    type RemovalDelay = ConstU64<REMOVAL_DELAY>;
    type MaxWasmSize = MaxWasmSize;
    type MaxOciSize = MaxOciSize;
    type MaxTimeoutMs = ConstU32<300_000>;
    type MaxMemoryBytes = ConstU32<{ 1024 * 1024 * 1024 }>;
    type MaxInputBytes = ConstU32<{ 16 * 1024 * 1024 }>;
    type MaxOutputBytes = ConstU32<{ 16 * 1024 * 1024 }>;
}

/// Builds the state that a test begins with.
#[derive(Default)]
pub struct ExtBuilder {
    published: bool,
}

impl ExtBuilder {
    /// Alice has published function 0, `hello`.
    pub fn published(self) -> Self {
        Self { published: true }
    }

    /// Runs `test` in block 1 and checks the invariants after it.
    pub fn build_and_execute(self, test: impl FnOnce()) {
        let mut storage = frame_system::GenesisConfig::<Test>::default()
            .build_storage()
            .unwrap();
        let endowed = [ALICE, BOB, CAROL].map(|who| (who, ENDOWMENT));
        pallet_balances::GenesisConfig::<Test> {
            balances: [&endowed[..], &[(PAUPER, EXISTENTIAL_DEPOSIT + 10)]].concat(),
            ..Default::default()
        }
        .assimilate_storage(&mut storage)
        .unwrap();
        let mut ext = sp_io::TestExternalities::new(storage);
        ext.execute_with(|| {
            System::set_block_number(1);
            let issued = Balances::total_issuance();
            if self.published {
                publish(ALICE, "hello");
            }
            test();
            check();
            assert_eq!(Balances::total_issuance(), issued, "issuance never changes");
        });
    }
}

/// Checks the invariants, and that nobody's deposit is left behind without a ticket.
pub fn check() {
    Registry::do_try_state().unwrap();
    let due = Registry::deposits().unwrap();
    for who in ACCOUNTS {
        assert_eq!(held(who), due.get(&who).copied().unwrap_or_default());
    }
}

pub fn held(who: u64) -> Balance {
    Balances::balance_on_hold(&DepositReason::get(), &who)
}

pub fn name(name: &str) -> Name {
    Name::parse(name).unwrap()
}

pub fn cid(byte: u8) -> Cid {
    Cid::raw_sha256([byte; 32])
}

/// A version that is valid.
pub fn spec() -> VersionSpec {
    VersionSpec {
        code: Code {
            cid: cid(1),
            sha256: [1; 32],
            size: 10_000,
            kind: CodeKind::Wasm,
        },
        limits: Limits {
            timeout_ms: 1_000,
            memory_bytes: 1 << 20,
            max_input_bytes: 4_096,
            max_output_bytes: 4_096,
        },
        deterministic: false,
        verification: Verification::Single,
        manifest: None,
        source: None,
    }
}

/// `who` publishes a function and gets its id.
pub fn publish(who: u64, called: &str) -> FunctionId {
    let id = crate::NextFunctionId::<Test>::get();
    Registry::publish(
        RuntimeOrigin::signed(who),
        name(called),
        None,
        5,
        Placement::default(),
        spec(),
    )
    .unwrap();
    id
}

/// The registry's events since the last time.
pub fn events() -> Vec<crate::Event<Test>> {
    let events = System::read_events_for_pallet::<crate::Event<Test>>();
    System::reset_events();
    events
}
