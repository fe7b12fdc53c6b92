use alloc::vec::Vec;
use codec::{Decode, Encode};
use defaas_primitives::{Balance, ProviderId, WorkerId};
use frame_support::weights::Weight;

use super::state;
use crate::{Chosen, Draw, Providers, Requirements, Verdict};

const ALL: &str = "providers/all";
const VERDICTS: &str = "providers/verdicts";

#[derive(Encode, Decode)]
struct Entry<AccountId> {
    provider: ProviderId,
    account: AccountId,
    worker: WorkerId,
    capacity: u32,
    away: bool,
    load: u32,
    exposure: Balance,
}

/// Providers that suit every requirement. The seed decides among those that are there and have room.
pub struct MockProviders;

impl MockProviders {
    fn all<AccountId: Decode>() -> Vec<Entry<AccountId>> {
        state::get(ALL, &()).unwrap_or_default()
    }

    fn change<AccountId: Encode + Decode>(
        provider: ProviderId,
        change: impl FnOnce(&mut Entry<AccountId>),
    ) {
        let mut all = Self::all();
        all.iter_mut()
            .find(|entry| entry.provider == provider)
            .map(change);
        state::put(ALL, &(), &all);
    }

    /// Adds a provider.
    pub fn insert<AccountId: Encode + Decode>(
        provider: ProviderId,
        account: AccountId,
        worker: WorkerId,
    ) {
        let mut all = Self::all();
        all.push(Entry {
            provider,
            account,
            worker,
            capacity: u32::MAX,
            away: false,
            load: 0,
            exposure: 0,
        });
        state::put(ALL, &(), &all);
    }

    /// Most open assignments of `provider`; without bound until this is said.
    pub fn set_capacity<AccountId: Encode + Decode>(provider: ProviderId, capacity: u32) {
        Self::change::<AccountId>(provider, |entry| entry.capacity = capacity);
    }

    /// Whether `provider` is there, but has no room.
    pub fn set_full<AccountId: Encode + Decode>(provider: ProviderId, full: bool) {
        Self::set_capacity::<AccountId>(provider, if full { 0 } else { u32::MAX });
    }

    /// Whether `provider` is not there.
    pub fn set_away<AccountId: Encode + Decode>(provider: ProviderId, away: bool) {
        Self::change::<AccountId>(provider, |entry| entry.away = away);
    }

    /// Gives `provider` another worker key.
    pub fn rotate<AccountId: Encode + Decode>(provider: ProviderId, worker: WorkerId) {
        Self::change::<AccountId>(provider, |entry| entry.worker = worker);
    }

    /// Open assignments and exposure of `provider`.
    pub fn load<AccountId: Decode>(provider: ProviderId) -> (u32, Balance) {
        Self::all::<AccountId>()
            .into_iter()
            .find(|entry| entry.provider == provider)
            .map(|entry| (entry.load, entry.exposure))
            .unwrap_or_default()
    }

    /// Verdicts so far, in order.
    pub fn verdicts() -> Vec<(ProviderId, Verdict)> {
        state::logged::<(ProviderId, u8)>(VERDICTS)
            .into_iter()
            .map(|(provider, verdict)| {
                let verdict = match verdict {
                    0 => Verdict::Delivered,
                    1 => Verdict::Failed,
                    _ => Verdict::Silent,
                };
                (provider, verdict)
            })
            .collect()
    }
}

impl<AccountId: Encode + Decode + Clone> Providers<AccountId> for MockProviders {
    fn any(_: &Requirements) -> bool {
        !Self::all::<AccountId>().is_empty()
    }

    fn draw(
        _: &Requirements,
        seed: [u8; 32],
        excluded: &[ProviderId],
        exposure: Balance,
    ) -> Draw<AccountId> {
        let mut all = Self::all::<AccountId>();
        let mut candidates: Vec<_> = all
            .iter_mut()
            .filter(|entry| !entry.away && !excluded.contains(&entry.provider))
            .collect();
        if candidates.is_empty() {
            return Draw::Nobody;
        }
        candidates.retain(|entry| entry.load < entry.capacity);
        let pick = usize::from(u16::from_le_bytes([seed[0], seed[1]]));
        let index = pick.checked_rem(candidates.len());
        let Some(entry) = index.and_then(|index| candidates.get_mut(index)) else {
            return Draw::Full;
        };
        entry.load += 1;
        entry.exposure += exposure;
        let chosen = Chosen {
            provider: entry.provider,
            account: entry.account.clone(),
            worker: entry.worker.clone(),
        };
        state::put(ALL, &(), &all);
        Draw::Chosen(chosen)
    }

    fn close(provider: ProviderId, exposure: Balance) {
        Self::change::<AccountId>(provider, |entry| {
            entry.load = entry.load.checked_sub(1).expect("closes what was drawn");
            entry.exposure = entry
                .exposure
                .checked_sub(exposure)
                .expect("closes with the exposure of the draw");
        });
    }

    fn judge(provider: ProviderId, verdict: Verdict) {
        let verdict: u8 = match verdict {
            Verdict::Delivered => 0,
            Verdict::Failed => 1,
            Verdict::Silent => 2,
        };
        state::log(VERDICTS, (provider, verdict));
    }

    fn draw_weight() -> Weight {
        Weight::from_parts(1_000, 0)
    }

    fn close_weight() -> Weight {
        Weight::from_parts(1_000, 0)
    }

    fn judge_weight(verdict: Verdict) -> Weight {
        match verdict {
            Verdict::Delivered | Verdict::Failed => Weight::from_parts(1_000, 0),
            Verdict::Silent => Weight::from_parts(3_000, 0),
        }
    }
}
