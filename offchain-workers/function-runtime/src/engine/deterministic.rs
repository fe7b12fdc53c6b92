//! A world that is the same everywhere: clocks that count readings, randomness out of a seed, sleep
//! that takes no time.
//!
//! Everything here is part of what a deterministic function can observe, so another implementation
//! that checks results by running the code again must do the same:
//!
//! * The real-time clock begins at [`EPOCH`], the monotonic one at 0. Both are the same clock: each
//!   reading of either advances it by [`STEP`], and sleeping advances it by the time slept.
//! * The seed is sha-256 of ([`SEED_DOMAIN`], digest of the code, the call's seed). Random bytes
//!   are the blocks sha-256(seed ‖ counter), counter = 0, 1, …, as 8 bytes, little endian.
//! * `poll_oneoff` never waits: if it asks for streams, these are ready; else the earliest of its
//!   clocks rings.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::Arc;
use std::time::Duration;

use sha2::{Digest as _, Sha256};
use wasmtime_wasi::{HostMonotonicClock, HostWallClock, RngCore};

use crate::digest::Digest;

/// What the real-time clock shows at the beginning: 2025-01-01T00:00:00Z, in seconds since 1970.
pub(crate) const EPOCH: Duration = Duration::from_secs(1_735_689_600);
/// How far each reading advances the clock, in nanoseconds: programs that wait for time to pass
/// come to an end.
pub(crate) const STEP: u64 = 1_000;
/// Fuel per millisecond of a deterministic function's time-out. A fifth to a third of what one core
/// of a present machine uses up, so that also on a slow or busy machine the fuel ends before the
/// time, and where a call stops is the same everywhere.
pub(crate) const FUEL_PER_MILLISECOND: u64 = 200_000;

const SEED_DOMAIN: &[u8] = b"defaas/function-seed/v1";

/// The fuel of a call with this time-out.
pub(crate) fn fuel(timeout: Duration) -> u64 {
    let milliseconds = u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX);
    milliseconds.saturating_mul(FUEL_PER_MILLISECOND)
}

/// The seed of a call of this code. `call` is what the caller gives, all zeros if nothing.
pub(crate) fn seed(code: &Digest, call: &[u8; 32]) -> [u8; 32] {
    // The parts after the domain have fixed lengths, so the parts are unambiguous.
    Sha256::new()
        .chain_update(SEED_DOMAIN)
        .chain_update(code.0)
        .chain_update(call)
        .finalize()
        .into()
}

/// A clock that moves only when it is looked at.
#[derive(Clone, Debug, Default)]
pub(crate) struct VirtualClock(Arc<AtomicU64>);

impl VirtualClock {
    /// Nanoseconds since the beginning, without moving.
    pub fn peek(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    /// Moves to `nanos`, never back.
    pub fn advance_to(&self, nanos: u64) {
        self.0.fetch_max(nanos, Ordering::Relaxed);
    }

    fn read(&self) -> u64 {
        let next = self.peek().saturating_add(STEP);
        self.advance_to(next);
        next
    }
}

impl HostMonotonicClock for VirtualClock {
    fn resolution(&self) -> u64 {
        STEP
    }

    fn now(&self) -> u64 {
        self.read()
    }
}

impl HostWallClock for VirtualClock {
    fn resolution(&self) -> Duration {
        Duration::from_nanos(STEP)
    }

    fn now(&self) -> Duration {
        EPOCH.saturating_add(Duration::from_nanos(self.read()))
    }
}

/// Random bytes out of a seed.
pub(crate) struct SeededRandom {
    seed: [u8; 32],
    counter: u64,
    block: [u8; 32],
    /// How much of `block` was given out.
    used: usize,
}

impl SeededRandom {
    pub fn new(seed: [u8; 32]) -> Self {
        Self {
            seed,
            counter: 0,
            block: [0; 32],
            used: 32,
        }
    }
}

impl RngCore for SeededRandom {
    fn next_u32(&mut self) -> u32 {
        let mut bytes = [0; 4];
        self.fill_bytes(&mut bytes);
        u32::from_le_bytes(bytes)
    }

    fn next_u64(&mut self) -> u64 {
        let mut bytes = [0; 8];
        self.fill_bytes(&mut bytes);
        u64::from_le_bytes(bytes)
    }

    fn fill_bytes(&mut self, bytes: &mut [u8]) {
        for byte in bytes {
            if self.used == self.block.len() {
                let counter = self.counter.to_le_bytes();
                self.block = Sha256::new()
                    .chain_update(self.seed)
                    .chain_update(counter)
                    .finalize()
                    .into();
                self.counter += 1;
                self.used = 0;
            }
            *byte = self.block[self.used];
            self.used += 1;
        }
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), rand::Error> {
        self.fill_bytes(bytes);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn random_bytes_do_not_depend_on_how_they_are_asked_for() {
        let mut whole = [0; 100];
        SeededRandom::new([7; 32]).fill_bytes(&mut whole);
        let mut parts = SeededRandom::new([7; 32]);
        for chunk in whole.chunks(7) {
            let mut bytes = vec![0; chunk.len()];
            parts.fill_bytes(&mut bytes);
            assert_eq!(bytes, chunk);
        }
        assert_eq!(
            whole[..32],
            Sha256::digest([[7; 32].as_slice(), &[0; 8]].concat())[..]
        );
    }

    #[test]
    fn seed_differs_by_code_and_by_call() {
        let (a, b) = (Digest::of(b"a"), Digest::of(b"b"));
        assert_ne!(seed(&a, &[0; 32]), seed(&b, &[0; 32]));
        assert_ne!(seed(&a, &[0; 32]), seed(&a, &[1; 32]));
    }

    #[test]
    fn clock_moves_by_readings_and_never_back() {
        let clock = VirtualClock::default();
        assert_eq!(HostMonotonicClock::now(&clock), STEP);
        assert_eq!(
            HostWallClock::now(&clock),
            EPOCH + Duration::from_nanos(2 * STEP)
        );
        clock.advance_to(1);
        assert_eq!(clock.peek(), 2 * STEP);
    }
}
