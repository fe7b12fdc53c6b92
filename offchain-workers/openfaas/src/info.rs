//! What answers: `GET /system/info` in its two shapes.

use serde::Deserialize;

/// Which OpenFaaS answers.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(from = "Wire")]
pub struct Info {
    /// Name of the provider, such as `faasd`.
    pub provider: String,
    /// Version of the provider.
    pub version: Version,
    /// What runs the functions, such as `containerd`.
    pub orchestration: String,
    /// The gateway in front of the provider. `None`: the provider itself answered.
    pub gateway: Option<GatewayVersion>,
}

/// Version of a provider.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Version {
    /// Release, such as `0.19.0`.
    pub release: String,
    /// Commit it was built from.
    pub sha: String,
}

/// Version of a gateway.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GatewayVersion {
    /// Version of the gateway.
    pub version: Version,
    /// Processor architecture it was built for; may be empty.
    pub arch: String,
}

/// The gateway nests what the provider says of itself.
#[derive(Deserialize)]
#[serde(untagged)]
enum Wire {
    Gateway {
        provider: ProviderInfo,
        #[serde(default)]
        version: Version,
        #[serde(default)]
        arch: String,
    },
    Provider(ProviderInfo),
}

#[derive(Deserialize)]
struct ProviderInfo {
    provider: String,
    #[serde(default)]
    version: Version,
    #[serde(default)]
    orchestration: String,
}

impl From<Wire> for Info {
    fn from(wire: Wire) -> Self {
        let (provider, gateway) = match wire {
            Wire::Provider(provider) => (provider, None),
            Wire::Gateway {
                provider,
                version,
                arch,
            } => (provider, Some(GatewayVersion { version, arch })),
        };
        Self {
            provider: provider.provider,
            version: provider.version,
            orchestration: provider.orchestration,
            gateway,
        }
    }
}
