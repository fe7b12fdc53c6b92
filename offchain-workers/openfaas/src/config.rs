//! Where the OpenFaaS is and within which bounds this client speaks to it.

use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use reqwest::Url;

use crate::naming::is_identifier;
use crate::Credentials;

/// Where an OpenFaaS listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Endpoint {
    /// A unix socket on this machine.
    Unix(PathBuf),
    /// `http://` or `https://` with host, port and optional base path. Certificates are checked
    /// against the public authorities compiled in.
    Http(Url),
}

/// The text names no endpoint.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no endpoint: write `unix:/path/to/socket`, `http://host:port` or `https://host`")]
pub struct InvalidEndpoint(pub String);

impl FromStr for Endpoint {
    type Err = InvalidEndpoint;

    fn from_str(text: &str) -> Result<Self, InvalidEndpoint> {
        let invalid = || InvalidEndpoint(text.to_owned());
        match text.strip_prefix("unix:") {
            Some(path) if path.starts_with('/') => Ok(Self::Unix(path.into())),
            Some(_) => Err(invalid()),
            None => Ok(Self::Http(Url::parse(text).map_err(|_| invalid())?)),
        }
    }
}

/// How long the own runtime's answer to a change is waited for. It compiles before it answers a
/// deployment, at most 532 s by its default settings, and ends the compiler if it is not waited for.
const OWN_CHANGE: Duration = Duration::from_secs(600);
/// What one of its calls may take beyond the limit of its function: it may wait a second for others
/// to end before it begins.
const OWN_INVOKE_GRACE: Duration = Duration::from_secs(5);

/// How long to wait for what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// For a connection to be made.
    pub connect: Duration,
    /// For the whole answer to a question (health, info, list, get).
    pub query: Duration,
    /// For the whole answer to a change (deploy, update, delete, scale). Long, because an OpenFaaS
    /// pulls the image before it answers, and faasd needs 30 s to stop some functions. This
    /// project's own runtime compiles before it answers a deployment: see [`Config::embedded`].
    pub change: Duration,
    /// What a call may take beyond the limit of its function: connecting, the gateway, and the
    /// answer's way back. At least [`Timeouts::connect`], so that time spent on connecting is never
    /// held against the function.
    pub invoke_grace: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(1),
            query: Duration::from_secs(10),
            change: Duration::from_secs(120),
            invoke_grace: Duration::from_secs(2),
        }
    }
}

/// Settings of a [`Client`](crate::Client). The default speaks to an OpenFaaS gateway on this
/// machine.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where it listens.
    pub endpoint: Endpoint,
    /// Whether the endpoint is this project's own runtime. Then, and only then, its
    /// `X-Defaas-Outcome` is believed and the credentials are sent with invocations too. With a
    /// foreign OpenFaaS both would be harmful: the function sets the headers of the answer and
    /// reads those of the request.
    pub exact_outcomes: bool,
    /// Credentials for the management routes. `None`: the endpoint asks for none.
    pub credentials: Option<Credentials>,
    /// Whether credentials may go over `http://` to a host that is not this machine.
    pub allow_plaintext_credentials: bool,
    /// Namespace of the functions. `None`: the endpoint's default.
    pub namespace: Option<String>,
    /// How long to wait.
    pub timeouts: Timeouts,
    /// Longest body of an invocation's answer, in bytes, whatever the function's own limit says.
    pub max_response_bytes: u64,
    /// Longest body of a management answer, in bytes.
    pub max_management_bytes: u64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            endpoint: Endpoint::Http(
                Url::parse("http://127.0.0.1:8080").expect("a constant, valid URL; qed"),
            ),
            exact_outcomes: false,
            credentials: None,
            allow_plaintext_credentials: false,
            namespace: None,
            timeouts: Timeouts::default(),
            max_response_bytes: u64::from(defaas_primitives::call::MAX_STORED),
            max_management_bytes: 4 * 1024 * 1024,
        }
    }
}

/// Settings that contradict themselves.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// Not `http` or `https`, or with user, query or fragment.
    #[error(
        "`{0}` is no base URL of an OpenFaaS: give scheme `http` or `https`, host and port, and \
         user and password by files"
    )]
    UnusableUrl(String),
    /// The password would be readable on the way.
    #[error(
        "refusing to send credentials to {0} unencrypted: use https, or allow it explicitly if the \
         network in between is trusted"
    )]
    PlaintextCredentials(String),
    /// Not a name.
    #[error("`{0}` cannot name a namespace: use letters and digits with single `-` between them")]
    InvalidNamespace(String),
    /// Time-outs that cannot work together.
    #[error("time-outs must not be zero, and `invoke_grace` not shorter than `connect`")]
    Timeouts,
    /// The HTTP client cannot be set up.
    #[error("cannot set up the HTTP client: {0}")]
    Http(#[from] reqwest::Error),
}

