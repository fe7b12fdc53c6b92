//! From a version's code and limits to a deployment, and whether a deployed function is that.

use defaas_function_protocol::{annotations, format_bytes, parse_bytes, IMAGE_PREFIX};
use defaas_primitives::Limits;

use crate::{FunctionDeployment, FunctionName, FunctionResources, FunctionStatus};

impl FunctionDeployment {
    /// Wasm code by the sha-256 of the whole module, for the embedded runtime, which takes it from
    /// its folder of code.
    pub fn wasm(sha256: &[u8; 32], limits: &Limits, deterministic: bool) -> Self {
        Self::of_image(
            format!("{IMAGE_PREFIX}{}", hex::encode(sha256)),
            limits,
            deterministic,
        )
    }

    /// A container image, for a foreign OpenFaaS. Give a reference by digest: a tag can move.
    pub fn oci(image: impl Into<String>, limits: &Limits, deterministic: bool) -> Self {
        Self::of_image(image.into(), limits, deterministic)
    }

    fn of_image(image: String, limits: &Limits, deterministic: bool) -> Self {
        let annotations = [
            (annotations::TIMEOUT_MS, limits.timeout_ms.to_string()),
            (
                annotations::MAX_INPUT_BYTES,
                limits.max_input_bytes.to_string(),
            ),
            (
                annotations::MAX_OUTPUT_BYTES,
                limits.max_output_bytes.to_string(),
            ),
            (annotations::DETERMINISTIC, deterministic.to_string()),
        ];
        Self {
            service: FunctionName::derive(&image, limits, deterministic).to_string(),
            image,
            annotations: annotations
                .into_iter()
                .map(|(key, value)| (key.to_owned(), value))
                .collect(),
            limits: Some(FunctionResources {
                memory: format_bytes(limits.memory_bytes.into()),
                ..Default::default()
            }),
            ..Default::default()
        }
    }

    /// Whether `found` runs this image with these annotations, as far as it tells: it may carry
    /// more annotations, and a single function's status from faasd has no limits.
    pub fn is_deployed_as(&self, found: &FunctionStatus) -> bool {
        let same_annotations = self
            .annotations
            .iter()
            .all(|(key, value)| found.annotations.get(key) == Some(value));
        self.image == found.image && same_annotations && self.memory_agrees(found)
    }

    fn memory_agrees(&self, found: &FunctionStatus) -> bool {
        match (&self.limits, &found.limits) {
            (Some(wanted), Some(found)) if !found.memory.is_empty() => {
                parse_bytes(&wanted.memory) == parse_bytes(&found.memory)
            }
            _ => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits {
        timeout_ms: 5_000,
        memory_bytes: 128 << 20,
        max_input_bytes: 65_536,
        max_output_bytes: 4_096,
    };

    fn status_of(deployment: &FunctionDeployment) -> FunctionStatus {
        FunctionStatus {
            name: deployment.service.clone(),
            image: deployment.image.clone(),
            annotations: deployment.annotations.clone(),
            limits: deployment.limits.clone(),
            ..Default::default()
        }
    }

    #[test]
    fn wasm_writes_digest_and_every_limit() {
        let deployment = FunctionDeployment::wasm(&[0xab; 32], &LIMITS, true);
        assert_eq!(deployment.image, format!("wasm/{}", "ab".repeat(32)));
        assert_eq!(
            serde_json::to_value(&deployment.annotations).unwrap(),
            serde_json::json!({
                "defaas.timeout-ms": "5000",
                "defaas.max-input-bytes": "65536",
                "defaas.max-output-bytes": "4096",
                "defaas.deterministic": "true",
            })
        );
        assert_eq!(deployment.limits.unwrap().memory, "128Mi");
    }

    #[test]
    fn is_deployed_as_ignores_what_the_other_side_adds_or_leaves_out() {
        let deployment = FunctionDeployment::wasm(&[1; 32], &LIMITS, false);
        let mut found = status_of(&deployment);
        found.annotations.insert("added".into(), "x".into());
        assert!(deployment.is_deployed_as(&found));
        found.limits = Some(FunctionResources {
            memory: "131072Ki".into(),
            cpu: String::new(),
        });
        assert!(deployment.is_deployed_as(&found));
        found.limits = None;
        assert!(deployment.is_deployed_as(&found));
    }

    #[test]
    fn is_deployed_as_sees_another_image_annotation_or_memory() {
        let deployment = FunctionDeployment::wasm(&[1; 32], &LIMITS, false);
        let mut other_image = status_of(&deployment);
        other_image.image = "wasm/00".into();
        let mut lost_annotation = status_of(&deployment);
        lost_annotation.annotations.remove(annotations::TIMEOUT_MS);
        let mut other_memory = status_of(&deployment);
        other_memory.limits = Some(FunctionResources {
            memory: "64Mi".into(),
            cpu: String::new(),
        });
        for found in [other_image, lost_annotation, other_memory] {
            assert!(!deployment.is_deployed_as(&found), "{found:?}");
        }
    }
}
