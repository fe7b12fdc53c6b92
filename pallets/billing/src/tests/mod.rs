//! Tests by step of the escrow.

mod frozen;
mod invariants;
mod open;
mod quote;
mod refund;
mod settle;
mod weights;
