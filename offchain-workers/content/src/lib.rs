#![doc = include_str!("../README.md")]

mod blockstore;
mod cid;
mod config;
mod dagpb;
mod engine;
mod error;
mod gc;
pub mod http;
mod leases;
mod pins;
mod protobuf;
mod store;
#[cfg(test)]
mod testing;
mod unixfs;
pub mod upload;
mod verify;

pub use self::cid::{Cid, Codec, HashFunction, UnsupportedCid, MAX_INLINE_BYTES};
pub use config::{Config, MAX_BLOCK_BYTES, MAX_DEPTH};
pub use engine::Usage;
pub use error::{Error, Result};
pub use gc::Collected;
pub use pins::{Pin, PinKind};
pub use store::{CopyError, Import, Imported, Reader, Store, TreeOptions};
pub use unixfs::walk::DagStat;
