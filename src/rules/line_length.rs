//! `line-length`: lines that nobody can read without scrolling.

use super::check::{Check, Content, Example, ExampleFile, ExampleKind, Level, OptionError, Rule};
use super::listing::{DEFAULT_MAX_FINDINGS, Listing};
use super::options::{Pattern, build};
use super::text_rules::{columns, followed};
use crate::editorconfig::LineLimit;
use crate::finding::{Found, Severity};
use bstr::ByteSlice as _;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::num::NonZeroUsize;
use std::ops::Range;
use unicode_width::UnicodeWidthChar as _;

pub(super) static RULE: Rule = Rule {
    id: "line-length",
    summary: "a line is longer than allowed",
    why: "Long lines hide their ends: in a review side by side, in a terminal, in a diff of which one word changed.",
    fix: "Break the line, or name the parts of what it says.",
    severity: Severity::Warning,
    levels: &[Level::Content],
    needs_paths: false,
    schema: |generator| generator.subschema_for::<LineLength>(),
    build: build::<LineLength>,
    examples: &[
        Example {
            title: "Characters count, not bytes, and the line end does not",
            options: "max: 10",
            files: &[ExampleFile {
                path: "a.txt",
                is: ExampleKind::Text("0123456789\r\näöüäöüäöüä\n"),
            }],
            violations: &[],
        },
        Example {
            title: "From the first character that is too many",
            options: "max: 10",
            files: &[ExampleFile {
                path: "a.txt",
                is: ExampleKind::Text("short\nthis is too long"),
            }],
            violations: &["a.txt:2:11"],
        },
        Example {
            title: "An address cannot be broken, but what is around it can",
            options: "max: 30",
            files: &[ExampleFile {
                path: "a.py",
                is: ExampleKind::Text(
                    "# see <https://example.com/a/long/path>.\n# see https://example.com/a for all of it\n",
                ),
            }],
            violations: &["a.py:2:31"],
        },
        Example {
            title: "Lines that match a pattern may be long",
            options: "{ max: 10, ignore_patterns: ['^import ', '\"$'] }",
            files: &[ExampleFile {
                path: "a.js",
                is: ExampleKind::Text(
                    "import { one, two } from three;\nlet text = \"a long one\"\nlet number = 1;\n",
                ),
            }],
            violations: &["a.js:3:11"],
        },
        Example {
            title: "In columns, a tab reaches to the next stop",
            options: "{ max: 10, unit: columns, tab_width: 8 }",
            files: &[ExampleFile {
                path: "a.c",
                is: ExampleKind::Text("\tf();\n\tint\tx;\n"),
            }],
            violations: &["a.c:1:4", "a.c:2:4"],
        },
        Example {
            title: "`.editorconfig` says how long",
            options: "max: 10",
            files: &[
                ExampleFile {
                    path: ".editorconfig",
                    is: ExampleKind::Text(
                        "[*.md]\nmax_line_length = off\n[*.c]\nmax_line_length = 12\n",
                    ),
                },
                ExampleFile {
                    path: "a.c",
                    is: ExampleKind::Text("0123456789ab\n0123456789abc\n"),
                },
                ExampleFile {
                    path: "a.md",
                    is: ExampleKind::Text("A long line of prose\n"),
                },
            ],
            violations: &[".editorconfig:2:11", ".editorconfig:4:11", "a.c:2:13"],
        },
    ],
};

/// Options of `line-length`.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct LineLength {
    /// Most that a line may have, without its line end.
    pub(super) max: NonZeroUsize,
    /// What is counted.
    unit: Unit,
    /// Columns from one tab stop to the next, with `unit: columns`.
    pub(super) tab_width: NonZeroUsize,
    /// Whether a line may be too long because of an address (`https://…`) or a path that cannot be broken.
    ignore_urls: bool,
    /// Lines that match one of these may have any length.
    ignore_patterns: Vec<Pattern>,
    /// Whether `max_line_length` and `tab_width` of the file's `.editorconfig` hold instead.
    follow_editorconfig: bool,
    /// Most findings in one file; one more says how many there were beyond it.
    max_findings: NonZeroUsize,
}

/// What is counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Unit {
    /// Unicode characters; a tab is one.
    #[default]
    Characters,
    /// Columns of a terminal: a tab reaches to its stop, East Asian characters take two.
    Columns,
    /// Bytes.
    Bytes,
}

