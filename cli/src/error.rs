//! What can go wrong, what to do about it, and the exit code that says which it was.

use std::path::PathBuf;

/// Result of everything that can fail here.
pub type Result<T> = std::result::Result<T, Error>;

/// What can go wrong. The text says what happened, [`Error::hint`] what to do next.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The node cannot be reached, or the connection broke.
    #[error("no connection to the node at {url}: {reason}")]
    Connection {
        /// Where it should be.
        url: String,
        /// What the transport says.
        reason: String,
    },
    /// The content store cannot be reached, or refuses.
    #[error("the content store at {url}: {reason}")]
    Store {
        /// Where it should be.
        url: String,
        /// What it says.
        reason: String,
    },
    /// The chain does not have what this program expects of it.
    #[error("the node's chain does not fit this program: {0}")]
    Incompatible(String),
    /// The transaction pool did not take the transaction, or dropped it.
    #[error("the transaction was not accepted: {0}")]
    NotAccepted(String),
    /// The transaction stands in a block and failed there. Its fee is paid.
    #[error("the chain refused: {pallet}.{name}{}", docs_suffix(.docs))]
    Refused {
        /// Which pallet refused.
        pallet: String,
        /// Name of the error.
        name: String,
        /// Its documentation in the chain's metadata.
        docs: String,
    },
    /// A call ended, but not with `Success`.
    #[error("call {id} ended with {status}{}", docs_suffix(.meaning))]
    CallFailed {
        /// Its number.
        id: u64,
        /// How it ended.
        status: String,
        /// What that means.
        meaning: String,
    },
    /// What a function wrote is not on chain.
    #[error("the {size} bytes that call {id} wrote are not on chain but stored under {cid}")]
    OutputElsewhere {
        /// Number of the call.
        id: u64,
        /// Where they are.
        cid: String,
        /// How many bytes.
        size: u32,
    },
    /// Something is larger than it may be.
    #[error("{what} is larger than {limit} bytes")]
    TooLarge {
        /// What.
        what: String,
        /// The bound, in bytes.
        limit: u64,
        /// What to do instead.
        instead: &'static str,
    },
    /// There is no such thing on chain.
    #[error("{0} does not exist")]
    NotFound(String),
    /// A key file is missing, unreadable or unsafe.
    #[error("{0}")]
    Key(String),
    /// Reading or writing a file failed.
    #[error("{path}: {source}", path = .path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// An argument does not make sense.
    #[error("{0}")]
    Usage(String),
    /// Something took longer than it may.
    #[error("gave up after {seconds} s: {what}")]
    TimedOut {
        /// How long.
        seconds: u64,
        /// What was waited for.
        what: String,
    },
}

fn docs_suffix(docs: &str) -> String {
    if docs.is_empty() {
        String::new()
    } else {
        format!(" — {docs}")
    }
}

impl Error {
    /// Exit code. The README lists them; scripts depend on them.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::CallFailed { .. } => 1,
            Self::Usage(_) => 2,
            Self::Connection { .. } | Self::Store { .. } => 3,
            Self::Refused { .. } | Self::NotAccepted(_) => 4,
            Self::Key(_) => 5,
            Self::File { .. } | Self::TooLarge { .. } => 6,
            Self::TimedOut { .. } => 7,
            Self::NotFound(_) | Self::OutputElsewhere { .. } => 8,
            Self::Incompatible(_) => 9,
        }
    }

    /// What to do next, if that is known.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Connection { .. } => Some(
                "Is the node running? Start a development chain with ./dev up, or name another node with --node.".into(),
            ),
            Self::Store { .. } => Some(
                "Is the store's upload listener running there, and is --store-token its token file?".into(),
            ),
            Self::NotAccepted(reason) if reason.contains("fee") || reason.contains("balance") => {
                Some("Look at the account with: defaas account show".into())
            }
            Self::OutputElsewhere { cid, .. } => Some(format!(
                "Fetch them from the gateway of a provider (defaas provider list), at /ipfs/{cid}"
            )),
            Self::TooLarge { instead, .. } => Some((*instead).into()),
            Self::CallFailed { id, .. } => {
                Some(format!("Look at it with: defaas invocation show {id}"))
            }
            Self::Incompatible(_) => {
                Some("Use the release of this program that belongs to the chain's runtime.".into())
            }
            _ => None,
        }
    }

    /// For `map_err` on file operations.
    pub fn file(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::File { path, source }
    }
}
