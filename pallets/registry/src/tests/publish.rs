use super::*;
use defaas_primitives::{labels::LabelKey, Cid, CodeKind, Label, Labels, Placement, Verification};
use frame_support::{traits::Footprint, BoundedVec};
use sp_runtime::{ArithmeticError, DispatchError, TokenError};

fn try_publish(who: u64, spec: VersionSpec) -> sp_runtime::DispatchResult {
    Registry::publish(by(who), name("hello"), None, 5, Placement::default(), spec)
}

fn bad_cid() -> Cid {
    Cid(BoundedVec::truncate_from(vec![9, 9]))
}

#[test]
fn makes_a_function_with_version_1_and_latest() {
    ExtBuilder::default().build_and_execute(|| {
        assert_ok!(Registry::publish(
            by(ALICE),
            name("hello"),
            Some(cid(9)),
            5,
            Placement::default(),
            spec()
        ));
        let function = Registry::function(0).unwrap();
        assert_eq!(function.owner, ALICE);
        assert_eq!(function.status, Status::Active);
        assert_eq!(function.description, Some(cid(9)));
        assert_eq!(
            (function.versions, function.aliases, function.fee),
            (1, 1, 5)
        );
        assert_eq!(Registry::function_by_name(ALICE, name("hello")), Some(0));
        assert_eq!(Registry::version(0, 1).unwrap().spec, spec());
        assert_eq!(Registry::alias(0, name("latest")).unwrap().target, to(1));
        assert_eq!(
            events(),
            vec![
                Event::FunctionPublished {
                    function: 0,
                    owner: ALICE,
                    name: name("hello")
                },
                Event::VersionPublished {
                    function: 0,
                    version: 1
                },
                Event::AliasSet {
                    function: 0,
                    alias: name("latest")
                },
            ]
        );
    });
}

#[test]
fn deposit_covers_the_records_and_the_codes_size() {
    ExtBuilder::default().build_and_execute(|| {
        publish(ALICE, "hello");
        let records = [
            Footprint::from_mel::<FunctionOf<Test>>(),
            Footprint::from_mel::<VersionOf<Test>>(),
            Footprint::from_mel::<AliasOf<Test>>(),
        ];
        let bytes: u64 = records.iter().map(|record| record.size).sum();
        let expected = 3 * DepositBase::get() + Balance::from(bytes + spec().code.size);
        assert_eq!(held(ALICE), expected);
    });
}

#[test]
fn same_name_of_another_owner_is_another_function() {
    ExtBuilder::default().published().build_and_execute(|| {
        assert_eq!(publish(BOB, "hello"), 1);
        assert_eq!(Registry::function_by_name(ALICE, name("hello")), Some(0));
        assert_eq!(Registry::function_by_name(BOB, name("hello")), Some(1));
    });
}

#[test]
fn fails_when_the_owner_has_that_name() {
    ExtBuilder::default().published().build_and_execute(|| {
        assert_noop!(try_publish(ALICE, spec()), Error::<Test>::AlreadyExists);
    });
}

#[test]
fn fails_unsigned() {
    ExtBuilder::default().build_and_execute(|| {
        assert_noop!(
            Registry::publish(
                RuntimeOrigin::root(),
                name("hello"),
                None,
                5,
                Placement::default(),
                spec()
            ),
            DispatchError::BadOrigin
        );
    });
}

#[test]
fn fails_without_money_for_the_deposit() {
    ExtBuilder::default().build_and_execute(|| {
        assert_noop!(
            try_publish(PAUPER, spec()),
            DispatchError::Token(TokenError::FundsUnavailable)
        );
    });
}

#[test]
fn fails_when_ids_are_used_up() {
    ExtBuilder::default().build_and_execute(|| {
        NextFunctionId::<Test>::put(u64::MAX);
        assert_noop!(try_publish(ALICE, spec()), ArithmeticError::Overflow);
    });
}

#[test]
fn fails_with_an_invalid_name() {
    ExtBuilder::default().build_and_execute(|| {
        for invalid in ["", "-a", "A", "a_b"] {
            let invalid = defaas_primitives::Name(BoundedVec::truncate_from(invalid.into()));
            assert_noop!(
                Registry::publish(by(ALICE), invalid, None, 5, Placement::default(), spec()),
                Error::<Test>::InvalidName
            );
        }
    });
}

