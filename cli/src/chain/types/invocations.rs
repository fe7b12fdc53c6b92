//! Calls, from their request to their end.

use super::{ContentId, Resolved};
use defaas_primitives::{Balance, BlockNumber, ProviderId, Tick};
use serde::{Serialize, Serializer};
use std::fmt;
use subxt::{
    ext::{
        scale_decode::{self, DecodeAsType},
        scale_encode::{self, EncodeAsType},
    },
    utils::AccountId32,
};

/// The price of a call in its parts, in units.
#[derive(Clone, Copy, Debug, PartialEq, Eq, DecodeAsType)]
#[decode_as_type(crate_path = "scale_decode")]
pub struct Quote {
    /// To the function's owner.
    pub developer_fee: Balance,
    /// For the execution.
    pub execution_price: Balance,
    /// Part of `execution_price` that goes to the treasury.
    pub treasury_share: Balance,
    /// Charged at once, never given back.
    pub network_fee: Balance,
}

impl Quote {
    /// All that may have to be paid.
    pub fn total(&self) -> Balance {
        self.developer_fee
            .saturating_add(self.execution_price)
            .saturating_add(self.network_fee)
    }
}

/// A call.
#[derive(Clone, Debug, DecodeAsType)]
#[decode_as_type(crate_path = "scale_decode")]
pub struct Invocation {
    /// Its identity: after a re-organisation its number may name another call.
    pub digest: [u8; 32],
    /// Who asked.
    pub principal: Principal,
    /// Who pays.
    pub payer: AccountId32,
    /// The price.
    pub quote: Quote,
    /// What is executed.
    pub resolved: Resolved,
    /// Length of the input.
    pub input_bytes: u32,
    /// When it was requested.
    pub requested_at: Moment,
    /// Where it stands.
    pub status: Status,
    /// Providers that did not deliver.
    pub tried: Vec<Tried>,
    /// What was delivered.
    pub delivery: Option<Delivery>,
}

/// Who asked.
#[derive(Clone, Debug, DecodeAsType)]
#[decode_as_type(crate_path = "scale_decode")]
pub struct Principal {
    /// In whose name.
    pub account: AccountId32,
}

/// A point in time.
#[derive(Clone, Copy, Debug, DecodeAsType)]
#[decode_as_type(crate_path = "scale_decode")]
pub struct Moment {
    /// Height of the block.
    pub block: BlockNumber,
}

/// Where a call stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, DecodeAsType)]
#[decode_as_type(crate_path = "scale_decode")]
pub enum Status {
    /// Waits for a provider.
    Requested,
    /// A provider executes it.
    Assigned,
    /// Ended and paid.
    Settled(Outcome),
    /// Ended without charge.
    Refunded(RefundReason),
}

impl Status {
    /// Whether it has ended.
    pub fn is_end(&self) -> bool {
        matches!(self, Self::Settled(_) | Self::Refunded(_))
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Requested => f.pad("Requested"),
            Self::Assigned => f.pad("Assigned"),
            Self::Settled(outcome) => f.pad(&outcome.to_string()),
            Self::Refunded(reason) => f.pad(&format!("Refunded({reason:?})")),
        }
    }
}

impl Serialize for Status {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Why a call ended without charge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, DecodeAsType)]
#[decode_as_type(crate_path = "scale_decode")]
pub enum RefundReason {
    /// No provider that could take it was found.
    NoProvider,
    /// Every provider was silent or could not execute it.
    AttemptsExhausted,
    /// Every provider found fault with its code or its input.
    ContentUnusable,
    /// Providers that could take it stayed full until it had waited long enough.
    ProvidersFull,
}

impl RefundReason {
    /// What it means, for people.
    pub fn meaning(&self) -> &'static str {
        match self {
            Self::NoProvider => "no provider could take it; call again later",
            Self::AttemptsExhausted => {
                "every provider assigned was silent or could not execute it; call again later"
            }
            Self::ContentUnusable => {
                "every provider assigned found fault with the function's code or with the input; \
                 ask the function's owner"
            }
            Self::ProvidersFull => "its providers had no room for some minutes; call again later",
        }
    }
}

