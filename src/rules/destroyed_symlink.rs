//! `destroyed-symlink`: regular files that were symbolic links once.

use super::check::{
    Check, Content, ElsewhereChange, Example, ExampleFile, ExampleKind, Level, Rule,
};
use super::link::{self, Target};
use super::options::build;
use crate::finding::{Found, Severity};
use crate::walk::{Entry, IndexMode, Kind};
use bstr::ByteSlice as _;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub(super) static RULE: Rule = Rule {
    id: "destroyed-symlink",
    summary: "a regular file holds what was a symbolic link's target",
    why: "Where symbolic links are not supported (git on Windows, some archives and upload forms), a link becomes a small \
          text file that holds the target's path. Committed like that, everybody gets a file with one line of nonsense.",
    fix: "Make it a link again: `ln -sf TARGET FILE`, then `git add FILE`. If the file is meant to hold a path, end its line.",
    severity: Severity::Warning,
    levels: &[Level::Entry, Level::Content],
    needs_paths: false,
    schema: |generator| generator.subschema_for::<DestroyedSymlink>(),
    build: build::<DestroyedSymlink>,
    examples: &[
        Example {
            title: "A link that is still one",
            options: "",
            files: &[
                ExampleFile {
                    path: "docs/guide.md",
                    is: ExampleKind::Text("# Guide\n"),
                },
                ExampleFile {
                    path: "README.md",
                    is: ExampleKind::Link("docs/guide.md"),
                },
            ],
            violations: &[],
        },
        Example {
            title: "A path that leads to nothing, a path on an ended line, and a word that happens to be a directory's name",
            options: "",
            files: &[
                ExampleFile {
                    path: "docs/guide.md",
                    is: ExampleKind::Text("# Guide\n"),
                },
                ExampleFile {
                    path: "LATEST",
                    is: ExampleKind::Text("releases/1.2"),
                },
                ExampleFile {
                    path: "manual.list",
                    is: ExampleKind::Text("docs/guide.md\n"),
                },
                ExampleFile {
                    path: "KIND",
                    is: ExampleKind::Text("docs"),
                },
            ],
            violations: &[],
        },
        Example {
            title: "The path of another file, without a line end",
            options: "",
            files: &[
                ExampleFile {
                    path: "docs/guide.md",
                    is: ExampleKind::Text("# Guide\n"),
                },
                ExampleFile {
                    path: "README",
                    is: ExampleKind::Text("docs/guide.md"),
                },
            ],
            violations: &["README:1:1"],
        },
        Example {
            title: "A bare name, where the two names are alike",
            options: "",
            files: &[
                ExampleFile {
                    path: "AGENTS.md",
                    is: ExampleKind::Text("# Agents\n"),
                },
                ExampleFile {
                    path: "CLAUDE.md",
                    is: ExampleKind::Text("AGENTS.md"),
                },
                ExampleFile {
                    path: "libx.so",
                    is: ExampleKind::Text("libx.so.1"),
                },
                ExampleFile {
                    path: "libx.so.1",
                    is: ExampleKind::Text("(the library)\n"),
                },
            ],
            violations: &["CLAUDE.md:1:1", "libx.so:1:1"],
        },
        Example {
            title: "Without guessing, only what git knows to be a link counts",
            options: "guess: never",
            files: &[
                ExampleFile {
                    path: "docs/guide.md",
                    is: ExampleKind::Text("# Guide\n"),
                },
                ExampleFile {
                    path: "README",
                    is: ExampleKind::Text("docs/guide.md"),
                },
            ],
            violations: &[],
        },
    ],
};

/// Options of `destroyed-symlink`.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct DestroyedSymlink {
    /// Which files may be taken for a destroyed link where git's index does not say so. They hold nothing but the
    /// relative path of something that exists in the workspace, without a line end.
    guess: Guess,
}

/// How far the content of a file is believed to be a link's target.
#[derive(Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Guess {
    /// Not at all: only a file that git's index has as a symbolic link counts.
    Never,
    /// If it holds a `/`: a bare word may be anything.
    Paths,
    /// If it holds a `/`, or names a file beside it with the same extension, or one of the two names begins with the other.
    #[default]
    Names,
}

