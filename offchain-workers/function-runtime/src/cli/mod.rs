//! The command line of the binary: read it → read the secret → give up privileges → listen → give
//! up the rest → serve until standard input ends or a signal comes.

mod args;
mod logger;

use std::io::{self, Read, Write};
use std::process::ExitCode;
use std::thread;
use std::time::Duration;

use clap::Parser;
use tokio::runtime::{Builder, Runtime};
use tokio::signal::unix::{signal, SignalKind};
use tokio::sync::oneshot;

use crate::sandbox::{self, SandboxError};
use crate::secret::SecretError;
use crate::{bind, compiler, Config, Secret, StartError, BUILD_ID};

use args::{Cli, Command};

/// Threads for blocking work beside those that execute calls: reading, linking, caching.
const OTHER_THREADS: usize = 16;
/// Most threads that serve connections. They do little.
const MAX_WORKERS: usize = 4;
/// How long functions may take to notice that they must stop.
const LAST_WAIT: Duration = Duration::from_secs(1);

/// Why the program ends with a failure.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(transparent)]
    Secret(#[from] SecretError),
    #[error(transparent)]
    Sandbox(#[from] SandboxError),
    #[error(transparent)]
    Start(#[from] StartError),
    #[error("the machine refuses a thread, a signal handler or standard output: {0}")]
    Io(#[from] io::Error),
}

/// Runs the program with the arguments of this process.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    if let Some(Command::Compile(child)) = cli.command {
        return compiler::run_child(&child);
    }
    let ended = if cli.serve.build_id {
        writeln!(io::stdout(), "{BUILD_ID}").map_err(Failure::Io)
    } else {
        logger::init(cli.serve.log_level);
        serve(cli.serve.uid, cli.serve.into_config())
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            // Nobody may be listening any more.
            let _ = writeln!(io::stderr(), "error: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn serve(uid: Option<u32>, config: Config) -> Result<(), Failure> {
    sandbox::close_inherited()?;
    let secret = Secret::read(&mut io::stdin().lock())?;
    if let Some(uid) = uid {
        sandbox::become_user(uid)?;
    }
    sandbox::harden()?;
    config.make_folders()?;
    sandbox::confine_files(&config)?;
    let runtime = runtime(&config)?;
    let served = runtime.block_on(async {
        let end = end_of_input()?;
        let (mut interrupted, mut terminated) = (
            signal(SignalKind::interrupt())?,
            signal(SignalKind::terminate())?,
        );
        let server = bind(config, secret).await?;
        sandbox::confine_calls()?;
        let mut stdout = io::stdout();
        for address in server.addresses() {
            writeln!(stdout, "ready {address}")?;
        }
        stdout.flush()?;
        let shutdown = async {
            tokio::select! {
                _ = end => log::info!("standard input ended"),
                _ = interrupted.recv() => log::info!("interrupted"),
                _ = terminated.recv() => log::info!("terminated"),
            }
        };
        server.run(shutdown).await;
        Ok(())
    });
    runtime.shutdown_timeout(LAST_WAIT);
    served
}

fn runtime(config: &Config) -> io::Result<Runtime> {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    Builder::new_multi_thread()
        .worker_threads(cores.min(MAX_WORKERS))
        .max_blocking_threads(config.max_concurrency.saturating_add(OTHER_THREADS))
        .enable_all()
        .build()
}

/// Ready when standard input ends: whoever started this process closed it or is gone. What arrives
/// until then is ignored.
fn end_of_input() -> io::Result<oneshot::Receiver<()>> {
    let (ended, end) = oneshot::channel();
    thread::Builder::new().name("stdin".into()).spawn(move || {
        let mut ignored = [0; 512];
        let mut input = io::stdin().lock();
        loop {
            match input.read(&mut ignored) {
                Ok(1..) => {}
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Ok(0) | Err(_) => break,
            }
        }
        // The receiver is gone if the server ended for another reason.
        let _ = ended.send(());
    })?;
    Ok(end)
}
