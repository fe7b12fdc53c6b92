//! What form of the content a request asks for.
//!
//! `format=` in the query comes before the header, as the specification has it.

use axum::http::header::ACCEPT;
use axum::http::HeaderMap;

const RAW: &str = "application/vnd.ipld.raw";
const CAR: &str = "application/vnd.ipld.car";

/// A form of the content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// One block's bytes.
    Raw,
    /// An archive of blocks.
    Car,
    /// A form was asked for that is not verifiable, or not known.
    Other,
    /// Nothing was said.
    Unspecified,
}

/// Reads the form from the query's `format` and the `Accept` header.
pub(crate) fn form(format: Option<&str>, headers: &HeaderMap) -> Form {
    match format {
        Some("raw") => return Form::Raw,
        Some("car") => return Form::Car,
        Some(_) => return Form::Other,
        None => {}
    }
    if !headers.contains_key(ACCEPT) {
        return Form::Unspecified;
    }
    let ranges = headers
        .get_all(ACCEPT)
        .iter()
        .filter_map(|value| value.to_str().ok());
    ranges
        .flat_map(|value| value.split(','))
        .filter_map(preference)
        // The first one wins among equals: `max_by` would take the last.
        .fold(
            (Form::Other, 0),
            |best, next| if next.1 > best.1 { next } else { best },
        )
        .0
}

/// A media range's form and its weight in thousandths (RFC 9110, 12.4.2).
fn preference(range: &str) -> Option<(Form, u16)> {
    let mut parameters = range.split(';').map(str::trim);
    let media = parameters.next()?;
    let form = if media.eq_ignore_ascii_case(RAW) {
        Form::Raw
    } else if media.eq_ignore_ascii_case(CAR) {
        Form::Car
    } else {
        return None;
    };
    let weight = parameters
        .find_map(|parameter| parameter.strip_prefix("q="))
        .map_or(Some(1.0), |weight| weight.parse::<f32>().ok())?;
    // Out-of-range and not-a-number weights saturate.
    Some((form, (weight.clamp(0.0, 1.0) * 1000.0) as u16))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn accept(value: &'static str) -> Form {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static(value));
        form(None, &headers)
    }

    #[test]
    fn the_query_comes_before_the_header() {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static(CAR));
        assert_eq!(form(Some("raw"), &headers), Form::Raw);
        assert_eq!(form(Some("tar"), &headers), Form::Other);
        assert_eq!(form(None, &headers), Form::Car);
        assert_eq!(form(None, &HeaderMap::new()), Form::Unspecified);
    }

    #[test]
    fn only_verifiable_forms_are_taken_from_the_header() {
        assert_eq!(accept("text/html, application/vnd.ipld.raw"), Form::Raw);
        assert_eq!(accept("Application/Vnd.Ipld.Raw"), Form::Raw);
        assert_eq!(accept("*/*"), Form::Other);
        assert_eq!(accept("text/html"), Form::Other);
        assert_eq!(accept(""), Form::Other);
    }

    #[test]
    fn the_heaviest_form_wins_and_the_first_among_equals() {
        assert_eq!(
            accept("application/vnd.ipld.car, application/vnd.ipld.raw"),
            Form::Car
        );
        assert_eq!(
            accept("application/vnd.ipld.car;version=1;q=0.5, application/vnd.ipld.raw;q=0.9"),
            Form::Raw
        );
        assert_eq!(accept("application/vnd.ipld.raw;q=0"), Form::Other);
        assert_eq!(accept("application/vnd.ipld.raw;q=x"), Form::Other);
        assert_eq!(accept("application/vnd.ipld.raw;q=NaN"), Form::Other);
    }
}
