//! Providers that are there from the first block.
//!
//! A chain spec is written and read by people, so hosts and labels are text here. They are checked
//! when the genesis state is built; a mistake stops the build with the reason.

use alloc::{string::String, vec::Vec};
use core::net::IpAddr;
use defaas_primitives::{Balance, CodeKind, Endpoint, Host, Label, Labels, WorkerId};
use frame_support::sp_runtime::BoundedVec;
use serde::{Deserialize, Serialize};

use crate::types::{Capabilities, Offer};

/// A validator that is a provider from the start. No proof of possession: it would have to name the
/// genesis hash, which does not exist yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Initial<AccountId> {
    /// Owner of the bond; must be endowed with the bond and the existential deposit.
    pub account: AccountId,
    /// Signs reports and notices.
    pub worker_key: WorkerId,
    /// Where its gateway is reached.
    pub endpoint: InitialEndpoint,
    /// Where it is.
    #[serde(default)]
    pub labels: InitialLabels,
    /// What it executes.
    pub capabilities: Vec<InitialCapability>,
    /// Most open assignments.
    pub capacity: u32,
    /// To be held, in units of money.
    pub bond: Balance,
}

/// An endpoint as text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InitialEndpoint {
    /// IPv4 or IPv6 address, else a host name.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// Whether TLS is spoken.
    #[serde(default)]
    pub tls: bool,
}

/// Labels as text.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct InitialLabels {
    /// See [`Labels::cloud`].
    pub cloud: Option<String>,
    /// See [`Labels::region`].
    pub region: Option<String>,
    /// See [`Labels::arch`].
    pub arch: Option<String>,
}

/// A kind of code as text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum InitialCapability {
    /// [`CodeKind::Wasm`]
    Wasm,
    /// [`CodeKind::Oci`]
    Oci,
}

impl<AccountId> Initial<AccountId> {
    /// What it offers. `None` if a host name or label is not one.
    pub fn offer(&self) -> Option<Offer> {
        let kinds: Vec<CodeKind> = self.capabilities.iter().map(|kind| kind.kind()).collect();
        Some(Offer {
            endpoint: self.endpoint.parse()?,
            labels: self.labels.parse()?,
            capabilities: Capabilities::of(&kinds),
            capacity: self.capacity,
            encryption_key: None,
        })
    }
}

impl InitialEndpoint {
    fn parse(&self) -> Option<Endpoint> {
        let host = match self.host.parse() {
            Ok(IpAddr::V4(address)) => Host::Ip4(address.octets()),
            Ok(IpAddr::V6(address)) => Host::Ip6(address.octets()),
            Err(_) => Host::Dns(BoundedVec::try_from(self.host.as_bytes().to_vec()).ok()?),
        };
        let endpoint = Endpoint {
            host,
            port: self.port,
            tls: self.tls,
        };
        endpoint.is_valid().then_some(endpoint)
    }
}

impl InitialLabels {
    fn parse(&self) -> Option<Labels> {
        let label = |text: &Option<String>| match text {
            Some(text) => Label::parse(text).map(Some),
            None => Some(None),
        };
        Some(Labels {
            cloud: label(&self.cloud)?,
            region: label(&self.region)?,
            arch: label(&self.arch)?,
        })
    }
}

impl InitialCapability {
    fn kind(self) -> CodeKind {
        match self {
            Self::Wasm => CodeKind::Wasm,
            Self::Oci => CodeKind::Oci,
        }
    }
}
