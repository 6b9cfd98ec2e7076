//! Suppressions in comments: `factory-gate: allow(RULE) REASON`, in any comment syntax.
//!
//! The comment covers its own line; alone on its line it also covers the next line that is not such a
//! comment. `owner=NAME` and `expires=YYYY-MM-DD` may stand anywhere in the reason.

use std::ops::Range;

/// What introduces every one of these comments.
pub(super) const MARKER: &str = "factory-gate:";

/// What may stand right before the marker: the openings of comments.
const OPENINGS: [&str; 19] = [
    "<!--", "#", "//", "/*", "/**", "//!", "*", "--", ";", "%", "'", "\"", "!", "{-", "(*", "..",
    "REM", "rem", "@comment",
];
/// In these files `#` and the like are text; only `<!--` and `..` open a comment.
const MARKUP: [&str; 8] = ["md", "markdown", "mdx", "html", "htm", "xml", "svg", "rst"];
const CLOSINGS: [&str; 5] = ["-->", "*/", "*)", "-}", "#}"];

/// One comment and one rule that it names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Inline {
    /// As written; need not exist.
    pub(super) rule: String,
    pub(super) reason: String,
    pub(super) owner: Option<String>,
    pub(super) expires: Option<jiff::civil::Date>,
    /// 1-based line of the comment.
    pub(super) line: u32,
    /// The last line that it covers.
    pub(super) last_line: u32,
    /// Where the comment's text is, from the marker to the end of the line.
    pub(super) bytes: Range<usize>,
    /// What is wrong with it; one that is flawed covers nothing.
    pub(super) flaw: Option<String>,
}

/// All suppressions in a text. The marker stands at `markers`, ascending; `extension` is the file's, in lower case.
pub(super) fn parse(
    text: &[u8],
    markers: impl Iterator<Item = usize>,
    extension: &str,
) -> Vec<Inline> {
    let mut found = Vec::new();
    let (mut line, mut counted) = (1_u32, 0);
    for at in markers {
        line = line.saturating_add(newlines(&text[counted..at]));
        counted = at;
        let line_start = memchr::memrchr(b'\n', &text[..at]).map_or(0, |newline| newline + 1);
        let line_end =
            memchr::memchr(b'\n', &text[at..]).map_or(text.len(), |newline| at + newline);
        let Some(alone) = opening(&text[line_start..at], extension) else {
            continue;
        };
        let words = String::from_utf8_lossy(&text[at + MARKER.len()..line_end]);
        let Some(rest) = words.trim().strip_prefix("allow") else {
            continue;
        };
        let last_line = if alone { line.saturating_add(1) } else { line };
        let place = Inline {
            rule: String::new(),
            reason: String::new(),
            owner: None,
            expires: None,
            line,
            last_line,
            bytes: at..at + text[at..line_end].trim_ascii_end().len(),
            flaw: None,
        };
        comment(rest, &place, &mut found);
    }
    reach_over_stacked(&mut found);
    found
}

fn newlines(bytes: &[u8]) -> u32 {
    u32::try_from(memchr::memchr_iter(b'\n', bytes).count()).unwrap_or(u32::MAX)
}

/// Whether a comment opens right here: `Some(true)` if nothing stands before it on the line.
fn opening(before: &[u8], extension: &str) -> Option<bool> {
    let before = before.trim_ascii_end();
    let is_markup = MARKUP.contains(&extension);
    OPENINGS
        .iter()
        .filter(|opening| !is_markup || matches!(**opening, "<!--" | ".."))
        .filter_map(|opening| before.strip_suffix(opening.as_bytes()))
        .filter(|code| !ends_in_quote(code))
        .map(|code| code.trim_ascii().is_empty())
        .max()
}

/// A quote, or a line end spelt in a string, right before what looks like a comment: it is text of the program.
fn ends_in_quote(code: &[u8]) -> bool {
    code.ends_with(b"\\n")
        || code
            .last()
            .is_some_and(|byte| matches!(byte, b'"' | b'\'' | b'`'))
}

/// Comments one above the other all cover the first line below them.
fn reach_over_stacked(found: &mut [Inline]) {
    for index in (0..found.len().saturating_sub(1)).rev() {
        let next = &found[index + 1];
        let (line, last_line) = (next.line, next.last_line);
        let stands_alone = found[index].last_line > found[index].line;
        if stands_alone && last_line > line && found[index].last_line == line {
            found[index].last_line = last_line;
        }
    }
}

