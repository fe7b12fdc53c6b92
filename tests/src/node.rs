//! A development node.

use crate::{binaries::binary, genesis::Preset, processes::Process};
use defaas_cli::chain::Chain;
use rustix::process::{kill_process, Pid, Signal};
use std::{
    future::Future,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};
use subxt::rpcs::rpc_params;
use tempfile::TempDir;
use tokio::{
    fs,
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    process::{Child, Command},
    sync::oneshot,
    time::timeout,
};

/// A node compiles its runtime when it starts, which takes seconds of a processor that tests share.
const START_TIMEOUT: Duration = Duration::from_secs(180);
const STOP_TIMEOUT: Duration = Duration::from_secs(60);
const FINALITY_TIMEOUT: Duration = Duration::from_secs(120);
/// What the node itself started must end so soon after it.
const ORPHANS_TIMEOUT: Duration = Duration::from_secs(20);
/// Distance between two looks at a file or a process.
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// Lines of the log shown when a node does not do what it should.
const LOG_TAIL: usize = 30;
/// The node's own words when its RPC server listens.
const RPC_READY: &str = "Running JSON-RPC server: addr=";
/// The worker's own words when its store takes uploads.
const UPLOAD_READY: &str = "Upload: http://";
/// The worker's own words when the function runtime listens, before the number of its process.
const RUNTIME_READY: &str = " runs; pid=";
/// Switches the worker off.
const NO_WORKER: &str = "--no-worker";

/// Why a node is of no use.
#[derive(Debug, thiserror::Error)]
pub enum NodeError {
    /// The binary could not be started.
    #[error("the node cannot be started: {0}")]
    Spawn(std::io::Error),
    /// A process of it could not be killed.
    #[error("the function runtime cannot be killed: {0}")]
    Kill(std::io::Error),
    /// It did not come up, or did not go down, in time.
    #[error("{what} took longer than {seconds} s; the node's last words:\n{log}")]
    TimedOut {
        /// What was waited for.
        what: &'static str,
        /// How long.
        seconds: u64,
        /// End of its log.
        log: String,
    },
    /// It ended by itself.
    #[error("the node ended; its last words:\n{log}")]
    Ended {
        /// End of its log.
        log: String,
    },
    /// It ended, and something that it had started did not.
    #[error("the node ended and left processes behind: {0:?}")]
    LeftBehind(Vec<Process>),
    /// It does not say where other nodes reach it.
    #[error("no address for other nodes: {0}")]
    NoAddress(String),
    /// Its RPC server does not answer.
    #[error(transparent)]
    Rpc(#[from] defaas_cli::Error),
}

/// A running node of a development chain.
pub struct Node {
    process: Child,
    home: Home,
    url: String,
    /// `None` without a worker.
    upload_url: Option<String>,
    /// Length of the log before this start.
    log_from: usize,
}

/// Where a node keeps its state between a stop and the next start. It goes with the test, unless the
/// test fails: then it stays, for whoever wants to know what the node did.
pub struct Home {
    folder: TempDir,
    preset: Preset,
}

impl Home {
    /// A new, empty one for a node of the one-validator chain.
    ///
    /// # Panics
    /// If the system has no room for a folder.
    pub fn new() -> Self {
        Self::of(Preset::Dev)
    }

    /// A new, empty one for a node of this chain.
    ///
    /// # Panics
    /// If the system has no room for a folder.
    pub fn of(preset: Preset) -> Self {
        Self {
            folder: TempDir::new().expect("a temporary folder can be made"),
            preset,
        }
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Where the worker records what it has begun.
    pub fn journal(&self) -> PathBuf {
        self.worker().join("journal")
    }

    /// Where the function runtime notes what it executes.
    pub fn in_flight(&self) -> PathBuf {
        self.worker().join("crashes/in-flight")
    }

    fn worker(&self) -> PathBuf {
        let chains = self.path().join("chain/chains");
        chains.join(self.preset.id()).join("worker")
    }

    fn log_path(&self) -> PathBuf {
        self.path().join("node.log")
    }

    /// What the node has said, over all its starts.
    async fn log(&self) -> String {
        fs::read_to_string(self.log_path())
            .await
            .unwrap_or_default()
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.folder.disable_cleanup(true);
            eprintln!("see {}", self.log_path().display());
        }
    }
}

impl Default for Home {
    fn default() -> Self {
        Self::new()
    }
}

impl Node {
    /// Starts a node with new state.
    pub async fn start() -> Result<Self, NodeError> {
        Self::start_in(Home::new()).await
    }

    /// Starts a node with the state in `home` and waits until it listens.
    pub async fn start_in(home: Home) -> Result<Self, NodeError> {
        Self::start_with(home, &[]).await
    }

