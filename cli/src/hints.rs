//! What to do about each refusal of the chain that a user can meet, by pallet and name of the error.

/// What to do next, if that is known.
pub(crate) fn for_refusal(pallet: &str, name: &str) -> Option<&'static str> {
    match pallet {
        "Registry" => registry(name),
        "Access" => access(name),
        "Billing" => billing(name),
        "Invocations" => invocations(name),
        "Trust" => trust(name),
        "Balances" => Some(MONEY),
        _ if name.contains("unds are unavailable") || name.contains("would be given") => {
            Some(MONEY)
        }
        _ => None,
    }
}

const MONEY: &str =
    "Look at what the account has with: defaas account show. Calls, deposits and bonds \
                     hold money, and an account keeps a little to exist.";
const OWNER: &str =
    "Sign as its owner: defaas function show names it. It can be handed over with: \
                     defaas function transfer";
const LIST: &str = "List functions with: defaas function list";

fn registry(name: &str) -> Option<&'static str> {
    Some(match name {
        "NotFound" => LIST,
        "VersionNotFound" | "AliasNotFound" => {
            "See which versions and aliases it has with: defaas function show FUNCTION"
        }
        "AlreadyExists" => {
            "Choose another name, or sign as the account that has this one: publishing again makes \
             its next version."
        }
        "NotOwner" => OWNER,
        "NotOffered" | "NoOffer" => {
            "Its owner offers it with: defaas function transfer FUNCTION ADDRESS"
        }
        "OwnAlready" => "There is nothing to do.",
        "InvalidName" => "Use 1 to 63 of a-z, 0-9, -, with a letter or digit at both ends.",
        "InvalidCid" => {
            "Use a CID of version 0 or 1, raw or dag-pb, sha2-256 or blake2b-256: defaas store add \
             prints one."
        }
        "CodeEmpty" => "Build the function first; the file has no code.",
        "CodeTooLarge" => {
            "Build it for size: opt-level \"z\", strip, wasm-opt. The network keeps no larger code."
        }
        "InvalidLimits" => {
            "Use a --timeout of 1 to 300000 ms, a --memory of at most 1GiB, and no limit of 0."
        }
        "InvalidLabels" => "Use labels of 1 to 32 of a-z, 0-9, -, _, .",
        "InvalidReason" => "Give a reason in plain text.",
        "InvalidTarget" => {
            "Point it to versions that exist, each once, with weights from 1 to 255: defaas \
             function show FUNCTION"
        }
        "Unsupported" => "Leave it out; a later release has it.",
        "Reserved" => {
            "Use an alias of your own, or roll it back: defaas alias rollback FUNCTION latest"
        }
        "NothingToRollBack" => "Set it to something first: defaas alias set FUNCTION ALIAS VERSION",
        "TooManyVersions" => "Publish under another name; old versions stay as they are.",
        "TooManyAliases" => "Remove one first: defaas alias remove FUNCTION ALIAS",
        "Paused" => "Call it later; its owner resumes it with: defaas function resume FUNCTION",
        "Retired" => "Call another function: it is retired for good.",
        "Suspended" => {
            "Use another version (--version N); its owner publishes a new one, or sees that the \
             code can be fetched."
        }
        "WrongState" => {
            "See its status with: defaas function show FUNCTION. Active ones are paused, paused \
             ones resumed, retired ones removed."
        }
        "NotSuspended" => "There is nothing to do.",
        "TooEarly" => "Remove it later: calls requested before it was retired may still be open.",
        _ => return None,
    })
}

fn access(name: &str) -> Option<&'static str> {
    Some(match name {
        "NotFound" => LIST,
        "PolicyNotFound" => "There is nothing to remove.",
        "GrantNotFound" => "See who has one with: defaas access show FUNCTION ADDRESS",
        "NotOwner" => OWNER,
        "NotAuthorized" => {
            "Its owner lets you in with: defaas grant FUNCTION ADDRESS (if its rules have \
             `accounts`; see: defaas access show FUNCTION)"
        }
        "Expired" => {
            "Its owner grants anew with: defaas grant FUNCTION ADDRESS, with a later end or without"
        }
        "QuotaExhausted" => {
            "Its owner grants more calls with: defaas grant FUNCTION ADDRESS --calls N"
        }
        "NotExpired" | "NotOrphaned" => {
            "Its owner takes it away with: defaas revoke FUNCTION ADDRESS"
        }
        "NoRules" => "Give at least one of: public, owner, accounts",
        "RepeatedRule" => "Give each rule once.",
        "InvalidQuota" => "Grant at least one call.",
        "TooManyGrants" => "Publish the function under another name.",
        "Unsupported" => "Sign as the account itself.",
        _ => return None,
    })
}

