//! The address of the gateway as the operator writes it and as the chain records it.

use defaas_primitives::{Endpoint, Host};
use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    str::FromStr,
};

/// What says that the gateway is reached over TLS.
const TLS: &str = "tls";

/// Where others reach this node's gateway: `HOST:PORT`, or `HOST:PORT,tls`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicEndpoint(pub Endpoint);

/// What is wrong with an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidEndpoint {
    /// The form.
    #[error(
        "write HOST:PORT, or HOST:PORT,tls, with an IPv4 address, an IPv6 address in brackets or a \
         host name, such as gateway.example.org:443,tls"
    )]
    Form,
    /// The port.
    #[error("write a port from 1 to 65535 after the last colon")]
    Port,
    /// The host name.
    #[error(
        "the host name must be at most 253 letters, digits, hyphens and dots, and its last part not \
         a number"
    )]
    Name,
    /// `0.0.0.0` or `[::]`.
    #[error("nobody can reach an unspecified address: write the one that others see")]
    Unspecified,
}

impl FromStr for PublicEndpoint {
    type Err = InvalidEndpoint;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (address, tls) = match text.split_once(',') {
            None => (text, false),
            Some((address, TLS)) => (address, true),
            Some(_) => return Err(InvalidEndpoint::Form),
        };
        let (host, port) = if let Ok(socket) = address.parse::<SocketAddr>() {
            if socket.ip().is_unspecified() {
                return Err(InvalidEndpoint::Unspecified);
            }
            (ip(socket.ip()), socket.port())
        } else {
            let (name, port) = address.rsplit_once(':').ok_or(InvalidEndpoint::Form)?;
            if name.contains([':', '[', ']']) {
                return Err(InvalidEndpoint::Form);
            }
            let port = port.parse().map_err(|_| InvalidEndpoint::Port)?;
            // Names are the same in every case (RFC 4343); the chain compares bytes.
            let name = name.to_ascii_lowercase().into_bytes();
            let name = name.try_into().map_err(|_| InvalidEndpoint::Name)?;
            (Host::Dns(name), port)
        };
        if port == 0 {
            return Err(InvalidEndpoint::Port);
        }
        let endpoint = Endpoint { host, port, tls };
        if endpoint.is_valid() {
            Ok(Self(endpoint))
        } else {
            Err(InvalidEndpoint::Name)
        }
    }
}

impl fmt::Display for PublicEndpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Endpoint { host, port, tls } = &self.0;
        match host {
            Host::Ip4(bytes) => write!(f, "{}:{port}", Ipv4Addr::from(*bytes))?,
            Host::Ip6(bytes) => write!(f, "[{}]:{port}", Ipv6Addr::from(*bytes))?,
            Host::Dns(name) => write!(f, "{}:{port}", String::from_utf8_lossy(name))?,
        }
        if *tls {
            write!(f, ",{TLS}")?;
        }
        Ok(())
    }
}

fn ip(address: IpAddr) -> Host {
    match address {
        IpAddr::V4(address) => Host::Ip4(address.octets()),
        IpAddr::V6(address) => Host::Ip6(address.octets()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_names_are_read_and_written_alike() {
        for text in [
            "192.0.2.7:443,tls",
            "127.0.0.1:8180",
            "[2001:db8::7]:8180",
            "gateway.example.org:443,tls",
            "localhost:1",
        ] {
            let endpoint: PublicEndpoint = text.parse().expect(text);
            assert_eq!(endpoint.to_string(), text);
            assert!(endpoint.0.is_valid(), "{text}");
            assert_eq!(endpoint.0.tls, text.ends_with(TLS));
        }
    }

    #[test]
    fn names_are_taken_in_lower_case() {
        let endpoint: PublicEndpoint = "Gateway.Example.ORG:443".parse().expect("valid");
        assert_eq!(endpoint.to_string(), "gateway.example.org:443");
    }

    #[test]
    fn what_is_no_endpoint_is_refused_with_its_reason() {
        let long = format!("{}:1", "a.".repeat(127));
        let cases = [
            ("", InvalidEndpoint::Form),
            ("192.0.2.7", InvalidEndpoint::Form),
            ("192.0.2.7:443,ssl", InvalidEndpoint::Form),
            ("http://example.org:80", InvalidEndpoint::Form),
            ("2001:db8::7:8180", InvalidEndpoint::Form),
            ("example.org:", InvalidEndpoint::Port),
            ("example.org:0", InvalidEndpoint::Port),
            ("192.0.2.7:0", InvalidEndpoint::Port),
            ("example.org:70000", InvalidEndpoint::Port),
            ("192.0.2.300:1", InvalidEndpoint::Name),
            ("-example.org:1", InvalidEndpoint::Name),
            (":1", InvalidEndpoint::Name),
            (long.as_str(), InvalidEndpoint::Name),
            ("0.0.0.0:8180", InvalidEndpoint::Unspecified),
            ("[::]:8180", InvalidEndpoint::Unspecified),
        ];
        for (text, reason) in cases {
            assert_eq!(text.parse::<PublicEndpoint>(), Err(reason), "{text}");
        }
    }
}
