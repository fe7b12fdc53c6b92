#![doc = include_str!("../README.md")]

pub mod amount;
pub mod args;
pub mod chain;
pub mod commands;
pub mod error;
pub mod keys;
pub mod output;

pub use error::{Error, Result};
