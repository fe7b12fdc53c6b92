//! Requesting a call.

use defaas_primitives::{
    identity::{self, Identity},
    Cid, Input, Path, Principal, Verification,
};
use defaas_traits::mocks::{MockAccess, MockCatalog, MockEscrow, MockProviders};
use frame_support::{assert_noop, assert_ok, dispatch::GetDispatchInfo};
use sp_runtime::{traits::BadOrigin, Perbill};

use crate::{
    mock::*, types::*, Error, Event, Inputs, Invocations as Records, NextInvocationId, Queue,
};

#[track_caller]
fn refused(change: impl FnOnce(&mut defaas_traits::RequestParams)) -> sp_runtime::DispatchError {
    let mut params = params();
    change(&mut params);
    let root = sp_io::storage::root(sp_runtime::StateVersion::V1);
    let error = request_with(ALICE, params).unwrap_err().error;
    assert_eq!(root, sp_io::storage::root(sp_runtime::StateVersion::V1));
    error
}

#[test]
fn records_everything_the_call_needs() {
    ExtBuilder::default().build_and_execute(|| {
        System::inc_account_nonce(ALICE);
        next_block();
        let id = request();
        let invocation = Invocations::invocation(id).unwrap();
        let expected = identity::digest(
            &GENESIS,
            &Identity {
                principal: &Principal::direct(ALICE),
                nonce: 1u32,
                function: FUNCTION,
                version: VERSION,
                path: &Path::default(),
                input: identity::input_hash(&inline(b"hello")),
                invocation: id,
            },
        );
        assert_eq!(
            invocation,
            Invocation {
                digest: expected,
                principal: Principal::direct(ALICE),
                payer: ALICE,
                permit: permit(),
                quote: QUOTE,
                resolved: function(),
                input_bytes: 5,
                requested_at: Moment { block: 2, tick: 1 },
                status: Status::Requested,
                tried: Default::default(),
                redraws: 0,
                due: None,
                delivery: None,
            }
        );
        assert_eq!(
            Invocations::input(id),
            Some(CallInput {
                path: Path::default(),
                input: inline(b"hello")
            })
        );
        assert_eq!(Queue::<Test>::get(0), Some((id, FIRST_REPLICA)));
        assert_eq!(Invocations::queue_len(), 1);
        assert_eq!(
            last_event(),
            Event::Requested {
                invocation: id,
                digest: expected,
                function: FUNCTION,
                version: VERSION,
                caller: ALICE,
                payer: ALICE,
                price: TOTAL
            }
            .into()
        );
    });
}

#[test]
fn holds_the_price() {
    ExtBuilder::default().build_and_execute(|| {
        let id = request();
        assert_eq!(MockEscrow::held(id), Some(1_500));
    });
}

#[test]
fn equal_calls_have_different_digests() {
    ExtBuilder::default().build_and_execute(|| {
        let (first, second) = (request(), request());
        let digest = |id| Invocations::status_of(id).unwrap().0;
        assert_ne!(digest(first), digest(second));
    });
}

#[test]
fn fails_unsigned() {
    ExtBuilder::default().build_and_execute(|| {
        let params = params();
        let result = Invocations::request(
            RuntimeOrigin::none(),
            params.function,
            params.selector,
            params.path,
            params.input,
            params.max_fee,
        );
        assert_noop!(result, BadOrigin);
    });
}

#[test]
fn fails_for_an_invalid_path() {
    ExtBuilder::default().build_and_execute(|| {
        for path in ["", "no-slash", "/a b", "/#"] {
            let path = Path(path.as_bytes().to_vec().try_into().unwrap());
            assert_eq!(
                refused(|p| p.path = path),
                Error::<Test>::InvalidPath.into()
            );
        }
    });
}

#[test]
fn fails_for_an_input_that_nobody_can_fetch() {
    ExtBuilder::default().build_and_execute(|| {
        let input = Input::Stored {
            cid: Cid(vec![9, 9].try_into().unwrap()),
            size: 1,
        };
        assert_eq!(
            refused(|p| p.input = input),
            Error::<Test>::InvalidInput.into()
        );
    });
}

#[test]
fn fails_for_an_unknown_function() {
    ExtBuilder::default().build_and_execute(|| {
        assert_eq!(refused(|p| p.function = 99), MockCatalog::UNKNOWN);
    });
}

