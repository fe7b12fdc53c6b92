//! `defaas call`
//!
//! *Function and input* → quote → request, paid by --account → with `--wait`, follow the call in the
//! best chain to its end → *output, and what it cost*.

mod input;
mod report;

use super::Context;
use crate::{
    amount::Amount,
    args::CallArgs,
    chain::{
        calls,
        events::{find, Requested},
        types::{Outcome, Output, Quote, Status, Text},
        Chain, Ended,
    },
    Error, Result,
};
use report::{Asked, Report};
use std::time::{Duration, Instant};

pub(super) async fn run(args: CallArgs, context: &Context<'_>) -> Result<()> {
    let input = input::read(args.input.as_deref())?;
    let chain = context.connect().await?;
    let signer = context.signer(&chain)?;
    let block = chain.best().await?;
    let function = context.function_id(&chain, &block, &args.function).await?;
    let selector = args.selector.selector();
    let quote = chain.quote(&block, function, &selector).await?;
    let max_fee = max_fee(&quote, args.max_fee)?;

    let started = Instant::now();
    let call = calls::request(function, selector, args.path.0.clone(), input, max_fee.0);
    let included = chain.submit(&call, &signer, context.output).await?;
    let requested = find::<Requested>(included.events.iter())?
        .ok_or_else(|| Error::Incompatible("no call was requested".into()))?;
    if !args.wait {
        context.output.result(&Asked {
            invocation: requested.invocation,
            digest: format!("0x{}", hex::encode(requested.digest)),
            function,
            version: requested.version,
            request_block: included.block_number,
            price: Amount(requested.price),
        });
        return Ok(());
    }
    let ended = wait(&chain, &requested, args.timeout, context).await?;
    let report = Report::new(&ended, included.block_number, started.elapsed());
    deliver(&args, report, &ended, context)
}

/// What may be spent at most. Less than the price is refused here, before a fee is paid for it.
fn max_fee(quote: &Quote, given: Option<Amount>) -> Result<Amount> {
    let price = Amount(quote.total());
    match given {
        Some(given) if given < price => Err(Error::Usage(format!(
            "the call costs {price}, more than --max-fee {given}"
        ))),
        Some(given) => Ok(given),
        None => Ok(price),
    }
}

async fn wait(
    chain: &Chain,
    requested: &Requested,
    seconds: u64,
    context: &Context<'_>,
) -> Result<Ended> {
    let follow = chain.follow(requested, context.output);
    tokio::time::timeout(Duration::from_secs(seconds), follow)
        .await
        .map_err(|_| Error::TimedOut {
            seconds,
            what: format!(
                "call {id} to end; it goes on, look at it with: defaas invocation show {id}",
                id = requested.invocation
            ),
        })?
}

/// Hands over what the function wrote, says what happened, and fails unless it was `Success`.
fn deliver(
    args: &CallArgs,
    mut report: Report,
    ended: &Ended,
    context: &Context<'_>,
) -> Result<()> {
    let output = context.output;
    let success = ended.record.status == Status::Settled(Outcome::Success);
    let bytes = match &ended.output {
        Some(Output::Inline(bytes)) => bytes.as_slice(),
        _ => &[],
    };
    let elsewhere = elsewhere(ended);
    if let (Some(file), true, None) = (&args.output, success, &elsewhere) {
        std::fs::write(file, bytes).map_err(Error::file(file))?;
        report.file = Some(file.display().to_string());
    }
    let is_text = !output.is_json() && args.output.is_none();
    if !is_text {
        output.result(&report);
    } else {
        if success {
            output.bytes(bytes);
        } else if !bytes.is_empty() {
            // The end of what it wrote to its error stream.
            output.aside(&Text(bytes.to_vec()).lines());
        }
        output.aside(&report);
    }
    match elsewhere {
        // JSON says where it is; whoever asked for the bytes did not get them.
        Some(error) if is_text || args.output.is_some() => Err(error),
        _ => verdict(ended),
    }
}

/// The error that an output is not on chain, if it is not.
fn elsewhere(ended: &Ended) -> Option<Error> {
    match &ended.output {
        Some(Output::Stored { cid, digest }) => Some(Error::OutputElsewhere {
            id: ended.id,
            cid: cid.to_string(),
            size: digest.size,
        }),
        _ => None,
    }
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
        amount::DFS,
        chain::types::{ContentId, Limit, OutputDigest, RefundReason},
        commands::fixture::record,
    };

    fn ended(status: Status, output: Option<Output>) -> Ended {
        Ended {
            id: 8,
            record: record(status, None),
            output,
            block: 9,
            payment: None,
        }
    }

    #[test]
    fn only_success_is_success() {
        assert!(verdict(&ended(Status::Settled(Outcome::Success), None)).is_ok());
        for status in [
            Status::Settled(Outcome::FunctionFailed),
            Status::Settled(Outcome::LimitExceeded(Limit::Timeout)),
            Status::Refunded(RefundReason::NoProvider),
            Status::Refunded(RefundReason::AttemptsExhausted),
        ] {
            let error = verdict(&ended(status, None)).unwrap_err();
            assert_eq!(error.exit_code(), 1, "{status}");
            assert!(error.to_string().contains(&status.to_string()));
        }
    }

    #[test]
    fn an_output_that_is_not_on_chain_is_an_error_that_says_where_it_is() {
        let cid = ContentId::raw([1; 32]);
        let digest = OutputDigest {
            sha256: [1; 32],
            size: 5_000,
        };
        let stored = Output::Stored {
            cid: cid.clone(),
            digest,
        };
        let success = Status::Settled(Outcome::Success);
        let error = elsewhere(&ended(success, Some(stored))).unwrap();
        assert!(error.to_string().contains(&cid.to_string()));
        assert_eq!(error.exit_code(), 8);
        let inline = Output::Inline(Vec::new());
        assert!(elsewhere(&ended(success, Some(inline))).is_none());
    }

    const QUOTE: Quote = Quote {
        developer_fee: DFS,
        execution_price: DFS,
        treasury_share: 0,
        network_fee: DFS,
    };

    #[test]
    fn the_most_to_pay_is_the_price_unless_said_otherwise() {
        assert_eq!(max_fee(&QUOTE, None).unwrap(), Amount(3 * DFS));
        let more = Some(Amount(4 * DFS));
        assert_eq!(max_fee(&QUOTE, more).unwrap(), Amount(4 * DFS));
    }

    #[test]
    fn less_than_the_price_is_refused_before_anything_is_sent() {
        let error = max_fee(&QUOTE, Some(Amount(2 * DFS))).unwrap_err();
        assert_eq!(error.exit_code(), 2);
        assert!(error.to_string().contains("3 DFS"));
    }
}
