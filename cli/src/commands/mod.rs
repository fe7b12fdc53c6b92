//! One file per group of commands.

mod access;
mod account;
mod alias;
mod call;
mod done;
#[cfg(test)]
pub(crate) mod fixture;
mod function;
mod invocation;
mod output;
mod price;
mod provider;
mod publish;
mod quote;
mod store;
mod written;

use crate::{
    args::{Args, Command},
    chain::{AtBlock, Chain},
    keys::{AccountName, KeyDir},
    names::{FunctionName, Owner},
    output::Output,
    store::Store,
    Error, Result,
};
use defaas_primitives::FunctionId;
use std::path::PathBuf;
use subxt::utils::AccountId32;
use subxt_signer::sr25519::Keypair;

/// What every command may need.
struct Context<'a> {
    node: String,
    account: Option<AccountName>,
    keys: KeyDir,
    /// Address of the content store, if one is named.
    store: Option<String>,
    store_token: PathBuf,
    output: &'a Output,
}

impl Context<'_> {
    async fn connect(&self) -> Result<Chain> {
        self.output
            .progress(format_args!("connecting to {}", self.node));
        let chain = Chain::connect_telling(&self.node, self.output).await?;
        Ok(chain.with_turns(self.keys.path()))
    }

    /// The content store, if one is named.
    fn store(&self) -> Result<Option<Store>> {
        self.store
            .as_deref()
            .map(|url| Store::at(url, &self.store_token))
            .transpose()
    }

    fn account(&self) -> Result<&AccountName> {
        self.account.as_ref().ok_or_else(|| {
            Error::Usage(
                "no account given; name one with --account or DEFAAS_ACCOUNT \
                 (make one with: defaas account new NAME)"
                    .into(),
            )
        })
    }

    fn signer(&self, chain: &Chain) -> Result<Keypair> {
        self.account()?.key_pair(&self.keys, chain.is_development())
    }

    fn address_of(&self, chain: &Chain, owner: &Owner) -> Result<AccountId32> {
        match owner {
            Owner::Address(address) => Ok(*address),
            Owner::Account(account) => {
                let key = account.key_pair(&self.keys, chain.is_development())?;
                Ok(key.public_key().to_account_id())
            }
        }
    }

    /// The id of a function. An id is taken as it is; whoever uses it learns whether it exists.
    async fn function_id(
        &self,
        chain: &Chain,
        block: &AtBlock,
        function: &FunctionName,
    ) -> Result<FunctionId> {
        let (owner, name) = match function {
            FunctionName::Id(id) => return Ok(*id),
            FunctionName::Named { owner, name } => (owner, name),
        };
        let owner = match owner {
            Some(owner) => self.address_of(chain, owner)?,
            None => self.signer(chain)?.public_key().to_account_id(),
        };
        chain
            .function_by_name(block, &owner, &name.0)
            .await?
            .ok_or_else(|| Error::NotFound(format!("function {name} of {owner}")))
    }
}

/// Runs one command.
pub async fn run(args: Args, output: &Output) -> Result<()> {
    let context = Context {
        node: args.node,
        account: args.account,
        keys: KeyDir::at(args.keys.unwrap_or_else(KeyDir::default_path)),
        store: args.store,
        store_token: args.store_token,
        output,
    };
    match args.command {
        Command::Account(command) => account::run(command, &context).await,
        Command::Publish(args) => publish::run(args, &context).await,
        Command::Function(command) => function::run(command, &context).await,
        Command::Alias(command) => alias::run(command, &context).await,
        Command::Quote(args) => quote::run(&args, &context).await,
        Command::Call(args) => call::run(args, &context).await,
        Command::Invocation(command) => invocation::run(command, &context).await,
        Command::Provider(command) => provider::run(command, &context).await,
        Command::Grant(args) => access::grant(args, &context).await,
        Command::Revoke(args) => access::revoke(args, &context).await,
        Command::Access(command) => access::run(command, &context).await,
        Command::Store(command) => store::run(command, &context).await,
    }
}
