//! One file per group of commands.

mod account;

use crate::{
    args::{Args, Command},
    chain::Chain,
    keys::{AccountName, KeyDir},
    output::Output,
    Error, Result,
};
use subxt_signer::sr25519::Keypair;

/// What every command may need.
struct Context<'a> {
    node: String,
    account: Option<AccountName>,
    keys: KeyDir,
    output: &'a Output,
}

impl Context<'_> {
    async fn connect(&self) -> Result<Chain> {
        Chain::connect(&self.node).await
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
}

/// Runs one command.
pub async fn run(args: Args, output: &Output) -> Result<()> {
    let context = Context {
        node: args.node,
        account: args.account,
        keys: KeyDir::at(args.keys.unwrap_or_else(KeyDir::default_path)),
        output,
    };
    match args.command {
        Command::Account(command) => account::run(command, &context).await,
    }
}
