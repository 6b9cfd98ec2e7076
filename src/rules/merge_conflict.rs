//! `merge-conflict`: conflict markers that git left in a file.

use super::check::{Check, Content, Example, ExampleFile, ExampleKind, Level, OptionError, Rule};
use super::listing::{DEFAULT_MAX_FINDINGS, Listing, clipped};
use super::options::{Pattern, build};
use crate::finding::{Found, Severity};
use crate::search;
use bstr::{BStr, ByteSlice as _};
use schemars::JsonSchema;
use serde::Deserialize;
use std::num::NonZeroUsize;

pub(super) static RULE: Rule = Rule {
    id: "merge-conflict",
    summary: "a merge conflict was not resolved",
    why: "A file with conflict markers holds both sides of a merge: it does not compile, does not parse, or says two things at once.",
    fix: "Open the file, keep the lines that are right, remove the marker lines. Text that explains conflicts: indent the markers, or use `exclude`.",
    severity: Severity::Error,
    levels: &[Level::Content],
    needs_paths: false,
    schema: |generator| generator.subschema_for::<Options>(),
    build: build::<MergeConflict>,
    examples: &[
        Example {
            title: "Underlines and quotes are no conflict",
            options: "",
            files: &[
                ExampleFile {
                    path: "guide.rst",
                    is: ExampleKind::Text("Install\n=======\n\nSteps.\n\n=======\n"),
                },
                ExampleFile {
                    path: "thread.txt",
                    is: ExampleKind::Text(">>>>>> Hello\n>>>>>>> you all\n>>>>>> there\n"),
                },
            ],
            violations: &[],
        },
        Example {
            title: "Indented markers explain a conflict, and are none",
            options: "",
            files: &[ExampleFile {
                path: "git.md",
                is: ExampleKind::Text(
                    "Git writes:\n\n    <<<<<<< HEAD\n    a\n    =======\n    b\n    >>>>>>> topic\n",
                ),
            }],
            violations: &[],
        },
        Example {
            title: "A conflict",
            options: "",
            files: &[ExampleFile {
                path: "a.txt",
                is: ExampleKind::Text("one\n<<<<<<< HEAD\na\n=======\nb\n>>>>>>> topic\ntwo\n"),
            }],
            violations: &["a.txt:2:1"],
        },
        Example {
            title: "A conflict with the common ancestor, and Windows line ends",
            options: "",
            files: &[ExampleFile {
                path: "a.txt",
                is: ExampleKind::Text(
                    "<<<<<<< HEAD\r\na\r\n||||||| 3c1f2aa\r\no\r\n=======\r\nb\r\n>>>>>>> topic\r\n",
                ),
            }],
            violations: &["a.txt:1:1"],
        },
        Example {
            title: "A marker that was forgotten, where that is asked for",
            options: "lone_markers: true",
            files: &[
                ExampleFile {
                    path: "a.txt",
                    is: ExampleKind::Text("a\n>>>>>>> topic\nb\n"),
                },
                ExampleFile {
                    path: "b.txt",
                    is: ExampleKind::Text("<<<<<<< HEAD\na\nb\n"),
                },
            ],
            violations: &["a.txt:2:1", "b.txt:1:1"],
        },
        Example {
            title: "Only whole conflicts: a lone marker may be quoted mail, or text about conflicts",
            options: "",
            files: &[ExampleFile {
                path: "a.txt",
                is: ExampleKind::Text("a\n>>>>>>> topic\nb\n"),
            }],
            violations: &[],
        },
    ],
};

/// Options of `merge-conflict`.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(rename = "MergeConflict")]
struct Options {
    /// Characters in a marker; git's attribute `conflict-marker-size`. From 4 to 100.
    #[schemars(range(min = 4, max = 100))]
    marker_size: usize,
    /// Whether a first or last marker without its counterpart counts: one that is followed by a space and a name. A last
    /// marker beside another line that starts with `>` is taken for quoted mail.
    lone_markers: bool,
    /// Most findings in one file; one more says how many there were beyond it.
    max_findings: NonZeroUsize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            marker_size: 7,
            lone_markers: false,
            max_findings: DEFAULT_MAX_FINDINGS,
        }
    }
}

/// The options, and what has to be in a file with a conflict.
#[derive(Deserialize)]
#[serde(try_from = "Options")]
struct MergeConflict {
    options: Options,
    runs: Vec<search::Pattern>,
}

