//! `defaas publish`
//!
//! *A file* → into the content store → compare with what is on chain → one batch that happens all or not at all → *id,
//! version, price*. A function is never left published and closed by a failure in between. Repeated,
//! it does nothing.

mod code;
mod plan;

use super::{access::join, price::Price, Context};
use crate::{
    args::PublishArgs,
    chain::{
        calls,
        events::{find, FunctionPublished},
        types::{Code, ContentId, Rule, Selector, Text},
        AtBlock, Chain, Included,
    },
    Error, Result,
};
use defaas_primitives::{FunctionId, VersionNumber};
use serde::Serialize;
use std::fmt;
use subxt_signer::sr25519::Keypair;

/// The id of a new function is foretold, because access is set in the same batch. So often the batch
/// is made anew when somebody else was faster.
const ATTEMPTS: u32 = 3;

/// What is said when the code was not put anywhere.
const NOT_STORED: &str = "\
The chain has the code's CID and sha256, and not the code. Providers read it by the CID from their
content store, so before a call put it there: publish with --store, or defaas store add FILE, or copy
it from any IPFS node that has it under this CID.";

#[derive(Serialize)]
struct Shown {
    function: FunctionId,
    name: Text,
    owner: String,
    version: VersionNumber,
    /// Whether anything had to be done.
    changed: bool,
    cid: ContentId,
    sha256: String,
    size: u64,
    /// Content store that has the code now; `None`: it was not put anywhere.
    store: Option<String>,
    /// `None`: its owner only.
    access: Option<Vec<Rule>>,
    /// `None`: it cannot be called now.
    price: Option<Price>,
    block: Option<u64>,
    transaction: Option<String>,
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "function         {} ({})", self.name, self.function)?;
        writeln!(f, "owner            {}", self.owner)?;
        writeln!(f, "version          {}", self.version)?;
        writeln!(f, "code             {}, {} bytes", self.cid, self.size)?;
        if let Some(store) = &self.store {
            writeln!(f, "stored at        {store}")?;
        }
        match &self.access {
            Some(rules) => writeln!(f, "access           {}", join(rules))?,
            None => writeln!(f, "access           owner (no rules set)")?,
        }
        match &self.price {
            Some(price) => write!(f, "{price}")?,
            None => writeln!(f, "It cannot be called now; see: defaas function show")?,
        }
        match self.block {
            Some(block) => writeln!(f, "published in     block {block}")?,
            None => writeln!(f, "Nothing to do: it is published like this already.")?,
        }
        match self.store {
            Some(_) => Ok(()),
            None => writeln!(f, "{NOT_STORED}"),
        }
    }
}

pub(super) async fn run(args: PublishArgs, context: &Context<'_>) -> Result<()> {
    // Whoever gives a CID has stored the file already.
    let store = match args.no_upload || args.cid.is_some() {
        true => None,
        false => context.store()?,
    };
    let chain = context.connect().await?;
    let signer = context.signer(&chain)?;
    let block = chain.best().await?;
    context.output.progress("reading the file");
    let bytes = code::read(&args.file, chain.max_wasm_size(&block)?)?;
    let code = match &args.cid {
        Some(cid) => code::code(&bytes, Some(cid.clone()), &args.file)?,
        None => code::place(&bytes, store.as_ref(), &args.file, context.output).await?,
    };
    let (function, included) = publish(&chain, &signer, &args, &code, context).await?;
    let store = store.map(|store| store.url().to_owned());
    show(&chain, function, code, store, included, context).await
}

/// Does what is to be done. Gives the function's id and, if anything was to be done, where it
/// stands.
async fn publish(
    chain: &Chain,
    signer: &Keypair,
    args: &PublishArgs,
    code: &Code,
    context: &Context<'_>,
) -> Result<(FunctionId, Option<Included>)> {
    let owner = signer.public_key().to_account_id();
    let mut attempt = 1;
    loop {
        let block = chain.best().await?;
        let existing = chain.function_by_name(&block, &owner, &args.name.0).await?;
        let calls = match existing {
            Some(id) => plan::next(args, code.clone(), &published(chain, &block, id).await?),
            None => plan::first(args, code.clone(), chain.next_function_id(&block).await?),
        };
        if let (Some(id), true) = (existing, calls.is_empty()) {
            return Ok((id, None));
        }
        let batch = calls::all_or_nothing(calls);
        let included = match chain.submit(&batch, signer, context.output).await {
            Err(error) if existing.is_none() && attempt < ATTEMPTS && lost_race(&error) => {
                attempt += 1;
                continue;
            }
            included => included?,
        };
        let function = match existing {
            Some(id) => id,
            None => {
                let published = find::<FunctionPublished>(included.events.iter())?;
                published
                    .ok_or_else(|| Error::Incompatible("nothing was published".into()))?
                    .function
            }
        };
        return Ok((function, Some(included)));
    }
}

/// Whether the foretold id went to the function of somebody else.
fn lost_race(error: &Error) -> bool {
    matches!(error, Error::Refused { pallet, name, .. }
        if pallet == "Access" && matches!(name.as_str(), "NotOwner" | "NotFound"))
}

async fn published(chain: &Chain, block: &AtBlock, id: FunctionId) -> Result<plan::Published> {
    let gone = || Error::NotFound(format!("function {id}"));
    let function = chain.function(block, id).await?.ok_or_else(gone)?;
    let newest = chain
        .version(block, id, function.versions)
        .await?
        .ok_or_else(gone)?;
    let policy = chain.policy(block, id).await?;
    Ok(plan::Published {
        id,
        fee: function.fee,
        newest: newest.spec,
        rules: policy.map(|policy| policy.rules),
    })
}

async fn show(
    chain: &Chain,
    id: FunctionId,
    code: Code,
    store: Option<String>,
    included: Option<Included>,
    context: &Context<'_>,
) -> Result<()> {
    let block = chain.best().await?;
    let function = chain
        .function(&block, id)
        .await?
        .ok_or_else(|| Error::NotFound(format!("function {id}")))?;
    let version = function.versions;
    let price = match chain.quote(&block, id, &Selector::Version(version)).await {
        Ok(quote) => Some(Price::from(quote)),
        Err(Error::Refused { .. }) => None,
        Err(error) => return Err(error),
    };
    let policy = chain.policy(&block, id).await?;
    context.output.result(&Shown {
        function: id,
        name: function.name,
        owner: function.owner.to_string(),
        version,
        changed: included.is_some(),
        cid: code.cid,
        sha256: hex::encode(code.sha256),
        size: code.size,
        store,
        access: policy.map(|policy| policy.rules),
        price,
        block: included.as_ref().map(|included| included.block_number),
        transaction: included.map(|included| format!("{:#x}", included.hash)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_foretold_id_that_is_anothers_is_tried_again() {
        let refused = |pallet: &str, name: &str| Error::Refused {
            pallet: pallet.into(),
            name: name.into(),
            docs: String::new(),
        };
        assert!(lost_race(&refused("Access", "NotOwner")));
        assert!(lost_race(&refused("Access", "NotFound")));
        assert!(!lost_race(&refused("Registry", "AlreadyExists")));
        assert!(!lost_race(&Error::NotAccepted("fee".into())));
    }
}
