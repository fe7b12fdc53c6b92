//! Reports, true and false, as the bytes of an extrinsic.

use codec::{Compact, Decode, Encode};
use defaas_cli::chain::Chain;
use defaas_primitives::{
    call::Inline, Digest, Hash, Meters, Outcome, Output, Report, ReportItem, ReportV1, WorkerId,
    WorkerSignature,
};
use serde_json::Value;
use subxt::{
    rpcs::{rpc_params, Error as RpcError},
    utils::to_hex,
};
use subxt_signer::sr25519::{dev, Keypair};

/// A general transaction, version 5, with the first version of the chain's extensions: none of them
/// has anything to say but era (immortal), nonce, tip and mode of the metadata's hash, all 0.
const GENERAL: [u8; 6] = [0b0100_0101, 0, 0, 0, 0, 0];
/// Transactions with neither signature nor extensions, of both versions.
const BARE: [[u8; 1]; 2] = [[0b0000_0100], [0b0000_0101]];
/// Length of a worker's signature.
const SIGNATURE_LEN: usize = 64;

/// Why the node does not take an extrinsic, as JSON-RPC error codes and words of the author's API.
#[derive(Clone, Copy, Debug)]
pub enum Why {
    /// The pool refuses it as invalid, in these words.
    Invalid(&'static str),
    /// The pool cannot tell, in these words: it may be valid later.
    Unknown(&'static str),
    /// The pool has had it.
    Banned,
    /// The runtime cannot read it, in these words.
    Unverifiable(&'static str),
    /// The node cannot read it, in these words.
    Other(&'static str),
}

impl Why {
    fn code(self) -> i32 {
        match self {
            Self::Invalid(_) => 1_010,
            Self::Unknown(_) => 1_011,
            Self::Banned => 1_012,
            Self::Unverifiable(_) => 1_002,
            Self::Other(_) => 1_040,
        }
    }

    fn words(self) -> &'static str {
        match self {
            Self::Invalid(words)
            | Self::Unknown(words)
            | Self::Unverifiable(words)
            | Self::Other(words) => words,
            Self::Banned => "temporarily banned",
        }
    }
}

/// A report as it stands in a block.
pub struct Genuine {
    /// The extrinsic, with its length.
    bytes: Vec<u8>,
    /// Pallet and call.
    call_index: [u8; 2],
    report: ReportV1,
    signature: Vec<u8>,
}

/// The one report in the block of this height.
pub async fn included_report(chain: &Chain, height: u64) -> Genuine {
    let metadata = chain.best().await.unwrap().metadata();
    let pallet = metadata.pallet_by_name("Invocations").unwrap();
    let call = pallet.call_variant_by_name("report").unwrap();
    let call_index = [pallet.call_index(), call.index];
    let rpc = chain.rpc();
    let hash: String = rpc
        .request("chain_getBlockHash", rpc_params![height])
        .await
        .unwrap();
    let block: Value = rpc
        .request("chain_getBlock", rpc_params![hash])
        .await
        .unwrap();
    let extrinsics = block["block"]["extrinsics"].as_array().unwrap();
    let reports: Vec<Genuine> = extrinsics
        .iter()
        .filter_map(|extrinsic| parse(from_hex(extrinsic.as_str().unwrap()), call_index))
        .collect();
    let [report] = <[Genuine; 1]>::try_from(reports)
        .unwrap_or_else(|reports| panic!("the block has {} reports", reports.len()));
    report
}

fn parse(bytes: Vec<u8>, call_index: [u8; 2]) -> Option<Genuine> {
    let mut rest = bytes.as_slice();
    Compact::<u32>::decode(&mut rest).ok()?;
    let mut rest = rest.strip_prefix(&GENERAL)?.strip_prefix(&call_index)?;
    let Report::V1(report) = Report::decode(&mut rest).ok()?;
    let signature = rest.to_vec();
    (signature.len() == SIGNATURE_LEN).then_some(Genuine {
        bytes,
        call_index,
        report,
        signature,
    })
}

/// Somebody who is no provider, reads everything that is public, and reports.
pub struct Forger<'a> {
    genuine: &'a Genuine,
    key: Keypair,
    genesis: Hash,
    /// Of a call that is open and assigned.
    open: ReportItem,
}

impl<'a> Forger<'a> {
    /// Knows a report that was included, and where an open call stands.
    pub async fn new(chain: &Chain, genuine: &'a Genuine, assigned: &Value) -> Self {
        let genesis: String = chain
            .rpc()
            .request("chain_getBlockHash", rpc_params![0])
            .await
            .unwrap();
        let open = ReportItem {
            invocation: assigned["invocation"].as_u64().unwrap(),
            digest: hash(assigned["digest"].as_str().unwrap()),
            replica: 0,
            attempt: assigned["attempt"].as_u64().unwrap().try_into().unwrap(),
            outcome: Outcome::Success,
            output: Some(Output::Inline(Inline::truncate_from(b"forged".to_vec()))),
            meters: Meters {
                duration_ms: 1,
                fuel: None,
            },
        };
        Self {
            genuine,
            key: dev::ferdie(),
            genesis: hash(&genesis),
            open,
        }
    }

    /// Pallet and call of reports.
    pub fn call_index(&self) -> [u8; 2] {
        self.genuine.call_index
    }

    /// What it sends, and why that is turned away.
    pub fn attempts(&self) -> Vec<(&'static str, Vec<u8>, Why)> {
        let outdated = Why::Invalid("outdated");
        let unexpected = Why::Invalid("call is not expected");
        let worker = &self.genuine.report.worker;
        let own = WorkerId::decode(&mut &self.key.public_key().0[..]).unwrap();
        let open = &self.open;
        let report = |worker: &WorkerId, items: Vec<ReportItem>| ReportV1 {
            worker: worker.clone(),
            resend: 0,
            provider: self.genuine.report.provider,
            items: items.try_into().unwrap(),
        };
        let resent = ReportV1 {
            resend: self.genuine.report.resend + 1,
            ..self.genuine.report.clone()
        };
        let to_come = ReportItem {
            invocation: open.invocation + 1_000,
            ..open.clone()
        };
        let next_attempt = ReportItem {
            attempt: open.attempt + 1,
            ..open.clone()
        };
        let of_another_branch = ReportItem {
            digest: Digest::repeat_byte(7),
            ..open.clone()
        };
        let without_output = ReportItem {
            output: None,
            ..open.clone()
        };
        let bare = self.call(&report(worker, vec![open.clone()]));
        let mut attempts = vec![
            ("replay", self.genuine.bytes.clone(), Why::Banned),
            ("replay-as-re-send", self.forge(&resent), outdated),
            (
                "own-key",
                self.forge(&report(&own, vec![open.clone()])),
                outdated,
            ),
            (
                "own-signature-for-the-worker-s-key",
                self.forge(&report(worker, vec![open.clone()])),
                Why::Invalid("bad signature"),
            ),
            (
                "signature-of-another-report",
                self.extrinsic(
                    &GENERAL,
                    [
                        Report::V1(report(worker, vec![open.clone()])).encode(),
                        self.genuine.signature.clone(),
                    ]
                    .concat(),
                ),
                Why::Invalid("bad signature"),
            ),
            (
                "call-to-come",
                self.forge(&report(worker, vec![to_come])),
                Why::Unknown("CannotLookup"),
            ),
            (
                "attempt-to-come",
                self.forge(&report(worker, vec![next_attempt])),
                Why::Unknown("CannotLookup"),
            ),
            (
                "another-digest",
                self.forge(&report(worker, vec![of_another_branch])),
                outdated,
            ),
            (
                "success-without-output",
                self.forge(&report(worker, vec![without_output])),
                outdated,
            ),
            ("no-items", self.forge(&report(worker, vec![])), unexpected),
            (
                "item-twice",
                self.forge(&report(worker, vec![open.clone(), open.clone()])),
                unexpected,
            ),
        ];
        for preamble in BARE {
            attempts.push((
                "bare",
                self.extrinsic(&preamble, bare.clone()),
                Why::Unknown("NoUnsignedValidator"),
            ));
        }
        attempts
    }

    /// A report as the arguments of a signed transaction. Signed by the key that the assignment names it
    /// would be true.
    pub fn signed_by_its_worker_it_would_be_true(&self) -> Vec<u8> {
        self.call(&ReportV1 {
            items: vec![self.open.clone()].try_into().unwrap(),
            ..self.genuine.report.clone()
        })
    }

    /// The arguments: the report, signed by this key.
    fn call(&self, report: &ReportV1) -> Vec<u8> {
        let report = Report::V1(report.clone());
        let signature = self.key.sign(&report.payload(&self.genesis)).0;
        let signature = WorkerSignature::decode(&mut &signature[..]).unwrap();
        (report, signature).encode()
    }

    fn forge(&self, report: &ReportV1) -> Vec<u8> {
        self.extrinsic(&GENERAL, self.call(report))
    }

    fn extrinsic(&self, preamble: &[u8], arguments: Vec<u8>) -> Vec<u8> {
        [preamble, &self.genuine.call_index, &arguments]
            .concat()
            .encode()
    }
}

/// Bytes that are no extrinsic of this chain, and why they are not taken.
pub fn garbage(genuine: &Genuine) -> Vec<(&'static str, Vec<u8>, Why)> {
    let truncated = genuine.bytes[..genuine.bytes.len() - 1].to_vec();
    let noise: Vec<u8> = (0..1_000u32).map(|n| (n * n % 251) as u8).collect();
    let unknown_call = [&GENERAL[..], &[255, 255]].concat();
    let undecodable = Why::Other("Could not decode");
    vec![
        ("nothing", vec![], undecodable),
        ("one-byte", vec![0xff], undecodable),
        ("end-cut-off", truncated, undecodable),
        ("noise", noise.encode(), Why::Unverifiable("Runtime error")),
        (
            "unknown-call",
            unknown_call.encode(),
            Why::Unverifiable("Runtime error"),
        ),
    ]
}

/// Hands `bytes` to the node and checks that it does not take them, for this reason.
///
/// # Panics
/// If it does, or has another reason.
pub async fn assert_turned_away(chain: &Chain, what: &str, bytes: &[u8], why: Why) {
    let (code, words) = submit(chain, what, bytes).await;
    assert_eq!(code, why.code(), "{what}: {words}");
    assert!(words.contains(why.words()), "{what}: {words}");
}

/// Hands `bytes` to the node and returns code and words of its refusal.
///
/// # Panics
/// If it takes them, or does not answer.
pub async fn submit(chain: &Chain, what: &str, bytes: &[u8]) -> (i32, String) {
    let answer = chain
        .rpc()
        .request::<String>("author_submitExtrinsic", rpc_params![to_hex(bytes)])
        .await;
    match answer {
        Err(RpcError::User(refused)) => {
            let data = refused.data.as_ref().map(|data| data.get());
            let words = format!("{}: {}", refused.message, data.unwrap_or_default());
            (refused.code, words)
        }
        other => panic!("{what}: {other:?}"),
    }
}

fn hash(hex: &str) -> Hash {
    Hash::from_slice(&from_hex(hex))
}

fn from_hex(text: &str) -> Vec<u8> {
    let digits = text.strip_prefix("0x").unwrap().as_bytes();
    let digit = |byte: u8| (byte as char).to_digit(16).unwrap() as u8;
    digits
        .chunks(2)
        .map(|pair| digit(pair[0]) << 4 | digit(pair[1]))
        .collect()
}
