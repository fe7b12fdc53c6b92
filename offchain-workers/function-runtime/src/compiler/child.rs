//! The compiler's process: limit itself → read the module → compile → write the result → end.

use std::io::{self, Read, Write};
use std::process::ExitCode;

use rustix::process::{Resource, Rlimit, Signal};

use super::{NOT_READY, REFUSED};
use crate::ceilings;
use crate::engine::{compiling, Mode};
use crate::sandbox::{self, SandboxError};

/// Most files the compiler may have open.
const MAX_FILES: u64 = 16;

/// What the parent says on the command line.
#[derive(Clone, Copy, Debug, clap::Args)]
pub(crate) struct ChildArgs {
    /// Compile for deterministic execution.
    #[arg(long)]
    deterministic: bool,
    /// Most processor time, in seconds.
    #[arg(long)]
    cpu_seconds: u64,
    /// Most address space, in bytes.
    #[arg(long)]
    address_space: u64,
    /// Process id of the parent, without which this process shall not be.
    #[arg(long)]
    parent: i32,
}

/// Why no code comes back.
#[derive(Debug, thiserror::Error)]
enum ChildError {
    #[error("cannot limit the compiler: {0}")]
    Limit(#[from] rustix::io::Errno),
    #[error(transparent)]
    Sandbox(#[from] SandboxError),
    #[error("the parent is gone")]
    Orphan,
    #[error("cannot read the module or write the code: {0}")]
    Io(#[from] io::Error),
    #[error("{0}")]
    Refused(String),
    #[error("the compiler does not start: {0}")]
    Engine(String),
}

/// Compiles what standard input holds.
pub(crate) fn run(args: &ChildArgs) -> ExitCode {
    match compile(args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // The parent may be gone; there is nobody else to tell.
            let _ = write!(io::stderr(), "{error}");
            ExitCode::from(match error {
                ChildError::Refused(_) => REFUSED,
                _ => NOT_READY,
            })
        }
    }
}

fn compile(args: &ChildArgs) -> Result<(), ChildError> {
    limit(args)?;
    let mut module = Vec::new();
    io::stdin()
        .take(ceilings::CODE_BYTES)
        .read_to_end(&mut module)?;
    let engine = compiling(Mode::of(args.deterministic))
        .map_err(|error| ChildError::Engine(format!("{error:#}")))?;
    let compiled = engine
        .precompile_module(&module)
        .map_err(|error| ChildError::Refused(format!("{error:#}")))?;
    let mut output = io::stdout();
    output.write_all(&compiled)?;
    output.flush()?;
    Ok(())
}

fn limit(args: &ChildArgs) -> Result<(), ChildError> {
    // Ends with its parent, also with a parent that ended before this line. The kernel means the
    // thread that started it: that is one which polls futures, and lives as long as the runtime.
    rustix::process::set_parent_process_death_signal(Some(Signal::KILL))?;
    let parent = rustix::process::getppid().map(|pid| pid.as_raw_nonzero().get());
    if parent != Some(args.parent) {
        return Err(ChildError::Orphan);
    }
    rustix::thread::set_no_new_privs(true)?;
    for (resource, most) in [
        (Resource::Core, 0),
        (Resource::Fsize, 0),
        (Resource::Nofile, MAX_FILES),
        (Resource::Nproc, 0),
        (Resource::As, args.address_space),
    ] {
        set(resource, most, most)?;
    }
    // The soft limit ends it with a signal of its own, by which the parent knows the reason.
    set(
        Resource::Cpu,
        args.cpu_seconds,
        args.cpu_seconds.saturating_add(1),
    )?;
    Ok(sandbox::close_files()?)
}

fn set(resource: Resource, soft: u64, hard: u64) -> rustix::io::Result<()> {
    rustix::process::setrlimit(
        resource,
        Rlimit {
            current: Some(soft),
            maximum: Some(hard),
        },
    )
}
