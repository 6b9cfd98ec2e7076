//! `required-content`: texts that must occur in files.

use super::check::{
    Check, Content, Example, ExampleFile, ExampleKind, Level, OptionError, Reads, Rule,
};
use super::needle::{self, Needle, OneOrMore, Text};
use super::options::{Pattern, build};
use crate::finding::{Found, Severity};
use crate::search;
use bstr::ByteSlice as _;
use schemars::JsonSchema;
use serde::Deserialize;
use std::num::NonZeroUsize;

pub(super) static RULE: Rule = Rule {
    id: "required-content",
    summary: "a file lacks a text that is required",
    why: "Some files are only right if they say something: a licence at the top of each source file, a contact in the README, a \
          strict mode in each script.",
    fix: "Add the text; the message says which one is missing, and where it is looked for.",
    severity: Severity::Error,
    levels: &[Level::Content],
    needs_paths: true,
    schema: |generator| generator.subschema_for::<Options>(),
    build: build::<RequiredContent>,
    examples: &[
        Example {
            title: "A licence in the first lines; an empty file needs none",
            options: "{ paths: ['src/**'], pattern: 'SPDX-License-Identifier: \\S+', within_lines: 2 }",
            files: &[
                ExampleFile {
                    path: "src/a.rs",
                    is: ExampleKind::Text(
                        "// Part of X.\n// SPDX-License-Identifier: MIT\nfn a() {}\n",
                    ),
                },
                ExampleFile {
                    path: "src/empty.rs",
                    is: ExampleKind::Text(""),
                },
            ],
            violations: &[],
        },
        Example {
            title: "The licence is missing, or comes too late",
            options: "{ paths: ['src/**'], pattern: 'SPDX-License-Identifier: \\S+', within_lines: 2 }",
            files: &[
                ExampleFile {
                    path: "src/a.rs",
                    is: ExampleKind::Text("fn a() {}\n"),
                },
                ExampleFile {
                    path: "src/b.rs",
                    is: ExampleKind::Text("// 1\n// 2\n// SPDX-License-Identifier: MIT\n"),
                },
            ],
            violations: &["src/a.rs", "src/b.rs"],
        },
        Example {
            title: "At the start, after what has to stand before it",
            options: "{ paths: ['**/*.py'], text: '# Copyright', at_start: true }",
            files: &[
                ExampleFile {
                    path: "a.py",
                    is: ExampleKind::Text(
                        "#!/usr/bin/env python3\n# -*- coding: utf-8 -*-\n\n# Copyright Ann\n",
                    ),
                },
                ExampleFile {
                    path: "b.py",
                    is: ExampleKind::Text("import os\n# Copyright Ann\n"),
                },
            ],
            violations: &["b.py"],
        },
        Example {
            title: "Each text of a list is required",
            options: "{ paths: [README.md], text: [licence, contact], ignore_case: true }",
            files: &[ExampleFile {
                path: "README.md",
                is: ExampleKind::Text("# X\n\n## Licence\n\nMIT\n"),
            }],
            violations: &["README.md"],
        },
        Example {
            title: "An empty file has not got it either",
            options: "{ paths: [README.md], text: Licence, allow_empty: false }",
            files: &[ExampleFile {
                path: "README.md",
                is: ExampleKind::Text(""),
            }],
            violations: &["README.md"],
        },
    ],
};

/// Options of `required-content`.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(rename = "RequiredContent")]
struct Options {
    /// A regular expression that has to match, or a list of which each has to. A match may go over several lines.
    pattern: OneOrMore<Pattern>,
    /// A text that has to occur, taken literally, or a list of which each has to.
    text: OneOrMore<Text>,
    /// Whether upper and lower case are the same.
    ignore_case: bool,
    /// The number of lines, from the first on, in which the text has to be as a whole.
    within_lines: Option<NonZeroUsize>,
    /// Whether the text has to be at the start of the file. A byte order mark, a `#!` line, a line with an encoding (Python,
    /// Ruby, Emacs), a first line `<?xml ...` or `<?php`, and blank lines may stand before it; `within_lines` counts after them.
    at_start: bool,
    /// Whether a file of 0 bytes may lack it: it has nothing to say yet, and there is the rule `empty-file`.
    allow_empty: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            pattern: OneOrMore::default(),
            text: OneOrMore::default(),
            ignore_case: false,
            within_lines: None,
            at_start: false,
            allow_empty: true,
        }
    }
}

/// The options, compiled.
#[derive(Deserialize)]
#[serde(try_from = "Options")]
struct RequiredContent {
    needles: Vec<Needle>,
    options: Options,
}

impl TryFrom<Options> for RequiredContent {
    type Error = String;
    fn try_from(options: Options) -> Result<Self, String> {
        Ok(Self {
            needles: Needle::all_of(&options.pattern, &options.text, options.ignore_case)?,
            options,
        })
    }
}

impl Check for RequiredContent {
    fn content(&self, file: &Content<'_>, found: &mut Found) {
        if file.bytes.is_empty() && self.options.allow_empty {
            return;
        }
        // Where it has to stand at the start, the first segment of a large file decides; else the last one.
        let decides = if self.is_anywhere() {
            file.part.is_last
        } else {
            file.part.is_first
        };
        if !decides {
            return;
        }
        for (number, needle) in self.needles.iter().enumerate() {
            // Most files lack what they lack altogether: the engine's answer is enough then.
            let is_there = file.matched_before(number)
                || (file.matches(number).len() > 0 && self.is_in_place(needle, file.bytes));
            if !is_there {
                found.whole(format!(
                    "required {} is missing{}",
                    needle.describe(),
                    self.place()
                ));
            }
        }
    }

