//! Why the store could not do what it was asked.

use std::io;
use std::path::PathBuf;

use crate::cid::{Cid, UnsupportedCid};

/// What the operations of this crate return.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why the store could not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The root is not in the store.
    #[error("{0} is not in the store: fetch or import it first")]
    NotFound(Cid),
    /// The root is in the store, a block below it is not.
    #[error("{root} is incomplete, block {missing} is missing: fetch it again")]
    Truncated {
        /// What was read.
        root: Cid,
        /// The first block found missing.
        missing: Cid,
    },
    /// A block on disk does not match its CID. It has been removed.
    #[error("block {0} was damaged on disk and has been removed: fetch it again")]
    Corrupt(Cid),
    /// Bytes given for a block are not the block its CID names.
    #[error("the bytes given are not block {0}: ask another source")]
    WrongBlock(Cid),
    /// The whole content has another sha-256.
    #[error("content has sha-256 {actual}, not {expected}: the publisher recorded other bytes")]
    WrongDigest {
        /// What was asked for, in base 16.
        expected: String,
        /// What the content has, in base 16.
        actual: String,
    },
    /// The whole content has another length.
    #[error("content has {actual} bytes or more, not {expected}")]
    WrongSize {
        /// What was asked for, in bytes.
        expected: u64,
        /// What was found, in bytes; reading stops where it exceeds what is expected.
        actual: u64,
    },
    /// The content is longer than the caller takes.
    #[error("content is longer than the limit of {limit} bytes")]
    TooLarge {
        /// The caller's limit, in bytes.
        limit: u64,
    },
    /// A block is longer than any peer would take.
    #[error("a block of {size} bytes is over the limit of {limit}: import it in smaller chunks")]
    BlockTooLarge {
        /// Its length in bytes.
        size: usize,
        /// The most, in bytes.
        limit: usize,
    },
    /// A DAG is deeper than is walked.
    #[error("the DAG below {root} is deeper than {limit} levels")]
    TooDeep {
        /// Its root.
        root: Cid,
        /// The most levels.
        limit: usize,
    },
    /// A DAG has more blocks than are walked, repeated ones counted each time.
    #[error("the DAG below {root} has more than {limit} blocks")]
    TooManyBlocks {
        /// Its root.
        root: Cid,
        /// The most blocks.
        limit: u64,
    },
    /// Content was asked of something else than a file.
    #[error("{cid} is a {kind}, not a file")]
    NotAFile {
        /// The node.
        cid: Cid,
        /// What it is.
        kind: &'static str,
    },
    /// A path leads through something that has no entries.
    #[error("{cid} is a {kind}, not a directory")]
    NotADirectory {
        /// The node.
        cid: Cid,
        /// What it is.
        kind: &'static str,
    },
    /// A directory has no such entry.
    #[error("directory {directory} has no entry `{name}`")]
    NoSuchEntry {
        /// The directory.
        directory: Cid,
        /// The name looked for.
        name: String,
    },
    /// A form of UnixFS that is not read here.
    #[error("{cid} is a {kind}, which is not supported")]
    Unsupported {
        /// The node.
        cid: Cid,
        /// What it is.
        kind: &'static str,
    },
    /// A block matches its CID but is not a well-formed node.
    #[error("block {cid} is malformed: {reason}")]
    Malformed {
        /// The block.
        cid: Cid,
        /// What is wrong.
        reason: &'static str,
    },
    /// A CID this store cannot verify.
    #[error(transparent)]
    UnsupportedCid(#[from] UnsupportedCid),
    /// No room, even after removing all that nothing holds.
    #[error("the store is full: {needed} more bytes do not fit in {capacity}; free pins or raise `max_bytes`")]
    StoreFull {
        /// Room that was asked for, in bytes.
        needed: u64,
        /// Bound of the store, in bytes.
        capacity: u64,
    },
    /// No more pins are kept.
    #[error("the store has {limit} pins, the most it keeps: let some expire or raise `max_pins`")]
    TooManyPins {
        /// The bound.
        limit: usize,
    },
    /// The record of pins cannot be read. Nothing may be collected then.
    #[error("the pins in {path} are damaged at line {line}: restore the file or empty the store")]
    PinsDamaged {
        /// The file.
        path: PathBuf,
        /// The first bad line, counted from 1.
        line: usize,
    },
    /// Something in an imported folder cannot be represented.
    #[error("{path} cannot be imported: {reason}")]
    NotImportable {
        /// The entry.
        path: PathBuf,
        /// Why not.
        reason: &'static str,
    },
    /// The configuration contradicts itself.
    #[error("the store's configuration is wrong: {0}")]
    Config(&'static str),
    /// Another process has this store open.
    #[error("{0} is in use by another process: stop it or give another folder")]
    InUse(PathBuf),
    /// The source of an import failed.
    #[error("the content to import could not be read: {0}")]
    Source(#[source] io::Error),
    /// The disk failed.
    #[error("{path}: {source}")]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The runtime is shutting down, nobody waits for the result any more, or a reader that has
    /// failed is read on.
    #[error("the operation was stopped: the process is shutting down, or the read failed before")]
    Stopped,
}

/// Names the path in an I/O error.
pub(crate) trait AtPath<T> {
    fn at(self, path: impl Into<PathBuf>) -> Result<T>;
}

impl<T> AtPath<T> for io::Result<T> {
    fn at(self, path: impl Into<PathBuf>) -> Result<T> {
        self.map_err(|source| Error::Io {
            path: path.into(),
            source,
        })
    }
}
