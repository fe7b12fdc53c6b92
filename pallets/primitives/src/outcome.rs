//! How an attempt ended: the same words on chain, in the worker, in the CLI and in metrics.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

/// How an attempt ended. Charged: all but [`Outcome::ProviderFailed`], which is tried again on
/// another provider.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
pub enum Outcome {
    /// The function answered.
    #[codec(index = 0)]
    Success,
    /// The function itself failed: it trapped, or exited with a code other than 0.
    #[codec(index = 1)]
    FunctionFailed,
    /// The function was stopped at one of its limits. The developer fee is not charged.
    #[codec(index = 2)]
    LimitExceeded(Limit),
    /// The provider could not execute.
    #[codec(index = 3)]
    ProviderFailed(Fault),
}

/// Which limit was reached.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
pub enum Limit {
    /// [`Limits::timeout_ms`](crate::Limits::timeout_ms)
    #[codec(index = 0)]
    Timeout,
    /// [`Limits::memory_bytes`](crate::Limits::memory_bytes)
    #[codec(index = 1)]
    Memory,
    /// [`Limits::max_output_bytes`](crate::Limits::max_output_bytes)
    #[codec(index = 2)]
    Output,
}

/// Why a provider could not execute.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
pub enum Fault {
    /// The code could not be fetched.
    #[codec(index = 0)]
    CodeUnavailable,
    /// The input could not be fetched, or is not what the request says.
    #[codec(index = 1)]
    InputUnavailable,
    /// The code is not what the version says, or cannot be compiled.
    #[codec(index = 2)]
    InvalidCode,
    /// The code needs something this provider does not offer.
    #[codec(index = 3)]
    Unsupported,
    /// The provider has too much to do to meet the deadline.
    #[codec(index = 4)]
    Overloaded,
    /// The execution was cut off by a restart; it may have run in part.
    #[codec(index = 5)]
    Interrupted,
    /// Anything else that is not the function's doing.
    #[codec(index = 6)]
    Internal,
}

impl Outcome {
    /// Whether the payer is charged for it.
    pub const fn is_charged(&self) -> bool {
        !matches!(self, Self::ProviderFailed(_))
    }

    /// Whether the developer fee is part of the charge: not when a limit stopped the function.
    pub const fn pays_developer(&self) -> bool {
        matches!(self, Self::Success | Self::FunctionFailed)
    }
}

impl Fault {
    /// Whether it blames what the developer or caller brought, and not the provider.
    pub const fn blames_content(&self) -> bool {
        matches!(
            self,
            Self::CodeUnavailable | Self::InputUnavailable | Self::InvalidCode
        )
    }

    /// Whether it blames the version's code.
    pub const fn blames_code(&self) -> bool {
        matches!(self, Self::CodeUnavailable | Self::InvalidCode)
    }
}