    fn patterns(&self) -> Vec<search::Pattern> {
        self.needles.iter().map(Needle::pattern).collect()
    }

    fn reads(&self) -> Reads {
        Reads::TextInParts
    }

    fn validate(&self) -> Vec<OptionError> {
        needle::mistakes(&self.needles)
    }
}

impl RequiredContent {
    fn is_anywhere(&self) -> bool {
        !self.options.at_start && self.options.within_lines.is_none()
    }

    /// Whether it stands where it has to, in a text in which it stands.
    fn is_in_place(&self, needle: &Needle, mut text: &[u8]) -> bool {
        if self.is_anywhere() {
            return true;
        }
        if self.options.at_start {
            text = after_preamble(text);
        }
        if let Some(lines) = self.options.within_lines {
            text = first_lines(text, lines);
        }
        // Of all matches the leftmost is found, so one at the start cannot hide behind another.
        needle
            .first(text)
            .is_some_and(|place| place.start == 0 || !self.options.at_start)
    }

    /// Where it is looked for, for the message.
    fn place(&self) -> String {
        let start = if self.options.at_start {
            " at the start of the file"
        } else {
            ""
        };
        match self.options.within_lines.map(NonZeroUsize::get) {
            None => start.to_owned(),
            Some(1) => format!("{start} in the first line"),
            Some(lines) => format!("{start} in the first {lines} lines"),
        }
    }
}

fn first_lines(text: &[u8], lines: NonZeroUsize) -> &[u8] {
    memchr::memchr_iter(b'\n', text)
        .nth(lines.get() - 1)
        .map_or(text, |end| &text[..=end])
}

/// What follows the lines that other programs need at the very start.
fn after_preamble(text: &[u8]) -> &[u8] {
    let mut rest = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    let mut is_first = true;
    let mut may_be_encoding = true;
    while !rest.is_empty() {
        let line = first_lines(rest, NonZeroUsize::MIN);
        if is_first
            && [b"#!".as_slice(), b"<?xml", b"<?php"]
                .iter()
                .any(|it| line.starts_with(it))
        {
            // An encoding may follow.
        } else if may_be_encoding && names_encoding(line) {
            may_be_encoding = false;
        } else if !line.trim().is_empty() {
            break;
        }
        is_first = false;
        rest = &rest[line.len()..];
    }
    rest
}

/// `# -*- coding: utf-8 -*-`, `# encoding: utf-8`, `# vim: set fileencoding=utf-8`.
fn names_encoding(line: &[u8]) -> bool {
    line.starts_with(b"#")
        && line
            .find(b"coding")
            .is_some_and(|at| matches!(line.get(at + b"coding".len()), Some(b':' | b'=')))
}

#[cfg(test)]
mod tests {
    use super::super::trial;
    use super::*;

    fn messages(options: &str, text: &str) -> Vec<String> {
        let check = trial::check(&RULE, options).unwrap();
        trial::content(check.as_ref(), "a", text.as_bytes())
            .into_iter()
            .map(|draft| draft.message)
            .collect()
    }

    #[test]
    fn messages_say_what_is_missing_and_where() {
        assert_eq!(messages("text: a", "b"), ["required text `a` is missing"]);
        assert_eq!(
            messages("{ pattern: 'a+', within_lines: 3, at_start: true }", "b"),
            ["required pattern `a+` is missing at the start of the file in the first 3 lines"]
        );
        assert_eq!(messages("{ text: [a, b, c] }", "b").len(), 2);
    }

    #[test]
    fn lines_are_counted_with_their_ends() {
        for (lines, missing) in [(1, 1), (2, 0), (9, 0)] {
            let options = format!("{{ pattern: 'b$', within_lines: {lines} }}");
            assert_eq!(messages(&options, "a\r\nb\r\nc").len(), missing, "{lines}");
        }
        assert_eq!(
            messages("{ pattern: 'a\\nb', within_lines: 1 }", "a\nb\n").len(),
            1,
            "as a whole"
        );
    }

    #[test]
    fn the_preamble_ends_at_the_first_line_of_its_own() {
        let rest = |text: &'static str| after_preamble(text.as_bytes()).to_str().unwrap();
        assert_eq!(rest("\u{feff}#!/bin/sh\n\n# coding: x\n\r\na\n"), "a\n");
        assert_eq!(rest("<?xml version='1.0'?>\n<!-- c -->"), "<!-- c -->");
        assert_eq!(rest("# a\n#!/bin/sh\n"), "# a\n#!/bin/sh\n");
        assert_eq!(rest("# coding: a\n# coding: b\n"), "# coding: b\n");
        assert_eq!(rest("# decoding is hard\n"), "# decoding is hard\n");
        assert_eq!(rest("\n \n"), "");
    }

    #[test]
    fn always_satisfied_requirements_are_refused() {
        assert_eq!(trial::mistakes(&RULE, "pattern: 'x*'").len(), 1);
        assert_eq!(trial::mistakes(&RULE, "within_lines: 0").len(), 1);
        assert_eq!(trial::mistakes(&RULE, "").len(), 1);
    }
}
