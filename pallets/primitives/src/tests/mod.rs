//! Frozen encodings and the rules of each wire type.

mod frozen;
mod validity;
