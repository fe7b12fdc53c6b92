//! *A call that has ended* → its output, from the chain or the content store → to standard output
//! or a file, and what there is to say → *an error unless it was `Success` and the output is here*.

use super::super::{output, Context};
use super::report::Report;
use crate::{
    args::CallArgs,
    chain::{
        types::{Outcome, Output, Status, Text},
        Ended,
    },
    file,
    store::Store,
    Error, Result,
};

/// Hands over what the function wrote, says what happened, and fails unless it was `Success`.
pub(super) async fn run(
    args: &CallArgs,
    mut report: Report,
    ended: &Ended,
    store: Option<&Store>,
    context: &Context<'_>,
) -> Result<()> {
    let screen = context.output;
    let success = ended.record.status == Status::Settled(Outcome::Success);
    let is_text = !screen.is_json() && args.output.is_none();
    // JSON says where an output is, which is enough unless there is a store to ask.
    let is_wanted = is_text || args.output.is_some() || store.is_some();
    let fetched = match &ended.output {
        Some(Output::Stored { .. }) if !is_wanted => Ok(None),
        Some(written) => output::fetch(ended.id, written, store, context)
            .await
            .map(Some),
        // Kept for a while only, and somebody may have waited for longer.
        None if success => Err(Error::NotFound(format!(
            "the output of call {} (it was removed)",
            ended.id
        ))),
        None => Ok(None),
    };
    let fetched = fetched.and_then(|bytes| match (&args.output, bytes) {
        (Some(path), Some(bytes)) if success => {
            file::write(path, &bytes)?;
            report.file = Some(path.display().to_string());
            Ok(None)
        }
        (_, bytes) => Ok(bytes),
    });
    if let (Ok(Some(bytes)), None) = (&fetched, &args.output) {
        report.show(bytes);
    }
    let printed = if is_text {
        let bytes = fetched
            .as_ref()
            .ok()
            .and_then(Option::as_deref)
            .unwrap_or_default();
        let printed = match success {
            true => screen.bytes(bytes),
            false => Ok(()),
        };
        if !success && !bytes.is_empty() {
            // The end of what it wrote to its error stream.
            screen.aside(&Text(bytes.to_vec()).lines());
        }
        screen.aside(&report);
        printed
    } else {
        screen.result(&report)
    };
    verdict(ended)?;
    fetched.map(drop)?;
    printed
}

/// `Ok` for a call that the function answered.
fn verdict(ended: &Ended) -> Result<()> {
    let meaning = match ended.record.status {
        Status::Settled(Outcome::Success) => return Ok(()),
        Status::Settled(Outcome::FunctionFailed) => {
            "the function itself failed; the call is paid".into()
        }
        Status::Settled(Outcome::LimitExceeded(_)) => {
            "it was stopped at a limit of its version; the execution is paid, the developer fee is \
             not"
            .into()
        }
        Status::Refunded(reason) => format!(
            "nothing but the network fee was charged: {}",
            reason.meaning()
        ),
        Status::Settled(Outcome::ProviderFailed(_)) | Status::Requested | Status::Assigned => {
            String::new()
        }
    };
    Err(Error::CallFailed {
        id: ended.id,
        status: ended.record.status.to_string(),
        meaning,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        chain::types::{ContentId, Limit, OutputDigest, RefundReason},
        commands::fixture::{context, record},
        output::Output as Screen,
    };
    use clap::Parser;
    use std::time::Duration;
    use subxt::utils::H256;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        args: CallArgs,
    }

    fn ended(status: Status, output: Option<Output>) -> Ended {
        Ended {
            id: 8,
            record: record(status, None),
            output,
            block: 9,
            block_hash: H256::zero(),
            payment: None,
        }
    }

    async fn deliver(options: &str, ended: &Ended) -> Result<()> {
        let line = format!("call f --wait {options}");
        let args = Line::parse_from(line.split_whitespace()).args;
        let screen = Screen::new(true);
        let context = context(&screen);
        let report = Report::new(ended, None, None, Duration::ZERO);
        run(&args, report, ended, None, &context).await
    }

    #[test]
    fn only_success_is_success() {
        assert!(verdict(&ended(Status::Settled(Outcome::Success), None)).is_ok());
        for status in [
            Status::Settled(Outcome::FunctionFailed),
            Status::Settled(Outcome::LimitExceeded(Limit::Timeout)),
            Status::Refunded(RefundReason::NoProvider),
            Status::Refunded(RefundReason::AttemptsExhausted),
            Status::Refunded(RefundReason::ProvidersFull),
        ] {
            let error = verdict(&ended(status, None)).unwrap_err();
            assert_eq!(error.exit_code(), 1, "{status}");
            assert!(error.to_string().contains(&status.to_string()));
        }
    }

    #[tokio::test]
    async fn the_output_of_a_success_is_in_the_file_and_that_of_a_failure_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("out");
        let options = format!("--output {}", file.display());
        let output = || Some(Output::Inline(b"42".to_vec()));
        let failed = ended(Status::Settled(Outcome::FunctionFailed), output());
        assert_eq!(deliver(&options, &failed).await.unwrap_err().exit_code(), 1);
        assert!(!file.exists());
        let success = ended(Status::Settled(Outcome::Success), output());
        deliver(&options, &success).await.unwrap();
        assert_eq!(std::fs::read(&file).unwrap(), b"42");
    }

    #[tokio::test]
    async fn a_success_whose_output_was_removed_is_an_error() {
        let success = ended(Status::Settled(Outcome::Success), None);
        assert_eq!(deliver("", &success).await.unwrap_err().exit_code(), 8);
        let refunded = ended(Status::Refunded(RefundReason::NoProvider), None);
        assert_eq!(deliver("", &refunded).await.unwrap_err().exit_code(), 1);
    }

    #[tokio::test]
    async fn an_output_elsewhere_is_an_error_for_whoever_asked_for_the_bytes() {
        let stored = Output::Stored {
            cid: ContentId::raw([1; 32]),
            digest: OutputDigest {
                sha256: [1; 32],
                size: 5_000,
            },
        };
        let success = ended(Status::Settled(Outcome::Success), Some(stored));
        deliver("", &success).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let options = format!("--output {}", folder.path().join("out").display());
        let error = deliver(&options, &success).await.unwrap_err();
        assert!(matches!(error, Error::OutputElsewhere { size: 5_000, .. }));
        assert_eq!(error.exit_code(), 8);
    }
}