fn billing(name: &str) -> Option<&'static str> {
    Some(match name {
        "InsufficientFunds" => MONEY,
        "AlreadyExists" => "Send the call again.",
        "PriceTooLarge" => "Its owner has to lower the fee.",
        _ => return None,
    })
}

fn invocations(name: &str) -> Option<&'static str> {
    Some(match name {
        "InvalidPath" => "Begin the path with /, and write what a URL does not allow as %XX.",
        "InvalidInput" => {
            "Give a CID of version 0 or 1, raw or dag-pb, sha2-256 or blake2b-256, and at most \
             16MiB."
        }
        "InputTooLarge" => {
            "Send less: defaas function show FUNCTION says how long its inputs may be."
        }
        "UnsupportedVerification" => "Call another version with --version N.",
        "MaxFeeTooLow" => {
            "See what it costs now with: defaas quote FUNCTION, and give --max-fee accordingly"
        }
        "NoProvider" => {
            "See who runs functions with: defaas provider list. None of them fits this function now."
        }
        "Busy" => "Call again in a few blocks.",
        "NotFound" => "List calls with: defaas invocation list",
        _ => return None,
    })
}

fn trust(name: &str) -> Option<&'static str> {
    Some(match name {
        "NotFound" => "List providers with: defaas provider list",
        "AlreadyExists" => "There is nothing to do: change its profile instead.",
        "WorkerKeyTaken" => "Make another worker key on this machine.",
        "BadProof" => {
            "Sign the proof of possession with the worker key, for this account and chain."
        }
        "InvalidEndpoint" => "Give an address or host name, and a port that is not 0.",
        "InvalidLabels" => "Use labels of 1 to 32 of a-z, 0-9, -, _, .",
        "InvalidCapabilities" => "Offer at least one kind of code.",
        "CapacityTooSmall" | "CapacityTooLarge" => "Offer a capacity within the network's bounds.",
        "BondTooSmall" => "Bond more.",
        "BondTooLarge" => "Bond less.",
        "TooManyProviders" => "Use a provider that exists.",
        "WrongState" => "See its status with: defaas provider show ACCOUNT",
        "TooEarly" => "Try again when the unbonding delay has passed.",
        "Busy" => "Try again when its open calls have ended: defaas provider show ACCOUNT",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const PALLETS: [(&str, &str); 5] = [
        (
            "Registry",
            include_str!("../../pallets/registry/src/lib.rs"),
        ),
        ("Access", include_str!("../../pallets/access/src/lib.rs")),
        ("Billing", include_str!("../../pallets/billing/src/lib.rs")),
        (
            "Invocations",
            include_str!("../../pallets/invocations/src/lib.rs"),
        ),
        ("Trust", include_str!("../../pallets/trust/src/lib.rs")),
    ];

    /// The variants of the pallet's `Error`, in the order of its source.
    fn errors(source: &str) -> Vec<&str> {
        let (_, body) = source.split_once("pub enum Error<T> {").unwrap();
        let (body, _) = body.split_once("\n    }").unwrap();
        body.lines()
            .map(str::trim)
            .filter(|line| !line.is_empty() && !line.starts_with("//"))
            .map(|line| line.trim_end_matches(','))
            .collect()
    }

    #[test]
    fn every_error_of_the_chain_has_a_hint() {
        for (pallet, source) in PALLETS {
            let errors = errors(source);
            assert!(errors.len() >= 3, "{pallet}: {errors:?}");
            for name in errors {
                assert!(for_refusal(pallet, name).is_some(), "{pallet}.{name}");
            }
        }
    }

    #[test]
    fn limits_are_those_of_the_runtime() {
        let constants = include_str!("../../runtime/src/constants.rs");
        let hint = for_refusal("Registry", "InvalidLimits").unwrap();
        assert!(constants.contains("MAX_TIMEOUT_MILLIS: u32 = 300_000;"));
        assert!(hint.contains("300000 ms"));
        assert!(constants.contains("MAX_MEMORY_BYTES: u32 = 1 << 30;"));
        assert!(hint.contains("1GiB"));
    }

    #[test]
    fn what_nobody_knows_has_none() {
        assert_eq!(for_refusal("Registry", "Other"), None);
        assert_eq!(for_refusal("System", "Bad origin."), None);
    }
}
