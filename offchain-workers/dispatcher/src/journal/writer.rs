//! The task that owns the journal.
//!
//! Trigger: records arrive, from any number of jobs → everything that waits is written at once and
//! synchronised once, on a thread that may block → each sender learns whether its records are safe.
//! So the rate of jobs is not bounded by the time of one synchronisation. Failure: the senders of
//! that write learn of it, the next write tries again.

use tokio::sync::{mpsc, oneshot};
use tokio::task::{spawn_blocking, JoinError};

use super::{Journal, JournalError, Record};

/// Most requests written at once.
const MAX_GROUP: usize = 256;

struct Request {
    records: Vec<Record>,
    done: oneshot::Sender<Result<(), JournalError>>,
}

/// Sends records to the journal's task.
#[derive(Clone, Debug)]
pub(crate) struct JournalHandle(mpsc::Sender<Request>);

impl JournalHandle {
    /// Returns when `records` are written and, where they ask for it, on disk. All or none.
    pub(crate) async fn append(&self, records: Vec<Record>) -> Result<(), JournalError> {
        if records.is_empty() {
            return Ok(());
        }
        let (done, answer) = oneshot::channel();
        let request = Request { records, done };
        self.0
            .send(request)
            .await
            .map_err(|_| JournalError::Closed)?;
        answer.await.map_err(|_| JournalError::Closed)?
    }
}

/// The task.
#[derive(Debug)]
pub(crate) struct Writer {
    journal: Journal,
    requests: mpsc::Receiver<Request>,
}

impl std::fmt::Debug for Request {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Request")
            .field("records", &self.records.len())
            .finish_non_exhaustive()
    }
}

impl Writer {
    pub(crate) fn new(journal: Journal) -> (Self, JournalHandle) {
        let (sender, requests) = mpsc::channel(MAX_GROUP);
        (Self { journal, requests }, JournalHandle(sender))
    }

    /// Runs until every handle is dropped. What was sent before is written.
    pub(crate) async fn run(self) -> Result<(), JoinError> {
        let Self {
            mut journal,
            mut requests,
        } = self;
        let mut group = Vec::with_capacity(MAX_GROUP);
        while requests.recv_many(&mut group, MAX_GROUP).await > 0 {
            let work = std::mem::take(&mut group);
            journal = spawn_blocking(move || {
                write(&mut journal, work);
                journal
            })
            .await?;
        }
        Ok(())
    }
}

fn write(journal: &mut Journal, group: Vec<Request>) {
    let mut staged = Vec::with_capacity(group.len());
    for Request { records, done } in group {
        match journal.stage(records) {
            Ok(()) => staged.push(done),
            // Whoever asked may be gone; then nobody acts on the answer.
            Err(error) => drop(done.send(Err(error))),
        }
    }
    let result = journal.flush();
    for done in staged {
        drop(done.send(result.clone()));
    }
}
