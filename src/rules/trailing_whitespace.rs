//! `trailing-whitespace`: blanks before a line end, where nobody sees them.

use super::check::{Check, Content, Example, ExampleFile, ExampleKind, Level, Rule};
use super::edits::is_verbatim;
use super::extensions::Extensions;
use super::listing::{DEFAULT_MAX_FINDINGS, Listing};
use super::options::build;
use super::text_rules::followed;
use crate::finding::{Edit, Found, Safety, Severity};
use memchr::memmem::Finder;
use schemars::JsonSchema;
use serde::Deserialize;
use std::num::NonZeroUsize;

pub(super) static RULE: Rule = Rule {
    id: "trailing-whitespace",
    summary: "a line ends in spaces or tabs",
    why: "Blanks at the end of a line cannot be seen, make noise in diffs, and break what counts on line ends, \
          such as a `\\` that continues a line.",
    fix: "Remove the blanks; nearly every editor can do so on saving, and `--apply=fix` does. It leaves them, unless unsafe fixes are \
          allowed, after a `\\` and in files that quote others (patches, CSV, snapshots), where they may mean something.",
    severity: Severity::Warning,
    levels: &[Level::Content],
    needs_paths: false,
    schema: |generator| generator.subschema_for::<Options>(),
    build: build::<TrailingWhitespace>,
    examples: &[
        Example {
            title: "Blanks inside of lines, and blank lines",
            options: "",
            files: &[ExampleFile {
                path: "a.txt",
                is: ExampleKind::Text("one two\n\n\tthree\r\nfour"),
            }],
            violations: &[],
        },
        Example {
            title: "Two spaces break a line in Markdown",
            options: "",
            files: &[ExampleFile {
                path: "poem.md",
                is: ExampleKind::Text("Roses are red,  \nviolets are blue.\n"),
            }],
            violations: &[],
        },
        Example {
            title: "Spaces, tabs, before Windows line ends, and at the end of the file",
            options: "",
            files: &[ExampleFile {
                path: "a.txt",
                is: ExampleKind::Text("one  \ntwo\t\nthree \r\n \nfour "),
            }],
            violations: &[
                "a.txt:1:4",
                "a.txt:2:4",
                "a.txt:3:6",
                "a.txt:4:1",
                "a.txt:5:5",
            ],
        },
        Example {
            title: "In Markdown, one space or three, or two on a blank line, are no line break",
            options: "",
            files: &[ExampleFile {
                path: "poem.md",
                is: ExampleKind::Text("Roses \nare   \nred,\n  \n"),
            }],
            violations: &["poem.md:1:6", "poem.md:2:4", "poem.md:4:1"],
        },
        Example {
            title: "Markdown without the exception",
            options: "markdown_breaks: false",
            files: &[ExampleFile {
                path: "poem.md",
                is: ExampleKind::Text("Roses are red,  \nviolets are blue.\n"),
            }],
            violations: &["poem.md:1:15"],
        },
        Example {
            title: "`.editorconfig` says where blanks may stay, and that they may not in Markdown",
            options: "",
            files: &[
                ExampleFile {
                    path: ".editorconfig",
                    is: ExampleKind::Text(
                        "[*.txt]\ntrim_trailing_whitespace = false\n[*.md]\ntrim_trailing_whitespace = true\n",
                    ),
                },
                ExampleFile {
                    path: "a.txt",
                    is: ExampleKind::Text("one \n"),
                },
                ExampleFile {
                    path: "poem.md",
                    is: ExampleKind::Text("Roses are red,  \nviolets are blue.\n"),
                },
            ],
            violations: &["poem.md:1:15"],
        },
        Example {
            title: "A no-break space is white too, if you say so",
            options: "unicode: true",
            files: &[ExampleFile {
                path: "a.txt",
                is: ExampleKind::Text("one\u{a0}\ntwo\n"),
            }],
            violations: &["a.txt:1:4"],
        },
    ],
};

