//! The Wasm blob of the runtime, made by the build script.

#![allow(missing_docs)] // generated

include!(concat!(env!("OUT_DIR"), "/wasm_binary.rs"));
