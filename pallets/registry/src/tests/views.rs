use super::*;

#[test]
fn versions_come_in_pages_in_order() {
    ExtBuilder::default().published().build_and_execute(|| {
        for _ in 0..4 {
            assert_ok!(Registry::publish_version(by(ALICE), 0, spec()));
        }
        let numbers = |from, limit| {
            let page = Registry::versions(0, from, limit);
            let numbers: Vec<_> = page.items.into_iter().map(|(number, _)| number).collect();
            (numbers, page.next)
        };
        assert_eq!(numbers(1, 2), (vec![1, 2], Some(3)));
        assert_eq!(numbers(3, 2), (vec![3, 4], Some(5)));
        assert_eq!(numbers(5, 2), (vec![5], None));
        assert_eq!(numbers(1, 5), (vec![1, 2, 3, 4, 5], None));
        assert_eq!(numbers(6, 2), (vec![], None));
        assert_eq!(numbers(u32::MAX, u32::MAX), (vec![], None));
    });
    ExtBuilder::default().build_and_execute(|| {
        assert_eq!(Registry::versions(0, 1, 9).items, vec![]);
    });
}

#[test]
fn functions_come_in_pages_that_skip_removed_ones() {
    ExtBuilder::default().published().build_and_execute(|| {
        publish(BOB, "b");
        publish(CAROL, "c");
        assert_ok!(Registry::retire(by(BOB), 1));
        System::set_block_number(1 + REMOVAL_DELAY);
        assert_ok!(Registry::remove(by(BOB), 1));
        let ids = |from, limit| {
            let page = Registry::functions(from, limit);
            let ids: Vec<_> = page.items.into_iter().map(|(id, _)| id).collect();
            (ids, page.next)
        };
        assert_eq!(ids(0, 2), (vec![0], Some(2)));
        assert_eq!(ids(2, 2), (vec![2], None));
        assert_eq!(ids(0, 9), (vec![0, 2], None));
        assert_eq!(ids(9, 9), (vec![], None));
    });
}

#[test]
fn functions_of_an_owner_come_in_pages_without_gaps() {
    ExtBuilder::default().published().build_and_execute(|| {
        publish(BOB, "not-alices");
        for called in ["a", "b", "c", "d"] {
            publish(ALICE, called);
        }
        let mut seen = vec![];
        let mut after = None;
        let mut pages = 0;
        loop {
            let page = Registry::functions_of(ALICE, after, 2);
            pages += 1;
            seen.extend(page.items.into_iter().map(|(_, id)| id));
            match page.next {
                Some(next) => after = Some(next),
                None => break,
            }
        }
        seen.sort_unstable();
        assert_eq!((seen, pages), (vec![0, 2, 3, 4, 5], 3));
        assert_eq!(Registry::functions_of(CAROL, None, 2).items, vec![]);
    });
}

#[test]
fn no_page_is_longer_than_the_bound() {
    ExtBuilder::default().build_and_execute(|| {
        for index in 0..=MAX_PAGE {
            publish(ALICE, &format!("f{index}"));
        }
        let bound = MAX_PAGE as usize;
        let functions = Registry::functions(0, u32::MAX);
        assert_eq!(
            (functions.items.len(), functions.next),
            (bound, Some(u64::from(MAX_PAGE)))
        );
        let owned = Registry::functions_of(ALICE, None, u32::MAX);
        assert_eq!((owned.items.len(), owned.next.is_some()), (bound, true));
    });
}

#[test]
fn aliases_lists_all() {
    ExtBuilder::default().published().build_and_execute(|| {
        assert_ok!(Registry::set_alias(by(ALICE), 0, name("stable"), to(1)));
        let mut names: Vec<_> = Registry::aliases(0)
            .into_iter()
            .map(|(name, _)| name)
            .collect();
        names.sort();
        assert_eq!(names, [name("latest"), name("stable")]);
    });
}