impl TryFrom<Options> for MergeConflict {
    type Error = String;
    fn try_from(options: Options) -> Result<Self, String> {
        // Sizes beyond the limit are refused by `validate`.
        let size = options.marker_size.min(MOST_CHARACTERS);
        let run = |marker: &str| search::Pattern::literal(&marker.repeat(size), Pattern::SYNTAX);
        let markers: &[&str] = if options.lone_markers {
            &["<", ">"]
        } else {
            &["<"]
        };
        let runs = markers
            .iter()
            .map(|marker| run(marker))
            .collect::<Result<_, _>>();
        Ok(Self {
            options,
            runs: runs.map_err(|error| error.to_string())?,
        })
    }
}

const MOST_CHARACTERS: usize = 100;

impl Check for MergeConflict {
    fn content(&self, file: &Content<'_>, found: &mut Found) {
        if file.all_matches(self.runs.len()).len() > 0 {
            let mut search = Search {
                options: &self.options,
                bytes: file.bytes,
                open: None,
                listing: Listing::new(found, self.options.max_findings),
            };
            search.all_lines();
            search.listing.finish();
        }
    }

    fn patterns(&self) -> Vec<search::Pattern> {
        self.runs.clone()
    }

    fn validate(&self) -> Vec<OptionError> {
        let size = self.options.marker_size;
        if (4..=MOST_CHARACTERS).contains(&size) {
            return Vec::new();
        }
        vec![OptionError::new(
            "marker_size",
            format!("{size} is no size of a conflict marker: expected 4 to {MOST_CHARACTERS}"),
        )]
    }
}

/// A line that may be a marker: at the start of a line just so many characters, then nothing, or a space and a name.
#[derive(Clone, Copy)]
struct Marker<'b> {
    byte: u8,
    start: usize,
    end: usize,
    line: usize,
    name: &'b BStr,
}

/// The first marker of a conflict, and whether its `=======` was seen.
struct Open<'b> {
    first: Marker<'b>,
    is_divided: bool,
}

struct Search<'a, 'f> {
    options: &'a Options,
    bytes: &'a [u8],
    open: Option<Open<'a>>,
    listing: Listing<'f>,
}

