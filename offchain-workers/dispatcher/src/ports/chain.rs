//! The chain, as far as a worker sees it: states at blocks, finality, and a pool for reports.

use async_trait::async_trait;
use codec::{Decode, Encode};
use defaas_primitives::{BlockNumber, Hash, Job, JobCursor, ProviderId, Report, Tick};
use futures::stream::BoxStream;

use super::Source;

/// A block.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
pub struct BlockRef {
    /// Its height.
    pub number: BlockNumber,
    /// Its hash.
    pub hash: Hash,
}

/// Whether a block can still be taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finality {
    /// No block of this height is final yet.
    Pending,
    /// It is final.
    Final,
    /// Another block of this height is final, or nothing is known of this block although its height
    /// is final.
    Abandoned,
}

/// What the pool did with a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Submission {
    /// Taken, or it replaced what the pool held for the same items.
    Accepted,
    /// The pool holds these bytes.
    AlreadyKnown,
    /// Not taken for a reason that can pass: the node is a block behind, the pool is full, the bytes
    /// are banned for a while, or what the pool holds for these items outranks it.
    Later,
    /// Not taken, and the same items will not be taken in this state either: all of them are done, or
    /// the report is malformed or wrongly signed.
    Refused,
}

/// The chain could not be asked.
#[derive(Debug, thiserror::Error)]
pub enum ChainError {
    /// The node answered with an error.
    #[error("the node failed at `{question}`; it is asked again with the next block")]
    Failed {
        /// What was asked.
        question: &'static str,
        /// Why it failed.
        #[source]
        source: Source,
    },
    /// The node did not answer.
    #[error("the node did not answer `{question}` in time; it is asked again with the next block")]
    TimedOut {
        /// What was asked.
        question: &'static str,
    },
    /// A page of the work list did not begin after the end of the page before.
    #[error("the work list's pages do not ascend: node and runtime do not fit together")]
    Disordered,
}

/// The chain as a port. All reads name the block whose state they read, so that one look at the work
/// list is consistent. All methods return within bounded time or are cut off.
#[async_trait]
pub trait Chain: Send + Sync + 'static {
    /// Hash of the first block.
    fn genesis(&self) -> Hash;

    /// Wakes its reader when the best or the finalized block changed. Carries nothing, and may lose
    /// or double wake-ups: the state is read each time. The stream may end; it is asked for again.
    fn news(&self) -> BoxStream<'static, ()>;

    /// Whether the best block is behind the network's, as far as can be told.
    ///
    /// Must be `true` too when that cannot be told: a node that has just started has no peers and
    /// knows of no better block. An adapter therefore also compares the time of the best block with
    /// the clock and takes a best block that is several slots old for one that is behind.
    async fn is_syncing(&self) -> bool;

    /// The best block.
    async fn best(&self) -> Result<BlockRef, ChainError>;

    /// The last finalized block.
    async fn finalized(&self) -> Result<BlockRef, ChainError>;

    /// Whether `block` is final.
    async fn finality(&self, block: BlockRef) -> Result<Finality, ChainError>;

    /// The tick in the state of `at`.
    async fn tick(&self, at: Hash) -> Result<Tick, ChainError>;

    /// Which provider this machine works for, in the state of `at`: the one whose worker key, of now
    /// or frozen in an open assignment, is in this machine's keystore. `None`: not registered.
    ///
    /// `before` is the one that it worked for last, also before a restart. State may lead from a key
    /// to its provider only while the key is the provider's present one; after a rotation the
    /// assignments of `before` show whether the old key is still wanted.
    async fn provider(
        &self,
        at: Hash,
        before: Option<ProviderId>,
    ) -> Result<Option<ProviderId>, ChainError>;

    /// Open assignments of `provider` to worker keys in this machine's keystore, in the state of
    /// `at`, ascending by cursor, the first one after `after`. At most `limit`; fewer only if there
    /// are no more. Assignments to other keys are another machine's, which alone can report them.
    async fn jobs(
        &self,
        at: Hash,
        provider: ProviderId,
        after: Option<JobCursor>,
        limit: u32,
    ) -> Result<Vec<Job>, ChainError>;

    /// Signs `report` with the key named in it and hands it to the pool of this node.
    async fn submit(&self, report: Report) -> Result<Submission, ChainError>;
}
