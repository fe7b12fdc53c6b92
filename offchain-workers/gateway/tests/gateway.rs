//! The gateway over real HTTP.

use std::net::SocketAddr;
use std::time::Duration;

use defaas_content::{Cid, Codec, Config, HashFunction, Store};
use defaas_gateway::{Gateway, GatewayConfig};
use reqwest::header::{
    HeaderName, ACCEPT, ALLOW, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, ETAG, IF_NONE_MATCH,
};
use reqwest::{Method, RequestBuilder, Response, StatusCode};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;

const RAW: &str = "application/vnd.ipld.raw";

/// A running gateway.
struct Server {
    store: Store,
    dir: tempfile::TempDir,
    address: SocketAddr,
    client: reqwest::Client,
    shutdown: CancellationToken,
    task: tokio::task::JoinHandle<()>,
}

async fn start_with(change: impl FnOnce(&mut GatewayConfig)) -> Server {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(Config::in_dir(dir.path().join("store"))).unwrap();
    let mut config = GatewayConfig {
        listen: ([127, 0, 0, 1], 0).into(),
        ..GatewayConfig::default()
    };
    change(&mut config);
    let gateway = Gateway::bind(&config, store.clone()).await.unwrap();
    let address = gateway.local_addr();
    let shutdown = CancellationToken::new();
    let task = tokio::spawn(gateway.run(shutdown.clone()));
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    Server {
        store,
        dir,
        address,
        client,
        shutdown,
        task,
    }
}

async fn start() -> Server {
    start_with(|_| {}).await
}

impl Server {
    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client
            .request(method, format!("http://{}{path}", self.address))
    }

    async fn get(&self, path: &str) -> Response {
        self.request(Method::GET, path).send().await.unwrap()
    }

    async fn import(&self, content: &[u8]) -> Cid {
        self.store
            .import_file(content, u64::MAX, None)
            .await
            .unwrap()
            .cid
    }
}

fn header(response: &Response, name: impl AsRef<str>) -> &str {
    response.headers()[name.as_ref()].to_str().unwrap()
}

fn absent() -> Cid {
    Cid::of(Codec::Raw, HashFunction::Sha2, b"not in any store")
}

#[tokio::test]
async fn a_block_comes_with_the_headers_of_the_specification() {
    let server = start().await;
    let cid = server.import(b"content").await;
    let by_query = server.get(&format!("/ipfs/{cid}?format=raw")).await;
    let by_header = server
        .request(Method::GET, &format!("/ipfs/{cid}"))
        .header(ACCEPT, RAW);
    for response in [by_query, by_header.send().await.unwrap()] {
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(header(&response, CONTENT_TYPE), RAW);
        assert_eq!(header(&response, ETAG), format!("\"{cid}.raw\""));
        assert_eq!(
            header(&response, CACHE_CONTROL),
            "public, max-age=29030400, immutable"
        );
        assert_eq!(header(&response, "x-content-type-options"), "nosniff");
        assert_eq!(
            header(&response, "content-disposition"),
            format!("attachment; filename=\"{cid}.bin\"")
        );
        assert_eq!(header(&response, "x-ipfs-path"), format!("/ipfs/{cid}"));
        assert_eq!(response.bytes().await.unwrap(), &b"content"[..]);
    }
}

#[tokio::test]
async fn the_root_of_a_long_file_is_its_node_not_its_content() {
    let server = start().await;
    let cid = server.import(&vec![7; 3 << 20]).await;
    let block = server
        .get(&format!("/ipfs/{cid}?format=raw"))
        .await
        .bytes()
        .await
        .unwrap();
    assert!(block.len() < 1000);
    assert!(cid.names(&block));
}

