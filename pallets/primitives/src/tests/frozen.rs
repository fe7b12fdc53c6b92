//! Encodings that wallets, workers and stored state depend on. A failure here means that a change
//! needs a new variant or a migration, not a new expectation.

use codec::{Decode, Encode};
use sp_core::H256;
use sp_runtime::BoundedVec;

use crate::*;

/// `value` encodes to exactly these bytes, and they decode to `value`.
#[track_caller]
fn frozen<T: Encode + Decode + PartialEq + core::fmt::Debug>(value: T, expected: &str) {
    assert_eq!(hex::encode(value.encode()), expected);
    assert_eq!(
        T::decode(&mut &hex::decode(expected).unwrap()[..]).unwrap(),
        value
    );
}

fn name(name: &str) -> Name {
    Name::parse(name).unwrap()
}

fn raw_cid() -> Cid {
    Cid::raw_sha256([0xab; 32])
}

fn worker() -> WorkerId {
    sp_core::sr25519::Public::from_raw([7; 32]).into()
}

const CID_HEX: &str = "9001551220abababababababababababababababababababababababababababababababab";

#[test]
fn code_kind() {
    frozen(CodeKind::Wasm, "00");
    frozen(CodeKind::Oci, "01");
}

#[test]
fn code() {
    let code = Code {
        cid: raw_cid(),
        sha256: [0xab; 32],
        size: 258,
        kind: CodeKind::Wasm,
    };
    frozen(
        code,
        &format!("{CID_HEX}{}020100000000000000", "ab".repeat(32)),
    );
}

#[test]
fn limits() {
    let limits = Limits {
        timeout_ms: 1,
        memory_bytes: 2,
        max_input_bytes: 3,
        max_output_bytes: 4,
    };
    frozen(limits, "01000000020000000300000004000000");
}

#[test]
fn verification() {
    frozen(Verification::Single, "00");
    frozen(Verification::Audited, "01");
    frozen(Verification::Redundant(3), "0203");
}

#[test]
fn selector_and_alias_target() {
    frozen(Selector::Version(1), "0001000000");
    frozen(Selector::Alias(name("latest")), "01186c6174657374");
    frozen(AliasTarget::Version(1), "0001000000");
    frozen(
        AliasTarget::Weighted(BoundedVec::truncate_from(vec![(1, 90), (2, 10)])),
        "0108010000005a020000000a",
    );
}

#[test]
fn labels_and_placement() {
    let label = Label::parse("eu").unwrap();
    let labels = Labels {
        cloud: None,
        region: Some(label),
        arch: None,
    };
    frozen(labels.clone(), "000108657500");
    let placement = Placement {
        required: labels,
        ..Placement::default()
    };
    frozen(placement, "00010865750000000000");
    frozen(labels::LabelKey::Cloud, "00");
    frozen(labels::LabelKey::Region, "01");
    frozen(labels::LabelKey::Arch, "02");
}

#[test]
fn principal() {
    frozen(Principal::direct(1u64), "010000000000000000");
    frozen(
        Principal {
            account: 1u64,
            via: Via::Delegate(2),
        },
        "0100000000000000010200000000000000",
    );
    frozen(
        Principal {
            account: 1u64,
            via: Via::Trigger(2),
        },
        "0100000000000000020200000000000000",
    );
}

#[test]
fn input_and_output() {
    let bytes = BoundedVec::truncate_from(b"hi".to_vec());
    frozen(Input::Inline(bytes.clone()), "00086869");
    frozen(
        Input::Stored {
            cid: raw_cid(),
            size: 5,
        },
        &format!("01{CID_HEX}05000000"),
    );
    frozen(Output::Inline(bytes), "00086869");
    let digest = OutputDigest {
        sha256: [1; 32],
        size: 5,
    };
    frozen(
        Output::Stored {
            cid: raw_cid(),
            digest,
        },
        &format!("01{CID_HEX}{}05000000", "01".repeat(32)),
    );
}

#[test]
fn outcome() {
    frozen(Outcome::Success, "00");
    frozen(Outcome::FunctionFailed, "01");
    frozen(Outcome::LimitExceeded(Limit::Timeout), "0200");
    frozen(Outcome::LimitExceeded(Limit::Memory), "0201");
    frozen(Outcome::LimitExceeded(Limit::Output), "0202");
    frozen(Outcome::ProviderFailed(Fault::CodeUnavailable), "0300");
    frozen(Outcome::ProviderFailed(Fault::InputUnavailable), "0301");
    frozen(Outcome::ProviderFailed(Fault::InvalidCode), "0302");
    frozen(Outcome::ProviderFailed(Fault::Unsupported), "0303");
    frozen(Outcome::ProviderFailed(Fault::Overloaded), "0304");
    frozen(Outcome::ProviderFailed(Fault::Interrupted), "0305");
    frozen(Outcome::ProviderFailed(Fault::Internal), "0306");
}

