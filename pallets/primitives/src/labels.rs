//! Where a provider is, and where a function wants to run.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use sp_core::ConstU32;
use sp_runtime::BoundedVec;

/// Longest label in bytes.
pub const MAX_LABEL_LEN: u32 = 32;

/// One label value: 1 to 32 of `a-z`, `0-9`, `-`, `_`, `.`.
#[derive(
    Clone,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
pub struct Label(pub BoundedVec<u8, ConstU32<MAX_LABEL_LEN>>);

impl Label {
    /// Takes `label` if it is valid.
    pub fn parse(label: &str) -> Option<Self> {
        let label = Self(label.as_bytes().to_vec().try_into().ok()?);
        label.is_valid().then_some(label)
    }

    /// Whether it keeps to the rule above.
    pub fn is_valid(&self) -> bool {
        !self.0.is_empty()
            && self.0.iter().all(|b| {
                b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'_' | b'.')
            })
    }
}

/// Labels of a provider, or labels that a function requires. `None` means "says nothing" for a
/// provider and "any" for a function.
#[derive(
    Clone,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
pub struct Labels {
    /// Whose machines: `hetzner`, `home`, …
    pub cloud: Option<Label>,
    /// Where on earth: `eu-central`, …
    pub region: Option<Label>,
    /// Processor: `x86_64`, `aarch64`, …
    pub arch: Option<Label>,
}

impl Labels {
    /// Whether every label given is valid.
    pub fn is_valid(&self) -> bool {
        [&self.cloud, &self.region, &self.arch]
            .into_iter()
            .flatten()
            .all(Label::is_valid)
    }

    /// Whether no label is given.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Which label to spread calls across.
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
pub enum LabelKey {
    /// [`Labels::cloud`]
    #[codec(index = 0)]
    Cloud,
    /// [`Labels::region`]
    #[codec(index = 1)]
    Region,
    /// [`Labels::arch`]
    #[codec(index = 2)]
    Arch,
}

/// Where a function wants to run.
#[derive(
    Clone,
    Debug,
    Default,
    PartialEq,
    Eq,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
pub struct Placement {
    /// Only on providers with these labels.
    pub required: Labels,
    /// Rather on providers with these labels. Reserved: must be empty.
    pub preferred: Labels,
    /// Spread over the values of this label. Reserved: must be `None`.
    pub spread: Option<LabelKey>,
}

impl Placement {
    /// Whether the labels are valid and the reserved fields are unused.
    pub fn is_supported(&self) -> bool {
        self.required.is_valid() && self.preferred.is_empty() && self.spread.is_none()
    }
}
