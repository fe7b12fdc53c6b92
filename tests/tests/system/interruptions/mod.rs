//! What becomes of calls, money and the network when something is killed, lost, stopped or silent.
//!
//! There is one provider, so an attempt that fails cannot be given to another: after the waits
//! between draws, 30 ticks in all, the call is refunded. Because of these waits the scenarios of a
//! test run side by side, each on a node of its own.
//!
//! The function under test writes random bytes. So if the output that is paid for is the one that was
//! recorded before the crash, it was not executed again.

mod books;
mod crashes;
mod drain;
mod journal;
mod market;
mod quarantine;
mod silence;
