//! Path and query of a call, made safe to append to a function's route.
//!
//! The caller chooses the path. `/../../system/functions` appended to `/function/echo` would be
//! resolved, by this side's URL parser or by the gateway's, to a management route. So dot segments
//! are removed here first (RFC 3986 §5.2.4, percent-encoded dots included), and the result never
//! leaves the function. Empty segments go too: the gateway would answer a redirect to them instead
//! of calling the function.

use std::fmt::Write;

/// What follows a function's route: empty for its root, else `/…`, with `?query` if there is one.
pub(crate) fn suffix(path: &str, query: Option<&str>) -> String {
    let mut suffix = normalize(path);
    if let Some(query) = query {
        suffix.push('?');
        escape_into(&mut suffix, query, is_query_byte);
    }
    suffix
}

/// Splits what a caller gives as one text into path and query.
pub(crate) fn split(target: &str) -> (&str, Option<&str>) {
    match target.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (target, None),
    }
}

fn normalize(path: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    let mut ends_open = false;
    for segment in path.split('/') {
        ends_open = true;
        match Segment::of(segment) {
            Segment::Empty | Segment::Dot => {}
            Segment::DotDot => {
                kept.pop();
            }
            Segment::Name => {
                kept.push(segment);
                ends_open = false;
            }
        }
    }
    let mut normal = String::with_capacity(path.len());
    for segment in &kept {
        normal.push('/');
        escape_into(&mut normal, segment, is_segment_byte);
    }
    if ends_open && !kept.is_empty() {
        normal.push('/');
    }
    normal
}

enum Segment {
    Empty,
    Dot,
    DotDot,
    Name,
}

impl Segment {
    fn of(segment: &str) -> Self {
        match segment.to_ascii_lowercase().replace("%2e", ".").as_str() {
            "" => Self::Empty,
            "." => Self::Dot,
            ".." => Self::DotDot,
            _ => Self::Name,
        }
    }
}

/// Appends `text`, percent-encoding what `allowed` refuses. A `%` that begins a valid escape stays.
fn escape_into(out: &mut String, text: &str, allowed: fn(u8) -> bool) {
    let bytes = text.as_bytes();
    for (at, &byte) in bytes.iter().enumerate() {
        let is_escape = byte == b'%'
            && matches!(bytes.get(at + 1..at + 3), Some(hex) if hex.iter().all(u8::is_ascii_hexdigit));
        if allowed(byte) || is_escape {
            out.push(char::from(byte));
        } else {
            // Writing to a `String` does not fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
}

/// `pchar` of RFC 3986 without the escape.
fn is_segment_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@".contains(&byte)
}

/// `query` of RFC 3986 without the escape and without `'`, which URL parsers rewrite.
fn is_query_byte(byte: u8) -> bool {
    byte != b'\'' && (is_segment_byte(byte) || byte == b'/' || byte == b'?')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use reqwest::Url;

    #[test]
    fn suffix_keeps_ordinary_paths_escapes_and_queries() {
        for (path, query, expected) in [
            ("/", None, ""),
            ("", None, ""),
            ("/a", None, "/a"),
            ("a", None, "/a"),
            (
                "/a/b%20c/",
                Some("x=1&y=%2F&x=2"),
                "/a/b%20c/?x=1&y=%2F&x=2",
            ),
            ("/", Some("q"), "?q"),
            ("/a", Some(""), "/a?"),
        ] {
            assert_eq!(suffix(path, query), expected);
        }
    }

    #[test]
    fn suffix_removes_dot_segments_plain_and_encoded() {
        for (path, expected) in [
            ("/../../system/functions", "/system/functions"),
            ("/a/%2e%2E/b", "/b"),
            ("/a/.%2e/../b/.", "/b/"),
            ("/a/..", ""),
            ("/a//b///", "/a/b/"),
            ("/...", "/..."),
        ] {
            assert_eq!(suffix(path, None), expected, "{path}");
        }
    }

    #[test]
    fn suffix_escapes_what_a_url_parser_would_read_as_structure() {
        assert_eq!(suffix("/a\\..\\b", None), "/a%5C..%5Cb");
        assert_eq!(suffix("/a#b?c d%zz", None), "/a%23b%3Fc%20d%25zz");
        assert_eq!(suffix("/", Some("a#b'c\n")), "?a%23b%27c%0A");
    }

    #[test]
    fn split_takes_the_first_question_mark() {
        assert_eq!(split("/a?b?c"), ("/a", Some("b?c")));
        assert_eq!(split("/a"), ("/a", None));
    }

    /// Texts of the parts that matter to a URL parser, in any order.
    fn hostile() -> impl Strategy<Value = String> {
        let part = proptest::sample::select(vec![
            "/", "/", "..", ".", "%2e", "%2E", "\\", "a", "%2f", "%", "?", "#", ";", "@", ":",
            "\n", "\t", " ", "é", "%zz", "..%2f",
        ]);
        proptest::collection::vec(part, 0..16).prop_map(|parts| parts.concat())
    }

    proptest! {
        #[test]
        fn parsed_url_keeps_the_suffix_and_stays_below_the_function(
            path in hostile(), query in proptest::option::of(hostile()),
        ) {
            let text = format!("http://h/function/f{}", suffix(&path, query.as_deref()));
            let url = Url::parse(&text).unwrap();
            prop_assert_eq!(url.as_str(), text.as_str());
            prop_assert!(url.path() == "/function/f" || url.path().starts_with("/function/f/"));
            prop_assert_eq!(url.fragment(), None);
        }
    }
}
