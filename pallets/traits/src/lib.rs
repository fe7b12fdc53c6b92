//! The seams between the pallets: the only things that cross from one to another.
//!
//! Pallets never name each other. Each takes what it needs through one of these traits, the runtime
//! says who implements it. One file per domain; reusable mocks in `mocks` behind a feature.
//!
//! | seam | implemented by | used by |
//! |---|---|---|
//! | [`catalog::Catalog`] | registry | access, invocations |
//! | [`catalog::OnFunction`] | access, billing | registry |
//! | [`access::AccessControl`] | access | invocations |
//! | [`billing::PayerPolicy`] | billing | invocations |
//! | [`billing::Escrow`] | billing | invocations |
//! | [`providers::Providers`] | trust | invocations |
//! | [`randomness::SlotRandomness`] | runtime | invocations |
//! | [`invoke::Invoke`] | invocations | triggers, contracts |
//! | [`invoke::OnOutcome`] | audits, triggers | invocations |
//!
//! Rules for all of them: a method whose doc says *infallible* never fails and never leaves money
//! behind, whatever the state; each method that runs in a hook or in a call has a companion that
//! returns its worst-case weight, counted as [`weights`] says; mocks keep their state in storage, so a
//! failed call rolls it back.

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
