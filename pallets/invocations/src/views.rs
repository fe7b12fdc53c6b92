//! What workers and watchers read.
//!
//! There is no index of calls by caller: it would cost every call two more writes for a question that
//! a node answers from events. Whoever has only the chain's state pages through the records.

use alloc::vec::Vec;

use defaas_primitives::{job::MAX_JOBS_PAGE, Digest, InvocationId, Job, JobCursor, ProviderId};
use sp_runtime::SaturatedConversion;

use crate::{
    Assignments, Config, Inputs, InvocationOf, Invocations, NextInvocationId, Pallet, Status,
    Worklist,
};

/// Most records in a page.
pub const MAX_RECORDS_PAGE: u32 = 100;

impl<T: Config> Pallet<T> {
    /// A page of what `provider` has to do: at most `limit` jobs, [`MAX_JOBS_PAGE`] at most, that
    /// follow `from` in the order of storage. Fewer than asked for: the end. `from` need not be open
    /// any more.
    pub fn assignments(provider: ProviderId, from: Option<JobCursor>, limit: u32) -> Vec<Job> {
        let limit = limit.min(MAX_JOBS_PAGE).saturated_into();
        let keys = match from {
            None => Worklist::<T>::iter_key_prefix(provider),
            Some(cursor) => {
                let key = Worklist::<T>::hashed_key_for(provider, cursor);
                Worklist::<T>::iter_key_prefix_from(provider, key)
            }
        };
        keys.take(limit)
            .filter_map(|cursor| Self::job(cursor))
            .collect()
    }

    /// What is known of an open assignment.
    pub fn job((id, replica): JobCursor) -> Option<Job> {
        let assignment = Assignments::<T>::get(id, replica)?;
        let resolved = Invocations::<T>::get(id)?.resolved;
        let input = Inputs::<T>::get(id)?;
        Some(Job {
            invocation: id,
            digest: assignment.digest,
            replica,
            attempt: assignment.attempt,
            deadline: assignment.deadline,
            worker: assignment.worker,
            function: resolved.function,
            version: resolved.version,
            code: resolved.code,
            limits: resolved.limits,
            deterministic: resolved.deterministic,
            source: resolved.source,
            path: input.path,
            input: input.input,
        })
    }

    /// Identity and status of a call, for whoever waits for it. The identity tells whether it is the
    /// one that was asked for: after a re-organisation the number may name another one.
    pub fn status_of(id: InvocationId) -> Option<(Digest, Status)> {
        Invocations::<T>::get(id).map(|invocation| (invocation.digest, invocation.status))
    }

    /// The records of `from` and the `limit` ids after it, [`MAX_RECORDS_PAGE`] at most, without
    /// those pruned.
    pub(crate) fn page_of_records(
        from: InvocationId,
        limit: u32,
    ) -> Vec<(InvocationId, InvocationOf<T>)> {
        let end = from
            .saturating_add(limit.min(MAX_RECORDS_PAGE).into())
            .min(NextInvocationId::<T>::get());
        (from..end)
            .filter_map(|id| Some((id, Invocations::<T>::get(id)?)))
            .collect()
    }
}
