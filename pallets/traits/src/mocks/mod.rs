//! Implementations of the seams for the tests of pallets. Their state lives in storage under keys of
//! their own, so that a failed call rolls it back like real state. Without being told otherwise they
//! refuse: nothing can be called, nobody may, no provider is there.

mod access;
mod billing;
mod catalog;
mod invoke;
mod key_counter;
mod providers;
mod randomness;
mod state;

pub use access::MockAccess;
pub use billing::{MockEscrow, MockPayer};
pub use catalog::{MockCatalog, MockOnFunction};
pub use invoke::MockOnOutcome;
pub use key_counter::{count_keys, KeyCount};
pub use providers::MockProviders;
pub use randomness::MockRandomness;
