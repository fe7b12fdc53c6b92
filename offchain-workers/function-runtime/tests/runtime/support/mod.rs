//! Starts the binary in a folder of its own and speaks HTTP to it.

pub mod modules;
pub mod processes;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use reqwest::header::HeaderMap;
use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::{json, Value};
use sha2::{Digest, Sha256};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

pub const USER: &str = "admin";
pub const PASSWORD: &str = "correct-horse-battery-staple";
pub const BINARY: &str = env!("CARGO_BIN_EXE_defaas-function-runtime");
/// Longer than anything here takes on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(120);

/// Folders of a runtime; outlives it, so that another can be started in them.
pub struct Place {
    /// Closed to all other users.
    dir: TempDir,
}

impl Place {
    pub fn new() -> Self {
        let closed = fs::Permissions::from_mode(0o700);
        let dir = tempfile::Builder::new()
            .permissions(closed.clone())
            .tempdir()
            .unwrap();
        let place = Self { dir };
        fs::create_dir(place.root()).unwrap();
        fs::set_permissions(place.root(), closed).unwrap();
        fs::create_dir(place.path("code")).unwrap();
        place
    }

    pub fn root(&self) -> PathBuf {
        self.dir.path().join("runtime")
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.root().join(name)
    }

    /// Puts a module into the folder of code and returns its digest.
    pub fn put(&self, module: &[u8]) -> String {
        let digest = digest_of(module);
        fs::write(self.path("code").join(&digest), module).unwrap();
        digest
    }

    pub fn put_wat(&self, text: &str) -> String {
        self.put(&wat::parse_str(text).unwrap())
    }

    /// Files with compiled code.
    pub fn compiled(&self) -> Vec<PathBuf> {
        let paths = fs::read_dir(self.path("cache"))
            .unwrap()
            .map(|entry| entry.unwrap().path());
        paths.filter(|path| path.extension().is_some()).collect()
    }

    pub fn command(&self, options: &[&str]) -> Command {
        let mut command = self.complete(Command::new(BINARY));
        command.args(options);
        command
    }

    /// Starts the binary by way of a shell, which first does `before`.
    pub fn shell_command(&self, before: &str) -> Command {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", &format!("{before}; exec \"$0\" \"$@\""), BINARY]);
        self.complete(command)
    }

    /// Names everything relative to the root and starts there.
    pub fn relative_command(&self, options: &[&str]) -> Command {
        let mut command = Command::new(BINARY);
        command.current_dir(self.root()).args(options);
        Self::with_streams(command)
    }

    fn complete(&self, mut command: Command) -> Command {
        command
            .args(["--socket".into(), self.path("socket")])
            .args(["--code-dir".into(), self.path("code")])
            .args(["--cache-dir".into(), self.path("cache")])
            .args(["--crash-dir".into(), self.path("crashes")]);
        Self::with_streams(command)
    }

    fn with_streams(mut command: Command) -> Command {
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true);
        command
    }
}

/// A running runtime.
pub struct Runtime {
    pub child: Child,
    pub place: Place,
    http: reqwest::Client,
}

/// An answer.
#[derive(Debug)]
pub struct Reply {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Reply {
    pub async fn of(request: RequestBuilder) -> Self {
        let response = request.send().await.unwrap();
        Self {
            status: response.status(),
            headers: response.headers().clone(),
            body: response.bytes().await.unwrap().into(),
        }
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        Some(self.headers.get(name)?.to_str().unwrap())
    }

    pub fn outcome(&self) -> &str {
        self.header("x-defaas-outcome").unwrap_or("none")
    }

    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// Asserts the outcome and shows the whole answer if it is another.
    #[track_caller]
    pub fn expect(self, outcome: &str, status: u16) -> Self {
        let got = (self.outcome(), self.status.as_u16());
        assert_eq!(
            got,
            (outcome, status),
            "{}",
            String::from_utf8_lossy(&self.body)
        );
        self
    }
}

impl Runtime {
    pub async fn start() -> Self {
        Self::start_with(&[]).await
    }

