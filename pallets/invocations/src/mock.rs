//! A chain with this pallet and mocks of all others.

use codec::Encode;
use defaas_primitives::{
    worker::WorkerPair, Balance, Cid, Code, CodeKind, Hash, Input, InvocationId, Labels, Limits,
    Meters, Outcome, Output, Path, Principal, ProviderId, Report, ReportItem, ReportV1, Selector,
    Verification, WorkerSignature,
};
use defaas_traits::{
    mocks::{
        MockAccess, MockCatalog, MockEscrow, MockOnOutcome, MockPayer, MockProviders,
        MockRandomness,
    },
    Invoke, OnOutcome, Permit, Quote, RequestParams, Resolved, Summary,
};
use frame_support::{
    derive_impl,
    pallet_prelude::{
        DispatchResultWithPostInfo, TransactionSource, TransactionValidityError, ValidTransaction,
    },
    parameter_types,
    traits::{Authorize, Hooks, UnfilteredDispatchable},
    weights::{constants::RocksDbWeight, Weight, WeightMeter},
};
use sp_core::Pair;
use sp_io::hashing::blake2_256;
use sp_runtime::{traits::BlakeTwo256, traits::IdentityLookup, BuildStorage, Perbill};

use crate::{self as pallet_invocations, types::FIRST_REPLICA, Assignments, Pallet};

pub type AccountId = u64;

pub const ALICE: AccountId = 1;
pub const DEVELOPER: AccountId = 2;
/// Is not permitted to call anything.
pub const STRANGER: AccountId = 3;
/// Account of provider 0; the others follow.
pub const FIRST_PROVIDER_ACCOUNT: AccountId = 100;

pub const FUNCTION: u64 = 7;
pub const VERSION: u32 = 2;
pub const QUOTE: Quote = Quote {
    developer_fee: 500,
    execution_price: 1_000,
    treasury_share: 50,
    network_fee: 30,
};
pub const TOTAL: Balance = 1_530;
/// Timeout, code and input of the test function fit into two slots.
pub const DEADLINE_TICKS: u32 = 6 + 2;
pub const GENESIS: Hash = Hash::repeat_byte(0x6e);

#[frame_support::runtime]
mod runtime {
    #[runtime::runtime]
    #[runtime::derive(
        RuntimeCall,
        RuntimeEvent,
        RuntimeError,
        RuntimeOrigin,
        RuntimeTask,
        RuntimeViewFunction
    )]
    pub struct Test;

    #[runtime::pallet_index(0)]
    pub type System = frame_system;
    #[runtime::pallet_index(1)]
    pub type Invocations = pallet_invocations;
}

/// With the extension that authorizes reports.
pub type TxExtension = frame_system::AuthorizeCall<Test>;
pub type UncheckedExtrinsic = sp_runtime::generic::UncheckedExtrinsic<
    u64,
    RuntimeCall,
    sp_runtime::testing::UintAuthorityId,
    TxExtension,
>;
pub type Block =
    sp_runtime::generic::Block<sp_runtime::generic::Header<u64, BlakeTwo256>, UncheckedExtrinsic>;

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
    type Block = Block;
    type DbWeight = RocksDbWeight;
    type Lookup = IdentityLookup<AccountId>;
}

parameter_types! {
    pub const MaxAttempts: u8 = 3;
    pub const MaxRedraws: u8 = 4;
    pub const MaxFullRedraws: u8 = 6;
    pub const DeadlineMargin: u32 = 6;
    pub const SlotMillis: u32 = 2_000;
    pub const FetchRate: u32 = 1024 * 1024;
    pub const CompileRate: u32 = 512 * 1024;
    pub const OutputRetention: u32 = 20;
    pub const RecordRetention: u32 = 50;
    pub const SweepShare: Perbill = Perbill::from_percent(7);
    pub static DrawShare: Perbill = Perbill::from_percent(5);
    pub const PruneShare: Perbill = Perbill::from_percent(7);
    pub const ReportPriority: u64 = u64::MAX / 2;
    pub static CallsAgain: bool = false;
}

/// Requests a call as soon as another one ended, while [`CallsAgain`] says so.
pub struct CallAgain;

impl OnOutcome<AccountId> for CallAgain {
    fn settled(_: &Summary<AccountId>) -> Weight {
        if CallsAgain::get() {
            <Invocations as Invoke<AccountId>>::request(Principal::direct(ALICE), params())
                .expect("the request is valid");
        }
        Weight::zero()
    }

