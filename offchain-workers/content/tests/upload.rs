//! The upload listener over real HTTP.

mod support;

use std::fs;
use std::net::SocketAddr;

use defaas_content::upload::{BindError, Upload, UploadConfig};
use defaas_content::{Cid, Pin, PinKind};
use reqwest::header::{AUTHORIZATION, ORIGIN, REFERER};
use reqwest::{Method, RequestBuilder, Response, StatusCode};
use serde_json::{json, Value};
use support::form::Form;
use support::{generated, open, TestStore};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;

const MIB: usize = 1 << 20;

/// A running listener.
struct Server {
    test: TestStore,
    address: SocketAddr,
    token: String,
    client: reqwest::Client,
    shutdown: CancellationToken,
    task: tokio::task::JoinHandle<()>,
}

async fn start_with(change: impl FnOnce(&mut UploadConfig)) -> Server {
    let test = open();
    let token_file = test.dir.path().join("token");
    let mut config = UploadConfig {
        listen: ([127, 0, 0, 1], 0).into(),
        token_file: token_file.clone(),
        ..UploadConfig::default()
    };
    change(&mut config);
    let upload = Upload::bind(&config, test.store.clone()).await.unwrap();
    let address = upload.local_addr();
    let shutdown = CancellationToken::new();
    let task = tokio::spawn(upload.run(shutdown.clone()));
    Server {
        test,
        address,
        token: fs::read_to_string(token_file).unwrap().trim().into(),
        client: reqwest::Client::builder().no_proxy().build().unwrap(),
        shutdown,
        task,
    }
}

async fn start() -> Server {
    start_with(|_| {}).await
}

impl Server {
    fn post(&self, command: &str) -> RequestBuilder {
        let url = format!("http://{}/api/v0/{command}", self.address);
        self.client.post(url).bearer_auth(&self.token)
    }

    async fn send(&self, command: &str) -> Response {
        self.post(command).send().await.unwrap()
    }

    async fn add(&self, query: &str, content: Vec<u8>) -> Response {
        let form = Form::new().part("x.bin", content);
        form.on(self.post(&format!("add{query}")))
            .send()
            .await
            .unwrap()
    }

    async fn pinned(&self) -> usize {
        self.test.store.pins(None).await.unwrap().len()
    }
}

