//! `defaas invocation`

use super::{output, price::Price, written::Written, Context};
use crate::{
    amount::Amount,
    args::InvocationCommand,
    chain::types::{Assignment, Invocation, Output, Status, Tried},
    file, Error, Result,
};
use defaas_primitives::{InvocationId, ProviderId};
use serde::Serialize;
use std::{fmt, path::Path};

pub(super) async fn run(command: InvocationCommand, context: &Context<'_>) -> Result<()> {
    match command {
        InvocationCommand::Show { id, output } => show(id, output.as_deref(), context).await,
        InvocationCommand::List { before, limit } => list(before, limit, context).await,
    }
}

#[derive(Serialize)]
struct Shown {
    id: InvocationId,
    digest: String,
    status: Status,
    function: u64,
    version: u32,
    caller: String,
    payer: String,
    requested_in_block: u32,
    input_bytes: u32,
    price: Price,
    /// Providers that did not deliver.
    tried: Vec<Tried>,
    /// Who executes it, or did.
    provider: Option<ProviderId>,
    /// Last tick at which the provider may report, while it executes.
    deadline_tick: Option<u32>,
    duration_ms: Option<u32>,
    output: Option<Written>,
    /// Where the output was written to.
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<String>,
}

impl Shown {
    fn new(
        id: InvocationId,
        record: Invocation,
        assignment: Option<Assignment>,
        output: Option<&Output>,
    ) -> Self {
        let left = record.delivery.and_then(|delivery| delivery.output);
        Self {
            id,
            digest: format!("0x{}", hex::encode(record.digest)),
            status: record.status,
            function: record.resolved.function,
            version: record.resolved.version,
            caller: record.principal.account.to_string(),
            payer: record.payer.to_string(),
            requested_in_block: record.requested_at.block,
            input_bytes: record.input_bytes,
            price: record.quote.into(),
            tried: record.tried,
            provider: assignment
                .map(|assignment| assignment.provider)
                .or(record.delivery.map(|delivery| delivery.provider)),
            deadline_tick: assignment.map(|assignment| assignment.deadline),
            duration_ms: record.delivery.map(|delivery| delivery.meters.duration_ms),
            output: output.map(Written::new).or(left.map(Written::gone)),
            file: None,
        }
    }
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "call             {}", self.id)?;
        writeln!(f, "status           {}", self.status)?;
        if let Status::Refunded(reason) = self.status {
            writeln!(f, "                 {}", reason.meaning())?;
        }
        writeln!(
            f,
            "function         {}, version {}",
            self.function, self.version
        )?;
        writeln!(f, "caller           {}", self.caller)?;
        if self.payer != self.caller {
            writeln!(f, "payer            {}", self.payer)?;
        }
        writeln!(f, "requested in     block {}", self.requested_in_block)?;
        writeln!(f, "input            {} bytes", self.input_bytes)?;
        for tried in &self.tried {
            writeln!(f, "not delivered    {tried}")?;
        }
        if let Some(provider) = self.provider {
            writeln!(f, "provider         {provider}")?;
        }
        if let Some(tick) = self.deadline_tick {
            writeln!(f, "deadline         tick {tick}")?;
        }
        if let Some(duration) = self.duration_ms {
            writeln!(f, "executed in      {duration} ms")?;
        }
        if let Some(output) = &self.output {
            writeln!(f, "output           {output}")?;
        }
        if let Some(file) = &self.file {
            writeln!(f, "written to       {file}")?;
        }
        write!(f, "{}", self.price)?;
        writeln!(f, "digest           {}", self.digest)
    }
}

async fn show(id: InvocationId, file: Option<&Path>, context: &Context<'_>) -> Result<()> {
    let store = context.store()?;
    let chain = context.connect().await?;
    let block = chain.best().await?;
    let record = chain
        .invocation(&block, id)
        .await?
        .ok_or_else(|| Error::NotFound(format!("call {id} (or its record was removed)")))?;
    let assignment = chain.assignment(&block, id).await?;
    let output = chain.output(&block, id).await?;
    let mut shown = Shown::new(id, record, assignment, output.as_ref());
    if let Some(path) = file {
        let output = output.ok_or_else(|| {
            Error::NotFound(format!(
                "the output of call {id} (there is none yet, or it was removed)"
            ))
        })?;
        let bytes = output::fetch(id, &output, store.as_ref(), context).await?;
        file::write(path, &bytes)?;
        shown.file = Some(path.display().to_string());
    }
    context.output.result(&shown)
}

