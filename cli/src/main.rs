//! Reads the command line, runs one command, turns its end into an exit code.

use clap::Parser;
use defaas_cli::{args::Args, commands, output::Output};
use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    let args = Args::parse();
    let output = Output::new(args.json);
    match commands::run(args, &output).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            output.error(&error);
            ExitCode::from(error.exit_code())
        }
    }
}