async fn lines(response: Response) -> Vec<Value> {
    assert_eq!(response.status(), StatusCode::OK);
    let text = response.text().await.unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

async fn error(response: Response, status: StatusCode) -> String {
    assert_eq!(response.status(), status);
    let body: Value = response.json().await.unwrap();
    assert_eq!(body["Type"], "error");
    assert!(body["Code"].is_u64());
    body["Message"].as_str().unwrap().into()
}

#[tokio::test]
async fn added_files_come_back_by_cat_and_are_pinned() {
    let server = start().await;
    let content = generated(5 * MIB + 12_345);
    let added = lines(
        server
            .add("?cid-version=1&progress=false", content.clone())
            .await,
    )
    .await;
    let hash = "bafybeidwpc6joqsedhjw4xc566tgbzfw7w7qwqkchwd4hwex6vm2rxskpy";
    assert_eq!(added.len(), 1);
    assert_eq!(added[0]["Name"], "x.bin");
    assert_eq!(added[0]["Hash"], hash);
    assert_eq!(server.pinned().await, 1);
    let size: usize = added[0]["Size"].as_str().unwrap().parse().unwrap();
    assert!(size > content.len());
    let cat = server.send(&format!("cat?arg={hash}")).await;
    assert_eq!(cat.headers()["x-stream-output"], "1");
    assert!(cat.bytes().await.unwrap() == content);
}

#[tokio::test]
async fn several_files_and_encoded_names_are_answered_line_by_line() {
    let server = start().await;
    let form = Form::new().part("my%20file.txt", "one").part("", "two");
    let response = form.on(server.post("add?pin=false")).send().await.unwrap();
    let added = lines(response).await;
    assert_eq!(added.len(), 2);
    assert_eq!(added[0]["Name"], "my file.txt");
    assert_eq!(added[0]["Size"], "3");
    assert_eq!(added[1]["Name"], added[1]["Hash"]);
    assert_eq!(server.pinned().await, 0);
}

#[tokio::test]
async fn files_over_the_limit_are_refused_and_those_at_it_taken() {
    let server = start_with(|config| config.max_file_bytes = 1000).await;
    assert_eq!(server.add("", vec![1; 1000]).await.status(), StatusCode::OK);
    let message = error(
        server.add("", vec![1; 1001]).await,
        StatusCode::PAYLOAD_TOO_LARGE,
    )
    .await;
    assert!(message.contains("1000"), "{message}");
    // Longer than any form around such a file: cut off by the body limit.
    let response = server.add("", vec![1; 3 * MIB]).await;
    error(response, StatusCode::PAYLOAD_TOO_LARGE).await;
    let two = Form::new().part("", vec![1; 600]).part("", vec![2; 600]);
    let response = two.on(server.post("add")).send().await.unwrap();
    error(response, StatusCode::PAYLOAD_TOO_LARGE).await;
}

#[tokio::test]
async fn options_that_would_change_the_cid_are_refused() {
    let server = start().await;
    for query in [
        "?cid-version=0",
        "?raw-leaves=false",
        "?chunker=size-262144",
        "?hash=blake3",
        "?wrap-with-directory=true",
        "?only-hash=true",
        "?trickle=true",
        "?inline=true",
        "?to-files=/x",
    ] {
        error(
            server.add(query, b"x".to_vec()).await,
            StatusCode::NOT_IMPLEMENTED,
        )
        .await;
    }
    error(
        server.add("?pin=maybe", b"x".to_vec()).await,
        StatusCode::BAD_REQUEST,
    )
    .await;
    let folder = Form::new().part("dir%2Fx", "x");
    let response = folder.on(server.post("add")).send().await.unwrap();
    error(response, StatusCode::NOT_IMPLEMENTED).await;
    assert_eq!(server.test.store.usage().blocks, 0);
}

/// What Kubo's command line sends with every `add`.
#[tokio::test]
async fn options_that_change_nothing_are_taken() {
    let server = start().await;
    let query = "?api-auth=x&empty-dirs=true&encoding=json&inline-limit=32&pin=false&quieter=true\
                 &stream-channels=true&trickle=false&raw-leaves=true&timeout=5s";
    assert_eq!(lines(server.add(query, b"x".to_vec()).await).await.len(), 1);
}

#[tokio::test]
async fn forms_without_a_file_and_other_bodies_are_refused() {
    let server = start().await;
    let empty = Form::new().on(server.post("add")).send().await.unwrap();
    error(empty, StatusCode::BAD_REQUEST).await;
    let plain = server.post("add").body("not a form").send().await.unwrap();
    assert!(plain.status().is_client_error());
    let torn = server
        .post("add")
        .header("content-type", "multipart/form-data; boundary=b")
        .body("--b\r\ncontent-disposition: form-data; name=\"file\"\r\n\r\nhalf")
        .send()
        .await
        .unwrap();
    error(torn, StatusCode::BAD_REQUEST).await;
    assert_eq!(server.pinned().await, 0);
}

#[tokio::test]
async fn nothing_answers_without_the_right_token() {
    let server = start().await;
    let url = format!("http://{}/api/v0/version", server.address);
    let bare = || server.client.post(&url);
    for request in [
        bare(),
        bare().bearer_auth("wrong"),
        bare().bearer_auth(""),
        bare().header(AUTHORIZATION, format!("Basic {}", server.token)),
        bare().header(AUTHORIZATION, server.token.clone()),
        bare().bearer_auth(format!("{}x", server.token)),
        server.client.get(&url),
        server
            .client
            .post(format!("http://{}/elsewhere", server.address)),
    ] {
        error(request.send().await.unwrap(), StatusCode::UNAUTHORIZED).await;
    }
    let lower = bare().header(AUTHORIZATION, format!("bearer {}", server.token));
    assert_eq!(lower.send().await.unwrap().status(), StatusCode::OK);
}

#[tokio::test]
async fn requests_of_web_pages_are_refused_even_with_the_token() {
    let server = start().await;
    for name in [ORIGIN, REFERER] {
        for value in ["http://example.org", "http://127.0.0.1", "null"] {
            let request = server.post("version").header(name.clone(), value);
            let message = error(request.send().await.unwrap(), StatusCode::FORBIDDEN).await;
            assert!(message.contains("web pages"), "{message}");
        }
    }
    let preflight = server.client.request(
        Method::OPTIONS,
        format!("http://{}/api/v0/add", server.address),
    );
    let answer = preflight
        .header(ORIGIN, "http://example.org")
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), StatusCode::FORBIDDEN);
    assert!(!answer.headers().contains_key("access-control-allow-origin"));
}

