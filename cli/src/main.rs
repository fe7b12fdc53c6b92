//! Reads the command line, runs one command, turns its end into an exit code.

use clap::Parser;
use defaas_cli::{
    args::{self, Args},
    commands,
    output::Output,
    Error,
};
use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) => return not_parsed(&error),
    };
    let output = Output::new(args.json);
    match commands::run(args, &output).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failed(&error, &output),
    }
}

fn failed(error: &Error, output: &Output) -> ExitCode {
    output.error(error);
    ExitCode::from(error.exit_code())
}

/// Help was asked for, or the command line is refused: for programs in the form of all errors.
fn not_parsed(error: &clap::Error) -> ExitCode {
    if error.use_stderr() && args::wants_json(std::env::args_os()) {
        return failed(&args::refused(error), &Output::new(true));
    }
    // Where nobody listens there is nobody to tell.
    let _ = error.print();
    ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(u8::MAX))
}
