//! What a person reads on the terminal, or a program as JSON: the same facts.

use crate::{Error, Result};
use serde::Serialize;
use std::{
    fmt::Display,
    io::{ErrorKind, IsTerminal, Write},
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
    ///
    /// # Errors
    /// If it cannot be written, for example to a full disk.
    pub fn result<T: Serialize + Display>(&self, value: &T) -> Result<()> {
        let text = if self.json {
            serde_json::to_string_pretty(value).unwrap_or_else(|error| error.to_string())
        } else {
            value.to_string()
        };
        print(format!("{}\n", text.trim_end()).as_bytes())
    }

    /// Whether a program reads this.
    pub fn is_json(&self) -> bool {
        self.json
    }

    /// Prints what belongs to a result but not into it, when standard output takes other bytes.
    pub fn aside(&self, text: &impl Display) {
        say(text.to_string().trim_end());
    }

    /// Writes bytes to standard output as they are.
    ///
    /// # Errors
    /// If they cannot be written, for example to a full disk.
    pub fn bytes(&self, bytes: &[u8]) -> Result<()> {
        print(bytes)
    }

    /// Says what is being done, where a person watches.
    pub fn progress(&self, text: impl Display) {
        if self.progress {
            say(format_args!("… {text}"));
        }
    }

    /// Says that standard input is read for `what`, and how a person ends it.
    pub fn reading(&self, what: &str) {
        if std::io::stdin().is_terminal() {
            self.progress(format_args!(
                "reading {what} from the terminal; end it with Ctrl-D on a line of its own"
            ));
        } else {
            self.progress(format_args!("reading {what} from standard input"));
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
            say(value);
            return;
        }
        say(format_args!("error: {error}"));
        if let Some(hint) = error.hint() {
            say(hint);
        }
    }
}

fn print(bytes: &[u8]) -> Result<()> {
    let mut stdout = std::io::stdout().lock();
    match stdout.write_all(bytes).and_then(|()| stdout.flush()) {
        // A closed pipe is the reader's decision, not an error.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        written => written.map_err(Error::file("standard output")),
    }
}

fn say(text: impl Display) {
    // Where nobody listens there is nobody to tell.
    let _ = writeln!(std::io::stderr(), "{text}");
}
