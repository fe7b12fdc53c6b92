//! The function itself: a PNG or JPEG on stdin, a small PNG on stdout.

use std::process::ExitCode;

fn main() -> ExitCode {
    // Absent when the call has no query.
    let query = std::env::var("Http_Query").unwrap_or_default();
    match thumbnail::run(&query, std::io::stdin().lock(), std::io::stdout().lock()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("thumbnail: {error}");
            ExitCode::FAILURE
        }
    }
}
