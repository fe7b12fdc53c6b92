//! The draw: power of two choices.
//!
//! A pool is sampled at most [`MAX_SAMPLES`] times; of the first two eligible members the one with
//! less to do for its size and score wins. Two choices instead of one bring the highest load over
//! the average from about log n / log log n down to log log n (M. Mitzenmacher, "The Power of Two
//! Choices in Randomized Load Balancing", IEEE TPDS 12(10), 2001), at the price of one more read.
//!
//! Sampling is without replacement (Fisher–Yates, D. Knuth, TAOCP vol. 2, §3.4.2, algorithm P, with
//! the few swapped places kept in a list instead of the whole permutation). So a pool of up to
//! [`MAX_SAMPLES`] members is searched completely: an eligible one is always found.

use codec::Encode;
use core::num::NonZeroU32;
use sp_io::hashing::blake2_256;

/// Most members looked at in one draw.
pub const MAX_SAMPLES: usize = 8;

/// Domain of the hash chain that expands a seed into samples. Not that of the seed itself, which
/// whoever asks for the draw makes.
pub const SAMPLE_DOMAIN: &[u8; 15] = b"defaas/sample/1";

/// Source of uniform numbers.
pub trait Sampler {
    /// A number below `bound`.
    fn below(&mut self, bound: NonZeroU32) -> u32;
}

/// Numbers from a seed: the words of blake2b-256(domain ‖ seed ‖ counter), counter from 0 up.
pub struct HashChain {
    seed: [u8; 32],
    counter: u32,
    block: [u8; 32],
    used: usize,
}

impl HashChain {
    /// Begins the chain of `seed`.
    pub fn new(seed: [u8; 32]) -> Self {
        Self {
            seed,
            counter: 0,
            block: [0; 32],
            used: 32,
        }
    }

    fn word(&mut self) -> u64 {
        if self.used >= self.block.len() {
            // Parts of fixed length, so that no two inputs run together.
            self.block = (SAMPLE_DOMAIN, &self.seed, self.counter).using_encoded(blake2_256);
            self.counter = self.counter.wrapping_add(1);
            self.used = 0;
        }
        let mut word = [0; 8];
        word.copy_from_slice(&self.block[self.used..self.used + 8]);
        self.used += 8;
        u64::from_le_bytes(word)
    }
}

impl Sampler for HashChain {
    /// By multiplication of a 64-bit word with the bound: no result is more likely than another by
    /// more than `bound` / 2^64, which is below 2^-32.
    fn below(&mut self, bound: NonZeroU32) -> u32 {
        let product = u128::from(self.word()) * u128::from(bound.get());
        // The high half is below `bound`, so it fits.
        (product >> 64) as u32
    }
}

/// How much a member has to do, and how much it can.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Burden {
    /// Open assignments.
    pub load: u32,
    /// Most open assignments, at least 1.
    pub capacity: u32,
    /// Score, at least 1.
    pub score: u32,
}

impl Burden {
    /// Whether (load + 1) / (capacity × score) is less than that of `other`. Multiplied across, so
    /// nothing is rounded: each side is below 2^97.
    pub fn is_less_than(&self, other: &Self) -> bool {
        let weighted = |load: u32, capacity: u32, score: u32| {
            (u128::from(load) + 1) * u128::from(capacity) * u128::from(score)
        };
        weighted(self.load, other.capacity, other.score)
            < weighted(other.load, self.capacity, self.score)
    }
}

/// Draws from a pool of `size` members. `look` tells what there is at an index: the burden and the
/// member if it is eligible, else `None`. It is called at most [`MAX_SAMPLES`] times, never twice
/// for the same index. `None` if no eligible member was found.
pub fn draw<M>(
    sampler: &mut impl Sampler,
    size: u32,
    mut look: impl FnMut(u32) -> Option<(Burden, M)>,
) -> Option<M> {
    let mut eligible = Indices::new(sampler, size).filter_map(&mut look);
    let (first, member) = eligible.next()?;
    match eligible.next() {
        Some((second, other)) if second.is_less_than(&first) => Some(other),
        _ => Some(member),
    }
}

/// Up to [`MAX_SAMPLES`] distinct indices below `size`, in random order.
struct Indices<'a, S> {
    sampler: &'a mut S,
    size: u32,
    taken: usize,
    /// Places of the shuffled array that do not hold their own index: (place, index).
    moved: [(u32, u32); MAX_SAMPLES],
}

