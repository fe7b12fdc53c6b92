//! Calls that wait get a provider.

use alloc::vec::Vec;

use defaas_primitives::{InvocationId, JobCursor, ProviderId, Replica, Tick};
use defaas_traits::{Chosen, Draw, Providers, SlotRandomness};
use frame_support::{defensive, traits::Get, weights::WeightMeter};

use crate::{
    agenda,
    deadline::{full_delay, redraw_delay, Timing},
    digest, queue,
    types::{Assignment, Due, Lane, RefundReason, Status},
    Assignments, Config, Event, InvocationOf, Invocations, Pallet, QueueEnds, Worklist,
};

/// What a draw led to.
enum Drawn {
    /// The call left the queue.
    Left,
    /// There is no room to end a call that nobody can take. It stays at the head of the queue.
    Stopped,
}

impl<T: Config> Pallet<T> {
    /// Draws for waiting calls in their order until the meter or the queue is used up. Without a VRF
    /// in this block nothing is drawn: whatever else could seed a draw, somebody could choose.
    pub(crate) fn draw(now: Tick, meter: &mut WeightMeter) {
        let Some(vrf) = T::Randomness::current() else {
            return;
        };
        // Whoever joins meanwhile waits for the next block, whose VRF nobody knows yet.
        let end = QueueEnds::<T>::get().tail;
        while queue::begins_before::<T>(end) && meter.try_consume(Self::draw_cost()).is_ok() {
            let Some(entry) = queue::front::<T>() else {
                // Left where it is, it would hold up all those behind it for ever.
                queue::pop::<T>();
                defensive!("the queue has an entry at each position");
                continue;
            };
            match Self::draw_one(entry, &vrf, now, meter) {
                Drawn::Left => queue::pop::<T>(),
                Drawn::Stopped => break,
            }
        }
    }

    fn draw_one(
        (id, replica): JobCursor,
        vrf: &[u8; 32],
        now: Tick,
        meter: &mut WeightMeter,
    ) -> Drawn {
        let Some(invocation) = Invocations::<T>::get(id) else {
            if meter.try_consume(Self::refund_cost()).is_err() {
                return Drawn::Stopped;
            }
            Self::abandon((id, replica), now);
            defensive!("the queue holds open calls only");
            return Drawn::Left;
        };
        let tried: Vec<ProviderId> = invocation
            .tried
            .iter()
            .map(|tried| tried.provider)
            .collect();
        let seed = digest::seed(vrf, &invocation.digest, replica, invocation.attempt());
        let drawn = T::Providers::draw(
            &super::request::requirements(&invocation.resolved),
            seed,
            &tried,
            invocation.quote.execution_price,
        );
        let redraws = invocation.redraws;
        let reason = match drawn {
            Draw::Chosen(chosen) => {
                Self::assign(id, replica, invocation, chosen, now);
                return Drawn::Left;
            }
            Draw::Nobody if redraws < T::MaxRedraws::get() => {
                Self::wait(id, replica, invocation, redraw_delay(redraws), now);
                return Drawn::Left;
            }
            Draw::Full if redraws < T::MaxFullRedraws::get() => {
                let spread = u16::from_le_bytes([seed[0], seed[1]]);
                Self::wait(id, replica, invocation, full_delay(redraws, spread), now);
                return Drawn::Left;
            }
            Draw::Nobody => super::end::without_provider(&invocation.tried),
            Draw::Full => RefundReason::ProvidersFull,
        };
        if meter.try_consume(Self::refund_cost()).is_err() {
            return Drawn::Stopped;
        }
        Self::refund(id, invocation, reason, now);
        Drawn::Left
    }

    /// A call that was drawn in vain leaves the queue, so that it blocks nobody, and returns later.
    fn wait(
        id: InvocationId,
        replica: Replica,
        mut invocation: InvocationOf<T>,
        delay: Tick,
        now: Tick,
    ) {
        let due = Due::Redraw(id, replica);
        let tick = now.saturating_add(delay);
        invocation.due = Some(agenda::schedule::<T>(Lane::Work, tick, due));
        invocation.redraws = invocation.redraws.saturating_add(1);
        Invocations::<T>::insert(id, invocation);
    }

    fn assign(
        id: InvocationId,
        replica: Replica,
        mut invocation: InvocationOf<T>,
        chosen: Chosen<T::AccountId>,
        now: Tick,
    ) {
        let attempt = invocation.attempt();
        let deadline = now.saturating_add(Self::timing().ticks(
            invocation.resolved.limits.timeout_ms,
            &invocation.resolved.code,
            invocation.input_bytes,
        ));
        Self::deposit_event(Event::Assigned {
            invocation: id,
            replica,
            provider: chosen.provider,
            attempt,
            deadline,
        });
        Worklist::<T>::insert(chosen.provider, (id, replica), ());
        Assignments::<T>::insert(
            id,
            replica,
            Assignment {
                provider: chosen.provider,
                account: chosen.account,
                worker: chosen.worker,
                attempt,
                deadline,
                digest: invocation.digest,
                max_output_bytes: invocation.resolved.limits.max_output_bytes,
                exposure: invocation.quote.execution_price,
            },
        );
        // A report is valid at the deadline itself, so it is missed from the next tick on.
        let due = Due::Deadline(id, replica);
        let slot = agenda::schedule::<T>(Lane::Work, deadline.saturating_add(1), due);
        invocation.due = Some(slot);
        invocation.status = Status::Assigned;
        Invocations::<T>::insert(id, invocation);
    }

    pub(crate) fn timing() -> Timing {
        Timing {
            margin: T::DeadlineMargin::get(),
            slot_ms: T::SlotMillis::get(),
            fetch_rate: T::FetchRate::get(),
            compile_rate: T::CompileRate::get(),
        }
    }
}
