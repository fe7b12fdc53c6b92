//! What must survive a crash: which attempts were begun, and how they ended.
//!
//! Trigger: a job makes a step → its record is appended, and synchronised with the disk where the
//! next step may not be undone → the step is made. Failure: the step is not made; the file is
//! rewritten before the next record, since after a failed write or synchronisation nothing can be
//! said of its end.
//!
//! ```text
//! accepted ──▶ started (sync) ──▶ executed (sync) ──▶ submitted ──▶ finalized
//!     │                                 ▲                              ▲
//!     └── refused without execution ────┘    vanished (other branch) ──┘
//! ```
//!
//! # Assumptions
//!
//! * What the disk says is synchronised stays so. A crash may leave a part of what was written after
//!   the last synchronisation, cut at any byte.
//! * The file is not rolled back: not restored from a backup, not part of a snapshot of a virtual
//!   machine that is resumed, not copied to a second machine that uses the same worker key. Whoever
//!   restores a machine deletes its journal first; a journal that is not there is safe, an old one is
//!   not.
//!
//! # Invariants
//!
//! 1. A `started` that was synchronised is never forgotten before the attempt is over: after a
//!    restart it is there as `started` or later, and no second `started` is taken for it.
//! 2. An `executed` that was synchronised is there with the same result after a restart until the
//!    attempt is over.
//! 3. A file is believed entirely or from its beginning up to the first record that does not fit. In
//!    the second case it is *not settled*, and so is a new file.
//!
//! # A lost journal
//!
//! Whether a journal was lost cannot be told from a first start by looking at the disk alone, for
//! whatever else could be kept there may be lost with it. So no attempt is made to tell them apart: a
//! journal that was just created, for whatever reason, is *not settled*. As long as it is not, every
//! open attempt that it does not know is answered `ProviderFailed{Interrupted}` and never executed,
//! since it may have been executed before. After the first looks at a recent state of the chain the
//! record [`Record::Settled`] ends this. On a true first start nothing is open at the first look, so
//! it costs nothing.

mod file;
mod record;
mod recovery;
mod rewrite;
#[cfg(test)]
mod tests;
mod writer;

pub use file::{Journal, JournalError, Opened};
pub use record::{Assignment, Conclusion, Ledger, Record, Repeated, Stage};
pub use recovery::Damage;
pub(crate) use writer::{JournalHandle, Writer};
