//! Random histories: blocks, branches, finality, a pool that forgets, crashes and stops in any order.

use std::time::Duration;

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::*;
use crate::journal::Stage;
use crate::testing::{Behaviour, PoolMode};

/// Ticks of a job: enough for everything that a history does to it.
const PATIENCE: u32 = 60;

struct History {
    bench: Bench,
    random: StdRng,
    jobs: Vec<Job>,
}

impl History {
    async fn new(seed: u64) -> Self {
        let mut bench = Bench::new();
        bench.config.work.in_flight = 4;
        bench.config.work.executions = 2;
        for seconds in 1..4 {
            let time = Duration::from_secs(seconds);
            bench.executor.set(seconds, Behaviour::Sleep(time));
        }
        bench.executor.set(4, Behaviour::Fail("wrong".into()));
        bench.executor.set(5, Behaviour::Panic);
        bench.start().await;
        Self {
            bench,
            random: StdRng::seed_from_u64(seed),
            jobs: Vec::new(),
        }
    }

    fn assign(&mut self) {
        let invocation = u64::try_from(self.jobs.len()).unwrap();
        let function = self.random.gen_range(0..6);
        let job = self
            .bench
            .assign_with(invocation, PATIENCE, |job| job.function = function);
        self.jobs.push(job);
    }

    /// The next block includes again what a change of branch has thrown out. Not always.
    fn include_again(&mut self) {
        let open = self.bench.chain.open();
        for job in &self.jobs {
            let is_known = open.contains(&AttemptKey::from(job));
            if !is_known && self.bench.chain.settled(job).is_none() && self.random.gen_bool(0.5) {
                self.bench.chain.assign(job.clone());
            }
        }
    }

    async fn step(&mut self) {
        match self.random.gen_range(0..12) {
            0..=2 => self.assign(),
            3..=5 => {
                self.bench.chain.author();
            }
            6 => {
                let depth = self.random.gen_range(1..4);
                let parent = self.bench.chain.ancestor(depth);
                self.bench.chain.author_on(parent.hash);
                self.include_again();
            }
            7 => {
                let depth = self.random.gen_range(0..4);
                let block = self.bench.chain.ancestor(depth);
                self.bench.chain.finalize(block);
            }
            8 => self.bench.chain.clear_pool(),
            9 => {
                self.bench.chain.author_without_reports();
            }
            10 => {
                self.bench.crash().await;
                self.bench.start().await;
            }
            _ => {
                self.bench.chain.set_pool(PoolMode::Later);
                self.bench.stop().await;
                self.bench.chain.set_pool(PoolMode::Judge);
                self.bench.start().await;
            }
        }
        let pause = self.random.gen_range(0..2_500);
        self.bench.wait(pause).await;
    }
}

#[tokio::test(start_paused = true)]
async fn every_history_ends_with_every_attempt_answered_once_and_nothing_run_twice() {
    for seed in 0..60 {
        let mut history = History::new(seed).await;
        for _ in 0..40 {
            history.step().await;
            assert!(history.bench.executor.most_runs() <= 1, "seed {seed}");
        }
        let History {
            mut bench, jobs, ..
        } = history;
        bench.blocks(20).await;
        assert_eq!(bench.chain.open(), [], "seed {seed}");
        assert_eq!(bench.chain.missed(), [], "seed {seed}");
        assert!(bench.executor.most_runs() <= 1, "seed {seed}");
        for job in &jobs {
            if let Some(item) = bench.chain.settled(job) {
                assert!(item.is_well_formed(), "seed {seed}");
                if item.outcome == Outcome::Success {
                    bench.assert_echoed(job);
                }
            }
        }
        // What is remembered in the end was never seen open on this branch.
        bench.chain.finalize_best();
        bench.wait(100).await;
        bench.stop().await;
        for (key, stage) in bench.ledger().attempts {
            let has_vanished = matches!(stage, Stage::Vanished(..));
            assert!(has_vanished, "seed {seed}: {key} is {stage:?}");
        }
    }
}
