//! Random sequences of everything that can be called. After each step the invariants hold, the
//! issuance is what it was, and load and exposure are those of the assignments that are open.

use defaas_primitives::{notice::NoticeBody, Balance, CodeKind, Labels, ProviderId};
use defaas_traits::{Providers as _, Requirements, Verdict};
use proptest::prelude::*;
use std::collections::BTreeMap;

use crate::{
    mock::*,
    types::{Capabilities, Changes, Offer},
    ProviderIds, Providers,
};

/// Few people, so that they meet.
const PEOPLE: [AccountId; 3] = [ALICE, BOB, CHARLIE];

#[derive(Clone, Debug)]
enum Step {
    Register {
        bond: Balance,
        offer: Offer,
    },
    Update(Changes),
    Rotate(u64),
    BondMore(Balance),
    Leave,
    Withdraw,
    Announce(u64),
    SetAvailable(u64, bool),
    Draw {
        pool: Requirements,
        seed: [u8; 32],
        exposure: Balance,
    },
    Close {
        which: prop::sample::Index,
        verdict: Option<Verdict>,
    },
    Advance(u64),
    Govern {
        min: Balance,
        floor: Balance,
        per_slot: Balance,
        slice: Balance,
    },
}

fn any_labels() -> impl Strategy<Value = Labels> {
    let label = |text: &'static str| prop::option::of(Just(label(text)));
    (
        label("home"),
        label("eu"),
        prop_oneof![label("arm"), label("amd")],
    )
        .prop_map(|(cloud, region, arch)| Labels {
            cloud,
            region,
            arch,
        })
}

fn any_kind() -> impl Strategy<Value = CodeKind> {
    prop_oneof![Just(CodeKind::Wasm), Just(CodeKind::Oci)]
}

/// Valid ones mostly.
fn any_capabilities() -> impl Strategy<Value = Capabilities> {
    prop_oneof![9 => 1u8..=3, 1 => any::<u8>()].prop_map(Capabilities)
}

fn any_offer() -> impl Strategy<Value = Offer> {
    (any_labels(), any_capabilities(), 0u32..20).prop_map(|(labels, capabilities, capacity)| {
        Offer {
            endpoint: endpoint(80),
            labels,
            capabilities,
            capacity,
            encryption_key: None,
        }
    })
}

fn any_changes() -> impl Strategy<Value = Changes> {
    (
        prop::option::of(any_labels()),
        prop::option::of(any_capabilities()),
        prop::option::of(1u32..20),
    )
        .prop_map(|(labels, capabilities, capacity)| Changes {
            labels,
            capabilities,
            capacity,
            ..Default::default()
        })
}

fn any_verdict() -> impl Strategy<Value = Option<Verdict>> {
    prop_oneof![
        2 => Just(Some(Verdict::Delivered)),
        1 => Just(Some(Verdict::Failed)),
        3 => Just(Some(Verdict::Silent)),
        1 => Just(None),
    ]
}

fn any_step() -> impl Strategy<Value = Step> {
    let money = || 0..3 * MIN_BOND;
    prop_oneof![
        4 => (money(), any_offer()).prop_map(|(bond, offer)| Step::Register { bond, offer }),
        2 => any_changes().prop_map(Step::Update),
        1 => (0u64..5).prop_map(Step::Rotate),
        2 => money().prop_map(Step::BondMore),
        1 => Just(Step::Leave),
        2 => Just(Step::Withdraw),
        1 => (0u64..20).prop_map(Step::Announce),
        2 => (0u64..20, any::<bool>()).prop_map(|(n, is)| Step::SetAvailable(n, is)),
        10 => (any_kind(), any_labels(), any::<[u8; 32]>(), 0..MIN_BOND).prop_map(
            |(kind, labels, seed, exposure)| Step::Draw {
                pool: Requirements { kind, labels },
                seed,
                exposure,
            }
        ),
        8 => (any::<prop::sample::Index>(), any_verdict())
            .prop_map(|(which, verdict)| Step::Close { which, verdict }),
        4 => (0u64..2 * UNBONDING).prop_map(Step::Advance),
        1 => (money(), money(), money(), money()).prop_map(|(min, floor, per_slot, slice)| {
            Step::Govern { min, floor, per_slot, slice }
        }),
    ]
}

/// Takes one step. Whether it succeeds is its own business: only the state afterwards counts.
fn take(step: Step, who: AccountId, open: &mut Vec<(ProviderId, Balance)>) {
    let origin = RuntimeOrigin::signed(who);
    let id = ProviderIds::<Test>::get(who).unwrap_or(u32::MAX);
    match step {
        Step::Register { bond, offer } => drop(register(who, bond, offer)),
        Step::Update(changes) => drop(frame_support::storage::with_storage_layer(|| {
            Trust::do_update(who, changes)
        })),
        Step::Rotate(n) => drop(Trust::set_worker_key(origin, key(n), proof(n, who))),
        Step::BondMore(amount) => drop(Trust::bond_more(origin, amount)),
        Step::Leave => drop(Trust::leave(origin)),
        Step::Withdraw => drop(Trust::withdraw(origin)),
        Step::Announce(n) => drop(apply(notice(who, id, n, NoticeBody::Endpoint(endpoint(9))))),
        Step::SetAvailable(n, is) => drop(apply(notice(who, id, n, NoticeBody::Available(is)))),
        Step::Draw {
            pool,
            seed,
            exposure,
        } => {
            // Somebody is left out each time, in turn.
            let excluded = [open.len() as ProviderId % 3];
            if let Some(chosen) = Trust::draw(&pool, seed, &excluded, exposure).chosen() {
                assert!(!excluded.contains(&chosen.provider));
                assert!(provider(chosen.provider).serves());
                open.push((chosen.provider, exposure));
            }
        }
        Step::Close { which, verdict } => {
            if !open.is_empty() {
                let (id, exposure) = open.swap_remove(which.index(open.len()));
                Trust::close(id, exposure);
                if let Some(verdict) = verdict {
                    Trust::judge(id, verdict);
                }
            }
        }
        Step::Advance(blocks) => advance(blocks),
        Step::Govern {
            min,
            floor,
            per_slot,
            slice,
        } => {
            MinBond::set(&min);
            FloorBond::set(&floor);
            BondPerSlot::set(&per_slot);
            Slice::set(&slice);
        }
    }
}

/// Load and exposure of every provider, from the open assignments.
fn books(open: &[(ProviderId, Balance)]) -> BTreeMap<ProviderId, (u32, Balance)> {
    let mut books = BTreeMap::new();
    for (id, exposure) in open {
        let (load, sum) = books.entry(*id).or_insert((0, 0));
        *load += 1;
        *sum += exposure;
    }
    books
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..Default::default() })]

    #[test]
    fn whatever_is_called_the_invariants_hold(
        steps in prop::collection::vec((any_step(), 0usize..3), 1..120),
    ) {
        ExtBuilder::default().build().execute_with(|| {
            let issuance = Balances::total_issuance();
            let mut open = Vec::new();
            for (step, person) in steps {
                take(step, PEOPLE[person], &mut open);
                prop_assert_eq!(Trust::do_try_state(), Ok(()));
                prop_assert_eq!(Balances::total_issuance(), issuance);
                let books = books(&open);
                for (id, provider) in Providers::<Test>::iter() {
                    let expected = books.get(&id).copied().unwrap_or_default();
                    prop_assert_eq!((provider.load, provider.exposure), expected);
                }
                prop_assert!(books.keys().all(Providers::<Test>::contains_key));
            }
            Ok(())
        })?;
    }
}
