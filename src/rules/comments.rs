//! Where the comments of a text are, by the style of its language: one pass, no more than strings and comments told apart.

use super::comment_style::{CommentStyle, Dialect};
use std::ops::Range;

/// The comments, with their markers, ascending.
pub(super) fn comments(style: &CommentStyle, bytes: &[u8]) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    let triggers = Triggers::of(style);
    let mut at = 0;
    while at < bytes.len() {
        if !triggers.0[usize::from(bytes[at])] {
            at += 1;
            continue;
        }
        let rest = &bytes[at..];
        let end = if let Some(length) = block(style, rest) {
            found.push(at..at + length);
            at + length
        } else if is_line_comment(style, bytes, at) {
            let end = line_end(bytes, at);
            found.push(at..end);
            end
        } else {
            at + string(style, rest).max(1)
        };
        at = end;
    }
    found
}

/// The bytes that something can start with.
struct Triggers([bool; 256]);

impl Triggers {
    fn of(style: &CommentStyle) -> Self {
        let mut set = [false; 256];
        let markers = style.lines.iter().chain(style.long_quotes);
        let markers = markers.chain(style.blocks.iter().map(|(open, _)| open));
        for first in markers.filter_map(|marker| marker.bytes().next()) {
            set[usize::from(first)] = true;
        }
        for quote in style.quotes.bytes().chain([b'\'']) {
            set[usize::from(quote)] = true;
        }
        Self(set)
    }
}

/// The length of the block comment that starts here. One that has no end goes to the end of the text.
fn block(style: &CommentStyle, rest: &[u8]) -> Option<usize> {
    let is_here = |(open, _): &&(&str, &str)| rest.starts_with(open.as_bytes());
    let (open, close) = style.blocks.iter().find(is_here)?;
    let (open, close) = (open.as_bytes(), close.as_bytes());
    if style.dialect != Dialect::Nested {
        let end = memchr::memmem::find(&rest[open.len()..], close);
        return Some(end.map_or(rest.len(), |end| open.len() + end + close.len()));
    }
    let mut depth = 1_usize;
    let mut at = open.len();
    while at < rest.len() {
        if rest[at..].starts_with(close) {
            at += close.len();
            depth -= 1;
            if depth == 0 {
                return Some(at);
            }
        } else if rest[at..].starts_with(open) {
            at += open.len();
            depth += 1;
        } else {
            at += 1;
        }
    }
    Some(rest.len())
}

fn is_line_comment(style: &CommentStyle, bytes: &[u8], at: usize) -> bool {
    let rest = &bytes[at..];
    if !style.lines.iter().any(|it| rest.starts_with(it.as_bytes())) {
        return false;
    }
    let before = bytes[..at].last();
    match style.dialect {
        Dialect::Plain | Dialect::Nested => true,
        Dialect::AfterBlank => before.is_none_or(|byte| b" \t\r\n;)},".contains(byte)),
        Dialect::LineStart => {
            let line = bytes[..at].iter().rev().take_while(|byte| **byte != b'\n');
            // Only so far back as is sensible, whatever the text.
            line.take(256).all(|byte| matches!(byte, b' ' | b'\t'))
        }
    }
}

/// The length of the string that starts here, or 0.
fn string(style: &CommentStyle, rest: &[u8]) -> usize {
    for long in style.long_quotes {
        let quote = long.as_bytes();
        if rest.starts_with(quote) {
            return long_string(rest, quote);
        }
    }
    let quote = rest[0];
    if style.quotes.as_bytes().contains(&quote) {
        return short_string(rest, quote);
    }
    // A character such as '"', where `'` starts no string.
    match rest {
        [b'\'', b'\\', _, b'\'', ..] => 4,
        [b'\'', one, b'\'', ..] if *one != b'\'' => 3,
        _ => 0,
    }
}

fn long_string(rest: &[u8], quote: &[u8]) -> usize {
    let mut at = quote.len();
    while at < rest.len() {
        if rest[at] == b'\\' {
            at += 2;
        } else if rest[at..].starts_with(quote) {
            return at + quote.len();
        } else {
            at += 1;
        }
    }
    rest.len()
}

/// Ends with its line, if it has no other end: what looked like a string was none.
fn short_string(rest: &[u8], quote: u8) -> usize {
    let mut at = 1;
    while at < rest.len() {
        match rest[at] {
            b'\\' => at += 1,
            b'\n' => return at,
            byte if byte == quote => return at + 1,
            _ => {}
        }
        at += 1;
    }
    rest.len()
}

fn line_end(bytes: &[u8], from: usize) -> usize {
    memchr::memchr(b'\n', &bytes[from..]).map_or(bytes.len(), |length| from + length)
}

#[cfg(test)]
mod tests {
    use super::super::comment_style;
    use super::*;
    use proptest::prelude::*;

    fn texts(extension: &str, text: &'static str) -> Vec<&'static str> {
        let style = comment_style::by_extension(extension).unwrap();
        let found = comments(style, text.as_bytes());
        found.into_iter().map(|range| &text[range]).collect()
    }

    #[test]
    fn strings_are_no_comments() {
        assert_eq!(
            texts("c", "s = \"// no\"; // yes\n/* a\n b */ c"),
            ["// yes", "/* a\n b */"]
        );
        assert_eq!(
            texts("rs", "'\"' // a\n&'a str // b\n/* x /* y */ z */"),
            ["// a", "// b", "/* x /* y */ z */"]
        );
        assert_eq!(texts("ts", "`// no\n// no` // yes"), ["// yes"]);
        assert_eq!(
            texts("py", "'''# no\n# no''' # yes\nx = '#' # a"),
            ["# yes", "# a"]
        );
        assert_eq!(
            texts("sh", "echo ${#a} $# 'it # no' # yes\n#!"),
            ["# yes", "#!"]
        );
        assert_eq!(texts("sql", "SELECT '--no' -- yes\n"), ["-- yes"]);
        assert_eq!(
            texts("lua", "--[[ a\nb ]] c -- d"),
            ["--[[ a\nb ]]", "-- d"]
        );
        assert_eq!(
            texts("bat", "echo REM no\n  REM yes\n:: too"),
            ["REM yes", ":: too"]
        );
        assert_eq!(
            texts("html", "<a href='//x'>it's</a><!-- a\n -->"),
            ["<!-- a\n -->"]
        );
        assert_eq!(texts("php", "$a['#']; # a\n// b"), ["# a", "// b"]);
    }

    #[test]
    fn a_quote_that_has_no_end_ends_with_its_line() {
        assert_eq!(
            texts("sh", "# don't\necho don't\n# yes"),
            ["# don't", "# yes"]
        );
        assert_eq!(texts("c", "#error don't\n// yes\r\n"), ["// yes\r"]);
        assert_eq!(texts("c", "/* open"), ["/* open"]);
    }

    proptest! {
        #[test]
        fn any_bytes_give_ranges_in_order(
            bytes in proptest::collection::vec(
                proptest::sample::select(b"/*\"'`#-\\\n{}()!<> a".to_vec()), 0..60,
            ),
            extension in proptest::sample::select(vec!["c", "rs", "js", "py", "sh", "hs", "lua", "html", "bat", "pas", "el"]),
        ) {
            let style = comment_style::by_extension(extension).unwrap();
            let mut end = 0;
            for range in comments(style, &bytes) {
                prop_assert!(range.start >= end && range.end > range.start && range.end <= bytes.len());
                end = range.end;
            }
        }
    }
}
