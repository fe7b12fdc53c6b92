//! The result of commands that change something and have nothing else to say.

use super::Context;
use crate::{chain::Chain, Result};
use serde::Serialize;
use std::fmt;
use subxt::transactions::Payload;

#[derive(Serialize)]
struct Done {
    done: String,
    block: u64,
    transaction: String,
}

impl fmt::Display for Done {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} in block {}, transaction {}",
            self.done, self.block, self.transaction
        )
    }
}

/// Submits `call` in the name of --account and says that it is `done`.
pub(super) async fn submit(
    chain: &Chain,
    call: impl Payload,
    done: String,
    context: &Context<'_>,
) -> Result<()> {
    let signer = context.signer(chain)?;
    let included = chain.submit(&call, &signer, context.output).await?;
    context.output.result(&Done {
        done,
        block: included.block_number,
        transaction: format!("{:#x}", included.hash),
    })
}
