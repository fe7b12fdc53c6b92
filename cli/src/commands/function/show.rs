//! `defaas function show`

use super::super::Context;
use crate::{
    amount::Amount,
    chain::types::{
        Alias, AliasTarget, CodeKind, ContentId, Labels, Limits, Rule, SuspendReason, Text, Version,
    },
    names::FunctionName,
    size::Size,
    Error, Result,
};
use defaas_primitives::{FunctionId, VersionNumber};
use serde::Serialize;
use std::fmt;

/// How many versions are shown, the newest first.
const SHOWN_VERSIONS: u32 = 10;

#[derive(Serialize)]
struct Shown {
    id: FunctionId,
    name: Text,
    owner: String,
    status: String,
    fee: Amount,
    description: Option<ContentId>,
    offered_to: Option<String>,
    labels: Labels,
    /// `None`: its owner only.
    access: Option<Vec<Rule>>,
    aliases: Vec<ShownAlias>,
    /// Number of the newest version.
    newest: VersionNumber,
    /// The newest ones.
    versions: Vec<ShownVersion>,
}

#[derive(Serialize)]
struct ShownAlias {
    name: Text,
    target: String,
    previous: Option<String>,
}

#[derive(Serialize)]
struct ShownVersion {
    version: VersionNumber,
    cid: ContentId,
    sha256: String,
    size: u64,
    kind: CodeKind,
    #[serde(flatten)]
    limits: Limits,
    deterministic: bool,
    manifest: Option<ContentId>,
    suspended: Option<SuspendReason>,
}

impl ShownAlias {
    fn new((name, alias): (Text, Alias)) -> Self {
        Self {
            name,
            target: target(&alias.target),
            previous: alias.previous.as_ref().map(target),
        }
    }
}

impl ShownVersion {
    fn new(number: VersionNumber, version: Version) -> Self {
        let spec = version.spec;
        Self {
            version: number,
            cid: spec.code.cid,
            sha256: hex::encode(spec.code.sha256),
            size: spec.code.size,
            kind: spec.code.kind,
            limits: spec.limits,
            deterministic: spec.deterministic,
            manifest: spec.manifest,
            suspended: version.suspended,
        }
    }
}

/// In the form in which `alias set` takes it.
fn target(target: &AliasTarget) -> String {
    match target {
        AliasTarget::Version(version) => version.to_string(),
        AliasTarget::Weighted(parts) => parts
            .iter()
            .map(|(version, weight)| format!("{version}={weight}"))
            .collect::<Vec<_>>()
            .join(","),
    }
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "function  {} ({})", self.name, self.id)?;
        writeln!(f, "owner     {}", self.owner)?;
        writeln!(f, "status    {}", self.status)?;
        writeln!(f, "fee       {}", self.fee)?;
        match &self.access {
            Some(rules) => writeln!(f, "access    {}", super::super::access::join(rules))?,
            None => writeln!(f, "access    owner (no rules set)")?,
        }
        writeln!(f, "labels    {}", self.labels)?;
        if let Some(description) = &self.description {
            writeln!(f, "about     {description}")?;
        }
        if let Some(to) = &self.offered_to {
            writeln!(f, "offered   to {to}")?;
        }
        for alias in &self.aliases {
            write!(f, "alias     {} -> {}", alias.name, alias.target)?;
            match &alias.previous {
                Some(previous) => writeln!(f, " (before: {previous})")?,
                None => writeln!(f)?,
            }
        }
        self.versions
            .iter()
            .try_for_each(|version| version.fmt(f))?;
        if self.versions.len() < self.newest as usize {
            writeln!(f, "… and older versions")?;
        }
        Ok(())
    }
}

impl fmt::Display for ShownVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let limits = &self.limits;
        writeln!(f, "version {}", self.version)?;
        writeln!(
            f,
            "  code    {:?}, {} bytes, {}",
            self.kind, self.size, self.cid
        )?;
        writeln!(f, "  sha256  {}", self.sha256)?;
        writeln!(
            f,
            "  limits  {} ms, memory {}, input {}, output {}",
            limits.timeout_ms,
            Size(limits.memory_bytes),
            Size(limits.max_input_bytes),
            Size(limits.max_output_bytes)
        )?;
        if self.deterministic {
            writeln!(f, "  deterministic")?;
        }
        if let Some(manifest) = &self.manifest {
            writeln!(f, "  manifest {manifest}")?;
        }
        if let Some(reason) = self.suspended {
            writeln!(f, "  out of service: {reason:?}")?;
        }
        Ok(())
    }
}

pub(super) async fn run(function: &FunctionName, context: &Context<'_>) -> Result<()> {
    let chain = context.connect().await?;
    let block = chain.best().await?;
    let id = context.function_id(&chain, &block, function).await?;
    let record = chain
        .function(&block, id)
        .await?
        .ok_or_else(|| Error::NotFound(format!("function {function}")))?;
    let mut aliases: Vec<_> = chain.aliases(&block, id).await?;
    aliases.sort_by(|(a, _), (b, _)| a.0.cmp(&b.0));
    let policy = chain.policy(&block, id).await?;
    let mut versions = Vec::new();
    for number in (1..=record.versions).rev().take(SHOWN_VERSIONS as usize) {
        let version = chain.version(&block, id, number).await?;
        versions.extend(version.map(|version| ShownVersion::new(number, version)));
    }
    context.output.result(&Shown {
        id,
        name: record.name,
        owner: record.owner.to_string(),
        status: record.status.to_string(),
        fee: Amount(record.fee),
        description: record.description,
        offered_to: record.offered_to.map(|to| to.to_string()),
        labels: record.placement.required,
        access: policy.map(|policy| policy.rules),
        aliases: aliases.into_iter().map(ShownAlias::new).collect(),
        newest: record.versions,
        versions,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_shown_as_they_are_set() {
        use crate::names::Target;
        for text in ["3", "1=90,2=10"] {
            let parsed: Target = text.parse().unwrap();
            assert_eq!(target(&parsed.0), text);
        }
    }

    #[test]
    fn a_function_without_rules_is_its_owners() {
        let shown = Shown {
            id: 1,
            name: "f".into(),
            owner: "O".into(),
            status: "active".into(),
            fee: Amount(0),
            description: None,
            offered_to: None,
            labels: Labels::default(),
            access: None,
            aliases: Vec::new(),
            newest: 12,
            versions: Vec::new(),
        };
        let text = shown.to_string();
        assert!(text.contains("access    owner (no rules set)"));
        assert!(text.contains("older versions"));
        assert!(serde_json::to_value(&shown).unwrap()["access"].is_null());
    }
}
