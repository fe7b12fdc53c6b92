//! `defaas function`

mod list;
mod service;
mod show;

use super::Context;
use crate::{args::FunctionCommand, Result};

pub(super) async fn run(command: FunctionCommand, context: &Context<'_>) -> Result<()> {
    match command {
        FunctionCommand::List { owner, from, limit } => {
            list::run(owner, from, limit, context).await
        }
        FunctionCommand::Show { function } => show::run(&function, context).await,
        FunctionCommand::Pause { function, reason } => {
            service::pause(&function, reason, context).await
        }
        FunctionCommand::Resume { function } => service::resume(&function, context).await,
        FunctionCommand::Retire { function } => service::retire(&function, context).await,
        FunctionCommand::Remove { function } => service::remove(&function, context).await,
        FunctionCommand::Transfer { function, to } => {
            service::transfer(&function, to, context).await
        }
        FunctionCommand::Accept { function } => service::accept(&function, context).await,
    }
}
