//! `final-newline`: a text file ends with one line end.

use super::check::{Check, Content, Example, ExampleFile, ExampleKind, Level, Rule};
use super::edits::{has_extension, is_verbatim};
use super::line_endings;
use super::options::build;
use super::text_rules::followed;
use crate::editorconfig::EndOfLine;
use crate::finding::{Change, Edit, Found, Safety, Severity};
use bstr::ByteSlice as _;
use schemars::JsonSchema;
use serde::Deserialize;

pub(super) static RULE: Rule = Rule {
    id: "final-newline",
    summary: "a file does not end with just one line end",
    why: "A last line without a line end is glued to what is appended or concatenated, is skipped by some readers of lines, and shows up \
          in the next person's diff. Blank lines at the end are only noise.",
    fix: "End the last line with one line end, and remove blank lines after it; nearly every editor can do so on saving, and \
          `--apply=fix` does. It leaves, unless unsafe fixes are allowed, files that would be empty then, files that quote others (patches, \
          CSV, snapshots), and YAML in which blank lines at the end are content (`|+`).",
    severity: Severity::Warning,
    levels: &[Level::Content],
    needs_paths: false,
    schema: |generator| generator.subschema_for::<FinalNewline>(),
    build: build::<FinalNewline>,
    examples: &[
        Example {
            title: "One line end, and no content at all",
            options: "",
            files: &[
                ExampleFile {
                    path: "a.txt",
                    is: ExampleKind::Text("one\n"),
                },
                ExampleFile {
                    path: "b.txt",
                    is: ExampleKind::Text("one\r\ntwo\r\n"),
                },
                ExampleFile {
                    path: "c.txt",
                    is: ExampleKind::Text(""),
                },
            ],
            violations: &[],
        },
        Example {
            title: "The last line has no line end",
            options: "",
            files: &[ExampleFile {
                path: "a.txt",
                is: ExampleKind::Text("one\ntwo"),
            }],
            violations: &["a.txt:2:4"],
        },
        Example {
            title: "Blank lines at the end",
            options: "",
            files: &[ExampleFile {
                path: "a.txt",
                is: ExampleKind::Text("one\r\n\r\n\r\n"),
            }],
            violations: &["a.txt:2:1"],
        },
        Example {
            title: "Nothing but line ends",
            options: "",
            files: &[ExampleFile {
                path: "a.txt",
                is: ExampleKind::Text("\n"),
            }],
            violations: &["a.txt:1:1"],
        },
        Example {
            title: "`.editorconfig` says where no line end is wanted",
            options: "",
            files: &[
                ExampleFile {
                    path: ".editorconfig",
                    is: ExampleKind::Text("[*.golden]\ninsert_final_newline = false\n"),
                },
                ExampleFile {
                    path: "a.golden",
                    is: ExampleKind::Text("one"),
                },
            ],
            violations: &[],
        },
        Example {
            title: "Some blank lines may be allowed",
            options: "max_blank_lines: 1",
            files: &[
                ExampleFile {
                    path: "a.txt",
                    is: ExampleKind::Text("one\n\n"),
                },
                ExampleFile {
                    path: "b.txt",
                    is: ExampleKind::Text("one\n\n\n"),
                },
            ],
            violations: &["b.txt:3:1"],
        },
    ],
};

/// Options of `final-newline`.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct FinalNewline {
    /// Most blank lines at the end of a file.
    max_blank_lines: usize,
    /// Whether a last line needs no line end where the file's `.editorconfig` has `insert_final_newline = false`.
    follow_editorconfig: bool,
}

impl Default for FinalNewline {
    fn default() -> Self {
        Self {
            max_blank_lines: 0,
            follow_editorconfig: true,
        }
    }
}

impl Check for FinalNewline {
    fn content(&self, file: &Content<'_>, found: &mut Found) {
        let bytes = file.bytes;
        let text = without_line_end(bytes);
        if text.len() == bytes.len() {
            let settings = followed(file, self.follow_editorconfig);
            if settings.insert_final_newline != Some(false) {
                report_missing(file, found);
            }
            return;
        }
        let (text, line_ends) = without_line_ends(text);
        // The first line end ends a line of text, if there is one.
        let ended = usize::from(!text.is_empty());
        let blank_lines = line_ends + 1 - ended;
        if blank_lines > self.max_blank_lines {
            let allowed = ended + self.max_blank_lines;
            let start = (0..allowed).fold(text.len(), |at, _| {
                at + if bytes[at] == b'\r' { 2 } else { 1 }
            });
            found.at(
                start..bytes.len(),
                self.message(text.is_empty(), blank_lines),
            );
            let safety = if start == 0 {
                Safety::Unsafe
            } else {
                safety(file)
            };
            let surplus = start..bytes.len();
            found.fix(safety, || Change::Edits(vec![Edit::delete(surplus)]));
        }
    }
}