#[tokio::test]
async fn commands_are_post_only_and_unbuilt_ones_say_so() {
    let server = start().await;
    let url = format!("http://{}/api/v0/version", server.address);
    let get = server
        .client
        .get(&url)
        .bearer_auth(&server.token)
        .send()
        .await
        .unwrap();
    error(get, StatusCode::METHOD_NOT_ALLOWED).await;
    for command in ["id", "swarm/peers", "dag/import", "name/publish?arg=x"] {
        error(server.send(command).await, StatusCode::NOT_IMPLEMENTED).await;
    }
    let outside = format!("http://{}/webui", server.address);
    let outside = server
        .client
        .post(outside)
        .bearer_auth(&server.token)
        .send()
        .await
        .unwrap();
    error(outside, StatusCode::NOT_FOUND).await;
}

#[tokio::test]
async fn cat_follows_paths_and_names_what_is_wrong() {
    let server = start().await;
    let root = server.test.put_fixture("directory").await;
    for arg in [
        format!("{root}/sub/b.txt"),
        format!("/ipfs/{root}/sub/b.txt"),
    ] {
        let cat = server.send(&format!("cat?arg={arg}")).await;
        assert_eq!(cat.text().await.unwrap(), "world\n");
    }
    let server_fault = StatusCode::INTERNAL_SERVER_ERROR;
    let folder = error(server.send(&format!("cat?arg={root}")).await, server_fault).await;
    assert!(folder.contains("directory"), "{folder}");
    let missing = Cid::of(
        defaas_content::Codec::Raw,
        defaas_content::HashFunction::Sha2,
        b"-",
    );
    let missing = error(
        server.send(&format!("cat?arg={missing}")).await,
        server_fault,
    )
    .await;
    assert!(missing.contains("not in the store"), "{missing}");
    error(
        server.send("cat?arg=nonsense").await,
        StatusCode::BAD_REQUEST,
    )
    .await;
    error(server.send("cat").await, StatusCode::BAD_REQUEST).await;
    error(
        server.send("cat?arg=a&arg=b").await,
        StatusCode::BAD_REQUEST,
    )
    .await;
    error(
        server.send("cat?arg=a&archive=true").await,
        StatusCode::NOT_IMPLEMENTED,
    )
    .await;
}

#[tokio::test]
async fn cat_gives_parts_of_a_file() {
    let server = start().await;
    let content = generated(3 * MIB);
    let cid = server.test.import(&content, None).await;
    for (query, from, to) in [
        ("&offset=5&length=7", 5, 12),
        ("&length=0", 0, 0),
        ("&offset=1048570&length=1048600", 1_048_570, 2_097_170),
        ("&offset=3145720", 3_145_720, 3 * MIB),
        ("&offset=3145728", 3 * MIB, 3 * MIB),
        ("&offset=9999999&length=1", 3 * MIB, 3 * MIB),
    ] {
        let cat = server.send(&format!("cat?arg={cid}{query}")).await;
        assert_eq!(cat.status(), StatusCode::OK, "{query}");
        assert!(cat.bytes().await.unwrap() == content[from..to], "{query}");
    }
    for query in ["&offset=-1", "&length=many"] {
        let cat = server.send(&format!("cat?arg={cid}{query}")).await;
        error(cat, StatusCode::BAD_REQUEST).await;
    }
}

