//! The worker's HTTP ports: the gateway for everybody, the upload listener for this machine.

use super::{supervisor::Failure, LOG};
use defaas_content::{
    upload::{Upload, UploadConfig},
    Store,
};
use defaas_gateway::{Gateway, GatewayConfig};
use tokio_util::sync::CancellationToken;

/// Serves content by CID until `shutdown`.
///
/// # Errors
///
/// If the address cannot be listened on.
pub async fn gateway(
    config: GatewayConfig,
    store: Store,
    shutdown: CancellationToken,
) -> Result<(), Failure> {
    let gateway = Gateway::bind(&config, store).await?;
    log::info!(target: LOG, "Gateway: http://{}", gateway.local_addr());
    gateway.run(shutdown).await;
    Ok(())
}

/// Takes uploads until `shutdown`.
///
/// # Errors
///
/// If the address cannot be listened on or the token file cannot be used.
pub async fn upload(
    config: UploadConfig,
    store: Store,
    shutdown: CancellationToken,
) -> Result<(), Failure> {
    let upload = Upload::bind(&config, store).await?;
    log::info!(
        target: LOG,
        "Upload: http://{} (token file {})",
        upload.local_addr(),
        config.token_file.display()
    );
    upload.run(shutdown).await;
    Ok(())
}
