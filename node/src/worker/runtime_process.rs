//! The function runtime as a process of its own: start it → give it the secret → wait until it
//! listens → wait until it ends or has to.
//!
//! It runs what strangers wrote, so it gets nothing of the node: an empty environment, no
//! descriptors but its three streams, another user if the node is root's, and a secret that it
//! learns over standard input. When that ends it ends too, so it never outlives the node, however
//! that one ended. If it fails, whoever called starts it again after a pause; which code was in
//! flight then, and whether that was once too often, it finds in its own folder.
//!
//! A process that does not answer any more is killed, and counts as a crash of the code that was in
//! flight: what ran may be why it hangs, and would make the next one hang too. If it was the machine,
//! little is lost: it takes three such ends within a day, and the refusal then blames this provider.
//!
//! It starts in the worker's folder and names everything from there: as another user it may not
//! enter the folders above.

use super::{bounds::Bounds, folder::Folder, probe::Pulse};
use defaas_function_runtime::{BUILD_ID, IN_FLIGHT_FILE};
use rand::{rngs::OsRng, RngCore};
use std::{
    env, io,
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
    sync::Arc,
    time::Duration,
};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    process::{Child, ChildStdin, Command},
    time::timeout,
};
use tokio_util::sync::CancellationToken;

/// Name of the executable beside the node's own.
const EXECUTABLE: &str = "defaas-function-runtime";
/// Longest wait for the identity of the build.
const BUILD_ID_TIMEOUT: Duration = Duration::from_secs(10);
/// Longest answer to that question that is read, in bytes.
const BUILD_ID_MAX: u64 = 256;
/// Longest wait until it listens.
const READY_TIMEOUT: Duration = Duration::from_secs(30);
/// Longest first line that is read, in bytes.
const READY_MAX: u64 = 4_096;
/// It may take so long to end before it is killed.
const END_TIMEOUT: Duration = Duration::from_secs(5);

