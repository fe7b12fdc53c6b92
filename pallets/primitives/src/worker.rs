//! The worker key: it signs reports, and lives in the node's keystore under the type `faas`.

use codec::Encode;
use sp_core::crypto::KeyTypeId;

use crate::{signing, Hash};

/// Key type in the node's keystore.
pub const WORKER_KEY_TYPE: KeyTypeId = KeyTypeId(*b"faas");
/// Domain of the proof that whoever registers a worker key holds it.
pub const POSSESSION_DOMAIN: &[u8; 19] = b"defaas/possession/1";

mod app {
    use sp_application_crypto::{app_crypto, sr25519};

    app_crypto!(sr25519, super::WORKER_KEY_TYPE);
}

/// Public worker key.
pub type WorkerId = app::Public;
/// Signature by a worker key.
pub type WorkerSignature = app::Signature;
/// Worker key with its secret. Off chain only.
#[cfg(feature = "std")]
pub type WorkerPair = app::Pair;

/// What a worker key signs to be registered by `account`. The account stops others from
/// registering a key they saw; the genesis hash keeps chains apart.
pub fn possession_payload(genesis: &Hash, account: &impl Encode) -> [u8; 32] {
    signing::payload(POSSESSION_DOMAIN, genesis, account)
}
