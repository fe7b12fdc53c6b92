//! *A signed transaction* → to the pool → into a block → *what stands there, or an error that says
//! whether the transaction may have been carried out*.
//!
//! Only a pool that refuses it at the first try never had it. After that, a lost connection, a node
//! that was started anew or a pool that drops it all leave the same doubt, which is resolved by
//! looking: the account's number in the best block says whether some transaction with this number was
//! carried out, and the blocks since it was signed say which. While none was, the same bytes are
//! handed over again. A chain takes them once at most, so that does nothing twice.

use super::nonce::{self, Turn};
use crate::{output::Output, Error, Result};
use std::time::Duration;
use subxt::utils::{AccountId32, H256};

/// Longest a transaction may take to get into a block.
const INCLUSION_TIMEOUT: Duration = Duration::from_secs(120);
/// How often in a row the transaction is looked for and handed over again.
const MAX_LOSSES: u32 = 6;
/// Pause before the first time; doubled for each next one. All together half a minute.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
/// For so many blocks from the one that it names a transaction can be included: a power of two, and
/// four minutes.
pub(super) const VALID_FOR: u64 = 128;

/// A signed transaction.
pub(super) struct Signed {
    /// As it is handed over, and as it stands in a block.
    pub bytes: Vec<u8>,
    /// Its hash.
    pub hash: H256,
    /// Who signed it.
    pub account: AccountId32,
    /// Its number among the account's transactions.
    pub nonce: u64,
    /// Number of the block that it names, from which on it can be included.
    pub valid_from: u64,
}

impl Signed {
    /// Number of the last block that can include it.
    pub fn last_block(&self) -> u64 {
        self.valid_from.saturating_add(VALID_FOR - 1)
    }
}

/// What became of a transaction that was handed over.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Handed {
    /// This block of the best chain has it.
    InBlock(H256),
    /// The pool does not take it.
    Refused(String),
    /// The pool had it and has it no more.
    Dropped(String),
    /// Nobody knows.
    Lost(String),
}

/// What the best chain says of a transaction.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Search<F> {
    /// It stands in a block.
    Found(F),
    /// No transaction with its number was carried out.
    NotYet,
    /// One was, and it is another.
    Overtaken,
}

/// A node, as far as a transaction is concerned.
pub(super) trait Node {
    /// What is known of a transaction that stands in a block.
    type Found;

    /// Hands it over and waits until it stands in a block. Gives `turn` back when the pool has it.
    async fn hand_over(&self, signed: &Signed, turn: &mut Option<Turn>) -> Handed;

    /// Reads what `block` says of it; `None` if it does not stand there.
    async fn read(&self, signed: &Signed, block: H256) -> Result<Option<Self::Found>>;

    /// Looks for it in the best chain.
    async fn find(&self, signed: &Signed) -> Result<Search<Self::Found>>;

    /// Sees to it that there is a connection that answers.
    async fn revive(&self) -> Result<()>;
}

/// Brings the transaction into a block. `turn` is given back when its number is taken.
///
/// # Errors
/// [`Error::NumberTaken`] and [`Error::NotAccepted`] say that it was not carried out,
/// [`Error::InDoubt`] that it may have been.
pub(super) async fn deliver<N: Node>(
    node: &N,
    signed: &Signed,
    turn: Option<Turn>,
    output: &Output,
) -> Result<N::Found> {
    tokio::time::timeout(INCLUSION_TIMEOUT, insist(node, signed, turn, output))
        .await
        .unwrap_or_else(|_| {
            let seconds = INCLUSION_TIMEOUT.as_secs();
            Err(in_doubt(signed, format!("no block after {seconds} s")))
        })
}

async fn insist<N: Node>(
    node: &N,
    signed: &Signed,
    mut turn: Option<Turn>,
    output: &Output,
) -> Result<N::Found> {
    let mut losses = 0;
    loop {
        let reason = match node.hand_over(signed, &mut turn).await {
            Handed::Refused(reason) if losses == 0 && !nonce::is_known(&reason) => {
                return Err(refused(reason))
            }
            Handed::InBlock(block) => match node.read(signed, block).await {
                Ok(Some(found)) => return Ok(found),
                Ok(None) => format!("it does not stand in block {block:#x}"),
                Err(error) => {
                    let reason = format!("it stands in block {block:#x}: {error}");
                    match error {
                        Error::Connection { .. } => reason,
                        _ => return Err(in_doubt(signed, reason)),
                    }
                }
            },
            Handed::Refused(reason) | Handed::Dropped(reason) | Handed::Lost(reason) => reason,
        };
        // Others need not wait while this one is looked for.
        turn = None;
        if let Some(found) = search(node, signed, reason, &mut losses, output).await? {
            return Ok(found);
        }
    }
}

