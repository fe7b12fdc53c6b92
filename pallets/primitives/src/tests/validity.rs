//! What is accepted and what is not.

use proptest::prelude::*;
use sp_core::H256;
use sp_runtime::BoundedVec;

use crate::{cid::CidError, *};

fn multihash_sha256() -> Vec<u8> {
    [&[0x12, 32][..], &[7; 32]].concat()
}

fn multihash_blake2b() -> Vec<u8> {
    [&[0xa0, 0xe4, 0x02, 32][..], &[7; 32]].concat()
}

#[test]
fn cid_accepts_what_every_worker_can_verify() {
    assert!(Cid::parse(&multihash_sha256()).is_ok(), "version 0");
    for codec in [0x55, 0x70] {
        for multihash in [multihash_sha256(), multihash_blake2b()] {
            assert!(Cid::parse(&[&[1, codec][..], &multihash].concat()).is_ok());
        }
    }
    assert!(Cid::raw_sha256([7; 32]).check().is_ok());
}

#[test]
fn cid_refuses_everything_else_with_a_reason() {
    let with = |prefix: &[u8], multihash: &[u8]| Cid::parse(&[prefix, multihash].concat());
    let short_digest = [&[0x12, 31][..], &[7; 31]].concat();
    let long_digest = [&[0x12, 32][..], &[7; 33]].concat();
    let identity = [&[0x00, 2][..], &[7; 2]].concat();
    assert_eq!(Cid::parse(&[]), Err(CidError::UnknownVersion));
    assert_eq!(
        with(&[2, 0x55], &multihash_sha256()),
        Err(CidError::UnknownVersion)
    );
    assert_eq!(
        with(&[1, 0x71], &multihash_sha256()),
        Err(CidError::UnsupportedCodec)
    );
    assert_eq!(
        with(&[1, 0x55], &short_digest),
        Err(CidError::UnsupportedHash)
    );
    assert_eq!(
        with(&[1, 0x55], &long_digest),
        Err(CidError::UnsupportedHash)
    );
    assert_eq!(with(&[1, 0x55], &identity), Err(CidError::UnsupportedHash));
    assert_eq!(
        with(&[], &multihash_blake2b()),
        Err(CidError::UnknownVersion)
    );
    assert_eq!(Cid::parse(&[1; 65]), Err(CidError::TooLong));
}

#[test]
fn names_are_dns_labels() {
    for good in ["a", "7", "word-count", &"a".repeat(63)] {
        assert!(Name::parse(good).is_some(), "{good}");
    }
    for bad in [
        "",
        "-a",
        "a-",
        "A",
        "a_b",
        "a.b",
        "ä",
        "a b",
        &"a".repeat(64),
    ] {
        assert!(Name::parse(bad).is_none(), "{bad}");
    }
}

#[test]
fn labels_keep_to_their_alphabet() {
    for good in ["eu-central-1", "x86_64", "v1.2"] {
        assert!(Label::parse(good).is_some(), "{good}");
    }
    for bad in ["", "EU", "a b", "a/b", &"a".repeat(33)] {
        assert!(Label::parse(bad).is_none(), "{bad}");
    }
}

#[test]
fn placement_refuses_what_is_reserved() {
    let label = Labels {
        arch: Label::parse("x86_64"),
        ..Labels::default()
    };
    let required = Placement {
        required: label.clone(),
        ..Placement::default()
    };
    assert!(required.is_supported());
    assert!(!Placement {
        preferred: label,
        ..Placement::default()
    }
    .is_supported());
    let spread = Some(labels::LabelKey::Region);
    assert!(!Placement {
        spread,
        ..Placement::default()
    }
    .is_supported());
}

#[test]
fn paths_are_what_stands_in_a_url() {
    for good in ["/", "/a/b?width=100&x=%20", "/~a;b=c@d:e!$'()*+,"] {
        assert!(Path::parse(good).is_some(), "{good}");
    }
    for bad in [
        "", "a", "?x=1", "/a b", "/a#b", "/a\\b", "/ä", "/a\nb", "/{}",
    ] {
        assert!(Path::parse(bad).is_none(), "{bad}");
    }
    assert!(Path::default().is_valid());
    assert!(Path::parse(&format!("/{}", "a".repeat(256))).is_none());
}