impl Unit {
    fn name(self) -> &'static str {
        match self {
            Self::Characters => "characters",
            Self::Columns => "columns",
            Self::Bytes => "bytes",
        }
    }
}

impl Default for LineLength {
    fn default() -> Self {
        Self {
            max: NonZeroUsize::MIN.saturating_add(119),
            unit: Unit::Characters,
            tab_width: NonZeroUsize::MIN.saturating_add(3),
            ignore_urls: true,
            ignore_patterns: Vec::new(),
            follow_editorconfig: true,
            max_findings: DEFAULT_MAX_FINDINGS,
        }
    }
}

impl Check for LineLength {
    fn content(&self, file: &Content<'_>, found: &mut Found) {
        let settings = followed(file, self.follow_editorconfig);
        let max = match settings.max_line_length {
            Some(LineLimit::Off) => return,
            Some(LineLimit::Characters(max)) => columns(max),
            None => self.max,
        };
        let tab_width = settings.tab_width.map_or(self.tab_width, columns);
        self.report(max, tab_width, file.bytes, found);
    }

    fn validate(&self) -> Vec<OptionError> {
        if self.tab_width.get() > 64 {
            return vec![OptionError::new("tab_width", "expected at most 64 columns")];
        }
        Vec::new()
    }
}

impl LineLength {
    /// Adds a finding for each line beyond the limit.
    pub(super) fn report(
        &self,
        max: NonZeroUsize,
        tab_width: NonZeroUsize,
        bytes: &[u8],
        found: &mut Found,
    ) {
        let ruler = Ruler {
            max: max.get(),
            unit: self.unit,
            tab_width: tab_width.get(),
        };
        let mut listing = Listing::new(found, self.max_findings);
        let mut start = if bytes.starts_with(b"\xef\xbb\xbf") {
            3
        } else {
            0
        };
        for end in memchr::memchr_iter(b'\n', bytes).chain([bytes.len()]) {
            let line = &bytes[start.min(end)..end];
            if ruler.may_exceed(line) {
                let line = line.strip_suffix(b"\r").unwrap_or(line);
                if let Some((length, excess)) = ruler.measure(line)
                    && !self.may_be_long(line, excess, &ruler)
                {
                    listing.add(start + excess..start + line.len(), || {
                        let unit = ruler.unit.name();
                        format!("line has {length} {unit}, more than {max}")
                    });
                }
            }
            start = end + 1;
        }
        listing.finish();
    }

    fn may_be_long(&self, line: &[u8], excess: usize, ruler: &Ruler) -> bool {
        (self.ignore_urls && is_address_to_blame(line, excess, ruler))
            || self
                .ignore_patterns
                .iter()
                .any(|it| it.0.regex().is_some_and(|regex| regex.is_match(line)))
    }
}

/// Measures lines.
struct Ruler {
    max: usize,
    unit: Unit,
    tab_width: usize,
}

impl Ruler {
    /// Whether a line can be too long, by its bytes alone: no character is longer than its bytes, except for tabs.
    fn may_exceed(&self, line: &[u8]) -> bool {
        if line.len() > self.max {
            return true;
        }
        self.unit == Unit::Columns
            && line.len().saturating_mul(self.tab_width) > self.max
            && memchr::memchr(b'\t', line).is_some()
    }

    /// The length, and the offset of the first character that is too many; `None` if none is.
    fn measure(&self, line: &[u8]) -> Option<(usize, usize)> {
        if self.unit == Unit::Bytes {
            return (line.len() > self.max).then_some((line.len(), self.max));
        }
        let mut length = 0;
        let mut excess = None;
        for (at, _, one) in line.char_indices() {
            length += match (self.unit, one) {
                (Unit::Columns, '\t') => self.tab_width - length % self.tab_width,
                (Unit::Columns, one) => one.width().unwrap_or(0),
                _ => 1,
            };
            if length > self.max {
                excess.get_or_insert(at);
            }
        }
        excess.map(|at| (length, at))
    }
}

/// Whether an address or a path at the limit is why the line is too long: nothing to read follows it, or it is too long
/// for any line.
fn is_address_to_blame(line: &[u8], excess: usize, ruler: &Ruler) -> bool {
    let word = word_at(line, excess);
    let text = &line[word.clone()];
    let is_address = text.find(b"://").is_some() || is_path(text);
    let nothing_follows = || !line[word.end..].iter().any(u8::is_ascii_alphanumeric);
    is_address && (text.len() >= ruler.max || nothing_follows())
}

