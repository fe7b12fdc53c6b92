//! What the calls and the hook do, one file per step in a call's life.

mod draw;
mod end;
mod poll;
mod prune;
mod report;
mod request;
mod sweep;
