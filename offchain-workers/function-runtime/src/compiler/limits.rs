//! How much one compilation may take.

use std::time::Duration;

/// Processor time for starting the compiler and for short modules, whose time is not proportional
/// to their length, in seconds.
const BASE_SECONDS: u64 = 5;
/// Bytes of code for each further second of processor time. Deadlines on chain give a provider the
/// time to compile at this rate; a module that takes longer cannot be executed in time by anybody.
const BYTES_PER_SECOND: u64 = 512 << 10;
/// How many times longer than the processor time it may take by the clock. By default four calls
/// for each processor are executed beside it, so that it gets about a quarter of one.
const WALL_FACTOR: u32 = 4;
/// Address space, in bytes.
const ADDRESS_SPACE: u64 = 4 << 30;

/// Bounds of one compilation. Work and memory are the code's: it is invalid if it exceeds them. The
/// time by the clock beyond is this machine's, which is too busy then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CompileLimits {
    /// Processor time that a module of any length may take, in whole seconds.
    pub base_seconds: u64,
    /// Bytes of the module for each further second of processor time. At least 1.
    pub bytes_per_second: u64,
    /// Longest time by the clock, as a multiple of the processor time.
    pub wall_factor: u32,
    /// Most address space, in bytes.
    pub address_space: u64,
}

impl Default for CompileLimits {
    fn default() -> Self {
        Self {
            base_seconds: BASE_SECONDS,
            bytes_per_second: BYTES_PER_SECOND,
            wall_factor: WALL_FACTOR,
            address_space: ADDRESS_SPACE,
        }
    }
}

impl CompileLimits {
    /// Most processor time for a module of `code_bytes` bytes, in seconds. The kernel counts whole
    /// ones. Rounded down: the verdict on code that takes too long shall come before the deadline.
    pub fn cpu_seconds(&self, code_bytes: u64) -> u64 {
        let proportional = code_bytes / self.bytes_per_second.max(1);
        self.base_seconds.saturating_add(proportional)
    }

    /// Longest time by the clock for a module of `code_bytes` bytes, from the start of its compiler
    /// on: waiting for other compilations comes before it. Whoever deploys code has to wait longer
    /// than this for the answer, or the compilation is ended without one.
    pub fn wall(&self, code_bytes: u64) -> Duration {
        Duration::from_secs(self.cpu_seconds(code_bytes)).saturating_mul(self.wall_factor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ceilings;

    #[test]
    fn processor_time_is_the_base_and_a_second_for_each_whole_part_of_the_rate() {
        let limits = CompileLimits::default();
        for (bytes, seconds) in [
            (0, 5),
            ((512 << 10) - 1, 5),
            (512 << 10, 6),
            (1 << 20, 7),
            (ceilings::CODE_BYTES, 133),
        ] {
            assert_eq!(limits.cpu_seconds(bytes), seconds, "{bytes}");
        }
    }

    #[test]
    fn time_by_the_clock_is_a_multiple_of_the_processor_time() {
        let limits = CompileLimits::default();
        assert_eq!(limits.wall(1 << 20), Duration::from_secs(7 * 4));
        let longest = limits.wall(ceilings::CODE_BYTES);
        assert_eq!(longest, Duration::from_secs(133 * 4));
    }

    #[test]
    fn extreme_limits_do_not_overflow() {
        let limits = CompileLimits {
            base_seconds: u64::MAX,
            bytes_per_second: 0,
            wall_factor: u32::MAX,
            address_space: u64::MAX,
        };
        assert_eq!(limits.cpu_seconds(u64::MAX), u64::MAX);
        assert_eq!(limits.wall(u64::MAX), Duration::MAX);
    }
}
