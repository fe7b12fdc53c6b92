//! From what a client asks for to what can be done, or a reason why not. Pure.

use std::time::Duration;

use defaas_function_protocol::{annotations, parse_bytes, IMAGE_PREFIX};

use crate::ceilings;
use crate::digest::Digest;
use crate::engine::Mode;
use crate::openfaas::{FunctionDeployment, Map, NAMESPACE};
use crate::outcome::Fault;

/// Most bytes of a name: a label of DNS.
const MAX_NAME_BYTES: usize = 63;
/// Most bytes of all labels, annotations and environment of one deployment together.
const MAX_TEXT_BYTES: usize = 32 << 10;

/// What a call of the function may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FunctionLimits {
    /// Longest execution.
    pub timeout: Duration,
    /// Most memory, in bytes.
    pub memory_bytes: u64,
    /// Longest input, in bytes.
    pub max_input_bytes: u64,
    /// Longest output, in bytes.
    pub max_output_bytes: u64,
}

impl Default for FunctionLimits {
    /// For deployments that do not say it.
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(10),
            memory_bytes: 128 << 20,
            max_input_bytes: 1 << 20,
            max_output_bytes: 1 << 20,
        }
    }
}

/// A deployment that was understood.
#[derive(Debug)]
pub(crate) struct Plan {
    pub name: String,
    pub digest: Digest,
    pub mode: Mode,
    pub limits: FunctionLimits,
}

/// Why a deployment cannot be.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    #[error(
        "invalid name `{0}`: 1 to {MAX_NAME_BYTES} letters and digits, joined by single `-` or `_`"
    )]
    Name(String),
    #[error("invalid image `{0}`: write `wasm/` and the sha-256 of the module in hexadecimal")]
    Image(String),
    #[error("namespace not valid")]
    Namespace,
    #[error("unable to find secret: {0}")]
    Secret(String),
    #[error("`{0}` is not supported: a module is started as it is, on this machine")]
    Unsupported(&'static str),
    #[error("`{key}` must be {expected}, not `{found}`")]
    Value {
        key: &'static str,
        expected: String,
        found: String,
    },
    #[error("labels, annotations and environment have more than {MAX_TEXT_BYTES} bytes")]
    TooMuchText,
    #[error("environment variables need a name, without `=`, and may not contain a zero byte")]
    Environment,
    #[error("the memory limit of {limit} bytes exceeds the memory of this runtime, {pool}")]
    BeyondPool { limit: u64, pool: u64 },
    #[error("the code has {initial} bytes of memory from the start, more than its limit, {limit}")]
    CannotStart { initial: u64, limit: u64 },
}

impl Refusal {
    /// Who is to blame.
    pub fn fault(&self) -> Fault {
        match self {
            Self::CannotStart { .. } => Fault::InvalidCode,
            _ => Fault::Unsupported,
        }
    }
}

impl Plan {
    /// Reads a deployment.
    pub fn of(asked: &FunctionDeployment, memory_pool: u64) -> Result<Self, Refusal> {
        check_name(&asked.service)?;
        check_namespace(&asked.namespace)?;
        let digest = asked
            .image
            .strip_prefix(IMAGE_PREFIX)
            .and_then(|digest| digest.parse().ok())
            .ok_or_else(|| Refusal::Image(shortened(&asked.image)))?;
        if let Some(secret) = asked.secrets.first() {
            return Err(Refusal::Secret(shortened(secret)));
        }
        if !asked.env_process.is_empty() {
            return Err(Refusal::Unsupported("envProcess"));
        }
        if !asked.constraints.is_empty() {
            return Err(Refusal::Unsupported("constraints"));
        }
        check_text(asked)?;
        let limits = limits(asked)?;
        if limits.memory_bytes > memory_pool {
            let limit = limits.memory_bytes;
            return Err(Refusal::BeyondPool {
                limit,
                pool: memory_pool,
            });
        }
        let mode = Mode::of(flag(&asked.annotations, annotations::DETERMINISTIC)?);
        Ok(Self {
            name: asked.service.clone(),
            digest,
            mode,
            limits,
        })
    }
}

