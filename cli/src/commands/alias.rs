//! `defaas alias`

use super::{done, Context};
use crate::{args::AliasCommand, chain::calls, Result};

pub(super) async fn run(command: AliasCommand, context: &Context<'_>) -> Result<()> {
    let chain = context.connect().await?;
    let block = chain.best().await?;
    match command {
        AliasCommand::Set {
            function,
            alias,
            target,
        } => {
            let id = context.function_id(&chain, &block, &function).await?;
            let done = format!("alias {alias} of function {id} set");
            let call = calls::set_alias(id, alias.0, target.0);
            done::submit(&chain, call, done, context).await
        }
        AliasCommand::Rollback { function, alias } => {
            let id = context.function_id(&chain, &block, &function).await?;
            let done = format!("alias {alias} of function {id} rolled back");
            let call = calls::roll_back_alias(id, alias.0);
            done::submit(&chain, call, done, context).await
        }
        AliasCommand::Remove { function, alias } => {
            let id = context.function_id(&chain, &block, &function).await?;
            let done = format!("alias {alias} of function {id} removed");
            let call = calls::remove_alias(id, alias.0);
            done::submit(&chain, call, done, context).await
        }
    }
}
