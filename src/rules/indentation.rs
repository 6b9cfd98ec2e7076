//! `indentation`: tabs or spaces, and how many.

use super::check::{Check, Content, Example, ExampleFile, ExampleKind, Level, Rule};
use super::comment_style::{self, CommentStyle};
use super::extensions::Extensions;
use super::indents::{Line, Lines};
use super::listing::{DEFAULT_MAX_FINDINGS, Listing};
use super::options::build;
use super::text_rules::followed;
use crate::editorconfig::{IndentStyle, Properties};
use crate::finding::{Found, Severity};
use memchr::memmem;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::num::{NonZeroU32, NonZeroUsize};
use std::ops::Range;

pub(super) static RULE: Rule = Rule {
    id: "indentation",
    summary: "lines are indented in another way than the file's or the policy's",
    why: "Tabs and spaces look alike to the one who mixed them and different to everyone else; where indentation has a \
          meaning, it changes.",
    fix: "Indent the lines as the others are; nearly every editor converts indentation.",
    severity: Severity::Warning,
    levels: &[Level::Content],
    needs_paths: false,
    schema: |generator| generator.subschema_for::<Indentation>(),
    build: build::<Indentation>,
    examples: EXAMPLES,
};

const EXAMPLES: &[Example] = &[
    Example {
        title: "Each file keeps to one; continued lines and block comments may be aligned",
        options: "",
        files: &[
            ExampleFile {
                path: "a.c",
                is: ExampleKind::Text(
                    "/*\n   a\n */\nint f(int a,\n      int b)\n{\n\treturn 0;\n}\n",
                ),
            },
            ExampleFile {
                path: "b.py",
                is: ExampleKind::Text("def f():\n    return 0\n"),
            },
        ],
        violations: &[],
    },
    Example {
        title: "One finding for a file that mixes, at the first of the fewer lines",
        options: "",
        files: &[ExampleFile {
            path: "a.js",
            is: ExampleKind::Text("f({\n  a: 1,\n\tb: 2,\n  c: 3,\n});\n"),
        }],
        violations: &["a.js:3:1"],
    },
    Example {
        title: "Spaces everywhere, but tabs where the language needs them",
        options: "style: spaces",
        files: &[
            ExampleFile {
                path: "Makefile",
                is: ExampleKind::Text("all:\n\tcc a.c\n"),
            },
            ExampleFile {
                path: "a.c",
                is: ExampleKind::Text("{\n\tx;\n    y;\n \tz;\n}\n"),
            },
        ],
        violations: &["a.c:2:1", "a.c:4:1"],
    },
    Example {
        title: "Tabs everywhere, but not in YAML",
        options: "style: tabs",
        files: &[
            ExampleFile {
                path: "a.c",
                is: ExampleKind::Text("{\n\tx;\n    y;\n}\n"),
            },
            ExampleFile {
                path: "a.yaml",
                is: ExampleKind::Text("a:\n  b: 1\n"),
            },
        ],
        violations: &["a.c:3:1"],
    },
    Example {
        title: "Blocks are indented by four",
        options: "{ style: spaces, size: 4 }",
        files: &[ExampleFile {
            path: "a.py",
            is: ExampleKind::Text("def f(a,\n      b):\n    if a:\n      return b\n"),
        }],
        violations: &["a.py:4:1"],
    },
    Example {
        title: "`.editorconfig` says which",
        options: "",
        files: &[
            ExampleFile {
                path: ".editorconfig",
                is: ExampleKind::Text("[*.js]\nindent_style = tab\n"),
            },
            ExampleFile {
                path: "a.js",
                is: ExampleKind::Text("f(() => {\n  g();\n});\n"),
            },
        ],
        violations: &["a.js:2:1"],
    },
];

