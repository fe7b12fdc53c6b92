//! Bodies of the OpenFaaS REST API that this runtime reads and writes.
//!
//! Field names and what is left out when empty follow what OpenFaaS itself writes.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize};

/// The only namespace.
pub(crate) const NAMESPACE: &str = "openfaas-fn";

/// Text by key, in order.
pub(crate) type Map = BTreeMap<String, String>;

/// Body of `POST` and `PUT /system/functions`. Fields that OpenFaaS knows and this runtime ignores
/// (`requests`, `readOnlyRootFilesystem`) are not read: no container is there to apply them to.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct FunctionDeployment {
    #[serde(deserialize_with = "null_as_empty")]
    pub service: String,
    #[serde(deserialize_with = "null_as_empty")]
    pub image: String,
    #[serde(deserialize_with = "null_as_empty")]
    pub namespace: String,
    #[serde(deserialize_with = "null_as_empty")]
    pub env_process: String,
    #[serde(deserialize_with = "null_as_empty")]
    pub env_vars: Map,
    #[serde(deserialize_with = "null_as_empty")]
    pub constraints: Vec<String>,
    #[serde(deserialize_with = "null_as_empty")]
    pub secrets: Vec<String>,
    #[serde(deserialize_with = "null_as_empty")]
    pub labels: Map,
    #[serde(deserialize_with = "null_as_empty")]
    pub annotations: Map,
    #[serde(deserialize_with = "null_as_empty")]
    pub limits: FunctionResources,
}

/// Amounts in the notation of Kubernetes. A limit of processors is not read: a call has one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct FunctionResources {
    #[serde(deserialize_with = "null_as_empty")]
    pub memory: String,
}

/// A deployed function, in `GET /system/functions` and `GET /system/function/{name}`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct FunctionStatus<'a> {
    pub name: &'a str,
    pub image: &'a str,
    pub namespace: &'a str,
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub env_vars: &'a Map,
    pub labels: &'a Map,
    pub annotations: &'a Map,
    pub limits: &'a FunctionResources,
    #[serde(skip_serializing_if = "is_zero")]
    pub invocation_count: u64,
    pub replicas: u64,
    pub available_replicas: u64,
    pub created_at: &'a str,
}

/// Body of `DELETE /system/functions`.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct DeleteRequest {
    #[serde(deserialize_with = "null_as_empty")]
    pub function_name: String,
    #[serde(deserialize_with = "null_as_empty")]
    pub namespace: String,
}

/// Query of the routes that take a namespace.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct NamespaceQuery {
    pub namespace: String,
}

/// Body of `GET /system/info`, as the gateway of OpenFaaS writes it.
#[derive(Debug, Serialize)]
pub(crate) struct Info {
    pub provider: Provider,
    pub version: GatewayVersion,
    pub arch: &'static str,
}

/// What runs the functions.
#[derive(Debug, Serialize)]
pub(crate) struct Provider {
    pub provider: &'static str,
    pub version: ProviderVersion,
    pub orchestration: &'static str,
}

/// Version of the provider.
#[derive(Debug, Serialize)]
pub(crate) struct ProviderVersion {
    pub sha: &'static str,
    pub release: &'static str,
}

/// Version of the gateway, which is the same program here.
#[derive(Debug, Serialize)]
pub(crate) struct GatewayVersion {
    pub commit_message: &'static str,
    pub sha: &'static str,
    pub release: &'static str,
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// Go writes an absent map or list as null.
fn null_as_empty<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Ok(Option::<T>::deserialize(deserializer)?.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deployment_reads_nulls_and_unknown_fields_as_nothing() {
        let deployment: FunctionDeployment = serde_json::from_str(
            r#"{"service":"a","image":"i","labels":null,"limits":null,"requests":{"cpu":"1"}}"#,
        )
        .unwrap();
        assert_eq!(
            (deployment.service.as_str(), deployment.image.as_str()),
            ("a", "i")
        );
        assert!(deployment.labels.is_empty());
        assert_eq!(deployment.limits, FunctionResources::default());
    }

    #[test]
    fn deployment_refuses_fields_of_another_type() {
        assert!(serde_json::from_str::<FunctionDeployment>(r#"{"service":1}"#).is_err());
        assert!(serde_json::from_str::<FunctionDeployment>(r#"{"labels":["a"]}"#).is_err());
    }
}
