//! *What is on chain and what is wanted* → *the calls that lead from one to the other*. Nothing to
//! do is no calls.

use super::super::access::tidy;
use crate::{
    args::PublishArgs,
    chain::{
        calls::{AccessCall, Call, RegistryCall},
        types::{Code, Limits, Placement, Rule, Verification, VersionSpec},
    },
};
use defaas_primitives::{Balance, FunctionId};

/// Limits of a first version for which nothing else is said.
const DEFAULT_LIMITS: Limits = Limits {
    timeout_ms: 10_000,
    memory_bytes: 128 << 20,
    max_input_bytes: 1 << 20,
    max_output_bytes: 1 << 20,
};

/// A function as it is on chain.
pub(super) struct Published {
    pub id: FunctionId,
    pub fee: Balance,
    pub newest: VersionSpec,
    /// `None`: none set.
    pub rules: Option<Vec<Rule>>,
}

/// Publishes a function with the id that it will have, and opens it.
pub(super) fn first(args: &PublishArgs, code: Code, id: FunctionId) -> Vec<Call> {
    let rules = match args.access.as_slice() {
        [] => vec![Rule::Public],
        rules => tidy(rules.to_vec()),
    };
    vec![
        Call::Registry(RegistryCall::publish {
            name: args.name.0.clone(),
            description: None,
            fee: args.fee.map_or(0, |fee| fee.0),
            placement: Placement::default(),
            version: spec(args, code, None),
        }),
        set_policy(id, rules),
    ]
}

/// Brings a function up to date. What is not said stays as it is: above all, nobody new is let in.
pub(super) fn next(args: &PublishArgs, code: Code, published: &Published) -> Vec<Call> {
    let function = published.id;
    let mut calls = Vec::new();
    let version = spec(args, code, Some(&published.newest));
    if version != published.newest {
        calls.push(Call::Registry(RegistryCall::publish_version {
            function,
            version,
        }));
    }
    if let Some(fee) = args
        .fee
        .map(|fee| fee.0)
        .filter(|fee| *fee != published.fee)
    {
        calls.push(Call::Registry(RegistryCall::set_fee { function, fee }));
    }
    let rules = tidy(args.access.clone());
    if !rules.is_empty() && published.rules.as_ref() != Some(&rules) {
        calls.push(set_policy(function, rules));
    }
    calls
}

fn set_policy(function: FunctionId, rules: Vec<Rule>) -> Call {
    Call::Access(AccessCall::set_policy { function, rules })
}

fn spec(args: &PublishArgs, code: Code, before: Option<&VersionSpec>) -> VersionSpec {
    let limits = before.map_or(DEFAULT_LIMITS, |before| before.limits);
    VersionSpec {
        code,
        limits: Limits {
            timeout_ms: args.timeout.unwrap_or(limits.timeout_ms),
            memory_bytes: args.memory.map_or(limits.memory_bytes, |size| size.0),
            max_input_bytes: args.max_input.map_or(limits.max_input_bytes, |size| size.0),
            max_output_bytes: args
                .max_output
                .map_or(limits.max_output_bytes, |size| size.0),
        },
        deterministic: args
            .deterministic
            .unwrap_or(before.is_some_and(|before| before.deterministic)),
        verification: before.map_or(Verification::Single, |before| before.verification),
        manifest: before.and_then(|before| before.manifest.clone()),
        source: before.and_then(|before| before.source),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chain::types::{CodeKind, ContentId};
    use clap::Parser;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        args: PublishArgs,
    }

    fn args(options: &str) -> PublishArgs {
        let line = format!("publish f.wasm --name f {options}");
        Line::parse_from(line.split_whitespace()).args
    }

    fn code(byte: u8) -> Code {
        Code {
            cid: ContentId::raw([byte; 32]),
            sha256: [byte; 32],
            size: 8,
            kind: CodeKind::Wasm,
        }
    }

    fn published(options: &str, rules: Option<Vec<Rule>>) -> Published {
        Published {
            id: 7,
            fee: 5,
            newest: spec(&args(options), code(1), None),
            rules,
        }
    }

    #[test]
    fn a_new_function_is_public_unless_said_otherwise() {
        let rules = |options| match &first(&args(options), code(1), 3)[..] {
            [Call::Registry(RegistryCall::publish { .. }), Call::Access(AccessCall::set_policy { function: 3, rules })] => {
                rules.clone()
            }
            other => panic!("{other:?}"),
        };
        assert_eq!(rules(""), [Rule::Public]);
        assert_eq!(rules("--access owner"), [Rule::Owner]);
        assert_eq!(
            rules("--access accounts,owner"),
            [Rule::Owner, Rule::Accounts]
        );
    }

    #[test]
    fn the_same_again_is_nothing_to_do() {
        let published = published("--timeout 500", Some(vec![Rule::Owner]));
        for options in [
            "",
            "--timeout 500",
            "--fee 0.000000000005",
            "--access owner",
            "--memory 128MiB",
            "--deterministic=false",
        ] {
            assert!(
                next(&args(options), code(1), &published).is_empty(),
                "{options}"
            );
        }
    }

    #[test]
    fn other_code_is_a_version_with_the_limits_it_had() {
        let published = published("--timeout 500 --deterministic", None);
        let calls = next(&args("--memory 64MiB"), code(2), &published);
        let [Call::Registry(RegistryCall::publish_version {
            function: 7,
            version,
        })] = &calls[..]
        else {
            panic!("{calls:?}");
        };
        assert_eq!(version.code, code(2));
        assert_eq!(version.limits.timeout_ms, 500);
        assert_eq!(version.limits.memory_bytes, 64 << 20);
        assert!(version.deterministic);
    }

    #[test]
    fn nobody_new_is_let_in_unless_said() {
        for rules in [None, Some(vec![Rule::Owner])] {
            let published = published("", rules);
            assert!(next(&args(""), code(1), &published).is_empty());
            assert!(matches!(
                &next(&args("--access public"), code(1), &published)[..],
                [Call::Access(AccessCall::set_policy { function: 7, .. })]
            ));
        }
    }

    #[test]
    fn another_fee_is_set() {
        let calls = next(&args("--fee 1"), code(1), &published("", None));
        assert!(matches!(
            &calls[..],
            [Call::Registry(RegistryCall::set_fee {
                function: 7,
                fee: 1_000_000_000_000
            })]
        ));
    }
}
