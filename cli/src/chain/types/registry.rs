//! Functions, versions, aliases.

use super::{ContentId, Text};
use defaas_primitives::{Balance, FunctionId, ProviderId, VersionNumber};
use serde::Serialize;
use std::fmt;
use subxt::{
    ext::{
        scale_decode::{self, DecodeAsType},
        scale_encode::{self, EncodeAsType},
    },
    utils::AccountId32,
};

/// A function.
#[derive(Clone, Debug, DecodeAsType)]
#[decode_as_type(crate_path = "scale_decode")]
pub struct Function {
    /// Whose it is.
    pub owner: AccountId32,
    /// What its owner calls it.
    pub name: Text,
    /// A text about it.
    pub description: Option<ContentId>,
    /// Whether it can be called.
    pub status: FunctionStatus,
    /// What the owner gets per call, in units.
    pub fee: Balance,
    /// Where it wants to run.
    pub placement: Placement,
    /// Number of its newest version.
    pub versions: VersionNumber,
    /// To whom it is offered.
    pub offered_to: Option<AccountId32>,
}

/// Whether a function can be called.
#[derive(Clone, Debug, PartialEq, Eq, DecodeAsType)]
#[decode_as_type(crate_path = "scale_decode")]
pub enum FunctionStatus {
    /// It can.
    Active,
    /// Not for now, with a reason.
    Paused(Option<Text>),
    /// Never again.
    Retired {
        /// Since this block.
        since: u32,
    },
}

impl fmt::Display for FunctionStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Active => f.pad("active"),
            Self::Paused(None) => f.pad("paused"),
            Self::Paused(Some(reason)) => write!(f, "paused: {reason}"),
            Self::Retired { since } => write!(f, "retired since block {since}"),
        }
    }
}

/// A part of the list of functions.
#[derive(Clone, Debug, DecodeAsType)]
#[decode_as_type(crate_path = "scale_decode")]
pub struct FunctionPage {
    /// Id and function.
    pub items: Vec<(FunctionId, Function)>,
    /// Where the next part begins.
    pub next: Option<FunctionId>,
}

/// A part of the list of an owner's functions.
#[derive(Clone, Debug, DecodeAsType)]
#[decode_as_type(crate_path = "scale_decode")]
pub struct NamePage {
    /// Name and id.
    pub items: Vec<(Text, FunctionId)>,
    /// After which name the next part begins.
    pub next: Option<Text>,
}

/// A version.
#[derive(Clone, Debug, DecodeAsType)]
#[decode_as_type(crate_path = "scale_decode")]
pub struct Version {
    /// As published.
    pub spec: VersionSpec,
    /// Why the network took it out of service.
    pub suspended: Option<SuspendReason>,
}

/// What a developer says about a version.
#[derive(Clone, Debug, PartialEq, Eq, DecodeAsType, EncodeAsType)]
#[decode_as_type(crate_path = "scale_decode")]
#[encode_as_type(crate_path = "scale_encode")]
pub struct VersionSpec {
    /// What to execute.
    pub code: Code,
    /// Within which limits.
    pub limits: Limits,
    /// Whether the same input always gives the same output.
    pub deterministic: bool,
    /// How results are verified.
    pub verification: Verification,
    /// Description of the interface.
    pub manifest: Option<ContentId>,
    /// Who has the code.
    pub source: Option<ProviderId>,
}

/// Where the code is and how to know that it is the right one.
#[derive(Clone, Debug, PartialEq, Eq, DecodeAsType, EncodeAsType)]
#[decode_as_type(crate_path = "scale_decode")]
#[encode_as_type(crate_path = "scale_encode")]
pub struct Code {
    /// Root of the content.
    pub cid: ContentId,
    /// sha-256 of the whole content.
    pub sha256: [u8; 32],
    /// Length in bytes.
    pub size: u64,
    /// Which executor runs it.
    pub kind: CodeKind,
}

/// Which executor runs the code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, DecodeAsType, EncodeAsType)]
#[decode_as_type(crate_path = "scale_decode")]
#[encode_as_type(crate_path = "scale_encode")]
pub enum CodeKind {
    /// WebAssembly.
    Wasm,
    /// A container image.
    Oci,
}

