use super::*;
use frame_support::BoundedVec;

fn reason(text: &[u8]) -> Option<Reason> {
    Some(BoundedVec::truncate_from(text.to_vec()))
}

fn call() -> Result<u32, sp_runtime::DispatchError> {
    Registry::resolve(0, Selector::Version(1)).map(|resolved| resolved.version)
}

#[test]
fn paused_function_refuses_calls_until_resumed() {
    ExtBuilder::default().published().build_and_execute(|| {
        assert_ok!(Registry::pause(
            by(ALICE),
            0,
            reason("für später".as_bytes())
        ));
        System::assert_last_event(Event::FunctionPaused { function: 0 }.into());
        assert_eq!(
            Registry::function(0).unwrap().status,
            Status::Paused(reason("für später".as_bytes()))
        );
        assert_eq!(call(), Err(Error::<Test>::Paused.into()));
        assert_ok!(Registry::resume(by(ALICE), 0));
        System::assert_last_event(Event::FunctionResumed { function: 0 }.into());
        assert_eq!(call(), Ok(1));
    });
}

#[test]
fn pause_fails_for_others_twice_and_with_bytes_that_are_no_text() {
    ExtBuilder::default().published().build_and_execute(|| {
        assert_noop!(
            Registry::pause(by(ALICE), 0, reason(&[0xff])),
            Error::<Test>::InvalidReason
        );
        assert_noop!(Registry::pause(by(BOB), 0, None), Error::<Test>::NotOwner);
        assert_noop!(Registry::pause(by(ALICE), 1, None), Error::<Test>::NotFound);
        assert_ok!(Registry::pause(by(ALICE), 0, None));
        assert_noop!(
            Registry::pause(by(ALICE), 0, None),
            Error::<Test>::WrongState
        );
    });
}

#[test]
fn resume_fails_for_others_and_when_not_paused() {
    ExtBuilder::default().published().build_and_execute(|| {
        assert_noop!(Registry::resume(by(ALICE), 0), Error::<Test>::WrongState);
        assert_noop!(Registry::resume(by(BOB), 0), Error::<Test>::NotOwner);
        assert_noop!(Registry::resume(by(ALICE), 1), Error::<Test>::NotFound);
    });
}

#[test]
fn retired_function_never_comes_back() {
    ExtBuilder::default().published().build_and_execute(|| {
        assert_ok!(Registry::pause(by(ALICE), 0, None));
        assert_ok!(Registry::transfer(by(ALICE), 0, BOB));
        assert_ok!(Registry::retire(by(ALICE), 0));
        System::assert_last_event(Event::FunctionRetired { function: 0 }.into());
        let function = Registry::function(0).unwrap();
        assert_eq!(function.status, Status::Retired { since: 1 });
        assert_eq!(function.offered_to, None);
        assert_eq!(call(), Err(Error::<Test>::Retired.into()));
        assert_noop!(Registry::resume(by(ALICE), 0), Error::<Test>::Retired);
        assert_noop!(Registry::pause(by(ALICE), 0, None), Error::<Test>::Retired);
        assert_noop!(Registry::retire(by(ALICE), 0), Error::<Test>::Retired);
        assert_noop!(Registry::accept(by(BOB), 0), Error::<Test>::NotOffered);
    });
}

#[test]
fn retire_fails_for_others() {
    ExtBuilder::default().published().build_and_execute(|| {
        assert_noop!(Registry::retire(by(BOB), 0), Error::<Test>::NotOwner);
        assert_noop!(Registry::retire(by(ALICE), 1), Error::<Test>::NotFound);
    });
}
