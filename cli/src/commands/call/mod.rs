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
use input::Given;
use preflight::Plan;
use report::{Asked, Report};
use std::time::{Duration, Instant};

pub(super) async fn run(args: CallArgs, context: &Context<'_>) -> Result<()> {
    let given = Given::read(&args)?;
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
    let request = Request {
        account,
        nonce: included.nonce,
        function,
        path: args.path.0 .0.clone(),
        input,
    };
    let sought = Sought::of(&requested, request);
    let ended = wait(&chain, sought, args.timeout, context).await?;
    let report = report(&chain, &ended, started.elapsed(), args.balances).await?;
    deliver::run(&args, report, &ended, store.as_ref(), context).await
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
