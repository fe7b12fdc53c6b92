//! What can go wrong, what to do about it, and the exit code that says which it was.

use crate::hints;
use std::{io::ErrorKind, path::PathBuf};

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
    /// The chain would refuse, so nothing was sent and no fee was paid.
    #[error("not sent: {what}")]
    NotSent {
        /// Why it would refuse.
        what: String,
        /// What to do about it.
        hint: String,
    },
    /// The transaction pool did not take the transaction.
    #[error("the transaction was not accepted: {0}")]
    NotAccepted(String),
    /// Another transaction of the account was faster, again and again.
    #[error("another transaction of the account took this one's number: {0}")]
    NumberTaken(String),
    /// The node may have the transaction, and nobody knows what became of it.
    #[error("it is not known whether transaction {transaction} was carried out: {reason}")]
    InDoubt {
        /// Its hash.
        transaction: String,
        /// Who signed it.
        account: String,
        /// Number of the last block that can include it.
        last_block: u64,
        /// Why that is not known.
        reason: String,
    },
    /// The chain refused: a transaction in its block, whose fee is paid, or a question.
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
    /// A call goes on, but the node no longer tells about it.
    #[error("lost sight of call {id}: {reason}")]
    LostSight {
        /// Its number.
        id: u64,
        /// What went wrong last.
        reason: String,
    },
    /// What a function wrote is not on chain, and could not be fetched from where it is.
    #[error("the {size} bytes that call {id} wrote are stored under {cid}: {reason}")]
    OutputElsewhere {
        /// Number of the call.
        id: u64,
        /// Where they are.
        cid: String,
        /// How many bytes.
        size: u32,
        /// Why they were not fetched.
        reason: String,
    },
    /// A content store sent something else than what a function wrote.
    #[error("what the content store has under {cid} is not what call {id} wrote: {reason}")]
    OutputWrong {
        /// Number of the call.
        id: u64,
        /// Where it should be.
        cid: String,
        /// What does not fit.
        reason: String,
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

/// What to do when the pool does not take a transaction.
fn not_accepted(reason: &str) -> &'static str {
    if ["fee", "balance", "Payment"]
        .iter()
        .any(|word| reason.contains(word))
    {
        "The account cannot pay the fee. Look at it with: defaas account show"
    } else if reason.contains("limit") {
        "The node's pool is full. Send it again in a few blocks."
    } else {
        "Nothing was sent. Send it again; if that does not help, use the release of this program \
         that belongs to the chain's runtime."
    }
}

/// Where to look for something else than what is not there.
fn not_found(what: &str) -> Option<&'static str> {
    let hints = [
        (
            "output",
            "The chain keeps an output for an hour after the call, and then its hash only: defaas \
             invocation show",
        ),
        ("provider", "List them with: defaas provider list"),
        ("call", "List them with: defaas invocation list"),
        ("function", "List them with: defaas function list"),
        (
            "block",
            "Ask another node with --node; this one does not have it.",
        ),
    ];
    // The kind comes before the name, which may be any word.
    hints
        .into_iter()
        .filter_map(|(word, hint)| Some((what.find(word)?, hint)))
        .min_by_key(|(place, _)| *place)
        .map(|(_, hint)| hint)
}

