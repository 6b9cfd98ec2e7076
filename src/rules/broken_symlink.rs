//! `broken-symlink`: symbolic links that lead to nothing.

use super::check::{Check, ElsewhereChange, Example, ExampleFile, ExampleKind, Level, Rule};
use super::link::{self, MAX_LINKS, Target};
use super::options::build;
use crate::finding::{Found, Severity};
use crate::walk::{Entry, Kind};
use schemars::JsonSchema;
use serde::Deserialize;

pub(super) static RULE: Rule = Rule {
    id: "broken-symlink",
    summary: "a symbolic link leads to nothing in the workspace",
    why: "Whatever opens the link fails, often only after the deployment: a renamed target leaves no trace in the link's own history.",
    fix: "Point the link to where its target is now, or remove it.",
    severity: Severity::Error,
    levels: &[Level::Entry],
    needs_paths: false,
    schema: |generator| generator.subschema_for::<BrokenSymlink>(),
    build: build::<BrokenSymlink>,
    examples: &[
        Example {
            title: "A link to a file, and one to a directory through another link",
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
                ExampleFile {
                    path: "manual",
                    is: ExampleKind::Link("docs"),
                },
                ExampleFile {
                    path: "src/help.md",
                    is: ExampleKind::Link("../manual/guide.md"),
                },
            ],
            violations: &[],
        },
        Example {
            title: "A link out of the workspace is the matter of `escaping-symlink`",
            options: "",
            files: &[ExampleFile {
                path: "data",
                is: ExampleKind::Link("../no-such-directory"),
            }],
            violations: &[],
        },
        Example {
            title: "The target was renamed",
            options: "",
            files: &[
                ExampleFile {
                    path: "docs/handbook.md",
                    is: ExampleKind::Text("# Handbook\n"),
                },
                ExampleFile {
                    path: "README.md",
                    is: ExampleKind::Link("docs/guide.md"),
                },
            ],
            violations: &["README.md"],
        },
        Example {
            title: "A file stands where the link needs a directory",
            options: "",
            files: &[
                ExampleFile {
                    path: "config",
                    is: ExampleKind::Text("a\n"),
                },
                ExampleFile {
                    path: "settings",
                    is: ExampleKind::Link("config/settings.toml"),
                },
            ],
            violations: &["settings"],
        },
        Example {
            title: "Two links that lead to each other",
            options: "",
            files: &[
                ExampleFile {
                    path: "a",
                    is: ExampleKind::Link("b"),
                },
                ExampleFile {
                    path: "b",
                    is: ExampleKind::Link("a"),
                },
            ],
            violations: &["a", "b"],
        },
    ],
};

/// `broken-symlink` has no options of its own.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct BrokenSymlink {}

impl Check for BrokenSymlink {
    fn depends_on(&self, entry: Entry<'_>, change: ElsewhereChange) -> bool {
        entry.kind() == Kind::Symlink && change == ElsewhereChange::Paths
    }

    fn entry(&self, entry: Entry<'_>, found: &mut Found) {
        if entry.kind() != Kind::Symlink {
            return;
        }
        let text = match link::text(entry) {
            Ok(text) => text,
            Err(error) => return found.whole(format!("link cannot be read: {error}")),
        };
        match link::resolve(entry.tree(), entry.path(), &text) {
            Target::Inside(_) | Target::Outside(_) => {}
            Target::Missing(path) if path == text => {
                found.whole(format!("links to `{text}`, which does not exist"));
            }
            Target::Missing(path) => found.whole(format!(
                "links to `{text}`, which does not exist: there is no `{path}` in the workspace"
            )),
            Target::NoDirectory(path) => found.whole(format!(
                "links to `{text}`, which does not exist: `{path}` is no directory"
            )),
            Target::Endless => found.whole(format!(
                "links to `{text}`, which leads in a circle, or over more than {MAX_LINKS} links"
            )),
            Target::Unreadable(path, error) => found.whole(format!(
                "links to `{text}`, which cannot be followed: `{path}`: {error}"
            )),
        }
    }
}
