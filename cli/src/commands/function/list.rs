//! `defaas function list`

use super::super::Context;
use crate::{
    amount::Amount,
    chain::{
        types::{Function, Text},
        AtBlock, Chain, MAX_PAGE,
    },
    names::Owner,
    Result,
};
use defaas_primitives::FunctionId;
use serde::Serialize;
use std::{collections::BTreeSet, fmt};
use subxt::utils::AccountId32;

#[derive(Serialize)]
struct Row {
    id: FunctionId,
    name: Text,
    owner: String,
    status: String,
    versions: u32,
    fee: Amount,
}

impl Row {
    fn new(id: FunctionId, function: Function) -> Self {
        Self {
            id,
            name: function.name,
            owner: function.owner.to_string(),
            status: function.status.to_string(),
            versions: function.versions,
            fee: Amount(function.fee),
        }
    }
}

#[derive(Serialize)]
struct List {
    functions: Vec<Row>,
    /// Whether there are more than asked for.
    more: bool,
}

impl fmt::Display for List {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.functions.is_empty() {
            return write!(f, "No functions.");
        }
        writeln!(
            f,
            "{:>6}  {:<24} {:<48}  {:>8}  {:<16} status",
            "id", "name", "owner", "versions", "fee"
        )?;
        for row in &self.functions {
            writeln!(
                f,
                "{:>6}  {:<24} {:<48}  {:>8}  {:<16} {}",
                row.id,
                row.name,
                row.owner,
                row.versions,
                row.fee.to_string(),
                row.status
            )?;
        }
        if let (true, Some(last)) = (self.more, self.functions.last()) {
            let next = last.id.saturating_add(1);
            writeln!(f, "There are more; see --from {next}, or a higher --limit.")?;
        }
        Ok(())
    }
}

pub(super) async fn run(
    owner: Option<Owner>,
    from: FunctionId,
    limit: u32,
    context: &Context<'_>,
) -> Result<()> {
    let chain = context.connect().await?;
    let block = chain.best().await?;
    context.output.progress("reading functions");
    let limit = limit as usize;
    let mut functions = match owner {
        Some(owner) => {
            let owner = context.address_of(&chain, &owner)?;
            of_owner(&chain, &block, &owner, from, limit).await?
        }
        None => all(&chain, &block, from, limit).await?,
    };
    let more = functions.len() > limit;
    functions.truncate(limit);
    context.output.result(&List { functions, more })
}

/// More than `limit` if there are more.
async fn all(chain: &Chain, block: &AtBlock, from: FunctionId, limit: usize) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    let mut next = Some(from);
    while let Some(from) = next.filter(|_| rows.len() <= limit) {
        let page = chain.functions(block, from, MAX_PAGE).await?;
        rows.extend(
            page.items
                .into_iter()
                .map(|(id, function)| Row::new(id, function)),
        );
        next = page.next;
    }
    Ok(rows)
}

/// More than `limit` if there are more.
async fn of_owner(
    chain: &Chain,
    block: &AtBlock,
    owner: &AccountId32,
    from: FunctionId,
    limit: usize,
) -> Result<Vec<Row>> {
    let mut first = First::new(from, limit.saturating_add(1));
    let mut after = None;
    loop {
        let page = chain.functions_of(block, owner, after, MAX_PAGE).await?;
        page.items.into_iter().for_each(|(_, id)| first.add(id));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    let mut rows = Vec::new();
    for id in first.ids {
        let function = chain.function(block, id).await?;
        rows.extend(function.map(|function| Row::new(id, function)));
    }
    Ok(rows)
}

/// The lowest ids from some id on. The chain pages through an owner's functions in another order.
struct First {
    from: FunctionId,
    count: usize,
    ids: BTreeSet<FunctionId>,
}

impl First {
    fn new(from: FunctionId, count: usize) -> Self {
        Self {
            from,
            count,
            ids: BTreeSet::new(),
        }
    }

    fn add(&mut self, id: FunctionId) {
        if id < self.from {
            return;
        }
        self.ids.insert(id);
        if self.ids.len() > self.count {
            self.ids.pop_last();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_ids_in_any_order_the_lowest_are_kept() {
        let mut first = First::new(2, 3);
        for id in [9, 1, 4, 7, 2, 8] {
            first.add(id);
        }
        assert_eq!(Vec::from_iter(first.ids), [2, 4, 7]);
    }

    #[test]
    fn rows_stand_under_their_headings_and_more_is_said() {
        let row = Row {
            id: 7,
            name: "word-count".into(),
            owner: "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY".into(),
            status: "active".into(),
            versions: 2,
            fee: Amount(crate::amount::DFS),
        };
        let list = List {
            functions: vec![row],
            more: true,
        };
        let text = list.to_string();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 3);
        assert_eq!(lines[0].find("name"), lines[1].find("word-count"));
        assert_eq!(lines[0].find("status"), lines[1].find("active"));
        assert_eq!(lines[0].find("fee"), lines[1].find("1 DFS"));
        assert!(lines[2].contains("--from 8"));
    }

    #[test]
    fn nothing_is_said_as_such() {
        let list = List {
            functions: Vec::new(),
            more: false,
        };
        assert_eq!(list.to_string(), "No functions.");
        assert_eq!(
            serde_json::to_value(&list).unwrap(),
            serde_json::json!({"functions": [], "more": false})
        );
    }
}