#[test]
fn fails_for_an_input_longer_than_the_version_allows() {
    ExtBuilder::default().build_and_execute(|| {
        let max = function().limits.max_input_bytes;
        assert_eq!(
            refused(|p| p.input = inline(&vec![0; max as usize + 1])),
            Error::<Test>::InputTooLarge.into()
        );
        let stored = Input::Stored {
            cid: Cid::raw_sha256([2; 32]),
            size: max + 1,
        };
        assert_eq!(
            refused(|p| p.input = stored),
            Error::<Test>::InputTooLarge.into()
        );
        let mut params = params();
        params.input = inline(&vec![0; max as usize]);
        assert_ok!(request_with(ALICE, params));
    });
}

#[test]
fn fails_for_verification_that_is_not_supported() {
    ExtBuilder::default().build_and_execute(|| {
        for verification in [Verification::Audited, Verification::Redundant(3)] {
            MockCatalog::insert(&defaas_traits::Resolved {
                verification,
                ..function()
            });
            assert_eq!(
                refused(|_| ()),
                Error::<Test>::UnsupportedVerification.into()
            );
        }
    });
}

#[test]
fn fails_without_permission() {
    ExtBuilder::default().build_and_execute(|| {
        let error = request_with(STRANGER, params()).unwrap_err().error;
        assert_eq!(error, MockAccess::REFUSAL);
    });
}

#[test]
fn fails_where_the_price_with_the_network_fee_is_above_max_fee() {
    ExtBuilder::default().build_and_execute(|| {
        assert_eq!(
            refused(|p| p.max_fee = TOTAL - 1),
            Error::<Test>::MaxFeeTooLow.into()
        );
    });
}

#[test]
fn fails_where_no_provider_has_what_is_required() {
    ExtBuilder::default().providers(0).build_and_execute(|| {
        assert_eq!(refused(|_| ()), Error::<Test>::NoProvider.into());
    });
}

#[test]
fn fails_where_the_payer_cannot_pay() {
    ExtBuilder::default().build_and_execute(|| {
        MockEscrow::bankrupt(&ALICE);
        assert_eq!(refused(|_| ()), MockEscrow::TOO_POOR);
        assert_eq!(NextInvocationId::<Test>::get(), 0);
        assert_eq!(Records::<Test>::iter().count(), 0);
        assert_eq!(Inputs::<Test>::iter().count(), 0);
    });
}

#[test]
fn fails_while_more_calls_wait_than_four_blocks_can_draw() {
    ExtBuilder::default().build_and_execute(|| {
        DrawShare::set(Perbill::from_percent(1));
        let room = 4 * Invocations::draws_per_block();
        assert!(room > 4);
        for _ in 0..room {
            request();
        }
        assert_eq!(refused(|_| ()), Error::<Test>::Busy.into());
        next_block();
        request();
    });
}

#[test]
fn a_full_provider_is_still_one() {
    ExtBuilder::default().providers(1).build_and_execute(|| {
        MockProviders::set_full::<AccountId>(0, true);
        request();
    });
}

#[test]
fn gives_back_the_weight_it_did_not_use() {
    ExtBuilder::default().build_and_execute(|| {
        let call = |path: Path| crate::Call::<Test>::request {
            function: FUNCTION,
            selector: params().selector,
            path,
            input: params().input,
            max_fee: TOTAL,
        };
        let declared = call(Path::default()).get_dispatch_info().call_weight;
        let used = |result: frame_support::pallet_prelude::DispatchResultWithPostInfo| match result
        {
            Ok(info) => info.actual_weight.unwrap(),
            Err(error) => error.post_info.actual_weight.unwrap(),
        };
        let success = used(request_with(ALICE, params()));
        // The mock's permit uses half of its worst case.
        assert!(success.all_lt(declared) || success.ref_time() < declared.ref_time());
        let mut dear = params();
        dear.max_fee = 0;
        let refused = used(request_with(ALICE, dear));
        let mut invalid = params();
        invalid.path = Path(Default::default());
        let invalid = used(request_with(ALICE, invalid));
        assert!(invalid.ref_time() < refused.ref_time());
        assert!(refused.ref_time() < success.ref_time());
        assert!(
            invalid.ref_time()
                >= <Test as frame_system::Config>::DbWeight::get()
                    .reads(1)
                    .ref_time()
        );
    });
}