#[derive(Serialize)]
struct Row {
    id: InvocationId,
    status: Status,
    function: u64,
    version: u32,
    caller: String,
    requested_in_block: u32,
    price: Amount,
}

impl Row {
    fn new((id, record): (InvocationId, Invocation)) -> Self {
        Self {
            id,
            status: record.status,
            function: record.resolved.function,
            version: record.resolved.version,
            caller: record.principal.account.to_string(),
            requested_in_block: record.requested_at.block,
            price: Amount(record.quote.total()),
        }
    }
}

#[derive(Serialize)]
#[serde(transparent)]
struct List(Vec<Row>);

impl fmt::Display for List {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return write!(f, "No calls.");
        }
        writeln!(
            f,
            "{:>8}  {:<28} {:>8}  {:>8}  {:>7}  {:<48}  price",
            "id", "status", "function", "version", "block", "caller"
        )?;
        self.0.iter().try_for_each(|row| {
            writeln!(
                f,
                "{:>8}  {:<28} {:>8}  {:>8}  {:>7}  {:<48}  {}",
                row.id,
                row.status,
                row.function,
                row.version,
                row.requested_in_block,
                row.caller,
                row.price
            )
        })
    }
}

async fn list(before: Option<InvocationId>, limit: u32, context: &Context<'_>) -> Result<()> {
    let chain = context.connect().await?;
    let block = chain.best().await?;
    let next = chain.next_invocation_id(&block).await?;
    let (from, count) = window(before.unwrap_or(next).min(next), limit);
    let mut rows: Vec<Row> = chain
        .invocations(&block, from, count)
        .await?
        .into_iter()
        .map(Row::new)
        .collect();
    rows.reverse();
    context.output.result(&List(rows))
}

/// The `limit` numbers before `end`: the first one and how many there are.
fn window(end: InvocationId, limit: u32) -> (InvocationId, u32) {
    let from = end.saturating_sub(limit.into());
    (from, u32::try_from(end - from).unwrap_or(limit))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        chain::types::{Outcome, RefundReason},
        commands::fixture::{delivery, record},
    };

    #[test]
    fn a_refund_says_why_and_who_was_tried() {
        let status = Status::Refunded(RefundReason::AttemptsExhausted);
        let shown = Shown::new(8, record(status, None), None, None);
        let text = shown.to_string();
        assert!(text.contains("Refunded(AttemptsExhausted)"));
        assert!(text.contains(RefundReason::AttemptsExhausted.meaning()));
        assert!(text.contains("provider 0 (silent)"));
        assert!(text.contains("provider 1 (Overloaded)"));
        let json = serde_json::to_value(&shown).unwrap();
        assert_eq!(json["status"], "Refunded(AttemptsExhausted)");
        assert_eq!(json["price"]["total"], "6");
        assert_eq!(json["tried"][1]["fault"], "Overloaded");
    }

    #[test]
    fn the_hash_remains_when_the_output_is_gone() {
        let settled = record(Status::Settled(Outcome::Success), Some(delivery(10)));
        let json = serde_json::to_value(Shown::new(8, settled, None, None)).unwrap();
        assert_eq!(json["status"], "Success");
        assert_eq!(json["provider"], 2);
        assert_eq!(json["output"]["size"], 10);
        assert!(json["output"].get("text").is_none());
    }

    #[test]
    fn the_window_ends_where_it_is_told_and_begins_at_the_first_call() {
        assert_eq!(window(100, 20), (80, 20));
        assert_eq!(window(5, 20), (0, 5));
        assert_eq!(window(0, 20), (0, 0));
    }
}
