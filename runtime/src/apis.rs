//! The runtime APIs: what the node, its RPC and tools ask the runtime.

#![allow(missing_docs)] // the macro's output

use crate::{
    configs::consensus::GENESIS_EPOCH_CONFIG, faas_api, genesis_presets,
    genesis_settings::EpochDuration, pallets, AccountId, AuthorityDiscovery, Babe, Balance, Block,
    Executive, Grandpa, Historical, Invocations, Nonce, Runtime, RuntimeCall, RuntimeGenesisConfig,
    SessionKeys, System, TransactionPayment, Trust, VERSION,
};
use alloc::vec::Vec;
use codec::Encode;
use defaas_primitives::{
    InvocationId, InvocationState, Job, JobCursor, Notice, ProviderId, Report, Tick, WorkerId,
    WorkerSignature,
};
use frame_support::{
    genesis_builder_helper::{build_state, get_preset},
    traits::KeyOwnerProofSystem,
    weights::Weight,
};
use pallet_transaction_payment_rpc_runtime_api::{FeeDetails, RuntimeDispatchInfo};
use sp_api::impl_runtime_apis;
use sp_authority_discovery::AuthorityId as AuthorityDiscoveryId;
use sp_consensus_babe::{
    AuthorityId as BabeId, BabeConfiguration, Epoch, EquivocationProof as BabeEquivocationProof,
    OpaqueKeyOwnershipProof as BabeKeyOwnershipProof, Slot,
};
use sp_consensus_grandpa::{
    AuthorityId as GrandpaId, AuthorityList, EquivocationProof as GrandpaEquivocationProof,
    OpaqueKeyOwnershipProof as GrandpaKeyOwnershipProof, SetId,
};
use sp_core::{crypto::KeyTypeId, OpaqueMetadata};
use sp_genesis_builder::PresetId;
use sp_inherents::{CheckInherentsResult, InherentData};
use sp_runtime::{
    traits::{Block as BlockT, NumberFor},
    transaction_validity::{TransactionSource, TransactionValidity},
    ApplyExtrinsicResult, ExtrinsicInclusionMode,
};
use sp_session::OpaqueGeneratedSessionKeys;
use sp_version::RuntimeVersion;

