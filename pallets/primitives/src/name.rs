//! Names of functions and aliases.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use sp_core::ConstU32;
use sp_runtime::BoundedVec;

/// Longest name in bytes.
pub const MAX_NAME_LEN: u32 = 63;

/// A name: 1 to 63 of `a-z`, `0-9`, `-`, with a letter or digit at both ends.
///
/// Such a name is a valid DNS label, a valid OpenFaaS function name and needs no escaping in a URL.
/// Decoding bounds the length only; whoever takes one from outside calls [`Name::is_valid`].
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
pub struct Name(pub BoundedVec<u8, ConstU32<MAX_NAME_LEN>>);

impl Name {
    /// Takes `name` if it is valid.
    pub fn parse(name: &str) -> Option<Self> {
        let name = Self(name.as_bytes().to_vec().try_into().ok()?);
        name.is_valid().then_some(name)
    }

    /// Whether it keeps to the rule above.
    pub fn is_valid(&self) -> bool {
        let edge = |b: &u8| b.is_ascii_lowercase() || b.is_ascii_digit();
        self.0.first().is_some_and(edge)
            && self.0.last().is_some_and(edge)
            && self.0.iter().all(|b| edge(b) || *b == b'-')
    }
}