/// Options of `trailing-whitespace`.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(rename = "TrailingWhitespace")]
struct Options {
    /// Whether Unicode's other spaces (no-break space, ideographic space and the like) count, not only space and tab.
    unicode: bool,
    /// Whether just two spaces after text are fine in Markdown, where they break the line.
    markdown_breaks: bool,
    /// The extensions of Markdown files.
    markdown_extensions: Extensions,
    /// Whether the file's `.editorconfig` holds where it says something of `trim_trailing_whitespace`: `true` means Markdown too, `false` means no finding.
    follow_editorconfig: bool,
    /// Most findings in one file; one more says how many there were beyond it.
    max_findings: NonZeroUsize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            unicode: false,
            markdown_breaks: true,
            markdown_extensions: Extensions::of(&[
                "md", "markdown", "mdown", "mkd", "mdx", "qmd", "rmd",
            ]),
            follow_editorconfig: true,
            max_findings: DEFAULT_MAX_FINDINGS,
        }
    }
}

/// The options, and the searches that prove most files clean.
#[derive(Deserialize)]
#[serde(from = "Options")]
pub(super) struct TrailingWhitespace {
    options: Options,
    before_lf: [Finder<'static>; 2],
    before_crlf: [Finder<'static>; 2],
}

impl From<Options> for TrailingWhitespace {
    fn from(options: Options) -> Self {
        Self {
            options,
            before_lf: [" \n", "\t\n"].map(Finder::new),
            before_crlf: [" \r\n", "\t\r\n"].map(Finder::new),
        }
    }
}

impl Check for TrailingWhitespace {
    fn content(&self, file: &Content<'_>, found: &mut Found) {
        let options = &self.options;
        let has_breaks = match followed(file, options.follow_editorconfig).trim_trailing_whitespace
        {
            Some(false) => return,
            Some(true) => false,
            None => options.markdown_breaks && options.markdown_extensions.cover(file.entry.name()),
        };
        self.report(file, has_breaks, found);
    }
}

impl Default for TrailingWhitespace {
    fn default() -> Self {
        Options::default().into()
    }
}

impl TrailingWhitespace {
    /// Adds a finding for each line that ends in blanks. Where lines may be broken by two spaces, those are none.
    pub(super) fn report(&self, file: &Content<'_>, has_breaks: bool, found: &mut Found) {
        let bytes = file.bytes;
        if self.is_clean(bytes) {
            return;
        }
        let is_verbatim = is_verbatim(file.entry.name());
        let mut listing = Listing::new(found, self.options.max_findings);
        let mut start = 0;
        for end in memchr::memchr_iter(b'\n', bytes).chain([bytes.len()]) {
            let line = &bytes[start..end];
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            let kept = line.len() - self.blanks(line);
            let (text, blanks) = line.split_at(kept);
            let is_break = has_breaks && blanks == b"  " && !text.is_empty();
            if !blanks.is_empty() && !is_break {
                let place = start + kept..start + line.len();
                listing.add(place.clone(), || message(text.is_empty(), blanks));
                // After the blanks are gone, a `\` would join the next line, or end a paragraph's line in Markdown.
                let safety = if is_verbatim || text.ends_with(b"\\") {
                    Safety::Unsafe
                } else {
                    Safety::Safe
                };
                // Without the blanks, the CR would be half of a line end.
                if !text.ends_with(b"\r") {
                    listing.fix(bytes, safety, || Edit::delete(place));
                }
            }
            start = end + 1;
        }
        listing.finish();
    }

    /// Whether a few searches at memory speed prove that no line ends in a blank.
    fn is_clean(&self, bytes: &[u8]) -> bool {
        let occur = |finders: &[Finder<'_>]| finders.iter().any(|it| it.find(bytes).is_some());
        let may_end_in_blank = self.blanks(bytes.strip_suffix(b"\r").unwrap_or(bytes)) > 0
            || occur(&self.before_lf)
            || (memchr::memchr(b'\r', bytes).is_some() && occur(&self.before_crlf))
            || (self.options.unicode && !bytes.is_ascii());
        !may_end_in_blank
    }

    /// How many bytes at the end of a line are white.
    fn blanks(&self, line: &[u8]) -> usize {
        let mut rest = line;
        loop {
            rest = match rest {
                [before @ .., b' ' | b'\t'] => before,
                _ if !self.options.unicode => break,
                _ => match bstr::decode_last_utf8(rest) {
                    (Some(c), size) if is_space(c) => &rest[..rest.len() - size],
                    _ => break,
                },
            };
        }
        line.len() - rest.len()
    }
}

/// Unicode's separators of words. Line separators and form feeds have a meaning of their own.
fn is_space(c: char) -> bool {
    matches!(
        c,
        '\u{a0}' | '\u{1680}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}'
    )
}

fn message(is_blank_line: bool, blanks: &[u8]) -> String {
    let count = String::from_utf8_lossy(blanks).chars().count();
    let all = |wanted: u8| blanks.iter().all(|byte| *byte == wanted);
    let kind = if all(b' ') {
        "space"
    } else if all(b'\t') {
        "tab"
    } else {
        "blank"
    };
    let plural = if count == 1 { "" } else { "s" };
    let what = if is_blank_line {
        "line holds nothing but"
    } else {
        "line ends in"
    };
    format!("{what} {count} {kind}{plural}")
}

#[cfg(test)]
mod tests {
    use super::super::trial;
    use super::*;
    use crate::finding::Draft;
    use proptest::prelude::*;

    fn drafts(options: &str, name: &str, bytes: &[u8]) -> Vec<Draft> {
        trial::content(trial::check(&RULE, options).unwrap().as_ref(), name, bytes)
    }

    #[test]
    fn messages_count_characters() {
        let say = |text: &str| {
            drafts("unicode: true", "a", text.as_bytes())[0]
                .message
                .clone()
        };
        assert_eq!(say("a \n"), "line ends in 1 space");
        assert_eq!(say("a\t\t\n"), "line ends in 2 tabs");
        assert_eq!(say("a \t\n"), "line ends in 2 blanks");
        assert_eq!(say("a \u{3000}"), "line ends in 2 blanks");
        assert_eq!(say("   \r\n"), "line holds nothing but 3 spaces");
    }

    #[test]
    fn a_file_of_violations_is_cut_off_with_a_count() {
        let drafts = drafts("max_findings: 2", "a", &b" \n".repeat(10));
        assert_eq!(drafts.len(), 3);
        assert!(drafts[2].message.starts_with("8 more "));
    }

    #[test]
    fn no_limit_of_zero() {
        assert_eq!(trial::mistakes(&RULE, "max_findings: 0").len(), 1);
    }

    fn naive(text: &str, unicode: bool) -> Vec<(usize, usize)> {
        let mut start = 0;
        let mut ranges = Vec::new();
        for line in text.split('\n') {
            let bare = line.strip_suffix('\r').unwrap_or(line);
            let kept = bare.trim_end_matches(|c: char| {
                matches!(c, ' ' | '\t') || unicode && "\u{a0}\u{2003}\u{3000}".contains(c)
            });
            if kept.len() < bare.len() {
                ranges.push((start + kept.len(), start + bare.len()));
            }
            start += line.len() + 1;
        }
        ranges
    }

    proptest! {
        #[test]
        fn agrees_with_trimming_each_line(text in "[a \t\r\n\u{a0}\u{2003}\u{3000}\u{c}]{0,20}", unicode: bool) {
            let drafts = drafts(&format!("unicode: {unicode}"), "a.txt", text.as_bytes());
            prop_assert_eq!(trial::ranges(&drafts), naive(&text, unicode));
        }

        #[test]
        fn bytes_that_are_no_text_do_no_harm(bytes in proptest::collection::vec(any::<u8>(), 0..60), unicode: bool) {
            drafts(&format!("unicode: {unicode}"), "a.md", &bytes);
        }
    }
}