/// How an attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, DecodeAsType)]
#[decode_as_type(crate_path = "scale_decode")]
pub enum Outcome {
    /// The function answered.
    Success,
    /// The function itself failed.
    FunctionFailed,
    /// It was stopped at a limit.
    LimitExceeded(Limit),
    /// The provider could not execute.
    ProviderFailed(Fault),
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{self:?}"))
    }
}

/// Which limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, DecodeAsType)]
#[decode_as_type(crate_path = "scale_decode")]
pub enum Limit {
    /// Time.
    Timeout,
    /// Memory.
    Memory,
    /// Length of the output.
    Output,
}

/// Why a provider could not execute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, DecodeAsType)]
#[decode_as_type(crate_path = "scale_decode")]
pub enum Fault {
    /// The code could not be fetched.
    CodeUnavailable,
    /// The input could not be fetched.
    InputUnavailable,
    /// The code is not what the version says.
    InvalidCode,
    /// The code needs what the provider does not offer.
    Unsupported,
    /// Too much to do.
    Overloaded,
    /// Cut off by a restart.
    Interrupted,
    /// Anything else.
    Internal,
}

/// A provider that did not deliver.
#[derive(Clone, Copy, Debug, Serialize, DecodeAsType)]
#[decode_as_type(crate_path = "scale_decode")]
pub struct Tried {
    /// Which provider.
    pub provider: ProviderId,
    /// Why not; `None`: it was silent.
    pub fault: Option<Fault>,
}

impl fmt::Display for Tried {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.fault {
            Some(fault) => write!(f, "provider {} ({fault:?})", self.provider),
            None => write!(f, "provider {} (silent)", self.provider),
        }
    }
}

/// What was delivered.
#[derive(Clone, Copy, Debug, DecodeAsType)]
#[decode_as_type(crate_path = "scale_decode")]
pub struct Delivery {
    /// By whom.
    pub provider: ProviderId,
    /// Hash and length of the output.
    pub output: Option<OutputDigest>,
    /// What the execution used.
    pub meters: Meters,
}

/// What remains of an output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, DecodeAsType)]
#[decode_as_type(crate_path = "scale_decode")]
pub struct OutputDigest {
    /// sha-256 of the whole output.
    pub sha256: [u8; 32],
    /// Length in bytes.
    pub size: u32,
}

/// What an execution used.
#[derive(Clone, Copy, Debug, DecodeAsType)]
#[decode_as_type(crate_path = "scale_decode")]
pub struct Meters {
    /// In milliseconds.
    pub duration_ms: u32,
}

/// What the function reads.
#[derive(Clone, Debug, PartialEq, Eq, EncodeAsType)]
#[encode_as_type(crate_path = "scale_encode")]
pub enum Input {
    /// These bytes.
    Inline(Vec<u8>),
    /// Content under a CID.
    Stored {
        /// Root of the content.
        cid: ContentId,
        /// Length in bytes.
        size: u32,
    },
}

impl From<Vec<u8>> for Input {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Inline(bytes)
    }
}

impl Input {
    /// Length in bytes.
    pub fn size(&self) -> u32 {
        match self {
            Self::Inline(bytes) => u32::try_from(bytes.len()).unwrap_or(u32::MAX),
            Self::Stored { size, .. } => *size,
        }
    }
}

/// What the function wrote.
#[derive(Clone, Debug, DecodeAsType)]
#[decode_as_type(crate_path = "scale_decode")]
pub enum Output {
    /// These bytes.
    Inline(Vec<u8>),
    /// Content under a CID.
    Stored {
        /// Root of the content.
        cid: ContentId,
        /// sha-256 and length.
        digest: OutputDigest,
    },
}

/// Who executes a call.
#[derive(Clone, Copy, Debug, DecodeAsType)]
#[decode_as_type(crate_path = "scale_decode")]
pub struct Assignment {
    /// Which provider.
    pub provider: ProviderId,
    /// Which attempt, from 0 up.
    pub attempt: u8,
    /// Last tick at which its report is valid.
    pub deadline: Tick,
}
