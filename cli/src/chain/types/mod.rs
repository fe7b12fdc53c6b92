//! The parts of on-chain types that this program reads and writes, matched to the chain's metadata
//! by name.

mod access;
mod account;
mod invocations;
mod registry;
mod text;
mod trust;

pub use access::{Grant, Policy, Quota, Rule};
pub(super) use account::{AccountData, AccountInfo};
pub use invocations::{
    Assignment, Delivery, Fault, Input, Invocation, Limit, Meters, Moment, Outcome, Output,
    OutputDigest, Principal, Quote, RefundReason, Status, Tried,
};
pub use registry::{
    Alias, AliasTarget, Code, CodeKind, Function, FunctionPage, FunctionStatus, LabelKey, Labels,
    Limits, NamePage, Placement, Resolved, Selector, SuspendReason, Verification, Version,
    VersionSpec,
};
pub use text::{ContentId, Text};
pub use trust::{
    Capabilities, Endpoint, Host, Profile, Provider, ProviderInfo, ProviderPage, ProviderStatus,
};