#[test]
fn endpoints_are_addresses_and_host_names() {
    let dns = |name: &str| Endpoint {
        host: Host::Dns(BoundedVec::truncate_from(name.as_bytes().to_vec())),
        port: 1,
        tls: true,
    };
    for good in [
        "a",
        "a.example",
        "1a.example",
        "A-b.c",
        &format!("{}.a", "a".repeat(63)),
    ] {
        assert!(dns(good).is_valid(), "{good}");
    }
    let bad = [
        "",
        ".",
        "a.",
        ".a",
        "-a.b",
        "a-.b",
        "a_b.c",
        "a/b",
        "127.0.0.1",
        "a.1",
        "a:1",
    ];
    for bad in bad
        .into_iter()
        .chain([format!("{}.a", "a".repeat(64)).as_str()])
    {
        assert!(!dns(bad).is_valid(), "{bad}");
    }
    assert!(!Endpoint {
        host: Host::Ip4([127, 0, 0, 1]),
        port: 0,
        tls: false
    }
    .is_valid());
}

fn item(invocation: InvocationId, replica: Replica) -> ReportItem {
    ReportItem {
        invocation,
        digest: H256::zero(),
        replica,
        attempt: 0,
        outcome: Outcome::Success,
        output: Some(Output::Inline(Default::default())),
        meters: Meters {
            duration_ms: 0,
            fuel: None,
        },
    }
}

fn batch(items: Vec<ReportItem>) -> ReportV1 {
    let worker = sp_core::sr25519::Public::from_raw([7; 32]).into();
    ReportV1 {
        provider: 0,
        worker,
        resend: 0,
        items: BoundedVec::truncate_from(items),
    }
}

#[test]
fn reports_are_sorted_unique_and_not_empty() {
    assert!(batch(vec![item(1, 0), item(1, 1), item(2, 0)]).is_well_formed());
    assert!(!batch(vec![]).is_well_formed());
    assert!(!batch(vec![item(2, 0), item(1, 0)]).is_well_formed());
    assert!(!batch(vec![item(1, 0), item(1, 0)]).is_well_formed());
}

#[test]
fn report_items_have_an_output_exactly_when_the_function_gave_one() {
    let with = |outcome, output| {
        ReportItem {
            outcome,
            output,
            ..item(0, 0)
        }
        .is_well_formed()
    };
    let output = || Some(Output::Inline(Default::default()));
    for outcome in [Outcome::Success, Outcome::FunctionFailed] {
        assert!(with(outcome, output()));
        assert!(!with(outcome, None));
    }
    for outcome in [
        Outcome::LimitExceeded(Limit::Memory),
        Outcome::ProviderFailed(Fault::Overloaded),
    ] {
        assert!(with(outcome, None));
        assert!(!with(outcome, output()));
    }
}

#[test]
fn stored_content_is_bounded_and_its_cid_checked() {
    let cid = Cid::raw_sha256([0; 32]);
    let bad = Cid(BoundedVec::truncate_from(vec![9]));
    let input = |cid: &Cid, size| {
        Input::Stored {
            cid: cid.clone(),
            size,
        }
        .is_valid()
    };
    assert!(input(&cid, call::MAX_STORED));
    assert!(!input(&cid, call::MAX_STORED + 1));
    assert!(!input(&bad, 1));
    let output = |cid: &Cid, size| {
        let digest = OutputDigest {
            sha256: [0; 32],
            size,
        };
        Output::Stored {
            cid: cid.clone(),
            digest,
        }
        .is_valid()
    };
    assert!(output(&cid, call::MAX_STORED));
    assert!(!output(&cid, call::MAX_STORED + 1));
    assert!(!output(&bad, 1));
}

proptest! {
    #[test]
    fn whatever_cid_is_accepted_ends_with_a_32_byte_digest(
        bytes in proptest::collection::vec(any::<u8>(), 0..70),
    ) {
        if let Ok(cid) = Cid::parse(&bytes) {
            prop_assert!(matches!(cid.as_bytes().len(), 34 | 36 | 38));
            prop_assert_eq!(cid.as_bytes(), &bytes[..]);
        }
    }

    #[test]
    fn whatever_path_is_accepted_survives_a_request_line(path in "/.{0,100}") {
        if Path::parse(&path).is_some() {
            let (unchanged, _) = path.split_once('#').unwrap_or((&path, ""));
            prop_assert_eq!(unchanged, &path);
            prop_assert!(path.bytes().all(|b| b.is_ascii_graphic()));
        }
    }
}