impl Check for DestroyedSymlink {
    fn depends_on(&self, entry: Entry<'_>, change: ElsewhereChange) -> bool {
        let may_be = entry.kind() == Kind::File && (1..=MOST_BYTES as u64).contains(&entry.size());
        may_be && self.guess != Guess::Never && change == ElsewhereChange::Paths
    }

    fn entry(&self, entry: Entry<'_>, found: &mut Found) {
        if entry.kind() == Kind::File && entry.tracked() == Some(IndexMode::Symlink) {
            found.whole("regular file, but git tracks it as a symbolic link");
        }
    }

    fn content(&self, file: &Content<'_>, found: &mut Found) {
        let entry = file.entry;
        if self.guess == Guess::Never
            || entry.tracked() == Some(IndexMode::Symlink)
            || !may_be_a_target(file.bytes)
        {
            return;
        }
        let is_plausible = file.bytes.contains(&b'/')
            || self.guess == Guess::Names && are_alike(entry.name(), file.bytes);
        if !is_plausible {
            return;
        }
        match link::resolve(entry.tree(), entry.path(), file.bytes) {
            Target::Inside(path) if path != entry.path() && !path.is_empty() => {
                found.at(
                    0..file.bytes.len(),
                    format!(
                        "regular file that holds only the path of `{path}`: probably a symbolic link once"
                    ),
                );
            }
            _ => {}
        }
    }
}

/// Long enough for paths that people write, short enough to cost nothing.
const MOST_BYTES: usize = 1024;

/// Cheap refusals first: nearly every file ends here, at its length.
fn may_be_a_target(bytes: &[u8]) -> bool {
    (1..=MOST_BYTES).contains(&bytes.len())
        && !bytes.starts_with(b"/")
        && bytes.trim().len() == bytes.len()
        && !bytes.iter().any(u8::is_ascii_control)
        && bytes
            .split(|byte| *byte == b'/')
            .any(|name| !matches!(name, b"" | b"." | b".."))
}

/// `CLAUDE.md` and `AGENTS.md`, `LICENSE` and `LICENSE.txt`, `libx.so` and `libx.so.1`.
fn are_alike(name: &[u8], target: &[u8]) -> bool {
    let extension = |name: &[u8]| {
        name.iter()
            .rposition(|byte| *byte == b'.')
            .filter(|dot| *dot > 0)
            .map(|dot| name[dot..].to_vec())
    };
    name.starts_with(target)
        || target.starts_with(name)
        || extension(name).is_some_and(|end| extension(target) == Some(end))
}

#[cfg(test)]
mod tests {
    use super::super::trial::{self, PLAIN};
    use super::*;
    use crate::walk::Meta;

    #[test]
    fn git_knows_a_link_whatever_the_file_holds() {
        let check = trial::check(&RULE, "").unwrap();
        let linked = Meta {
            tracked: Some(IndexMode::Symlink),
            ..PLAIN
        };
        for bytes in [b"no/such/file".as_slice(), b"", b"docs/guide.md\n"] {
            let drafts = trial::content_with(check.as_ref(), "a", linked, bytes);
            assert_eq!(drafts.len(), 1, "once, not by each level");
        }
        let link = Meta {
            kind: Kind::Symlink,
            ..linked
        };
        assert!(trial::content_with(check.as_ref(), "a", link, b"").is_empty());
    }

    #[test]
    fn a_file_that_names_itself_or_only_directories_above_is_no_link() {
        let check = trial::check(&RULE, "").unwrap();
        for bytes in ["d/a", "./a", "a", "..", "../..", "./", "."] {
            assert!(
                trial::content(check.as_ref(), "d/a", bytes.as_bytes()).is_empty(),
                "{bytes}"
            );
        }
        assert_eq!(trial::content(check.as_ref(), "d/a", b"../d/a").len(), 0);
    }

    #[test]
    fn texts_that_are_no_paths_are_refused_before_anything_is_looked_up() {
        let long = "x".repeat(1025);
        for text in ["", "/abs", "a\n", " a", "a ", "a\tb", "two\nlines", &long] {
            assert!(!may_be_a_target(text.as_bytes()), "{text}");
        }
        assert!(may_be_a_target("../with space/ü".as_bytes()));
    }
}
