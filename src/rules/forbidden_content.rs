//! `forbidden-content`: texts that must not occur in files.

use super::check::{
    Check, Content, Example, ExampleFile, ExampleKind, Level, OptionError, Reads, Rule,
};
use super::listing::{DEFAULT_MAX_FINDINGS, Listing};
use super::needle::{self, Needle, OneOrMore, Text};
use super::options::{Pattern, build};
use crate::finding::{Found, Severity};
use crate::search;
use schemars::JsonSchema;
use serde::Deserialize;
use std::num::NonZeroUsize;

pub(super) static RULE: Rule = Rule {
    id: "forbidden-content",
    summary: "a file holds a text that is forbidden",
    why: "Some texts must not reach a deployment: a debugger call, the name of an internal host, an interface that was given up. \
          A rule with a pattern finds them all, each with its place.",
    fix: "Remove the text, or use what the policy's message names instead.",
    severity: Severity::Error,
    levels: &[Level::Content],
    needs_paths: false,
    schema: |generator| generator.subschema_for::<Options>(),
    build: build::<ForbiddenContent>,
    examples: &[
        Example {
            title: "A debugger call in the sources is found, elsewhere it is not looked for",
            options: "{ paths: ['src/**'], text: 'console.log(' }",
            files: &[
                ExampleFile {
                    path: "docs/debug.md",
                    is: ExampleKind::Text("Write `console.log(x)`.\n"),
                },
                ExampleFile {
                    path: "src/a.js",
                    is: ExampleKind::Text("f();\n  console.log(1); console.log(2);\n"),
                },
            ],
            violations: &["src/a.js:2:3", "src/a.js:2:19"],
        },
        Example {
            title: "Nothing forbidden",
            options: "{ pattern: '\\bFIXME\\b', text: console.log }",
            files: &[ExampleFile {
                path: "a.js",
                is: ExampleKind::Text("// FIXMEs are numbered\nconsole.table(1);\n"),
            }],
            violations: &[],
        },
        Example {
            title: "Several patterns, in any case",
            options: "{ pattern: ['\\bfixme\\b', 'do not (merge|ship)'], ignore_case: true }",
            files: &[ExampleFile {
                path: "a.c",
                is: ExampleKind::Text("// FIXME\n// Do not merge\n"),
            }],
            violations: &["a.c:1:4", "a.c:2:4"],
        },
        Example {
            title: "A pattern over several lines, with any line ends",
            options: "pattern: 'catch \\(.*\\) \\{\\s*\\}'",
            files: &[ExampleFile {
                path: "a.js",
                is: ExampleKind::Text("try { f(); }\r\ncatch (e) {\r\n}\r\n"),
            }],
            violations: &["a.js:2:1"],
        },
        Example {
            title: "Whole lines only, by `^` and `$`",
            options: "pattern: '^debug$'",
            files: &[ExampleFile {
                path: "flags.txt",
                is: ExampleKind::Text("debugger\ndebug\n"),
            }],
            violations: &["flags.txt:2:1"],
        },
    ],
};

/// Options of `forbidden-content`.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(rename = "ForbiddenContent")]
struct Options {
    /// A regular expression that must not match, or a list of them. A match may go over several lines.
    pattern: OneOrMore<Pattern>,
    /// A text that must not occur, taken literally, or a list of them.
    text: OneOrMore<Text>,
    /// Whether upper and lower case are the same.
    ignore_case: bool,
    /// Most findings in one file; one more says how many there were beyond it.
    max_findings: NonZeroUsize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            pattern: OneOrMore::default(),
            text: OneOrMore::default(),
            ignore_case: false,
            max_findings: DEFAULT_MAX_FINDINGS,
        }
    }
}

/// The options, compiled.
#[derive(Deserialize)]
#[serde(try_from = "Options")]
struct ForbiddenContent {
    needles: Vec<Needle>,
    max_findings: NonZeroUsize,
}

impl TryFrom<Options> for ForbiddenContent {
    type Error = String;
    fn try_from(options: Options) -> Result<Self, String> {
        Ok(Self {
            needles: Needle::all_of(&options.pattern, &options.text, options.ignore_case)?,
            max_findings: options.max_findings,
        })
    }
}

impl Check for ForbiddenContent {
    fn content(&self, file: &Content<'_>, found: &mut Found) {
        let mut listing = Listing::new(found, self.max_findings);
        for (number, place) in file.all_matches(self.needles.len()) {
            let needle = &self.needles[number];
            listing.add(place, || format!("forbidden {}", needle.describe()));
        }
        listing.finish();
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

#[cfg(test)]
mod tests {
    use super::super::trial;
    use super::*;

    #[test]
    fn messages_say_what_was_found() {
        let check = trial::check(&RULE, "{ pattern: 'a+', text: b }").unwrap();
        let drafts = trial::content(check.as_ref(), "f", b"baa");
        let messages: Vec<&str> = drafts.iter().map(|draft| &*draft.message).collect();
        assert_eq!(messages, ["forbidden pattern `a+`", "forbidden text `b`"]);
        assert_eq!(trial::ranges(&drafts), [(1, 3), (0, 1)]);
    }

    #[test]
    fn every_wrong_option_is_named_with_its_key() {
        assert!(trial::mistakes(&RULE, "")[0].starts_with("pattern: nothing to look for"));
        assert!(trial::mistakes(&RULE, "pattern: []")[0].starts_with("pattern: nothing"));
        assert!(trial::mistakes(&RULE, "pattern: [a, '(']")[0].starts_with("pattern.1: `(`"));
        assert!(trial::mistakes(&RULE, "text: ''")[0].starts_with("text: an empty text"));
        assert!(trial::mistakes(&RULE, "pattern: x*")[0].starts_with("pattern: `x*` also"));
        assert_eq!(
            trial::mistakes(&RULE, "{ pattern: '(', txet: a, text: 7 }").len(),
            3
        );
    }

    #[test]
    fn bytes_that_are_no_text_are_searched_too() {
        let check = trial::check(&RULE, "text: key").unwrap();
        let drafts = trial::content(check.as_ref(), "f", b"\xff\xfekey\xff");
        assert_eq!(trial::ranges(&drafts), [(2, 5)]);
    }
}
