//! `defaas-chain-spec`: makes the specification of a new network.
//!
//! ```text
//! defaas-chain-spec preset local > genesis.json     # a genesis to begin from
//! defaas-chain-spec generate --name "My Network" --id my-network --genesis genesis.json --raw > my-network.json
//! defaas-node --chain my-network.json
//! ```

use clap::{Parser, ValueEnum};
use defaas_chain_spec::generator::{preset, Network};
use sc_chain_spec::ChainType;
use sc_network::config::MultiaddrWithPeerId;
use std::{error::Error, path::PathBuf, process::ExitCode};

/// Makes the specification of a new network
#[derive(Debug, Parser)]
#[command(name = "defaas-chain-spec", version)]
enum Args {
    /// Print the genesis of a built-in chain, to begin a new one from
    Preset {
        /// `dev` or `local`
        #[arg(default_value = "local")]
        name: String,
    },
    /// Print the specification of a network
    Generate(GenerateArgs),
}

#[derive(Debug, clap::Args)]
struct GenerateArgs {
    /// Name, shown to people
    #[arg(long)]
    name: String,
    /// Names the node's folders: lower case, digits and `-`
    #[arg(long)]
    id: String,
    /// File with what differs from the runtime's default genesis, as `preset` prints it
    #[arg(long, value_name = "FILE")]
    genesis: PathBuf,
    /// Who the network is for
    #[arg(long = "type", value_enum, default_value = "live")]
    chain_type: Type,
    /// Address of a node that new ones ask first, with its peer id; may be repeated
    #[arg(long, value_name = "ADDRESS")]
    boot_node: Vec<MultiaddrWithPeerId>,
    /// The genesis as storage: what is given to others
    #[arg(long)]
    raw: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Type {
    /// Keys that everybody knows are refused
    Live,
    /// Several nodes on one machine
    Local,
    /// One node on one machine
    Development,
}

fn main() -> ExitCode {
    match run(Args::parse()) {
        Ok(text) => {
            println!("{text}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: Args) -> Result<String, Box<dyn Error>> {
    let args = match args {
        Args::Preset { name } => return Ok(serde_json::to_string_pretty(&preset(&name)?)?),
        Args::Generate(args) => args,
    };
    let file = args.genesis.display();
    let text =
        std::fs::read(&args.genesis).map_err(|error| format!("cannot read {file}: {error}"))?;
    let genesis =
        serde_json::from_slice(&text).map_err(|error| format!("{file} is not JSON: {error}"))?;
    let network = Network {
        name: args.name,
        id: args.id,
        chain_type: match args.chain_type {
            Type::Live => ChainType::Live,
            Type::Local => ChainType::Local,
            Type::Development => ChainType::Development,
        },
        genesis,
        boot_nodes: args.boot_node,
    };
    Ok(network.generate(args.raw)?)
}
