//! `defaas store`

use crate::{chain::types::ContentId, size::Size};
use clap::Subcommand;
use std::path::PathBuf;

/// Where a store listens on the machine of its node, for `defaas store` if nothing else is said.
pub const LOCAL_STORE: &str = "http://127.0.0.1:5101";

/// What to do with a content store [default: the one at http://127.0.0.1:5101].
#[derive(Debug, Subcommand)]
pub enum StoreCommand {
    /// Put a file into the store, keep it there, and print its CID. Everybody can read it
    Add {
        /// Which file
        file: PathBuf,
    },
    /// Write a file of the store to standard output
    Get {
        /// Its CID
        cid: ContentId,
        /// Write it to this file instead
        #[arg(long, value_name = "FILE")]
        output: Option<PathBuf>,
        /// Refuse more than this
        #[arg(long, value_name = "SIZE", default_value = "64MiB")]
        max: Size,
    },
    /// Keep what the store has under a CID
    Pin {
        /// Which
        cid: ContentId,
    },
}