/// Options of `indentation`.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Indentation {
    /// What indents lines.
    style: Style,
    /// Spaces that a block is indented by, or a multiple of it. Looked at after lines that open a block (`{` or `:`).
    size: Option<NonZeroU32>,
    /// Whether a line that goes on with the line before it may be aligned by spaces.
    allow_alignment: bool,
    /// Extensions of files that need tabs, whatever the policy's style. Makefiles, which need both, are left alone.
    tab_extensions: Extensions,
    /// Extensions of files that need spaces, whatever the policy's style.
    space_extensions: Extensions,
    /// Extensions of files that are prose or data, in which indentation follows the content.
    ignore_extensions: Extensions,
    /// Whether `indent_style` and `indent_size` of the file's `.editorconfig` hold instead.
    follow_editorconfig: bool,
    /// Most findings in one file; one more says how many there were beyond it.
    max_findings: NonZeroUsize,
}

/// What indents lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Style {
    /// Tabs or spaces, but the same in all of a file; only in languages whose comments are known.
    #[default]
    Consistent,
    /// Tabs; spaces may align after them.
    Tabs,
    /// Spaces.
    Spaces,
}

impl Default for Indentation {
    fn default() -> Self {
        Self {
            style: Style::Consistent,
            size: None,
            allow_alignment: true,
            tab_extensions: Extensions::of(&["go", "mk", "mak"]),
            space_extensions: Extensions::of(&["yaml", "yml"]),
            ignore_extensions: Extensions::of(&[
                "md", "markdown", "mdx", "rst", "adoc", "txt", "tex", "org", "patch", "diff",
                "svg", "csv", "tsv", "snap", "po", "s",
            ]),
            follow_editorconfig: true,
            max_findings: DEFAULT_MAX_FINDINGS,
        }
    }
}

impl Check for Indentation {
    fn content(&self, file: &Content<'_>, found: &mut Found) {
        let settings = followed(file, self.follow_editorconfig);
        self.report(&settings, file, found);
    }
}

impl Indentation {
    /// Adds findings for the lines that are not indented as the settings say, or else the options.
    pub(super) fn report(&self, settings: &Properties, file: &Content<'_>, found: &mut Found) {
        let name = file.entry.name();
        if self.ignore_extensions.cover(name) {
            return;
        }
        let style = match settings.indent_style {
            Some(IndentStyle::Tab) => Style::Tabs,
            Some(IndentStyle::Space) => Style::Spaces,
            None => self.style_of(name),
        };
        let is_makefile = is_makefile(name);
        let language = comment_style::of(name);
        let mut listing = Listing::new(found, self.max_findings);
        match style {
            // A recipe is indented by a tab, what else there is as one likes.
            _ if is_makefile => {}
            Style::Consistent if language.is_none() => {}
            Style::Consistent => consistent(file.bytes, language, &mut listing),
            Style::Tabs => self.tabs(file.bytes, language, &mut listing),
            Style::Spaces => spaces(file.bytes, language, &mut listing),
        }
        let size = settings.indent_size.or(self.size);
        if let (Some(size), Style::Spaces | Style::Consistent, Some(_)) = (size, style, language) {
            steps(file.bytes, size.get(), language, &mut listing);
        }
        listing.finish();
    }

    fn style_of(&self, name: &[u8]) -> Style {
        match self.style {
            Style::Spaces if self.tab_extensions.cover(name) => Style::Consistent,
            Style::Tabs if self.space_extensions.cover(name) => Style::Spaces,
            style => style,
        }
    }

    fn tabs(&self, bytes: &[u8], language: Option<&'static CommentStyle>, out: &mut Listing<'_>) {
        if !bytes.starts_with(b" ") && !holds(bytes, b"\n ") && !holds(bytes, b"\t ") {
            return;
        }
        for line in Lines::new(bytes, language) {
            let may_align =
                self.allow_alignment && (line.continues || line.indent.starts_with(b"\t"));
            if is_by_spaces(&line) && !may_align {
                out.add(line.place(), || {
                    format!("indented by {}, expected tabs", count(line.indent))
                });
            } else if holds(line.indent, b" \t") {
                out.add(line.place(), || {
                    "a tab after a space in the indentation".into()
                });
            } else if !self.allow_alignment && holds(line.indent, b"\t ") && !is_star(&line) {
                out.add(line.place(), || {
                    "spaces after tabs in the indentation".into()
                });
            }
        }
    }
}

