//! What an account has.

use super::{
    types::{AccountData, AccountInfo},
    AtBlock, Chain,
};
use crate::{Error, Result};
use defaas_primitives::Balance;
use std::str::FromStr;
use subxt::{dynamic, utils::AccountId32};

/// Reads an SS58 address.
pub fn parse_address(text: &str) -> Result<AccountId32> {
    AccountId32::from_str(text)
        .map_err(|_| Error::Usage(format!("{text:?} is not an address (SS58)")))
}

/// What an account has, in units of 10⁻¹² DFS.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Balances {
    /// Can be spent, but for what is frozen and the existential deposit.
    pub free: Balance,
    /// Held for calls, deposits and bonds.
    pub held: Balance,
    /// Part of `free` that cannot be spent.
    pub frozen: Balance,
}

impl Chain {
    /// What `account` has at `block`; nothing if the chain does not know it.
    pub async fn balances(&self, block: &AtBlock, account: &AccountId32) -> Result<Balances> {
        let address = dynamic::storage::<([u8; 32],), AccountInfo>("System", "Account");
        let info = block
            .storage()
            .try_fetch(address, (account.0,))
            .await
            .map_err(|error| self.broken(error))?;
        let Some(info) = info else {
            return Ok(Balances::default());
        };
        let AccountData {
            free,
            reserved,
            frozen,
        } = info
            .decode()
            .map_err(|error| Error::Incompatible(error.to_string()))?
            .data;
        Ok(Balances {
            free,
            held: reserved,
            frozen,
        })
    }
}
