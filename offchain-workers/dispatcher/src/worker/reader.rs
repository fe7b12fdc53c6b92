//! Reads the chain: every question with a time-out, the work list page by page.

use std::collections::HashSet;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use defaas_primitives::job::MAX_JOBS_PAGE;
use defaas_primitives::{Job, JobCursor, ProviderId, Tick};

use crate::key::AttemptKey;
use crate::ports::{BlockRef, Chain, ChainError, Finality};

/// What a look at a block shows.
#[derive(Debug)]
pub(crate) struct State {
    pub tick: Tick,
    /// `None`: this machine works for nobody.
    pub provider: Option<ProviderId>,
    pub list: Worklist,
}

/// Open assignments.
#[derive(Debug, Default)]
pub(crate) struct Worklist {
    /// Ascending by cursor.
    pub jobs: Vec<Job>,
    /// Where reading ended because the list is too long. `None`: it is complete.
    pub cut_at: Option<JobCursor>,
}

impl Worklist {
    /// The attempts in it.
    pub(crate) fn keys(&self) -> HashSet<AttemptKey> {
        self.jobs.iter().map(AttemptKey::from).collect()
    }

    /// Whether an attempt that is not in it is not open.
    pub(crate) fn covers(&self, key: &AttemptKey) -> bool {
        self.cut_at
            .is_none_or(|end| (key.invocation, key.replica) <= end)
    }
}

/// Asks the chain.
pub(crate) struct Reader {
    pub chain: Arc<dyn Chain>,
    pub timeout: Duration,
    /// Most jobs read.
    pub most: usize,
    /// Whom this machine worked for last.
    pub before: Option<ProviderId>,
}

impl Reader {
    async fn ask<T>(
        &self,
        question: &'static str,
        answer: impl Future<Output = Result<T, ChainError>>,
    ) -> Result<T, ChainError> {
        tokio::time::timeout(self.timeout, answer)
            .await
            .unwrap_or(Err(ChainError::TimedOut { question }))
    }

    pub(crate) async fn is_syncing(&self) -> Result<bool, ChainError> {
        let answer = async { Ok(self.chain.is_syncing().await) };
        self.ask("is_syncing", answer).await
    }

    pub(crate) async fn best(&self) -> Result<BlockRef, ChainError> {
        self.ask("best", self.chain.best()).await
    }

    pub(crate) async fn finalized(&self) -> Result<BlockRef, ChainError> {
        self.ask("finalized", self.chain.finalized()).await
    }

    pub(crate) async fn finality(&self, block: BlockRef) -> Result<Finality, ChainError> {
        self.ask("finality", self.chain.finality(block)).await
    }

    /// Everything that a look at `at` needs.
    pub(crate) async fn state(&mut self, at: BlockRef) -> Result<State, ChainError> {
        let tick = self.ask("tick", self.chain.tick(at.hash)).await?;
        let provider = self.chain.provider(at.hash, self.before);
        let provider = self.ask("provider", provider).await?;
        self.before = provider.or(self.before);
        let list = match provider {
            None => Worklist::default(),
            Some(provider) => self.worklist(at, provider).await?,
        };
        Ok(State {
            tick,
            provider,
            list,
        })
    }

    async fn worklist(&self, at: BlockRef, provider: ProviderId) -> Result<Worklist, ChainError> {
        let mut list = Worklist::default();
        let mut after = None;
        loop {
            let page = self.chain.jobs(at.hash, provider, after, MAX_JOBS_PAGE);
            let page = self.ask("jobs", page).await?;
            // Also what keeps this loop finite.
            let mut last = after;
            for job in &page {
                if last.is_some_and(|last| job.cursor() <= last) {
                    return Err(ChainError::Disordered);
                }
                last = Some(job.cursor());
            }
            after = last;
            let is_last = u32::try_from(page.len()).is_ok_and(|len| len < MAX_JOBS_PAGE);
            list.jobs.extend(page);
            if is_last {
                return Ok(list);
            }
            if list.jobs.len() >= self.most {
                list.cut_at = after;
                return Ok(list);
            }
        }
    }
}
