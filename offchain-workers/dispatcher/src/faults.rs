//! Which fault a failed step is reported as. All of it is here, because a fault decides whom the
//! chain blames: [`Fault::CodeUnavailable`], [`Fault::InputUnavailable`] and [`Fault::InvalidCode`]
//! blame what developer or caller brought, the others the provider.

use defaas_primitives::Fault;

use crate::ports::{ContentError, ExecutorError};

/// The code could not be had. An own store that is full is this provider's fault, not the
/// developer's.
pub(crate) fn of_code(error: &ContentError) -> Fault {
    match error {
        ContentError::NotFound | ContentError::TimedOut => Fault::CodeUnavailable,
        ContentError::Mismatch => Fault::InvalidCode,
        ContentError::Full => Fault::Overloaded,
        ContentError::Failed(_) => Fault::Internal,
    }
}

/// The input could not be had, or is not what the request says.
pub(crate) fn of_input(error: &ContentError) -> Fault {
    match error {
        ContentError::NotFound | ContentError::TimedOut | ContentError::Mismatch => {
            Fault::InputUnavailable
        }
        ContentError::Full => Fault::Overloaded,
        ContentError::Failed(_) => Fault::Internal,
    }
}

/// The output could not be stored. The function has run, so nobody but this provider is to blame.
pub(crate) fn of_output(error: &ContentError) -> Fault {
    match error {
        ContentError::Full => Fault::Overloaded,
        ContentError::NotFound
        | ContentError::TimedOut
        | ContentError::Mismatch
        | ContentError::Failed(_) => Fault::Internal,
    }
}

/// The code could not be made ready.
pub(crate) fn of_deployment(error: &ExecutorError) -> Fault {
    match error {
        ExecutorError::Unsupported => Fault::Unsupported,
        ExecutorError::InvalidCode => Fault::InvalidCode,
        ExecutorError::Busy => Fault::Overloaded,
        ExecutorError::TimedOut | ExecutorError::Failed(_) => Fault::Internal,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failed() -> ContentError {
        ContentError::Failed("disk".into())
    }

    #[test]
    fn missing_content_blames_what_was_brought_and_a_broken_store_this_provider() {
        assert_eq!(of_code(&ContentError::NotFound), Fault::CodeUnavailable);
        assert_eq!(of_code(&ContentError::TimedOut), Fault::CodeUnavailable);
        assert_eq!(of_code(&ContentError::Mismatch), Fault::InvalidCode);
        assert_eq!(of_input(&ContentError::NotFound), Fault::InputUnavailable);
        assert_eq!(of_input(&ContentError::Mismatch), Fault::InputUnavailable);
        for fault in [of_code(&failed()), of_input(&failed())] {
            assert_eq!(fault, Fault::Internal);
        }
        for fault in [of_code(&ContentError::Full), of_input(&ContentError::Full)] {
            assert_eq!(fault, Fault::Overloaded);
        }
    }

    #[test]
    fn nothing_after_the_execution_blames_what_was_brought() {
        for error in [
            ContentError::NotFound,
            ContentError::Mismatch,
            ContentError::Full,
            ContentError::TimedOut,
            failed(),
        ] {
            assert!(!of_output(&error).blames_content(), "{error}");
        }
    }

    #[test]
    fn deployment_blames_the_code_only_when_it_is_invalid() {
        let faults = [
            (ExecutorError::InvalidCode, Fault::InvalidCode),
            (ExecutorError::Unsupported, Fault::Unsupported),
            (ExecutorError::Busy, Fault::Overloaded),
            (ExecutorError::TimedOut, Fault::Internal),
            (ExecutorError::Failed("down".into()), Fault::Internal),
        ];
        for (error, fault) in faults {
            assert_eq!(of_deployment(&error), fault);
        }
    }
}
