//! Rights that change while a caller calls.

use super::stage::Stage;
use defaas_cli::{chain::calls, Error};
use defaas_system_tests::{
    cli,
    functions::{account, send, Request},
    rest::reached,
};

/// For how many blocks the last grant is.
const BLOCKS: u64 = 2;
const OWNER: &str = "//Bob";

/// *No grant* → one for one call → used up → a new one, revoked → one for some blocks → over.
pub async fn grants_let_in_until_used_up_revoked_or_over(stage: &Stage) {
    const CALLER: &str = "Charlie";
    let function = stage.granted;
    let id = function.to_string();
    let address = account(CALLER).1.public_key().to_account_id().to_string();
    let owner = async |arguments: &[&str]| cli::run(&stage.node, OWNER, arguments).await;
    let refused = async |word, says| assert_refused(stage, CALLER, function, word, says).await;

    refused("Access.NotAuthorized", "defaas grant").await;
    owner(&["grant", &id, &address, "--calls", "1"]).await;
    assert_called(stage, CALLER, function).await;
    refused("Access.QuotaExhausted", "1 of the 1 calls").await;
    owner(&["grant", &id, &address]).await;
    owner(&["revoke", &id, &address]).await;
    refused("Access.NotAuthorized", "defaas grant").await;
    owner(&["grant", &id, &address, "--blocks", &BLOCKS.to_string()]).await;
    let now = stage.chain.best().await.unwrap().block_number();
    reached(&stage.chain, now + BLOCKS).await;
    refused("Access.Expired", "its grant ended in block").await;
}

/// *Paused* → resumed → called.
pub async fn paused_is_until_resumed(stage: &Stage) {
    const CALLER: &str = "Eve";
    let function = stage.paused;
    let says = "paused: maintenance";
    assert_refused(stage, CALLER, function, "Registry.Paused", says).await;
    let resume = calls::resume(function);
    send(&stage.chain, &account("Bob").1, &resume)
        .await
        .unwrap();
    assert_called(stage, CALLER, function).await;
}

async fn assert_called(stage: &Stage, caller: &str, function: u64) {
    let (caller, function) = (account(caller).0, function.to_string());
    let report = cli::run(&stage.node, &caller, &["call", &function, "--wait"]).await;
    assert_eq!(report["status"], "Success", "{report}");
}

/// Checks that the command does not send the call and `says` why, and that the chain refuses it with
/// its own `word`.
async fn assert_refused(stage: &Stage, caller: &str, function: u64, word: &str, says: &str) {
    let (uri, key) = account(caller);
    let call = ["call", &function.to_string(), "--wait"];
    let ended = cli::attempt(&stage.node, &uri, &call).await;
    let complaint = ended.complaint();
    assert_eq!(ended.code, Some(4), "{word}: {complaint}");
    assert!(complaint.contains("not sent"), "{word}: {complaint}");
    assert!(complaint.contains(says), "{word}: {complaint}");
    let request = Request::of(function).transaction();
    match send(&stage.chain, &key, &request).await {
        Err(Error::Refused { pallet, name, .. }) => assert_eq!(format!("{pallet}.{name}"), word),
        other => panic!("{word}: {:?}", other.map(|included| included.hash)),
    }
}
