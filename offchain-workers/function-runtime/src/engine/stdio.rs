//! Where a function's output goes: standard output into a buffer with an end, standard error into
//! one that keeps the last bytes.

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;
use tokio::io::AsyncWrite;
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};
use wasmtime_wasi::p2::{OutputStream, Pollable, StreamError};

/// How many bytes of standard error are kept, from its end.
pub(crate) const STDERR_BYTES: usize = 4 << 10;
/// Most bytes taken in one go.
const PERMIT: usize = 64 << 10;

/// Something that takes bytes, shared with the function.
#[derive(Clone)]
pub(crate) struct Sink(Arc<Mutex<Buffer>>);

enum Buffer {
    /// Ends the call when it would grow beyond `limit`.
    Bounded {
        bytes: Vec<u8>,
        limit: usize,
        exceeded: bool,
    },
    /// Drops from its beginning what exceeds `limit`.
    Tail { bytes: VecDeque<u8>, limit: usize },
}

/// The function wrote more than it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the output exceeds its limit")]
pub(crate) struct OutputExceeded;

impl Sink {
    pub fn bounded(limit: usize) -> Self {
        Self(Arc::new(Mutex::new(Buffer::Bounded {
            bytes: Vec::new(),
            limit,
            exceeded: false,
        })))
    }

    pub fn tail(limit: usize) -> Self {
        Self(Arc::new(Mutex::new(Buffer::Tail {
            bytes: VecDeque::new(),
            limit,
        })))
    }

    /// Whether the function tried to write more than it may.
    pub fn is_exceeded(&self) -> bool {
        matches!(&*self.buffer(), Buffer::Bounded { exceeded: true, .. })
    }

    /// What is there, leaving nothing.
    pub fn take(&self) -> Vec<u8> {
        match &mut *self.buffer() {
            Buffer::Bounded { bytes, .. } => std::mem::take(bytes),
            Buffer::Tail { bytes, .. } => std::mem::take(bytes).into(),
        }
    }

    /// Adds `more`.
    pub fn push(&self, more: &[u8]) -> Result<(), OutputExceeded> {
        match &mut *self.buffer() {
            Buffer::Bounded {
                bytes,
                limit,
                exceeded,
            } => {
                *exceeded |= more.len() > *limit - bytes.len();
                if *exceeded {
                    return Err(OutputExceeded);
                }
                bytes.extend_from_slice(more);
            }
            Buffer::Tail { bytes, limit } => {
                let kept = &more[more.len().saturating_sub(*limit)..];
                let dropped = (bytes.len() + kept.len()).saturating_sub(*limit);
                bytes.drain(..dropped);
                bytes.extend(kept);
            }
        }
        Ok(())
    }

    fn buffer(&self) -> MutexGuard<'_, Buffer> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl IsTerminal for Sink {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for Sink {
    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(self.clone())
    }

    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(self.clone())
    }
}

impl OutputStream for Sink {
    fn write(&mut self, bytes: Bytes) -> Result<(), StreamError> {
        // A trap, not an error number: the function must not go on.
        self.push(&bytes)
            .map_err(|error| StreamError::Trap(error.into()))
    }

    fn flush(&mut self) -> Result<(), StreamError> {
        Ok(())
    }

    fn check_write(&mut self) -> Result<usize, StreamError> {
        Ok(PERMIT)
    }
}

#[wasmtime_wasi::async_trait]
impl Pollable for Sink {
    async fn ready(&mut self) {}
}

impl AsyncWrite for Sink {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Poll::Ready(
            self.push(bytes)
                .map(|()| bytes.len())
                .map_err(io::Error::other),
        )
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn bounded_takes_exactly_its_limit_and_stays_exceeded() {
        let sink = Sink::bounded(4);
        sink.push(b"abcd").unwrap();
        assert!(!sink.is_exceeded());
        assert_eq!(sink.push(b"e"), Err(OutputExceeded));
        assert_eq!(sink.push(b""), Err(OutputExceeded));
        assert!(sink.is_exceeded());
        assert_eq!(sink.take(), b"abcd");
    }

    proptest! {
        #[test]
        fn tail_keeps_the_last_bytes(parts: Vec<Vec<u8>>, limit in 1..40usize) {
            let sink = Sink::tail(limit);
            for part in &parts {
                sink.push(part).unwrap();
            }
            let all = parts.concat();
            prop_assert_eq!(sink.take(), &all[all.len().saturating_sub(limit)..]);
        }
    }
}
