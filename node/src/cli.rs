//! The command line: options, sub-commands, and what `--version` and `--help` say.

use crate::worker::WorkerParams;
use sc_cli::SubstrateCli;
use sc_service::ChainSpec;

/// The command line of the node.
#[derive(Debug, clap::Parser)]
pub struct Cli {
    /// What to do instead of running the node.
    #[command(subcommand)]
    pub subcommand: Option<Subcommand>,

    /// Options of the running node.
    #[clap(flatten)]
    pub run: sc_cli::RunCmd,

    /// Options of the worker.
    #[clap(flatten)]
    pub worker: WorkerParams,
}

/// What the binary can do besides running the node.
#[derive(Debug, clap::Subcommand)]
pub enum Subcommand {
    /// Create, inspect and insert keys.
    #[command(subcommand)]
    Key(sc_cli::KeySubcommand),

    /// Print the specification of a chain.
    ExportChainSpec(sc_cli::ExportChainSpecCmd),

    /// Print the specification of a chain; the older form, which can add a boot node.
    #[allow(deprecated)]
    BuildSpec(sc_cli::BuildSpecCmd),

    /// Execute a stored block again and check the result.
    CheckBlock(sc_cli::CheckBlockCmd),

    /// Write blocks to a file.
    ExportBlocks(sc_cli::ExportBlocksCmd),

    /// Write the state after a block as a chain specification.
    ExportState(sc_cli::ExportStateCmd),

    /// Import blocks from a file.
    ImportBlocks(sc_cli::ImportBlocksCmd),

    /// Remove the whole chain from this machine, and the worker's folder with it: journal, content that
    /// was uploaded, upload token.
    PurgeChain(PurgeChain),

    /// Take back blocks that are not final yet.
    Revert(sc_cli::RevertCmd),

    /// Print the best, finalized and genesis block of the database.
    ChainInfo(sc_cli::ChainInfoCmd),
}

/// Options of `purge-chain`.
#[derive(Debug, clap::Args)]
pub struct PurgeChain {
    /// Options of the client's own command.
    #[command(flatten)]
    pub chain: sc_cli::PurgeChainCmd,

    /// Leave the worker's folder, to fetch the same chain again. With another chain of the same name
    /// the worker would not start.
    #[arg(long)]
    pub keep_worker: bool,
}

impl SubstrateCli for Cli {
    fn impl_name() -> String {
        "DeFaaS Node".into()
    }

    fn impl_version() -> String {
        env!("SUBSTRATE_CLI_IMPL_VERSION").into()
    }

    fn description() -> String {
        env!("CARGO_PKG_DESCRIPTION").into()
    }

    fn author() -> String {
        env!("CARGO_PKG_AUTHORS").into()
    }

    fn support_url() -> String {
        concat!(env!("CARGO_PKG_REPOSITORY"), "/issues").into()
    }

    fn copyright_start_year() -> i32 {
        2026
    }

    fn load_spec(&self, id: &str) -> Result<Box<dyn ChainSpec>, String> {
        match defaas_chain_spec::load(id) {
            Ok(spec) => Ok(Box::new(spec)),
            Err(error) => Err(error.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::{CommandFactory, Parser};

    #[test]
    fn definition_has_no_conflicts() {
        Cli::command().debug_assert();
    }

    #[test]
    fn options_of_the_node_are_taken_without_a_subcommand() {
        let cli = Cli::try_parse_from(["defaas-node", "--dev", "--tmp"]).expect("valid");
        assert!(cli.subcommand.is_none());
        assert!(cli.run.tmp);
    }

    #[test]
    fn options_of_the_worker_stand_beside_those_of_the_node() {
        let args = ["defaas-node", "--dev", "--no-worker", "--store-size", "1Gi"];
        let cli = Cli::try_parse_from(args).expect("valid");
        assert!(cli.worker.no_worker);
        assert_eq!(cli.worker.store_size, 1 << 30);
        let open = ["defaas-node", "--upload-addr", "0.0.0.0:5101"];
        assert!(Cli::try_parse_from(open).is_err());
    }

    #[test]
    fn provider_names_its_endpoint_and_drains_only_with_a_worker() {
        let args = ["defaas-node", "--public-endpoint", "192.0.2.7:443,tls"];
        let cli = Cli::try_parse_from(args).expect("valid");
        let endpoint = cli.worker.public_endpoint.expect("given");
        assert_eq!(endpoint.to_string(), "192.0.2.7:443,tls");
        assert!(!cli.worker.drain);
        let args = ["defaas-node", "--public-endpoint", "https://192.0.2.7"];
        assert!(Cli::try_parse_from(args).is_err());
        let args = ["defaas-node", "--drain", "--no-worker"];
        assert!(Cli::try_parse_from(args).is_err());
    }

    #[test]
    fn purge_of_the_chain_takes_its_own_option_beside_those_of_the_client() {
        let args = ["defaas-node", "purge-chain", "--dev", "-y", "--keep-worker"];
        let cli = Cli::try_parse_from(args).expect("valid");
        let Some(Subcommand::PurgeChain(purge)) = cli.subcommand else {
            panic!("another sub-command");
        };
        assert!(purge.keep_worker && purge.chain.yes);
    }

    #[test]
    fn unknown_chain_is_refused_with_advice() {
        let cli = Cli::try_parse_from(["defaas-node"]).expect("valid");
        let error = cli.load_spec("mainnet").map(|_| ()).expect_err("unknown");
        assert!(error.contains("path of a chain specification"), "{error}");
    }
}