#[tokio::test]
async fn damage_found_while_streaming_breaks_the_answer_off() {
    let server = start().await;
    let cid = server.test.import(&generated(3 * MIB), None).await;
    // All leaves but the first: the answer has begun when the second is read.
    let first = &generated(MIB);
    for file in server.test.block_files() {
        let bytes = fs::read(&file).unwrap();
        if bytes.len() == MIB && bytes != *first {
            fs::write(&file, vec![0; MIB]).unwrap();
        }
    }
    let cat = server.send(&format!("cat?arg={cid}")).await;
    assert_eq!(cat.status(), StatusCode::OK);
    assert!(cat.bytes().await.is_err());
}

#[tokio::test]
async fn blocks_go_in_and_out() {
    let server = start().await;
    let put = |query: &str, content: Vec<u8>| {
        let form = Form::new().part("", content);
        form.on(server.post(&format!("block/put{query}"))).send()
    };
    let stat: Value = put("", b"hello".to_vec())
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    let key = "bafkreibm6jg3ux5qumhcn2b3flc3tyu6dmlb4xa7u5bf44yegnrjhc4yeq";
    assert_eq!(stat, json!({"Key": key, "Size": 5}));
    let got = server.send(&format!("block/get?arg={key}")).await;
    assert_eq!(got.bytes().await.unwrap(), &b"hello"[..]);
    let stat: Value = server
        .send(&format!("block/stat?arg={key}"))
        .await
        .json()
        .await
        .unwrap();
    assert_eq!(stat["Size"], 5);
    assert_eq!(server.pinned().await, 0);
    let query = "?cid-codec=dag-pb&mhtype=blake2b-256&pin=true";
    assert_eq!(put(query, vec![]).await.unwrap().status(), StatusCode::OK);
    assert_eq!(server.pinned().await, 1);
    let long = put("", vec![1; 2 * MIB + 1]).await.unwrap();
    error(long, StatusCode::PAYLOAD_TOO_LARGE).await;
    let other = put("?mhtype=sha3-512", vec![1]).await.unwrap();
    error(other, StatusCode::NOT_IMPLEMENTED).await;
}

#[tokio::test]
async fn pins_are_added_listed_and_removed() {
    let server = start().await;
    let cid = server.test.import(b"content", None).await;
    let code = server
        .test
        .import(b"code", Some(Pin::new(PinKind::Code)))
        .await;
    let json = |response: Response| async { response.json::<Value>().await.unwrap() };
    let added = json(server.send(&format!("pin/add?arg={cid}&stream=true")).await).await;
    assert_eq!(added, json!({"Pins": [cid.to_string()]}));
    let listed = json(server.send("pin/ls").await).await;
    assert_eq!(
        listed["Keys"][cid.to_string()],
        json!({"Type": "recursive", "Name": "user"})
    );
    assert_eq!(listed["Keys"][code.to_string()]["Name"], "code");
    let stream = lines(server.send("pin/ls?stream=true&type=recursive").await).await;
    assert_eq!(stream.len(), 2);
    assert!(stream.iter().any(|line| line["Cid"] == cid.to_string()));
    let one = json(server.send(&format!("pin/ls?arg={cid}")).await).await;
    assert_eq!(one["Keys"].as_object().unwrap().len(), 1);
    let removed = json(server.send(&format!("pin/rm?arg={cid}")).await).await;
    assert_eq!(removed, added);
    for command in [format!("pin/rm?arg={cid}"), format!("pin/ls?arg={cid}")] {
        let message = error(
            server.send(&command).await,
            StatusCode::INTERNAL_SERVER_ERROR,
        )
        .await;
        assert!(message.contains("not pinned"), "{message}");
    }
}

#[tokio::test]
async fn the_providers_pins_cannot_be_removed_from_outside() {
    let server = start().await;
    let code = server
        .test
        .import(b"code", Some(Pin::new(PinKind::Code)))
        .await;
    let removed = server.send(&format!("pin/rm?arg={code}")).await;
    error(removed, StatusCode::INTERNAL_SERVER_ERROR).await;
    assert_eq!(server.pinned().await, 1);
}