/// Looks for the transaction until the node answers. `None`: no block has it, so it can be handed
/// over again. `reason`: why it has to be looked for.
async fn search<N: Node>(
    node: &N,
    signed: &Signed,
    reason: String,
    losses: &mut u32,
    output: &Output,
) -> Result<Option<N::Found>> {
    while *losses < MAX_LOSSES {
        output.progress(format_args!("looking for the transaction: {reason}"));
        tokio::time::sleep(FIRST_PAUSE.saturating_mul(1 << *losses)).await;
        *losses += 1;
        match look(node, signed).await {
            Ok(Search::Found(found)) => return Ok(Some(found)),
            Ok(Search::NotYet) => return Ok(None),
            Ok(Search::Overtaken) => {
                return Err(in_doubt(
                    signed,
                    "the best chain has another transaction with its number".into(),
                ))
            }
            Err(Error::Connection { .. }) => {}
            Err(error) => return Err(in_doubt(signed, error.to_string())),
        }
    }
    Err(in_doubt(signed, reason))
}

async fn look<N: Node>(node: &N, signed: &Signed) -> Result<Search<N::Found>> {
    node.revive().await?;
    node.find(signed).await
}

/// Of a pool that never had it.
fn refused(reason: String) -> Error {
    if nonce::is_number_taken(&reason) {
        Error::NumberTaken(reason)
    } else {
        Error::NotAccepted(reason)
    }
}

