//! Calls made by other parts of the chain, and what they learn of the result.

use defaas_primitives::{
    Balance, Digest, FunctionId, Input, InvocationId, Outcome, OutputDigest, Path, Principal,
    ProviderId, Selector, VersionNumber,
};
use frame_support::weights::Weight;
use sp_runtime::DispatchError;

/// What a caller asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestParams {
    /// Which function.
    pub function: FunctionId,
    /// Which version of it.
    pub selector: Selector,
    /// Path and query that the function sees.
    pub path: Path,
    /// What the function reads.
    pub input: Input,
    /// Most the payer is willing to pay, network fee included.
    pub max_fee: Balance,
}

/// Requests calls.
pub trait Invoke<AccountId> {
    /// Requests a call. Fails, with nothing changed, for every reason that the extrinsic fails.
    fn request(
        principal: Principal<AccountId>,
        params: RequestParams,
    ) -> Result<InvocationId, DispatchError>;

    /// Worst-case weight of [`request`](Self::request).
    fn request_weight() -> Weight;
}

/// How a call ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary<AccountId> {
    /// Which call.
    pub invocation: InvocationId,
    /// Its identity.
    pub digest: Digest,
    /// Which function.
    pub function: FunctionId,
    /// Which version.
    pub version: VersionNumber,
    /// Who asked.
    pub principal: Principal<AccountId>,
    /// The outcome that was charged, or `None` if the call was refunded.
    pub outcome: Option<Outcome>,
    /// Who delivered it.
    pub provider: Option<ProviderId>,
    /// Hash and length of the output, if there is one.
    pub output: Option<OutputDigest>,
}

/// Told how each call ended.
pub trait OnOutcome<AccountId> {
    /// The call ended. Infallible. Returns the weight used.
    fn settled(summary: &Summary<AccountId>) -> Weight;

    /// Worst-case weight of [`settled`](Self::settled).
    fn max_weight() -> Weight;
}

#[impl_trait_for_tuples::impl_for_tuples(4)]
impl<AccountId> OnOutcome<AccountId> for Tuple {
    fn settled(summary: &Summary<AccountId>) -> Weight {
        let mut weight = Weight::zero();
        for_tuples!( #( weight = weight.saturating_add(Tuple::settled(summary)); )* );
        weight
    }

    fn max_weight() -> Weight {
        let mut weight = Weight::zero();
        for_tuples!( #( weight = weight.saturating_add(Tuple::max_weight()); )* );
        weight
    }
}