impl Config {
    /// Settings for this project's own runtime on a unix socket, with time-outs for its default
    /// settings. For a runtime that may compile longer, make `timeouts.change` longer than that.
    pub fn embedded(socket: impl Into<PathBuf>, credentials: Option<Credentials>) -> Self {
        Self {
            endpoint: Endpoint::Unix(socket.into()),
            exact_outcomes: true,
            credentials,
            timeouts: Timeouts {
                change: OWN_CHANGE,
                invoke_grace: OWN_INVOKE_GRACE,
                ..Timeouts::default()
            },
            ..Self::default()
        }
    }

    /// Refuses what cannot work or is unsafe.
    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        if let Endpoint::Http(url) = &self.endpoint {
            check_url(url)?;
            let is_readable = url.scheme() == "http" && !is_loopback(url);
            if self.credentials.is_some() && is_readable && !self.allow_plaintext_credentials {
                return Err(ConfigError::PlaintextCredentials(url.to_string()));
            }
        }
        if let Some(namespace) = self.namespace.as_ref().filter(|name| !is_identifier(name)) {
            return Err(ConfigError::InvalidNamespace(namespace.clone()));
        }
        let Timeouts {
            connect,
            query,
            change,
            invoke_grace,
        } = self.timeouts;
        let any_zero = [connect, query, change].iter().any(Duration::is_zero);
        if any_zero || invoke_grace < connect {
            return Err(ConfigError::Timeouts);
        }
        Ok(())
    }
}

fn check_url(url: &Url) -> Result<(), ConfigError> {
    let is_bare = url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none()
        && url.fragment().is_none();
    if matches!(url.scheme(), "http" | "https") && url.has_host() && is_bare {
        return Ok(());
    }
    // Never print what may be a password.
    let mut shown = url.clone();
    let _ = shown.set_password(None);
    Err(ConfigError::UnusableUrl(shown.to_string()))
}

fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost"
        || address
            .parse::<std::net::IpAddr>()
            .is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(url: &str) -> Config {
        Config {
            endpoint: url.parse().unwrap(),
            credentials: Some(Credentials::new("u", "p").unwrap()),
            ..Config::default()
        }
    }

    #[test]
    fn endpoint_reads_sockets_and_urls() {
        assert_eq!("unix:/run/x".parse(), Ok(Endpoint::Unix("/run/x".into())));
        assert!(matches!(
            "https://faas.example".parse(),
            Ok(Endpoint::Http(_))
        ));
        for text in ["", "unix:", "unix:relative", "faas.example"] {
            assert!(text.parse::<Endpoint>().is_err(), "{text}");
        }
    }

    #[test]
    fn check_takes_the_default() {
        assert!(Config::default().check().is_ok());
    }

    #[test]
    fn check_refuses_urls_with_secrets_or_other_schemes_and_hides_the_password() {
        for url in [
            "ftp://h",
            "http://u:hush@h",
            "http://h/?a",
            "http://h/#a",
            "data:x",
        ] {
            let error = at(url).check().unwrap_err();
            assert!(matches!(error, ConfigError::UnusableUrl(_)), "{url}");
            assert!(!error.to_string().contains("hush"));
        }
    }

    #[test]
    fn check_refuses_readable_credentials_unless_on_this_machine_or_allowed() {
        for url in [
            "http://127.0.0.1:8080",
            "http://[::1]:8080",
            "http://localhost",
            "https://h",
        ] {
            assert!(at(url).check().is_ok(), "{url}");
        }
        let mut config = at("http://192.0.2.1:8080");
        assert!(matches!(
            config.check(),
            Err(ConfigError::PlaintextCredentials(_))
        ));
        config.allow_plaintext_credentials = true;
        assert!(config.check().is_ok());
    }

    #[test]
    fn check_refuses_bad_namespaces_and_time_outs() {
        let bad_namespace = Config {
            namespace: Some("a/b".into()),
            ..Config::default()
        };
        assert!(matches!(
            bad_namespace.check(),
            Err(ConfigError::InvalidNamespace(_))
        ));
        let mut config = Config::default();
        config.timeouts.invoke_grace = Duration::from_millis(999);
        assert!(matches!(config.check(), Err(ConfigError::Timeouts)));
    }
}
