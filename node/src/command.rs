//! From the parsed command line to the work: runs the node or one of the sub-commands.

use crate::{
    checks,
    cli::{Cli, Subcommand},
    purge,
    service::{self, Partial},
};
use defaas_runtime::opaque::Block;
use sc_cli::{Result, SubstrateCli};

/// Parses the command line and does what it says. Returns when the work is done or the node was
/// told to stop.
///
/// # Errors
///
/// Whatever kept the work from being done; the text is for the operator.
pub fn run() -> Result<()> {
    let cli = Cli::from_args();
    match &cli.subcommand {
        None => {
            let runner = cli.create_runner(&cli.run)?;
            let worker = cli.worker.clone();
            runner.run_node_until_exit(|mut config| async move {
                checks::before_start(&mut config)
                    .map_err(|refused| sc_cli::Error::Application(Box::new(refused)))?;
                service::start(config, worker).map_err(sc_cli::Error::Service)
            })
        }
        Some(Subcommand::Key(cmd)) => cmd.run(&cli),
        Some(Subcommand::ExportChainSpec(cmd)) => cmd.run(cli.load_spec(&cmd.chain)?),
        #[allow(deprecated)]
        Some(Subcommand::BuildSpec(cmd)) => cli
            .create_runner(cmd)?
            .sync_run(|config| cmd.run(config.chain_spec, config.network)),
        Some(Subcommand::CheckBlock(cmd)) => cli.create_runner(cmd)?.async_run(|config| {
            let node = service::partial(&config)?;
            Ok((cmd.run(node.client, node.import_queue), node.task_manager))
        }),
        Some(Subcommand::ExportBlocks(cmd)) => cli.create_runner(cmd)?.async_run(|config| {
            let node = service::partial(&config)?;
            Ok((cmd.run(node.client, config.database), node.task_manager))
        }),
        Some(Subcommand::ExportState(cmd)) => cli.create_runner(cmd)?.async_run(|config| {
            let node = service::partial(&config)?;
            Ok((cmd.run(node.client, config.chain_spec), node.task_manager))
        }),
        Some(Subcommand::ImportBlocks(cmd)) => cli.create_runner(cmd)?.async_run(|config| {
            let node = service::partial(&config)?;
            Ok((cmd.run(node.client, node.import_queue), node.task_manager))
        }),
        Some(Subcommand::PurgeChain(cmd)) => cli
            .create_runner(&cmd.chain)?
            .sync_run(|config| purge::run(cmd, config)),
        Some(Subcommand::Revert(cmd)) => cli.create_runner(cmd)?.async_run(|config| {
            let Partial {
                client,
                backend,
                task_manager,
                ..
            } = service::partial(&config)?;
            Ok((
                cmd.run(client, backend, Some(Box::new(service::revert_consensus))),
                task_manager,
            ))
        }),
        Some(Subcommand::ChainInfo(cmd)) => cli
            .create_runner(cmd)?
            .sync_run(|config| cmd.run::<Block>(&config)),
    }
}