fn is_makefile(name: &[u8]) -> bool {
    let is_named =
        |start: &[u8]| name.len() >= start.len() && name[..start.len()].eq_ignore_ascii_case(start);
    is_named(b"makefile")
        || is_named(b"gnumakefile")
        || is_named(b"kbuild")
        || name.ends_with(b".mk")
}

fn holds(bytes: &[u8], text: &[u8]) -> bool {
    memmem::find(bytes, text).is_some()
}

/// Whether spaces alone indent the line: not one, which is a label or a star, and not before a star.
fn is_by_spaces(line: &Line<'_>) -> bool {
    line.indent.len() > 1
        && line.indent[0] == b' '
        && !is_star(line)
        && !line.indent.contains(&b'\t')
}

/// Whether the line looks like one of a block comment.
fn is_star(line: &Line<'_>) -> bool {
    line.text.starts_with(b"*")
}

fn spaces(bytes: &[u8], language: Option<&'static CommentStyle>, out: &mut Listing<'_>) {
    if !bytes.starts_with(b"\t") && !holds(bytes, b"\n\t") && !holds(bytes, b" \t") {
        return;
    }
    for line in Lines::new(bytes, language) {
        if line.indent.contains(&b'\t') {
            out.add(line.place(), || {
                format!("indented by {}, expected spaces", count(line.indent))
            });
        }
    }
}

/// One finding for a file that mixes.
fn consistent(bytes: &[u8], language: Option<&'static CommentStyle>, out: &mut Listing<'_>) {
    let has_tabs = bytes.starts_with(b"\t") || holds(bytes, b"\n\t");
    let has_spaces = bytes.starts_with(b"  ") || holds(bytes, b"\n  ");
    if !has_tabs || !has_spaces {
        return;
    }
    let mut tabs = Seen::default();
    let mut spaces = Seen::default();
    let mut aligned = 0;
    for line in Lines::new(bytes, language) {
        if line.indent.starts_with(b"\t") {
            tabs.add(&line);
        } else if is_by_spaces(&line) && line.continues {
            aligned += 1;
        } else if is_by_spaces(&line) {
            spaces.add(&line);
        }
    }
    let (Some(first_tab), Some(first_space)) = (tabs.first, spaces.first) else {
        return;
    };
    let (tabs, spaces) = (tabs.count, spaces.count + aligned);
    // A tie goes to tabs: a line of spaces may still be an alignment that looks like none.
    let (fewer, name) = if spaces <= tabs {
        (first_space, "spaces")
    } else {
        (first_tab, "a tab")
    };
    out.add(fewer, || {
        format!(
            "indentation is mixed, {tabs} by tabs and {spaces} by spaces; the first line by {name} is here"
        )
    });
}

#[derive(Default)]
struct Seen {
    count: usize,
    first: Option<Range<usize>>,
}

impl Seen {
    fn add(&mut self, line: &Line<'_>) {
        self.count += 1;
        self.first.get_or_insert_with(|| line.place());
    }
}

/// Looks at each line after one that opens a block: it may not be indented further by anything but a multiple of the size.
fn steps(bytes: &[u8], size: u32, language: Option<&'static CommentStyle>, out: &mut Listing<'_>) {
    let size = size as usize;
    let mut before: Option<Line<'_>> = None;
    for line in Lines::new(bytes, language) {
        let opener = before.replace(line);
        let Some(opener) = opener.filter(|it| it.opens_block() && !it.continues) else {
            continue;
        };
        let is_plain = !line.indent.contains(&b'\t') && !opener.indent.contains(&b'\t');
        let is_item =
            opener.text.starts_with(b"- ") || is_star(&line) || line.text.starts_with(b"- ");
        let step = line.indent.len().saturating_sub(opener.indent.len());
        if is_plain && !is_item && step % size != 0 {
            out.add(line.place(), || {
                let plural = if step == 1 { "" } else { "s" };
                format!("block is indented by {step} space{plural}, expected {size}")
            });
        }
    }
}

