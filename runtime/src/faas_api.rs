//! What a worker and a watcher of calls ask the runtime.
//!
//! The node knows no pallet: it reads the work list, and has its reports and notices wrapped into
//! transactions, through this interface alone. So a runtime upgrade may change storage, calls and transaction
//! extensions, and the nodes follow. New methods raise the version.

// The macro that declares the interface writes code without documentation.
#![allow(missing_docs)]

use crate::{Invocations, Runtime, RuntimeCall, Trust, UncheckedExtrinsic};
use alloc::vec::Vec;
use codec::{Decode, Encode};
use defaas_primitives::{
    BlockNumber, Endpoint, InvocationId, InvocationState, Job, JobCursor, Notice, NoticeBody,
    ProviderId, Report, Tick, WorkerId, WorkerSignature,
};
use frame_support::traits::Get;
use frame_system::offchain::CreateAuthorizedTransaction;
use pallet_invocations::FIRST_REPLICA;
use scale_info::TypeInfo;

/// What the chain knows of a worker from its notices, and when it takes the next ones.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct WorkerStanding {
    /// The provider it works for.
    pub provider: ProviderId,
    /// Number of the last notice taken; the next one has a higher one.
    pub sequence: u64,
    /// Where its gateway is reached.
    pub endpoint: Endpoint,
    /// Whether it takes new assignments.
    pub available: bool,
    /// First block that may hold a notice of another endpoint.
    pub endpoint_from: BlockNumber,
    /// First block that may hold a notice of availability.
    pub available_from: BlockNumber,
    /// Least number of blocks between two notices of one kind.
    pub interval: BlockNumber,
}

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

        /// What the chain knows from the notices of the worker with this key. `None`: it is not the
        /// worker key of a provider.
        #[api_version(2)]
        fn worker_standing(worker: WorkerId) -> Option<WorkerStanding>;

        /// The transaction that carries `notice`. Nothing is checked here; the pool does.
        #[api_version(2)]
        fn notice_extrinsic(notice: Notice, signature: WorkerSignature) -> Block::Extrinsic;
    }
}

/// The transaction that carries `report`.
pub(crate) fn report_extrinsic(report: Report, signature: WorkerSignature) -> UncheckedExtrinsic {
    authorized(pallet_invocations::Call::report { report, signature }.into())
}

/// The transaction that carries `notice`.
pub(crate) fn notice_extrinsic(notice: Notice, signature: WorkerSignature) -> UncheckedExtrinsic {
    let Notice {
        provider,
        sequence,
        body,
    } = notice;
    let call = match body {
        NoticeBody::Endpoint(endpoint) => pallet_trust::Call::announce {
            provider,
            sequence,
            endpoint,
            signature,
        },
        NoticeBody::Available(available) => pallet_trust::Call::set_available {
            provider,
            sequence,
            available,
            signature,
        },
    };
    authorized(call.into())
}

/// The general transaction that carries a call which authorizes itself.
fn authorized(call: RuntimeCall) -> UncheckedExtrinsic {
    <Runtime as CreateAuthorizedTransaction<RuntimeCall>>::create_authorized_transaction(call)
}

/// What the chain knows from the notices of `worker`.
pub(crate) fn worker_standing(worker: WorkerId) -> Option<WorkerStanding> {
    let id = Trust::provider_by_worker(worker)?;
    let info = Trust::provider(id)?;
    let interval = <Runtime as pallet_trust::Config>::AnnounceInterval::get();
    let from = |last: Option<BlockNumber>| last.map_or(0, |block| block.saturating_add(interval));
    Some(WorkerStanding {
        provider: id,
        sequence: info.profile.sequence,
        endpoint_from: from(info.profile.announced_at),
        available_from: from(info.profile.switched_at),
        endpoint: info.profile.endpoint,
        available: info.provider.available,
        interval,
    })
}

/// Where call `id` stands.
pub(crate) fn invocation_state(id: InvocationId) -> Option<InvocationState> {
    let record = Invocations::invocation(id)?;
    let assignment = Invocations::assignment(id, FIRST_REPLICA);
    let delivery = record.delivery.as_ref();
    Some(InvocationState {
        invocation: id,
        digest: record.digest,
        status: record.status,
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
