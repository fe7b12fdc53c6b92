//! Options of the worker on the command line.

use super::endpoint::PublicEndpoint;
use std::{net::SocketAddr, path::PathBuf};

/// What the worker runs, and where it listens.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Worker")]
pub struct WorkerParams {
    /// Run no functions, even if the keystore holds a worker key (type `faas`).
    #[arg(long)]
    pub no_worker: bool,

    /// Executable of the function runtime, of the same build as this node [default:
    /// `defaas-function-runtime` beside the node's own executable].
    #[arg(long, value_name = "PATH")]
    pub function_runtime: Option<PathBuf>,

    /// Where the gateway listens, which serves content by CID to everybody. Port 0 takes a free
    /// one. Providers set the address that others reach.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8180")]
    pub gateway_addr: SocketAddr,

    /// Where others reach the gateway, such as `gateway.example.org:443,tls`: an IPv4 address, an IPv6
    /// address in brackets or a host name, a port, and `,tls` if TLS is spoken there. The worker tells
    /// the chain when that says otherwise, without a fee. Left out, what the chain says stays.
    #[arg(long, value_name = "HOST:PORT[,tls]")]
    pub public_endpoint: Option<PublicEndpoint>,

    /// Take no new work: the worker tells the chain, which draws this provider no more, and ends what
    /// is open. For an upgrade: start with this, wait until the provider's load is 0, stop. After the
    /// next start without it new work is taken again. The chain takes at most one such change a minute.
    #[arg(long, conflicts_with = "no_worker")]
    pub drain: bool,

    /// Where content is uploaded, by whoever has the token. On this machine only. Port 0 takes a
    /// free one.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:5101", value_parser = loopback)]
    pub upload_addr: SocketAddr,

    /// Most disk space that the content store may take, such as `16Gi`. Copies of the code of open
    /// calls take a quarter of it more, at least 64Mi. A provider whose store is full of pins takes no
    /// new work.
    #[arg(long, value_name = "BYTES", default_value = "16Gi", value_parser = bytes)]
    pub store_size: u64,
}

fn loopback(text: &str) -> Result<SocketAddr, String> {
    let address: SocketAddr = text
        .parse()
        .map_err(|_| "write an IP address and a port, such as 127.0.0.1:5101".to_owned())?;
    if address.ip().is_loopback() {
        Ok(address)
    } else {
        Err("uploads are taken from this machine only: use a loopback address".into())
    }
}

fn bytes(text: &str) -> Result<u64, String> {
    defaas_openfaas::parse_bytes(text)
        .ok_or_else(|| "write a whole number of bytes, or one with Ki, Mi, Gi".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn upload_address_must_be_loopback() {
        assert!(loopback("127.0.0.1:0").is_ok());
        assert!(loopback("[::1]:5101").is_ok());
        for text in ["0.0.0.0:5101", "192.0.2.1:1", "localhost", ""] {
            assert!(loopback(text).is_err(), "{text}");
        }
    }

    #[test]
    fn store_size_takes_suffixes() {
        assert_eq!(bytes("16Gi"), Ok(16 << 30));
        assert_eq!(bytes("4096"), Ok(4_096));
        assert!(bytes("much").is_err());
    }
}
