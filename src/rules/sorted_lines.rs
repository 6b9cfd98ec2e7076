//! `sorted-lines`: lists that are kept in order.

use super::check::{Check, Content, Example, ExampleFile, ExampleKind, Level, Rule};
use super::listing::{DEFAULT_MAX_FINDINGS, Listing, clipped};
use super::options::build;
use crate::finding::{Found, Severity};
use bstr::ByteSlice as _;
use schemars::JsonSchema;
use serde::Deserialize;
use std::cmp::Ordering;
use std::num::NonZeroUsize;

pub(super) static RULE: Rule = Rule {
    id: "sorted-lines",
    summary: "the lines of a list are out of order, or one is there twice",
    why: "In a list that everybody appends to, every two changes conflict at the last line, and the same entry comes in twice. \
          A list in order has one right place for each entry.",
    fix: "Sort the lines as bytes: `LC_ALL=C sort -u -o FILE FILE` (`-f` ignores case), or move the line to its place by hand.",
    severity: Severity::Warning,
    levels: &[Level::Content],
    needs_paths: true,
    schema: |generator| generator.subschema_for::<SortedLines>(),
    build: build::<SortedLines>,
    examples: &[
        Example {
            title: "A list in order; comments do not count, and a blank line starts anew",
            options: "paths: ['*.list']",
            files: &[ExampleFile {
                path: "words.list",
                is: ExampleKind::Text("# Names\nBob\nann\n\n# Things\nball\n# round\nbox\n"),
            }],
            violations: &[],
        },
        Example {
            title: "One line stands too low",
            options: "paths: ['*.list']",
            files: &[ExampleFile {
                path: "words.list",
                is: ExampleKind::Text("ball\ncar\nbox\ndoor\n"),
            }],
            violations: &["words.list:3:1"],
        },
        Example {
            title: "The same line twice",
            options: "paths: ['*.list']",
            files: &[ExampleFile {
                path: "words.list",
                is: ExampleKind::Text("ball\r\nball\r\nbox"),
            }],
            violations: &["words.list:2:1"],
        },
        Example {
            title: "The order of a dictionary, the whole file as one list, and entries that may repeat",
            options: "{ paths: ['*.list'], ignore_case: true, blocks: false, unique: false }",
            files: &[
                ExampleFile {
                    path: "a.list",
                    is: ExampleKind::Text("ann\nAnn\nBob\n\ncleo\n"),
                },
                ExampleFile {
                    path: "b.list",
                    is: ExampleKind::Text("Bob\n\nann\n"),
                },
            ],
            violations: &["b.list:3:1"],
        },
    ],
};

/// Options of `sorted-lines`.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct SortedLines {
    /// Whether upper and lower case of A to Z are the same. Otherwise the order is that of bytes: `B` before `a`.
    ignore_case: bool,
    /// Whether a line must not be there twice in a row.
    unique: bool,
    /// Whether a blank line starts a list of its own. Otherwise blank lines are passed over.
    blocks: bool,
    /// What a line starts with that is passed over, after blanks; empty: none is.
    comment: String,
    /// Most findings in one file; one more says how many there were beyond it.
    max_findings: NonZeroUsize,
}

impl Default for SortedLines {
    fn default() -> Self {
        Self {
            ignore_case: false,
            unique: true,
            blocks: true,
            comment: "#".to_owned(),
            max_findings: DEFAULT_MAX_FINDINGS,
        }
    }
}

impl Check for SortedLines {
    fn content(&self, file: &Content<'_>, found: &mut Found) {
        let mut listing = Listing::new(found, self.max_findings);
        let mut before: Option<&[u8]> = None;
        let mut start = 0;
        for end in memchr::memchr_iter(b'\n', file.bytes).chain([file.bytes.len()]) {
            let line = &file.bytes[start..end];
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            if line.trim().is_empty() {
                before = before.filter(|_| !self.blocks);
            } else if !self.is_comment(line) {
                if let Some(message) = before.and_then(|before| self.judge(before, line)) {
                    listing.add(start..start + line.len(), message);
                }
                before = Some(line);
            }
            start = end + 1;
        }
        listing.finish();
    }
}

impl SortedLines {
    fn is_comment(&self, line: &[u8]) -> bool {
        !self.comment.is_empty() && line.trim_start().starts_with(self.comment.as_bytes())
    }

    /// What is wrong with a line after this one.
    fn judge<'l>(&self, before: &'l [u8], line: &'l [u8]) -> Option<impl FnOnce() -> String + 'l> {
        let order = if self.ignore_case {
            let folded = |line: &'l [u8]| line.iter().map(u8::to_ascii_lowercase);
            folded(before).cmp(folded(line))
        } else {
            before.cmp(line)
        };
        let is_wrong = match order {
            Ordering::Less => false,
            Ordering::Equal => self.unique,
            Ordering::Greater => true,
        };
        is_wrong.then_some(move || {
            let quoted = |line: &[u8]| clipped(&line.to_str_lossy(), 60).into_owned();
            match order {
                Ordering::Greater => format!(
                    "out of order: `{}` belongs before `{}` above it",
                    quoted(line),
                    quoted(before)
                ),
                _ => format!("`{}` is there twice", quoted(line)),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::trial;
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn messages_name_both_lines() {
        let check = trial::check(&RULE, "").unwrap();
        let drafts = trial::content(check.as_ref(), "a", b"b\na\na\n");
        let messages: Vec<&str> = drafts.iter().map(|draft| &*draft.message).collect();
        assert_eq!(
            messages,
            [
                "out of order: `a` belongs before `b` above it",
                "`a` is there twice"
            ]
        );
        assert_eq!(trial::ranges(&drafts), [(2, 3), (4, 5)]);
    }

    proptest! {
        #[test]
        fn nothing_is_found_just_where_sorting_changes_nothing(
            lines in proptest::collection::vec("[abAB]{1,2}", 0..6), ignore_case: bool, unique: bool
        ) {
            let key = |line: &String| if ignore_case { line.to_lowercase() } else { line.clone() };
            let mut sorted: Vec<String> = lines.iter().map(key).collect();
            sorted.sort();
            if unique {
                sorted.dedup();
            }
            let check = trial::check(&RULE, &format!("{{ ignore_case: {ignore_case}, unique: {unique} }}")).unwrap();
            let drafts = trial::content(check.as_ref(), "a", lines.join("\n").as_bytes());
            prop_assert_eq!(drafts.is_empty(), lines.iter().map(key).eq(sorted));
        }
    }
}
