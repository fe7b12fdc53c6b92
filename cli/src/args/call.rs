//! `defaas call`, `defaas invocation`

use super::SelectorArgs;
use crate::{
    amount::Amount,
    chain::types::ContentId,
    names::{CallPath, FunctionName},
    size::Size,
};
use clap::{value_parser, Args, Subcommand};
use defaas_primitives::InvocationId;
use std::path::PathBuf;

/// What to call and how.
#[derive(Debug, Args)]
pub struct CallArgs {
    /// Id, OWNER/NAME, or NAME of one of --account
    pub function: FunctionName,
    /// Which version
    #[command(flatten)]
    pub selector: SelectorArgs,
    /// File that the function reads; - is standard input [default: nothing]. More than 4 KiB, up to
    /// 16 MiB, go through the content store of --store
    #[arg(long, value_name = "FILE", conflicts_with = "input_cid")]
    pub input: Option<PathBuf>,
    /// What the function reads is on the network already, under this CID
    #[arg(long, value_name = "CID", requires = "input_size")]
    pub input_cid: Option<ContentId>,
    /// Its length
    #[arg(long, value_name = "SIZE", requires = "input_cid")]
    pub input_size: Option<Size>,
    /// Path and query that the function sees
    #[arg(long, default_value = "/")]
    pub path: CallPath,
    /// Most to pay, network fee included, in DFS [default: what the quote says]
    #[arg(long, value_name = "AMOUNT")]
    pub max_fee: Option<Amount>,
    /// Wait for the result; the output goes to standard output, the rest to standard error
    #[arg(long)]
    pub wait: bool,
    /// Longest wait, in seconds
    #[arg(long, value_name = "S", default_value_t = 300, requires = "wait", value_parser = value_parser!(u64).range(1..))]
    pub timeout: u64,
    /// Write the output to this file, and the rest to standard output
    #[arg(long, value_name = "FILE", requires = "wait")]
    pub output: Option<PathBuf>,
    /// Show what caller, developer, provider and treasury have before the request and after the result
    #[arg(long, requires = "wait")]
    pub balances: bool,
}

/// What to look at.
#[derive(Debug, Subcommand)]
pub enum InvocationCommand {
    /// Show a call; the chain keeps it for a day after its end, and its output for an hour
    Show {
        /// Its number
        id: InvocationId,
        /// Write the output to this file, while the chain or the content store of --store has it
        #[arg(long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
    /// List the newest calls
    List {
        /// Only calls below this number
        #[arg(long, value_name = "ID")]
        before: Option<InvocationId>,
        /// At most so many
        #[arg(long, default_value_t = 20, value_name = "N", value_parser = value_parser!(u32).range(1..=100))]
        limit: u32,
    },
}