#[tokio::test]
async fn head_answers_without_a_body() {
    let server = start().await;
    let cid = server.import(b"content").await;
    let path = format!("/ipfs/{cid}?format=raw");
    let response = server.request(Method::HEAD, &path).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(header(&response, CONTENT_LENGTH), "7");
    assert_eq!(header(&response, CONTENT_TYPE), RAW);
    assert!(response.bytes().await.unwrap().is_empty());
    let path = format!("/ipfs/{}?format=raw", absent());
    let response = server.request(Method::HEAD, &path).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn known_blocks_are_not_sent_again() {
    let server = start().await;
    let cid = server.import(b"content").await;
    let path = format!("/ipfs/{cid}?format=raw");
    let etag = format!("\"{cid}.raw\"");
    for known in [
        etag.clone(),
        format!("W/{etag}"),
        format!("\"other\", {etag}"),
        "*".into(),
    ] {
        let request = server
            .request(Method::GET, &path)
            .header(IF_NONE_MATCH, known);
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), StatusCode::NOT_MODIFIED);
        assert_eq!(header(&response, ETAG), etag);
        assert!(response.bytes().await.unwrap().is_empty());
    }
    let request = server
        .request(Method::GET, &path)
        .header(IF_NONE_MATCH, "\"other\"");
    assert_eq!(request.send().await.unwrap().status(), StatusCode::OK);
    let path = format!("/ipfs/{}?format=raw", absent());
    let request = server
        .request(Method::GET, &path)
        .header(IF_NONE_MATCH, "*");
    assert_eq!(
        request.send().await.unwrap().status(),
        StatusCode::NOT_FOUND
    );
}

#[tokio::test]
async fn only_verifiable_forms_are_served() {
    let server = start().await;
    let cid = server.import(b"content").await;
    for accept in [
        "*/*",
        "text/html",
        "application/json",
        "application/vnd.ipld.raw;q=0",
    ] {
        let request = server
            .request(Method::GET, &format!("/ipfs/{cid}"))
            .header(ACCEPT, accept);
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), StatusCode::NOT_ACCEPTABLE, "{accept}");
        assert_eq!(header(&response, CACHE_CONTROL), "no-store");
        assert!(response.text().await.unwrap().contains("?format=raw"));
    }
    let unknown = server.get(&format!("/ipfs/{cid}?format=tar")).await;
    assert_eq!(unknown.status(), StatusCode::NOT_ACCEPTABLE);
    let car = server.get(&format!("/ipfs/{cid}?format=car")).await;
    assert_eq!(car.status(), StatusCode::NOT_IMPLEMENTED);
    let car = server
        .request(Method::GET, &format!("/ipfs/{cid}"))
        .header(ACCEPT, "application/vnd.ipld.car; version=1; order=dfs");
    assert_eq!(
        car.send().await.unwrap().status(),
        StatusCode::NOT_IMPLEMENTED
    );
}

