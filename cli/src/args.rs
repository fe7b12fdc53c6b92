//! The command line.

use crate::{amount::Amount, keys::AccountName};
use clap::{Parser, Subcommand};
use std::path::PathBuf;

/// Publish functions that no one company runs, and call them.
#[derive(Debug, Parser)]
#[command(name = "defaas", version, max_term_width = 100)]
#[command(
    after_help = "Exit codes: 0 done; 2 usage; 3 no connection; 4 refused by the chain; \
    5 keys; 6 files; 7 timed out; 8 does not exist; 9 chain and program do not fit"
)]
pub struct Args {
    /// WebSocket address of a node
    #[arg(
        long,
        global = true,
        env = "DEFAAS_NODE",
        default_value = "ws://127.0.0.1:9944"
    )]
    pub node: String,

    /// Account that signs and pays: a key file's name, or //Alice on development chains
    #[arg(long, global = true, env = "DEFAAS_ACCOUNT", value_name = "NAME")]
    pub account: Option<AccountName>,

    /// Folder with the key files [default: ~/.config/defaas/accounts]
    #[arg(long, global = true, env = "DEFAAS_KEYS", value_name = "DIR")]
    pub keys: Option<PathBuf>,

    /// Print one JSON value, and errors as JSON
    #[arg(long, global = true)]
    pub json: bool,

    /// What to do
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make, import and show accounts, move money
    #[command(subcommand)]
    Account(AccountCommand),
}

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
