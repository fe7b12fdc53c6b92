//! What a worker and a watcher of calls ask the runtime.
//!
//! The node knows no pallet: it reads the work list, and has its reports wrapped into transactions,
//! through this interface alone. So a runtime upgrade may change storage, calls and transaction
//! extensions, and the nodes follow. New methods raise the version.

// The macro that declares the interface writes code without documentation.
#![allow(missing_docs)]

use crate::{Invocations, Runtime, RuntimeCall, UncheckedExtrinsic};
use alloc::vec::Vec;
use defaas_primitives::{
    InvocationId, InvocationState, Job, JobCursor, ProviderId, Refund, Report, Stage, Tick,
    WorkerId, WorkerSignature,
};
use frame_system::offchain::CreateAuthorizedTransaction;
use pallet_invocations::{RefundReason, Status, FIRST_REPLICA};

sp_api::decl_runtime_apis! {
    /// The chain as workers and watchers of calls see it.
    #[api_version(1)]
    pub trait FaasApi {
        /// The provider registered with this worker key.
        fn provider_of(worker: WorkerId) -> Option<ProviderId>;

        /// The clock of deadlines.
        fn tick() -> Tick;

        /// A page of the open assignments of `provider`, in the order of storage, from the one that
        /// follows `after`: at most `limit` and
        /// [`MAX_JOBS_PAGE`](defaas_primitives::job::MAX_JOBS_PAGE). Fewer: there are no more.
        fn jobs(provider: ProviderId, after: Option<JobCursor>, limit: u32) -> Vec<Job>;

        /// The transaction that carries `report`. Nothing is checked here; the pool does.
        fn report_extrinsic(report: Report, signature: WorkerSignature) -> Block::Extrinsic;

        /// Where a call stands. `None`: not requested yet, or its record was pruned.
        fn invocation_state(id: InvocationId) -> Option<InvocationState>;
    }
}

/// The transaction that carries `report`.
pub(crate) fn report_extrinsic(report: Report, signature: WorkerSignature) -> UncheckedExtrinsic {
    let call = pallet_invocations::Call::report { report, signature };
    <Runtime as CreateAuthorizedTransaction<RuntimeCall>>::create_authorized_transaction(
        call.into(),
    )
}

/// Where call `id` stands.
pub(crate) fn invocation_state(id: InvocationId) -> Option<InvocationState> {
    let record = Invocations::invocation(id)?;
    let assignment = Invocations::assignment(id, FIRST_REPLICA);
    let delivery = record.delivery.as_ref();
    Some(InvocationState {
        invocation: id,
        digest: record.digest,
        stage: stage(record.status),
        attempt: record.attempt(),
        provider: assignment
            .as_ref()
            .map(|assignment| assignment.provider)
            .or(delivery.map(|delivery| delivery.provider)),
        deadline: assignment.as_ref().map(|assignment| assignment.deadline),
        output: delivery.and_then(|delivery| delivery.output),
        meters: delivery.map(|delivery| delivery.meters),
    })
}

fn stage(status: Status) -> Stage {
    match status {
        Status::Requested => Stage::Requested,
        Status::Assigned => Stage::Assigned,
        Status::Settled(outcome) => Stage::Settled(outcome),
        Status::Refunded(reason) => Stage::Refunded(match reason {
            RefundReason::NoProvider => Refund::NoProvider,
            RefundReason::AttemptsExhausted => Refund::AttemptsExhausted,
            RefundReason::ContentUnusable => Refund::ContentUnusable,
        }),
    }
}