impl<'a, S: Sampler> Indices<'a, S> {
    fn new(sampler: &'a mut S, size: u32) -> Self {
        Self {
            sampler,
            size,
            taken: 0,
            moved: [(0, 0); MAX_SAMPLES],
        }
    }

    /// What stands at `place` now. The latest move counts.
    fn at(&self, place: u32) -> u32 {
        self.moved[..self.taken]
            .iter()
            .rev()
            .find(|(moved, _)| *moved == place)
            .map_or(place, |(_, index)| *index)
    }
}

impl<S: Sampler> Iterator for Indices<'_, S> {
    type Item = u32;

    fn next(&mut self) -> Option<u32> {
        if self.taken >= MAX_SAMPLES {
            return None;
        }
        let front = self.taken as u32;
        let rest = NonZeroU32::new(self.size.checked_sub(front)?)?;
        let place = front + self.sampler.below(rest);
        let index = self.at(place);
        self.moved[self.taken] = (place, self.at(front));
        self.taken += 1;
        Some(index)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn seed(n: u64) -> [u8; 32] {
        blake2_256(&n.to_le_bytes())
    }

    fn burden(load: u32, capacity: u32, score: u32) -> Burden {
        Burden {
            load,
            capacity,
            score,
        }
    }

    /// Puts `balls` into `bins` bins by draws over `choices` samples, and returns the loads.
    fn fill(bins: u32, balls: u64, choices: usize) -> Vec<u32> {
        let mut loads = vec![0u32; bins as usize];
        for ball in 0..balls {
            let mut looked = 0;
            let chosen = draw(&mut HashChain::new(seed(ball)), bins, |index| {
                looked += 1;
                (looked <= choices).then(|| (burden(loads[index as usize], 1_000, 1), index))
            });
            loads[chosen.expect("all are eligible") as usize] += 1;
        }
        loads
    }

    #[test]
    fn two_choices_spread_load_better_than_one() {
        let (bins, per_bin) = (2_000u32, 10u32);
        let balls = u64::from(bins * per_bin);
        let highest = |choices| *fill(bins, balls, choices).iter().max().unwrap();
        let (one, two) = (highest(1), highest(2));
        // Expected: about 10 + sqrt(2 × 10 × ln 2000) ≈ 22 with one choice, 10 + log2 ln 2000 ≈ 13
        // with two.
        assert!(one >= 19, "one choice: {one}");
        assert!(two <= 14, "two choices: {two}");
    }

    #[test]
    fn calls_follow_capacity() {
        let capacity = |index: u32| if index < 500 { 1 } else { 3 };
        let mut loads = [0u32; 1_000];
        for ball in 0..40_000 {
            let chosen = draw(&mut HashChain::new(seed(ball)), 1_000, |index| {
                Some((burden(loads[index as usize], capacity(index), 7), index))
            });
            loads[chosen.unwrap() as usize] += 1;
        }
        let small: u32 = loads[..500].iter().sum();
        let large: u32 = loads[500..].iter().sum();
        // Two choices cannot reach 1 : 3 exactly while everybody has room: two small ones may meet.
        assert!(large > small * 5 / 2, "{small} : {large}");
        assert!(large < small * 7 / 2, "{small} : {large}");
    }

    /// Chi-square of the first sample over 1 000 indices. The value for 999 degrees of freedom has
    /// mean 999 and standard deviation √1998 ≈ 44.7; five of them are allowed.
    #[test]
    fn first_samples_are_uniform() {
        let (size, per_index) = (1_000u32, 100u64);
        let mut hits = vec![0u64; size as usize];
        for n in 0..u64::from(size) * per_index {
            let mut sampler = HashChain::new(seed(n));
            hits[sampler.below(NonZeroU32::new(size).unwrap()) as usize] += 1;
        }
        let chi_square: f64 = hits
            .iter()
            .map(|hits| (*hits as f64 - per_index as f64).powi(2) / per_index as f64)
            .sum();
        assert!((chi_square - 999.0).abs() < 5.0 * 44.7, "{chi_square}");
    }

    /// Every ordered pair of the first two samples of five is as likely as any other (20 pairs, 19
    /// degrees of freedom, standard deviation √38 ≈ 6.2).
    #[test]
    fn pairs_of_samples_are_uniform() {
        let mut hits = [[0u32; 5]; 5];
        for n in 0..20_000 {
            let mut sampler = HashChain::new(seed(n));
            let mut indices = Indices::new(&mut sampler, 5);
            let (a, b) = (indices.next().unwrap(), indices.next().unwrap());
            hits[a as usize][b as usize] += 1;
        }
        let mut chi_square = 0.0;
        for (a, row) in hits.iter().enumerate() {
            assert_eq!(row[a], 0);
            for (_, hits) in row.iter().enumerate().filter(|(b, _)| *b != a) {
                chi_square += (f64::from(*hits) - 1_000.0).powi(2) / 1_000.0;
            }
        }
        assert!(chi_square < 19.0 + 5.0 * 6.2, "{chi_square}");
    }

    #[test]
    fn the_chain_of_a_seed_is_fixed() {
        let mut chain = HashChain::new([7; 32]);
        let words: Vec<u64> = (0..5).map(|_| chain.word()).collect();
        let block = |counter: u32| {
            blake2_256(&[b"defaas/sample/1", &[7; 32][..], &counter.to_le_bytes()].concat())
        };
        assert_eq!(words[0].to_le_bytes(), block(0)[..8]);
        assert_eq!(words[3].to_le_bytes(), block(0)[24..]);
        assert_eq!(words[4].to_le_bytes(), block(1)[..8]);
    }

    #[test]
    fn an_empty_pool_gives_nobody() {
        let nobody = draw(&mut HashChain::new(seed(0)), 0, |_| {
            Some((burden(0, 1, 1), ()))
        });
        assert_eq!(nobody, None);
    }

    #[test]
    fn extreme_burdens_compare_without_overflow() {
        let heavy = burden(u32::MAX, 1, 1);
        let light = burden(0, u32::MAX, u32::MAX);
        assert!(light.is_less_than(&heavy));
        assert!(!heavy.is_less_than(&light));
        assert!(!light.is_less_than(&light));
    }

    proptest! {
        #[test]
        fn samples_are_distinct_and_within_the_pool(n: u64, size in 0u32..2_000) {
            let mut sampler = HashChain::new(seed(n));
            let all: Vec<u32> = Indices::new(&mut sampler, size).collect();
            prop_assert_eq!(all.len(), (size as usize).min(MAX_SAMPLES));
            prop_assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), all.len());
            prop_assert!(all.iter().all(|index| *index < size));
        }

        #[test]
        fn only_eligible_members_are_drawn(
            n: u64,
            eligible in prop::collection::vec(any::<bool>(), 1..40),
        ) {
            let mut looks = 0;
            let chosen = draw(&mut HashChain::new(seed(n)), eligible.len() as u32, |index| {
                looks += 1;
                eligible[index as usize].then(|| (burden(0, 1, 1), index))
            });
            prop_assert!(looks <= MAX_SAMPLES);
            if let Some(index) = chosen {
                prop_assert!(eligible[index as usize]);
            }
            if eligible.iter().all(|is| *is) {
                prop_assert!(chosen.is_some());
            }
        }

        #[test]
        fn a_small_pool_is_searched_completely(
            n: u64,
            size in 1u32..=MAX_SAMPLES as u32,
            only: prop::sample::Index,
        ) {
            let only = only.index(size as usize) as u32;
            let chosen = draw(&mut HashChain::new(seed(n)), size, |index| {
                (index == only).then(|| (burden(3, 4, 5), index))
            });
            prop_assert_eq!(chosen, Some(only));
        }

        #[test]
        fn the_lighter_of_two_wins(n: u64, loads in prop::array::uniform2(0u32..100)) {
            let chosen = draw(&mut HashChain::new(seed(n)), 2, |index| {
                Some((burden(loads[index as usize], 5, 9), loads[index as usize]))
            });
            prop_assert_eq!(chosen, loads.iter().min().copied());
        }

        #[test]
        fn less_is_what_the_fractions_say(
            a in (0u32..50, 1u32..50, 1u32..50),
            b in (0u32..50, 1u32..50, 1u32..50),
        ) {
            let fraction = |(load, capacity, score): (u32, u32, u32)| {
                f64::from(load + 1) / f64::from(capacity * score)
            };
            let less = burden(a.0, a.1, a.2).is_less_than(&burden(b.0, b.1, b.2));
            if (fraction(a) - fraction(b)).abs() > 1e-9 {
                prop_assert_eq!(less, fraction(a) < fraction(b));
            } else {
                prop_assert!(!less);
            }
        }
    }
}
