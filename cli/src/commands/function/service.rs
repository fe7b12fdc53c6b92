//! `defaas function pause`, `resume`, `retire`, `remove`, `transfer`, `accept`

use super::super::{done, Context};
use crate::{
    chain::{calls, types::Text, Chain},
    names::FunctionName,
    Error, Result,
};
use defaas_primitives::FunctionId;
use subxt::utils::AccountId32;

/// Longest reason of a pause, in bytes.
const MAX_REASON_LEN: usize = 128;

pub(super) async fn pause(
    function: &FunctionName,
    reason: Option<String>,
    context: &Context<'_>,
) -> Result<()> {
    let reason = reason.map(parse_reason).transpose()?;
    let (chain, id) = find(function, context).await?;
    let done = format!("function {id} paused");
    done::submit(&chain, calls::pause(id, reason), done, context).await
}

pub(super) async fn resume(function: &FunctionName, context: &Context<'_>) -> Result<()> {
    let (chain, id) = find(function, context).await?;
    let done = format!("function {id} resumed");
    done::submit(&chain, calls::resume(id), done, context).await
}

pub(super) async fn retire(function: &FunctionName, context: &Context<'_>) -> Result<()> {
    let (chain, id) = find(function, context).await?;
    let done = format!("function {id} retired");
    done::submit(&chain, calls::retire(id), done, context).await
}

pub(super) async fn remove(function: &FunctionName, context: &Context<'_>) -> Result<()> {
    let (chain, id) = find(function, context).await?;
    let done = format!("function {id} removed");
    done::submit(&chain, calls::remove(id), done, context).await
}

pub(super) async fn transfer(
    function: &FunctionName,
    to: AccountId32,
    context: &Context<'_>,
) -> Result<()> {
    let (chain, id) = find(function, context).await?;
    let done = format!("function {id} offered to {to}");
    done::submit(&chain, calls::transfer(id, to), done, context).await
}

pub(super) async fn accept(function: &FunctionName, context: &Context<'_>) -> Result<()> {
    let (chain, id) = find(function, context).await?;
    let done = format!("function {id} taken");
    done::submit(&chain, calls::accept(id), done, context).await
}

async fn find(function: &FunctionName, context: &Context<'_>) -> Result<(Chain, FunctionId)> {
    let chain = context.connect().await?;
    let block = chain.best().await?;
    let id = context.function_id(&chain, &block, function).await?;
    Ok((chain, id))
}

fn parse_reason(reason: String) -> Result<Text> {
    if reason.len() > MAX_REASON_LEN {
        return Err(Error::Usage(format!(
            "the reason has {} bytes; at most {MAX_REASON_LEN} fit",
            reason.len()
        )));
    }
    Ok(Text(reason.into_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_bounded_in_bytes() {
        assert!(parse_reason("ü".repeat(64)).is_ok());
        assert!(matches!(parse_reason("ü".repeat(65)), Err(Error::Usage(_))));
    }
}
