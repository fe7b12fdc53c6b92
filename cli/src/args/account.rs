//! `defaas account`

use crate::amount::Amount;
use clap::Subcommand;

/// What to do with accounts.
#[derive(Debug, Subcommand)]
pub enum AccountCommand {
    /// Make a new account; its secret phrase is shown once
    New {
        /// Name of the key file
        name: String,
    },
    /// Make a key file from a secret phrase, read from standard input
    Import {
        /// Name of the key file
        name: String,
    },
    /// List the key files
    List,
    /// Show address and balance of --account, or of any address
    Show {
        /// SS58 address
        address: Option<String>,
    },
    /// Send money from --account
    Send {
        /// SS58 address of who gets it
        to: String,
        /// In DFS, for example 2.5
        amount: Amount,
    },
}
