//! Who may call.

use defaas_primitives::BlockNumber;
use serde::Serialize;
use subxt::ext::{
    scale_decode::{self, DecodeAsType},
    scale_encode::{self, EncodeAsType},
};

/// Whom a rule lets in.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Serialize,
    clap::ValueEnum,
    DecodeAsType,
    EncodeAsType,
)]
#[serde(rename_all = "lowercase")]
#[decode_as_type(crate_path = "scale_decode")]
#[encode_as_type(crate_path = "scale_encode")]
pub enum Rule {
    /// Everybody
    Public,
    /// The function's owner
    Owner,
    /// Accounts with a grant
    Accounts,
}

/// Who may call a function.
#[derive(Clone, Debug, DecodeAsType)]
#[decode_as_type(crate_path = "scale_decode")]
pub struct Policy {
    /// One of them must let the caller in.
    pub rules: Vec<Rule>,
}

/// An account's right to call.
#[derive(Clone, Debug, DecodeAsType)]
#[decode_as_type(crate_path = "scale_decode")]
pub struct Grant {
    /// First block in which it is over.
    pub expiry: Option<BlockNumber>,
    /// How many calls it is for.
    pub quota: Option<Quota>,
}

/// A number of calls.
#[derive(Clone, Copy, Debug, DecodeAsType)]
#[decode_as_type(crate_path = "scale_decode")]
pub struct Quota {
    /// How many.
    pub limit: u32,
    /// How many of them are used.
    pub used: u32,
}