/// Whether `namespace` is the only one there is; empty means that one.
pub(crate) fn check_namespace(namespace: &str) -> Result<(), Refusal> {
    if namespace.is_empty() || namespace == NAMESPACE {
        Ok(())
    } else {
        Err(Refusal::Namespace)
    }
}

fn check_name(name: &str) -> Result<(), Refusal> {
    let is_valid = name.len() <= MAX_NAME_BYTES
        && name
            .split(['-', '_'])
            .all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric()));
    if is_valid {
        Ok(())
    } else {
        Err(Refusal::Name(shortened(name)))
    }
}

fn check_text(asked: &FunctionDeployment) -> Result<(), Refusal> {
    let is_broken = |(name, value): (&String, &String)| {
        name.is_empty() || name.contains(['=', '\0']) || value.contains('\0')
    };
    if asked.env_vars.iter().any(is_broken) {
        return Err(Refusal::Environment);
    }
    let bytes: usize = [&asked.env_vars, &asked.labels, &asked.annotations]
        .into_iter()
        .flatten()
        .map(|(key, value)| key.len() + value.len())
        .sum();
    if bytes > MAX_TEXT_BYTES {
        return Err(Refusal::TooMuchText);
    }
    Ok(())
}

fn limits(asked: &FunctionDeployment) -> Result<FunctionLimits, Refusal> {
    let default = FunctionLimits::default();
    let number = |key, most| number(&asked.annotations, key, most);
    let memory_bytes = match asked.limits.memory.as_str() {
        "" => default.memory_bytes,
        text => parse_bytes(text)
            .filter(|bytes| (1..=ceilings::MEMORY_BYTES).contains(bytes))
            .ok_or_else(|| Refusal::Value {
                key: "limits.memory",
                expected: format!("a quantity of 1 to {} bytes", ceilings::MEMORY_BYTES),
                found: shortened(text),
            })?,
    };
    // The ceiling is seconds: its milliseconds fit.
    let most_milliseconds = ceilings::TIMEOUT.as_secs() * 1_000;
    Ok(FunctionLimits {
        timeout: number(annotations::TIMEOUT_MS, most_milliseconds)?
            .map_or(default.timeout, Duration::from_millis),
        memory_bytes,
        max_input_bytes: number(annotations::MAX_INPUT_BYTES, ceilings::INPUT_BYTES)?
            .unwrap_or(default.max_input_bytes),
        max_output_bytes: number(annotations::MAX_OUTPUT_BYTES, ceilings::OUTPUT_BYTES)?
            .unwrap_or(default.max_output_bytes),
    })
}

fn number(annotations: &Map, key: &'static str, most: u64) -> Result<Option<u64>, Refusal> {
    let Some(text) = annotations.get(key) else {
        return Ok(None);
    };
    let number = text.parse().ok().filter(|number| *number <= most);
    number.map(Some).ok_or_else(|| Refusal::Value {
        key,
        expected: format!("a number from 0 to {most}"),
        found: shortened(text),
    })
}

fn flag(annotations: &Map, key: &'static str) -> Result<bool, Refusal> {
    match annotations.get(key).map(String::as_str) {
        None | Some("false") => Ok(false),
        Some("true") => Ok(true),
        Some(text) => Err(Refusal::Value {
            key,
            expected: "`true` or `false`".into(),
            found: shortened(text),
        }),
    }
}

