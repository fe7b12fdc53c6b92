//! Who executes.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use defaas_primitives::{Balance, CodeKind, Labels, ProviderId, WorkerId};
use frame_support::weights::Weight;
use scale_info::TypeInfo;

/// What a call needs of a provider. Names exactly one pool.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Requirements {
    /// What kind of code it executes.
    pub kind: CodeKind,
    /// Labels it has.
    pub labels: Labels,
}

/// A provider that was drawn, as it was then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chosen<AccountId> {
    /// Which provider.
    pub provider: ProviderId,
    /// Where its pay goes.
    pub account: AccountId,
    /// The key that will sign its report, even if the provider rotates keys meanwhile.
    pub worker: WorkerId,
}

/// What a draw led to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Draw<AccountId> {
    /// This provider was drawn, and is booked.
    Chosen(Chosen<AccountId>),
    /// Nobody was drawn, but somebody may be later: there are providers that could take it and were
    /// not tried, and those looked at have no room now.
    Full,
    /// Nobody was drawn, and nobody is there to wait for.
    Nobody,
}

impl<AccountId> Draw<AccountId> {
    /// The provider drawn, if there is one.
    pub fn chosen(self) -> Option<Chosen<AccountId>> {
        match self {
            Self::Chosen(chosen) => Some(chosen),
            Self::Full | Self::Nobody => None,
        }
    }
}

/// How a provider did on an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It delivered a result.
    Delivered,
    /// It reported that it could not.
    Failed,
    /// It said nothing until the deadline. The only verdict that costs a slice of the bond.
    Silent,
}

/// Draws providers and keeps count of what they have to do.
pub trait Providers<AccountId> {
    /// Whether any provider is in the pool that the requirements name. It may still be busy.
    fn any(requirements: &Requirements) -> bool;

    /// Draws a provider that is not in `excluded` and books one more open assignment and `exposure`
    /// on it. Books nothing if no eligible one was found. The same seed on the same state draws the
    /// same provider.
    fn draw(
        requirements: &Requirements,
        seed: [u8; 32],
        excluded: &[ProviderId],
        exposure: Balance,
    ) -> Draw<AccountId>;

    /// Takes one open assignment and its exposure off the books. Infallible.
    fn close(provider: ProviderId, exposure: Balance);

    /// Keeps score. Infallible. May come later than [`close`](Self::close), when the provider has
    /// perhaps left.
    fn judge(provider: ProviderId, verdict: Verdict);

    /// Worst-case weight of [`draw`](Self::draw).
    fn draw_weight() -> Weight;

    /// Worst-case weight of [`close`](Self::close).
    fn close_weight() -> Weight;

    /// Worst-case weight of [`judge`](Self::judge) with this verdict. Apart for each, because silence
    /// alone costs bond, and it is never judged where reports are executed.
    fn judge_weight(verdict: Verdict) -> Weight;
}
