//! What a person reads on the terminal, or a program as JSON: the same facts.

use crate::Error;
use serde::Serialize;
use std::{
    fmt::Display,
    io::{IsTerminal, Write},
};

/// Results go to standard output, everything else to standard error.
#[derive(Clone, Copy, Debug)]
pub struct Output {
    json: bool,
    progress: bool,
}

impl Output {
    /// `json`: one JSON value per command on standard output, and no progress.
    pub fn new(json: bool) -> Self {
        Self {
            json,
            progress: !json && std::io::stderr().is_terminal(),
        }
    }

    /// Prints a result: `value` as JSON, or its text.
    pub fn result<T: Serialize + Display>(&self, value: &T) {
        let text = if self.json {
            serde_json::to_string_pretty(value).unwrap_or_else(|error| error.to_string())
        } else {
            value.to_string()
        };
        // A closed pipe is the reader's decision, not an error.
        let _ = writeln!(std::io::stdout(), "{}", text.trim_end());
    }

    /// Whether a program reads this.
    pub fn is_json(&self) -> bool {
        self.json
    }

    /// Prints what belongs to a result but not into it, when standard output takes other bytes.
    pub fn aside(&self, text: &impl Display) {
        eprintln!("{}", text.to_string().trim_end());
    }

    /// Writes bytes to standard output as they are.
    pub fn bytes(&self, bytes: &[u8]) {
        let mut stdout = std::io::stdout();
        // A closed pipe is the reader's decision, not an error.
        let _ = stdout.write_all(bytes).and_then(|()| stdout.flush());
    }

    /// Says what is being done, where a person watches.
    pub fn progress(&self, text: impl Display) {
        if self.progress {
            eprintln!("… {text}");
        }
    }

    /// Prints an error with what to do about it.
    pub fn error(&self, error: &Error) {
        if self.json {
            let value = serde_json::json!({
                "error": error.to_string(),
                "hint": error.hint(),
                "exit_code": error.exit_code(),
            });
            eprintln!("{value}");
            return;
        }
        eprintln!("error: {error}");
        if let Some(hint) = error.hint() {
            eprintln!("{hint}");
        }
    }
}