    /// Starts a node of //Alice's with the state in `home` and some more `flags`, and waits until it
    /// listens: its RPC server, and the upload listener of the worker unless the flags switch that off.
    pub async fn start_with(home: Home, flags: &[&str]) -> Result<Self, NodeError> {
        Self::start_as("--alice", home, flags).await
    }

    /// Starts a node with the keys that the flag `authority` names, and goes on as
    /// [`start_with`](Self::start_with).
    pub async fn start_as(authority: &str, home: Home, flags: &[&str]) -> Result<Self, NodeError> {
        let log_from = home.log().await.len();
        let specification = home.path().join("chain.json");
        home.preset.write(&specification).await;
        let mut process = Command::new(binary("defaas-node"))
            .arg("--chain")
            .arg(specification)
            .args([authority, "--validator", "--force-authoring"])
            .args(["--rpc-port", "0", "--rpc-methods", "safe"])
            .args(["--listen-addr", "/ip4/127.0.0.1/tcp/0", "--no-mdns"])
            .args(["--no-telemetry", "--no-prometheus"])
            .args([
                "--gateway-addr",
                "127.0.0.1:0",
                "--upload-addr",
                "127.0.0.1:0",
            ])
            // Makes the network key at the first start and keeps it after.
            .arg("--unsafe-force-node-key-generation")
            .arg("--base-path")
            .arg(home.path().join("chain"))
            .args(flags)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(NodeError::Spawn)?;
        let stderr = process.stderr.take().expect("stderr is piped");
        let (tell, told) = oneshot::channel();
        let has_worker = !flags.contains(&NO_WORKER);
        tokio::spawn(keep_log(stderr, home.log_path(), has_worker, tell));

        let Addresses { rpc, upload } = match timeout(START_TIMEOUT, told).await {
            Ok(Ok(addresses)) => addresses,
            Ok(Err(_)) => {
                return Err(NodeError::Ended {
                    log: log_tail(&home).await,
                })
            }
            Err(_) => {
                return Err(NodeError::TimedOut {
                    what: "starting",
                    seconds: START_TIMEOUT.as_secs(),
                    log: log_tail(&home).await,
                })
            }
        };
        Ok(Self {
            process,
            home,
            url: format!("ws://{rpc}"),
            upload_url: upload.map(|address| format!("http://{address}")),
            log_from,
        })
    }

    /// WebSocket address of its RPC server.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Where it keeps its state.
    pub fn home(&self) -> &Home {
        &self.home
    }

    /// Address of the listener that takes content, with a worker.
    pub fn store(&self) -> Option<&str> {
        self.upload_url.as_deref()
    }

    /// Address of the listener that takes content.
    ///
    /// # Panics
    /// Without a worker.
    pub fn upload_url(&self) -> &str {
        self.store().expect("the worker was not switched off")
    }

    /// File with that listener's token.
    pub fn upload_token(&self) -> PathBuf {
        self.home.worker().join("upload-token")
    }

    /// Where other nodes reach it, as they want to have it told.
    ///
    /// # Errors
    /// If it does not answer.
    pub async fn peer_address(&self, chain: &Chain) -> Result<String, NodeError> {
        let addresses: Vec<String> = chain
            .rpc()
            .request("system_localListenAddresses", rpc_params![])
            .await
            .map_err(|error| NodeError::NoAddress(error.to_string()))?;
        let address = addresses.into_iter().next();
        address.ok_or_else(|| NodeError::NoAddress("it listens nowhere".into()))
    }

    /// A connection to it.
    pub async fn connect(&self) -> Result<Chain, NodeError> {
        Ok(Chain::connect(&self.url).await?)
    }

