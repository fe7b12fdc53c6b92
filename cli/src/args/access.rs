//! `defaas access`, `defaas grant`, `defaas revoke`

use crate::{chain::types::Rule, names::FunctionName};
use clap::{value_parser, Args, Subcommand};
use defaas_primitives::BlockNumber;
use subxt::utils::AccountId32;

/// Who may call a function.
#[derive(Debug, Subcommand)]
pub enum AccessCommand {
    /// Replace the rules; any of them lets a caller in
    Set {
        /// Id, OWNER/NAME, or NAME of one of --account
        function: FunctionName,
        /// One or more of them, with commas between
        #[arg(value_enum, value_delimiter = ',', required = true)]
        rules: Vec<Rule>,
    },
    /// Show the rules, and the grant of an account
    Show {
        /// Id, OWNER/NAME, or NAME of one of --account
        function: FunctionName,
        /// SS58 address
        #[arg(id = "ADDRESS")]
        account: Option<AccountId32>,
    },
}

/// Whom to let in.
#[derive(Debug, Args)]
pub struct GrantArgs {
    /// Id, OWNER/NAME, or NAME of one of --account
    pub function: FunctionName,
    /// SS58 address of who may call it
    pub to: AccountId32,
    /// For so many blocks from now [default: for ever]
    #[arg(long, value_name = "N", conflicts_with = "until", value_parser = value_parser!(u32).range(1..))]
    pub blocks: Option<BlockNumber>,
    /// In blocks before this one
    #[arg(long, value_name = "BLOCK")]
    pub until: Option<BlockNumber>,
    /// For so many calls [default: any number]
    #[arg(long, value_name = "N", value_parser = value_parser!(u32).range(1..))]
    pub calls: Option<u32>,
}

/// Whose grant to take away.
#[derive(Debug, Args)]
pub struct RevokeArgs {
    /// Id, OWNER/NAME, or NAME of one of --account
    pub function: FunctionName,
    /// SS58 address of who has it
    pub from: AccountId32,
}
