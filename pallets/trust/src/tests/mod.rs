//! Tests of the pallet, a file per call or seam.

mod announce;
mod bond_more;
mod close;
mod draw;
mod eviction;
mod frozen;
mod genesis;
mod invariants;
mod judge;
mod leave;
mod random;
mod register;
mod session_manager;
mod set_available;
mod set_worker_key;
mod update;
mod views;
mod weights;
mod withdraw;
