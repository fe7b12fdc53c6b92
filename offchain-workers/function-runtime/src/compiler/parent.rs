//! The side that starts the compiler and does not trust it.

use std::io;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::Signal;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, ChildStdin, Command};

use super::{CompileLimits, MAX_COMPILED_BYTES, MAX_MESSAGE_BYTES, PANICKED, REFUSED};
use crate::engine::Mode;
use crate::outcome::Fault;
use crate::Config;

/// Signals that what a compiler does itself can end in. Any other one was sent to it: by the system when
/// memory runs out, or by whoever stops the service.
const CRASHES: [Signal; 7] = [
    Signal::ABORT,
    Signal::BUS,
    Signal::FPE,
    Signal::ILL,
    Signal::SEGV,
    Signal::SYS,
    Signal::TRAP,
];

/// Starts compilers.
pub(crate) struct Compiler {
    program: PathBuf,
    limits: CompileLimits,
}

/// Why there is no compiled code.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CompileError {
    #[error("the code does not compile: {0}")]
    Refused(String),
    #[error("this machine is too busy: after {0:?} the code was not compiled; try again later")]
    TooSlow(Duration),
    #[error("the code takes more than {0} s of processor time to compile")]
    TooMuchWork(u64),
    #[error("the compiler fell over this code ({0}); it may need more than {1} bytes of memory")]
    Crashed(ExitStatus, u64),
    #[error(
        "the compiler was ended from outside ({0}), perhaps for want of memory; try again later"
    )]
    Ended(ExitStatus),
    #[error("the compiled code has more than {MAX_COMPILED_BYTES} bytes")]
    TooLarge,
    #[error("the compiler does not start: {0}")]
    NotStarted(#[from] io::Error),
    #[error("the compiler cannot begin: {0}")]
    NotReady(String),
}

impl CompileError {
    /// Who is to blame: the code, unless the compiler never saw it, did not get the processor time
    /// that the code may take, or was ended by somebody else.
    pub fn fault(&self) -> Fault {
        match self {
            Self::NotStarted(_) | Self::NotReady(_) => Fault::Internal,
            Self::TooSlow(_) | Self::Ended(_) => Fault::Overloaded,
            _ => Fault::InvalidCode,
        }
    }
}

impl Compiler {
    pub fn new(config: &Config) -> Self {
        Self {
            program: config.compiler.clone(),
            limits: config.compile,
        }
    }

    /// Compiles a module. Dropping the future kills the compiler.
    pub async fn compile(&self, mode: Mode, module: Vec<u8>) -> Result<Vec<u8>, CompileError> {
        let code_bytes = module.len() as u64;
        let (cpu_seconds, wall) = (
            self.limits.cpu_seconds(code_bytes),
            self.limits.wall(code_bytes),
        );
        let mut child = self.start(mode, cpu_seconds)?;
        let exchange = exchange(&mut child, module);
        let (status, output, message) = match tokio::time::timeout(wall, exchange).await {
            Ok(exchanged) => exchanged?,
            Err(_) => {
                child.kill().await?;
                return Err(CompileError::TooSlow(wall));
            }
        };
        if output.len() as u64 > MAX_COMPILED_BYTES {
            return Err(CompileError::TooLarge);
        }
        if status.success() {
            return Ok(output);
        }
        let message = String::from_utf8_lossy(&message).into_owned();
        Err(match (status.code(), status.signal()) {
            (Some(code), _) if code == i32::from(REFUSED) => CompileError::Refused(message),
            // Any other code means that it did not come to compile.
            (Some(code), _) if code != i32::from(PANICKED) => CompileError::NotReady(message),
            (_, Some(signal)) if signal == Signal::XCPU.as_raw() => {
                CompileError::TooMuchWork(cpu_seconds)
            }
            (_, Some(signal)) if !CRASHES.iter().any(|crash| crash.as_raw() == signal) => {
                CompileError::Ended(status)
            }
            _ => CompileError::Crashed(status, self.limits.address_space),
        })
    }

    fn start(&self, mode: Mode, cpu_seconds: u64) -> io::Result<Child> {
        let mut command = Command::new(&self.program);
        command
            .arg("compile")
            .arg(format!("--cpu-seconds={cpu_seconds}"))
            .arg(format!("--address-space={}", self.limits.address_space))
            .arg(format!("--parent={}", std::process::id()));
        if mode == Mode::Deterministic {
            command.arg("--deterministic");
        }
        // All other descriptors of this process are closed on execution: Rust opens them so.
        command
            .env_clear()
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
    }
}

/// Writes the module and reads what comes back, all at once, so that neither side waits for the
/// other.
async fn exchange(
    child: &mut Child,
    module: Vec<u8>,
) -> io::Result<(ExitStatus, Vec<u8>, Vec<u8>)> {
    let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let ((), output, message) = tokio::try_join!(
        send(stdin, module),
        // One more byte than allowed shows that there was more.
        receive(stdout, MAX_COMPILED_BYTES + 1),
        receive(stderr, MAX_MESSAGE_BYTES),
    )?;
    Ok((child.wait().await?, output, message))
}

async fn send(stdin: Option<ChildStdin>, module: Vec<u8>) -> io::Result<()> {
    let mut stdin = stdin.ok_or(io::ErrorKind::BrokenPipe)?;
    match stdin.write_all(&module).await {
        // It ended early; its exit code says why.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        sent => sent,
    }
}

/// Reads up to `most` bytes and closes the pipe, which ends a child that would write on.
async fn receive(pipe: Option<impl AsyncRead + Unpin>, most: u64) -> io::Result<Vec<u8>> {
    let pipe = pipe.ok_or(io::ErrorKind::BrokenPipe)?;
    let mut bytes = Vec::new();
    pipe.take(most).read_to_end(&mut bytes).await?;
    Ok(bytes)
}
