//! How things on chain are named on the command line.

use crate::{
    chain::types::{AliasTarget, Text},
    keys::AccountName,
};
use defaas_primitives::{name::MAX_NAME_LEN, selector::MAX_SPLIT, FunctionId, Name, Path};
use std::{collections::BTreeSet, fmt, str::FromStr};
use subxt::utils::AccountId32;

/// A function: its id, `OWNER/NAME`, or the NAME of one of the account's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FunctionName {
    /// By id.
    Id(FunctionId),
    /// By name. Without an owner it is one of the account's own.
    Named {
        /// Whose it is.
        owner: Option<Owner>,
        /// What its owner calls it.
        name: PlainName,
    },
}

impl FromStr for FunctionName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        // Development accounts have slashes in their names, functions have none.
        if let Some((owner, name)) = text.rsplit_once('/') {
            return Ok(Self::Named {
                owner: Some(owner.parse()?),
                name: name.parse()?,
            });
        }
        if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) {
            let id = text
                .parse()
                .map_err(|_| format!("{text} is too large for a function's id"))?;
            return Ok(Self::Id(id));
        }
        Ok(Self::Named {
            owner: None,
            name: text.parse()?,
        })
    }
}

impl fmt::Display for FunctionName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id(id) => write!(f, "{id}"),
            Self::Named { owner: None, name } => write!(f, "{name}"),
            Self::Named {
                owner: Some(owner),
                name,
            } => write!(f, "{owner}/{name}"),
        }
    }
}

/// An account: an address, or one that this machine has a key of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Owner {
    /// SS58 address.
    Address(AccountId32),
    /// Key file or development key.
    Account(AccountName),
}

impl FromStr for Owner {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match AccountId32::from_str(text) {
            Ok(address) => Ok(Self::Address(address)),
            Err(_) => text.parse().map(Self::Account),
        }
    }
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(address) => write!(f, "{address}"),
            Self::Account(AccountName::File(name) | AccountName::Development(name)) => {
                write!(f, "{name}")
            }
        }
    }
}

/// The name of a function or an alias.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlainName(pub Text);

impl FromStr for PlainName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match Name::parse(text) {
            Some(name) => Ok(Self(Text::from(&name))),
            None => Err(format!(
                "{text:?} is not a name: 1 to {MAX_NAME_LEN} of a-z, 0-9, -, with a letter or \
                 digit at both ends"
            )),
        }
    }
}

impl fmt::Display for PlainName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What an alias points to: `3`, or `1=90,2=10` to split calls over versions by weight.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target(pub AliasTarget);

impl FromStr for Target {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Ok(version) = text.parse() {
            return Ok(Self(AliasTarget::Version(version)));
        }
        let wrong = || {
            format!(
                "{text:?} is no version and no split of up to {MAX_SPLIT} versions; write 3, or \
                 1=90,2=10 with weights from 1 to 255"
            )
        };
        let part = |part: &str| {
            let (version, weight) = part.split_once('=')?;
            let weight = weight.parse().ok().filter(|weight| *weight > 0)?;
            Some((version.parse().ok()?, weight))
        };
        let parts: Vec<(u32, u8)> = text
            .split(',')
            .map(part)
            .collect::<Option<_>>()
            .ok_or_else(wrong)?;
        let versions: BTreeSet<_> = parts.iter().map(|(version, _)| version).collect();
        if parts.len() > MAX_SPLIT as usize || versions.len() != parts.len() {
            return Err(wrong());
        }
        Ok(Self(AliasTarget::Weighted(parts)))
    }
}

/// Path and query that the function sees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallPath(pub Text);

impl FromStr for CallPath {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match Path::parse(text) {
            Some(_) => Ok(Self(text.into())),
            None => Err(format!(
                "{text:?} is not a path: it begins with / and holds at most {} characters, those \
                 that a URL does not allow written as %XX",
                defaas_primitives::call::MAX_PATH_LEN
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALICE: &str = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY";

    fn name(text: &str) -> PlainName {
        text.parse().unwrap()
    }

    #[test]
    fn digits_are_an_id_and_all_else_is_a_name() {
        assert_eq!("7".parse(), Ok(FunctionName::Id(7)));
        let own = |text: &str| FunctionName::Named {
            owner: None,
            name: name(text),
        };
        assert_eq!("word-count".parse(), Ok(own("word-count")));
        assert_eq!("7up".parse(), Ok(own("7up")));
    }

    #[test]
    fn an_owner_is_an_address_or_an_account() {
        let of = |owner| {
            let owner = Some(owner);
            let name = name("f");
            FunctionName::Named { owner, name }
        };
        let alice = AccountId32::from_str(ALICE).unwrap();
        let development = AccountName::Development("//Alice".into());
        for (text, owner) in [
            (ALICE, Owner::Address(alice)),
            ("//Alice", Owner::Account(development)),
            ("me", Owner::Account(AccountName::File("me".into()))),
        ] {
            let text = format!("{text}/f");
            let parsed: FunctionName = text.parse().unwrap();
            assert_eq!(parsed, of(owner));
            assert_eq!(parsed.to_string(), text);
        }
        // A function whose name is a number has an owner.
        assert!(matches!(
            "me/7".parse(),
            Ok(FunctionName::Named { owner: Some(_), .. })
        ));
    }

    #[test]
    fn what_names_no_function_is_refused() {
        for text in [
            "",
            "/",
            "/f",
            "me/",
            "-f",
            "F",
            "a b",
            "a_b",
            "99999999999999999999",
            &"a".repeat(64),
        ] {
            assert!(text.parse::<FunctionName>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_target_is_a_version_or_a_split() {
        let target = |text: &str| text.parse::<Target>().map(|target| target.0);
        assert_eq!(target("3"), Ok(AliasTarget::Version(3)));
        assert_eq!(
            target("1=90,2=10"),
            Ok(AliasTarget::Weighted(vec![(1, 90), (2, 10)]))
        );
        for text in [
            "",
            "x",
            "1=0",
            "1=256",
            "1=1,1=2",
            "1=1,",
            "1=1,2",
            "1=1,2=1,3=1,4=1,5=1,6=1,7=1,8=1,9=1",
        ] {
            assert!(target(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_path_begins_with_a_slash() {
        assert!("/a?b=c".parse::<CallPath>().is_ok());
        for text in ["", "a", "/a b", "/ü", &format!("/{}", "a".repeat(256))] {
            assert!(text.parse::<CallPath>().is_err(), "{text}");
        }
    }
}
