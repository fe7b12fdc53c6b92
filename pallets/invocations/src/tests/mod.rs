//! Tests by step of a call's life.

mod authorize;
mod constants;
mod draw;
mod frozen;
mod invariants;
mod invoke;
mod judge;
mod prune;
mod random;
mod report;
mod request;
mod sweep;
mod views;
mod weights;
