//! What is checked before the node starts: mistakes that the client would let pass, and that are
//! noticed late or not at all.

use sc_service::{ChainType, Configuration};
use std::net::{SocketAddr, TcpListener};

/// Why the node does not start with this configuration.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// Keys that everybody knows on a chain where signatures are worth something.
    #[error(
        "the keys of {seed} are public and would let anybody act for this validator on `{chain}`; \
         leave out --dev, --alice and the like, and make keys with the RPC method \
         author_rotateKeysWithOwner or the sub-command `key insert`"
    )]
    PublicKeys {
        /// The seed the keys would be derived from.
        seed: String,
        /// Name of the chain.
        chain: String,
    },
    /// The RPC server would go to a port nobody knows, and tools would talk to another node.
    #[error("cannot serve RPC at {address}: {reason}; choose another --rpc-port")]
    RpcAddress {
        /// The address.
        address: SocketAddr,
        /// What is wrong with it.
        reason: std::io::Error,
    },
}

/// Checks `config` and makes it strict: RPC is served at the configured port or not at all.
///
/// # Errors
///
/// See [`Refused`].
pub fn before_start(config: &mut Configuration) -> Result<(), Refused> {
    if let Some(seed) = &config.dev_key_seed {
        public_keys(
            seed,
            config.chain_spec.chain_type(),
            config.chain_spec.name(),
        )?;
    }
    for endpoint in config.rpc.addr.iter_mut().flatten() {
        endpoint.retry_random_port = false;
        if !endpoint.is_optional {
            free(endpoint.listen_addr)?;
        }
    }
    Ok(())
}

/// Public keys are for development chains only.
fn public_keys(seed: &str, chain_type: ChainType, chain: &str) -> Result<(), Refused> {
    match chain_type {
        ChainType::Development | ChainType::Local => Ok(()),
        ChainType::Live | ChainType::Custom(_) => Err(Refused::PublicKeys {
            seed: seed.into(),
            chain: chain.into(),
        }),
    }
}

/// Whether `address` can be listened on now. The server binds it again later; should somebody else
/// be faster, the start fails there, with a less helpful text.
fn free(address: SocketAddr) -> Result<(), Refused> {
    TcpListener::bind(address)
        .map(drop)
        .map_err(|reason| Refused::RpcAddress { address, reason })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn public_keys_are_accepted_on_development_chains_only() {
        for chain_type in [ChainType::Development, ChainType::Local] {
            assert!(public_keys("//Alice", chain_type, "x").is_ok());
        }
        for chain_type in [ChainType::Live, ChainType::Custom("x".into())] {
            let error = public_keys("//Alice", chain_type, "x").expect_err("not there");
            assert!(error.to_string().contains("//Alice"));
        }
    }

    #[test]
    fn address_in_use_is_refused_and_named() {
        let taken = TcpListener::bind("127.0.0.1:0").expect("some port is free");
        let address = taken.local_addr().expect("bound");
        let error = free(address).expect_err("in use");
        assert!(error.to_string().contains(&address.to_string()));
        drop(taken);
        assert!(free(address).is_ok());
    }
}
