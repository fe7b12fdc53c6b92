//! Options of the command line and what they become.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use defaas_function_protocol::parse_bytes;
use log::LevelFilter;

use crate::compiler::ChildArgs;
use crate::{CompileLimits, Config, BUILD_ID};

/// Runs Wasm functions behind the OpenFaaS REST API.
///
/// Reads a secret as one line from standard input and ends when standard input ends. Every request
/// but the health check needs the user `admin` and the secret as password. Writes one line `ready
/// ADDRESS` per address to standard output when it accepts connections.
#[derive(Debug, Parser)]
#[command(name = env!("CARGO_PKG_NAME"), version = BUILD_ID, args_conflicts_with_subcommands = true)]
pub(super) struct Cli {
    #[command(subcommand)]
    pub command: Option<Command>,
    #[command(flatten)]
    pub serve: ServeArgs,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Compile a module; for the runtime's own use.
    #[command(hide = true)]
    Compile(ChildArgs),
}

#[derive(Debug, Args)]
pub(super) struct ServeArgs {
    /// Unix socket to listen on. Its folder must belong to this user and have mode 0700.
    #[arg(long, value_name = "PATH")]
    socket: Option<PathBuf>,
    /// TCP address to listen on. Traffic is not encrypted: other addresses than loopback show
    /// credentials and calls to the network.
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
    /// Folder with modules, each named by its sha-256; only read.
    #[arg(long, value_name = "DIR")]
    code_dir: Option<PathBuf>,
    /// Folder for compiled code, private to this user; made if absent.
    #[arg(long, value_name = "DIR")]
    cache_dir: Option<PathBuf>,
    /// Most compiled code on disk, such as 4Gi.
    #[arg(long, value_name = "BYTES", value_parser = bytes, default_value_t = default().cache_bytes)]
    cache_bytes: u64,
    /// Most compiled code in memory.
    #[arg(long, value_name = "BYTES", value_parser = bytes, default_value_t = default().resident_bytes)]
    resident_bytes: u64,
    /// Most functions deployed at once.
    #[arg(long, default_value_t = default().max_deployments)]
    max_deployments: usize,
    /// Most calls executed at once [default: four per processor, at most 64].
    #[arg(long)]
    max_concurrency: Option<usize>,
    /// Most calls that wait for others to end.
    #[arg(long, default_value_t = default().max_queue)]
    max_queue: usize,
    /// Longest wait of a call for others to end, in milliseconds.
    #[arg(long, default_value_t = default().queue_wait.as_millis() as u64)]
    queue_wait_ms: u64,
    /// Most memory that all calls together may have by their limits, such as 2Gi.
    #[arg(long, value_name = "BYTES", value_parser = bytes, default_value_t = default().memory_pool)]
    memory_pool: u64,
    /// Most connections at once.
    #[arg(long, default_value_t = default().max_connections)]
    max_connections: usize,
    /// Processor time in which a module of any length may be compiled, in seconds.
    #[arg(long, default_value_t = default().compile.base_seconds)]
    compile_base_seconds: u64,
    /// Length of a module for each further second of processor time, such as 512Ki.
    #[arg(long, value_name = "BYTES", value_parser = bytes, default_value_t = default().compile.bytes_per_second)]
    compile_rate: u64,
    /// Longest compilation by the clock, as a multiple of the processor time.
    #[arg(long, default_value_t = default().compile.wall_factor)]
    compile_wall_factor: u32,
    /// Most address space of a compilation.
    #[arg(long, value_name = "BYTES", value_parser = bytes, default_value_t = default().compile.address_space)]
    compile_address_space: u64,
    /// Folder for what is known of crashes, private to this user; made if absent. Without it no code
    /// is quarantined.
    #[arg(long, value_name = "DIR")]
    crash_dir: Option<PathBuf>,
    /// Become this user, and the group of the same number, before anything is opened; needs root.
    #[arg(long)]
    pub uid: Option<u32>,
    /// What is logged to standard error: off, error, warn, info, debug or trace.
    #[arg(long, default_value_t = LevelFilter::Info)]
    pub log_level: LevelFilter,
    /// Print the identity of this build and end.
    #[arg(long)]
    pub build_id: bool,
}

fn default() -> Config {
    Config::default()
}

fn bytes(text: &str) -> Result<u64, String> {
    parse_bytes(text).ok_or_else(|| "write a whole number of bytes, or one with Ki, Mi, Gi".into())
}

impl ServeArgs {
    pub fn into_config(self) -> Config {
        let default = default();
        Config {
            socket: self.socket,
            listen: self.listen,
            code_dir: self.code_dir.unwrap_or_default(),
            cache_dir: self.cache_dir.unwrap_or_default(),
            cache_bytes: self.cache_bytes,
            resident_bytes: self.resident_bytes,
            max_deployments: self.max_deployments,
            max_concurrency: self.max_concurrency.unwrap_or(default.max_concurrency),
            max_queue: self.max_queue,
            queue_wait: Duration::from_millis(self.queue_wait_ms),
            memory_pool: self.memory_pool,
            max_connections: self.max_connections,
            compile: CompileLimits {
                base_seconds: self.compile_base_seconds,
                bytes_per_second: self.compile_rate,
                wall_factor: self.compile_wall_factor,
                address_space: self.compile_address_space,
            },
            crash_dir: self.crash_dir,
            ..default
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn options_become_settings_and_the_rest_stays_default() {
        let cli = Cli::try_parse_from([
            "runtime",
            "--socket=/run/s",
            "--memory-pool=64Mi",
            "--compile-base-seconds=7",
            "--compile-rate=1Mi",
            "--compile-wall-factor=2",
        ])
        .unwrap();
        let config = cli.serve.into_config();
        assert_eq!(config.socket, Some("/run/s".into()));
        assert_eq!(config.memory_pool, 64 << 20);
        let compile = CompileLimits {
            base_seconds: 7,
            bytes_per_second: 1 << 20,
            wall_factor: 2,
            ..CompileLimits::default()
        };
        assert_eq!(config.compile, compile);
        assert_eq!(config.max_queue, Config::default().max_queue);
        assert_eq!(config.compiler, Config::default().compiler);
    }
}