/// The run without blanks around an offset.
fn word_at(line: &[u8], at: usize) -> Range<usize> {
    let is_blank = |byte: &u8| matches!(byte, b' ' | b'\t');
    let start = line[..at].iter().rposition(is_blank).map_or(0, |it| it + 1);
    let end = line[at..].iter().position(is_blank);
    start..end.map_or(line.len(), |it| at + it)
}

/// Several names with slashes between, and nothing that could be broken.
fn is_path(word: &[u8]) -> bool {
    let slashes = memchr::memchr_iter(b'/', word).count();
    slashes >= 3 && !word.iter().any(|byte| b"(){}[];,=+|&".contains(byte))
}

#[cfg(test)]
mod tests {
    use super::super::trial;
    use super::*;
    use crate::finding::Draft;
    use proptest::prelude::*;

    fn drafts(options: &str, bytes: &[u8]) -> Vec<Draft> {
        trial::content(trial::check(&RULE, options).unwrap().as_ref(), "a", bytes)
    }

    #[test]
    fn units_differ() {
        let text = "\tä中\u{301}".as_bytes();
        let say = |options| drafts(options, text).first().map(|it| it.message.clone());
        let expect = |length: &str| Some(format!("line has {length}, more than 1"));
        assert_eq!(say("max: 1"), expect("4 characters"));
        assert_eq!(say("{ max: 1, unit: bytes }"), expect("8 bytes"));
        assert_eq!(
            say("{ max: 1, unit: columns, tab_width: 2 }"),
            expect("5 columns")
        );
        assert_eq!(say("{ max: 8, unit: columns, tab_width: 2 }"), None);
    }

    #[test]
    fn a_mark_at_the_start_and_broken_text_count_sensibly() {
        assert!(drafts("max: 2", b"\xef\xbb\xbfab\n").is_empty());
        assert!(drafts("max: 3", b"\xef\xbb\xbf").is_empty());
        assert_eq!(
            trial::ranges(&drafts("max: 2", b"\xff\xff\xff\r\n")),
            [(2, 3)]
        );
    }

    #[test]
    fn paths_and_addresses_are_no_excuse_for_text() {
        let is_fine = |text: &str| drafts("max: 12", text.as_bytes()).is_empty();
        assert!(is_fine("include <a/b/c/d/e.h>"));
        assert!(is_fine("x https://example.com/y, "));
        assert!(
            is_fine("see https://example.com/y here"),
            "longer than any line"
        );
        assert!(!is_fine("see the words://x it"));
        assert!(!is_fine("f(a/b/c/d,g/h/i);"));
        assert!(!is_fine("a much too long line https://x.y"));
    }

    #[test]
    fn wrong_options_are_named() {
        assert_eq!(trial::mistakes(&RULE, "{ max: 0, tab_width: 0 }").len(), 2);
        assert!(trial::mistakes(&RULE, "tab_width: 65")[0].starts_with("tab_width: expected"));
        assert_eq!(trial::mistakes(&RULE, "ignore_patterns: ['(']").len(), 1);
    }

    #[test]
    fn a_file_of_violations_is_cut_off_with_a_count() {
        let drafts = drafts("{ max: 1, max_findings: 2 }", &b"ab\n".repeat(10));
        assert_eq!(drafts.len(), 3);
        assert!(drafts[2].message.starts_with("8 more "));
    }

    proptest! {
        #[test]
        fn agrees_with_counting_each_line(text in "[aä中\t\r\n]{0,24}", max in 1_usize..6) {
            let wrong = text.split('\n').filter(|line| {
                line.strip_suffix('\r').unwrap_or(line).chars().count() > max
            });
            let drafts = drafts(&format!("max: {max}"), text.as_bytes());
            prop_assert_eq!(drafts.len(), wrong.count());
        }

        #[test]
        fn columns_agree_with_walking(text in "[ab中\t\n]{0,24}", max in 1_usize..12, tab in 1_usize..5) {
            let wrong = text.split('\n').filter(|line| {
                let mut column = 0;
                for one in line.chars() {
                    column = match one {
                        '\t' => (column / tab + 1) * tab,
                        '中' => column + 2,
                        _ => column + 1,
                    };
                }
                column > max
            });
            let options = format!("{{ max: {max}, unit: columns, tab_width: {tab} }}");
            prop_assert_eq!(drafts(&options, text.as_bytes()).len(), wrong.count());
        }
    }
}
