//! How the pallets are configured, one file per domain.

pub mod consensus;
pub mod functions;
pub mod money;
pub mod parameters;
pub mod system;
pub mod transactions;
