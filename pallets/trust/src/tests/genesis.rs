use defaas_primitives::{Host, Labels};
use frame_support::traits::fungible::InspectHold;

use crate::{
    genesis::{Initial, InitialCapability, InitialEndpoint, InitialLabels},
    mock::*,
    types::Capabilities,
    HoldReason, InitialValidators, NextProviderId,
};

/// A validator with key number `account` at `host`.
pub fn initial(account: AccountId, host: &str) -> Initial<AccountId> {
    Initial {
        account,
        worker_key: key(account),
        endpoint: InitialEndpoint {
            host: host.into(),
            port: 8_080,
            tls: true,
        },
        labels: InitialLabels {
            cloud: Some("home".into()),
            ..Default::default()
        },
        capabilities: vec![InitialCapability::Wasm],
        capacity: 4,
        bond: MIN_BOND,
    }
}

#[test]
fn registers_validators_in_order() {
    ExtBuilder::default()
        .validators(vec![initial(BOB, "127.0.0.1"), initial(ALICE, "b.example")])
        .build_and_execute(|| {
            assert_eq!(InitialValidators::<Test>::get().into_inner(), [BOB, ALICE]);
            assert_eq!(NextProviderId::<Test>::get(), 2);
            assert_eq!(provider(0).account, BOB);
            assert_eq!(profile(0).endpoint.host, Host::Ip4([127, 0, 0, 1]));
            assert_eq!(
                profile(1).endpoint.host,
                Host::Dns(b"b.example".to_vec().try_into().unwrap())
            );
            assert!(profile(0).endpoint.tls);
            let labels = Labels {
                cloud: Some(label("home")),
                ..Default::default()
            };
            assert_eq!(profile(0).labels, labels);
            assert_eq!(
                profile(0).capabilities,
                Capabilities::of(&[defaas_primitives::CodeKind::Wasm])
            );
            assert_eq!(
                Balances::balance_on_hold(&HoldReason::Bond.into(), &ALICE),
                MIN_BOND
            );
            assert_eq!(System::event_count(), 0);
        });
}

#[test]
fn hosts_may_be_ip6() {
    ExtBuilder::default()
        .validators(vec![initial(BOB, "::1")])
        .build_and_execute(|| {
            let mut loopback = [0; 16];
            loopback[15] = 1;
            assert_eq!(profile(0).endpoint.host, Host::Ip6(loopback));
        });
}

#[test]
fn is_written_as_text() {
    let initial = initial(BOB, "127.0.0.1");
    let json = serde_json::to_value(&initial).unwrap();
    assert_eq!(json["endpoint"]["host"], "127.0.0.1");
    assert_eq!(json["labels"]["cloud"], "home");
    assert_eq!(json["capabilities"], serde_json::json!(["wasm"]));
    assert_eq!(
        serde_json::from_value::<Initial<AccountId>>(json).unwrap(),
        initial
    );
}

#[test]
fn a_misspelt_field_is_refused() {
    let mut json = serde_json::to_value(initial(BOB, "127.0.0.1")).unwrap();
    json["label"] = serde_json::json!({ "cloud": "home" });
    let error = serde_json::from_value::<Initial<AccountId>>(json).unwrap_err();
    assert!(
        error.to_string().contains("unknown field `label`"),
        "{error}"
    );
}

fn build(change: impl FnOnce(&mut Initial<AccountId>)) {
    let mut initial = initial(ALICE, "127.0.0.1");
    change(&mut initial);
    ExtBuilder::default().validators(vec![initial]).build();
}

#[test]
#[should_panic(expected = "initial validator 0 cannot be a provider")]
fn a_host_that_is_none_stops_the_build() {
    build(|initial| initial.endpoint.host = "not a host".into());
}

#[test]
#[should_panic(expected = "initial validator 0 cannot be a provider")]
fn a_label_that_is_none_stops_the_build() {
    build(|initial| initial.labels.arch = Some("X86".into()));
}

#[test]
#[should_panic(expected = "BondTooSmall")]
fn a_small_bond_stops_the_build() {
    build(|initial| initial.bond = MIN_BOND - 1);
}

#[test]
#[should_panic(expected = "FundsUnavailable")]
fn an_account_without_the_bond_stops_the_build() {
    build(|initial| initial.account = 99);
}
