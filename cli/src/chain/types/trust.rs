//! Providers.

use super::{CodeKind, Labels, Text};
use defaas_primitives::{Balance, BlockNumber, ProviderId};
use std::{
    fmt,
    net::{Ipv4Addr, Ipv6Addr},
};
use subxt::{
    ext::scale_decode::{self, DecodeAsType},
    utils::AccountId32,
};

/// A provider.
#[derive(Clone, Debug, DecodeAsType)]
#[decode_as_type(crate_path = "scale_decode")]
pub struct ProviderInfo {
    /// Which one.
    pub id: ProviderId,
    /// What the draw looks at.
    pub provider: Provider,
    /// What others need to know.
    pub profile: Profile,
    /// Most open assignments that count now.
    pub effective_capacity: u32,
    /// Score in millionths.
    pub score: u32,
}

/// What the draw looks at.
#[derive(Clone, Debug, DecodeAsType)]
#[decode_as_type(crate_path = "scale_decode")]
pub struct Provider {
    /// Who owns the bond.
    pub account: AccountId32,
    /// What is held, in units.
    pub bond: Balance,
    /// Open assignments.
    pub load: u32,
    /// Sum of their execution prices, in units.
    pub exposure: Balance,
    /// Where it stands.
    pub status: ProviderStatus,
    /// Whether it takes new assignments.
    pub available: bool,
}

/// Where a provider stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, DecodeAsType)]
#[decode_as_type(crate_path = "scale_decode")]
pub enum ProviderStatus {
    /// May be drawn.
    Active,
    /// Until the bond is topped up.
    Jailed,
    /// On its way out.
    Leaving {
        /// First block in which it may withdraw.
        until: BlockNumber,
    },
}

impl fmt::Display for ProviderStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Active => f.pad("active"),
            Self::Jailed => f.pad("jailed"),
            Self::Leaving { until } => f.pad(&format!("leaving until block {until}")),
        }
    }
}

/// What others need to know of a provider.
#[derive(Clone, Debug, DecodeAsType)]
#[decode_as_type(crate_path = "scale_decode")]
pub struct Profile {
    /// Where its gateway is reached.
    pub endpoint: Endpoint,
    /// Where it is.
    pub labels: Labels,
    /// What it executes.
    pub capabilities: Capabilities,
}

/// A set of [`CodeKind`], a bit each.
#[derive(Clone, Copy, Debug, DecodeAsType)]
#[decode_as_type(crate_path = "scale_decode")]
pub struct Capabilities(pub u8);

impl Capabilities {
    /// The kinds in the set.
    pub fn kinds(&self) -> Vec<CodeKind> {
        [(1 << 0, CodeKind::Wasm), (1 << 1, CodeKind::Oci)]
            .into_iter()
            .filter(|(bit, _)| self.0 & bit != 0)
            .map(|(_, kind)| kind)
            .collect()
    }
}

/// Where a gateway is reached.
#[derive(Clone, Debug, DecodeAsType)]
#[decode_as_type(crate_path = "scale_decode")]
pub struct Endpoint {
    /// Machine.
    pub host: Host,
    /// TCP port.
    pub port: u16,
    /// Whether TLS is spoken.
    pub tls: bool,
}

/// A machine's address.
#[derive(Clone, Debug, DecodeAsType)]
#[decode_as_type(crate_path = "scale_decode")]
pub enum Host {
    /// IPv4.
    Ip4([u8; 4]),
    /// IPv6.
    Ip6([u8; 16]),
    /// Host name.
    Dns(Text),
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.tls { "https" } else { "http" };
        match &self.host {
            Host::Ip4(ip) => write!(f, "{scheme}://{}", Ipv4Addr::from(*ip))?,
            Host::Ip6(ip) => write!(f, "{scheme}://[{}]", Ipv6Addr::from(*ip))?,
            Host::Dns(name) => write!(f, "{scheme}://{name}")?,
        }
        write!(f, ":{}", self.port)
    }
}

/// Providers in ascending order of their ids.
#[derive(Clone, Debug, DecodeAsType)]
#[decode_as_type(crate_path = "scale_decode")]
pub struct ProviderPage {
    /// Those found.
    pub providers: Vec<ProviderInfo>,
    /// Where the next page begins.
    pub next: Option<ProviderId>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoints_are_urls() {
        let at = |host, tls| {
            let port = 8080;
            Endpoint { host, port, tls }.to_string()
        };
        assert_eq!(
            at(Host::Ip4([127, 0, 0, 1]), false),
            "http://127.0.0.1:8080"
        );
        let mut loopback = [0; 16];
        loopback[15] = 1;
        assert_eq!(at(Host::Ip6(loopback), true), "https://[::1]:8080");
        assert_eq!(
            at(Host::Dns("a.example".into()), true),
            "https://a.example:8080"
        );
    }

    #[test]
    fn capabilities_are_bits() {
        assert_eq!(Capabilities(0).kinds(), []);
        assert_eq!(Capabilities(0b10).kinds(), [CodeKind::Oci]);
        assert_eq!(Capabilities(0b11).kinds(), [CodeKind::Wasm, CodeKind::Oci]);
    }
}
