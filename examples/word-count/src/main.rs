//! The function itself: a text on stdin, its counts as JSON on stdout.

use std::process::ExitCode;

fn main() -> ExitCode {
    // Absent when the call has no query.
    let query = std::env::var("Http_Query").unwrap_or_default();
    match word_count::run(&query, std::io::stdin().lock(), std::io::stdout().lock()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("word-count: {error}");
            ExitCode::FAILURE
        }
    }
}
