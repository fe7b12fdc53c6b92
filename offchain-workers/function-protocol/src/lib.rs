#![doc = include_str!("../README.md")]

pub mod annotations;
pub mod headers;

mod outcome;
mod quantity;

pub use outcome::{Fault, Limit, Outcome};
pub use quantity::{format_bytes, parse_bytes};

/// What the name of an image begins with if it is a Wasm module. The sha-256 of the module follows,
/// in hexadecimal.
pub const IMAGE_PREFIX: &str = "wasm/";
