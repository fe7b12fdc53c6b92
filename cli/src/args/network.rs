//! `defaas provider`

use clap::{value_parser, Subcommand};
use defaas_primitives::ProviderId;
use std::str::FromStr;
use subxt::utils::AccountId32;

/// What to look at.
#[derive(Debug, Subcommand)]
pub enum ProviderCommand {
    /// List providers
    List {
        /// From this id on
        #[arg(long, default_value_t = 0, value_name = "ID")]
        from: ProviderId,
        /// At most so many
        #[arg(long, default_value_t = 100, value_name = "N", value_parser = value_parser!(u32).range(1..=1000))]
        limit: u32,
    },
    /// Show a provider
    Show {
        /// Its id, or the SS58 address of its account
        provider: ProviderName,
    },
}

/// A provider: its id or its account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProviderName {
    /// By id.
    Id(ProviderId),
    /// By account.
    Account(AccountId32),
}

impl FromStr for ProviderName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Ok(id) = text.parse() {
            return Ok(Self::Id(id));
        }
        AccountId32::from_str(text)
            .map(Self::Account)
            .map_err(|_| format!("{text:?} is neither a provider's id nor an address (SS58)"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_provider_is_an_id_or_an_address() {
        assert_eq!("0".parse(), Ok(ProviderName::Id(0)));
        let alice = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY";
        assert!(matches!(alice.parse(), Ok(ProviderName::Account(_))));
        assert!("alice".parse::<ProviderName>().is_err());
    }
}
