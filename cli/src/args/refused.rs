//! A command line that does not make sense, as an error like any other.

use crate::Error;
use clap::error::ErrorKind;
use std::ffi::OsString;

/// Whether a command line that could not be read asks for JSON.
pub fn wants_json(words: impl IntoIterator<Item = OsString>) -> bool {
    words
        .into_iter()
        .take_while(|word| word != "--")
        .any(|word| word == "--json")
}

/// What is wrong with it, without the usage that a person reads with it.
pub fn refused(error: &clap::Error) -> Error {
    if let ErrorKind::MissingSubcommand | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand =
        error.kind()
    {
        return Error::Usage("no command given".into());
    }
    let text = error.render().to_string();
    let text = text.strip_prefix("error: ").unwrap_or(&text);
    let (what, _) = text.split_once("\n\n").unwrap_or((text, ""));
    Error::Usage(what.trim_end().into())
}

#[cfg(test)]
mod tests {
    use super::{super::Args, *};
    use clap::Parser;

    fn parse(line: &str) -> Error {
        refused(&Args::try_parse_from(line.split(' ')).unwrap_err())
    }

    #[test]
    fn json_is_asked_for_before_and_after_the_command_and_not_behind_a_dash() {
        let wants = |line: &str| wants_json(line.split(' ').map(OsString::from));
        assert!(wants("defaas --json account list"));
        assert!(wants("defaas account list --json"));
        assert!(!wants("defaas account list"));
        assert!(!wants("defaas call f -- --json"));
    }

    #[test]
    fn what_is_wrong_is_told_without_the_usage() {
        let path = parse("defaas call f --path lines").to_string();
        assert!(path.contains("it begins with /"), "{path}");
        let missing = parse("defaas publish f.wasm").to_string();
        assert!(missing.contains("--name"), "{missing}");
        for text in [path, missing, parse("defaas dance").to_string()] {
            assert!(!text.contains("Usage"), "{text}");
            assert!(!text.starts_with("error"), "{text}");
        }
        for line in ["defaas", "defaas --json", "defaas account"] {
            assert_eq!(parse(line).to_string(), "no command given", "{line}");
        }
        assert_eq!(parse("defaas").exit_code(), 2);
    }
}
