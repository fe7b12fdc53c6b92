//! `defaas publish`

use crate::{
    amount::Amount,
    chain::types::{ContentId, Rule},
    names::PlainName,
    size::Size,
};
use clap::Args;
use std::path::PathBuf;

/// What to publish. For a function that exists, what is not given stays as it is.
#[derive(Debug, Args)]
pub struct PublishArgs {
    /// WebAssembly file
    pub file: PathBuf,
    /// Name of the function; if --account has one of this name, the file is its next version
    #[arg(long)]
    pub name: PlainName,
    /// What you get per call, in DFS [default: 0]
    #[arg(long, value_name = "AMOUNT")]
    pub fee: Option<Amount>,
    /// Longest execution, in milliseconds [default: 10000]
    #[arg(long, value_name = "MS")]
    pub timeout: Option<u32>,
    /// Most memory [default: 128MiB]
    #[arg(long, value_name = "SIZE")]
    pub memory: Option<Size>,
    /// Longest input [default: 1MiB]
    #[arg(long, value_name = "SIZE")]
    pub max_input: Option<Size>,
    /// Longest output [default: 1MiB]
    #[arg(long, value_name = "SIZE")]
    pub max_output: Option<Size>,
    /// The same input always gives the same output [default: false]
    #[arg(long, num_args = 0..=1, default_missing_value = "true", require_equals = true)]
    pub deterministic: Option<bool>,
    /// Who may call it, one or more of them [default: public]
    #[arg(long, value_enum, value_delimiter = ',', value_name = "RULE")]
    pub access: Vec<Rule>,
    /// Where the file is stored already; without --store, files over 1 MiB need it
    #[arg(long)]
    pub cid: Option<ContentId>,
    /// Do not put the file into the content store of --store
    #[arg(long)]
    pub no_upload: bool,
}
