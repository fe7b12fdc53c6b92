use frame_support::assert_ok;

use super::judge::jailed;
use crate::{mock::*, NextProviderId};

#[test]
fn a_provider_is_found_by_id_account_and_key() {
    ExtBuilder::default().build_and_execute(|| {
        let id = enrolled(ALICE);
        let info = Trust::provider(id).unwrap();
        assert_eq!(info.provider, provider(id));
        assert_eq!(info.profile, profile(id));
        assert_eq!(info.effective_capacity, 5);
        assert_eq!(info.score, 1_000_000);
        assert_eq!(Trust::provider_id_of(ALICE), Some(id));
        assert_eq!(Trust::provider_by_worker(key(ALICE)), Some(id));
        assert_eq!(Trust::provider(id + 1), None);
        assert_eq!(Trust::provider_id_of(BOB), None);
        assert_eq!(Trust::provider_by_worker(key(BOB)), None);
        assert_eq!(Trust::pool_size(anywhere()), 1);
    });
}

#[test]
fn the_score_is_shown_as_it_is_now() {
    ExtBuilder::default().build_and_execute(|| {
        let id = jailed(ALICE);
        let before = Trust::provider(id).unwrap().score;
        advance(7_200);
        assert_eq!(Trust::provider(id).unwrap().score, (before + 1_000_000) / 2);
    });
}

#[test]
fn pages_walk_over_all_and_skip_the_gone() {
    ExtBuilder::default().crowd(250).build_and_execute(|| {
        enroll_crowd(250, MIN_BOND, |_| offer());
        assert_ok!(Trust::leave(RuntimeOrigin::signed(crowd(7))));
        advance(UNBONDING);
        assert_ok!(Trust::withdraw(RuntimeOrigin::signed(crowd(7))));

        let (mut ids, mut next) = (Vec::new(), Some(0));
        while let Some(from) = next {
            let page = Trust::providers(from, 1_000);
            assert!(page.providers.len() <= 100);
            ids.extend(page.providers.iter().map(|info| info.id));
            next = page.next;
        }
        let expected: Vec<u32> = (0..250).filter(|id| *id != 7).collect();
        assert_eq!(ids, expected);
        assert_eq!(Trust::providers(250, 10).next, None);
        assert_eq!(Trust::providers(0, 0).providers.len(), 1);
    });
}

#[test]
fn a_page_of_nothing_but_gaps_ends() {
    ExtBuilder::default().build_and_execute(|| {
        NextProviderId::<Test>::put(5_000);
        let page = Trust::providers(0, 100);
        assert!(page.providers.is_empty());
        assert_eq!(page.next, Some(1_000));
        assert_eq!(Trust::providers(u32::MAX, 100).next, None);
    });
}
