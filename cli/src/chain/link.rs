//! *An address* → connect, again while the node is full → *a connection*, which all clones of a
//! [`Chain`] share. When it breaks, whoever notices makes it again for all of them.

use super::Chain;
use crate::{output::Output, Error, Result};
use std::{
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};
use subxt::{
    rpcs::{rpc_params, RpcClient},
    OnlineClient, PolkadotConfig,
};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// How long to try again while the node has as many connections as it takes.
const FULL_TIMEOUT: Duration = Duration::from_secs(60);
/// Pause between two tries, on average.
const FULL_PAUSE: Duration = Duration::from_millis(500);
/// What the transport says of a node that takes no more connections (HTTP 429).
const TOO_MANY: &str = "status code: 429";

/// One connection.
#[derive(Clone)]
pub(super) struct Link {
    pub rpc: RpcClient,
    pub client: OnlineClient<PolkadotConfig>,
    /// Whether keys that everybody knows may be used.
    development: bool,
}

impl Link {
    /// Connects. Fails if nobody answers within 10 seconds, or if the node has as many connections as
    /// it takes for a minute.
    async fn open(url: &str, output: &Output) -> Result<Self> {
        let tries = async {
            let mut told = false;
            loop {
                match Self::open_once(url).await {
                    Err(Error::Connection { reason, .. }) if reason.contains(TOO_MANY) => {
                        if !told {
                            output.progress(format_args!(
                                "the node has as many connections as it takes; trying again for \
                                 {} s",
                                FULL_TIMEOUT.as_secs()
                            ));
                            told = true;
                        }
                        tokio::time::sleep(FULL_PAUSE.mul_f64(0.5 + rand::random::<f64>())).await;
                    }
                    opened => return opened,
                }
            }
        };
        tokio::time::timeout(FULL_TIMEOUT, tries)
            .await
            .unwrap_or_else(|_| {
                Err(Error::Connection {
                    url: url.into(),
                    reason: "it has as many connections as it takes (429)".into(),
                })
            })
    }

    async fn open_once(url: &str) -> Result<Self> {
        let refused = |reason: String| Error::Connection {
            url: url.into(),
            reason: plain(&reason),
        };
        let connect = async {
            let rpc = RpcClient::from_insecure_url(url)
                .await
                .map_err(|error| refused(error.to_string()))?;
            let kind: serde_json::Value = rpc
                .request("system_chainType", rpc_params![])
                .await
                .map_err(|error| refused(error.to_string()))?;
            let client = OnlineClient::from_rpc_client(rpc.clone())
                .await
                .map_err(|error| refused(error.to_string()))?;
            Ok(Self {
                rpc,
                client,
                // The node draws the same line. Other types are `Live` and chains' own, which are objects.
                development: kind == "Development" || kind == "Local",
            })
        };
        tokio::time::timeout(CONNECT_TIMEOUT, connect)
            .await
            .unwrap_or_else(|_| Err(refused("no answer in 10 seconds".into())))
    }
}

impl Chain {
    /// Connects. Fails if nobody answers within 10 seconds, or if the node has as many connections as
    /// it takes for a minute.
    pub async fn connect(url: &str) -> Result<Self> {
        Self::connect_telling(url, &Output::new(true)).await
    }

    /// Like [`Chain::connect`], and says so while it waits.
    pub async fn connect_telling(url: &str, output: &Output) -> Result<Self> {
        let link = Link::open(url, output).await?;
        Ok(Self {
            url: url.into(),
            genesis: link.client.genesis_hash(),
            development: link.development,
            link: Arc::new(RwLock::new(link)),
            turns: None,
        })
    }

    /// The connection as it is now.
    pub(super) fn link(&self) -> Link {
        // A link is replaced in one assignment, so no panic leaves half of one.
        let link = self.link.read().unwrap_or_else(PoisonError::into_inner);
        link.clone()
    }

    /// Sees to it that there is a connection that answers: this one, or a new one to the same node in
    /// its place.
    pub(super) async fn revive(&self, output: &Output) -> Result<()> {
        let rpc = self.link().rpc;
        let probe = rpc.request::<serde_json::Value>("chain_getBlockHash", rpc_params![]);
        if let Ok(Ok(_)) = tokio::time::timeout(CONNECT_TIMEOUT, probe).await {
            return Ok(());
        }
        let link = Link::open(&self.url, output).await?;
        if link.client.genesis_hash() != self.genesis {
            return Err(Error::Incompatible(format!(
                "the node at {} has another chain now",
                self.url
            )));
        }
        *self.link.write().unwrap_or_else(PoisonError::into_inner) = link;
        Ok(())
    }

    /// As an error of the connection.
    pub(super) fn broken(&self, error: impl std::fmt::Display) -> Error {
        Error::Connection {
            url: self.url.clone(),
            reason: plain(&error.to_string()),
        }
    }
}

/// Without what each layer of the client puts around the words of the next.
pub(super) fn plain(reason: &str) -> String {
    let (_, words) = reason.rsplit_once("client error: ").unwrap_or(("", reason));
    let inner = words.strip_prefix("The background task closed ");
    let inner = inner.and_then(|words| words.strip_suffix("; restart required"));
    inner.unwrap_or(words).into()
}

#[cfg(test)]
mod tests {
    use super::{super::fake::Fake, *};

    #[test]
    fn the_innermost_reason_is_told() {
        let reason = "RPC error: client error: RPC error: client error: Connection refused";
        assert_eq!(plain(reason), "Connection refused");
        assert_eq!(plain("no answer"), "no answer");
        let closed = "client error: The background task closed connection closed; restart required";
        assert_eq!(plain(closed), "connection closed");
    }

    #[tokio::test]
    async fn a_node_that_is_full_is_told_from_one_whose_address_has_the_same_digits() {
        let fake = Fake::start(1).await;
        let first = Chain::connect(&fake.url()).await.unwrap();
        let Err(Error::Connection { reason, .. }) = Link::open_once(&fake.url()).await else {
            panic!("a second connection to a node that takes one");
        };
        assert!(reason.contains(TOO_MANY), "{reason}");
        drop(first);

        let Err(Error::Connection { reason, .. }) = Link::open_once("ws://127.0.0.1:429").await
        else {
            panic!("somebody listens on port 429");
        };
        assert!(!reason.contains(TOO_MANY), "{reason}");
    }

    #[tokio::test]
    async fn a_broken_connection_is_made_again_for_all_clones() {
        let fake = Fake::start(9).await;
        let mut relay = fake.relay().await;
        let chain = Chain::connect(&relay.url()).await.unwrap();
        let clone = chain.clone();
        let output = Output::new(true);
        chain.revive(&output).await.unwrap();

        relay.cut().await;
        let error = chain.revive(&output).await.unwrap_err();
        assert!(matches!(error, Error::Connection { .. }), "{error}");
        relay.mend().await;
        chain.revive(&output).await.unwrap();
        let best: String = clone
            .rpc()
            .request("chain_getBlockHash", rpc_params![])
            .await
            .unwrap();
        assert!(best.starts_with("0x"), "{best}");
    }

    #[tokio::test]
    async fn a_node_that_comes_back_with_another_chain_is_not_taken_for_the_same() {
        let fake = Fake::start(9).await;
        let mut relay = fake.relay().await;
        let chain = Chain::connect(&relay.url()).await.unwrap();
        relay.cut().await;
        fake.change_genesis();
        relay.mend().await;
        let error = chain.revive(&Output::new(true)).await.unwrap_err();
        assert!(error.to_string().contains("another chain"), "{error}");
    }
}
