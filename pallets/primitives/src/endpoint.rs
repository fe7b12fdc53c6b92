//! Where a provider's gateway is reached. Never a free URL: whoever connects decides on scheme and
//! path, and can refuse an address before it connects.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use sp_core::ConstU32;
use sp_runtime::BoundedVec;

/// Longest host name in bytes (RFC 1035 §2.3.4).
pub const MAX_DNS_LEN: u32 = 253;

/// Host, port and whether to speak TLS.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Endpoint {
    /// Machine.
    pub host: Host,
    /// TCP port, not 0.
    pub port: u16,
    /// Whether TLS is spoken.
    pub tls: bool,
}

/// A machine's address.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub enum Host {
    /// IPv4 address in network order.
    #[codec(index = 0)]
    Ip4([u8; 4]),
    /// IPv6 address in network order.
    #[codec(index = 1)]
    Ip6([u8; 16]),
    /// Host name.
    #[codec(index = 2)]
    Dns(BoundedVec<u8, ConstU32<MAX_DNS_LEN>>),
}

impl Endpoint {
    /// Whether the port is not 0 and a host name is one: labels of 1 to 63 letters, digits and
    /// hyphens with no hyphen at their ends (RFC 1123 §2.1), the last one not a number.
    pub fn is_valid(&self) -> bool {
        self.port != 0
            && match &self.host {
                Host::Ip4(_) | Host::Ip6(_) => true,
                Host::Dns(name) => is_host_name(name),
            }
    }
}

fn is_host_name(name: &[u8]) -> bool {
    let is_label = |label: &[u8]| {
        matches!(label.len(), 1..=63)
            && label
                .iter()
                .all(|b| b.is_ascii_alphanumeric() || *b == b'-')
            && label.first() != Some(&b'-')
            && label.last() != Some(&b'-')
    };
    let last_is_number = name
        .rsplit(|b| *b == b'.')
        .next()
        .is_some_and(|label| label.iter().all(u8::is_ascii_digit));
    name.split(|b| *b == b'.').all(is_label) && !last_is_number
}
