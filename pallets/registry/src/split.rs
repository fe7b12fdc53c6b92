//! Which of several weighted versions a call goes to.
//!
//! The salt is a hash and so uniform over 2¹²⁸ values as far as it is used here. Reducing it modulo a
//! sum of at most 8 × 255 favours some versions by less than 2⁻¹¹⁶, which nobody can observe.

use alloc::collections::BTreeSet;
use defaas_primitives::{AliasTarget, VersionNumber};

/// Whether `target` names versions from 1 to `versions` only and, if it is weighted, at least one,
/// none twice and none with weight 0.
pub fn is_valid(target: &AliasTarget, versions: VersionNumber) -> bool {
    let exists = |version: &VersionNumber| (1..=versions).contains(version);
    match target {
        AliasTarget::Version(version) => exists(version),
        AliasTarget::Weighted(split) => {
            let distinct: BTreeSet<_> = split.iter().map(|(version, _)| version).collect();
            !split.is_empty()
                && distinct.len() == split.len()
                && split
                    .iter()
                    .all(|(version, weight)| exists(version) && *weight > 0)
        }
    }
}

/// The version that a call with this salt goes to. `None` if the weights sum up to 0, which a
/// [valid](is_valid) target never does.
pub fn pick(target: &AliasTarget, salt: &[u8; 32]) -> Option<VersionNumber> {
    let split = match target {
        AliasTarget::Version(version) => return Some(*version),
        AliasTarget::Weighted(split) => split,
    };
    let total: u128 = split.iter().map(|(_, weight)| u128::from(*weight)).sum();
    let (low, _) = salt.split_first_chunk::<16>()?;
    let mut point = u128::from_le_bytes(*low).checked_rem(total)?;
    for (version, weight) in split {
        match point.checked_sub(u128::from(*weight)) {
            Some(rest) => point = rest,
            None => return Some(*version),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::{collection::btree_map, prelude::*};

    fn salt(point: u128) -> [u8; 32] {
        let mut salt = [0xff; 32];
        salt[..16].copy_from_slice(&point.to_le_bytes());
        salt
    }

    fn weighted(split: impl IntoIterator<Item = (VersionNumber, u8)>) -> AliasTarget {
        let split: Vec<_> = split.into_iter().collect();
        AliasTarget::Weighted(split.try_into().unwrap())
    }

    proptest! {
        #[test]
        fn over_one_turn_each_version_gets_exactly_its_weight(
            split in btree_map(1u32..100, 1u8.., 1..=8)
        ) {
            let target = weighted(split.clone());
            let total: u128 = split.values().map(|weight| u128::from(*weight)).sum();
            let mut hits = std::collections::BTreeMap::new();
            for point in 0..total {
                *hits.entry(pick(&target, &salt(point)).unwrap()).or_insert(0u8) += 1;
            }
            prop_assert_eq!(hits, split);
        }

        #[test]
        fn every_salt_leads_to_a_version_of_the_split(
            split in btree_map(1u32..100, 1u8.., 1..=8),
            salt: [u8; 32],
        ) {
            let picked = pick(&weighted(split.clone()), &salt).unwrap();
            prop_assert!(split.contains_key(&picked));
        }

        #[test]
        fn a_plain_target_ignores_the_salt(version: u32, salt: [u8; 32]) {
            prop_assert_eq!(pick(&AliasTarget::Version(version), &salt), Some(version));
        }

        #[test]
        fn distinct_existing_weighted_versions_are_valid(
            split in btree_map(1u32..100, 1u8.., 1..=8)
        ) {
            let newest = *split.keys().max().unwrap();
            prop_assert!(is_valid(&weighted(split.clone()), newest));
            prop_assert!(!is_valid(&weighted(split), newest - 1));
        }
    }

    #[test]
    fn nothing_to_pick_from_gives_none() {
        assert_eq!(pick(&weighted([]), &salt(7)), None);
        assert_eq!(pick(&weighted([(1, 0), (2, 0)]), &salt(7)), None);
    }

    #[test]
    fn empty_repeated_weightless_and_missing_are_invalid() {
        for split in [
            vec![],
            vec![(1, 1), (1, 2)],
            vec![(1, 0)],
            vec![(0, 1)],
            vec![(4, 1)],
        ] {
            assert!(!is_valid(&weighted(split), 3));
        }
        assert!(!is_valid(&AliasTarget::Version(0), 3));
        assert!(!is_valid(&AliasTarget::Version(4), 3));
        assert!(is_valid(&AliasTarget::Version(3), 3));
    }
}
