#![doc = include_str!("../README.md")]

mod client;
mod config;
mod credentials;
mod deployment;
mod ensure;
mod error;
mod info;
mod invoke;
mod naming;
mod outcome;
mod retry;
mod target;
mod transport;
mod types;

pub use client::Client;
pub use config::{Config, ConfigError, Endpoint, InvalidEndpoint, Timeouts};
pub use credentials::{Credentials, CredentialsError};
pub use defaas_function_protocol::{annotations, format_bytes, headers, parse_bytes};
pub use error::Error;
pub use info::{GatewayVersion, Info, Version};
pub use invoke::{Invocation, Request};
pub use naming::{FunctionName, InvalidName, MAX_NAME_LEN};
pub use outcome::{outcome_token, parse_outcome, FAILURE_OUTPUT_BYTES};
pub use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
pub use reqwest::{Method, StatusCode};
pub use types::{FunctionDeployment, FunctionResources, FunctionStatus};
