//! Makes a call, and holds its end against what the design says.

use super::rows::{End, Row, FEE};
use defaas_cli::{
    chain::{
        events::{find, Requested},
        types::{Input, Outcome, Output, Status},
        Chain,
    },
    output,
};
use defaas_system_tests::{
    cli,
    functions::{account, send, Request},
    price::Limits,
    Node,
};
use serde_json::Value;
use std::time::Duration;

/// No call takes longer: a deadline, and all that is waited for another provider.
const PATIENCE: Duration = Duration::from_secs(240);

/// What is told about the end of a call. Amounts are in units.
#[derive(Debug)]
pub struct Told {
    /// How it ended.
    pub status: String,
    /// Providers that did not deliver, and why.
    pub tried: Vec<(u64, String)>,
    /// To the function's owner.
    pub developer: u128,
    /// To the provider.
    pub provider: u128,
    /// To the treasury.
    pub treasury: u128,
    /// Back to the caller.
    pub returned: u128,
    /// Charged at once.
    pub network_fee: u128,
    /// What the function left.
    pub output: Option<Vec<u8>>,
}

impl Told {
    /// What the caller paid, without the network fee.
    pub fn charged(&self) -> u128 {
        self.developer + self.provider + self.treasury
    }
}

/// Calls `function` as `row` says and waits for the end.
pub async fn call(node: &Node, chain: &Chain, row: &Row, function: u64) -> Told {
    let call = async {
        match &row.input {
            Input::Inline(bytes) => by_command(node, row, function, bytes).await,
            stored => by_transaction(chain, row, function, stored).await,
        }
    };
    tokio::time::timeout(PATIENCE, call)
        .await
        .unwrap_or_else(|_| panic!("{}: did not end", row.name))
}

/// As a user does it. What is refused or fails must have the exit code of that, and say what to do.
async fn by_command(node: &Node, row: &Row, function: u64, input: &[u8]) -> Told {
    let name = row.name;
    let file = node.home().path().join(name);
    std::fs::write(&file, input).unwrap();
    let arguments = [
        "call",
        &function.to_string(),
        "--input",
        file.to_str().unwrap(),
        "--wait",
    ];
    let ended = cli::attempt(node, &account(name).0, &arguments).await;
    let (code, meaning) = match row.end {
        End::Success => (0, ""),
        End::Failed(_) | End::Trapped(_) => (1, "the function itself failed; the call is paid"),
        End::Limited(_) => (1, "stopped at a limit of its version"),
        End::Faulted(_) => (1, "nothing but the network fee was charged"),
    };
    let complaint = ended.complaint();
    assert_eq!(ended.code, Some(code), "{name}: {complaint}");
    let report = ended.result();
    assert!(complaint.contains(meaning), "{name}: {complaint}");
    let next = format!("defaas invocation show {}", report["invocation"]);
    assert_eq!(complaint.contains(&next), code != 0, "{name}: {complaint}");
    told_by(&report)
}

fn told_by(report: &Value) -> Told {
    let tried = report["tried"].as_array().unwrap().iter();
    let tried = tried.map(|tried| {
        let fault = tried["fault"].as_str().unwrap_or("silent");
        (tried["provider"].as_u64().unwrap(), fault.to_owned())
    });
    let units = |value: &Value| value.as_str().unwrap().parse().unwrap();
    let paid = &report["paid"];
    Told {
        status: report["status"].as_str().unwrap().to_owned(),
        tried: tried.collect(),
        developer: units(&paid["developer"]),
        provider: units(&paid["provider"]),
        treasury: units(&paid["treasury"]),
        returned: units(&paid["returned"]),
        network_fee: units(&report["price"]["network_fee"]),
        output: report["output"]["text"]
            .as_str()
            .map(|text| text.as_bytes().to_vec()),
    }
}

/// With an input that the command would not send.
async fn by_transaction(chain: &Chain, row: &Row, function: u64, input: &Input) -> Told {
    let request = Request::of(function).with(|request| request.input = input.clone());
    let (_, key) = account(row.name);
    let included = send(chain, &key, &request.transaction()).await.unwrap();
    let requested = find::<Requested>(included.events.iter()).unwrap().unwrap();
    let ended = chain
        .follow(&requested, &output::Output::new(true))
        .await
        .unwrap();
    let paid = ended.payment.unwrap();
    let tried = ended.record.tried.iter().map(|tried| {
        let fault = tried.fault.map(|fault| format!("{fault:?}"));
        (tried.provider.into(), fault.unwrap_or("silent".into()))
    });
    Told {
        status: ended.record.status.to_string(),
        tried: tried.collect(),
        developer: paid.developer,
        provider: paid.provider,
        treasury: paid.treasury,
        returned: paid.returned,
        network_fee: ended.record.quote.network_fee,
        output: match ended.output {
            Some(Output::Inline(bytes)) => Some(bytes),
            _ => None,
        },
    }
}

/// Checks status, blame, output and payment.
///
/// # Panics
/// If the call did not end as `row` says.
pub fn assert_end(row: &Row, told: &Told) {
    let name = row.name;
    let (status, tried) = match &row.end {
        End::Success => (Status::Settled(Outcome::Success).to_string(), vec![]),
        End::Failed(_) | End::Trapped(_) => ("FunctionFailed".into(), vec![]),
        End::Limited(limit) => (format!("LimitExceeded({limit})"), vec![]),
        // The second of three attempts finds nobody else.
        End::Faulted(fault) => {
            let blames_content = ["CodeUnavailable", "InvalidCode", "InputUnavailable"];
            let reason = if blames_content.contains(fault) {
                "ContentUnusable"
            } else {
                "AttemptsExhausted"
            };
            (format!("Refunded({reason})"), vec![(0, (*fault).into())])
        }
    };
    assert_eq!(told.status, status, "{name}: {told:?}");
    assert_eq!(told.tried, tried, "{name}: {told:?}");
    let output = told.output.as_deref();
    match &row.end {
        End::Success => assert_eq!(output, Some(&[][..]), "{name}"),
        End::Failed(written) => assert_eq!(output, Some(&written[..]), "{name}"),
        End::Trapped(word) => {
            let text = String::from_utf8_lossy(output.unwrap());
            assert!(text.contains(word), "{name}: {text}");
        }
        End::Limited(_) | End::Faulted(_) => assert_eq!(output, None, "{name}"),
    }
    assert_payment(row, told);
}

fn assert_payment(row: &Row, told: &Told) {
    let name = row.name;
    let limits = row.draft.version.limits;
    let price = Limits {
        timeout_ms: limits.timeout_ms,
        memory_mib: limits.memory_bytes >> 20,
    }
    .price();
    let paid = (told.developer, told.provider, told.treasury, told.returned);
    let due = match row.end {
        End::Success | End::Failed(_) | End::Trapped(_) => (FEE, price.provider, price.treasury, 0),
        End::Limited(_) => (0, price.provider, price.treasury, FEE),
        End::Faulted(_) => (0, 0, 0, FEE + price.total()),
    };
    assert_eq!(paid, due, "{name}: developer, provider, treasury, returned");
    assert!(told.network_fee > 0, "{name}");
}
