use defaas_openfaas::*;
use defaas_primitives::*;
#[path = "runtime/support/mod.rs"]
#[allow(dead_code)]
mod support;
use std::time::Duration;
#[tokio::test]
async fn client() {
    let rt = support::Runtime::start().await;
    let c = Client::new(Config {
        endpoint: Endpoint::Unix(rt.place.path("socket")),
        exact_outcomes: true,
        credentials: Some(Credentials::new("admin", support::PASSWORD).unwrap()),
        ..Default::default()
    })
    .unwrap();
    c.health().await.unwrap();
    println!("{:?}", c.info().await.unwrap());
    let limits = Limits {
        timeout_ms: 1000,
        memory_bytes: 32 << 20,
        max_input_bytes: 4096,
        max_output_bytes: 4096,
    };
    for (m, want) in [
        (support::modules::ECHO.to_string(), Outcome::Success),
        (
            support::modules::SPIN.into(),
            Outcome::LimitExceeded(Limit::Timeout),
        ),
        (
            support::modules::GROW.into(),
            Outcome::LimitExceeded(Limit::Memory),
        ),
        (support::modules::fail("why", 2), Outcome::FunctionFailed),
        (
            support::modules::flood(1, "abc"),
            Outcome::LimitExceeded(Limit::Output),
        ),
    ] {
        for det in [false, true] {
            let d = rt.place.put_wat(&m);
            let mut raw = [0u8; 32];
            for i in 0..32 {
                raw[i] = u8::from_str_radix(&d[2 * i..2 * i + 2], 16).unwrap();
            }
            let dep = FunctionDeployment::wasm(&raw, &limits, det);
            let st = c
                .ensure_deployed(&dep, Duration::from_secs(60))
                .await
                .unwrap();
            let again = c
                .ensure_deployed(&dep, Duration::from_secs(60))
                .await
                .unwrap();
            assert_eq!(st.created_at, again.created_at);
            let n = FunctionName::parse(&dep.service).unwrap();
            let inv = c
                .invoke(&n, Request::post("/p?q=1", "hello", &limits))
                .await;
            println!("{det} {inv:?}");
            assert_eq!(inv.outcome, want);
            assert_eq!(inv.fuel.is_some(), det);
        }
    }
    let dep = FunctionDeployment::wasm(&[9; 32], &limits, false);
    println!(
        "{:?}",
        c.ensure_deployed(&dep, Duration::from_secs(60))
            .await
            .unwrap_err()
    );
    assert_eq!(c.list().await.unwrap().len(), 10);
    let n =
        FunctionName::parse(&FunctionDeployment::wasm(&[8; 32], &limits, false).service).unwrap();
    println!("{:?}", c.invoke(&n, Request::post("/", "x", &limits)).await);
    for f in c.list().await.unwrap() {
        assert!(c
            .delete(&FunctionName::parse(&f.name).unwrap())
            .await
            .unwrap());
    }
}
