//! `defaas quote`

use super::{price::Price, Context};
use crate::{args::QuoteArgs, Result};
use serde::Serialize;
use std::fmt;

#[derive(Serialize)]
struct Quoted {
    function: u64,
    version: u32,
    owner: String,
    timeout_ms: u32,
    memory_bytes: u32,
    #[serde(flatten)]
    price: Price,
}

impl fmt::Display for Quoted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "function         {}, version {}",
            self.function, self.version
        )?;
        write!(f, "{}", self.price)
    }
}

pub(super) async fn run(args: &QuoteArgs, context: &Context<'_>) -> Result<()> {
    let chain = context.connect().await?;
    let block = chain.best().await?;
    let function = context.function_id(&chain, &block, &args.function).await?;
    let selector = args.selector.selector();
    let resolved = chain.resolve(&block, function, &selector).await?;
    let quote = chain.quote(&block, function, &selector).await?;
    context.output.result(&Quoted {
        function,
        version: resolved.version,
        owner: resolved.owner.to_string(),
        timeout_ms: resolved.limits.timeout_ms,
        memory_bytes: resolved.limits.memory_bytes,
        price: quote.into(),
    })
}