fn count(indent: &[u8]) -> String {
    let tabs = memchr::memchr_iter(b'\t', indent).count();
    let spaces = indent.len() - tabs;
    let plural = |count: usize| if count == 1 { "" } else { "s" };
    let tab_text = format!("{tabs} tab{}", plural(tabs));
    let space_text = format!("{spaces} space{}", plural(spaces));
    match (tabs, spaces) {
        (_, 0) => tab_text,
        (0, _) => space_text,
        _ => format!("{tab_text} and {space_text}"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::trial;
    use super::*;

    fn messages(options: &str, name: &str, text: &str) -> Vec<String> {
        let check = trial::check(&RULE, options).unwrap();
        let drafts = trial::content(check.as_ref(), name, text.as_bytes());
        drafts.into_iter().map(|draft| draft.message).collect()
    }

    #[test]
    fn messages_say_what_there_is() {
        assert_eq!(
            messages("style: tabs", "a.c", "{\n  x;\n}\n"),
            ["indented by 2 spaces, expected tabs"]
        );
        assert_eq!(
            messages("style: spaces", "a.c", "\t  x;\n"),
            ["indented by 1 tab and 2 spaces, expected spaces"]
        );
        assert_eq!(
            messages("", "a.py", "if x:\n\ty\nif z:\n    a\n    b\n"),
            ["indentation is mixed, 1 by tabs and 2 by spaces; the first line by a tab is here"]
        );
        assert_eq!(
            messages("{ size: 4 }", "a.c", "{\n   x;\n}\n"),
            ["block is indented by 3 spaces, expected 4"]
        );
    }

    #[test]
    fn what_only_looks_mixed_is_fine() {
        for (name, fine) in [
            ("a.c", "\tif (a &&\n\t    b)\n\t\tx;\n"),
            (
                "a.c",
                "int f(int a,\n      int b,\n      int c)\n{\n\tx;\n}\n",
            ),
            ("a.c", "/**\n  * a\n  * b\n  */\nvoid f()\n{\n\tx;\n}\n"),
            ("a.c", "#define A \\\n    f(); \\\n    g();\n\tx;\n"),
            ("a.c", "{\n\tx;\n out:\n\ty;\n}\n"),
            (
                "a.py",
                "def f():\n    \"\"\"a\n\tb\n    \"\"\"\n    return 1\n",
            ),
            ("a.js", "f(() => {\n\tx(`\n    a\n`);\n});\n"),
            ("a.sh", "if x; then\n\tcat <<-EOF\n  a\n\tEOF\nfi\n"),
            ("a.sh", "x() {\n\trm foo/*\n\tbar\n}\n"),
            ("a.txt", "\ta\n  b\n"),
            ("Makefile", "all:\n\tcc\nifdef X\n  Y = 1\nendif\n"),
        ] {
            assert_eq!(messages("", name, fine), [""; 0], "{name}: {fine}");
        }
    }

    #[test]
    fn a_block_may_be_aligned_in_the_ways_of_its_language() {
        for (name, fine) in [
            ("a.c", "if (a &&\n    b) {\n    x;\n}\n"),
            ("a.c", "switch (a) {\ncase 1:\n    x;\n}\n"),
            ("a.yaml", "a:\n- b: 1\n  c:\n    - d\n"),
            ("a.py", "if (a and\n       b):\n    x\n"),
        ] {
            assert_eq!(
                messages("{ style: spaces, size: 4 }", name, fine),
                [""; 0],
                "{name}: {fine}"
            );
        }
    }

    #[test]
    fn alignment_can_be_forbidden() {
        let options = "{ style: tabs, allow_alignment: false }";
        assert_eq!(messages(options, "a.c", "f(a,\n  b);\n").len(), 1);
        assert_eq!(messages(options, "a.c", "\tf(a,\n\t  b);\n").len(), 1);
        assert_eq!(messages("style: tabs", "a.c", "\tf();\n \tg();\n").len(), 1);
    }
}
