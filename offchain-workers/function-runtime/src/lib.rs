#![doc = include_str!("../README.md")]

mod admission;
mod compiler;
mod config;
mod crashes;
mod deployment;
mod deployments;
mod digest;
mod engine;
mod error;
mod in_flight;
mod openfaas;
mod outcome;
mod private;
mod server;
mod timestamp;
mod unfinished;

pub mod cli;
pub mod sandbox;
pub mod secret;

pub use compiler::CompileLimits;
pub use config::{ceilings, Config, ConfigError};
pub use crashes::IN_FLIGHT_FILE;
pub use error::StartError;
pub use secret::Secret;
pub use server::{bind, Address, Server};

/// Identity of this build: crate version and a hash of the sources, those of the words that its
/// client shares among them. A node accepts a runtime binary only if both were built from the same
/// sources, and compares this with what the binary prints for `--build-id`.
pub const BUILD_ID: &str = concat!(env!("CARGO_PKG_VERSION"), "-", env!("DEFAAS_SOURCE_HASH"));

/// The part of [`BUILD_ID`] that stands for the sources.
const SOURCE_HASH: &str = env!("DEFAAS_SOURCE_HASH");
