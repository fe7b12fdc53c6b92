//! *What a function wrote* → the bytes themselves, from the chain or from the content store where
//! they are → *bytes that are proven to be those, or a typed error*.

use super::Context;
use crate::{
    chain::types::{ContentId, Output, OutputDigest},
    store::Store,
    Error, Result,
};
use defaas_primitives::InvocationId;
use sha2::{Digest, Sha256};

/// The bytes that call `id` wrote.
pub(super) async fn fetch(
    id: InvocationId,
    output: &Output,
    store: Option<&Store>,
    context: &Context<'_>,
) -> Result<Vec<u8>> {
    let (cid, digest) = match output {
        Output::Inline(bytes) => return Ok(bytes.clone()),
        Output::Stored { cid, digest } => (cid, digest),
    };
    let Some(store) = store else {
        return Err(elsewhere(
            id,
            cid,
            digest,
            "no content store is named".into(),
        ));
    };
    context.output.progress(format_args!(
        "fetching {} bytes from the store at {}",
        digest.size,
        store.url()
    ));
    match store.get(cid, digest.size.into()).await {
        Ok(bytes) => checked(id, cid, digest, bytes),
        Err(Error::TooLarge { .. }) => Err(wrong(
            id,
            cid,
            format!("it is longer than {} bytes", digest.size),
        )),
        Err(error) => Err(elsewhere(id, cid, digest, error.to_string())),
    }
}

/// `bytes`, if they are what stands on chain.
fn checked(
    id: InvocationId,
    cid: &ContentId,
    digest: &OutputDigest,
    bytes: Vec<u8>,
) -> Result<Vec<u8>> {
    if bytes.len() as u64 != u64::from(digest.size) {
        let reason = format!("{} bytes instead of {}", bytes.len(), digest.size);
        return Err(wrong(id, cid, reason));
    }
    let sha256: [u8; 32] = Sha256::digest(&bytes).into();
    if sha256 != digest.sha256 {
        return Err(wrong(
            id,
            cid,
            format!("its sha256 is {}", hex::encode(sha256)),
        ));
    }
    Ok(bytes)
}

fn elsewhere(id: InvocationId, cid: &ContentId, digest: &OutputDigest, reason: String) -> Error {
    Error::OutputElsewhere {
        id,
        cid: cid.to_string(),
        size: digest.size,
        reason,
    }
}

fn wrong(id: InvocationId, cid: &ContentId, reason: String) -> Error {
    Error::OutputWrong {
        id,
        cid: cid.to_string(),
        reason,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{commands::fixture::context, output::Output as Screen};
    use defaas_content::{
        upload::{Upload, UploadConfig},
        Config, Store as Content,
    };
    use tokio_util::sync::CancellationToken;

    fn stored(bytes: &[u8]) -> (ContentId, OutputDigest) {
        let sha256 = Sha256::digest(bytes).into();
        let size = bytes.len() as u32;
        (ContentId::raw(sha256), OutputDigest { sha256, size })
    }

    #[test]
    fn only_bytes_of_the_size_and_hash_on_chain_are_taken() {
        let (cid, digest) = stored(b"abc");
        let check = |bytes: &[u8]| checked(8, &cid, &digest, bytes.to_vec());
        assert_eq!(check(b"abc").unwrap(), b"abc");
        for other in [&b"abcd"[..], b"ab", b"abd", b""] {
            let error = check(other).unwrap_err();
            assert!(matches!(error, Error::OutputWrong { id: 8, .. }), "{error}");
            assert_eq!(error.exit_code(), 3);
        }
    }

    #[tokio::test]
    async fn without_a_store_the_error_says_where_the_output_is() {
        let screen = Screen::new(true);
        let context = context(&screen);
        let inline = Output::Inline(b"x".to_vec());
        assert_eq!(fetch(8, &inline, None, &context).await.unwrap(), b"x");
        let (cid, digest) = stored(b"abc");
        let text = cid.to_string();
        let output = Output::Stored { cid, digest };
        let error = fetch(8, &output, None, &context).await.unwrap_err();
        assert!(error.to_string().contains(&text));
        assert!(error.hint().unwrap().contains("--store"));
        assert_eq!(error.exit_code(), 8);
    }

    #[tokio::test]
    async fn a_store_is_asked_and_not_believed() {
        let folder = tempfile::tempdir().unwrap();
        let content = Content::open(Config::in_dir(folder.path().join("content"))).unwrap();
        let config = UploadConfig {
            listen: ([127, 0, 0, 1], 0).into(),
            token_file: folder.path().join("token"),
            ..UploadConfig::default()
        };
        let upload = Upload::bind(&config, content).await.unwrap();
        let url = format!("http://{}", upload.local_addr());
        let stop = CancellationToken::new();
        tokio::spawn(upload.run(stop.clone()));
        let _running = stop.drop_guard();

        let screen = Screen::new(true);
        let context = context(&screen);
        let store = Store::at(&url, &config.token_file).unwrap();
        let bytes = vec![7; 5_000];
        let cid = store.add(&bytes).await.unwrap();
        let (_, digest) = stored(&bytes);
        let fetch = async |cid: &ContentId, digest: OutputDigest| {
            let cid = cid.clone();
            fetch(8, &Output::Stored { cid, digest }, Some(&store), &context).await
        };
        assert_eq!(fetch(&cid, digest).await.unwrap(), bytes);
        for size in [4_999, 5_001] {
            let error = fetch(&cid, OutputDigest { size, ..digest }).await;
            assert!(matches!(error, Err(Error::OutputWrong { .. })), "{size}");
        }
        let sha256 = [1; 32];
        let error = fetch(&cid, OutputDigest { sha256, ..digest }).await;
        assert!(matches!(error, Err(Error::OutputWrong { .. })));
        let error = fetch(&ContentId::raw(sha256), digest).await.unwrap_err();
        assert!(matches!(error, Error::OutputElsewhere { .. }), "{error}");
        assert!(error.to_string().contains(&url), "{error}");
    }
}
