//! `indentation`: tabs or spaces, and how many.

use super::check::{Check, Content, Example, ExampleFile, ExampleKind, Level, Rule};
use super::comment_style::{self, CommentStyle};
use super::edits::Edits;
use super::extensions::Extensions;
use super::indents::{Line, Lines};
use super::listing::{DEFAULT_MAX_FINDINGS, Listing};
use super::options::build;
use super::reindent::Reindent;
use super::text_rules::followed;
use crate::editorconfig::{IndentStyle, Properties};
use crate::finding::{Found, Safety, Severity};
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
    fix: "Indent the lines as the others are; nearly every editor converts indentation. `--apply=fix` does if `size` or `.editorconfig` \
          tells how wide a tab is: by itself only where it is sure that the blanks mean nothing (C, Java, JavaScript, Go, CSS and JSON \
          without strings over lines), elsewhere if unsafe fixes are allowed.",
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
        title: "A tab for which the size says how many spaces it stands for",
        options: "{ style: spaces, size: 4 }",
        files: &[ExampleFile {
            path: "a.c",
            is: ExampleKind::Text("{\n\tx;\n    y;\n}\n"),
        }],
        violations: &["a.c:2:1"],
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
        let size = settings.indent_size.or(self.size);
        let tab = settings.tab_width.or(size);
        let by = Reindent::new((name, file.bytes), language, tab).map(|by| (by, size));
        let text = (file.bytes, language);
        let mut listing = Listing::new(found, self.max_findings);
        match style {
            // A recipe is indented by a tab, what else there is as one likes.
            _ if is_makefile => {}
            Style::Consistent if language.is_none() => {}
            Style::Consistent => consistent(text, by.as_ref(), &mut listing),
            Style::Tabs => self.tabs(text, by.as_ref(), &mut listing),
            Style::Spaces => spaces(text, by.as_ref(), &mut listing),
        }
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

    fn tabs(&self, (bytes, language): Text<'_>, by: Option<&By<'_>>, out: &mut Listing<'_>) {
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
            } else if !self.allow_alignment && holds(line.indent, b"\t ") && !line.is_star() {
                out.add(line.place(), || {
                    "spaces after tabs in the indentation".into()
                });
            } else {
                continue;
            }
            if let Some((by, _)) = by
                && let Some(edit) = by.by_tabs(&line)
            {
                out.fix(bytes, by.safety(&line), || edit);
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
        && !line.is_star()
        && !line.indent.contains(&b'\t')
}

fn spaces((bytes, language): Text<'_>, by: Option<&By<'_>>, out: &mut Listing<'_>) {
    if !bytes.starts_with(b"\t") && !holds(bytes, b"\n\t") && !holds(bytes, b" \t") {
        return;
    }
    let by = by.filter(|by| keeps_steps(by));
    for line in Lines::new(bytes, language) {
        if line.indent.contains(&b'\t') {
            out.add(line.place(), || {
                format!("indented by {}, expected spaces", count(line.indent))
            });
            if let Some((by, _)) = by {
                out.fix(bytes, by.safety(&line), || by.by_spaces(&line));
            }
        }
    }
}

/// A text, and how its comments look.
type Text<'t> = (&'t [u8], Option<&'static CommentStyle>);

/// What its lines can be converted by, and what a block is to be indented by.
type By<'t> = (Reindent<'t>, Option<NonZeroU32>);

/// Whether no block would be indented in a way that is the next violation.
fn keeps_steps((by, size): &By<'_>) -> bool {
    size.is_none_or(|size| !by.makes_odd_steps(size.get() as usize))
}

/// One finding for a file that mixes.
fn consistent((bytes, language): Text<'_>, by: Option<&By<'_>>, out: &mut Listing<'_>) {
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
    let to_tabs = spaces <= tabs;
    let (fewer, name) = if to_tabs {
        (first_space, "spaces")
    } else {
        (first_tab, "a tab")
    };
    out.add(fewer, || {
        format!(
            "indentation is mixed, {tabs} by tabs and {spaces} by spaces; the first line by {name} is here"
        )
    });
    if let Some(by) = by {
        unify((bytes, language), by, to_tabs, out);
    }
}

/// Has the finding that was added last fixed, if each of the fewer lines can be converted.
fn unify((bytes, language): Text<'_>, by: &By<'_>, to_tabs: bool, out: &mut Listing<'_>) {
    let mut edits = Edits::default();
    let mut safety = Safety::Safe;
    for line in Lines::new(bytes, language) {
        let edit = if to_tabs && is_by_spaces(&line) && !line.continues {
            by.0.by_tabs(&line)
        } else if !to_tabs && line.indent.starts_with(b"\t") {
            Some(by.0.by_spaces(&line))
        } else {
            continue;
        };
        let Some(edit) = edit else { return };
        safety = safety.max(by.0.safety(&line));
        edits.replace(bytes, edit.range, &edit.text);
    }
    if to_tabs || keeps_steps(by) {
        out.fix_all(safety, || edits.finish());
    }
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
        let Some(opener) = opener.filter(|it| it.begins(&line)) else {
            continue;
        };
        let is_plain = !line.indent.contains(&b'\t') && !opener.indent.contains(&b'\t');
        let step = line.indent.len().saturating_sub(opener.indent.len());
        if is_plain && step % size != 0 {
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