/// Why the function runtime is not running.
#[derive(Debug, thiserror::Error)]
pub enum ProcessError {
    /// The node does not know where it is itself.
    #[error("cannot tell where this node's executable is: {0}; give --function-runtime")]
    OwnPath(io::Error),
    /// The executable cannot be run.
    #[error(
        "cannot run {}: {source}; build it with the node, or name it with --function-runtime",
        path.display()
    )]
    Start {
        /// The executable.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It is of another build.
    #[error(
        "{} is of build `{found}` and this node of build `{BUILD_ID}`: install both from one build",
        path.display()
    )]
    OtherBuild {
        /// The executable.
        path: PathBuf,
        /// What it says.
        found: String,
    },
    /// It said nothing, or something else than expected.
    #[error("the function runtime did not {0} in time; see its messages above")]
    Silent(&'static str),
    /// Its streams failed.
    #[error("the function runtime's streams failed: {0}")]
    Stream(#[from] io::Error),
    /// It ended.
    #[error("the function runtime ended ({0}); see its messages above")]
    Ended(ExitStatus),
    /// It hung.
    #[error("the function runtime did not answer any more and was killed; see its messages above")]
    Hung,
}

impl ProcessError {
    /// The executable at `path` cannot be run.
    fn start(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Start { path, source }
    }
}

/// The password of the function runtime, made anew at each start of the node.
#[derive(Clone)]
pub struct RuntimeSecret(String);

impl RuntimeSecret {
    /// A random one.
    pub fn random() -> Self {
        let mut bytes = [0; 32];
        OsRng.fill_bytes(&mut bytes);
        Self(hex::encode(bytes))
    }

    /// The password.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

/// How the function runtime is run.
#[derive(Clone)]
pub struct RuntimeProcess {
    /// Its executable; `None`: beside the node's own.
    pub executable: Option<PathBuf>,
    /// Where it finds code and socket.
    pub folder: Folder,
    /// Its password.
    pub secret: RuntimeSecret,
    /// What it has room for.
    pub bounds: Bounds,
    /// Tells when it hangs.
    pub pulse: Arc<Pulse>,
}

impl RuntimeProcess {
    /// Runs it until `shutdown`.
    ///
    /// # Errors
    ///
    /// If it cannot be started, ends by itself, or hangs.
    pub async fn run(self, shutdown: CancellationToken) -> Result<(), ProcessError> {
        let path = match &self.executable {
            // It is started from another folder than the one this path is relative to.
            Some(path) => std::path::absolute(path).map_err(ProcessError::start(path))?,
            None => beside_the_node()?,
        };
        check_build(&path).await?;
        let mut child = self.spawn(&path)?;
        let mut input = child.stdin.take();
        if let Some(input) = &mut input {
            tell(input, &self.secret).await?;
        }
        wait_until_ready(&mut child).await?;
        log::info!(target: super::LOG, "function runtime {BUILD_ID} runs; pid={}", child.id().unwrap_or_default());
        let alive = self.pulse.begin();
        tokio::select! {
            status = child.wait() => Err(ProcessError::Ended(status?)),
            () = alive.hangs() => {
                child.kill().await?;
                Err(ProcessError::Hung)
            }
            () = shutdown.cancelled() => {
                drop(input);
                if timeout(END_TIMEOUT, child.wait()).await.is_err() {
                    log::warn!(target: super::LOG, "the function runtime does not end and is killed");
                    child.kill().await?;
                    // That was no crash of its own.
                    self.forget_in_flight();
                }
                Ok(())
            }
        }
    }

    fn forget_in_flight(&self) {
        let path = self.folder.crashes().join(IN_FLIGHT_FILE);
        if let Err(error) = std::fs::remove_file(&path) {
            log::warn!(target: super::LOG, "cannot remove {}: {error}", path.display());
        }
    }

    fn spawn(&self, path: &Path) -> Result<Child, ProcessError> {
        let root = self.folder.root();
        let from_root = |path: PathBuf| path.strip_prefix(root).map(Path::to_owned).unwrap_or(path);
        let mut command = command(path);
        for (option, path) in [
            ("--socket", self.folder.socket()),
            ("--code-dir", self.folder.code()),
            ("--cache-dir", self.folder.compiled()),
            ("--crash-dir", self.folder.crashes()),
        ] {
            command.arg(option).arg(from_root(path));
        }
        if let Some(user) = self.folder.runtime_user() {
            command.arg(format!("--uid={user}"));
        }
        command
            .arg(format!("--max-concurrency={}", self.bounds.executions))
            .arg(format!("--memory-pool={}", self.bounds.memory_bytes))
            .args(["--log-level", "warn"])
            .current_dir(root)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(ProcessError::start(path))
    }
}

/// The executable that was built with this node. The search path is never asked: whoever can put a
/// file there would run functions.
fn beside_the_node() -> Result<PathBuf, ProcessError> {
    let node = env::current_exe().map_err(ProcessError::OwnPath)?;
    Ok(node.with_file_name(EXECUTABLE))
}

/// A command that inherits standard error alone, and is killed when it is forgotten.
fn command(path: &Path) -> Command {
    let mut command = Command::new(path);
    command.env_clear().kill_on_drop(true);
    command
}

/// Refuses an executable of another build: the two speak with each other in words that may change.
async fn check_build(path: &Path) -> Result<(), ProcessError> {
    let mut child = command(path)
        .arg("--build-id")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(ProcessError::start(path))?;
    let answer = async {
        let line = first_line(&mut child, BUILD_ID_MAX).await?;
        child.wait().await?;
        io::Result::Ok(line)
    };
    let found = timeout(BUILD_ID_TIMEOUT, answer)
        .await
        .map_err(|_| ProcessError::Silent("say which build it is of"))??;
    if found == BUILD_ID {
        Ok(())
    } else {
        Err(ProcessError::OtherBuild {
            path: path.into(),
            found,
        })
    }
}

/// Writes the secret as one line. A child that ended before it read it is no failure yet: how it
/// ended says more.
async fn tell(input: &mut ChildStdin, secret: &RuntimeSecret) -> io::Result<()> {
    let line = format!("{}\n", secret.reveal());
    match input.write_all(line.as_bytes()).await {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        Err(error) => Err(error),
        Ok(()) => input.flush().await,
    }
}

async fn wait_until_ready(child: &mut Child) -> Result<(), ProcessError> {
    let line = timeout(READY_TIMEOUT, first_line(child, READY_MAX)).await;
    match line {
        Ok(Ok(line)) if line.starts_with("ready ") => Ok(()),
        Ok(Ok(line)) if line.is_empty() => match timeout(END_TIMEOUT, child.wait()).await {
            Ok(status) => Err(ProcessError::Ended(status?)),
            Err(_) => Err(ProcessError::Silent("say that it is ready")),
        },
        Ok(Err(error)) => Err(error.into()),
        Ok(Ok(_)) | Err(_) => Err(ProcessError::Silent("say that it is ready")),
    }
}

/// The first line of what the child writes, without its end. Empty if it writes nothing.
async fn first_line(child: &mut Child, max: u64) -> io::Result<String> {
    let Some(output) = child.stdout.as_mut() else {
        return Ok(String::new());
    };
    let mut line = String::new();
    BufReader::new(output.take(max))
        .read_line(&mut line)
        .await?;
    Ok(line.trim_end().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{fs, os::unix::fs::PermissionsExt};
    use tempfile::TempDir;
    use tokio::sync::{Mutex, MutexGuard};

    /// A file that another test's child still has open for writing cannot be executed.
    static ONE_AT_A_TIME: Mutex<()> = Mutex::const_new(());

    /// Where the script is, and the turn of the test.
    struct Place {
        dir: TempDir,
        _turn: MutexGuard<'static, ()>,
    }

    /// A script in the place of the function runtime.
    async fn process(script: &str) -> (Place, RuntimeProcess) {
        let turn = ONE_AT_A_TIME.lock().await;
        let dir = tempfile::tempdir().expect("a temporary folder can be made");
        let path = dir.path().join("runtime");
        fs::write(&path, format!("#!/bin/sh\n{script}\n")).expect("can be written");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).expect("is ours");
        let process = RuntimeProcess {
            executable: Some(path),
            folder: Folder::open(dir.path().join("worker")).expect("can be used"),
            secret: RuntimeSecret::random(),
            bounds: Bounds::of_this_machine(),
            pulse: Arc::default(),
        };
        (Place { dir, _turn: turn }, process)
    }

    #[tokio::test]
    async fn executable_of_another_build_is_refused() {
        let (_place, process) = process("echo 0.0.0-other").await;
        let end = process.run(CancellationToken::new()).await;
        assert!(
            matches!(&end, Err(ProcessError::OtherBuild { found, .. }) if found == "0.0.0-other"),
            "{end:?}"
        );
    }

    #[tokio::test]
    async fn missing_executable_is_named() {
        let (place, mut process) = process("").await;
        process.executable = Some(place.dir.path().join("absent"));
        let error = process.run(CancellationToken::new()).await;
        let error = error.expect_err("not there").to_string();
        assert!(error.contains("absent"), "{error}");
    }

    #[tokio::test]
    async fn early_end_is_an_error() {
        let script = format!("[ \"$1\" = --build-id ] && echo {BUILD_ID} || exit 3");
        let (_place, process) = process(&script).await;
        let end = process.run(CancellationToken::new()).await;
        assert!(
            matches!(end, Err(ProcessError::Ended(status)) if status.code() == Some(3)),
            "{end:?}"
        );
    }

    #[tokio::test]
    async fn it_starts_in_the_worker_s_folder_with_paths_from_there_and_without_environment() {
        let script = format!(
            "[ \"$1\" = --build-id ] && {{ echo {BUILD_ID}; exit; }}\n\
             read secret; echo \"$PWD $HOME|$*\" > \"${{0}}.told\"; exit 3"
        );
        let (place, process) = process(&script).await;
        let (root, user, bounds) = (
            fs::canonicalize(process.folder.root()).expect("is there"),
            process.folder.runtime_user(),
            process.bounds,
        );
        let end = process.run(CancellationToken::new()).await;
        assert!(matches!(end, Err(ProcessError::Ended(_))), "{end:?}");
        let told = fs::read_to_string(place.dir.path().join("runtime.told")).expect("was told");
        let user = user
            .map(|user| format!("--uid={user} "))
            .unwrap_or_default();
        assert_eq!(
            told.trim_end(),
            format!(
                "{} |--socket run/functions.sock --code-dir code --cache-dir compiled \
                 --crash-dir crashes {user}--max-concurrency={} --memory-pool={} --log-level warn",
                root.display(),
                bounds.executions,
                bounds.memory_bytes,
            )
        );
    }

    #[tokio::test]
    async fn secret_arrives_and_the_end_of_input_ends_it() {
        let script = format!(
            "[ \"$1\" = --build-id ] && {{ echo {BUILD_ID}; exit; }}\n\
             read secret; echo ready \"$secret\"; printf %s \"$secret\" > \"${{0}}.secret\"\n\
             while read line; do :; done; : > \"${{0}}.ended\""
        );
        let (place, process) = process(&script).await;
        let secret = process.secret.clone();
        let shutdown = CancellationToken::new();
        let running = tokio::spawn(process.run(shutdown.clone()));
        let told = place.dir.path().join("runtime.secret");
        timeout(Duration::from_secs(10), async {
            while fs::read_to_string(&told).unwrap_or_default() != secret.reveal() {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        })
        .await
        .expect("the secret arrives");
        shutdown.cancel();
        running.await.expect("does not panic").expect("ends well");
        assert!(place.dir.path().join("runtime.ended").exists());
    }

    #[tokio::test]
    async fn process_that_hangs_is_killed_and_what_was_in_flight_is_remembered() {
        let script = format!(
            "[ \"$1\" = --build-id ] && {{ echo {BUILD_ID}; exit; }}\n\
             read secret; echo $$ > \"${{0}}.pid\"; echo ready here; kill -STOP $$"
        );
        let (place, process) = process(&script).await;
        let crashes = process.folder.crashes();
        fs::create_dir_all(&crashes).expect("can be made");
        fs::write(crashes.join(IN_FLIGHT_FILE), "some code").expect("can be written");
        let pulse = process.pulse.clone();
        let running = tokio::spawn(process.run(CancellationToken::new()));
        timeout(Duration::from_secs(10), async {
            while !running.is_finished() {
                pulse.observe(false);
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        })
        .await
        .expect("is killed");
        let end = running.await.expect("does not panic");
        assert!(matches!(end, Err(ProcessError::Hung)), "{end:?}");
        let pid = fs::read_to_string(place.dir.path().join("runtime.pid")).expect("was told");
        assert!(!Path::new("/proc").join(pid.trim_end()).exists());
        assert!(crashes.join(IN_FLIGHT_FILE).exists());
    }
}