fn comment(rest: &str, place: &Inline, found: &mut Vec<Inline>) {
    let flawed = |flaw: &str| Inline {
        flaw: Some(flaw.to_owned()),
        ..place.clone()
    };
    let Some((rules, reason)) = rest.strip_prefix('(').and_then(|rest| rest.split_once(')')) else {
        return found.push(flawed("expected `allow(RULE) REASON`"));
    };
    let mut terms = Inline { ..place.clone() };
    let reason = without_closing(reason).trim_start_matches([':', '-', ' ', '\u{2014}']);
    for word in reason.split_whitespace() {
        if let Some(owner) = word.strip_prefix("owner=") {
            terms.owner = Some(owner.to_owned());
        } else if let Some(date) = word.strip_prefix("expires=") {
            match date.parse() {
                Ok(date) => terms.expires = Some(date),
                Err(_) => terms.flaw = Some(format!("`{date}` is no date: expected YYYY-MM-DD")),
            }
        } else {
            if !terms.reason.is_empty() {
                terms.reason.push(' ');
            }
            terms.reason.push_str(word);
        }
    }
    if !terms.reason.chars().any(char::is_alphanumeric) {
        terms
            .flaw
            .get_or_insert_with(|| "a reason is missing: expected `allow(RULE) REASON`".into());
    }
    for rule in rules.split(',').map(str::trim) {
        found.push(Inline {
            rule: rule.to_owned(),
            ..terms.clone()
        });
    }
}

fn without_closing(reason: &str) -> &str {
    let reason = reason.trim();
    CLOSINGS
        .iter()
        .find_map(|closing| reason.strip_suffix(closing))
        .unwrap_or(reason)
        .trim_end()
}

#[cfg(test)]
mod tests {
    use super::*;
    use memchr::memmem;
    use proptest::prelude::*;

    fn all(text: &str, extension: &str) -> Vec<Inline> {
        parse(
            text.as_bytes(),
            memmem::find_iter(text.as_bytes(), MARKER),
            extension,
        )
    }

    #[test]
    fn a_comment_covers_its_line_and_alone_the_next() {
        let found = all(
            "x = 1  # factory-gate: allow(a) because\n// factory-gate: allow(b, c) why owner=@me expires=2030-01-02\ny\n",
            "py",
        );
        assert_eq!(found.len(), 3);
        assert_eq!((found[0].line, found[0].last_line), (1, 1));
        assert_eq!((found[1].line, found[1].last_line), (2, 3));
        assert_eq!(found[2].rule, "c");
        assert_eq!(
            (found[2].reason.as_str(), found[2].owner.as_deref()),
            ("why", Some("@me"))
        );
        assert_eq!(found[2].expires, Some(jiff::civil::date(2030, 1, 2)));
    }

    #[test]
    fn stacked_comments_reach_the_line_below_them() {
        let found = all(
            "# factory-gate: allow(a) one\n# factory-gate: allow(b) two\ncode\n",
            "sh",
        );
        assert_eq!(
            found.iter().map(|one| one.last_line).collect::<Vec<_>>(),
            [3, 3]
        );
    }

    #[test]
    fn text_that_is_no_comment_is_no_suppression() {
        assert!(all("write factory-gate: allow(a) because\n", "txt").is_empty());
        assert!(all("`# factory-gate: allow(a) because`\n", "md").is_empty());
        assert!(all("  factory-gate:\n    steps: allow\n", "yml").is_empty());
        assert_eq!(
            all("<!-- factory-gate: allow(a) because -->\n", "md")[0].reason,
            "because"
        );
    }

    #[test]
    fn text_in_quotes_is_no_comment_and_a_colon_is_no_reason() {
        assert!(
            all(
                "let text = \"# factory-gate: allow(a) because\\n\";\n",
                "rs"
            )
            .is_empty()
        );
        assert!(
            all(
                "let text = \"x\\n# factory-gate: allow(a) because\";\n",
                "rs"
            )
            .is_empty()
        );
        assert_eq!(
            all("# factory-gate: allow(a): because\n", "sh")[0].reason,
            "because"
        );
        assert!(all("# factory-gate: allow(a): \n", "sh")[0].flaw.is_some());
    }

    #[test]
    fn a_flawed_comment_says_what_is_wrong() {
        for (text, flaw) in [
            ("# factory-gate: allow(a)\n", "reason is missing"),
            ("/* factory-gate: allow(a) */\n", "reason is missing"),
            (
                "# factory-gate: allow a because\n",
                "expected `allow(RULE) REASON`",
            ),
            ("# factory-gate: allow(a) x expires=soon\n", "is no date"),
        ] {
            assert!(
                all(text, "c")[0].flaw.as_deref().unwrap().contains(flaw),
                "{text}"
            );
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_parsed_in_bounds(text in proptest::collection::vec(any::<u8>(), 0..60), cut in 0usize..60) {
            let mut bytes = text.clone();
            let at = cut.min(bytes.len());
            bytes.splice(at..at, b"\n#factory-gate: allow(".iter().copied());
            for inline in parse(&bytes, memmem::find_iter(&bytes, MARKER), "c") {
                prop_assert!(bytes.get(inline.bytes.clone()).is_some());
            }
        }
    }
}
