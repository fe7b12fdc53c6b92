//! Functions as the REST API writes them.
//!
//! Fields this client does not know are ignored when reading, and absent or null ones read as
//! empty, because providers differ in what they return (see each field). Empty fields are not
//! written, as in the original.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize};

/// Text by key; ordered, so that what is written is the same each time.
type Map = BTreeMap<String, String>;

/// What to deploy: the body of `POST` and `PUT /system/functions`. `PUT` replaces the function as a
/// whole: what is absent here is gone afterwards.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct FunctionDeployment {
    /// Name of the function.
    pub service: String,
    /// Image to run.
    pub image: String,
    /// Namespace; empty for the default one.
    #[serde(
        skip_serializing_if = "String::is_empty",
        deserialize_with = "null_as_empty"
    )]
    pub namespace: String,
    /// Command that a watchdog starts, if not the image's.
    #[serde(
        skip_serializing_if = "String::is_empty",
        deserialize_with = "null_as_empty"
    )]
    pub env_process: String,
    /// Environment.
    #[serde(
        skip_serializing_if = "Map::is_empty",
        deserialize_with = "null_as_empty"
    )]
    pub env_vars: Map,
    /// Where to place it.
    #[serde(
        skip_serializing_if = "Vec::is_empty",
        deserialize_with = "null_as_empty"
    )]
    pub constraints: Vec<String>,
    /// Names of secrets to mount.
    #[serde(
        skip_serializing_if = "Vec::is_empty",
        deserialize_with = "null_as_empty"
    )]
    pub secrets: Vec<String>,
    /// Labels, also read by schedulers and scalers.
    #[serde(
        skip_serializing_if = "Map::is_empty",
        deserialize_with = "null_as_empty"
    )]
    pub labels: Map,
    /// Annotations: free text, returned as given.
    #[serde(
        skip_serializing_if = "Map::is_empty",
        deserialize_with = "null_as_empty"
    )]
    pub annotations: Map,
    /// Most that it may use.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limits: Option<FunctionResources>,
    /// What to keep free for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requests: Option<FunctionResources>,
    /// Whether its root file system is read-only.
    #[serde(
        skip_serializing_if = "std::ops::Not::not",
        deserialize_with = "null_as_empty"
    )]
    pub read_only_root_filesystem: bool,
}

/// Amounts in the notation of Kubernetes; see [`format_bytes`](crate::format_bytes) for memory.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct FunctionResources {
    /// Memory, such as `64Mi`.
    #[serde(
        skip_serializing_if = "String::is_empty",
        deserialize_with = "null_as_empty"
    )]
    pub memory: String,
    /// Processors, such as `100m`. faasd ignores it.
    #[serde(
        skip_serializing_if = "String::is_empty",
        deserialize_with = "null_as_empty"
    )]
    pub cpu: String,
}

/// A deployed function: the answer of `GET /system/function/{name}`, and an item of
/// `GET /system/functions`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct FunctionStatus {
    /// Name of the function.
    pub name: String,
    /// Image it runs.
    #[serde(deserialize_with = "null_as_empty")]
    pub image: String,
    /// Namespace it is in.
    #[serde(
        skip_serializing_if = "String::is_empty",
        deserialize_with = "null_as_empty"
    )]
    pub namespace: String,
    /// Environment.
    #[serde(
        skip_serializing_if = "Map::is_empty",
        deserialize_with = "null_as_empty"
    )]
    pub env_vars: Map,
    /// Names of its secrets.
    #[serde(
        skip_serializing_if = "Vec::is_empty",
        deserialize_with = "null_as_empty"
    )]
    pub secrets: Vec<String>,
    /// Labels it was deployed with.
    #[serde(
        skip_serializing_if = "Map::is_empty",
        deserialize_with = "null_as_empty"
    )]
    pub labels: Map,
    /// Annotations it was deployed with.
    #[serde(
        skip_serializing_if = "Map::is_empty",
        deserialize_with = "null_as_empty"
    )]
    pub annotations: Map,
    /// Most that it may use. faasd gives it in the list alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limits: Option<FunctionResources>,
    /// Calls so far, as the gateway's metrics say.
    #[serde(skip_serializing_if = "is_zero", deserialize_with = "null_as_empty")]
    pub invocation_count: f64,
    /// Instances there should be. Absent when 0: paused, crashed, or scaled down.
    #[serde(skip_serializing_if = "is_default", deserialize_with = "null_as_empty")]
    pub replicas: u64,
    /// Instances that run. faasd gives it for a single function alone, and before the function
    /// listens.
    #[serde(skip_serializing_if = "is_default", deserialize_with = "null_as_empty")]
    pub available_replicas: u64,
    /// When it was deployed.
    #[serde(
        skip_serializing_if = "String::is_empty",
        deserialize_with = "null_as_empty"
    )]
    pub created_at: String,
}

/// Body of `DELETE /system/functions`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DeleteRequest<'a> {
    pub function_name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<&'a str>,
}

/// Body of `POST /system/scale-function/{name}`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ScaleRequest<'a> {
    pub service_name: &'a str,
    pub replicas: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<&'a str>,
}

fn is_zero(value: &f64) -> bool {
    *value == 0.0
}

fn is_default(value: &u64) -> bool {
    *value == 0
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
    fn deployment_omits_what_is_empty() {
        let deployment = FunctionDeployment {
            service: "echo".into(),
            image: "i".into(),
            ..Default::default()
        };
        let text = serde_json::to_string(&deployment).unwrap();
        assert_eq!(text, r#"{"service":"echo","image":"i"}"#);
    }

    #[test]
    fn status_reads_nulls_and_unknown_fields_as_nothing() {
        let status: FunctionStatus = serde_json::from_str(
            r#"{"name":"a","image":"i","labels":null,"secrets":null,"replicas":null,"usage":{"cpu":1}}"#,
        )
        .unwrap();
        let expected = FunctionStatus {
            name: "a".into(),
            image: "i".into(),
            ..Default::default()
        };
        assert_eq!(status, expected);
    }

    #[test]
    fn status_refuses_fields_of_another_type() {
        assert!(serde_json::from_str::<FunctionStatus>(r#"{"name":1}"#).is_err());
        assert!(serde_json::from_str::<FunctionStatus>(r#"{"replicas":-1}"#).is_err());
    }
}
