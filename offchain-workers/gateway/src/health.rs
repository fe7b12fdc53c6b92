//! `/healthz`: whether this process answers. It says nothing else about the machine.

/// 200 as long as requests are served.
pub(crate) async fn healthz() -> &'static str {
    "ok\n"
}
