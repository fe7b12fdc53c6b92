//! A server that reads a request and then answers with any bytes, or not at all.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// What happens after a request.
#[derive(Clone, Debug)]
pub enum Behaviour {
    /// These bytes, then the end of the connection.
    Send(Vec<u8>),
    /// These bytes, then nothing more, with the connection open.
    SendAndHang(Vec<u8>),
    /// This head, then zeros without end.
    Flood(Vec<u8>),
}

/// A running server; ends with this value.
pub struct Raw {
    server: JoinHandle<()>,
    requests: Arc<AtomicUsize>,
    /// Where it listens.
    pub address: String,
}

impl Raw {
    /// Serves on loopback, the same to each request.
    pub async fn serve(behaviour: Behaviour) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let requests = Arc::new(AtomicUsize::new(0));
        let counter = requests.clone();
        let server = tokio::spawn(async move {
            let mut connections = tokio::task::JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let (behaviour, counter) = (behaviour.clone(), counter.clone());
                connections.spawn(async move {
                    // The client may be gone before it is answered.
                    let _ = serve_one(stream, behaviour, &counter).await;
                });
            }
        });
        Self {
            server,
            requests,
            address,
        }
    }

    /// How many requests came so far.
    pub fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn serve_one(
    mut stream: TcpStream,
    behaviour: Behaviour,
    requests: &AtomicUsize,
) -> std::io::Result<()> {
    read_request(&mut stream).await?;
    requests.fetch_add(1, Ordering::SeqCst);
    match behaviour {
        Behaviour::Send(bytes) => stream.write_all(&bytes).await,
        Behaviour::SendAndHang(bytes) => {
            stream.write_all(&bytes).await?;
            tokio::time::sleep(Duration::from_secs(60)).await;
            Ok(())
        }
        Behaviour::Flood(head) => {
            stream.write_all(&head).await?;
            loop {
                stream.write_all(&[0; 64 * 1024]).await?;
            }
        }
    }
}

/// Reads head and body, so that closing the connection afterwards is no reset.
async fn read_request(stream: &mut TcpStream) -> std::io::Result<()> {
    let mut request = Vec::new();
    loop {
        if stream.read_buf(&mut request).await? == 0 {
            return Ok(());
        }
        let text = String::from_utf8_lossy(&request).to_ascii_lowercase();
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            continue;
        };
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "))
            .map_or(0, |length| length.parse().unwrap());
        if body.len() >= length {
            return Ok(());
        }
    }
}