    fn max_weight() -> Weight {
        Weight::zero()
    }
}

impl pallet_invocations::Config for Test {
    type WeightInfo = crate::weights::CountedWeights<Test>;
    type Catalog = MockCatalog;
    type Access = MockAccess;
    type Payer = MockPayer;
    type Escrow = MockEscrow;
    type Providers = MockProviders;
    type Randomness = MockRandomness;
    type OnOutcome = (MockOnOutcome, CallAgain);
    type MaxAttempts = MaxAttempts;
    type MaxRedraws = MaxRedraws;
    type MaxFullRedraws = MaxFullRedraws;
    type DeadlineMargin = DeadlineMargin;
    type SlotMillis = SlotMillis;
    type FetchRate = FetchRate;
    type CompileRate = CompileRate;
    type OutputRetention = OutputRetention;
    type RecordRetention = RecordRetention;
    type SweepShare = SweepShare;
    type DrawShare = DrawShare;
    type PruneShare = PruneShare;
    type ReportPriority = ReportPriority;
}

/// Starts a chain with a function, a caller and some providers.
pub struct ExtBuilder {
    providers: u32,
}

impl Default for ExtBuilder {
    fn default() -> Self {
        Self { providers: 5 }
    }
}

impl ExtBuilder {
    pub fn providers(mut self, providers: u32) -> Self {
        self.providers = providers;
        self
    }

    /// Runs `test`, then checks all invariants.
    pub fn build_and_execute(self, test: impl FnOnce()) {
        let storage = frame_system::GenesisConfig::<Test>::default()
            .build_storage()
            .expect("the system has a genesis");
        sp_io::TestExternalities::new(storage).execute_with(|| {
            DrawShare::set(Perbill::from_percent(5));
            CallsAgain::set(false);
            System::set_block_number(1);
            frame_system::BlockHash::<Test>::insert(0, GENESIS);
            MockCatalog::insert(&function());
            MockEscrow::set_quote(QUOTE);
            MockAccess::allow(&ALICE, permit());
            for provider in 0..self.providers {
                add_provider(provider);
            }
            test();
            check_invariants();
        });
    }
}

pub fn add_provider(provider: ProviderId) {
    MockProviders::insert(
        provider,
        FIRST_PROVIDER_ACCOUNT + u64::from(provider),
        key(provider).public(),
    );
}

/// The pallet's invariants, and those with others: a call has a hold exactly while it is open.
pub fn check_invariants() {
    Invocations::do_try_state().unwrap();
    for id in 0..crate::NextInvocationId::<Test>::get() {
        let open = Invocations::invocation(id).is_some_and(|invocation| invocation.is_open());
        let expected = open.then_some(QUOTE.developer_fee + QUOTE.execution_price);
        assert_eq!(MockEscrow::held(id), expected, "hold of call {id}");
    }
}

pub fn permit() -> Permit<AccountId> {
    Permit::Grant {
        function: FUNCTION,
        account: ALICE,
        serial: 4,
    }
}

pub fn function() -> Resolved<AccountId> {
    Resolved {
        function: FUNCTION,
        owner: DEVELOPER,
        version: VERSION,
        code: Code {
            cid: Cid::raw_sha256([1; 32]),
            sha256: [1; 32],
            size: 256 * 1024,
            kind: CodeKind::Wasm,
        },
        limits: Limits {
            timeout_ms: 3_000,
            memory_bytes: 128 << 20,
            max_input_bytes: 1_000,
            max_output_bytes: 2_000,
        },
        deterministic: false,
        verification: Verification::Single,
        required: Labels::default(),
        source: Some(1),
        fee: QUOTE.developer_fee,
    }
}

/// Worker key of a provider.
pub fn key(provider: ProviderId) -> WorkerPair {
    WorkerPair::from_seed(&(b"worker", provider).using_encoded(blake2_256))
}

pub fn inline(bytes: &[u8]) -> Input {
    Input::Inline(bytes.to_vec().try_into().unwrap())
}

pub fn output(bytes: &[u8]) -> Output {
    Output::Inline(bytes.to_vec().try_into().unwrap())
}

