//! Which notice is due, from what the chain says and what it should say.
//!
//! State decides: a notice is due as long as the chain says otherwise, and not because one was or was
//! not sent before. What was sent counts only for when it may be repeated.

use super::availability::Verdict;
use defaas_primitives::{BlockNumber, Endpoint, NoticeBody};
use defaas_runtime::faas_api::WorkerStanding;

/// What the chain should say.
#[derive(Clone, Debug)]
pub struct Wanted<'a> {
    /// Whether new work is taken.
    pub available: Verdict,
    /// Where the gateway is reached. `None`: whatever the chain says is right.
    pub endpoint: Option<&'a Endpoint>,
}

/// The notice that the pool took last.
#[derive(Debug)]
struct Sent {
    sequence: u64,
    /// Best block at that time.
    at: BlockNumber,
}

/// Chooses notices, and knows what was sent.
#[derive(Debug, Default)]
pub struct Due {
    sent: Option<Sent>,
}

impl Due {
    /// The notice to send now, with `best` as the number of the best block, in whose state `standing`
    /// was read. At most one at a time: they share one sequence of numbers, and the second would be
    /// lost if it got into a block before the first.
    pub fn next(
        &self,
        wanted: &Wanted<'_>,
        standing: &WorkerStanding,
        best: BlockNumber,
    ) -> Option<NoticeBody> {
        if self.waits(standing, best) {
            return None;
        }
        // It would be included in the next block at the earliest.
        let next = best.saturating_add(1);
        let mut bodies = differences(wanted, standing).into_iter().flatten();
        bodies.find(|body| next >= from(standing, body))
    }

    /// The pool took a notice with this number at block `best`.
    pub fn sent(&mut self, sequence: u64, best: BlockNumber) {
        self.sent = Some(Sent { sequence, at: best });
    }

    /// Whether what was sent last may still get into a block.
    fn waits(&self, standing: &WorkerStanding, best: BlockNumber) -> bool {
        self.sent.as_ref().is_some_and(|sent| {
            // Its number was used up, by itself or by another one.
            let is_over = standing.sequence >= sent.sequence;
            // A re-organisation may bring a lower block.
            let is_old = best.abs_diff(sent.at) >= standing.interval;
            !is_over && !is_old
        })
    }
}

/// What the chain says otherwise. Availability first: it costs money to be wrong about it.
fn differences(wanted: &Wanted<'_>, standing: &WorkerStanding) -> [Option<NoticeBody>; 2] {
    let available = match wanted.available {
        Verdict::Serve => Some(true),
        Verdict::Drain(_) => Some(false),
        Verdict::Undecided => None,
    };
    [
        available
            .filter(|available| *available != standing.available)
            .map(NoticeBody::Available),
        wanted
            .endpoint
            .filter(|endpoint| **endpoint != standing.endpoint)
            .cloned()
            .map(NoticeBody::Endpoint),
    ]
}

/// First block that may hold `body`.
fn from(standing: &WorkerStanding, body: &NoticeBody) -> BlockNumber {
    match body {
        NoticeBody::Available(_) => standing.available_from,
        NoticeBody::Endpoint(_) => standing.endpoint_from,
    }
}

#[cfg(test)]
mod tests {
    use super::{super::availability::Reason, *};
    use defaas_primitives::Host;

    const INTERVAL: BlockNumber = 30;
    const DRAIN: Verdict = Verdict::Drain(Reason::Operator);

    fn endpoint(port: u16) -> Endpoint {
        Endpoint {
            host: Host::Ip4([192, 0, 2, 1]),
            port,
            tls: false,
        }
    }

    fn standing() -> WorkerStanding {
        WorkerStanding {
            provider: 0,
            sequence: 7,
            endpoint: endpoint(1),
            available: true,
            endpoint_from: 0,
            available_from: 0,
            interval: INTERVAL,
        }
    }

    fn wanted(available: Verdict) -> Wanted<'static> {
        Wanted {
            available,
            endpoint: None,
        }
    }

    #[test]
    fn nothing_is_due_when_the_chain_says_what_it_should() {
        let (due, standing) = (Due::default(), standing());
        for available in [Verdict::Serve, Verdict::Undecided] {
            let wanted = Wanted {
                available,
                endpoint: Some(&standing.endpoint),
            };
            assert_eq!(due.next(&wanted, &standing, 100), None);
        }
        let drained = WorkerStanding {
            available: false,
            ..standing
        };
        assert_eq!(due.next(&wanted(DRAIN), &drained, 100), None);
        let undecided = wanted(Verdict::Undecided);
        assert_eq!(due.next(&undecided, &drained, 100), None);
    }

    #[test]
    fn availability_is_told_both_ways() {
        let due = Due::default();
        let told = due.next(&wanted(DRAIN), &standing(), 100);
        assert_eq!(told, Some(NoticeBody::Available(false)));
        let drained = WorkerStanding {
            available: false,
            ..standing()
        };
        let told = due.next(&wanted(Verdict::Serve), &drained, 100);
        assert_eq!(told, Some(NoticeBody::Available(true)));
    }

    #[test]
    fn endpoint_is_told_when_it_differs_and_after_availability() {
        let mut due = Due::default();
        let elsewhere = endpoint(2);
        let mut wanted = Wanted {
            available: DRAIN,
            endpoint: Some(&elsewhere),
        };
        let first = due.next(&wanted, &standing(), 100).expect("differs");
        assert_eq!(first, NoticeBody::Available(false));
        due.sent(8, 100);
        assert_eq!(
            due.next(&wanted, &standing(), 101),
            None,
            "not both at once"
        );
        let after = WorkerStanding {
            available: false,
            sequence: 8,
            ..standing()
        };
        let second = due.next(&wanted, &after, 102);
        assert_eq!(second, Some(NoticeBody::Endpoint(elsewhere.clone())));
        wanted.available = Verdict::Serve;
        let early = WorkerStanding {
            available_from: 130,
            ..after
        };
        let meanwhile = due.next(&wanted, &early, 103);
        assert_eq!(meanwhile, Some(NoticeBody::Endpoint(elsewhere.clone())));
    }

    #[test]
    fn interval_of_the_chain_is_kept_up_to_the_block_that_may_hold_the_notice() {
        let due = Due::default();
        let standing = WorkerStanding {
            available_from: 130,
            ..standing()
        };
        assert_eq!(due.next(&wanted(DRAIN), &standing, 128), None);
        assert!(due.next(&wanted(DRAIN), &standing, 129).is_some());
    }

    #[test]
    fn notice_that_got_lost_is_repeated_after_the_interval_and_not_before() {
        let mut due = Due::default();
        due.sent(8, 100);
        for best in [100, 101, 129] {
            assert_eq!(due.next(&wanted(DRAIN), &standing(), best), None, "{best}");
        }
        let again = due.next(&wanted(DRAIN), &standing(), 130);
        assert_eq!(again, Some(NoticeBody::Available(false)));
    }

    #[test]
    fn state_decides_and_not_that_a_notice_was_sent() {
        let mut due = Due::default();
        due.sent(8, 100);
        // Its number was used up, and still the chain says otherwise.
        let undone = WorkerStanding {
            sequence: 8,
            ..standing()
        };
        let again = due.next(&wanted(DRAIN), &undone, 101);
        assert_eq!(again, Some(NoticeBody::Available(false)));
    }
}