/// What one execution may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, DecodeAsType, EncodeAsType)]
#[decode_as_type(crate_path = "scale_decode")]
#[encode_as_type(crate_path = "scale_encode")]
pub struct Limits {
    /// Longest execution, in milliseconds.
    pub timeout_ms: u32,
    /// Most memory, in bytes.
    pub memory_bytes: u32,
    /// Longest input, in bytes.
    pub max_input_bytes: u32,
    /// Longest output, in bytes.
    pub max_output_bytes: u32,
}

/// How results are verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq, DecodeAsType, EncodeAsType)]
#[decode_as_type(crate_path = "scale_decode")]
#[encode_as_type(crate_path = "scale_encode")]
pub enum Verification {
    /// One provider's result stands.
    Single,
    /// Random calls are executed again.
    Audited,
    /// So many providers execute every call.
    Redundant(u8),
}

/// Why a version is out of service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, DecodeAsType)]
#[decode_as_type(crate_path = "scale_decode")]
pub enum SuspendReason {
    /// Nobody could fetch its code.
    CodeUnavailable,
    /// Its code is not what it says.
    InvalidCode,
}

/// Where a function wants to run.
#[derive(Clone, Debug, Default, PartialEq, Eq, DecodeAsType, EncodeAsType)]
#[decode_as_type(crate_path = "scale_decode")]
#[encode_as_type(crate_path = "scale_encode")]
pub struct Placement {
    /// Only on providers with these labels.
    pub required: Labels,
    /// Reserved.
    pub preferred: Labels,
    /// Reserved.
    pub spread: Option<LabelKey>,
}

/// Labels of a provider, or required of one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, DecodeAsType, EncodeAsType)]
#[decode_as_type(crate_path = "scale_decode")]
#[encode_as_type(crate_path = "scale_encode")]
pub struct Labels {
    /// Whose machines.
    pub cloud: Option<Text>,
    /// Where on earth.
    pub region: Option<Text>,
    /// Processor.
    pub arch: Option<Text>,
}

impl fmt::Display for Labels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let given: Vec<String> = [
            ("cloud", &self.cloud),
            ("region", &self.region),
            ("arch", &self.arch),
        ]
        .into_iter()
        .filter_map(|(key, label)| Some(format!("{key}={}", label.as_ref()?)))
        .collect();
        f.pad(&if given.is_empty() {
            "none".to_owned()
        } else {
            given.join(" ")
        })
    }
}

/// Which label.
#[derive(Clone, Copy, Debug, PartialEq, Eq, DecodeAsType, EncodeAsType)]
#[decode_as_type(crate_path = "scale_decode")]
#[encode_as_type(crate_path = "scale_encode")]
pub enum LabelKey {
    /// [`Labels::cloud`]
    Cloud,
    /// [`Labels::region`]
    Region,
    /// [`Labels::arch`]
    Arch,
}

/// Which version a caller wants.
#[derive(Clone, Debug, PartialEq, Eq, EncodeAsType)]
#[encode_as_type(crate_path = "scale_encode")]
pub enum Selector {
    /// This one.
    Version(VersionNumber),
    /// Whatever the alias points to.
    Alias(Text),
}

/// What an alias points to.
#[derive(Clone, Debug, PartialEq, Eq, DecodeAsType, EncodeAsType)]
#[decode_as_type(crate_path = "scale_decode")]
#[encode_as_type(crate_path = "scale_encode")]
pub enum AliasTarget {
    /// One version.
    Version(VersionNumber),
    /// Several versions, each with a weight.
    Weighted(Vec<(VersionNumber, u8)>),
}

/// A movable name for a version.
#[derive(Clone, Debug, DecodeAsType)]
#[decode_as_type(crate_path = "scale_decode")]
pub struct Alias {
    /// What it points to.
    pub target: AliasTarget,
    /// Where a roll-back leads.
    pub previous: Option<AliasTarget>,
}

/// A function and version as a call would find them.
#[derive(Clone, Debug, DecodeAsType)]
#[decode_as_type(crate_path = "scale_decode")]
pub struct Resolved {
    /// Which function.
    pub function: FunctionId,
    /// Who owned it.
    pub owner: AccountId32,
    /// Which version.
    pub version: VersionNumber,
    /// Within which limits.
    pub limits: Limits,
}