impl FinalNewline {
    fn message(&self, is_blank: bool, blank_lines: usize) -> String {
        let plural = if blank_lines == 1 { "" } else { "s" };
        if is_blank {
            return format!("file holds nothing but {blank_lines} line end{plural}");
        }
        let limit = match self.max_blank_lines {
            0 => String::new(),
            max => format!(", more than {max}"),
        };
        format!("file ends in {blank_lines} blank line{plural}{limit}")
    }
}

/// Adds a finding if the last line has no line end.
pub(super) fn report_missing(file: &Content<'_>, found: &mut Found) {
    let bytes = file.bytes;
    let has_line_end = bytes.is_empty() || bytes.ends_with(b"\n") || is_classic_mac(bytes);
    if !has_line_end {
        let end = bytes.len();
        found.at(end..end, "last line has no line end");
        if let Some((safety, edit)) = missing_end(file) {
            found.fix(safety, || Change::Edits(vec![edit]));
        }
    }
}

/// What gives the last line a line end: the one that `.editorconfig` asks for, or else one like those of the other lines.
fn missing_end(file: &Content<'_>) -> Option<(Safety, Edit)> {
    let bytes = file.bytes;
    let end = bytes.len();
    let prevailing = line_endings::prevailing(bytes);
    let wanted = file.settings.and_then(|it| it.end_of_line);
    let line_end: &[u8] = match (wanted, prevailing) {
        (Some(EndOfLine::Lf), _) | (None, None) => b"\n",
        (Some(EndOfLine::CrLf), _) => b"\r\n",
        (Some(EndOfLine::Cr), None) => b"\r",
        // As long as others end in LF, a CR ends no line.
        (Some(EndOfLine::Cr), Some(_)) => return None,
        (None, Some(line_end)) => line_end,
    };
    let text = bytes.trim_end_with(|it| it == '\r');
    if text.len() < end && (text.is_empty() || text.ends_with(b"\n")) {
        // A line of nothing but CRs: as a line end it would be a blank line at the end.
        return None;
    }
    Some(match line_end {
        // Half of the line end is there.
        b"\r\n" if text.len() < end => (safety(file), Edit::insert(end, *b"\n")),
        // With an LF, the CRs would be half of a CRLF.
        _ if text.len() < end => (Safety::Unsafe, Edit::new(text.len()..end, line_end)),
        // CRs without any LF: lines of the classic Mac, or a progress bar.
        _ if prevailing.is_none() && memchr::memchr(b'\r', bytes).is_some() => {
            (Safety::Unsafe, Edit::insert(end, line_end))
        }
        _ => (safety(file), Edit::insert(end, line_end)),
    })
}

/// How sure it is that line ends at the end of the file mean nothing.
fn safety(file: &Content<'_>) -> Safety {
    let name = file.entry.name();
    let is_yaml = has_extension(name, &["yaml", "yml"]);
    let may_matter = is_verbatim(name)
        || file.bytes.ends_with(b"\\")
        || (is_yaml && keeps_line_ends(file.bytes));
    if may_matter {
        Safety::Unsafe
    } else {
        Safety::Safe
    }
}

/// Whether a YAML text may hold a block that keeps the blank lines at its end: `|+`, `>2+`, `|+2`.
fn keeps_line_ends(bytes: &[u8]) -> bool {
    memchr::memchr_iter(b'+', bytes).any(|at| {
        let before = bytes[..at].strip_suffix(b" ").unwrap_or(&bytes[..at]);
        let last = before.iter().rev().find(|byte| !byte.is_ascii_digit());
        // An indentation is one digit; more of them make this look too careful, never too bold.
        matches!(last, Some(b'|' | b'>'))
    })
}

/// The text before its last line end, LF or CRLF; all of it if there is none.
fn without_line_end(text: &[u8]) -> &[u8] {
    match text {
        [before @ .., b'\r', b'\n'] | [before @ .., b'\n'] => before,
        _ => text,
    }
}

