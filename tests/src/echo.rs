//! The simplest function: it answers what it is given.

use crate::{cli, Node};

/// Publishes it in the name of `account`, for everybody to call, with the limits that a function has
/// when nothing is said. `fee` is in DFS. Returns its id once that stands in a finalized block.
///
/// # Panics
/// If the node does not take it.
pub async fn publish(node: &Node, account: &str, fee: &str) -> u64 {
    let code = wat::parse_str(include_str!("../fixtures/echo.wat")).expect("the fixture is valid");
    let file = node.home().path().join("echo.wasm");
    std::fs::write(&file, code).expect("the node's folder can be written");
    let file = file.to_str().expect("temporary folders have plain names");
    let arguments = ["publish", file, "--name", "echo", "--fee", fee];
    let published = cli::run(node, account, &arguments).await;
    let block = published["block"].as_u64().expect("it is new");
    let chain = node.connect().await.expect("the node answers");
    node.finalized(&chain, block)
        .await
        .expect("blocks are finalized");
    published["function"].as_u64().expect("functions have ids")
}
