//! What the chain says it did.

use crate::Error;
use defaas_primitives::{Balance, FunctionId, InvocationId, VersionNumber};
use subxt::{
    error::EventsError,
    events::{DecodeAsEvent, Event},
    ext::scale_decode::{self, DecodeAsType},
    PolkadotConfig,
};

/// There is a new function.
#[derive(Clone, Copy, Debug, DecodeAsType)]
#[decode_as_type(crate_path = "scale_decode")]
pub struct FunctionPublished {
    /// Its id.
    pub function: FunctionId,
}

/// A call was requested.
#[derive(Clone, Copy, Debug, DecodeAsType)]
#[decode_as_type(crate_path = "scale_decode")]
pub struct Requested {
    /// Its number.
    pub invocation: InvocationId,
    /// Its identity.
    pub digest: [u8; 32],
    /// Which version it executes.
    pub version: VersionNumber,
    /// All that may be charged, in units.
    pub price: Balance,
}

/// A call was paid.
#[derive(Clone, Copy, Debug, DecodeAsType)]
#[decode_as_type(crate_path = "scale_decode")]
pub struct Settled {
    /// Which call.
    pub invocation: InvocationId,
    /// To the function's owner, in units.
    pub developer: Balance,
    /// To the provider, in units.
    pub provider: Balance,
    /// To the treasury, in units.
    pub treasury: Balance,
    /// Back to the payer, in units.
    pub returned: Balance,
}

/// A call ended without charge.
#[derive(Clone, Copy, Debug, DecodeAsType)]
#[decode_as_type(crate_path = "scale_decode")]
pub struct Refunded {
    /// Which call.
    pub invocation: InvocationId,
    /// Back to the payer, in units.
    pub returned: Balance,
}

macro_rules! event {
    ($pallet:literal, $name:ident) => {
        impl DecodeAsEvent for $name {
            fn is_event(pallet: &str, event: &str) -> bool {
                pallet == $pallet && event == stringify!($name)
            }
        }
    };
}

event!("Registry", FunctionPublished);
event!("Invocations", Requested);
event!("Billing", Settled);
event!("Billing", Refunded);

/// The first event of type `E` among `events`.
pub fn find<'a, E: DecodeAsEvent>(
    events: impl Iterator<Item = Result<Event<'a, PolkadotConfig>, EventsError>>,
) -> crate::Result<Option<E>> {
    find_where(events, |_| true)
}

/// The first event of type `E` among `events` that is `wanted`.
pub fn find_where<'a, E: DecodeAsEvent>(
    events: impl Iterator<Item = Result<Event<'a, PolkadotConfig>, EventsError>>,
    wanted: impl Fn(&E) -> bool,
) -> crate::Result<Option<E>> {
    let unreadable = |error: EventsError| Error::Incompatible(error.to_string());
    for event in events {
        let Some(event) = event.map_err(unreadable)?.decode_fields_as::<E>() else {
            continue;
        };
        let event = event.map_err(unreadable)?;
        if wanted(&event) {
            return Ok(Some(event));
        }
    }
    Ok(None)
}