/// What a client sent, short enough for a message.
fn shortened(text: &str) -> String {
    text.chars().take(80).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const POOL: u64 = 1 << 30;

    fn asked() -> FunctionDeployment {
        FunctionDeployment {
            service: "echo".into(),
            image: format!("wasm/{}", Digest::of(b"code")),
            ..Default::default()
        }
    }

    fn annotated(key: &str, value: &str) -> FunctionDeployment {
        let mut asked = asked();
        asked.annotations.insert(key.into(), value.into());
        asked
    }

    #[test]
    fn plan_takes_defaults_where_nothing_is_said() {
        let plan = Plan::of(&asked(), POOL).unwrap();
        assert_eq!(plan.digest, Digest::of(b"code"));
        assert_eq!(plan.mode, Mode::Plain);
        assert_eq!(plan.limits, FunctionLimits::default());
    }

    #[test]
    fn plan_reads_every_limit() {
        let mut asked = annotated("defaas.timeout-ms", "1500");
        for (key, value) in [
            ("defaas.max-input-bytes", "4096"),
            ("defaas.max-output-bytes", "0"),
            ("defaas.deterministic", "true"),
        ] {
            asked.annotations.insert(key.into(), value.into());
        }
        asked.limits.memory = "64Mi".into();
        let plan = Plan::of(&asked, POOL).unwrap();
        let expected = FunctionLimits {
            timeout: Duration::from_millis(1_500),
            memory_bytes: 64 << 20,
            max_input_bytes: 4_096,
            max_output_bytes: 0,
        };
        assert_eq!((plan.limits, plan.mode), (expected, Mode::Deterministic));
    }

    #[test]
    fn plan_refuses_values_beyond_the_ceilings_or_unreadable() {
        for (key, value) in [
            ("defaas.timeout-ms", "300001"),
            ("defaas.timeout-ms", "-1"),
            ("defaas.max-input-bytes", "16777217"),
            ("defaas.max-output-bytes", "1k"),
            ("defaas.deterministic", "yes"),
        ] {
            let refused = Plan::of(&annotated(key, value), POOL).unwrap_err();
            assert!(
                matches!(refused, Refusal::Value { .. }),
                "{key} {value}: {refused}"
            );
        }
        for memory in ["0", "2Gi", "lots"] {
            let mut asked = asked();
            asked.limits.memory = memory.into();
            assert!(
                matches!(Plan::of(&asked, POOL), Err(Refusal::Value { .. })),
                "{memory}"
            );
        }
        let mut large = asked();
        large.limits.memory = "64Mi".into();
        assert!(matches!(
            Plan::of(&large, 32 << 20),
            Err(Refusal::BeyondPool { .. })
        ));
    }

    #[test]
    fn plan_refuses_names_that_are_no_single_label() {
        for name in [
            "",
            "-a",
            "a-",
            "a--b",
            "a.b",
            "a/b",
            "..",
            "a b",
            "ä",
            &"x".repeat(64),
        ] {
            let asked = FunctionDeployment {
                service: name.into(),
                ..asked()
            };
            assert!(
                matches!(Plan::of(&asked, POOL), Err(Refusal::Name(_))),
                "{name}"
            );
        }
    }

    #[test]
    fn plan_refuses_images_that_are_no_digest_of_a_module() {
        let digest = "0".repeat(64);
        for image in [
            "",
            "wasm/",
            "echo:1",
            "wasm/../../etc/passwd",
            &digest,
            &format!("oci/{digest}"),
        ] {
            let asked = FunctionDeployment {
                image: image.into(),
                ..asked()
            };
            assert!(
                matches!(Plan::of(&asked, POOL), Err(Refusal::Image(_))),
                "{image}"
            );
        }
    }

    #[test]
    fn plan_refuses_what_it_cannot_give() {
        let of = |asked: FunctionDeployment| Plan::of(&asked, POOL).unwrap_err();
        let secret = FunctionDeployment {
            secrets: vec!["key".into()],
            ..asked()
        };
        assert_eq!(of(secret), Refusal::Secret("key".into()));
        let process = FunctionDeployment {
            env_process: "cat".into(),
            ..asked()
        };
        assert_eq!(of(process), Refusal::Unsupported("envProcess"));
        let placed = FunctionDeployment {
            constraints: vec!["a==b".into()],
            ..asked()
        };
        assert_eq!(of(placed), Refusal::Unsupported("constraints"));
        let elsewhere = FunctionDeployment {
            namespace: "dev".into(),
            ..asked()
        };
        assert_eq!(of(elsewhere), Refusal::Namespace);
        let mut broken = asked();
        broken.env_vars.insert("a=b".into(), String::new());
        assert_eq!(of(broken), Refusal::Environment);
        assert_eq!(
            of(annotated("note", &"x".repeat(MAX_TEXT_BYTES))),
            Refusal::TooMuchText
        );
    }
}
