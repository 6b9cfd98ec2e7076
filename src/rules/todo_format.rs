//! `todo-format`: notes of unfinished work say who or what will finish it.

use super::check::{Check, Content, Example, ExampleFile, ExampleKind, Level, OptionError, Rule};
use super::comment_style;
use super::comments::comments;
use super::listing::{DEFAULT_MAX_FINDINGS, Listing};
use super::options::build;
use crate::finding::{Found, Severity};
use crate::search;
use regex::bytes::Regex;
use schemars::JsonSchema;
use serde::Deserialize;
use std::num::NonZeroUsize;
use std::ops::Range;

/// Something in parentheses or an issue's key right after the marker, or an issue's number or an address on the line.
const DEFAULT_PATTERN: &str = r"\([^()\r\n]*[\p{L}\p{N}][^()\r\n]*\)|:?[ \t]*[\(\[<]?(?:#\d|[A-Z][A-Z0-9]+-\d|https?://)|[^\r\n]*(?:https?://|#\d)";

pub(super) static RULE: Rule = Rule {
    id: "todo-format",
    summary: "a note such as `TODO` does not say who or what will finish it",
    why: "A bare `TODO` belongs to nobody and is found again by chance. One that names an issue or a person can be followed.",
    fix: "Open an issue and write `TODO(#123)`, name a person as in `TODO(name)`, or do it now.",
    severity: Severity::Note,
    levels: &[Level::Content],
    needs_paths: false,
    schema: |generator| generator.subschema_for::<Options>(),
    build: build::<TodoFormat>,
    examples: &[
        Example {
            title: "Notes that name an issue, a person or an address, and what is no note",
            options: "",
            files: &[
                ExampleFile {
                    path: "a.rs",
                    is: ExampleKind::Text(
                        "// TODO(#12): more\n// FIXME(ann) soon\n// TODO: https://example.com/1\nlet TODO = \"TODO\"; // not a TODO\n",
                    ),
                },
                ExampleFile {
                    path: "notes.md",
                    is: ExampleKind::Text("TODO\n"),
                },
            ],
            violations: &[],
        },
        Example {
            title: "Bare notes",
            options: "",
            files: &[ExampleFile {
                path: "a.c",
                is: ExampleKind::Text(
                    "f(); // TODO: more\n/*\n * FIXME()\n * it works XXX: really\n */\n",
                ),
            }],
            violations: &["a.c:1:9", "a.c:3:4", "a.c:4:13"],
        },
        Example {
            title: "Markers and form of one's own",
            options: "{ markers: [LATER], pattern: ': [A-Z]+-[0-9]+' }",
            files: &[ExampleFile {
                path: "a.py",
                is: ExampleKind::Text("# LATER: ABC-1 go on\n# TODO\n# LATER(ann)\n"),
            }],
            violations: &["a.py:3:3"],
        },
    ],
};

/// Options of `todo-format`.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(rename = "TodoFormat")]
struct Options {
    /// The words that mark a note: whole words, in this case.
    markers: Vec<String>,
    /// A regular expression for what has to follow a marker on its line, from its first character on.
    pattern: String,
    /// How to say in a message what has to follow. Needed only with a pattern of one's own.
    expected: String,
    /// Most findings in one file; one more says how many there were beyond it.
    max_findings: NonZeroUsize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            markers: ["TODO", "FIXME", "XXX", "HACK"].map(str::to_owned).into(),
            pattern: DEFAULT_PATTERN.to_owned(),
            expected: String::new(),
            max_findings: DEFAULT_MAX_FINDINGS,
        }
    }
}

/// The options, compiled.
#[derive(Deserialize)]
#[serde(try_from = "Options")]
struct TodoFormat {
    markers: Vec<search::Pattern>,
    wrong_marker: Option<String>,
    follows: Regex,
    expected: String,
    max_findings: NonZeroUsize,
}

impl TryFrom<Options> for TodoFormat {
    type Error = String;
    fn try_from(options: Options) -> Result<Self, String> {
        let Options {
            markers,
            pattern,
            expected,
            max_findings,
        } = options;
        let is_word = |text: &&String| {
            !text.is_empty()
                && text
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        };
        let wrong_marker = markers.iter().find(|text| !is_word(text)).cloned();
        // Alone first: a stray parenthesis must not get around the anchor.
        let follows = Regex::new(&pattern).and_then(|_| Regex::new(&format!(r"\A(?:{pattern})")));
        let follows =
            follows.map_err(|error| format!("`{pattern}` is no regular expression: {error}"))?;
        let expected = match (&*expected, &*pattern) {
            ("", DEFAULT_PATTERN) => "an issue, a name in parentheses or an address".to_owned(),
            ("", pattern) => format!("`{pattern}`"),
            (expected, _) => expected.to_owned(),
        };
        Ok(Self {
            markers: markers
                .iter()
                .filter(is_word)
                .map(|it| marker(it))
                .collect(),
            wrong_marker,
            follows,
            expected,
            max_findings,
        })
    }
}

fn marker(word: &str) -> search::Pattern {
    search::Pattern::lazy(&format!(r"\b{word}\b"), search::Syntax::default(), &[word])
}

impl Check for TodoFormat {
    fn patterns(&self) -> Vec<search::Pattern> {
        self.markers.clone()
    }

