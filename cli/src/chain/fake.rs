//! A node for tests that answers what it is told to, and a relay to it that can be cut.

use jsonrpsee::{
    core::server::PendingSubscriptionSink,
    server::{Server, ServerHandle},
    types::ErrorObject,
    RpcModule, SubscriptionMessage,
};
use serde_json::{json, Value};
use std::{
    collections::VecDeque,
    net::SocketAddr,
    sync::{
        atomic::{AtomicU8, Ordering},
        Arc, Mutex,
    },
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
    task::{JoinHandle, JoinSet},
};

/// What the node says when a transaction is handed over.
#[derive(Debug)]
pub(super) enum Answer {
    /// A JSON-RPC error with these words.
    Refuses(&'static str),
    /// These events, and then nothing more will come.
    Tells(Vec<Value>),
    /// These events, and then it goes on without a word.
    Holds(Vec<Value>),
    /// Nothing at all.
    Silence,
}

#[derive(Default)]
struct State {
    genesis: AtomicU8,
    answers: Mutex<VecDeque<Answer>>,
    taken: Mutex<Vec<String>>,
    count: watch::Sender<usize>,
}

impl State {
    fn take(&self, transaction: String) -> Answer {
        self.taken.lock().unwrap().push(transaction);
        self.count.send_modify(|count| *count += 1);
        let answer = self.answers.lock().unwrap().pop_front();
        answer.unwrap_or(Answer::Silence)
    }
}

/// A node. Ends when dropped.
pub(super) struct Fake {
    address: SocketAddr,
    state: Arc<State>,
    handle: ServerHandle,
}

impl Fake {
    /// Starts one that takes so many connections.
    pub async fn start(connections: u32) -> Self {
        let state = Arc::new(State::default());
        let server = Server::builder()
            .max_connections(connections)
            .build("127.0.0.1:0")
            .await
            .unwrap();
        let address = server.local_addr().unwrap();
        let handle = server.start(methods(state.clone()));
        Self {
            address,
            state,
            handle,
        }
    }

    /// Its address.
    pub fn url(&self) -> String {
        format!("ws://{}", self.address)
    }

    /// What it says to the next transactions.
    pub fn answers(&self, answers: impl IntoIterator<Item = Answer>) {
        self.state.answers.lock().unwrap().extend(answers);
    }

    /// The transactions that were handed over.
    pub fn taken(&self) -> Vec<String> {
        self.state.taken.lock().unwrap().clone()
    }

    /// Waits until so many were.
    pub async fn has_taken(&self, count: usize) {
        let mut counts = self.state.count.subscribe();
        counts.wait_for(|now| *now >= count).await.unwrap();
    }

    /// Another chain from now on.
    pub fn change_genesis(&self) {
        self.state.genesis.fetch_add(1, Ordering::SeqCst);
    }

    /// A way to it that can be cut.
    pub async fn relay(&self) -> Relay {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        Relay {
            address,
            to: self.address,
            task: Some(tokio::spawn(carry(listener, self.address))),
        }
    }
}

impl Drop for Fake {
    fn drop(&mut self) {
        // Stopped already is as good.
        let _ = self.handle.stop();
    }
}

fn methods(state: Arc<State>) -> RpcModule<Arc<State>> {
    let mut module = RpcModule::new(state);
    module
        .register_method("system_chainType", |_, _, _| "Development")
        .unwrap();
    module
        .register_method("rpc_methods", |_, _, _| json!({ "methods": [] }))
        .unwrap();
    module
        .register_method("chain_getBlockHash", |_, state, _| {
            let genesis = state.genesis.load(Ordering::SeqCst);
            format!("0x{}", hex::encode([genesis; 32]))
        })
        .unwrap();
    module
        .register_subscription(
            "transactionWatch_v1_submitAndWatch",
            "transactionWatch_v1_watchEvent",
            "transactionWatch_v1_unwatch",
            |params, pending, state, _| async move {
                let answer = state.take(params.one().unwrap());
                say(pending, answer).await;
            },
        )
        .unwrap();
    module
}

async fn say(pending: PendingSubscriptionSink, answer: Answer) {
    let (events, holds) = match answer {
        Answer::Refuses(words) => {
            let error = ErrorObject::owned(-32_006, words, None::<()>);
            return pending.reject(error).await;
        }
        Answer::Silence => return std::future::pending().await,
        Answer::Tells(events) => (events, false),
        Answer::Holds(events) => (events, true),
    };
    let sink = pending.accept().await.unwrap();
    for event in events {
        let message = SubscriptionMessage::from_json(&event).unwrap();
        sink.send(message).await.unwrap();
    }
    if holds {
        sink.closed().await;
    }
}

/// Carries bytes to a node and back, until it is cut.
pub(super) struct Relay {
    address: SocketAddr,
    to: SocketAddr,
    task: Option<JoinHandle<()>>,
}

impl Relay {
    /// Its address.
    pub fn url(&self) -> String {
        format!("ws://{}", self.address)
    }

    /// Breaks all connections, and takes none.
    pub async fn cut(&mut self) {
        if let Some(task) = self.task.take() {
            task.abort();
            // Over when its sockets are closed.
            let _ = task.await;
        }
    }

    /// Takes connections again, at the same address.
    pub async fn mend(&mut self) {
        let listener = TcpListener::bind(self.address).await.unwrap();
        self.task = Some(tokio::spawn(carry(listener, self.to)));
    }
}

async fn carry(listener: TcpListener, to: SocketAddr) {
    let mut connections = JoinSet::new();
    while let Ok((mut from, _)) = listener.accept().await {
        connections.spawn(async move {
            if let Ok(mut node) = TcpStream::connect(to).await {
                // Either side may close as it likes.
                let _ = tokio::io::copy_bidirectional(&mut from, &mut node).await;
            }
        });
    }
}
