//! A development node.

use crate::binaries::binary;
use defaas_cli::chain::Chain;
use rustix::process::{kill_process, Pid, Signal};
use std::{
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};
use tempfile::TempDir;
use tokio::{
    fs,
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    process::{Child, Command},
    sync::oneshot,
    time::timeout,
};

const START_TIMEOUT: Duration = Duration::from_secs(60);
const STOP_TIMEOUT: Duration = Duration::from_secs(60);
const FINALITY_TIMEOUT: Duration = Duration::from_secs(120);
/// Lines of the log shown when a node does not do what it should.
const LOG_TAIL: usize = 30;
/// The node's own words when its RPC server listens.
const RPC_READY: &str = "Running JSON-RPC server: addr=";
/// The worker's own words when its store takes uploads.
const UPLOAD_READY: &str = "Upload: http://";

/// Why a node is of no use.
#[derive(Debug, thiserror::Error)]
pub enum NodeError {
    /// The binary could not be started.
    #[error("the node cannot be started: {0}")]
    Spawn(std::io::Error),
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
    /// Its RPC server does not answer.
    #[error(transparent)]
    Rpc(#[from] defaas_cli::Error),
}

/// A running node of a one-validator development chain.
pub struct Node {
    process: Child,
    home: Home,
    url: String,
    upload_url: String,
}

/// Where a node keeps its state between a stop and the next start.
pub struct Home(TempDir);

impl Home {
    /// A new, empty one.
    ///
    /// # Panics
    /// If the system has no room for a folder.
    pub fn new() -> Self {
        Self(TempDir::new().expect("a temporary folder can be made"))
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        self.0.path()
    }

    fn log_path(&self) -> PathBuf {
        self.path().join("node.log")
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

    /// Starts a node with the state in `home` and waits until its RPC server listens.
    pub async fn start_in(home: Home) -> Result<Self, NodeError> {
        let mut process = Command::new(binary("defaas-node"))
            .args([
                "--chain",
                "dev",
                "--alice",
                "--validator",
                "--force-authoring",
            ])
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
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(NodeError::Spawn)?;
        let stderr = process.stderr.take().expect("stderr is piped");
        let (tell, told) = oneshot::channel();
        tokio::spawn(keep_log(stderr, home.log_path(), tell));

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
            upload_url: format!("http://{upload}"),
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

    /// Address of the listener that takes content.
    pub fn upload_url(&self) -> &str {
        &self.upload_url
    }

    /// File with that listener's token.
    pub fn upload_token(&self) -> PathBuf {
        self.home
            .path()
            .join("chain/chains/defaas-dev/worker/upload-token")
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

    /// Asks it to stop, waits until it has, and returns its state.
    pub async fn stop(mut self) -> Result<Home, NodeError> {
        self.signal(Signal::TERM);
        match timeout(STOP_TIMEOUT, self.process.wait()).await {
            Ok(_) => Ok(self.home),
            Err(_) => Err(NodeError::TimedOut {
                what: "stopping",
                seconds: STOP_TIMEOUT.as_secs(),
                log: log_tail(&self.home).await,
            }),
        }
    }

    /// Kills it as a power cut would, and returns its state.
    pub async fn kill(mut self) -> Result<Home, NodeError> {
        self.process.kill().await.map_err(NodeError::Spawn)?;
        Ok(self.home)
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
    upload: String,
}

/// *The node writes a line* → append it to the log, and tell the addresses when both are known →
/// *ends with the node's output; a full disk ends it too, and the node goes on*.
async fn keep_log(
    output: impl tokio::io::AsyncRead + Unpin,
    path: PathBuf,
    tell: oneshot::Sender<Addresses>,
) -> std::io::Result<()> {
    let mut log = fs::OpenOptions::new()
        .create(true)
        .append(true)
        .open(path)
        .await?;
    let mut lines = BufReader::new(output).lines();
    let (mut rpc, mut upload) = (None, None);
    let mut tell = Some(tell);
    while let Some(line) = lines.next_line().await? {
        log.write_all(line.as_bytes()).await?;
        log.write_all(b"\n").await?;
        log.flush().await?;
        rpc = rpc.or_else(|| address_after(&line, RPC_READY));
        upload = upload.or_else(|| address_after(&line, UPLOAD_READY));
        if let (Some(rpc), Some(upload), true) = (&rpc, &upload, tell.is_some()) {
            let addresses = Addresses {
                rpc: rpc.clone(),
                upload: upload.clone(),
            };
            // The receiver is gone if the start was given up.
            let _ = tell.take().map(|tell| tell.send(addresses));
        }
    }
    Ok(())
}

/// The address that follows `words` in `line`.
fn address_after(line: &str, words: &str) -> Option<String> {
    let (_, rest) = line.split_once(words)?;
    rest.split([',', ' ']).next().map(str::to_owned)
}

async fn log_tail(home: &Home) -> String {
    let log = fs::read_to_string(home.log_path())
        .await
        .unwrap_or_default();
    let lines: Vec<&str> = log.lines().collect();
    lines[lines.len().saturating_sub(LOG_TAIL)..].join("\n")
}
