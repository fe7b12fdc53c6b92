#![doc = include_str!("../README.md")]

mod accept;
mod block;
mod config;
mod health;
mod server;

pub use config::GatewayConfig;
pub use server::{BindError, Gateway};
