//! Sockets: made safely, and with a bound on connections.

use std::io;
use std::net::SocketAddr;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::serve::Listener;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, UnixListener, UnixStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::{private, StartError};

/// Makes the socket with mode 0600 in a folder that is closed to other users, so that nobody can
/// connect before the mode is set or put another file in its place. A socket that a former process
/// left is replaced.
pub(super) async fn bind_unix(path: &Path) -> Result<UnixListener, StartError> {
    private::check_dir(private::folder_of(path))?;
    match std::fs::symlink_metadata(path) {
        Ok(metadata) if !metadata.file_type().is_socket() => {
            return Err(StartError::NotASocket(path.into()));
        }
        Ok(_) if UnixStream::connect(path).await.is_ok() => {
            return Err(StartError::SocketInUse(path.into()));
        }
        Ok(_) => std::fs::remove_file(path).map_err(StartError::path("replace", path))?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(StartError::path("look at", path)(error)),
    }
    let listener = UnixListener::bind(path).map_err(StartError::path("listen on", path))?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))
        .map_err(StartError::path("close to others", path))?;
    Ok(listener)
}

/// Listens on a TCP address and says which port it became.
pub(super) async fn bind_tcp(address: SocketAddr) -> Result<(TcpListener, SocketAddr), StartError> {
    let listen = |source| StartError::Listen { address, source };
    if !address.ip().is_loopback() {
        log::warn!("{address} is open to other machines: credentials and calls are not encrypted");
    }
    let listener = TcpListener::bind(address).await.map_err(listen)?;
    let bound = listener.local_addr().map_err(listen)?;
    Ok((listener, bound))
}

/// Places for connections, to be shared by all listeners.
pub(super) fn places(most: usize) -> Arc<Semaphore> {
    Arc::new(Semaphore::new(most))
}

/// A listener that accepts a connection only when there is a place for it.
pub(super) struct Bounded<L> {
    listener: L,
    places: Arc<Semaphore>,
}

impl<L> Bounded<L> {
    pub fn new(listener: L, places: Arc<Semaphore>) -> Self {
        Self { listener, places }
    }
}

impl<L: Listener> Listener for Bounded<L> {
    type Io = Placed<L::Io>;
    type Addr = ();

    async fn accept(&mut self) -> (Self::Io, ()) {
        // The semaphore is never closed; if it were, no more connections would be right.
        let Ok(place) = self.places.clone().acquire_owned().await else {
            return std::future::pending().await;
        };
        let (io, _) = self.listener.accept().await;
        (Placed { io, _place: place }, ())
    }

    fn local_addr(&self) -> io::Result<()> {
        Ok(())
    }
}

/// A connection with its place.
pub(super) struct Placed<T> {
    io: T,
    _place: OwnedSemaphorePermit,
}

impl<T: AsyncRead + Unpin> AsyncRead for Placed<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_read(context, buffer)
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Placed<T> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn private_dir() -> tempfile::TempDir {
        let closed = std::fs::Permissions::from_mode(0o700);
        tempfile::Builder::new()
            .permissions(closed)
            .tempdir()
            .unwrap()
    }

    #[tokio::test]
    async fn socket_is_closed_to_others_and_replaces_a_left_one() {
        let dir = private_dir();
        let path = dir.path().join("s");
        drop(bind_unix(&path).await.unwrap());
        let again = bind_unix(&path).await.unwrap();
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert!(matches!(
            bind_unix(&path).await,
            Err(StartError::SocketInUse(_))
        ));
        drop(again);
    }

    #[tokio::test]
    async fn socket_replaces_no_file_and_needs_a_closed_folder() {
        let dir = private_dir();
        let path = dir.path().join("file");
        std::fs::write(&path, "precious").unwrap();
        assert!(matches!(
            bind_unix(&path).await,
            Err(StartError::NotASocket(_))
        ));
        let open = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(dir.path(), open).unwrap();
        let refused = bind_unix(&dir.path().join("s")).await;
        assert!(matches!(refused, Err(StartError::NotPrivate { .. })));
    }

    #[tokio::test]
    async fn connections_beyond_the_bound_wait() {
        let (tcp, address) = bind_tcp("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let mut bounded = Bounded::new(tcp, places(1));
        let _clients = (
            tokio::net::TcpStream::connect(address).await.unwrap(),
            tokio::net::TcpStream::connect(address).await.unwrap(),
        );
        let (first, ()) = bounded.accept().await;
        let mut second = std::pin::pin!(bounded.accept());
        assert!(futures_pending(&mut second).await);
        drop(first);
        second.await;
    }

    /// Whether the future is not ready although everything else had time to run.
    async fn futures_pending<F: std::future::Future + Unpin>(future: &mut F) -> bool {
        tokio::select! {
            biased;
            _ = future => false,
            () = tokio::time::sleep(std::time::Duration::from_millis(50)) => true,
        }
    }
}
