//! `line-count`: files with too many lines to read.

use super::check::{Check, Content, Example, ExampleFile, ExampleKind, Level, OptionError, Rule};
use super::options::build;
use crate::finding::{Found, Severity};
use schemars::JsonSchema;
use serde::Deserialize;
use std::num::NonZeroUsize;

pub(super) static RULE: Rule = Rule {
    id: "line-count",
    summary: "a file has too many or too few lines",
    why: "A file of thousands of lines has more than one purpose: it is hard to find one's way in, and everybody's changes meet there in merge conflicts.",
    fix: "Move a part that makes sense on its own into a file of its own. Generated files: name them in `exclude`.",
    severity: Severity::Warning,
    levels: &[Level::Content],
    needs_paths: false,
    schema: |generator| generator.subschema_for::<LineCount>(),
    build: build::<LineCount>,
    examples: &[
        Example {
            title: "As many lines as allowed; the last one counts with or without a line end",
            options: "max: 3",
            files: &[
                ExampleFile {
                    path: "a.txt",
                    is: ExampleKind::Text("1\n2\n3\n"),
                },
                ExampleFile {
                    path: "b.txt",
                    is: ExampleKind::Text("1\r\n2\r\n3"),
                },
            ],
            violations: &[],
        },
        Example {
            title: "Two lines too many",
            options: "max: 3",
            files: &[ExampleFile {
                path: "a.txt",
                is: ExampleKind::Text("1\n2\n3\n4\n5\n"),
            }],
            violations: &["a.txt:1:1"],
        },
        Example {
            title: "A README that says nothing",
            options: "{ min: 3, paths: [README.md] }",
            files: &[ExampleFile {
                path: "README.md",
                is: ExampleKind::Text("# Project\n"),
            }],
            violations: &["README.md"],
        },
    ],
};

/// Options of `line-count`.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct LineCount {
    /// Most lines of a file, blank ones included.
    max: NonZeroUsize,
    /// Fewest lines of a file, blank ones included.
    min: usize,
}

impl Default for LineCount {
    fn default() -> Self {
        Self {
            max: NonZeroUsize::MIN.saturating_add(1999),
            min: 0,
        }
    }
}

impl Check for LineCount {
    fn content(&self, file: &Content<'_>, found: &mut Found) {
        let bytes = file.bytes;
        let ended = memchr::memchr_iter(b'\n', bytes).count();
        let lines = ended + usize::from(!matches!(bytes.last(), None | Some(b'\n')));
        let max = self.max.get();
        if lines > max {
            // At the first line, which seldom changes: the last allowed one is another after each edit, and with it
            // the violation would count as a new one.
            found.at(0..0, format!("file has {lines} lines, more than {max}"));
        } else if lines < self.min {
            found.whole(format!("file has {lines} lines, fewer than {}", self.min));
        }
    }

    fn validate(&self) -> Vec<OptionError> {
        if self.min <= self.max.get() {
            return Vec::new();
        }
        vec![OptionError::new(
            "min",
            format!(
                "{} is more than `max` ({}): no file could pass",
                self.min, self.max
            ),
        )]
    }
}

#[cfg(test)]
mod tests {
    use super::super::trial;
    use super::*;

    #[test]
    fn a_line_counts_with_or_without_its_end() {
        let check = trial::check(&RULE, "max: 1").unwrap();
        let count = |text: &str| trial::content(check.as_ref(), "a", text.as_bytes()).len();
        assert_eq!(["1\n2", "1\n\n", "\n\n"].map(count), [1, 1, 1]);
        assert_eq!(["1\n", "1", "\n", ""].map(count), [0, 0, 0, 0]);
    }

    #[test]
    fn limits_that_no_file_can_meet_are_refused() {
        assert_eq!(trial::mistakes(&RULE, "{ min: 5, max: 4 }").len(), 1);
        assert_eq!(trial::mistakes(&RULE, "max: 0").len(), 1);
    }
}