/// What to do about a file.
fn file(kind: ErrorKind) -> Option<&'static str> {
    Some(match kind {
        ErrorKind::NotFound => "Is the path right?",
        ErrorKind::PermissionDenied => "May this user read or write it?",
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => "Make room, or name another file.",
        ErrorKind::IsADirectory => "Name a file, not a folder.",
        _ => return None,
    })
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
            Self::Connection { .. }
            | Self::Store { .. }
            | Self::LostSight { .. }
            | Self::OutputWrong { .. } => 3,
            Self::Refused { .. }
            | Self::NotSent { .. }
            | Self::NotAccepted(_)
            | Self::NumberTaken(_) => 4,
            Self::Key(_) => 5,
            Self::File { .. } | Self::TooLarge { .. } => 6,
            Self::TimedOut { .. } => 7,
            Self::NotFound(_) | Self::OutputElsewhere { .. } => 8,
            Self::Incompatible(_) => 9,
            Self::InDoubt { .. } => 10,
        }
    }

    /// What to do next, if that is known.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Connection { .. } => Some(
                "Is the node running? Start a development chain with ./dev up, or name another node with --node.".into(),
            ),
            Self::Store { .. } => Some(
                "Is the store's upload listener running there, and is --store-token its token file? \
                 A node writes it to BASE-PATH/chains/ID/worker/upload-token; without --store-token \
                 it is looked for in ./upload-token."
                    .into(),
            ),
            Self::NotSent { hint, .. } => Some(hint.clone()),
            Self::NotAccepted(reason) => Some(not_accepted(reason).into()),
            Self::NumberTaken(_) => Some(
                "Nothing was sent. Send it again; where several machines send for one account at \
                 once, give each an account of its own."
                    .into(),
            ),
            Self::InDoubt {
                account,
                last_block,
                ..
            } => Some(format!(
                "Do not send it again before you know: up to block {last_block} it can still be \
                 carried out. Then look, for a call with: defaas invocation list, for a function \
                 with: defaas function list --owner {account}, for money with: defaas account show \
                 {account}"
            )),
            Self::Refused { pallet, name, .. } => hints::for_refusal(pallet, name).map(Into::into),
            Self::LostSight { id, .. } => Some(format!(
                "It is paid for and goes on; do not send it again. Look at it with: defaas \
                 invocation show {id}"
            )),
            Self::OutputElsewhere { id, cid, .. } => Some(format!(
                "Fetch them with: defaas --store URL --store-token FILE invocation show {id} \
                 --output FILE, or from the gateway of the provider (defaas provider list), at \
                 /ipfs/{cid}"
            )),
            Self::OutputWrong { cid, .. } => Some(format!(
                "Ask another store, or the gateway of the provider (defaas provider list), at \
                 /ipfs/{cid}"
            )),
            Self::TooLarge { instead, .. } => Some((*instead).into()),
            Self::CallFailed { id, .. } => {
                Some(format!("Look at it with: defaas invocation show {id}"))
            }
            Self::Incompatible(_) => {
                Some("Use the release of this program that belongs to the chain's runtime.".into())
            }
            Self::NotFound(what) => not_found(what).map(Into::into),
            Self::TimedOut { .. } => Some(
                "Wait longer with --timeout, or look later: defaas invocation list".into(),
            ),
            Self::Key(_) => Some("See which accounts there are with: defaas account list".into()),
            Self::File { source, .. } => file(source.kind()).map(Into::into),
            Self::Usage(_) => Some("Every command says what it takes with --help.".into()),
        }
    }

    /// For `map_err` on file operations.
    pub fn file(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::File { path, source }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(pallet: &str, name: &str) -> Error {
        Error::Refused {
            pallet: pallet.into(),
            name: name.into(),
            docs: String::new(),
        }
    }

    #[test]
    fn refusals_of_the_chain_say_what_to_do() {
        let error = refused("Access", "NotAuthorized");
        assert_eq!(error.exit_code(), 4);
        assert!(error.hint().unwrap().contains("defaas grant"));
        assert!(refused("Invocations", "Busy")
            .hint()
            .unwrap()
            .contains("blocks"));
        assert_eq!(refused("Sudo", "RequireSudo").hint(), None);
    }

    #[test]
    fn an_account_that_cannot_pay_is_told_so() {
        let error = Error::NotAccepted("Invalid transaction validity: Payment".into());
        assert!(error.hint().unwrap().contains("account show"));
        let full = "Transaction couldn't enter the pool because of the limit";
        let error = Error::NotAccepted(full.into());
        assert!(error.hint().unwrap().contains("pool is full"));
    }

    #[test]
    fn what_does_not_exist_says_where_to_look() {
        for (what, command) in [
            ("function 7", "function list"),
            ("function call-me of 5Grw", "function list"),
            ("call 7 (or its record was removed)", "invocation list"),
            ("the output of call 7 (it was removed)", "invocation show"),
            ("a provider of 5Grw", "provider list"),
            ("block 9", "--node"),
        ] {
            let hint = Error::NotFound(what.into()).hint().unwrap();
            assert!(hint.contains(command), "{what}: {hint}");
        }
    }

    #[test]
    fn what_is_in_doubt_has_an_exit_code_of_its_own_and_says_how_to_look() {
        let doubt = Error::InDoubt {
            transaction: "0x07".into(),
            account: "5Grw".into(),
            last_block: 131,
            reason: "reset".into(),
        };
        assert_eq!(doubt.exit_code(), 10);
        assert!(doubt.to_string().contains("0x07"));
        let hint = doubt.hint().unwrap();
        assert!(hint.contains("Do not send it again"), "{hint}");
        assert!(hint.contains("defaas invocation list"), "{hint}");
        assert!(hint.contains("function list --owner 5Grw"), "{hint}");
    }

    #[test]
    fn a_file_says_what_to_do_if_that_is_known() {
        let hint = |kind: ErrorKind| Error::file("f")(kind.into()).hint();
        assert!(hint(ErrorKind::StorageFull).unwrap().contains("room"));
        assert!(hint(ErrorKind::NotFound).unwrap().contains("path"));
        assert_eq!(hint(ErrorKind::Interrupted), None);
    }

    #[test]
    fn a_lost_race_says_that_nothing_was_sent() {
        let error = Error::NumberTaken("Stale".into());
        assert_eq!(error.exit_code(), 4);
        assert!(error.hint().unwrap().contains("again"));
    }
}
