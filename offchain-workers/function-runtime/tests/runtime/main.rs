//! The real binary, started and asked over its socket.

mod calls;
mod compilation;
mod confinement;
mod deployments;
mod deterministic;
mod library;
mod limits;
mod openfaas;
mod process;
mod quarantine;
mod support;