impl<'a> Search<'a, '_> {
    fn all_lines(&mut self) {
        let mut start = 0;
        let mut quoted_before = false;
        let line_ends = memchr::memchr_iter(b'\n', self.bytes).chain([self.bytes.len()]);
        for (index, end) in line_ends.enumerate() {
            if let Some(marker) = self.marker(start, end, index + 1) {
                let is_mail = quoted_before || self.bytes.get(end + 1) == Some(&b'>');
                self.take(marker, is_mail);
            }
            quoted_before = self.bytes.get(start) == Some(&b'>');
            start = end + 1;
        }
        self.abandon();
    }

    fn marker(&self, start: usize, end: usize, line: usize) -> Option<Marker<'a>> {
        let size = self.options.marker_size;
        let text = self.bytes.get(start..end)?;
        let byte = *text.first()?;
        if !matches!(byte, b'<' | b'=' | b'>') || text.len() < size {
            return None;
        }
        let text = text.strip_suffix(b"\r").unwrap_or(text);
        let (run, name) = text.split_at_checked(size)?;
        if run.iter().any(|other| *other != byte) || !matches!(name.first(), None | Some(b' ')) {
            return None;
        }
        Some(Marker {
            byte,
            start,
            end: start + text.len(),
            line,
            name: name.trim().as_bstr(),
        })
    }

    fn take(&mut self, marker: Marker<'a>, is_mail: bool) {
        match marker.byte {
            b'<' => {
                self.abandon();
                self.open = Some(Open {
                    first: marker,
                    is_divided: false,
                });
            }
            b'=' => {
                if let Some(open) = &mut self.open {
                    open.is_divided = true;
                }
            }
            _ => {
                if let Some(open) = self.open.take_if(|open| open.is_divided) {
                    self.conflict(&open.first, &marker);
                    return;
                }
                self.abandon();
                if !is_mail {
                    self.lone(&marker);
                }
            }
        }
    }

    fn conflict(&mut self, first: &Marker<'a>, last: &Marker<'a>) {
        self.listing.add(first.start..last.end, || {
            let lines = format!("lines {} to {}", first.line, last.line);
            if first.name.is_empty() || last.name.is_empty() {
                format!("unresolved merge conflict, {lines}")
            } else {
                format!(
                    "unresolved merge conflict between `{}` and `{}`, {lines}",
                    clipped(&first.name.to_str_lossy(), 60),
                    clipped(&last.name.to_str_lossy(), 60)
                )
            }
        });
    }

    /// The open conflict never ends.
    fn abandon(&mut self) {
        if let Some(open) = self.open.take() {
            self.lone(&open.first);
        }
    }

    fn lone(&mut self, marker: &Marker<'a>) {
        if self.options.lone_markers && !marker.name.is_empty() {
            self.listing.add(marker.start..marker.end, || {
                let marker = char::from(marker.byte).to_string();
                format!(
                    "conflict marker `{}` is left over: the rest of the conflict is missing",
                    marker.repeat(self.options.marker_size)
                )
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::trial;
    use super::*;
    use proptest::prelude::*;

    fn messages(options: &str, text: &str) -> Vec<String> {
        let check = trial::check(&RULE, options).unwrap();
        trial::content(check.as_ref(), "a", text.as_bytes())
            .into_iter()
            .map(|draft| draft.message)
            .collect()
    }

    #[test]
    fn messages_name_both_sides_and_the_lines() {
        assert_eq!(
            messages("", "x\n<<<<<<< HEAD\na\n=======\nb\n>>>>>>> topic\n"),
            ["unresolved merge conflict between `HEAD` and `topic`, lines 2 to 6"]
        );
        assert_eq!(
            messages("", "<<<<<<<\na\n=======\nb\n>>>>>>>"),
            ["unresolved merge conflict, lines 1 to 5"]
        );
    }

    #[test]
    fn only_runs_of_just_the_size_are_markers() {
        for clean in [
            "<<<<<<<< HEAD\n=======\n>>>>>>> x\n>",
            "<<<<<<< \n",
            "<<<<<<<HEAD\n",
            "x <<<<<<< HEAD\n",
            ">>>>>>>>>>>>>>>>>>>>\n",
            "<<<<<<",
            "=======\n||||||| x\n",
        ] {
            assert_eq!(messages("", clean), [""; 0], "{clean:?}");
        }
        assert_eq!(
            messages("marker_size: 10", "<<<<<<< a\n=======\n>>>>>>> b\n"),
            [""; 0]
        );
        assert_eq!(
            messages("marker_size: 10\nlone_markers: true", "<<<<<<<<<< a\n").len(),
            1
        );
        assert_eq!(trial::mistakes(&RULE, "marker_size: 1").len(), 1);
        assert_eq!(trial::mistakes(&RULE, "marker_size: 99999999999").len(), 1);
    }

    #[test]
    fn a_conflict_in_a_conflict_leaves_its_ends_over() {
        let text = "<<<<<<< a\n<<<<<<< b\n=======\n>>>>>>> b\n=======\n>>>>>>> a\n";
        assert_eq!(messages("lone_markers: true", text).len(), 3);
        assert_eq!(messages("", text).len(), 1);
    }

    proptest! {
        /// Against all pairs of a first and a last marker with no other between them but a divider.
        #[test]
        fn whole_conflicts_are_found_as_by_trying_all_pairs(
            lines in proptest::collection::vec("<{7}( x)?|={6,8}|>{7}( x)?|[|]{7} o|t", 0..12),
            end in prop_oneof![Just("\n"), Just("\r\n")],
        ) {
            let text = lines.join(end);
            let mut expected = Vec::new();
            for (first, _) in lines.iter().enumerate().filter(|(_, line)| line.starts_with('<')) {
                for last in first + 1..lines.len() {
                    let between = &lines[first + 1..last];
                    if lines[last].starts_with('>')
                        && between.iter().any(|line| line == "=======")
                        && !between.iter().any(|line| line.starts_with(['<', '>']))
                    {
                        let offset = lines[..first].iter().map(|line| line.len() + end.len()).sum::<usize>();
                        let length = lines[first..=last].iter().map(|line| line.len() + end.len()).sum::<usize>();
                        expected.push((offset, offset + length - end.len()));
                    }
                }
            }
            let check = trial::check(&RULE, "lone_markers: false").unwrap();
            let drafts = trial::content(check.as_ref(), "a", text.as_bytes());
            prop_assert_eq!(trial::ranges(&drafts), expected);
        }
    }
}
