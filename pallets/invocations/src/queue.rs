//! Calls that wait for a draw, first come first served.
//!
//! Entries join at the tail and leave at the head, never in between: an open call cannot be taken
//! back. So a map and two counters are enough, and each step costs the same however long the queue.
//! The counters are read anew in each step, because a step that ends a call may lead to another
//! request.

use defaas_primitives::JobCursor;

use crate::{Config, Queue, QueueEnds};

/// Appends an entry.
pub(crate) fn push<T: Config>(entry: JobCursor) {
    QueueEnds::<T>::mutate(|ends| {
        Queue::<T>::insert(ends.tail, entry);
        // A chain that fills 2⁶⁴ positions is out of reach.
        ends.tail = ends.tail.saturating_add(1);
    });
}

/// Whether there is a position before `end`.
pub(crate) fn begins_before<T: Config>(end: u64) -> bool {
    let ends = QueueEnds::<T>::get();
    !ends.is_empty() && ends.head < end
}

/// The oldest entry. Missing only if there is no position, or if the state is corrupt.
pub(crate) fn front<T: Config>() -> Option<JobCursor> {
    Queue::<T>::get(QueueEnds::<T>::get().head)
}

/// Removes the oldest position, with its entry.
pub(crate) fn pop<T: Config>() {
    QueueEnds::<T>::mutate(|ends| {
        Queue::<T>::remove(ends.head);
        ends.head = ends.head.saturating_add(1);
    });
}