#[tokio::test]
async fn only_complete_dags_are_pinned() {
    let server = start().await;
    let blocks = support::fixture("cidv0");
    for (cid, block) in &blocks[..blocks.len() - 1] {
        server
            .test
            .store
            .put_block(cid, block.clone())
            .await
            .unwrap();
    }
    let response = server.send(&format!("pin/add?arg={}", blocks[0].0)).await;
    let message = error(response, StatusCode::INTERNAL_SERVER_ERROR).await;
    assert!(message.contains("missing"), "{message}");
    assert_eq!(server.pinned().await, 0);
    let direct = server
        .send(&format!("pin/add?arg={}&recursive=false", blocks[0].0))
        .await;
    error(direct, StatusCode::NOT_IMPLEMENTED).await;
}

#[tokio::test]
async fn a_full_store_answers_507() {
    let test = support::open_with(|config| config.max_bytes = 8192);
    let config = UploadConfig {
        listen: ([127, 0, 0, 1], 0).into(),
        token_file: test.dir.path().join("token"),
        ..UploadConfig::default()
    };
    let upload = Upload::bind(&config, test.store.clone()).await.unwrap();
    let url = format!("http://{}/api/v0/add", upload.local_addr());
    let token = fs::read_to_string(&config.token_file).unwrap();
    let shutdown = CancellationToken::new();
    let task = tokio::spawn(upload.run(shutdown.clone()));
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    for (content, status) in [
        (vec![1; 4000], StatusCode::OK),
        (vec![2; 4000], StatusCode::OK),
        (vec![3; 4000], StatusCode::INSUFFICIENT_STORAGE),
    ] {
        let request = client.post(&url).bearer_auth(token.trim());
        let response = Form::new()
            .part("", content)
            .on(request)
            .send()
            .await
            .unwrap();
        assert_eq!(response.status(), status);
    }
    shutdown.cancel();
    task.await.unwrap();
}

#[tokio::test]
async fn version_and_usage_are_told() {
    let server = start().await;
    server.test.import(b"content", None).await;
    let version: Value = server.send("version").await.json().await.unwrap();
    assert!(version["Version"]
        .as_str()
        .unwrap()
        .ends_with("+defaas-content"));
    let stat: Value = server.send("repo/stat").await.json().await.unwrap();
    assert_eq!(stat["NumObjects"], 1);
    assert_eq!(stat["RepoSize"], 4096);
}

#[tokio::test]
async fn addresses_that_others_reach_need_an_explicit_yes() {
    let test = open();
    let mut config = UploadConfig {
        listen: ([0, 0, 0, 0], 0).into(),
        token_file: test.dir.path().join("token"),
        ..UploadConfig::default()
    };
    let refused = Upload::bind(&config, test.store.clone()).await;
    assert!(matches!(refused.err(), Some(BindError::NotLoopback(_))));
    assert!(!config.token_file.exists());
    config.allow_remote = true;
    // Bound and dropped at once; nothing is served.
    assert!(Upload::bind(&config, test.store.clone()).await.is_ok());
}

#[tokio::test]
async fn shutdown_ends_the_listener_and_idle_connections() {
    let server = start().await;
    let _idle = TcpStream::connect(server.address).await.unwrap();
    assert_eq!(server.send("version").await.status(), StatusCode::OK);
    server.shutdown.cancel();
    tokio::time::timeout(std::time::Duration::from_secs(15), server.task)
        .await
        .unwrap()
        .unwrap();
    assert!(TcpStream::connect(server.address).await.is_err());
}

#[tokio::test]
async fn long_heads_are_refused_and_old_connections_closed() {
    let server = start_with(|config| config.max_connection_secs = 1).await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let head = format!(
        "POST /api/v0/version HTTP/1.1\r\nx-long: {}\r\n\r\n",
        "x".repeat(20_000)
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = String::new();
    let _ = stream.read_to_string(&mut answer).await;
    assert!(
        answer.is_empty() || answer.starts_with("HTTP/1.1 431"),
        "{answer}"
    );

    let mut idle = TcpStream::connect(server.address).await.unwrap();
    let mut byte = [0; 1];
    let closed = tokio::time::timeout(std::time::Duration::from_secs(10), idle.read(&mut byte));
    assert_eq!(closed.await.unwrap().unwrap(), 0);
}
