//! What can be called.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use defaas_primitives::{
    Balance, Code, FunctionId, Labels, Limits, ProviderId, Selector, Verification, VersionNumber,
};
use frame_support::weights::Weight;
use scale_info::TypeInfo;
use sp_runtime::DispatchError;

/// A function and version as they were when a call was requested. A call in flight depends on this
/// copy only: whatever changes later touches later requests.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Resolved<AccountId> {
    /// Which function.
    pub function: FunctionId,
    /// Who owned it: the developer fee goes there.
    pub owner: AccountId,
    /// Which version the selector led to.
    pub version: VersionNumber,
    /// What to execute.
    pub code: Code,
    /// Within which limits.
    pub limits: Limits,
    /// Whether the same input always gives the same output.
    pub deterministic: bool,
    /// How results are verified.
    pub verification: Verification,
    /// Labels a provider must have.
    pub required: Labels,
    /// Who has the code, if the developer named someone.
    pub source: Option<ProviderId>,
    /// Developer fee per call.
    pub fee: Balance,
}

/// Why a version is taken out of service by the network.
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
pub enum SuspendReason {
    /// Every provider asked could not fetch the code.
    #[codec(index = 0)]
    CodeUnavailable,
    /// Every provider asked found the code to be not what the version says.
    #[codec(index = 1)]
    InvalidCode,
}

/// What can be called.
pub trait Catalog<AccountId> {
    /// The function and version that a call requested now would execute. `salt` decides where an
    /// alias splits its calls. Fails if there is no such function, version or alias, or if it may
    /// not be called: paused, retired, suspended.
    fn resolve(
        function: FunctionId,
        selector: &Selector,
        salt: &[u8; 32],
    ) -> Result<Resolved<AccountId>, DispatchError>;

    /// Who owns the function, if it exists.
    fn owner_of(function: FunctionId) -> Option<AccountId>;

    /// Takes a version out of service until its owner puts it back. Infallible, idempotent: no
    /// effect if the version is gone or suspended already.
    fn suspend(function: FunctionId, version: VersionNumber, reason: SuspendReason);

    /// Worst-case weight of [`resolve`](Self::resolve).
    fn resolve_weight() -> Weight;

    /// Worst-case weight of [`suspend`](Self::suspend).
    fn suspend_weight() -> Weight;
}

/// Told when a function changes hands or goes.
pub trait OnFunction<AccountId> {
    /// `function` now belongs to `new`. Returns the weight used.
    fn transferred(function: FunctionId, old: &AccountId, new: &AccountId) -> Weight;

    /// `function` is gone. Returns the weight used. Whatever is stored about it must go within a
    /// bounded number of steps, or be unreachable from now on: the id is never used again.
    fn removed(function: FunctionId) -> Weight;

    /// Worst-case weight of either.
    fn max_weight() -> Weight;
}

#[impl_trait_for_tuples::impl_for_tuples(4)]
impl<AccountId> OnFunction<AccountId> for Tuple {
    fn transferred(function: FunctionId, old: &AccountId, new: &AccountId) -> Weight {
        let mut weight = Weight::zero();
        for_tuples!( #( weight = weight.saturating_add(Tuple::transferred(function, old, new)); )* );
        weight
    }

    fn removed(function: FunctionId) -> Weight {
        let mut weight = Weight::zero();
        for_tuples!( #( weight = weight.saturating_add(Tuple::removed(function)); )* );
        weight
    }

    fn max_weight() -> Weight {
        let mut weight = Weight::zero();
        for_tuples!( #( weight = weight.saturating_add(Tuple::max_weight()); )* );
        weight
    }
}
