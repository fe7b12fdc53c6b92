//! Keeps the parts of the worker up: run one → it ends, fails or panics → say so → pause → again.
//!
//! The pause doubles from a tenth of a second to half a minute, and is short again after the part
//! ran for a while. Nothing that fails here reaches the node.

use super::{causes, LOG};
use futures::FutureExt;
use std::{error::Error, future::Future, panic::AssertUnwindSafe, time::Duration};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// First pause.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// Longest pause.
const LAST_PAUSE: Duration = Duration::from_secs(30);
/// A part that ran for so long has come up: its next failure is a new one.
const STEADY: Duration = Duration::from_secs(60);

/// Why a part ended.
pub type Failure = Box<dyn Error + Send + Sync>;

/// Runs `part` until `shutdown`, and begins anew whenever it ends before. The part itself stops on
/// the same signal; it is waited for.
pub async fn keep_up<Run, Work>(part: &'static str, shutdown: CancellationToken, mut run: Run)
where
    Run: FnMut() -> Work,
    Work: Future<Output = Result<(), Failure>>,
{
    let mut pause = FIRST_PAUSE;
    while !shutdown.is_cancelled() {
        let began = Instant::now();
        // A part that panicked is built anew, so nothing half done is seen again.
        let end = AssertUnwindSafe(run()).catch_unwind().await;
        if shutdown.is_cancelled() {
            if let Ok(Err(error)) = end {
                log::warn!(target: LOG, "the {part} stopped with an error: {}", causes(&*error));
            }
            return;
        }
        if began.elapsed() >= STEADY {
            pause = FIRST_PAUSE;
        }
        let reason = match end {
            Ok(Ok(())) => "it ended by itself".to_owned(),
            Ok(Err(error)) => causes(&*error),
            Err(_) => "it panicked; this is a fault of the program".to_owned(),
        };
        log::error!(target: LOG, "the {part} is down: {reason}; next start in {pause:?}");
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = tokio::time::sleep(pause) => {}
        }
        pause = (pause * 2).min(LAST_PAUSE);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Arc, Mutex};

    /// Starts a part that does `ends` at each start, for a minute and a half, and returns the times
    /// of its starts.
    async fn starts<Work>(ends: impl Fn() -> Work) -> Vec<Duration>
    where
        Work: Future<Output = Result<(), Failure>>,
    {
        let began = Instant::now();
        let starts = Arc::new(Mutex::new(Vec::new()));
        let shutdown = CancellationToken::new();
        let run = || {
            starts
                .lock()
                .expect("nobody panics with it")
                .push(began.elapsed());
            ends()
        };
        tokio::select! {
            () = keep_up("part", shutdown.clone(), run) => {}
            () = tokio::time::sleep(Duration::from_secs(90)) => {}
        }
        let starts = starts.lock().expect("nobody panics with it");
        starts.clone()
    }

    #[tokio::test(start_paused = true)]
    async fn failing_part_is_started_again_with_doubling_pauses() {
        let starts = starts(|| async { Err("broken".into()) }).await;
        let pauses: Vec<_> = starts
            .windows(2)
            .map(|pair| (pair[1] - pair[0]).as_millis())
            .collect();
        assert_eq!(
            pauses[..9],
            [100, 200, 400, 800, 1_600, 3_200, 6_400, 12_800, 25_600]
        );
        assert!(pauses[9..].iter().all(|pause| *pause == 30_000));
    }

    #[tokio::test(start_paused = true)]
    async fn part_that_ran_for_a_while_is_started_again_soon() {
        let starts = starts(|| async {
            tokio::time::sleep(STEADY).await;
            Ok(())
        })
        .await;
        assert_eq!(starts, [Duration::ZERO, STEADY + FIRST_PAUSE]);
    }

    async fn panics() -> Result<(), Failure> {
        panic!("in a part")
    }

    #[tokio::test(start_paused = true)]
    async fn panic_stays_inside() {
        let starts = starts(panics).await;
        assert!(starts.len() > 1);
    }

    #[tokio::test(start_paused = true)]
    async fn nothing_is_started_after_the_shutdown() {
        let shutdown = CancellationToken::new();
        let mut runs = 0;
        let stop = shutdown.clone();
        let run = || {
            runs += 1;
            let stop = stop.clone();
            async move {
                stop.cancel();
                Ok(())
            }
        };
        keep_up("part", shutdown.clone(), run).await;
        assert_eq!(runs, 1);
        keep_up("part", shutdown, panics).await;
    }
}
