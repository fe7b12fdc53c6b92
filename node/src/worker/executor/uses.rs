//! Which functions are deployed, since when each was not asked for, and what uses them. No I/O.
//!
//! A use begins when an attempt asks for its function and ends when its call has ended. An attempt
//! may be given up in between without a word, so each use also ends by itself.

use defaas_openfaas::FunctionName;
use defaas_primitives::{Attempt, Digest, InvocationId, Job, Replica};
use std::{collections::HashMap, time::Duration};
use tokio::time::Instant;

/// Most functions that are remembered. Twice as many as the function runtime takes: those that it
/// has are the ones asked for last, so what is forgotten is not deployed any more.
const MAX_KNOWN: usize = 2_048;

/// Which attempt uses a function.
pub type User = (Digest, InvocationId, Replica, Attempt);

/// The attempt of this job.
pub fn user(job: &Job) -> User {
    (job.digest, job.invocation, job.replica, job.attempt)
}

/// The functions.
#[derive(Debug, Default)]
pub struct Uses(HashMap<FunctionName, Use>);

#[derive(Debug)]
struct Use {
    asked: Instant,
    /// When each use ends by itself.
    users: HashMap<User, Instant>,
    /// It is being removed.
    leaves: bool,
}

impl Use {
    fn is_free(&self, now: Instant) -> bool {
        !self.leaves && self.users.values().all(|until| *until <= now)
    }
}

impl Uses {
    /// A use begins, or lasts longer. `false`: the function is being removed, ask again after.
    pub fn begin(&mut self, name: &FunctionName, user: User, lasts: Duration) -> bool {
        let now = Instant::now();
        let function = self.0.entry(name.clone()).or_insert_with(|| Use {
            asked: now,
            users: HashMap::new(),
            leaves: false,
        });
        if function.leaves {
            return false;
        }
        function.asked = now;
        function.users.retain(|_, until| *until > now);
        function.users.insert(user, now + lasts);
        if self.0.len() > MAX_KNOWN {
            if let Some(stale) = self.longest_free(now) {
                self.0.remove(&stale);
            }
        }
        true
    }

    /// A use ends.
    pub fn end(&mut self, name: &FunctionName, user: &User) {
        if let Some(function) = self.0.get_mut(name) {
            function.users.remove(user);
        }
    }

    /// Takes the function that was not asked for longest and that nothing uses, to be removed.
    pub fn leave(&mut self) -> Option<FunctionName> {
        let name = self.longest_free(Instant::now())?;
        self.0.get_mut(&name)?.leaves = true;
        Some(name)
    }

    /// The function was removed.
    pub fn left(&mut self, name: &FunctionName) {
        self.0.remove(name);
    }

    /// The function could not be removed.
    pub fn stays(&mut self, name: &FunctionName) {
        if let Some(function) = self.0.get_mut(name) {
            function.leaves = false;
        }
    }

    fn longest_free(&self, now: Instant) -> Option<FunctionName> {
        self.0
            .iter()
            .filter(|(_, function)| function.is_free(now))
            .min_by_key(|(_, function)| function.asked)
            .map(|(name, _)| name.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::time::advance;

    const LASTS: Duration = Duration::from_secs(60);

    fn name(text: &str) -> FunctionName {
        FunctionName::parse(text).expect("a valid name")
    }

    fn attempt(number: u8) -> User {
        (Digest::zero(), 7, 0, number)
    }

    #[tokio::test(start_paused = true)]
    async fn function_asked_for_longest_ago_leaves_first_and_one_in_use_never() {
        let mut uses = Uses::default();
        for text in ["first", "second", "third"] {
            assert!(uses.begin(&name(text), attempt(1), LASTS));
            advance(Duration::from_secs(1)).await;
        }
        assert_eq!(uses.leave(), None);
        for text in ["third", "second"] {
            uses.end(&name(text), &attempt(1));
        }
        assert_eq!(uses.leave(), Some(name("second")));
        assert_eq!(uses.leave(), Some(name("third")));
        assert_eq!(uses.leave(), None);
    }

    #[tokio::test(start_paused = true)]
    async fn function_is_in_use_until_its_last_user_has_ended() {
        let mut uses = Uses::default();
        let function = name("function");
        uses.begin(&function, attempt(1), LASTS);
        uses.begin(&function, attempt(2), LASTS);
        uses.end(&function, &attempt(1));
        assert_eq!(uses.leave(), None);
        uses.end(&function, &attempt(2));
        assert_eq!(uses.leave(), Some(function));
    }

    #[tokio::test(start_paused = true)]
    async fn use_that_nobody_ends_ends_by_itself() {
        let mut uses = Uses::default();
        uses.begin(&name("function"), attempt(1), LASTS);
        advance(LASTS - Duration::from_millis(1)).await;
        assert_eq!(uses.leave(), None);
        advance(Duration::from_millis(1)).await;
        assert_eq!(uses.leave(), Some(name("function")));
    }

    #[tokio::test(start_paused = true)]
    async fn function_that_leaves_cannot_be_used_and_is_there_again_if_it_stays() {
        let mut uses = Uses::default();
        let function = name("function");
        uses.begin(&function, attempt(1), LASTS);
        uses.end(&function, &attempt(1));
        uses.leave();
        assert!(!uses.begin(&function, attempt(2), LASTS));
        uses.stays(&function);
        assert!(uses.begin(&function, attempt(2), LASTS));
        uses.end(&function, &attempt(2));
        assert_eq!(uses.leave(), Some(function.clone()));
        uses.left(&function);
        assert!(uses.begin(&function, attempt(3), LASTS));
    }

    #[tokio::test(start_paused = true)]
    async fn remembered_functions_are_bounded_and_those_in_use_are_kept() {
        let mut uses = Uses::default();
        let kept = name("kept");
        uses.begin(&kept, attempt(0), LASTS);
        for number in 0..=MAX_KNOWN {
            let function = name(&format!("f{number}"));
            uses.begin(&function, attempt(1), LASTS);
            uses.end(&function, &attempt(1));
        }
        assert_eq!(uses.0.len(), MAX_KNOWN);
        assert!(uses.0.contains_key(&kept));
    }
}