/// The text before all line ends at its end, and their number.
fn without_line_ends(mut text: &[u8]) -> (&[u8], usize) {
    let mut count = 0;
    loop {
        let before = without_line_end(text);
        if before.len() == text.len() {
            return (text, count);
        }
        text = before;
        count += 1;
    }
}

/// Lines that end in CR alone, as before Mac OS X.
fn is_classic_mac(bytes: &[u8]) -> bool {
    bytes.ends_with(b"\r") && memchr::memchr(b'\n', bytes).is_none()
}

#[cfg(test)]
mod tests {
    use super::super::trial;
    use super::*;
    use crate::finding::Draft;
    use proptest::prelude::*;

    fn drafts(options: &str, text: &str) -> Vec<Draft> {
        let check = trial::check(&RULE, options).unwrap();
        trial::content(check.as_ref(), "a", text.as_bytes())
    }

    #[test]
    fn messages_count_lines() {
        let say = |options, text| drafts(options, text)[0].message.clone();
        assert_eq!(say("", "a"), "last line has no line end");
        assert_eq!(say("", "a\n\n"), "file ends in 1 blank line");
        assert_eq!(
            say("max_blank_lines: 1", "a\n\n\n"),
            "file ends in 2 blank lines, more than 1"
        );
        assert_eq!(say("", "\r\n\n"), "file holds nothing but 2 line ends");
    }

    fn fixed(name: &str, text: &str) -> (Safety, String) {
        let check = trial::check(&RULE, "").unwrap();
        let [draft] = &trial::fixes(check.as_ref(), name, text.as_bytes())[..] else {
            panic!("not one finding");
        };
        let after = trial::apply(text.as_bytes(), draft.change.as_deref().unwrap());
        (draft.fixable.unwrap(), String::from_utf8(after).unwrap())
    }

    #[test]
    fn the_line_end_is_as_those_of_the_file() {
        for (name, text, after, safety) in [
            ("a", "a", "a\n", Safety::Safe),
            ("a", "a\r\nb", "a\r\nb\r\n", Safety::Safe),
            ("a", "a\nb\r\nc", "a\nb\r\nc\n", Safety::Safe),
            ("a", "a\r\nb\r", "a\r\nb\r\n", Safety::Safe),
            ("a", "a\nb\r\r", "a\nb\n", Safety::Unsafe),
            ("a", "a\rb", "a\rb\n", Safety::Unsafe),
            ("a", "a\r\n\n\r\n", "a\r\n", Safety::Safe),
            ("a", "\n\n", "", Safety::Unsafe),
            ("a.diff", "+a\n\n", "+a\n", Safety::Unsafe),
            ("a.yml", "a: b\n\n", "a: b\n", Safety::Safe),
            ("a.yml", "a: |+\n  b\n\n", "a: |+\n  b\n", Safety::Unsafe),
            ("a.yml", "a: >2+\n  b", "a: >2+\n  b\n", Safety::Unsafe),
        ] {
            assert_eq!(
                fixed(name, text),
                (safety, after.to_owned()),
                "{name}: {text:?}"
            );
        }
    }

    #[test]
    fn only_a_file_without_any_lf_may_end_in_cr() {
        assert!(drafts("", "a\rb\r").is_empty());
        assert_eq!(trial::ranges(&drafts("", "a\nb\r")), [(4, 4)]);
    }

    proptest! {
        #[test]
        fn agrees_with_splitting_into_lines(text in "[ab\r\n]{0,12}", max in 0_usize..3) {
            let mut lines: Vec<&str> = text.split_inclusive('\n').collect();
            let expected = if text.is_empty() || (text.ends_with('\r') && !text.contains('\n')) {
                None
            } else if !text.ends_with('\n') {
                Some((text.len(), text.len()))
            } else {
                let mut blank = Vec::new();
                while lines.last().is_some_and(|line| matches!(*line, "\n" | "\r\n")) {
                    blank.insert(0, lines.pop().unwrap());
                }
                let too_many: usize = blank.iter().skip(max).map(|line| line.len()).sum();
                (too_many > 0).then(|| (text.len() - too_many, text.len()))
            };
            let drafts = drafts(&format!("max_blank_lines: {max}"), &text);
            prop_assert_eq!(trial::ranges(&drafts), expected.into_iter().collect::<Vec<_>>());
        }
    }
}