#[tokio::test]
async fn a_request_that_asks_for_no_form_is_told_how_to_ask() {
    let server = start().await;
    let cid = server.import(b"content").await;
    // Written by hand: HTTP libraries send an `Accept` of their own.
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let request = format!("GET /ipfs/{cid} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
    assert!(answer.contains("?format=raw"), "{answer}");
}

#[tokio::test]
async fn what_is_not_here_is_not_fetched() {
    let server = start().await;
    let path = format!("/ipfs/{}?format=raw", absent());
    let response = server.get(&path).await;
    assert_eq!(response.status(), StatusCode::NOT_FOUND);
    assert_eq!(header(&response, CACHE_CONTROL), "no-store");
    let cached = server
        .request(Method::GET, &path)
        .header(CACHE_CONTROL, "only-if-cached");
    assert_eq!(
        cached.send().await.unwrap().status(),
        StatusCode::PRECONDITION_FAILED
    );
}

#[tokio::test]
async fn damaged_blocks_are_not_served() {
    let server = start().await;
    let cid = server.import(b"content").await;
    let shards = std::fs::read_dir(server.dir.path().join("store/blocks")).unwrap();
    for shard in shards {
        for file in std::fs::read_dir(shard.unwrap().path()).unwrap() {
            std::fs::write(file.unwrap().path(), b"damaged").unwrap();
        }
    }
    let response = server.get(&format!("/ipfs/{cid}?format=raw")).await;
    assert_eq!(response.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn inline_cids_are_answered_from_themselves() {
    let server = start().await;
    for (cid, content) in [
        ("bafkqaaa", ""),
        ("bafkqaddimvwgy3zao5xxe3debi", "hello world\n"),
    ] {
        let response = server.get(&format!("/ipfs/{cid}?format=raw")).await;
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.text().await.unwrap(), content);
    }
}

#[tokio::test]
async fn bad_cids_paths_and_other_pages_are_refused() {
    let server = start().await;
    let cid = server.import(b"content").await;
    for (path, status) in [
        ("/ipfs/nonsense?format=raw".into(), StatusCode::BAD_REQUEST),
        // sha2-512, which is not verified here.
        (
            "/ipfs/bafkrgqhhyivzstcz3hhswshfjgy6ertgmnqeleynhwt4dlfsthi4hn7zgh4uvlsb5xncykzapi3ocd\
             4lzogukir6ksdy6wzrnz6ohnv4aglcs?format=raw"
                .replace(' ', ""),
            StatusCode::BAD_REQUEST,
        ),
        (
            format!("/ipfs/{cid}/file.txt?format=raw"),
            StatusCode::BAD_REQUEST,
        ),
        (
            format!("/ipfs/{cid}/../../etc/passwd"),
            StatusCode::NOT_FOUND,
        ),
        ("/".into(), StatusCode::NOT_FOUND),
        (format!("/ipns/{cid}"), StatusCode::NOT_FOUND),
    ] {
        assert_eq!(server.get(&path).await.status(), status, "{path}");
    }
}

#[tokio::test]
async fn only_reading_is_allowed() {
    let server = start().await;
    let cid = server.import(b"content").await;
    for method in [Method::POST, Method::PUT, Method::DELETE] {
        let path = format!("/ipfs/{cid}?format=raw");
        let response = server
            .request(method, &path)
            .body("x")
            .send()
            .await
            .unwrap();
        assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(header(&response, ALLOW), "GET,HEAD");
    }
}

#[tokio::test]
async fn health_is_told() {
    let server = start().await;
    let response = server.get("/healthz").await;
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.text().await.unwrap(), "ok\n");
}

#[tokio::test]
async fn connections_beyond_the_limit_wait_for_a_place() {
    let server = start_with(|config| config.max_connections = 1).await;
    let held = TcpStream::connect(server.address).await.unwrap();
    // Lets the gateway take the first before the second comes.
    tokio::time::sleep(Duration::from_millis(200)).await;
    let request = server
        .request(Method::GET, "/healthz")
        .timeout(Duration::from_millis(500));
    assert!(request.send().await.unwrap_err().is_timeout());
    drop(held);
    let request = server
        .request(Method::GET, "/healthz")
        .timeout(Duration::from_secs(10));
    assert_eq!(request.send().await.unwrap().status(), StatusCode::OK);
}

#[tokio::test]
async fn requests_that_never_end_are_cut_off() {
    let server = start().await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    stream
        .write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\n")
        .await
        .unwrap();
    let mut answer = Vec::new();
    let closed = tokio::time::timeout(Duration::from_secs(15), stream.read_to_end(&mut answer));
    closed
        .await
        .expect("closed after the header time-out")
        .unwrap();
}

#[tokio::test]
async fn too_many_headers_are_refused() {
    let server = start().await;
    let mut request = server.request(Method::GET, "/healthz");
    for number in 0..100 {
        let name = HeaderName::try_from(format!("x-{number}")).unwrap();
        request = request.header(name, "x");
    }
    let status = request.send().await.unwrap().status();
    assert_eq!(status, StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE);
}

#[tokio::test]
async fn shutdown_ends_the_gateway() {
    let server = start().await;
    assert_eq!(server.get("/healthz").await.status(), StatusCode::OK);
    server.shutdown.cancel();
    tokio::time::timeout(Duration::from_secs(15), server.task)
        .await
        .unwrap()
        .unwrap();
    assert!(TcpStream::connect(server.address).await.is_err());
}
