//! `defaas access`, `defaas grant`, `defaas revoke`

use super::{done, Context};
use crate::{
    args::{AccessCommand, GrantArgs, RevokeArgs},
    chain::{
        calls,
        types::{Grant, Rule},
    },
    names::FunctionName,
    Error, Result,
};
use defaas_primitives::{BlockNumber, FunctionId};
use serde::Serialize;
use std::fmt;
use subxt::utils::AccountId32;

pub(super) async fn run(command: AccessCommand, context: &Context<'_>) -> Result<()> {
    match command {
        AccessCommand::Set { function, rules } => set(&function, rules, context).await,
        AccessCommand::Show { function, account } => show(&function, account, context).await,
    }
}

/// Each rule once, in the chain's order.
pub(super) fn tidy(mut rules: Vec<Rule>) -> Vec<Rule> {
    rules.sort_unstable();
    rules.dedup();
    rules
}

/// In the form in which `access set` takes them.
pub(super) fn join(rules: &[Rule]) -> String {
    let names: Vec<String> = rules
        .iter()
        .map(|rule| format!("{rule:?}").to_lowercase())
        .collect();
    names.join(",")
}

async fn set(function: &FunctionName, rules: Vec<Rule>, context: &Context<'_>) -> Result<()> {
    let rules = tidy(rules);
    let chain = context.connect().await?;
    let block = chain.best().await?;
    let id = context.function_id(&chain, &block, function).await?;
    let done = format!("access to function {id} set to {}", join(&rules));
    done::submit(&chain, calls::set_policy(id, rules), done, context).await
}

#[derive(Serialize)]
struct Shown {
    function: FunctionId,
    /// `None`: its owner only.
    rules: Option<Vec<Rule>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    account: Option<String>,
    grant: Option<ShownGrant>,
}

#[derive(Serialize)]
struct ShownGrant {
    until: Option<BlockNumber>,
    calls: Option<u32>,
    used: Option<u32>,
}

impl From<Grant> for ShownGrant {
    fn from(grant: Grant) -> Self {
        Self {
            until: grant.expiry,
            calls: grant.quota.map(|quota| quota.limit),
            used: grant.quota.map(|quota| quota.used),
        }
    }
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.rules {
            Some(rules) => writeln!(f, "access  {}", join(rules))?,
            None => writeln!(f, "access  owner (no rules set)")?,
        }
        match (&self.account, &self.grant) {
            (Some(account), Some(grant)) => writeln!(f, "grant   {account}: {grant}"),
            (Some(account), None) => writeln!(f, "grant   {account} has none"),
            (None, _) => Ok(()),
        }
    }
}

impl fmt::Display for ShownGrant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.until {
            Some(block) => write!(f, "before block {block}")?,
            None => write!(f, "for ever")?,
        }
        match (self.calls, self.used) {
            (Some(calls), Some(used)) => write!(f, ", {used} of {calls} calls used"),
            _ => write!(f, ", any number of calls"),
        }
    }
}

async fn show(
    function: &FunctionName,
    account: Option<AccountId32>,
    context: &Context<'_>,
) -> Result<()> {
    let chain = context.connect().await?;
    let block = chain.best().await?;
    let id = context.function_id(&chain, &block, function).await?;
    if chain.function(&block, id).await?.is_none() {
        return Err(Error::NotFound(format!("function {function}")));
    }
    let rules = chain.policy(&block, id).await?.map(|policy| policy.rules);
    let grant = match &account {
        Some(account) => chain.grant_of(&block, id, account).await?,
        None => None,
    };
    context.output.result(&Shown {
        function: id,
        rules,
        account: account.map(|account| account.to_string()),
        grant: grant.map(ShownGrant::from),
    })
}

pub(super) async fn grant(args: GrantArgs, context: &Context<'_>) -> Result<()> {
    let chain = context.connect().await?;
    let block = chain.best().await?;
    let id = context.function_id(&chain, &block, &args.function).await?;
    let expiry = match args.blocks {
        Some(blocks) => Some(expiry_after(block.block_number(), blocks)?),
        None => args.until,
    };
    let done = format!("{} may call function {id}", args.to);
    let call = calls::grant(id, args.to, expiry, args.calls);
    done::submit(&chain, call, done, context).await
}

fn expiry_after(now: u64, blocks: BlockNumber) -> Result<BlockNumber> {
    now.checked_add(blocks.into())
        .and_then(|end| BlockNumber::try_from(end).ok())
        .ok_or_else(|| Error::Usage(format!("{blocks} blocks are more than a chain can have")))
}

pub(super) async fn revoke(args: RevokeArgs, context: &Context<'_>) -> Result<()> {
    let chain = context.connect().await?;
    let block = chain.best().await?;
    let id = context.function_id(&chain, &block, &args.function).await?;
    let done = format!("grant of {} for function {id} taken away", args.from);
    done::submit(&chain, calls::revoke(id, args.from), done, context).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_sorted_and_each_is_there_once() {
        let rules = tidy(vec![Rule::Accounts, Rule::Owner, Rule::Accounts]);
        assert_eq!(rules, [Rule::Owner, Rule::Accounts]);
        assert_eq!(join(&rules), "owner,accounts");
    }

    #[test]
    fn a_grant_ends_so_many_blocks_from_now() {
        assert_eq!(expiry_after(5, 10).unwrap(), 15);
        assert!(matches!(expiry_after(5, u32::MAX), Err(Error::Usage(_))));
    }

    #[test]
    fn grants_say_what_is_left() {
        let grant = ShownGrant {
            until: Some(9),
            calls: Some(3),
            used: Some(1),
        };
        assert_eq!(grant.to_string(), "before block 9, 1 of 3 calls used");
        let grant = ShownGrant {
            until: None,
            calls: None,
            used: None,
        };
        assert_eq!(grant.to_string(), "for ever, any number of calls");
    }
}