#[test]
fn fails_with_an_invalid_cid_anywhere() {
    ExtBuilder::default().build_and_execute(|| {
        assert_noop!(
            Registry::publish(
                by(ALICE),
                name("hello"),
                Some(bad_cid()),
                5,
                Placement::default(),
                spec()
            ),
            Error::<Test>::InvalidCid
        );
        let mut code = spec();
        code.code.cid = bad_cid();
        assert_noop!(try_publish(ALICE, code), Error::<Test>::InvalidCid);
        let manifest = VersionSpec {
            manifest: Some(bad_cid()),
            ..spec()
        };
        assert_noop!(try_publish(ALICE, manifest), Error::<Test>::InvalidCid);
    });
}

#[test]
fn fails_with_code_of_no_size_or_too_large_for_its_kind() {
    ExtBuilder::default().build_and_execute(|| {
        let sized = |kind, size| {
            let mut spec = spec();
            spec.code.kind = kind;
            spec.code.size = size;
            spec
        };
        for kind in [CodeKind::Wasm, CodeKind::Oci] {
            assert_noop!(try_publish(ALICE, sized(kind, 0)), Error::<Test>::CodeEmpty);
        }
        assert_noop!(
            try_publish(ALICE, sized(CodeKind::Wasm, MAX_WASM_SIZE + 1)),
            Error::<Test>::CodeTooLarge
        );
        assert_noop!(
            try_publish(ALICE, sized(CodeKind::Oci, MAX_OCI_SIZE + 1)),
            Error::<Test>::CodeTooLarge
        );
        assert_ok!(try_publish(ALICE, sized(CodeKind::Wasm, MAX_WASM_SIZE)));
        assert_ok!(try_publish(BOB, sized(CodeKind::Oci, MAX_OCI_SIZE)));
    });
}

#[test]
fn fails_with_limits_of_zero_or_above_the_networks() {
    ExtBuilder::default().build_and_execute(|| {
        let breaks: [fn(&mut VersionSpec); 6] = [
            |spec| spec.limits.timeout_ms = 0,
            |spec| spec.limits.timeout_ms = 300_001,
            |spec| spec.limits.memory_bytes = 0,
            |spec| spec.limits.memory_bytes = (1 << 30) + 1,
            |spec| spec.limits.max_input_bytes = (16 << 20) + 1,
            |spec| spec.limits.max_output_bytes = (16 << 20) + 1,
        ];
        for break_it in breaks {
            let mut spec = spec();
            break_it(&mut spec);
            assert_noop!(try_publish(ALICE, spec), Error::<Test>::InvalidLimits);
        }
    });
}

#[test]
fn takes_the_largest_limits_and_no_input_or_output() {
    ExtBuilder::default().build_and_execute(|| {
        let mut spec = spec();
        spec.limits.timeout_ms = 300_000;
        spec.limits.memory_bytes = 1 << 30;
        spec.limits.max_input_bytes = 0;
        spec.limits.max_output_bytes = 0;
        assert_ok!(try_publish(ALICE, spec));
    });
}

#[test]
fn fails_with_a_verification_that_is_reserved() {
    ExtBuilder::default().build_and_execute(|| {
        for verification in [Verification::Audited, Verification::Redundant(3)] {
            let spec = VersionSpec {
                verification,
                ..spec()
            };
            assert_noop!(try_publish(ALICE, spec), Error::<Test>::Unsupported);
        }
    });
}

#[test]
fn fails_with_placement_that_is_invalid_or_reserved() {
    ExtBuilder::default().build_and_execute(|| {
        let labels = |value: &str| Labels {
            cloud: Some(Label(BoundedVec::truncate_from(value.into()))),
            ..Default::default()
        };
        let place = |placement| Registry::publish(by(ALICE), name("p"), None, 5, placement, spec());
        assert_noop!(
            place(Placement {
                required: labels("Not Valid"),
                ..Default::default()
            }),
            Error::<Test>::InvalidLabels
        );
        assert_noop!(
            place(Placement {
                preferred: labels("home"),
                ..Default::default()
            }),
            Error::<Test>::Unsupported
        );
        assert_noop!(
            place(Placement {
                spread: Some(LabelKey::Region),
                ..Default::default()
            }),
            Error::<Test>::Unsupported
        );
        assert_ok!(place(Placement {
            required: labels("home"),
            ..Default::default()
        }));
    });
}