    /// Waits until a block with at least this number is finalized, and returns its number.
    pub async fn finalized(&self, chain: &Chain, at_least: u64) -> Result<u64, NodeError> {
        let wait = async {
            loop {
                let number = chain.finalized().await?.block_number();
                if number >= at_least {
                    return Ok(number);
                }
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        };
        match timeout(FINALITY_TIMEOUT, wait).await {
            Ok(number) => number,
            Err(_) => Err(NodeError::TimedOut {
                what: "finality",
                seconds: FINALITY_TIMEOUT.as_secs(),
                log: log_tail(&self.home).await,
            }),
        }
    }

    /// Waits until it has said `words` since it was started, and returns the rest of that line.
    pub async fn has_said(&self, words: &str) -> Result<String, NodeError> {
        self.look("saying what it should", || async move {
            let log = self.home.log().await;
            let (_, rest) = log.get(self.log_from..)?.split_once(words)?;
            rest.split_once('\n').map(|(line, _)| line.to_owned())
        })
        .await
    }

    /// Waits until its function runtime listens, and returns that process.
    pub async fn function_runtime(&self) -> Result<Process, NodeError> {
        self.look("starting the function runtime", || async move {
            let log = self.home.log().await;
            let (_, pid) = log.get(self.log_from..)?.rsplit_once(RUNTIME_READY)?;
            let (pid, _) = pid.split_once('\n')?;
            // It may have ended since, and a new one not be there yet.
            Process::of(pid.trim().parse().ok()?)
        })
        .await
    }

    /// Kills its function runtime, waits until that is gone, and returns which process it was.
    pub async fn kill_function_runtime(&self) -> Result<Process, NodeError> {
        let runtime = self.function_runtime().await?;
        runtime.kill().map_err(NodeError::Kill)?;
        nobody_left(vec![runtime]).await?;
        Ok(runtime)
    }

    async fn look<T, Look>(
        &self,
        what: &'static str,
        look: impl Fn() -> Look,
    ) -> Result<T, NodeError>
    where
        Look: Future<Output = Option<T>>,
    {
        let wait = async {
            loop {
                if let Some(seen) = look().await {
                    return seen;
                }
                tokio::time::sleep(LOOK_EVERY).await;
            }
        };
        match timeout(START_TIMEOUT, wait).await {
            Ok(seen) => Ok(seen),
            Err(_) => Err(NodeError::TimedOut {
                what,
                seconds: START_TIMEOUT.as_secs(),
                log: log_tail(&self.home).await,
            }),
        }
    }

    /// Asks it to stop, waits until it and all that it had started have, and returns its state.
    pub async fn stop(mut self) -> Result<Home, NodeError> {
        let offspring = self.offspring();
        self.signal(Signal::TERM);
        match timeout(STOP_TIMEOUT, self.process.wait()).await {
            Ok(_) => {
                nobody_left(offspring).await?;
                Ok(self.home)
            }
            Err(_) => Err(NodeError::TimedOut {
                what: "stopping",
                seconds: STOP_TIMEOUT.as_secs(),
                log: log_tail(&self.home).await,
            }),
        }
    }

    /// Kills it as a power cut would, waits until all that it had started has ended by itself, and
    /// returns its state.
    pub async fn kill(mut self) -> Result<Home, NodeError> {
        let offspring = self.offspring();
        self.process.kill().await.map_err(NodeError::Spawn)?;
        nobody_left(offspring).await?;
        Ok(self.home)
    }

    fn offspring(&self) -> Vec<Process> {
        self.process
            .id()
            .map(Process::descendants)
            .unwrap_or_default()
    }

    fn signal(&self, signal: Signal) {
        let id = self.process.id().and_then(|id| i32::try_from(id).ok());
        if let Some(pid) = id.and_then(Pid::from_raw) {
            // Fails only if it has ended already, which is what the caller waits for.
            let _ = kill_process(pid, signal);
        }
    }
}

/// Where a node listens.
struct Addresses {
    rpc: String,
    upload: Option<String>,
}

/// *The node writes a line* → append it to the log, and tell where it listens when that is known, with a
/// worker the upload address too → *ends with the node's output; a full disk ends it too, and the node
/// goes on*.
async fn keep_log(
    output: impl tokio::io::AsyncRead + Unpin,
    path: PathBuf,
    has_worker: bool,
    tell: oneshot::Sender<Addresses>,
) -> std::io::Result<()> {
    let mut log = fs::OpenOptions::new()
        .create(true)
        .append(true)
        .open(path)
        .await?;
    let mut lines = BufReader::new(output).lines();
    let mut tell = Some(tell);
    let (mut known_rpc, mut upload) = (None, None);
    while let Some(line) = lines.next_line().await? {
        log.write_all(line.as_bytes()).await?;
        log.write_all(b"\n").await?;
        log.flush().await?;
        known_rpc = known_rpc.or_else(|| address_after(&line, RPC_READY));
        upload = upload.or_else(|| address_after(&line, UPLOAD_READY));
        if let (Some(rpc), true) = (&known_rpc, upload.is_some() || !has_worker) {
            let (rpc, upload) = (rpc.clone(), upload.clone());
            // The receiver is gone if the start was given up.
            let _ = tell.take().map(|tell| tell.send(Addresses { rpc, upload }));
        }
    }
    Ok(())
}

/// Waits until none of `processes` is there.
async fn nobody_left(processes: Vec<Process>) -> Result<(), NodeError> {
    let wait = async {
        while processes.iter().any(Process::is_alive) {
            tokio::time::sleep(LOOK_EVERY).await;
        }
    };
    timeout(ORPHANS_TIMEOUT, wait).await.map_err(|_| {
        let left = processes.iter().filter(|process| process.is_alive());
        NodeError::LeftBehind(left.copied().collect())
    })
}

/// The address that follows `words` in `line`.
fn address_after(line: &str, words: &str) -> Option<String> {
    let (_, rest) = line.split_once(words)?;
    rest.split([',', ' ']).next().map(str::to_owned)
}

async fn log_tail(home: &Home) -> String {
    let log = home.log().await;
    let lines: Vec<&str> = log.lines().collect();
    lines[lines.len().saturating_sub(LOG_TAIL)..].join("\n")
}
