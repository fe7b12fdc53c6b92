//! How long a provider has.

use defaas_primitives::{Code, CodeKind, Tick};

/// Milliseconds in a second.
const SECOND_MS: u128 = 1_000;

/// What deadlines are made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timing {
    /// Ticks that every call has beyond its work, so that reports survive several block authors
    /// who leave them out.
    pub margin: Tick,
    /// Length of a slot in milliseconds, above 0.
    pub slot_ms: u32,
    /// Slowest rate, in bytes per second, at which a provider has to fetch; above 0.
    pub fetch_rate: u32,
    /// Slowest rate, in bytes per second, at which a provider has to compile; above 0.
    pub compile_rate: u32,
}

impl Timing {
    /// Ticks from the draw to the deadline:
    /// `margin + ⌈(timeout + (code + input) / fetch rate + Wasm code / compile rate) / slot⌉`,
    /// with each time rounded up to milliseconds.
    ///
    /// Whether the provider has the code already is not asked: it may have dropped it since.
    pub fn ticks(&self, timeout_ms: u32, code: &Code, input_bytes: u32) -> Tick {
        let fetch = time_ms(
            u128::from(code.size).saturating_add(input_bytes.into()),
            self.fetch_rate,
        );
        let compile = match code.kind {
            CodeKind::Wasm => time_ms(code.size.into(), self.compile_rate),
            CodeKind::Oci => 0,
        };
        let work_ms = u128::from(timeout_ms)
            .saturating_add(fetch)
            .saturating_add(compile);
        let slots = work_ms.div_ceil(u128::from(self.slot_ms).max(1));
        self.margin
            .saturating_add(Tick::try_from(slots).unwrap_or(Tick::MAX))
    }
}

/// Milliseconds for `bytes` at `rate` bytes per second, rounded up.
fn time_ms(bytes: u128, rate: u32) -> u128 {
    bytes
        .saturating_mul(SECOND_MS)
        .div_ceil(u128::from(rate).max(1))
}

/// Most ticks until a call whose providers are full is drawn again.
pub const MAX_FULL_DELAY: Tick = 32;

/// Ticks until a call whose providers were full is drawn again, if it has been drawn in vain `redraws`
/// times before: from 1 to a bound of 4, 8, 16, then [`MAX_FULL_DELAY`] ticks; `spread` says where
/// between. Calls that wait for the same providers so return one by one, as room comes free, and not
/// all at once for the first of it.
pub fn full_delay(redraws: u8, spread: u16) -> Tick {
    let bound = 4u32
        .checked_shl(redraws.into())
        .filter(|bound| (1..MAX_FULL_DELAY).contains(bound))
        .unwrap_or(MAX_FULL_DELAY);
    // No bound is 0, each divides 2¹⁶.
    1 + Tick::from(spread) % bound
}

/// Ticks until a call that found no provider for the `redraws`-th time, from 0 up, is drawn again:
/// 2, 4, 8, 16 and so on.
pub fn redraw_delay(redraws: u8) -> Tick {
    2u32.checked_shl(redraws.into())
        .filter(|delay| *delay > 0)
        .unwrap_or(Tick::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use defaas_primitives::Cid;
    use proptest::prelude::*;

    const TIMING: Timing = Timing {
        margin: 6,
        slot_ms: 2_000,
        fetch_rate: 1024 * 1024,
        compile_rate: 512 * 1024,
    };

    fn code(size: u64, kind: CodeKind) -> Code {
        Code {
            cid: Cid::raw_sha256([0; 32]),
            sha256: [0; 32],
            size,
            kind,
        }
    }

    #[test]
    fn a_call_without_work_has_the_margin() {
        assert_eq!(TIMING.ticks(0, &code(0, CodeKind::Wasm), 0), 6);
    }

    #[test]
    fn a_part_of_a_slot_counts_as_one() {
        assert_eq!(TIMING.ticks(1, &code(0, CodeKind::Wasm), 0), 7);
        assert_eq!(TIMING.ticks(2_000, &code(0, CodeKind::Wasm), 0), 7);
        assert_eq!(TIMING.ticks(2_001, &code(0, CodeKind::Wasm), 0), 8);
    }

    #[test]
    fn wasm_is_fetched_and_compiled_but_an_image_only_fetched() {
        let size = 4 * 1024 * 1024;
        assert_eq!(TIMING.ticks(0, &code(size, CodeKind::Oci), 0), 6 + 2);
        assert_eq!(TIMING.ticks(0, &code(size, CodeKind::Wasm), 0), 6 + 6);
    }

    #[test]
    fn input_is_fetched() {
        let input = 4 * 1024 * 1024;
        assert_eq!(TIMING.ticks(0, &code(0, CodeKind::Oci), input), 6 + 2);
    }

    #[test]
    fn absurd_sizes_clamp() {
        assert_eq!(
            TIMING.ticks(u32::MAX, &code(u64::MAX, CodeKind::Wasm), u32::MAX),
            Tick::MAX
        );
    }

    #[test]
    fn redraw_delays_double() {
        let delays: Vec<Tick> = (0..4).map(redraw_delay).collect();
        assert_eq!(delays, [2, 4, 8, 16]);
        assert_eq!(redraw_delay(30), 1 << 31);
        assert_eq!(redraw_delay(31), Tick::MAX);
        assert_eq!(redraw_delay(u8::MAX), Tick::MAX);
    }

    #[test]
    fn delays_of_calls_that_wait_for_room_spread_up_to_their_bounds() {
        for (redraws, bound) in [
            (0, 4),
            (1, 8),
            (2, 16),
            (3, 32),
            (4, 32),
            (30, 32),
            (255, 32),
        ] {
            let mut hits = vec![0u32; bound as usize];
            for spread in 0..=u16::MAX {
                hits[(full_delay(redraws, spread) - 1) as usize] += 1;
            }
            assert!(hits.iter().all(|hits| *hits == 65_536 / bound));
        }
    }

    fn kind() -> impl Strategy<Value = CodeKind> {
        prop_oneof![Just(CodeKind::Wasm), Just(CodeKind::Oci)]
    }

    proptest! {
        /// Enough time for the work at the slowest rates, and less than a slot and the rounding too
        /// much.
        #[test]
        fn is_the_smallest_that_fits(
            timeout in 0..600_000u32,
            size in 0..(1u64 << 31),
            input in any::<u32>(),
            kind in kind(),
        ) {
            let ticks = TIMING.ticks(timeout, &code(size, kind), input);
            let given = f64::from(ticks - TIMING.margin) * f64::from(TIMING.slot_ms);
            let compile = if kind == CodeKind::Wasm { size as f64 / 524_288.0 } else { 0.0 };
            let fetch = (size as f64 + f64::from(input)) / 1_048_576.0;
            let work = f64::from(timeout) + 1_000.0 * (fetch + compile);
            prop_assert!(given >= work - 0.001);
            prop_assert!(given < work + f64::from(TIMING.slot_ms) + 2.001);
        }

        #[test]
        fn grows_with_each_part(
            timeout in any::<u32>(),
            size in any::<u64>(),
            input in any::<u32>(),
            more in any::<u32>(),
            kind in kind(),
        ) {
            let ticks = TIMING.ticks(timeout, &code(size, kind), input);
            prop_assert!(TIMING.ticks(timeout.saturating_add(more), &code(size, kind), input) >= ticks);
            prop_assert!(TIMING.ticks(timeout, &code(size.saturating_add(more.into()), kind), input) >= ticks);
            prop_assert!(TIMING.ticks(timeout, &code(size, kind), input.saturating_add(more)) >= ticks);
        }
    }
}