/// Nobody knows whether it was carried out.
pub(super) fn in_doubt(signed: &Signed, reason: String) -> Error {
    Error::InDoubt {
        transaction: format!("{:#x}", signed.hash),
        account: signed.account.to_string(),
        last_block: signed.last_block(),
        reason,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{
        collections::VecDeque,
        sync::{Mutex, MutexGuard},
    };

    /// A block that has the transaction.
    const BLOCK: H256 = H256([9; 32]);

    /// Answers as it is told to. Found is the number of the place in the script.
    #[derive(Default)]
    struct Script {
        handed: Mutex<VecDeque<Handed>>,
        read: Mutex<VecDeque<Result<Option<u8>>>>,
        found: Mutex<VecDeque<Result<Search<u8>>>>,
        /// Answers of a connection that is looked after; without any it is well.
        revived: Mutex<VecDeque<Result<()>>>,
        /// What was handed over.
        taken: Mutex<Vec<Vec<u8>>>,
    }

    fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
        of.lock().unwrap()
    }

    impl Script {
        fn new(handed: impl IntoIterator<Item = Handed>) -> Self {
            Self {
                handed: Mutex::new(handed.into_iter().collect()),
                ..Self::default()
            }
        }

        fn reads(self, read: impl IntoIterator<Item = Result<Option<u8>>>) -> Self {
            *lock(&self.read) = read.into_iter().collect();
            self
        }

        fn finds(self, found: impl IntoIterator<Item = Result<Search<u8>>>) -> Self {
            *lock(&self.found) = found.into_iter().collect();
            self
        }

        fn revives(self, revived: impl IntoIterator<Item = Result<()>>) -> Self {
            *lock(&self.revived) = revived.into_iter().collect();
            self
        }

        async fn deliver(&self) -> Result<u8> {
            deliver(self, &signed(), None, &Output::new(true)).await
        }

        fn times(&self) -> usize {
            lock(&self.taken).len()
        }
    }

    impl Node for Script {
        type Found = u8;

        async fn hand_over(&self, signed: &Signed, _: &mut Option<Turn>) -> Handed {
            lock(&self.taken).push(signed.bytes.clone());
            let next = lock(&self.handed).pop_front();
            match next {
                Some(handed) => handed,
                // The script is over: nothing happens any more.
                None => std::future::pending().await,
            }
        }

        async fn read(&self, _: &Signed, block: H256) -> Result<Option<u8>> {
            assert_eq!(block, BLOCK);
            lock(&self.read).pop_front().expect("nothing is read here")
        }

        async fn find(&self, _: &Signed) -> Result<Search<u8>> {
            lock(&self.found).pop_front().expect("nobody looks here")
        }

        async fn revive(&self) -> Result<()> {
            lock(&self.revived).pop_front().unwrap_or(Ok(()))
        }
    }

    fn signed() -> Signed {
        Signed {
            bytes: vec![1, 2, 3],
            hash: H256([7; 32]),
            account: AccountId32([1; 32]),
            nonce: 4,
            valid_from: 4,
        }
    }

    fn connection<T>() -> Result<T> {
        Err(Error::Connection {
            url: "ws://n".into(),
            reason: "reset".into(),
        })
    }

    fn lost() -> Handed {
        Handed::Lost("reset".into())
    }

    fn assert_in_doubt(ended: Result<u8>, words: &str) {
        let error = ended.unwrap_err();
        assert_eq!(error.exit_code(), 10, "{error}");
        let text = error.to_string();
        assert!(text.contains(&"07".repeat(32)), "{text}");
        assert!(text.contains(words), "{text}");
        assert!(error.hint().unwrap().contains("block 131"), "{error:?}");
    }

    #[tokio::test]
    async fn what_stands_in_a_block_is_handed_over_once() {
        let script = Script::new([Handed::InBlock(BLOCK)]).reads([Ok(Some(1))]);
        assert_eq!(script.deliver().await.unwrap(), 1);
        assert_eq!(script.times(), 1);
    }

    #[tokio::test]
    async fn a_pool_that_refuses_at_the_first_try_never_had_it() {
        let refused = |reason: &str| Script::new([Handed::Refused(reason.into())]);
        let taken = refused("Invalid transaction: Transaction is outdated");
        assert!(matches!(taken.deliver().await, Err(Error::NumberTaken(_))));
        let unpaid = refused("Invalid transaction: Inability to pay some fees");
        assert!(matches!(unpaid.deliver().await, Err(Error::NotAccepted(_))));
    }

    #[tokio::test(start_paused = true)]
    async fn a_transaction_that_the_pool_has_already_is_not_refused() {
        let script = Script::new([Handed::Refused("Transaction is already imported".into())])
            .finds([Ok(Search::Found(2))]);
        assert_eq!(script.deliver().await.unwrap(), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn after_a_lost_connection_it_is_found_in_its_block() {
        // The node does not answer at first.
        let script = Script::new([lost()])
            .revives([connection(), Ok(())])
            .finds([Ok(Search::Found(3))]);
        assert_eq!(script.deliver().await.unwrap(), 3);
        assert_eq!(script.times(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn after_a_lost_block_it_is_read_again() {
        let script = Script::new([Handed::InBlock(BLOCK)])
            .reads([connection()])
            .finds([Ok(Search::Found(3))]);
        assert_eq!(script.deliver().await.unwrap(), 3);
        assert_eq!(script.times(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn while_no_block_has_it_the_same_bytes_are_handed_over_again() {
        let script = Script::new([lost(), Handed::InBlock(BLOCK)])
            .finds([Ok(Search::NotYet)])
            .reads([Ok(Some(4))]);
        assert_eq!(script.deliver().await.unwrap(), 4);
        assert_eq!(*lock(&script.taken), [[1, 2, 3], [1, 2, 3]]);
    }

    #[tokio::test(start_paused = true)]
    async fn after_a_loss_a_taken_number_is_no_reason_to_sign_anew() {
        let outdated = || Handed::Refused("Invalid transaction: Transaction is outdated".into());
        let script =
            Script::new([lost(), outdated()]).finds([Ok(Search::NotYet), Ok(Search::Found(5))]);
        assert_eq!(script.deliver().await.unwrap(), 5);

        let script =
            Script::new([lost(), outdated()]).finds([Ok(Search::NotYet), Ok(Search::Overtaken)]);
        assert_in_doubt(script.deliver().await, "another transaction");
    }

    #[tokio::test(start_paused = true)]
    async fn what_the_pool_dropped_is_looked_for_before_anything_is_said() {
        let dropped = || Handed::Dropped("exceeding limits".into());
        let script = Script::new([dropped()]).finds([Ok(Search::Found(6))]);
        assert_eq!(script.deliver().await.unwrap(), 6);

        let always = std::iter::repeat_with(dropped).take(99);
        let script = Script::new(always).finds((0..99).map(|_| Ok(Search::NotYet)));
        assert_in_doubt(script.deliver().await, "exceeding limits");
        assert_eq!(script.times(), 1 + MAX_LOSSES as usize);
    }

    #[tokio::test(start_paused = true)]
    async fn a_node_that_does_not_come_back_leaves_it_in_doubt() {
        let script = Script::new([lost()]).revives((0..99).map(|_| connection()));
        assert_in_doubt(script.deliver().await, "reset");
        assert_eq!(script.times(), 1);

        let script = Script::new([Handed::InBlock(BLOCK)])
            .reads([connection()])
            .revives((0..99).map(|_| connection()));
        assert_in_doubt(script.deliver().await, "it stands in block 0x0909");
    }

    #[tokio::test(start_paused = true)]
    async fn what_cannot_be_read_leaves_it_in_doubt() {
        let script = Script::new([Handed::InBlock(BLOCK)])
            .reads([Err(Error::Incompatible("no such type".into()))]);
        assert_in_doubt(script.deliver().await, "no such type");

        let script =
            Script::new([lost()]).revives([Err(Error::Incompatible("another chain".into()))]);
        assert_in_doubt(script.deliver().await, "another chain");
    }

    #[tokio::test(start_paused = true)]
    async fn a_transaction_that_stays_in_the_pool_is_in_doubt_in_the_end() {
        let script = Script::default();
        assert_in_doubt(script.deliver().await, "no block after 120 s");
    }
}
