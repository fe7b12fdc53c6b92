//! How long attempts are not executed after the journal was lost.
//!
//! Attempts that were assigned before the loss may have been executed. All of them are open at the
//! first look at a recent state, save those of the last blocks before a power failure, which this
//! node may have executed and then lost along with the journal; so the looks at some more blocks are
//! not trusted either. A chain that is younger than that margin has no such past: there the first
//! look alone counts, and a new network pays its first call at once.

use defaas_primitives::BlockNumber;

/// Whether unknown attempts may have been executed before.
#[derive(Debug)]
pub(crate) enum Quarantine {
    /// No look was made yet.
    Due {
        /// Blocks it lasts.
        margin: BlockNumber,
    },
    /// Lasts up to and with this block.
    Until(BlockNumber),
    /// They were not.
    Over,
}

impl Quarantine {
    /// Over if the journal is settled.
    pub(crate) fn new(is_settled: bool, margin: BlockNumber) -> Self {
        if is_settled {
            Self::Over
        } else {
            Self::Due { margin }
        }
    }

    /// A look is made at the best block of this height. Returns whether unknown attempts in it may
    /// have been executed before.
    pub(crate) fn covers(&mut self, best: BlockNumber) -> bool {
        if let Self::Due { margin } = *self {
            let margin = if best <= margin { 0 } else { margin };
            *self = Self::Until(best.saturating_add(margin));
        }
        !matches!(self, Self::Over)
    }

    /// Whether it ends with the look at this height.
    pub(crate) fn ends_with(&self, best: BlockNumber) -> bool {
        matches!(self, Self::Until(last) if best >= *last)
    }

    /// It is over.
    pub(crate) fn end(&mut self) {
        *self = Self::Over;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn covers_nothing_after_a_settled_journal() {
        assert!(!Quarantine::new(true, 4).covers(100));
    }

    #[test]
    fn covers_the_first_look_and_the_margin() {
        let mut quarantine = Quarantine::new(false, 4);
        for best in 100..104 {
            assert!(quarantine.covers(best));
            assert!(!quarantine.ends_with(best));
        }
        assert!(quarantine.covers(104) && quarantine.ends_with(104));
        quarantine.end();
        assert!(!quarantine.covers(105));
    }

    #[test]
    fn covers_the_first_look_alone_on_a_young_chain() {
        let mut quarantine = Quarantine::new(false, 4);
        assert!(quarantine.covers(4) && quarantine.ends_with(4));
    }
}
