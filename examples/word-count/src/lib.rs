//! Counts lines, words and characters of a text, and says which words are most frequent.
//!
//! Words and characters are those of Unicode (UAX #29): a word is a run between word boundaries
//! that holds a letter or a digit, a character is an extended grapheme cluster, which is what a
//! reader sees as one.

use std::collections::HashMap;
use std::io::{self, Read, Write};

use serde::Serialize;
use unicode_segmentation::UnicodeSegmentation;

/// How many of the most frequent words are listed if the query does not say.
pub const DEFAULT_TOP: usize = 10;
/// Most that are listed.
pub const MAX_TOP: usize = 100;

/// What is counted. Its JSON is the function's answer.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Lines; the last one counts even if no line feed ends it.
    pub lines: usize,
    /// Words.
    pub words: usize,
    /// Characters as a reader sees them.
    pub characters: usize,
    /// Bytes of the text in UTF-8.
    pub bytes: usize,
    /// The most frequent words in lower case, most frequent first, equals in order of the text of
    /// the word.
    pub top: Vec<Frequency>,
}

/// How often a word occurs.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Frequency {
    /// The word in lower case.
    pub word: String,
    /// How often it occurs.
    pub count: usize,
}

/// Why there is nothing to count.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The input is not text.
    #[error("the input is not UTF-8: byte {0} begins no valid character")]
    NotUtf8(usize),
    /// The query asks for something impossible.
    #[error("`top` must be a whole number from 0 to {MAX_TOP}, not `{0}`")]
    InvalidTop(String),
    /// Input or output failed.
    #[error("cannot read the input or write the output: {0}")]
    Io(#[from] io::Error),
}

/// Reads a text, counts and writes the counts as one line of JSON.
pub fn run(query: &str, mut input: impl Read, mut output: impl Write) -> Result<(), Error> {
    let top = parse_top(query)?;
    let mut bytes = Vec::new();
    input.read_to_end(&mut bytes)?;
    let text = std::str::from_utf8(&bytes).map_err(|error| Error::NotUtf8(error.valid_up_to()))?;
    serde_json::to_writer(&mut output, &count(text, top)).map_err(io::Error::from)?;
    writeln!(output)?;
    Ok(output.flush()?)
}

/// Reads `top=N` out of a query; what else stands there is ignored.
pub fn parse_top(query: &str) -> Result<usize, Error> {
    let Some(value) = query.split('&').find_map(|pair| pair.strip_prefix("top=")) else {
        return Ok(DEFAULT_TOP);
    };
    match value.parse() {
        Ok(top) if top <= MAX_TOP => Ok(top),
        _ => Err(Error::InvalidTop(value.to_owned())),
    }
}

/// Counts, and lists the `top` most frequent words.
pub fn count(text: &str, top: usize) -> Counts {
    let mut frequencies: HashMap<String, usize> = HashMap::new();
    let mut words = 0;
    for word in text.unicode_words() {
        words += 1;
        *frequencies.entry(word.to_lowercase()).or_default() += 1;
    }
    let mut ranked: Vec<_> = frequencies
        .into_iter()
        .map(|(word, count)| Frequency { word, count })
        .collect();
    // The order of the map differs from run to run; that of the answer must not.
    ranked.sort_unstable_by(|a, b| b.count.cmp(&a.count).then_with(|| a.word.cmp(&b.word)));
    ranked.truncate(top);
    Counts {
        lines: text.lines().count(),
        words,
        characters: text.graphemes(true).count(),
        bytes: text.len(),
        top: ranked,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADDRESS: &str = include_str!("../../inputs/gettysburg-address.txt");

    fn frequency(word: &str, count: usize) -> Frequency {
        Frequency {
            word: word.into(),
            count,
        }
    }

    #[test]
    fn count_of_nothing_is_nothing() {
        let nothing = Counts {
            lines: 0,
            words: 0,
            characters: 0,
            bytes: 0,
            top: vec![],
        };
        assert_eq!(count("", DEFAULT_TOP), nothing);
    }

    #[test]
    fn count_takes_the_last_line_with_and_without_line_feed() {
        assert_eq!(count("a\nb", 0).lines, 2);
        assert_eq!(count("a\nb\n", 0).lines, 2);
        assert_eq!(count("a\r\n\r\nb", 0).lines, 3);
    }

    #[test]
    fn count_sees_words_and_characters_as_a_reader_does() {
        // A combining accent, a flag of two code points, a family joined from several.
        let text = "Cafe\u{301} 🇨🇭 👨‍👩‍👧 don't l’été";
        let counts = count(text, 3);
        assert_eq!(counts.words, 3);
        assert_eq!(counts.characters, "Cafe".len() + " F F don't l'ete".len());
        assert_eq!(counts.bytes, text.len());
        let words = ["cafe\u{301}", "don't", "l’été"];
        assert_eq!(counts.top, words.map(|word| frequency(word, 1)));
    }

    #[test]
    fn count_folds_case_and_orders_equals_by_the_word() {
        let counts = count("b A a B c ÄÄ ää", 3);
        assert_eq!(
            counts.top,
            [frequency("a", 2), frequency("b", 2), frequency("ää", 2)]
        );
    }

    #[test]
    fn count_of_the_address_is_as_counted_elsewhere() {
        let counts = count(ADDRESS, 3);
        assert_eq!(
            (counts.lines, counts.words, counts.bytes),
            (8, 277, ADDRESS.len())
        );
        assert_eq!(
            counts.top,
            [
                frequency("that", 13),
                frequency("the", 11),
                frequency("we", 10)
            ]
        );
    }

    #[test]
    fn parse_top_takes_the_default_and_numbers_within_bounds() {
        for (query, top) in [
            ("", 10),
            ("x=1", 10),
            ("top=0", 0),
            ("a&top=100", 100),
            ("top=3&top=x", 3),
        ] {
            assert_eq!(parse_top(query).unwrap(), top, "{query}");
        }
    }

    #[test]
    fn parse_top_refuses_what_is_no_number_within_bounds() {
        for query in ["top=", "top=101", "top=-1", "top=1.5", "top=ten"] {
            assert!(
                matches!(parse_top(query), Err(Error::InvalidTop(_))),
                "{query}"
            );
        }
    }

    #[test]
    fn run_writes_one_line_of_json() {
        let mut output = Vec::new();
        run("top=1", "b a b".as_bytes(), &mut output).unwrap();
        assert_eq!(
            String::from_utf8(output).unwrap(),
            "{\"lines\":1,\"words\":3,\"characters\":5,\"bytes\":5,\"top\":[{\"word\":\"b\",\"count\":2}]}\n"
        );
    }

    #[test]
    fn run_refuses_what_is_not_text_and_says_where() {
        let mut output = Vec::new();
        let error = run("", &b"ab\xffc"[..], &mut output).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the input is not UTF-8: byte 2 begins no valid character"
        );
        assert!(output.is_empty());
    }
}
