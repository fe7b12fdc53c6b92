#![doc = include_str!("../README.md")]

pub mod amount;
pub mod args;
pub mod chain;
pub mod commands;
pub mod error;
pub mod file;
mod hints;
pub mod keys;
pub mod names;
pub mod output;
pub mod size;
pub mod store;

pub use error::{Error, Result};
