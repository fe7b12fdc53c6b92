//! Accounts, money and time.

use sp_runtime::{
    traits::{IdentifyAccount, Verify},
    MultiSignature,
};

/// Signature of a user's transaction.
pub type Signature = MultiSignature;
/// Account: the public key of a [`Signature`], or the hash of one.
pub type AccountId = <<Signature as Verify>::Signer as IdentifyAccount>::AccountId;
/// Money, in units of 10⁻¹² DFS.
pub type Balance = u128;
/// Height of a block.
pub type BlockNumber = u32;
/// Number of transactions an account has sent.
pub type Nonce = u32;
/// Hash of a block.
pub type Hash = sp_core::H256;
/// Blocks in which calls could make progress. Stands still while reports cannot be included, so a
/// deadline in ticks is not missed because the chain was busy with itself.
pub type Tick = u32;
