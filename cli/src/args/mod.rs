//! The command line. One file per group of commands.

mod access;
mod account;
mod call;
mod function;
mod network;
mod publish;
mod refused;
mod store;

pub use access::{AccessCommand, GrantArgs, RevokeArgs};
pub use account::AccountCommand;
pub use call::{CallArgs, InvocationCommand};
pub use function::{AliasCommand, FunctionCommand, QuoteArgs, SelectorArgs};
pub use network::{ProviderCommand, ProviderName};
pub use publish::PublishArgs;
pub use refused::{refused, wants_json};
pub use store::{StoreCommand, LOCAL_STORE};

use crate::keys::AccountName;
use clap::{Parser, Subcommand};
use std::path::PathBuf;

/// Publish functions that no one company runs, and call them.
#[derive(Debug, Parser)]
#[command(name = "defaas", version, max_term_width = 100)]
#[command(
    after_help = "Exit codes: 0 done; 1 the call ended otherwise than Success; 2 usage; 3 no \
    connection to the node or the store; 4 refused by the chain; 5 keys; 6 files; 7 timed out; 8 does \
    not exist; 9 chain and program do not fit; 10 sent, but not known whether it was carried out: \
    look before you send it again"
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

    /// Account that signs and pays: a key file's name, or //Alice on development and local chains
    #[arg(long, global = true, env = "DEFAAS_ACCOUNT", value_name = "NAME")]
    pub account: Option<AccountName>,

    /// Folder with the key files [default: ~/.config/defaas/accounts]
    #[arg(long, global = true, env = "DEFAAS_KEYS", value_name = "DIR")]
    pub keys: Option<PathBuf>,

    /// Address of a content store's upload listener; the token goes there as it is, so keep it local
    #[arg(long, global = true, env = "DEFAAS_STORE", value_name = "URL")]
    pub store: Option<String>,

    /// File with the store's token
    #[arg(
        long,
        global = true,
        env = "DEFAAS_STORE_TOKEN",
        value_name = "FILE",
        default_value = "upload-token"
    )]
    pub store_token: PathBuf,

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
    /// Publish code as a function, or as the next version of one
    Publish(PublishArgs),
    /// List and show functions, take them out of service, hand them over
    #[command(subcommand)]
    Function(FunctionCommand),
    /// Move names of versions
    #[command(subcommand)]
    Alias(AliasCommand),
    /// Show what a call costs
    Quote(QuoteArgs),
    /// Call a function and pay for it
    Call(CallArgs),
    /// List and show calls
    #[command(subcommand)]
    Invocation(InvocationCommand),
    /// List and show who runs functions
    #[command(subcommand)]
    Provider(ProviderCommand),
    /// Let an account call a function whose rules have `accounts`
    Grant(GrantArgs),
    /// Take a grant away
    Revoke(RevokeArgs),
    /// Say who may call a function
    #[command(subcommand)]
    Access(AccessCommand),
    /// Put files into a content store and get them
    #[command(subcommand)]
    Store(StoreCommand),
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    fn parse(line: &str) -> Result<Args, clap::Error> {
        Args::try_parse_from(std::iter::once("defaas").chain(line.split(' ')))
    }

    #[test]
    fn the_definition_is_consistent() {
        Args::command().debug_assert();
    }

    #[test]
    fn no_command_has_an_argument_of_a_global_name() {
        fn check(command: &clap::Command, global: &[clap::Id]) {
            for sub in command.get_subcommands() {
                for argument in sub.get_arguments().filter(|arg| !arg.is_global_set()) {
                    let id = argument.get_id();
                    assert!(!global.contains(id), "{} {id}", sub.get_name());
                }
                check(sub, global);
            }
        }
        let args = Args::command();
        let global: Vec<_> = args
            .get_arguments()
            .filter(|arg| arg.is_global_set())
            .map(|arg| arg.get_id().clone())
            .collect();
        assert_eq!(global.len(), 6);
        check(&args, &global);
    }

    #[test]
    fn every_command_of_the_readme_is_one() {
        let readme = include_str!("../../README.md");
        let lines: Vec<&str> = readme
            .lines()
            .filter(|line| line.starts_with("defaas "))
            .collect();
        assert!(!lines.is_empty());
        for line in lines {
            let line = line.split(" < ").next().unwrap_or(line);
            let line = line.replace(
                "ADDRESS",
                "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY",
            );
            let words = line.split(' ');
            Args::try_parse_from(words).unwrap_or_else(|error| panic!("{line}: {error}"));
        }
    }

    #[test]
    fn a_version_and_an_alias_exclude_each_other() {
        assert!(parse("quote f --version 1").is_ok());
        assert!(parse("quote f --alias stable").is_ok());
        assert!(parse("quote f --version 1 --alias stable").is_err());
        assert!(parse("call f --version 1 --alias stable").is_err());
    }

    #[test]
    fn what_only_makes_sense_with_wait_needs_it() {
        assert!(parse("call f --wait --output out").is_ok());
        assert!(parse("call f --output out").is_err());
        assert!(parse("call f --timeout 9").is_err());
        assert!(parse("call f --wait --balances").is_ok());
        assert!(parse("call f --balances").is_err());
    }

    #[test]
    fn an_input_by_cid_has_a_size_and_is_the_only_one() {
        let cid = "QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWnPbdG";
        assert!(parse(&format!("call f --input-cid {cid} --input-size 5KiB")).is_ok());
        assert!(parse(&format!("call f --input-cid {cid}")).is_err());
        assert!(parse("call f --input-size 5KiB").is_err());
        assert!(parse(&format!(
            "call f --input x --input-cid {cid} --input-size 1"
        ))
        .is_err());
    }

    #[test]
    fn a_store_can_be_named_before_and_after_the_command() {
        for line in [
            "--store http://127.0.0.1:1 --store-token t store add f",
            "store --store http://127.0.0.1:1 --store-token t add f",
            "publish f.wasm --name f --store http://127.0.0.1:1 --store-token t",
        ] {
            let args = parse(line).unwrap();
            assert_eq!(args.store.as_deref(), Some("http://127.0.0.1:1"), "{line}");
            assert_eq!(args.store_token, PathBuf::from("t"), "{line}");
        }
    }

    #[test]
    fn access_takes_several_rules() {
        let args = parse("access set f owner,accounts").unwrap();
        let Command::Access(AccessCommand::Set { rules, .. }) = args.command else {
            panic!("another command");
        };
        assert_eq!(rules.len(), 2);
        assert!(parse("access set f everybody").is_err());
        assert!(parse("access set f").is_err());
    }

    #[test]
    fn a_grant_has_one_end() {
        let to = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY";
        assert!(parse(&format!("grant f {to} --blocks 10 --calls 3")).is_ok());
        assert!(parse(&format!("grant f {to} --blocks 10 --until 3")).is_err());
        assert!(parse(&format!("grant f {to} --calls 0")).is_err());
        assert!(parse("grant f nobody").is_err());
    }
}
