//! What is to be done at which tick.
//!
//! Each lane is a list per tick, appended to and walked in order by a cursor. An entry can be taken
//! out by its slot, which leaves a hole: the walk reads it and passes. Nothing is ever moved and no
//! list has an upper bound, so appending, removing and a step of the walk cost the same whatever is
//! stored.
//!
//! The walk stops where its meter is used up and goes on there at the next tick. Entries are only
//! ever appended to ticks to come, which the cursor has not reached.

use defaas_primitives::Tick;
use frame_support::weights::WeightMeter;

use crate::{Agenda, AgendaLengths, Config, Cursors, Due, Lane, Slot, WeightInfo};

/// What became of an entry.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Progress {
    /// It is done and leaves the agenda.
    Done,
    /// The meter does not allow it; it stays and the walk stops.
    Stopped,
}

/// Appends `due` to what is to be done at `tick`, which must be to come.
pub(crate) fn schedule<T: Config>(lane: Lane, tick: Tick, due: Due) -> Slot {
    let index = AgendaLengths::<T>::mutate(lane, tick, |length| {
        let index = *length;
        // More than 2³² entries of one tick are out of reach of its block's weight.
        *length = length.saturating_add(1);
        index
    });
    Agenda::<T>::insert((lane, tick), index, due);
    Slot { tick, index }
}

/// Takes an entry out.
pub(crate) fn cancel<T: Config>(lane: Lane, slot: Slot) {
    Agenda::<T>::remove((lane, slot.tick), slot.index);
}

/// Hands what is due at `now` or was before to `run`, in order, as long as `meter` allows. The
/// meter pays for each visit to a slot; `run` takes its own work from it before it does anything.
/// Returns whether nothing that is due is left.
pub(crate) fn walk<T: Config>(
    lane: Lane,
    now: Tick,
    meter: &mut WeightMeter,
    mut run: impl FnMut(Due, &mut WeightMeter) -> Progress,
) -> bool {
    let start = Cursors::<T>::get(lane);
    let mut cursor = start;
    while cursor.tick <= now && meter.try_consume(T::WeightInfo::visit()).is_ok() {
        if cursor.index >= AgendaLengths::<T>::get(lane, cursor.tick) {
            AgendaLengths::<T>::remove(lane, cursor.tick);
            cursor = Slot {
                tick: cursor.tick.saturating_add(1),
                index: 0,
            };
            continue;
        }
        if let Some(due) = Agenda::<T>::get((lane, cursor.tick), cursor.index) {
            if run(due, meter) == Progress::Stopped {
                break;
            }
            Agenda::<T>::remove((lane, cursor.tick), cursor.index);
        }
        cursor.index = cursor.index.saturating_add(1);
    }
    if cursor != start {
        Cursors::<T>::insert(lane, cursor);
    }
    cursor.tick > now
}
