//! Who owns what, of everybody, at one block.
//!
//! Read from the chain's storage itself and not by what the chain offers to ask, so that nothing can be
//! left out.

use defaas_cli::chain::{AtBlock, Balances};
use std::collections::BTreeMap;
use subxt::{
    dynamic::{self, Value},
    events::DecodeAsEvent,
    ext::scale_decode::{self, DecodeAsType},
    utils::AccountId32,
};

/// Every account, and what the chain as a whole knows of money. Amounts are in units of 10⁻¹² DFS.
#[derive(Clone, Debug)]
pub struct Ledger {
    /// Height of the block.
    pub block: u64,
    /// All money that there is, as the chain counts it.
    pub issuance: u128,
    /// Calls whose price is held.
    pub open_quotes: usize,
    accounts: BTreeMap<AccountId32, Balances>,
}

#[derive(DecodeAsType)]
#[decode_as_type(crate_path = "scale_decode")]
struct AccountInfo {
    data: AccountData,
}

#[derive(DecodeAsType)]
#[decode_as_type(crate_path = "scale_decode")]
struct AccountData {
    free: u128,
    reserved: u128,
    frozen: u128,
}

impl Ledger {
    /// Reads the whole of it.
    ///
    /// # Panics
    /// If the node does not answer, or the chain keeps its accounts in another form.
    pub async fn read(at: &AtBlock) -> Self {
        let storage = at.storage();
        let address = dynamic::storage::<([u8; 32],), AccountInfo>("System", "Account");
        let entry = storage.entry(address).expect("accounts are in storage");
        let mut entries = entry.iter(()).await.expect("accounts can be listed");
        let mut accounts = BTreeMap::new();
        while let Some(entry) = entries.next().await {
            let entry = entry.expect("accounts can be listed");
            let (account,) = entry
                .key()
                .and_then(|key| key.decode())
                .expect("accounts have 32 bytes");
            let AccountData {
                free,
                reserved,
                frozen,
            } = entry.value().decode().expect("accounts have balances").data;
            let balances = Balances {
                free,
                held: reserved,
                frozen,
            };
            accounts.insert(AccountId32(account), balances);
        }

        let address = dynamic::storage::<(), u128>("Balances", "TotalIssuance");
        let issuance = storage
            .fetch(address, ())
            .await
            .expect("issuance is in storage");
        let address = dynamic::storage::<(u64,), Value>("Billing", "Holds");
        let entry = storage.entry(address).expect("quotes are in storage");
        let mut quotes = entry.iter(()).await.expect("quotes can be listed");
        let mut open_quotes = 0;
        while let Some(quote) = quotes.next().await {
            quote.expect("quotes can be listed");
            open_quotes += 1;
        }
        Self {
            block: at.block_number(),
            issuance: issuance.decode().expect("issuance is a number"),
            open_quotes,
            accounts,
        }
    }

    /// What all accounts own together, held money included.
    pub fn total(&self) -> u128 {
        self.accounts.values().map(owned).sum()
    }

    /// What is held of each account's money, where anything is.
    pub fn held(&self) -> BTreeMap<AccountId32, u128> {
        self.accounts
            .iter()
            .filter(|(_, balances)| balances.held > 0)
            .map(|(account, balances)| (*account, balances.held))
            .collect()
    }

    /// By how much each account became richer since `earlier`, where it owns another amount.
    pub fn gains_since(&self, earlier: &Self) -> BTreeMap<AccountId32, i128> {
        let at = |ledger: &Self, account| ledger.accounts.get(account).map(owned).unwrap_or(0);
        self.accounts
            .keys()
            .chain(earlier.accounts.keys())
            .map(|account| {
                let gain = signed(at(self, account)) - signed(at(earlier, account));
                (*account, gain)
            })
            .filter(|(_, gain)| *gain != 0)
            .collect()
    }
}

fn owned(balances: &Balances) -> u128 {
    balances.free + balances.held
}

/// An amount as a gain.
///
/// # Panics
/// If it is more money than there can be.
pub fn signed(amount: u128) -> i128 {
    i128::try_from(amount).expect("there is less money")
}

/// A transaction was paid for.
#[derive(Clone, Copy, Debug, DecodeAsType)]
#[decode_as_type(crate_path = "scale_decode")]
struct TransactionFeePaid {
    who: AccountId32,
    actual_fee: u128,
    tip: u128,
}

impl DecodeAsEvent for TransactionFeePaid {
    fn is_event(pallet: &str, event: &str) -> bool {
        (pallet, event) == ("TransactionPayment", "TransactionFeePaid")
    }
}

/// What each account paid in this block for having transactions included, in units.
///
/// # Panics
/// If the node does not answer.
pub async fn transaction_fees(at: &AtBlock) -> BTreeMap<AccountId32, u128> {
    let events = at.events().fetch().await.expect("blocks have events");
    let mut fees = BTreeMap::new();
    for fee in events.find::<TransactionFeePaid>() {
        let TransactionFeePaid {
            who,
            actual_fee,
            tip,
        } = fee.expect("fees can be read");
        *fees.entry(who).or_default() += actual_fee + tip;
    }
    fees
}
