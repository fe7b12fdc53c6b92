//! A chain with balances and this pallet.

use defaas_primitives::{Balance, Code, CodeKind, Labels, Limits, Verification};
use defaas_traits::{mocks::MockCatalog, Bill, Escrow, Paid, Quote, Resolved};
use frame_support::{
    derive_impl, parameter_types,
    traits::{
        fungible::{Inspect, InspectHold},
        tokens::imbalance::ResolveTo,
        ConstU32,
    },
};
use sp_runtime::{BuildStorage, Permill};

use crate::{self as pallet_billing, Hold, Holds, PriceCard};

pub type AccountId = u64;

pub const TREASURY: AccountId = 1;
pub const PAYER: AccountId = 2;
pub const DEVELOPER: AccountId = 3;
pub const PROVIDER: AccountId = 4;
/// Has no account: nothing was ever sent to it.
pub const NOBODY: AccountId = 5;
pub const OTHER_PAYER: AccountId = 6;

pub const EXISTENTIAL_DEPOSIT: Balance = 100;
pub const ENDOWMENT: Balance = 1_000_000;

#[frame_support::runtime]
mod runtime {
    #[runtime::runtime]
    #[runtime::derive(
        RuntimeCall,
        RuntimeEvent,
        RuntimeError,
        RuntimeOrigin,
        RuntimeHoldReason,
        RuntimeFreezeReason,
        RuntimeTask,
        RuntimeViewFunction
    )]
    pub struct Test;

    #[runtime::pallet_index(0)]
    pub type System = frame_system;
    #[runtime::pallet_index(1)]
    pub type Balances = pallet_balances;
    #[runtime::pallet_index(2)]
    pub type Billing = pallet_billing;
}

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
    type Block = frame_system::mocking::MockBlock<Test>;
    type AccountData = pallet_balances::AccountData<Balance>;
}

parameter_types! {
    pub const ExistentialDeposit: Balance = EXISTENTIAL_DEPOSIT;
    pub const TreasuryAccount: AccountId = TREASURY;
    pub const Share: Permill = Permill::from_percent(5);
    pub static Card: PriceCard = PriceCard { base: 1_000, per_unit: 100 };
    pub static Fee: Balance = 30;
}

#[derive_impl(pallet_balances::config_preludes::TestDefaultConfig)]
impl pallet_balances::Config for Test {
    type Balance = Balance;
    type AccountStore = System;
    type ExistentialDeposit = ExistentialDeposit;
    type DustRemoval = ResolveTo<TreasuryAccount, Balances>;
    type FreezeIdentifier = u8;
    type MaxFreezes = ConstU32<1>;
}

impl pallet_billing::Config for Test {
    type WeightInfo = crate::weights::CountedWeights<Test>;
    type Currency = Balances;
    type Catalog = MockCatalog;
    type Treasury = TreasuryAccount;
    type PriceCard = Card;
    type TreasuryShare = Share;
    type NetworkFee = Fee;
}

/// Starts a chain.
pub struct ExtBuilder {
    balances: Vec<(AccountId, Balance)>,
}

impl Default for ExtBuilder {
    fn default() -> Self {
        let balances = [TREASURY, PAYER, DEVELOPER, PROVIDER, OTHER_PAYER]
            .map(|account| (account, ENDOWMENT))
            .to_vec();
        Self { balances }
    }
}

impl ExtBuilder {
    /// Gives `account` this much instead of [`ENDOWMENT`]; nothing if `balance` is 0.
    pub fn balance(mut self, account: AccountId, balance: Balance) -> Self {
        self.balances.retain(|(who, _)| *who != account);
        if balance > 0 {
            self.balances.push((account, balance));
        }
        self
    }

    /// Runs `test`, then checks all invariants, and that issuance is what it was.
    pub fn build_and_execute(self, test: impl FnOnce()) {
        let mut storage = frame_system::GenesisConfig::<Test>::default()
            .build_storage()
            .expect("the system has a genesis");
        pallet_balances::GenesisConfig::<Test> {
            balances: self.balances,
            ..Default::default()
        }
        .assimilate_storage(&mut storage)
        .expect("the balances are valid");
        sp_io::TestExternalities::new(storage).execute_with(|| {
            Card::set(PriceCard {
                base: 1_000,
                per_unit: 100,
            });
            Fee::set(30);
            System::set_block_number(1);
            let issuance = Balances::total_issuance();
            test();
            assert_eq!(Balances::total_issuance(), issuance);
            check_invariants();
        });
    }
}

/// The pallet's invariants, and the part of the first that it cannot see itself: nobody has money on
/// hold without an open hold.
pub fn check_invariants() {
    Billing::do_try_state().unwrap();
    let open: Balance = Holds::<Test>::iter_values()
        .map(|hold: Hold<AccountId>| hold.quote.held().unwrap())
        .sum();
    let on_hold: Balance = pallet_balances::Holds::<Test>::iter_values()
        .flatten()
        .map(|hold| hold.amount)
        .sum();
    assert_eq!(open, on_hold);
}

/// A function by [`DEVELOPER`] with these limits and fee.
pub fn function(timeout_ms: u32, memory_bytes: u32, fee: Balance) -> Resolved<AccountId> {
    Resolved {
        function: 7,
        owner: DEVELOPER,
        version: 1,
        code: Code {
            cid: defaas_primitives::Cid::raw_sha256([1; 32]),
            sha256: [1; 32],
            size: 1,
            kind: CodeKind::Wasm,
        },
        limits: Limits {
            timeout_ms,
            memory_bytes,
            max_input_bytes: 0,
            max_output_bytes: 0,
        },
        deterministic: false,
        verification: Verification::Single,
        required: Labels::default(),
        source: None,
        fee,
    }
}

/// Developer fee, execution price, treasury's share and network fee.
pub fn quote_of(fee: Balance, price: Balance, share: Balance, network: Balance) -> Quote {
    Quote {
        developer_fee: fee,
        execution_price: price,
        treasury_share: share,
        network_fee: network,
    }
}

pub fn bill(developer: AccountId, fee_due: bool, provider: AccountId) -> Bill<AccountId> {
    Bill {
        developer,
        developer_fee_due: fee_due,
        provider,
    }
}

pub fn open(invocation: u64, payer: AccountId, quote: &Quote) -> sp_runtime::DispatchResult {
    <Billing as Escrow<AccountId>>::open(invocation, &payer, quote)
}

pub fn settle(invocation: u64, bill: &Bill<AccountId>) -> Paid {
    <Billing as Escrow<AccountId>>::settle(invocation, bill)
}

pub fn refund(invocation: u64) -> Balance {
    <Billing as Escrow<AccountId>>::refund(invocation)
}

pub fn free(account: AccountId) -> Balance {
    Balances::balance(&account)
}

pub fn on_hold(account: AccountId) -> Balance {
    Balances::total_balance_on_hold(&account)
}

pub fn last_event() -> RuntimeEvent {
    System::events().pop().expect("an event").event
}