impl_runtime_apis! {
    impl sp_api::Core<Block> for Runtime {
        fn version() -> RuntimeVersion {
            VERSION
        }

        fn execute_block(block: <Block as BlockT>::LazyBlock) {
            Executive::execute_block(block)
        }

        fn initialize_block(header: &<Block as BlockT>::Header) -> ExtrinsicInclusionMode {
            Executive::initialize_block(header)
        }
    }

    impl sp_api::Metadata<Block> for Runtime {
        fn metadata() -> OpaqueMetadata {
            OpaqueMetadata::new(Runtime::metadata().into())
        }

        fn metadata_at_version(version: u32) -> Option<OpaqueMetadata> {
            Runtime::metadata_at_version(version)
        }

        fn metadata_versions() -> Vec<u32> {
            Runtime::metadata_versions()
        }
    }

    impl frame_support::view_functions::runtime_api::RuntimeViewFunction<Block> for Runtime {
        fn execute_view_function(
            id: frame_support::view_functions::ViewFunctionId,
            input: Vec<u8>,
        ) -> Result<Vec<u8>, frame_support::view_functions::ViewFunctionDispatchError> {
            Runtime::execute_view_function(id, input)
        }
    }

    impl sp_block_builder::BlockBuilder<Block> for Runtime {
        fn apply_extrinsic(extrinsic: <Block as BlockT>::Extrinsic) -> ApplyExtrinsicResult {
            Executive::apply_extrinsic(extrinsic)
        }

        fn finalize_block() -> <Block as BlockT>::Header {
            Executive::finalize_block()
        }

        fn inherent_extrinsics(data: InherentData) -> Vec<<Block as BlockT>::Extrinsic> {
            pallets::inherents(&data)
        }

        fn check_inherents(
            block: <Block as BlockT>::LazyBlock,
            data: InherentData,
        ) -> CheckInherentsResult {
            pallets::check_inherents(&block, &data)
        }
    }

    impl sp_transaction_pool::runtime_api::TaggedTransactionQueue<Block> for Runtime {
        fn validate_transaction(
            source: TransactionSource,
            tx: <Block as BlockT>::Extrinsic,
            block_hash: <Block as BlockT>::Hash,
        ) -> TransactionValidity {
            Executive::validate_transaction(source, tx, block_hash)
        }
    }

    impl sp_offchain::OffchainWorkerApi<Block> for Runtime {
        fn offchain_worker(header: &<Block as BlockT>::Header) {
            Executive::offchain_worker(header)
        }
    }

    impl sp_session::SessionKeys<Block> for Runtime {
        fn generate_session_keys(
            owner: Vec<u8>,
            seed: Option<Vec<u8>>,
        ) -> OpaqueGeneratedSessionKeys {
            SessionKeys::generate(&owner, seed).into()
        }

        fn decode_session_keys(encoded: Vec<u8>) -> Option<Vec<(Vec<u8>, KeyTypeId)>> {
            SessionKeys::decode_into_raw_public_keys(&encoded)
        }
    }

    impl sp_consensus_babe::BabeApi<Block> for Runtime {
        fn configuration() -> BabeConfiguration {
            let epoch_config = Babe::epoch_config().unwrap_or(GENESIS_EPOCH_CONFIG);
            BabeConfiguration {
                slot_duration: Babe::slot_duration(),
                epoch_length: EpochDuration::get(),
                c: epoch_config.c,
                authorities: Babe::authorities().to_vec(),
                randomness: Babe::randomness(),
                allowed_slots: epoch_config.allowed_slots,
            }
        }

        fn current_epoch_start() -> Slot {
            Babe::current_epoch_start()
        }

        fn current_epoch() -> Epoch {
            Babe::current_epoch()
        }

        fn next_epoch() -> Epoch {
            Babe::next_epoch()
        }

        fn generate_key_ownership_proof(
            _: Slot,
            authority: BabeId,
        ) -> Option<BabeKeyOwnershipProof> {
            Historical::prove((sp_consensus_babe::KEY_TYPE, authority))
                .map(|proof| BabeKeyOwnershipProof::new(proof.encode()))
        }

        fn submit_report_equivocation_unsigned_extrinsic(
            equivocation: BabeEquivocationProof<<Block as BlockT>::Header>,
            key_owner: BabeKeyOwnershipProof,
        ) -> Option<()> {
            Babe::submit_unsigned_equivocation_report(equivocation, key_owner.decode()?)
        }
    }

    impl sp_consensus_grandpa::GrandpaApi<Block> for Runtime {
        fn grandpa_authorities() -> AuthorityList {
            Grandpa::grandpa_authorities()
        }

        fn current_set_id() -> SetId {
            Grandpa::current_set_id()
        }

        fn generate_key_ownership_proof(
            _: SetId,
            authority: GrandpaId,
        ) -> Option<GrandpaKeyOwnershipProof> {
            Historical::prove((sp_consensus_grandpa::KEY_TYPE, authority))
                .map(|proof| GrandpaKeyOwnershipProof::new(proof.encode()))
        }

        fn submit_report_equivocation_unsigned_extrinsic(
            equivocation: GrandpaEquivocationProof<<Block as BlockT>::Hash, NumberFor<Block>>,
            key_owner: GrandpaKeyOwnershipProof,
        ) -> Option<()> {
            Grandpa::submit_unsigned_equivocation_report(equivocation, key_owner.decode()?)
        }
    }

    impl sp_authority_discovery::AuthorityDiscoveryApi<Block> for Runtime {
        fn authorities() -> Vec<AuthorityDiscoveryId> {
            AuthorityDiscovery::authorities()
        }
    }

    impl frame_system_rpc_runtime_api::AccountNonceApi<Block, AccountId, Nonce> for Runtime {
        fn account_nonce(account: AccountId) -> Nonce {
            System::account_nonce(account)
        }
    }

    impl pallet_transaction_payment_rpc_runtime_api::TransactionPaymentApi<Block, Balance>
        for Runtime
    {
        fn query_info(
            extrinsic: <Block as BlockT>::Extrinsic,
            len: u32,
        ) -> RuntimeDispatchInfo<Balance> {
            TransactionPayment::query_info(extrinsic, len)
        }

        fn query_fee_details(
            extrinsic: <Block as BlockT>::Extrinsic,
            len: u32,
        ) -> FeeDetails<Balance> {
            TransactionPayment::query_fee_details(extrinsic, len)
        }

        fn query_weight_to_fee(weight: Weight) -> Balance {
            TransactionPayment::weight_to_fee(weight)
        }

        fn query_length_to_fee(length: u32) -> Balance {
            TransactionPayment::length_to_fee(length)
        }
    }

    impl
        pallet_transaction_payment_rpc_runtime_api::TransactionPaymentCallApi<
            Block,
            Balance,
            RuntimeCall,
        > for Runtime
    {
        fn query_call_info(call: RuntimeCall, len: u32) -> RuntimeDispatchInfo<Balance> {
            TransactionPayment::query_call_info(call, len)
        }

        fn query_call_fee_details(call: RuntimeCall, len: u32) -> FeeDetails<Balance> {
            TransactionPayment::query_call_fee_details(call, len)
        }

        fn query_weight_to_fee(weight: Weight) -> Balance {
            TransactionPayment::weight_to_fee(weight)
        }

        fn query_length_to_fee(length: u32) -> Balance {
            TransactionPayment::length_to_fee(length)
        }
    }

    #[api_version(2)]
    impl faas_api::FaasApi<Block> for Runtime {
        fn provider_of(worker: WorkerId) -> Option<ProviderId> {
            Trust::provider_by_worker(worker)
        }

        fn tick() -> Tick {
            Invocations::tick()
        }

        fn jobs(provider: ProviderId, after: Option<JobCursor>, limit: u32) -> Vec<Job> {
            Invocations::assignments(provider, after, limit)
        }

        fn report_extrinsic(
            report: Report,
            signature: WorkerSignature,
        ) -> <Block as BlockT>::Extrinsic {
            faas_api::report_extrinsic(report, signature)
        }

        fn invocation_state(id: InvocationId) -> Option<InvocationState> {
            faas_api::invocation_state(id)
        }

        fn worker_standing(worker: WorkerId) -> Option<faas_api::WorkerStanding> {
            faas_api::worker_standing(worker)
        }

        fn notice_extrinsic(
            notice: Notice,
            signature: WorkerSignature,
        ) -> <Block as BlockT>::Extrinsic {
            faas_api::notice_extrinsic(notice, signature)
        }
    }

    impl sp_genesis_builder::GenesisBuilder<Block> for Runtime {
        fn build_state(config: Vec<u8>) -> sp_genesis_builder::Result {
            build_state::<RuntimeGenesisConfig>(config)
        }

        fn get_preset(id: &Option<PresetId>) -> Option<Vec<u8>> {
            get_preset::<RuntimeGenesisConfig>(id, genesis_presets::get_preset)
        }

        fn preset_names() -> Vec<PresetId> {
            genesis_presets::preset_names()
        }
    }

    #[cfg(feature = "try-runtime")]
    impl frame_try_runtime::TryRuntime<Block> for Runtime {
        fn on_runtime_upgrade(
            checks: frame_try_runtime::UpgradeCheckSelect,
        ) -> (Weight, Weight) {
            let weight = Executive::try_runtime_upgrade(checks)
                .expect("the upgrade and its checks must succeed");
            (weight, crate::configs::system::RuntimeBlockWeights::get().max_block)
        }

        fn execute_block(
            block: <Block as BlockT>::LazyBlock,
            state_root_check: bool,
            signature_check: bool,
            select: frame_try_runtime::TryStateSelect,
        ) -> Weight {
            Executive::try_execute_block(block, state_root_check, signature_check, select)
                .expect("the block and the state after it must be valid")
        }
    }
}
