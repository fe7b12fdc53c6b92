//! Deadlines that passed, and calls to be drawn again.

use defaas_primitives::{InvocationId, Replica, Tick};
use defaas_traits::{Providers, Verdict};
use frame_support::{defensive, traits::Get, weights::WeightMeter};

use crate::{
    agenda::{self, Progress},
    queue,
    types::{Due, Lane, Tried},
    Assignments, Config, Event, Invocations, Pallet, WeightInfo,
};

impl<T: Config> Pallet<T> {
    /// Handles what is due in the lane of open calls. Returns whether nothing of it is left.
    pub(crate) fn sweep(now: Tick, meter: &mut WeightMeter) -> bool {
        agenda::walk::<T>(Lane::Work, now, meter, |due, meter| match due {
            Due::Deadline(id, replica) => Self::miss(id, replica, now, meter),
            Due::Redraw(id, replica) => Self::redraw(id, replica, now, meter),
            Due::DropOutput(_) | Due::DropRecord(_) => {
                defensive!("ended calls stand in the other lane");
                Progress::Done
            }
        })
    }

    /// A provider was silent until its deadline. This alone costs it a part of its bond, and at
    /// once: no later attempt can excuse silence.
    fn miss(id: InvocationId, replica: Replica, now: Tick, meter: &mut WeightMeter) -> Progress {
        if meter.try_consume(Self::miss_cost()).is_err() {
            return Progress::Stopped;
        }
        let (Some(mut invocation), Some(assignment)) = (
            Invocations::<T>::get(id),
            Assignments::<T>::get(id, replica),
        ) else {
            if meter.try_consume(Self::refund_cost()).is_err() {
                return Progress::Stopped;
            }
            Self::abandon((id, replica), now);
            defensive!("a deadline stands in the agenda while its assignment is open");
            return Progress::Done;
        };
        let last = !Self::attempts_left_after_this(&invocation);
        if last && meter.try_consume(Self::refund_cost()).is_err() {
            return Progress::Stopped;
        }
        invocation.due = None;
        Self::close(id, replica, &assignment);
        T::Providers::judge(assignment.provider, Verdict::Silent);
        Self::deposit_event(Event::DeadlineMissed {
            invocation: id,
            replica,
            provider: assignment.provider,
            attempt: assignment.attempt,
        });
        let tried = Tried {
            provider: assignment.provider,
            fault: None,
        };
        Self::retry_or_refund(id, replica, invocation, tried, now);
        Progress::Done
    }

    fn redraw(id: InvocationId, replica: Replica, now: Tick, meter: &mut WeightMeter) -> Progress {
        if meter.try_consume(T::WeightInfo::requeue()).is_err() {
            return Progress::Stopped;
        }
        let Some(mut invocation) = Invocations::<T>::get(id) else {
            if meter.try_consume(Self::refund_cost()).is_err() {
                return Progress::Stopped;
            }
            Self::abandon((id, replica), now);
            defensive!("a call that waits for a draw is open");
            return Progress::Done;
        };
        invocation.due = None;
        Invocations::<T>::insert(id, invocation);
        queue::push::<T>((id, replica));
        Progress::Done
    }

    /// Whether another provider may be drawn if the current attempt fails.
    pub(crate) fn attempts_left_after_this(invocation: &crate::InvocationOf<T>) -> bool {
        invocation.attempt().saturating_add(1) < T::MaxAttempts::get()
    }
}