pub fn params() -> RequestParams {
    RequestParams {
        function: FUNCTION,
        selector: Selector::Version(VERSION),
        path: Path::default(),
        input: inline(b"hello"),
        max_fee: TOTAL,
    }
}

pub fn request_with(caller: AccountId, params: RequestParams) -> DispatchResultWithPostInfo {
    Invocations::request(
        RuntimeOrigin::signed(caller),
        params.function,
        params.selector,
        params.path,
        params.input,
        params.max_fee,
    )
}

/// A call of the test function by [`ALICE`].
pub fn request() -> InvocationId {
    let id = crate::NextInvocationId::<Test>::get();
    request_with(ALICE, params()).expect("the request is valid");
    id
}

/// The next block, with a VRF.
pub fn next_block() {
    let block = System::block_number() + 1;
    next_block_with(Some(block.using_encoded(blake2_256)));
}

/// The next block, with this VRF.
pub fn next_block_with(vrf: Option<[u8; 32]>) {
    MockRandomness::set(vrf);
    let block = System::block_number() + 1;
    System::set_block_number(block);
    Invocations::on_poll(block, &mut WeightMeter::new());
}

pub fn next_blocks(count: u32) {
    for _ in 0..count {
        next_block();
    }
}

/// A call of the test function with a provider.
pub fn assigned() -> InvocationId {
    let id = request();
    next_block();
    assert!(Assignments::<Test>::contains_key(id, FIRST_REPLICA));
    id
}

pub fn provider_of(id: InvocationId) -> ProviderId {
    assignment(id).provider
}

pub fn assignment(id: InvocationId) -> crate::Assignment<AccountId> {
    Invocations::assignment(id, FIRST_REPLICA).expect("the call is assigned")
}

/// A true report of how the current attempt of a call ended.
pub fn item(id: InvocationId, outcome: Outcome) -> ReportItem {
    let assignment = assignment(id);
    let output = match outcome {
        Outcome::Success => Some(output(b"world")),
        Outcome::FunctionFailed => Some(output(b"error")),
        _ => None,
    };
    ReportItem {
        invocation: id,
        digest: assignment.digest,
        replica: FIRST_REPLICA,
        attempt: assignment.attempt,
        outcome,
        output,
        meters: Meters {
            duration_ms: 12,
            fuel: None,
        },
    }
}

/// A batch by `provider`, signed by its first key.
pub fn batch(provider: ProviderId, items: Vec<ReportItem>) -> (Report, WorkerSignature) {
    signed(ReportV1 {
        provider,
        worker: key(provider).public(),
        resend: 0,
        items: items.try_into().expect("at most 32 items"),
    })
}

/// A report, signed by the first key of its provider.
pub fn signed(report: ReportV1) -> (Report, WorkerSignature) {
    let pair = key(report.provider);
    let report = Report::V1(report);
    let signature = pair.sign(&report.payload(&GENESIS));
    (report, signature)
}

pub fn report_call((report, signature): (Report, WorkerSignature)) -> crate::Call<Test> {
    crate::Call::report { report, signature }
}

/// What a node says of a report.
pub fn validate(
    source: TransactionSource,
    report: (Report, WorkerSignature),
) -> Result<ValidTransaction, TransactionValidityError> {
    report_call(report)
        .authorize(source)
        .expect("reports are authorized")
        .map(|(valid, _)| valid)
}

/// Includes a report in the block: authorized, then dispatched.
pub fn include(
    report: (Report, WorkerSignature),
) -> Result<DispatchResultWithPostInfo, TransactionValidityError> {
    validate(TransactionSource::InBlock, report.clone())?;
    let origin = frame_system::RawOrigin::Authorized.into();
    Ok(report_call(report).dispatch_bypass_filter(origin))
}

/// The provider of a call reports how it ended.
#[track_caller]
pub fn report(id: InvocationId, outcome: Outcome) {
    include(batch(provider_of(id), vec![item(id, outcome)]))
        .expect("the report is valid")
        .expect("dispatch succeeds");
}

pub fn status(id: InvocationId) -> crate::Status {
    Pallet::<Test>::status_of(id).expect("the record exists").1
}

pub fn last_event() -> RuntimeEvent {
    System::events().pop().expect("an event").event
}

/// Load and exposure of every provider.
pub fn loads() -> Vec<(u32, Balance)> {
    (0..100).map(MockProviders::load::<AccountId>).collect()
}
