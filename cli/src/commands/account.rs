//! `defaas account`

use super::Context;
use crate::{
    amount::Amount,
    args::AccountCommand,
    chain::{parse_address, Balances},
    keys::{new_phrase, AccountFile, KeyDir},
    Error, Result,
};
use serde::Serialize;
use std::{fmt, io::Read, str::FromStr};
use subxt::{
    dynamic::{self, Value},
    utils::AccountId32,
};
use subxt_signer::bip39::Mnemonic;

/// Longest phrase read from standard input, in bytes.
const MAX_PHRASE_LEN: u64 = 1024;

pub(super) async fn run(command: AccountCommand, context: &Context<'_>) -> Result<()> {
    match command {
        AccountCommand::New { name } => new(&name, context),
        AccountCommand::Import { name } => import(&name, context),
        AccountCommand::List => list(context),
        AccountCommand::Show { address } => show(address, context).await,
        AccountCommand::Send { to, amount } => send(&to, amount, context).await,
    }
}

#[derive(Serialize)]
struct Created {
    name: String,
    address: String,
    file: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    phrase: Option<String>,
}

impl fmt::Display for Created {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "account  {}", self.name)?;
        writeln!(f, "address  {}", self.address)?;
        writeln!(f, "file     {}", self.file)?;
        match &self.phrase {
            Some(phrase) => write!(
                f,
                "phrase   {phrase}\n\nWrite the phrase down and keep it secret: it is the account. It is not shown again.",
            ),
            None => Ok(()),
        }
    }
}

fn new(name: &str, context: &Context<'_>) -> Result<()> {
    let phrase = new_phrase()?;
    create(name, &phrase, Some(phrase.to_string()), context)
}

fn import(name: &str, context: &Context<'_>) -> Result<()> {
    context.output.reading("the secret phrase");
    let mut text = String::new();
    std::io::stdin()
        .take(MAX_PHRASE_LEN)
        .read_to_string(&mut text)
        .map_err(Error::file("standard input"))?;
    let phrase = Mnemonic::from_str(text.trim()).map_err(|error| {
        Error::Usage(format!(
            "standard input holds no secret phrase of 12 to 24 words: {error}"
        ))
    })?;
    create(name, &phrase, None, context)
}

fn create(
    name: &str,
    phrase: &Mnemonic,
    shown: Option<String>,
    context: &Context<'_>,
) -> Result<()> {
    let account = AccountFile::new(phrase)?;
    let file = context.keys.create(name, &account)?;
    context.output.result(&Created {
        name: name.into(),
        address: account.address,
        file: file.display().to_string(),
        phrase: shown,
    })
}

#[derive(Serialize)]
#[serde(transparent)]
struct Names(Vec<Named>);

#[derive(Serialize)]
struct Named {
    name: String,
    /// `None` if the file cannot be used.
    address: Option<String>,
    /// Why it cannot.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

impl fmt::Display for Names {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return write!(f, "No accounts. Make one with: defaas account new NAME");
        }
        self.0.iter().try_for_each(|named| {
            let text = named.address.as_ref().or(named.error.as_ref());
            let text = text.map_or("", String::as_str);
            writeln!(f, "{:<20} {text}", named.name)
        })
    }
}

fn list(context: &Context<'_>) -> Result<()> {
    context.output.result(&Names(names(&context.keys)?))
}

/// All accounts. A file that cannot be used does not hide the others.
fn names(keys: &KeyDir) -> Result<Vec<Named>> {
    let named = |name: String| match keys.load(&name) {
        Ok(account) => Named {
            name,
            address: Some(account.address),
            error: None,
        },
        Err(error) => Named {
            name,
            address: None,
            error: Some(error.to_string()),
        },
    };
    Ok(keys.list()?.into_iter().map(named).collect())
}

/// Amounts are units of 10⁻¹² DFS, as text: JSON numbers are too small.
#[derive(Serialize)]
struct Shown {
    address: String,
    block: u64,
    free: String,
    held: String,
    frozen: String,
    #[serde(skip)]
    balances: Balances,
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "address  {}", self.address)?;
        writeln!(f, "block    {}", self.block)?;
        writeln!(f, "free     {}", Amount(self.balances.free))?;
        writeln!(f, "held     {}", Amount(self.balances.held))?;
        write!(f, "frozen   {}", Amount(self.balances.frozen))
    }
}

async fn show(address: Option<String>, context: &Context<'_>) -> Result<()> {
    let chain = context.connect().await?;
    let account: AccountId32 = match address {
        Some(address) => parse_address(&address)?,
        None => context.signer(&chain)?.public_key().to_account_id(),
    };
    let block = chain.best().await?;
    let balances = chain.balances(&block, &account).await?;
    context.output.result(&Shown {
        address: account.to_string(),
        block: block.block_number(),
        free: balances.free.to_string(),
        held: balances.held.to_string(),
        frozen: balances.frozen.to_string(),
        balances,
    })
}

#[derive(Serialize)]
struct Sent {
    block: u64,
    transaction: String,
}

impl fmt::Display for Sent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "sent in block {}, transaction {}",
            self.block, self.transaction
        )
    }
}

async fn send(to: &str, amount: Amount, context: &Context<'_>) -> Result<()> {
    let to = parse_address(to)?;
    let chain = context.connect().await?;
    let signer = context.signer(&chain)?;
    let destination = Value::unnamed_variant("Id", [Value::from_bytes(to.0)]);
    let call = dynamic::transaction(
        "Balances",
        "transfer_keep_alive",
        vec![destination, Value::u128(amount.0)],
    );
    let included = chain.submit(&call, &signer, context.output).await?;
    context.output.result(&Sent {
        block: included.block_number,
        transaction: format!("{:#x}", included.hash),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{fs, os::unix::fs::PermissionsExt};

    #[test]
    fn a_key_file_that_cannot_be_used_is_listed_with_the_reason_beside_the_others() {
        let folder = tempfile::tempdir().unwrap();
        let keys = KeyDir::at(folder.path());
        let create = |name| {
            let account = AccountFile::new(&new_phrase().unwrap()).unwrap();
            keys.create(name, &account).unwrap()
        };
        fs::write(create("damaged"), "{}").unwrap();
        create("good");
        fs::set_permissions(create("open"), fs::Permissions::from_mode(0o644)).unwrap();
        let names = Names(names(&keys).unwrap());
        let json = serde_json::to_value(&names).unwrap();
        assert!(json[0]["address"].is_null());
        assert!(json[0]["error"].as_str().unwrap().contains("not a key"));
        assert!(json[1]["address"].is_string());
        assert!(json[1].get("error").is_none());
        assert!(json[2]["error"].as_str().unwrap().contains("chmod 600"));
        let text = names.to_string();
        assert_eq!(text.lines().count(), 3, "{text}");
        assert!(text.contains("chmod 600"), "{text}");
    }
}
