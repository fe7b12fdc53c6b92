#![doc = include_str!("../README.md")]
#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

pub mod access;
pub mod billing;
pub mod catalog;
pub mod invoke;
#[cfg(feature = "mocks")]
pub mod mocks;
pub mod providers;
pub mod randomness;
pub mod weights;

pub use access::{AccessControl, FunctionRef, Permit};
pub use billing::{Bill, Escrow, Paid, PayerPolicy, Quote};
pub use catalog::{Catalog, OnFunction, Resolved, SuspendReason};
pub use invoke::{Invoke, OnOutcome, RequestParams, Summary};
pub use providers::{Chosen, Draw, Providers, Requirements, Verdict};
pub use randomness::SlotRandomness;

#[cfg(test)]
mod tests;
