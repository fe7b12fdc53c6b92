//! The transactions this program sends, by the names of pallets and calls. Arguments are matched to
//! the metadata by position, those inside a batch by name.

use super::types::{AliasTarget, ContentId, Input, Placement, Rule, Selector, Text, VersionSpec};
use defaas_primitives::{Balance, BlockNumber, FunctionId};
use subxt::{
    dynamic,
    ext::scale_encode::{self, EncodeAsType},
    transactions::Payload,
    utils::AccountId32,
};

const REGISTRY: &str = "Registry";
const ACCESS: &str = "Access";

/// Calls that happen all or not at all.
pub fn all_or_nothing(calls: Vec<Call>) -> impl Payload {
    dynamic::transaction("Utility", "batch_all", (calls,))
}

/// A call inside a batch.
#[allow(clippy::large_enum_variant)] // A batch has three of them at most.
#[derive(Clone, Debug, EncodeAsType)]
#[encode_as_type(crate_path = "scale_encode")]
pub enum Call {
    /// Of the registry.
    Registry(RegistryCall),
    /// Of access control.
    Access(AccessCall),
}

/// A call of the registry, named as there.
#[allow(non_camel_case_types)]
#[allow(clippy::large_enum_variant)] // A batch has three of them at most.
#[derive(Clone, Debug, EncodeAsType)]
#[encode_as_type(crate_path = "scale_encode")]
pub enum RegistryCall {
    /// A function with its first version.
    publish {
        /// Unique among the owner's functions.
        name: Text,
        /// A text about it.
        description: Option<ContentId>,
        /// Per call, to the owner, in units.
        fee: Balance,
        /// Where it runs.
        placement: Placement,
        /// The first version.
        version: VersionSpec,
    },
    /// The next version.
    publish_version {
        /// Of this function.
        function: FunctionId,
        /// The version.
        version: VersionSpec,
    },
    /// Another fee.
    set_fee {
        /// Of this function.
        function: FunctionId,
        /// Per call, to the owner, in units.
        fee: Balance,
    },
}

/// A call of access control, named as there.
#[allow(non_camel_case_types)]
#[derive(Clone, Debug, EncodeAsType)]
#[encode_as_type(crate_path = "scale_encode")]
pub enum AccessCall {
    /// Other rules.
    set_policy {
        /// Of this function.
        function: FunctionId,
        /// One of them must let the caller in.
        rules: Vec<Rule>,
    },
}

/// Asks for a call of a function.
pub fn request(
    function: FunctionId,
    selector: Selector,
    path: Text,
    input: impl Into<Input>,
    max_fee: Balance,
) -> impl Payload {
    dynamic::transaction(
        "Invocations",
        "request",
        (function, selector, path, input.into(), max_fee),
    )
}

/// Refuses calls from now on.
pub fn pause(function: FunctionId, reason: Option<Text>) -> impl Payload {
    dynamic::transaction(REGISTRY, "pause", (function, reason))
}

/// Accepts calls again.
pub fn resume(function: FunctionId) -> impl Payload {
    dynamic::transaction(REGISTRY, "resume", (function,))
}

/// Refuses calls and changes for good.
pub fn retire(function: FunctionId) -> impl Payload {
    dynamic::transaction(REGISTRY, "retire", (function,))
}

/// Removes a retired function with all that belongs to it, and releases its deposits.
pub fn remove(function: FunctionId) -> impl Payload {
    dynamic::transaction(REGISTRY, "remove", (function,))
}

/// Offers a function to another account.
pub fn transfer(function: FunctionId, to: AccountId32) -> impl Payload {
    dynamic::transaction(REGISTRY, "transfer", (function, to))
}

/// Takes a function that is offered.
pub fn accept(function: FunctionId) -> impl Payload {
    dynamic::transaction(REGISTRY, "accept", (function,))
}

/// Points an alias elsewhere.
pub fn set_alias(function: FunctionId, alias: Text, target: AliasTarget) -> impl Payload {
    dynamic::transaction(REGISTRY, "set_alias", (function, alias, target))
}

/// Points an alias to where it pointed before.
pub fn roll_back_alias(function: FunctionId, alias: Text) -> impl Payload {
    dynamic::transaction(REGISTRY, "roll_back_alias", (function, alias))
}

/// Removes an alias and releases its deposit.
pub fn remove_alias(function: FunctionId, alias: Text) -> impl Payload {
    dynamic::transaction(REGISTRY, "remove_alias", (function, alias))
}

/// Sets who may call a function.
pub fn set_policy(function: FunctionId, rules: Vec<Rule>) -> impl Payload {
    dynamic::transaction(ACCESS, "set_policy", (function, rules))
}

/// Lets an account call a function.
pub fn grant(
    function: FunctionId,
    account: AccountId32,
    expiry: Option<BlockNumber>,
    quota: Option<u32>,
) -> impl Payload {
    dynamic::transaction(ACCESS, "grant", (function, account, expiry, quota))
}

/// Takes a grant away.
pub fn revoke(function: FunctionId, account: AccountId32) -> impl Payload {
    dynamic::transaction(ACCESS, "revoke", (function, account))
}
