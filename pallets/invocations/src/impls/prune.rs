//! What is left of ended calls goes: first the output, much later the record.

use defaas_primitives::Tick;
use frame_support::{defensive, traits::Get, weights::WeightMeter};

use crate::{
    agenda::{self, Progress},
    types::{Due, Lane},
    Config, Invocations, Outputs, Pallet, WeightInfo,
};

impl<T: Config> Pallet<T> {
    /// Handles what is due in the lane of ended calls.
    pub(crate) fn prune(now: Tick, meter: &mut WeightMeter) {
        agenda::walk::<T>(Lane::Retention, now, meter, |due, meter| {
            let cost = match due {
                Due::DropOutput(_) => T::WeightInfo::drop_output(),
                _ => T::WeightInfo::drop_record(),
            };
            if meter.try_consume(cost).is_err() {
                return Progress::Stopped;
            }
            match due {
                Due::DropOutput(id) => {
                    Outputs::<T>::remove(id);
                    let rest = T::RecordRetention::get().saturating_sub(T::OutputRetention::get());
                    // At least one tick to come, also where both retentions are equal.
                    let tick = now.saturating_add(rest.max(1));
                    agenda::schedule::<T>(Lane::Retention, tick, Due::DropRecord(id));
                }
                Due::DropRecord(id) => Invocations::<T>::remove(id),
                Due::Deadline(..) | Due::Redraw(..) => {
                    defensive!("open calls stand in the other lane");
                }
            }
            Progress::Done
        });
    }
}