    fn content(&self, file: &Content<'_>, found: &mut Found) {
        let Some(style) = comment_style::of(file.entry.name()) else {
            return;
        };
        let mut places: Vec<Range<usize>> = file
            .all_matches(self.markers.len())
            .map(|(_, place)| place)
            .filter(|place| !self.is_followed(file.bytes, place.end))
            .collect();
        if places.is_empty() {
            return;
        }
        places.sort_by_key(|place| place.start);
        let comments = comments(style, file.bytes);
        let mut listing = Listing::new(found, self.max_findings);
        for place in places {
            let after = comments.partition_point(|comment| comment.end <= place.start);
            let comment = comments.get(after).filter(|it| it.start <= place.start);
            if comment.is_some_and(|it| is_note(file.bytes, it, &place)) {
                let word = String::from_utf8_lossy(&file.bytes[place.clone()]).into_owned();
                listing.add(place, || format!("`{word}` without {}", self.expected));
            }
        }
        listing.finish();
    }

    fn validate(&self) -> Vec<OptionError> {
        let wrong = self.wrong_marker.as_ref().map(|text| {
            OptionError::new(
                "markers",
                format!("`{text}` is no marker: expected a word of ASCII letters, digits and `_`"),
            )
        });
        let none = self.markers.is_empty() && wrong.is_none();
        let none = none.then(|| OptionError::new("markers", "expected at least one marker"));
        wrong.into_iter().chain(none).collect()
    }
}

impl TodoFormat {
    /// Whether what has to follow does, on the same line.
    fn is_followed(&self, bytes: &[u8], end: usize) -> bool {
        let rest = &bytes[end..];
        // A note is short: what is further away names nothing.
        let rest = &rest[..rest.len().min(1_000)];
        let line = memchr::memchr(b'\n', rest).map_or(rest, |length| &rest[..length]);
        self.follows.is_match(line)
    }
}

/// Whether a marker in a comment begins a note: the first word of its line, or right before `:` or `(`. A word in a sentence
/// is none.
fn is_note(bytes: &[u8], comment: &Range<usize>, place: &Range<usize>) -> bool {
    let before = bytes[comment.start..place.start]
        .iter()
        .rev()
        .take_while(|byte| **byte != b'\n');
    // No note begins further to the right.
    let is_first = before
        .take(256)
        .all(|byte| byte.is_ascii_punctuation() || byte.is_ascii_whitespace());
    let next = bytes.get(place.end);
    let is_quoted = matches!(
        place.start.checked_sub(1).map(|at| bytes[at]),
        Some(b'"' | b'\'' | b'`')
    );
    !is_quoted && (is_first || matches!(next, Some(b':' | b'(')))
}

#[cfg(test)]
mod tests {
    use super::super::trial;
    use super::*;

    fn places(options: &str, name: &str, text: &str) -> Vec<(usize, usize)> {
        let check = trial::check(&RULE, options).unwrap();
        trial::ranges(&trial::content(check.as_ref(), name, text.as_bytes()))
    }

    #[test]
    fn the_default_form_takes_what_people_write() {
        for fine in [
            "TODO(#1)",
            "TODO(ann)",
            "TODO(ann, bob): x",
            "TODO(b/123)",
            "TODO #12",
            "TODO: #12",
            "TODO: ABC-12 x",
            "TODO [#12]",
            "TODO: drop it, see #12",
            "TODO: see https://x.y/1",
            "TODO(@ann)",
            "TODO(2025-01-01)",
        ] {
            assert!(
                places("", "a.c", &format!("// {fine}\n")).is_empty(),
                "{fine}"
            );
        }
        for bare in [
            "TODO",
            "TODO:",
            "TODO()",
            "TODO( )",
            "TODO: more (later)",
            "TODO: UTF more",
            "TODO ann",
        ] {
            assert_eq!(
                places("", "a.c", &format!("// {bare}\n")),
                [(3, 7)],
                "{bare}"
            );
        }
    }

    #[test]
    fn what_follows_is_on_the_same_line() {
        assert_eq!(places("", "a.c", "// TODO: a\n// https://x.y\n").len(), 1);
        assert_eq!(places("", "a.c", "// TODO\n(a)\n").len(), 1);
    }

    #[test]
    fn only_notes_in_comments_count() {
        for fine in [
            "TODO();",
            "s = \"// TODO\";",
            "// the TODO_LIST and TODOs",
            "// what a TODO says",
            "/dev/ttyXXX",
            "// write `TODO: x`",
            "// format: AXXX",
        ] {
            assert!(places("", "a.c", fine).is_empty(), "{fine}");
        }
        for note in [
            "x; /* TODO */",
            "//TODO x",
            "// - TODO x",
            "# TODO",
            "/// @TODO x",
            "// x. FIXME: y",
        ] {
            let name = if note.starts_with('#') { "a.py" } else { "a.c" };
            assert_eq!(places("", name, note).len(), 1, "{note}");
        }
        assert!(places("", "unknown", "// TODO").is_empty());
    }

    #[test]
    fn wrong_options_are_named() {
        assert!(trial::mistakes(&RULE, "markers: [TO-DO]")[0].starts_with("markers: `TO-DO`"));
        assert!(trial::mistakes(&RULE, "markers: []")[0].starts_with("markers: expected"));
        assert!(trial::mistakes(&RULE, "pattern: '('")[0].contains("no regular expression"));
    }

    #[test]
    fn messages_say_what_is_expected() {
        let say = |options| {
            let check = trial::check(&RULE, options).unwrap();
            trial::content(check.as_ref(), "a.c", b"// TODO")
                .remove(0)
                .message
        };
        assert_eq!(
            say(""),
            "`TODO` without an issue, a name in parentheses or an address"
        );
        assert_eq!(say("pattern: ' \\d'"), "`TODO` without ` \\d`");
        assert_eq!(
            say("{ pattern: ' \\d', expected: a number }"),
            "`TODO` without a number"
        );
    }
}
