//! `byte-order-mark`: the invisible three bytes at the start of a UTF-8 file.

use super::check::{Check, Content, Example, ExampleFile, ExampleKind, Level, Rule};
use super::extensions::Extensions;
use super::options::build;
use super::text_rules::followed;
use crate::editorconfig::Charset;
use crate::finding::{Change, Edit, Found, Safety, Severity};
use crate::text;
use schemars::JsonSchema;
use serde::Deserialize;

/// U+FEFF in UTF-8.
const MARK: &[u8] = b"\xef\xbb\xbf";

pub(super) static RULE: Rule = Rule {
    id: "byte-order-mark",
    summary: "a file starts with a byte order mark, or lacks one that it needs",
    why: "Three invisible bytes (EF BB BF) that some Windows editors put before UTF-8 text. They hide a `#!` line, break JSON and CSV readers \
          and end up in the middle of concatenated files. A few programs, such as Windows PowerShell 5 and Excel, do need them to read UTF-8.",
    fix: "Save the file as UTF-8 without BOM (or with one, where it is required). `--apply=fix` does so; it puts none before a `#!`, and \
          takes no more than one out, unless unsafe fixes are allowed.",
    severity: Severity::Warning,
    levels: &[Level::Content],
    needs_paths: false,
    schema: |generator| generator.subschema_for::<ByteOrderMark>(),
    build: build::<ByteOrderMark>,
    examples: &[
        Example {
            title: "UTF-8 without a mark",
            options: "",
            files: &[ExampleFile {
                path: "a.json",
                is: ExampleKind::Text("{\"städte\": []}\n"),
            }],
            violations: &[],
        },
        Example {
            title: "A mark before JSON",
            options: "",
            files: &[ExampleFile {
                path: "a.json",
                is: ExampleKind::Text("\u{feff}{}\n"),
            }],
            violations: &["a.json:1:1"],
        },
        Example {
            title: "Where it is allowed, it may be there or not",
            options: "allow_extensions: [csv]",
            files: &[
                ExampleFile {
                    path: "a.csv",
                    is: ExampleKind::Text("\u{feff}a;ä\n"),
                },
                ExampleFile {
                    path: "b.csv",
                    is: ExampleKind::Text("a;ä\n"),
                },
            ],
            violations: &[],
        },
        Example {
            title: "Where it is required, plain ASCII does not need it",
            options: "require_extensions: [ps1]",
            files: &[
                ExampleFile {
                    path: "a.ps1",
                    is: ExampleKind::Text("\u{feff}echo ä\n"),
                },
                ExampleFile {
                    path: "b.ps1",
                    is: ExampleKind::Text("echo ä\n"),
                },
                ExampleFile {
                    path: "c.ps1",
                    is: ExampleKind::Text("echo a\n"),
                },
            ],
            violations: &["b.ps1:1:1"],
        },
    ],
};

/// Options of `byte-order-mark`.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct ByteOrderMark {
    /// Extensions of files that may start with a mark.
    allow_extensions: Extensions,
    /// Extensions of files that have to start with a mark if they hold anything but ASCII.
    require_extensions: Extensions,
    /// Whether `charset` of the file's `.editorconfig` holds instead of these lists.
    follow_editorconfig: bool,
}

impl Default for ByteOrderMark {
    fn default() -> Self {
        Self {
            allow_extensions: Extensions::default(),
            require_extensions: Extensions::default(),
            follow_editorconfig: true,
        }
    }
}

/// Whether a file starts with a mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mark {
    Forbidden,
    Allowed,
    /// Unless the file is plain ASCII.
    Required,
}

impl Mark {
    /// What a charset says about it; nothing where the file is not to be UTF-8 at all.
    pub(super) fn by(charset: Charset) -> Option<Self> {
        match charset {
            Charset::Utf8 => Some(Self::Forbidden),
            Charset::Utf8Bom => Some(Self::Required),
            Charset::Latin1 | Charset::Utf16Be | Charset::Utf16Le => None,
        }
    }
}

impl Check for ByteOrderMark {
    fn content(&self, file: &Content<'_>, found: &mut Found) {
        let name = file.entry.name();
        let settings = followed(file, self.follow_editorconfig);
        let mark = match settings.charset.and_then(Mark::by) {
            Some(mark) => mark,
            None if self.require_extensions.cover(name) => Mark::Required,
            None if self.allow_extensions.cover(name) => Mark::Allowed,
            None => Mark::Forbidden,
        };
        report(mark, file, found);
    }
}

/// Adds a finding if the mark is missing or should be.
pub(super) fn report(mark: Mark, file: &Content<'_>, found: &mut Found) {
    let bytes = file.bytes;
    let has_mark = bytes.starts_with(MARK);
    if has_mark && mark == Mark::Forbidden {
        found.at(
            0..MARK.len(),
            "file starts with a UTF-8 byte order mark (bytes EF BB BF)",
        );
        let marks = bytes.chunks(MARK.len()).take_while(|it| *it == MARK);
        let end = marks.count() * MARK.len();
        let safety = if end == MARK.len() {
            Safety::Safe
        } else {
            Safety::Unsafe
        };
        found.fix(safety, || Change::Edits(vec![Edit::delete(0..end)]));
    } else if !has_mark && mark == Mark::Required && !bytes.is_ascii() {
        found.at(
            0..0,
            "file does not start with a UTF-8 byte order mark, but holds more than ASCII",
        );
        // Before anything but UTF-8, the mark would be a lie.
        if !file.encoding.is_utf16() && text::first_invalid(bytes).is_none() {
            let safety = if bytes.starts_with(b"#!") {
                Safety::Unsafe
            } else {
                Safety::Safe
            };
            found.fix(safety, || Change::Edits(vec![Edit::insert(0, MARK)]));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::trial;
    use super::*;

    fn fix(options: &str, bytes: &[u8]) -> Option<(Safety, Vec<u8>)> {
        let check = trial::check(&RULE, options).unwrap();
        let drafts = trial::fixes(check.as_ref(), "a.ps1", bytes);
        let change = drafts[0].change.as_deref()?;
        Some((drafts[0].fixable?, trial::apply(bytes, change)))
    }

    #[test]
    fn marks_come_and_go() {
        assert_eq!(
            fix("", "\u{feff}a".as_bytes()),
            Some((Safety::Safe, b"a".to_vec()))
        );
        assert_eq!(
            fix("", "\u{feff}\u{feff}a".as_bytes()),
            Some((Safety::Unsafe, b"a".to_vec()))
        );
        let required = "require_extensions: [ps1]";
        assert_eq!(
            fix(required, "ä".as_bytes()),
            Some((Safety::Safe, "\u{feff}ä".into()))
        );
        assert_eq!(
            fix(required, "#!ä".as_bytes()),
            Some((Safety::Unsafe, "\u{feff}#!ä".into()))
        );
        assert_eq!(fix(required, b"caf\xe9"), None, "not UTF-8");
        assert_eq!(fix(required, b"\xff\xfe\xe9\0"), None, "UTF-16");
    }
}