    pub async fn start_with(options: &[&str]) -> Self {
        Self::start_in(Place::new(), options).await
    }

    pub async fn start_in(place: Place, options: &[&str]) -> Self {
        let command = place.command(options);
        let socket = place.path("socket");
        Self::run(place, command, &socket).await
    }

    /// Runs a command that listens on this socket and names it so; relative to the root.
    pub async fn run(place: Place, mut command: Command, socket: &Path) -> Self {
        let mut child = command.spawn().unwrap();
        write_secret(&mut child).await;
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let ready = tokio::time::timeout(PATIENCE, stdout.lines().next_line())
            .await
            .unwrap();
        let expected = format!("ready unix:{}", socket.display());
        assert_eq!(ready.unwrap(), Some(expected));
        let http = client(&place.root().join(socket));
        Self { child, place, http }
    }

    /// Ends it as the node does, and leaves its folders.
    pub async fn stop(mut self) -> Place {
        drop(self.child.stdin.take());
        let status = tokio::time::timeout(PATIENCE, self.child.wait())
            .await
            .unwrap()
            .unwrap();
        assert!(status.success(), "{status}");
        self.place
    }

    /// Kills it, and leaves its folders.
    pub async fn kill(mut self) -> Place {
        self.child.kill().await.unwrap();
        self.place
    }

    pub fn pid(&self) -> u32 {
        self.child.id().unwrap()
    }

    pub fn anonymous(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("http://runtime{path}"))
    }

    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.anonymous(method, path)
            .basic_auth(USER, Some(PASSWORD))
    }

    pub async fn get(&self, path: &str) -> Reply {
        Reply::of(self.request(Method::GET, path)).await
    }

    /// Deploys, with `more` laid over the usual fields.
    pub async fn try_deploy(&self, name: &str, digest: &str, more: Value) -> Reply {
        let body = deployment(name, digest, more);
        Reply::of(self.request(Method::POST, "/system/functions").json(&body)).await
    }

    pub async fn deploy(&self, name: &str, wat: &str, more: Value) {
        let digest = self.place.put_wat(wat);
        let reply = self.try_deploy(name, &digest, more).await;
        assert_eq!(reply.status, 200, "{}", reply.text());
    }

    pub async fn call(&self, name: &str, body: impl Into<reqwest::Body>) -> Reply {
        Reply::of(
            self.request(Method::POST, &format!("/function/{name}"))
                .body(body),
        )
        .await
    }

    /// Waits until the function was called `count` times and thus runs.
    pub async fn wait_for_calls(&self, name: &str, count: u64) {
        let path = format!("/system/function/{name}");
        wait_until(async || self.get(&path).await.json()["invocationCount"] == count).await;
    }
}

pub fn deployment(name: &str, digest: &str, more: Value) -> Value {
    let mut body = json!({"service": name, "image": format!("wasm/{digest}")});
    body.as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    body
}

/// Limits in the form of a deployment.
pub fn annotated(pairs: &[(&str, &str)]) -> Value {
    let annotations: serde_json::Map<_, _> = pairs
        .iter()
        .map(|(key, value)| (format!("defaas.{key}"), json!(value)))
        .collect();
    json!({"annotations": annotations})
}

pub async fn write_secret(child: &mut Child) {
    use tokio::io::AsyncWriteExt;
    let stdin = child.stdin.as_mut().unwrap();
    stdin
        .write_all(format!("{PASSWORD}\n").as_bytes())
        .await
        .unwrap();
}

pub fn client(socket: &Path) -> reqwest::Client {
    reqwest::Client::builder()
        .no_proxy()
        .unix_socket(socket)
        .timeout(PATIENCE)
        .build()
        .unwrap()
}

pub fn digest_of(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// Asks again until it is so; fails when patience ends.
pub async fn wait_until(mut is_so: impl AsyncFnMut() -> bool) {
    let asked = async {
        while !is_so().await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, asked)
        .await
        .expect("it never became so");
}
