//! Configuration of the store.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::blockstore::DISK_UNIT;
use crate::error::{Error, Result};
use crate::unixfs::WalkLimits;

/// Longest block that is kept or accepted, in bytes: what every peer takes.
pub const MAX_BLOCK_BYTES: usize = 2 << 20;
/// Most levels of a DAG.
pub const MAX_DEPTH: usize = 32;

/// Configuration of the store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Folder of the store; made if missing, for its owner only.
    pub dir: PathBuf,
    /// Most bytes that blocks may take on disk, each rounded up to 4 KiB.
    pub max_bytes: u64,
    /// Percentage of `max_bytes` above which what nothing holds is collected.
    pub high_water_percent: u8,
    /// Most pins.
    pub max_pins: usize,
    /// Most blocks visited in one DAG, repeated ones counted each time.
    pub max_dag_blocks: u64,
    /// Most operations on the disk at once.
    pub concurrency: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            dir: PathBuf::from("content"),
            max_bytes: 16 << 30,
            high_water_percent: 90,
            max_pins: 100_000,
            max_dag_blocks: 262_144,
            concurrency: 8,
        }
    }
}

impl Config {
    /// The default configuration in another folder.
    pub fn in_dir(dir: impl Into<PathBuf>) -> Self {
        Self {
            dir: dir.into(),
            ..Self::default()
        }
    }

    /// Where collection starts, in bytes.
    pub(crate) fn high_water(&self) -> u64 {
        // In 128 bits: `max_bytes` may be any number.
        let bytes = u128::from(self.max_bytes) * u128::from(self.high_water_percent) / 100;
        bytes as u64
    }

    pub(crate) fn walk_limits(&self) -> WalkLimits {
        WalkLimits {
            depth: MAX_DEPTH,
            blocks: self.max_dag_blocks,
        }
    }

    pub(crate) fn check(&self) -> Result<()> {
        if !(1..=100).contains(&self.high_water_percent) {
            return Err(Error::Config("`high_water_percent` must be 1 to 100"));
        }
        if self.max_bytes < DISK_UNIT {
            return Err(Error::Config("`max_bytes` must be at least 4096"));
        }
        if self.concurrency == 0 || self.max_pins == 0 || self.max_dag_blocks == 0 {
            return Err(Error::Config(
                "`concurrency`, `max_pins` and `max_dag_blocks` must not be zero",
            ));
        }
        Ok(())
    }
}