#[test]
fn report() {
    let report = Report::V1(ReportV1 {
        provider: 1,
        worker: worker(),
        resend: 2,
        items: BoundedVec::truncate_from(vec![ReportItem {
            invocation: 3,
            digest: H256::repeat_byte(4),
            replica: 5,
            attempt: 6,
            outcome: Outcome::LimitExceeded(Limit::Output),
            output: None,
            meters: Meters {
                duration_ms: 7,
                fuel: Some(8),
            },
        }]),
    });
    let expected = [
        "00",
        "01000000",
        &"07".repeat(32),
        "0200",
        "04",
        "0300000000000000",
        &"04".repeat(32),
        "05",
        "06",
        "0202",
        "00",
        "07000000",
        "010800000000000000",
    ]
    .concat();
    frozen(report, &expected);
}

#[test]
fn voucher() {
    let voucher = Voucher::V1(VoucherV1 {
        channel: H256::repeat_byte(1),
        sequence: 2,
        cumulative: 3,
    });
    let expected = [
        "00",
        &"01".repeat(32),
        "0200000000000000",
        "03000000000000000000000000000000",
    ]
    .concat();
    frozen(voucher, &expected);
}

#[test]
fn endpoint() {
    frozen(
        Endpoint {
            host: Host::Ip4([127, 0, 0, 1]),
            port: 80,
            tls: false,
        },
        "007f000001500000",
    );
    frozen(
        Endpoint {
            host: Host::Ip6([1; 16]),
            port: 80,
            tls: true,
        },
        &format!("01{}500001", "01".repeat(16)),
    );
    frozen(
        Endpoint {
            host: Host::Dns(BoundedVec::truncate_from(b"a.b".to_vec())),
            port: 80,
            tls: true,
        },
        "020c612e62500001",
    );
}

/// The bytes that are signed: domain, genesis hash, message, nothing between them.
#[test]
fn signed_payloads() {
    let genesis = H256::repeat_byte(9);
    let hash = |parts: &[&[u8]]| sp_io::hashing::blake2_256(&parts.concat());

    let voucher = Voucher::V1(VoucherV1 {
        channel: H256::repeat_byte(1),
        sequence: 2,
        cumulative: 3,
    });
    assert_eq!(
        voucher.payload(&genesis),
        hash(&[b"defaas/voucher/1", genesis.as_bytes(), &voucher.encode()]),
    );

    let report = Report::V1(ReportV1 {
        provider: 1,
        worker: worker(),
        resend: 0,
        items: Default::default(),
    });
    assert_eq!(
        report.payload(&genesis),
        hash(&[b"defaas/report/1", genesis.as_bytes(), &report.encode()]),
    );

    assert_eq!(
        worker::possession_payload(&genesis, &5u64),
        hash(&[b"defaas/possession/1", genesis.as_bytes(), &5u64.encode()]),
    );
}

#[test]
fn job() {
    let job = Job {
        invocation: 1,
        digest: H256::repeat_byte(2),
        replica: 3,
        attempt: 4,
        deadline: 5,
        worker: worker(),
        function: 6,
        version: 8,
        code: Code {
            cid: raw_cid(),
            sha256: [9; 32],
            size: 10,
            kind: CodeKind::Wasm,
        },
        limits: Limits {
            timeout_ms: 1,
            memory_bytes: 2,
            max_input_bytes: 3,
            max_output_bytes: 4,
        },
        deterministic: true,
        source: Some(11),
        path: Path::default(),
        input: Input::Inline(Default::default()),
    };
    let expected = [
        "0100000000000000",
        &"02".repeat(32),
        "03",
        "04",
        "05000000",
        &"07".repeat(32),
        "0600000000000000",
        "08000000",
        CID_HEX,
        &"09".repeat(32),
        "0a00000000000000",
        "00",
        "01000000020000000300000004000000",
        "01",
        "010b000000",
        "042f",
        "0000",
    ]
    .concat();
    frozen(job, &expected);
}

#[test]
fn notice() {
    let endpoint = Endpoint {
        host: Host::Ip4([127, 0, 0, 1]),
        port: 8080,
        tls: true,
    };
    let notice = Notice {
        provider: 1,
        sequence: 2,
        body: NoticeBody::Endpoint(endpoint),
    };
    frozen(
        notice.clone(),
        "0100000002000000000000000000_7f000001_901f_01"
            .replace('_', "")
            .as_str(),
    );
    frozen(NoticeBody::Available(true), "0101");

    let genesis = H256::repeat_byte(1);
    let signed = [
        &b"defaas/notice/1"[..],
        genesis.as_bytes(),
        &notice.encode(),
    ]
    .concat();
    assert_eq!(
        notice.payload(&genesis),
        sp_io::hashing::blake2_256(&signed)
    );
}
