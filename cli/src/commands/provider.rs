//! `defaas provider`

use super::Context;
use crate::{
    amount::Amount,
    args::{ProviderCommand, ProviderName},
    chain::{
        types::{CodeKind, Labels, ProviderInfo, ProviderStatus},
        MAX_PAGE,
    },
    Error, Result,
};
use defaas_primitives::ProviderId;
use serde::Serialize;
use std::fmt;

pub(super) async fn run(command: ProviderCommand, context: &Context<'_>) -> Result<()> {
    match command {
        ProviderCommand::List { from, limit } => list(from, limit, context).await,
        ProviderCommand::Show { provider } => show(&provider, context).await,
    }
}

#[derive(Serialize)]
struct Shown {
    id: ProviderId,
    account: String,
    status: String,
    available: bool,
    endpoint: String,
    labels: Labels,
    capabilities: Vec<CodeKind>,
    /// Most open calls.
    capacity: u32,
    /// Open calls.
    load: u32,
    bond: Amount,
    exposure: Amount,
    /// In millionths; a newcomer has 1000000.
    score: u32,
}

impl From<ProviderInfo> for Shown {
    fn from(info: ProviderInfo) -> Self {
        Self {
            id: info.id,
            account: info.provider.account.to_string(),
            status: info.provider.status.to_string(),
            available: info.provider.available,
            endpoint: info.profile.endpoint.to_string(),
            labels: info.profile.labels,
            capabilities: info.profile.capabilities.kinds(),
            capacity: info.effective_capacity,
            load: info.provider.load,
            bond: Amount(info.provider.bond),
            exposure: Amount(info.provider.exposure),
            score: info.score,
        }
    }
}

impl Shown {
    /// Whether it is drawn for calls, in a word.
    fn state(&self) -> &str {
        // Who is jailed or leaves is not drawn whether available or not.
        if self.available || self.status != ProviderStatus::Active.to_string() {
            &self.status
        } else {
            "draining"
        }
    }

    fn score(&self) -> String {
        format!(
            "{}.{:03}",
            self.score / 1_000_000,
            self.score % 1_000_000 / 1_000
        )
    }
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "provider      {}", self.id)?;
        writeln!(f, "account       {}", self.account)?;
        writeln!(f, "status        {}", self.state())?;
        writeln!(f, "endpoint      {}", self.endpoint)?;
        writeln!(f, "labels        {}", self.labels)?;
        writeln!(f, "executes      {:?}", self.capabilities)?;
        writeln!(f, "open calls    {} of {}", self.load, self.capacity)?;
        writeln!(f, "bond          {}", self.bond)?;
        writeln!(f, "exposure      {}", self.exposure)?;
        writeln!(f, "score         {}", self.score())
    }
}

#[derive(Serialize)]
struct List {
    providers: Vec<Shown>,
    /// Where the rest begins.
    next: Option<ProviderId>,
}

impl fmt::Display for List {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.providers.is_empty() {
            return write!(f, "No providers.");
        }
        writeln!(
            f,
            "{:>6}  {:<48}  {:>9}  {:>6}  {:<10} endpoint",
            "id", "account", "calls", "score", "status"
        )?;
        for row in &self.providers {
            writeln!(
                f,
                "{:>6}  {:<48}  {:>9}  {:>6}  {:<10} {}",
                row.id,
                row.account,
                format!("{}/{}", row.load, row.capacity),
                row.score(),
                row.state(),
                row.endpoint
            )?;
        }
        if let Some(next) = self.next {
            writeln!(f, "There are more; see --from {next}.")?;
        }
        Ok(())
    }
}

async fn list(from: ProviderId, limit: u32, context: &Context<'_>) -> Result<()> {
    let chain = context.connect().await?;
    let block = chain.best().await?;
    context.output.progress("reading providers");
    let mut providers = Vec::new();
    let mut next = Some(from);
    let mut left = limit;
    while let Some(from) = next.filter(|_| left > 0) {
        let page = chain.providers(&block, from, left.min(MAX_PAGE)).await?;
        let count = u32::try_from(page.providers.len()).unwrap_or(u32::MAX);
        left = left.saturating_sub(count);
        providers.extend(page.providers.into_iter().map(Shown::from));
        next = page.next;
    }
    context.output.result(&List { providers, next })
}

async fn show(provider: &ProviderName, context: &Context<'_>) -> Result<()> {
    let chain = context.connect().await?;
    let block = chain.best().await?;
    let id = match provider {
        ProviderName::Id(id) => *id,
        ProviderName::Account(account) => chain
            .provider_of(&block, account)
            .await?
            .ok_or_else(|| Error::NotFound(format!("a provider of {account}")))?,
    };
    let info = chain
        .provider(&block, id)
        .await?
        .ok_or_else(|| Error::NotFound(format!("provider {id}")))?;
    context.output.result(&Shown::from(info))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn provider() -> Shown {
        Shown {
            id: 3,
            account: "A".into(),
            status: "active".into(),
            available: true,
            endpoint: "http://127.0.0.1:1".into(),
            labels: Labels::default(),
            capabilities: vec![CodeKind::Wasm],
            capacity: 4,
            load: 1,
            bond: Amount(0),
            exposure: Amount(0),
            score: 987_654,
        }
    }

    #[test]
    fn a_provider_that_takes_nothing_new_is_draining() {
        assert!(provider().to_string().contains("status        active"));
        let draining = Shown {
            available: false,
            ..provider()
        };
        assert!(draining.to_string().contains("status        draining"));
    }

    #[test]
    fn a_jailed_or_leaving_provider_is_not_draining() {
        for status in [ProviderStatus::Jailed, ProviderStatus::Leaving { until: 9 }] {
            let shown = Shown {
                status: status.to_string(),
                available: false,
                ..provider()
            };
            assert_eq!(shown.state(), status.to_string());
        }
    }

    #[test]
    fn scores_are_shown_with_three_places() {
        assert_eq!(provider().score(), "0.987");
        let best = Shown {
            score: 2_000_000,
            ..provider()
        };
        assert_eq!(best.score(), "2.000");
    }

    #[test]
    fn the_list_says_where_it_goes_on() {
        let list = List {
            providers: vec![provider()],
            next: Some(9),
        };
        let text = list.to_string();
        assert!(text.contains("1/4"));
        assert!(text.contains("--from 9"));
    }
}
