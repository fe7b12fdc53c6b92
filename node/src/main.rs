//! The DeFaaS node: a client of the chain that authors and finalizes blocks, serves RPC, and hosts
//! what a provider's machine does.

// The errors of the client are large; they are rare, and made once.
#![allow(clippy::result_large_err)]

mod checks;
mod cli;
mod command;
mod purge;
mod rpc;
mod service;
mod worker;

use std::{error::Error, process::ExitCode};

fn main() -> ExitCode {
    match command::run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let mut text = error.to_string();
            eprintln!("Error: {text}");
            let mut cause = error.source();
            while let Some(error) = cause {
                // Many errors of the client repeat their cause.
                if !text.contains(&error.to_string()) {
                    text = error.to_string();
                    eprintln!("  caused by: {text}");
                }
                cause = error.source();
            }
            ExitCode::FAILURE
        }
    }
}
