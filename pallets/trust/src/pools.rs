//! Which pools a provider belongs to.
//!
//! A pool is named by what a call may require: a kind of code, and each label or "any". A provider
//! belongs to every pool whose requirements it meets, so a call's requirements name one pool and no
//! search is needed: at most 2³ combinations of labels for each kind of code.

use alloc::vec::Vec;
use defaas_primitives::{Label, Labels};
use defaas_traits::Requirements;

use crate::types::Capabilities;

/// Most pools a provider belongs to.
pub const MAX_POOLS: u32 = 8 * Capabilities::KINDS.len() as u32;

/// Every pool of a provider with these capabilities and labels, each once.
pub fn pools_of(capabilities: Capabilities, labels: &Labels) -> Vec<Requirements> {
    capabilities
        .kinds()
        .flat_map(|kind| combinations(labels).map(move |labels| Requirements { kind, labels }))
        .collect()
}

/// Every choice of the labels that are given.
fn combinations(labels: &Labels) -> impl Iterator<Item = Labels> + '_ {
    (0u8..8).filter_map(|mask| {
        let choice = Labels {
            cloud: choose(mask & 1 != 0, &labels.cloud)?,
            region: choose(mask & 2 != 0, &labels.region)?,
            arch: choose(mask & 4 != 0, &labels.arch)?,
        };
        Some(choice)
    })
}

/// The label if it is wanted. `None` if it is wanted but not given.
fn choose(wanted: bool, label: &Option<Label>) -> Option<Option<Label>> {
    match (wanted, label) {
        (false, _) => Some(None),
        (true, Some(label)) => Some(Some(label.clone())),
        (true, None) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use defaas_primitives::CodeKind;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn any_label() -> impl Strategy<Value = Option<Label>> {
        prop::option::of("[a-z]{1,8}".prop_map(|text| Label::parse(&text).unwrap()))
    }

    fn any_labels() -> impl Strategy<Value = Labels> {
        (any_label(), any_label(), any_label()).prop_map(|(cloud, region, arch)| Labels {
            cloud,
            region,
            arch,
        })
    }

    fn any_capabilities() -> impl Strategy<Value = Capabilities> {
        prop_oneof![
            Just(Capabilities::of(&[CodeKind::Wasm])),
            Just(Capabilities::of(&[CodeKind::Oci])),
            Just(Capabilities::of(&[CodeKind::Wasm, CodeKind::Oci])),
        ]
    }

    /// Whether a provider has everything that is required.
    fn meets(capabilities: Capabilities, has: &Labels, wants: &Requirements) -> bool {
        let label = |has: &Option<Label>, wants: &Option<Label>| wants.is_none() || has == wants;
        capabilities.has(wants.kind)
            && label(&has.cloud, &wants.labels.cloud)
            && label(&has.region, &wants.labels.region)
            && label(&has.arch, &wants.labels.arch)
    }

    proptest! {
        #[test]
        fn a_provider_is_in_exactly_the_pools_it_suits(
            capabilities in any_capabilities(),
            has in any_labels(),
            wants in any_labels(),
            same in prop::array::uniform3(any::<bool>()),
        ) {
            // Mix labels of the provider into the requirements, so that they meet often.
            let pick = |same: bool, a: &Option<Label>, b: &Option<Label>| {
                if same { a.clone() } else { b.clone() }
            };
            let labels = Labels {
                cloud: pick(same[0], &has.cloud, &wants.cloud),
                region: pick(same[1], &has.region, &wants.region),
                arch: pick(same[2], &has.arch, &wants.arch),
            };
            let pools = pools_of(capabilities, &has);
            for kind in Capabilities::KINDS {
                let wants = Requirements { kind, labels: labels.clone() };
                prop_assert_eq!(pools.contains(&wants), meets(capabilities, &has, &wants));
            }
        }

        #[test]
        fn pools_are_distinct_and_bounded(
            capabilities in any_capabilities(),
            labels in any_labels(),
        ) {
            let pools = pools_of(capabilities, &labels);
            let given = [&labels.cloud, &labels.region, &labels.arch]
                .into_iter()
                .flatten()
                .count() as u32;
            prop_assert_eq!(pools.len(), capabilities.kinds().count() << given);
            prop_assert!(pools.len() <= MAX_POOLS as usize);
            let encoded: BTreeSet<_> = pools.iter().map(codec::Encode::encode).collect();
            prop_assert_eq!(encoded.len(), pools.len());
        }
    }
}
