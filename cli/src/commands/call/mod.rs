//! `defaas call`
//!
//! *Function and input* → ask the chain whether it would take the call → a long input into the
//! content store → request, paid by --account → with `--wait`, follow the call in the best chain to
//! its end → *output, and what it cost*.

mod balances;
mod deliver;
mod input;
mod preflight;
mod report;

use super::Context;
use crate::{
    amount::Amount,
    args::CallArgs,
    chain::{
        calls,
        events::{find, Requested},
        Chain, Ended, Request, Sought,
    },
    Error, Result,
};
use balances::Balances;
use defaas_primitives::InvocationId;
use input::Given;
use preflight::Plan;
use report::{Asked, Report};
use std::time::{Duration, Instant};

pub(super) async fn run(args: CallArgs, context: &Context<'_>) -> Result<()> {
    let given = Given::read(&args, context.output)?;
    let store = context.store()?;
    given.check_store(store.as_ref())?;
    let chain = context.connect().await?;
    let signer = context.signer(&chain)?;
    let account = signer.public_key().to_account_id();
    let block = chain.best().await?;
    let function = context.function_id(&chain, &block, &args.function).await?;
    let selector = args.selector.selector();
    context.output.progress("asking what the call costs");
    let plan = Plan {
        function,
        selector: &selector,
        caller: &account,
        input: given.size(),
        max_fee: args.max_fee,
    };
    let max_fee = plan.check(&chain, &block).await?;
    let input = given.on_chain(store.as_ref(), context.output).await?;

    let started = Instant::now();
    let path = args.path.0.clone();
    let call = calls::request(function, selector, path, input.clone(), max_fee.0);
    let included = chain.submit(&call, &signer, context.output).await?;
    let requested = find::<Requested>(included.events.iter())?.ok_or_else(|| {
        let (hash, block) = (included.hash, included.block_number);
        Error::Incompatible(format!(
            "transaction {hash:#x} in block {block} requested no call"
        ))
    })?;
    if !args.wait {
        let asked = Asked {
            invocation: requested.invocation,
            digest: format!("0x{}", hex::encode(requested.digest)),
            function,
            version: requested.version,
            request_block: included.block_number,
            price: Amount(requested.price),
        };
        return context
            .output
            .result(&asked)
            .map_err(|error| not_written(asked.invocation, error));
    }
    let request = Request {
        account,
        nonce: included.nonce,
        function,
        path: args.path.0 .0.clone(),
        input,
    };
    let sought = Sought::of(&requested, request);
    let ended = wait(&chain, sought, args.timeout, context).await?;
    let report = report(&chain, &ended, started.elapsed(), args.balances)
        .await
        .map_err(|error| lost_sight(ended.id, error))?;
    deliver::run(&args, report, &ended, store.as_ref(), context)
        .await
        .map_err(|error| not_written(ended.id, error))
}

async fn wait(chain: &Chain, sought: Sought, seconds: u64, context: &Context<'_>) -> Result<Ended> {
    let id = sought.id;
    let follow = chain.follow(sought, context.output);
    tokio::time::timeout(Duration::from_secs(seconds), follow)
        .await
        .map_err(|_| Error::TimedOut {
            seconds,
            what: format!(
                "call {id} to end; it goes on, look at it with: defaas invocation show {id}"
            ),
        })?
        .map_err(|error| lost_sight(id, error))
}

/// The call is paid for, so whatever goes wrong now is told with its number.
fn lost_sight(id: InvocationId, error: Error) -> Error {
    match error {
        Error::LostSight { .. } => error,
        error => Error::LostSight {
            id,
            reason: error.to_string(),
        },
    }
}

/// With the number of the call whose result could not be written.
fn not_written(id: InvocationId, error: Error) -> Error {
    match error {
        Error::File { path, source } => Error::File {
            path: format!("call {id}: {}", path.display()).into(),
            source,
        },
        error => error,
    }
}

async fn report(
    chain: &Chain,
    ended: &Ended,
    latency: Duration,
    with_balances: bool,
) -> Result<Report> {
    let provider = match ended.record.delivery {
        Some(delivery) => {
            let at = chain.at(ended.block_hash).await?;
            let info = chain.provider(&at, delivery.provider).await?;
            info.map(|info| info.provider.account)
        }
        None => None,
    };
    let balances = if with_balances {
        Some(Balances::read(chain, ended, provider).await?)
    } else {
        None
    };
    Ok(Report::new(ended, provider, balances, latency))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_wrong_after_the_request_is_told_with_the_number_of_the_call() {
        let broken = Error::Connection {
            url: "ws://n".into(),
            reason: "reset".into(),
        };
        let error = lost_sight(7, broken);
        assert!(error.to_string().contains("call 7"), "{error}");
        assert!(error.to_string().contains("reset"), "{error}");
        let hint = error.hint().unwrap();
        assert!(hint.contains("do not send it again"), "{hint}");
        assert!(hint.contains("invocation show 7"), "{hint}");

        let full = Error::file("standard output")(std::io::ErrorKind::StorageFull.into());
        let error = not_written(7, full);
        assert!(error.to_string().contains("call 7: standard output"));
        assert_eq!(error.exit_code(), 6);
    }
}
