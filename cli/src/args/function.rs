//! `defaas function`, `defaas alias`, `defaas quote`

use crate::{
    chain::types::{Selector, Text},
    names::{FunctionName, Owner, PlainName, Target},
};
use clap::{value_parser, Args, Subcommand};
use defaas_primitives::{FunctionId, VersionNumber};
use subxt::utils::AccountId32;

/// The alias that follows the newest version.
const LATEST: &str = "latest";

/// What to do with functions. FUNCTION is an id, OWNER/NAME, or the NAME of one of --account.
#[derive(Debug, Subcommand)]
pub enum FunctionCommand {
    /// List functions
    List {
        /// Only those of this account: an address, a key file's name, or //Alice
        #[arg(long)]
        owner: Option<Owner>,
        /// From this id on
        #[arg(long, default_value_t = 0, value_name = "ID")]
        from: FunctionId,
        /// At most so many
        #[arg(long, default_value_t = 100, value_name = "N", value_parser = value_parser!(u32).range(1..=1000))]
        limit: u32,
    },
    /// Show a function, its newest versions, its aliases and who may call it
    Show {
        /// Id, OWNER/NAME, or NAME
        function: FunctionName,
    },
    /// Refuse calls for now; open calls go on
    Pause {
        /// Id, OWNER/NAME, or NAME
        function: FunctionName,
        /// Why, for callers to read; at most 128 bytes
        #[arg(long)]
        reason: Option<String>,
    },
    /// Accept calls again
    Resume {
        /// Id, OWNER/NAME, or NAME
        function: FunctionName,
    },
    /// Refuse calls and changes for good; open calls go on
    Retire {
        /// Id, OWNER/NAME, or NAME
        function: FunctionName,
    },
    /// Remove a function that was retired long enough ago, some 80 minutes, and get its deposits back
    Remove {
        /// Id, OWNER/NAME, or NAME
        function: FunctionName,
    },
    /// Offer a function to another account, which accepts it
    Transfer {
        /// Id, OWNER/NAME, or NAME
        function: FunctionName,
        /// SS58 address of who gets it
        to: AccountId32,
    },
    /// Take a function that is offered to --account; holds its deposits
    Accept {
        /// Id or OWNER/NAME
        function: FunctionName,
    },
}

/// What to do with aliases.
#[derive(Debug, Subcommand)]
pub enum AliasCommand {
    /// Point an alias to a version, or split its calls over several
    Set {
        /// Id, OWNER/NAME, or NAME
        function: FunctionName,
        /// Which alias; made if there is none
        alias: PlainName,
        /// A version, or versions with weights: 1=90,2=10
        target: Target,
    },
    /// Point an alias to where it pointed before; twice changes nothing
    Rollback {
        /// Id, OWNER/NAME, or NAME
        function: FunctionName,
        /// Which alias; `latest` too
        alias: PlainName,
    },
    /// Remove an alias, and get its deposit back
    Remove {
        /// Id, OWNER/NAME, or NAME
        function: FunctionName,
        /// Which alias; not `latest`
        alias: PlainName,
    },
}

/// Whose price to show.
#[derive(Debug, Args)]
pub struct QuoteArgs {
    /// Id, OWNER/NAME, or NAME of one of --account
    pub function: FunctionName,
    /// Which version
    #[command(flatten)]
    pub selector: SelectorArgs,
}

/// Which version of a function; the alias `latest` if nothing is said.
#[derive(Debug, Args)]
pub struct SelectorArgs {
    /// This version
    #[arg(long, value_name = "N", conflicts_with = "alias")]
    pub version: Option<VersionNumber>,
    /// Whatever this alias points to [default: latest]
    #[arg(long, value_name = "NAME")]
    pub alias: Option<PlainName>,
}

impl SelectorArgs {
    /// As the chain takes it.
    pub fn selector(&self) -> Selector {
        match (self.version, &self.alias) {
            (Some(version), _) => Selector::Version(version),
            (None, Some(alias)) => Selector::Alias(alias.0.clone()),
            (None, None) => Selector::Alias(Text::from(LATEST)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_choice_the_latest_version_is_called() {
        let selector = |version, alias: Option<&str>| {
            let alias = alias.map(|alias| alias.parse().unwrap());
            SelectorArgs { version, alias }.selector()
        };
        assert_eq!(selector(None, None), Selector::Alias("latest".into()));
        assert_eq!(selector(Some(2), None), Selector::Version(2));
        assert_eq!(
            selector(None, Some("stable")),
            Selector::Alias("stable".into())
        );
    }
}
