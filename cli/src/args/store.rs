//! `defaas store`

use crate::{chain::types::ContentId, size::Size};
use clap::{Args, Subcommand};
use std::path::PathBuf;

/// Which store, and what to do with it.
#[derive(Debug, Args)]
pub struct StoreArgs {
    /// Address of the store's upload listener; the token goes there as it is, so keep it local
    #[arg(
        long = "store",
        global = true,
        env = "DEFAAS_STORE",
        value_name = "URL",
        default_value = "http://127.0.0.1:5101"
    )]
    pub url: String,
    /// File with the listener's token
    #[arg(
        long,
        global = true,
        env = "DEFAAS_STORE_TOKEN",
        value_name = "FILE",
        default_value = "upload-token"
    )]
    pub store_token: PathBuf,
    /// What to do
    #[command(subcommand)]
    pub command: StoreCommand,
}

/// What to do with a content store.
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
