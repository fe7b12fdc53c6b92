//! Who pays, how much and to whom.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use defaas_primitives::{Balance, InvocationId, Principal};
use frame_support::weights::Weight;
use scale_info::TypeInfo;
use sp_runtime::DispatchResult;

use crate::{FunctionRef, Resolved};

/// The price of a call, in its parts. Known before the call and frozen with it.
#[derive(
    Clone,
    Copy,
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
pub struct Quote {
    /// To the function's owner.
    pub developer_fee: Balance,
    /// For the execution: the treasury's share of it and the rest, which is the provider's.
    pub execution_price: Balance,
    /// Part of `execution_price` that goes to the treasury, rounded down.
    pub treasury_share: Balance,
    /// For the free transactions that the call causes. Charged at once, never given back.
    pub network_fee: Balance,
}

impl Quote {
    /// What is held until the call ends. `None` on overflow.
    pub fn held(&self) -> Option<Balance> {
        self.developer_fee.checked_add(self.execution_price)
    }

    /// All the payer may have to pay, to be compared with `max_fee`. `None` on overflow.
    pub fn total(&self) -> Option<Balance> {
        self.held()?.checked_add(self.network_fee)
    }
}

/// Who is paid when a call ends with a charged outcome.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bill<AccountId> {
    /// Gets the developer fee, if it is due.
    pub developer: AccountId,
    /// Whether the developer fee is due; else it goes back to the payer.
    pub developer_fee_due: bool,
    /// Gets the execution price less the treasury's share.
    pub provider: AccountId,
}

/// What became of a hold. The parts and `returned` sum up to what was held.
#[derive(
    Clone,
    Copy,
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
pub struct Paid {
    /// To the developer.
    pub developer: Balance,
    /// To the provider.
    pub provider: Balance,
    /// To the treasury: its share, and what a payee could not receive.
    pub treasury: Balance,
    /// Back to the payer.
    pub returned: Balance,
}

/// Decides who pays. Asked once per call; the answer is recorded.
pub trait PayerPolicy<AccountId> {
    /// Who pays for this call.
    fn payer(
        principal: &Principal<AccountId>,
        function: &FunctionRef<AccountId>,
        quote: &Quote,
    ) -> AccountId;
}

/// Holds the price of a call until it ends.
pub trait Escrow<AccountId> {
    /// The price of a call of this version now. Pure: the price shown is the price paid.
    fn quote(resolved: &Resolved<AccountId>) -> Result<Quote, sp_runtime::DispatchError>;

    /// Charges the network fee and holds the rest. Fails, with nothing changed, if the payer cannot
    /// pay or the invocation has a hold already.
    fn open(invocation: InvocationId, payer: &AccountId, quote: &Quote) -> DispatchResult;

    /// Pays everybody and releases the rest. Infallible: a payee that cannot receive leaves its
    /// part to the treasury; nothing stays held. No effect (all zero) if there is no hold.
    fn settle(invocation: InvocationId, bill: &Bill<AccountId>) -> Paid;

    /// Releases everything that is held and returns how much. Infallible; 0 if there is no hold.
    fn refund(invocation: InvocationId) -> Balance;

    /// Worst-case weight of [`open`](Self::open), quote included.
    fn open_weight() -> Weight;

    /// Worst-case weight of [`settle`](Self::settle), and of [`refund`](Self::refund).
    fn settle_weight() -> Weight;
}
