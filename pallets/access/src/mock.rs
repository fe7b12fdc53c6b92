//! A runtime with balances and access control, and what the tests say in one line.

use defaas_primitives::{
    Balance, Cid, Code, CodeKind, FunctionId, Limits, Principal, Verification,
};
use defaas_traits::{mocks::MockCatalog, AccessControl, FunctionRef, OnFunction, Permit, Resolved};
use frame_support::{
    derive_impl, parameter_types,
    traits::{
        fungible::{HoldConsideration, InspectHold},
        LinearStoragePrice,
    },
    weights::constants::RocksDbWeight,
};
use sp_runtime::{BuildStorage, DispatchError};

use crate as pallet_access;
use crate::{weights::CountedWeights, HoldReason, Rule, Rules};

pub const ALICE: u64 = 1;
pub const BOB: u64 = 2;
pub const CAROL: u64 = 3;
/// Has money, but not enough for a deposit.
pub const PAUPER: u64 = 4;
pub const ACCOUNTS: [u64; 4] = [ALICE, BOB, CAROL, PAUPER];

/// A function of Alice.
pub const HELLO: FunctionId = 0;
/// A function that nobody has published.
pub const NOWHERE: FunctionId = 99;

pub const EXISTENTIAL_DEPOSIT: Balance = 1_000;
pub const ENDOWMENT: Balance = 1_000_000_000;

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
    pub type Access = pallet_access;
}

parameter_types! {
    pub const ExistentialDeposit: Balance = EXISTENTIAL_DEPOSIT;
    pub const DepositReason: RuntimeHoldReason = RuntimeHoldReason::Access(HoldReason::Deposit);
    pub const DepositBase: Balance = 100;
    pub storage DepositPerByte: Balance = 1;
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

impl pallet_access::Config for Test {
    type WeightInfo = CountedWeights<Test>;
    type Currency = Balances;
    type Deposit = HoldConsideration<
        u64,
        Balances,
        DepositReason,
        LinearStoragePrice<DepositBase, DepositPerByte, Balance>,
    >;
    type Catalog = MockCatalog;
}

/// Builds the state that a test begins with.
#[derive(Default)]
pub struct ExtBuilder {
    rules: Option<Rules>,
}

impl ExtBuilder {
    /// Alice has set these rules for [`HELLO`].
    pub fn rules(self, rules: &[Rule]) -> Self {
        Self {
            rules: Some(self::rules(rules)),
        }
    }

    /// Runs `test` in block 1 and checks the invariants after it. [`HELLO`] is Alice's.
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
            own(HELLO, ALICE);
            if let Some(rules) = self.rules {
                Access::set_policy(RuntimeOrigin::signed(ALICE), HELLO, rules).unwrap();
            }
            test();
            check();
            assert_eq!(Balances::total_issuance(), issued, "issuance never changes");
        });
    }
}

/// Checks the invariants, and that nobody's deposit is left behind without a ticket.
pub fn check() {
    Access::do_try_state().unwrap();
    let due = Access::deposits().unwrap();
    for who in ACCOUNTS {
        assert_eq!(held(who), due.get(&who).copied().unwrap_or_default());
    }
}

pub fn held(who: u64) -> Balance {
    Balances::balance_on_hold(&DepositReason::get(), &who)
}

pub fn rules(rules: &[Rule]) -> Rules {
    rules.to_vec().try_into().unwrap()
}

/// From now on `function` is `owner`'s.
pub fn own(function: FunctionId, owner: u64) {
    MockCatalog::insert(&Resolved {
        function,
        owner,
        version: 1,
        code: Code {
            cid: Cid::raw_sha256([1; 32]),
            sha256: [1; 32],
            size: 1,
            kind: CodeKind::Wasm,
        },
        limits: Limits {
            timeout_ms: 1,
            memory_bytes: 1,
            max_input_bytes: 1,
            max_output_bytes: 1,
        },
        deterministic: false,
        verification: Verification::Single,
        required: Default::default(),
        source: None,
        fee: 0,
    });
}

/// `function` goes, and access control is told.
pub fn remove_function(function: FunctionId) {
    MockCatalog::remove::<u64>(function);
    <Access as OnFunction<u64>>::removed(function);
}

/// `function` goes from `old` to `new`, and access control is told.
pub fn hand_over(function: FunctionId, old: u64, new: u64) {
    own(function, new);
    <Access as OnFunction<u64>>::transferred(function, &old, &new);
}

/// `who` asks to call [`HELLO`].
pub fn permit(who: u64) -> Result<Permit<u64>, DispatchError> {
    let function = FunctionRef {
        function: HELLO,
        owner: ALICE,
    };
    match Access::permit(&Principal::direct(who), &function) {
        Ok((permit, _)) => Ok(permit),
        Err((error, _)) => Err(error),
    }
}

/// A permit of one call of a grant for [`HELLO`].
pub fn metered(account: u64, serial: u32) -> Permit<u64> {
    Permit::Grant {
        function: HELLO,
        account,
        serial,
    }
}
