//! `forbidden-path`: whatever the policy's patterns match must not be there.

use super::check::{Check, Example, ExampleFile, ExampleKind, Level, Rule, Scope};
use super::folders::is_at_or_below;
use super::options::build;
use crate::finding::{Found, Severity, Subject};
use crate::walk::{Entry, Kind};
use schemars::JsonSchema;
use serde::Deserialize;

pub(super) static RULE: Rule = Rule {
    id: "forbidden-path",
    summary: "a path is there that must not be there",
    why: "Backups, logs, build output and private files get committed by accident, and whoever deploys the \
          repository deploys them too.",
    fix: "Remove it from the repository (`git rm -r --cached PATH` keeps your local copy) and add it to `.gitignore`.",
    severity: Severity::Error,
    levels: &[Level::Tree],
    needs_paths: true,
    schema: |generator| generator.subschema_for::<ForbiddenPath>(),
    build: build::<ForbiddenPath>,
    examples: EXAMPLES,
};

const EXAMPLES: &[Example] = &[
    Example {
        title: "Nothing matches",
        options: "paths: ['**/*.bak', '**/*_backup_*']",
        files: &[text("src/a.c"), text("src/bak.c")],
        violations: &[],
    },
    Example {
        title: "A backup, and one that is excluded",
        options: "{ paths: ['**/*.bak'], exclude: ['fixtures/**'] }",
        files: &[text("a.c.bak"), text("fixtures/b.bak"), text("src/c.c.bak")],
        violations: &["a.c.bak", "src/c.c.bak"],
    },
    Example {
        title: "A forbidden directory is reported once, not with each file in it",
        options: "paths: ['**/node_modules/']",
        files: &[
            text("web/node_modules/a/index.js"),
            text("web/node_modules/a/node_modules/b/index.js"),
            text("web/index.js"),
        ],
        violations: &["web/node_modules"],
    },
    Example {
        title: "The content is forbidden, the directory is not: one file in it may stay",
        options: "{ paths: ['tmp/**'], exclude: ['tmp/.gitkeep'] }",
        files: &[text("tmp/.gitkeep"), text("tmp/a.o"), text("tmp/sub/b.o")],
        violations: &["tmp/a.o", "tmp/sub"],
    },
    Example {
        title: "Only directories of that name",
        options: "{ paths: ['**/build'], kind: directory }",
        files: &[text("build"), text("lib/build/out.o")],
        violations: &["lib/build"],
    },
    Example {
        title: "A script called `build` is fine where only directories are forbidden",
        options: "{ paths: ['**/build'], kind: directory }",
        files: &[text("build"), text("src/main.c")],
        violations: &[],
    },
];

const fn text(path: &'static str) -> ExampleFile {
    ExampleFile {
        path,
        is: ExampleKind::Text("text\n"),
    }
}

/// Options of `forbidden-path`: the rule's `paths` say what is forbidden. A directory among them is forbidden with everything
/// in it; to allow a part of it, forbid what is in it (`tmp/**`) instead of the directory (`tmp/`).
#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct ForbiddenPath {
    /// What is forbidden of all that `paths` matches.
    kind: Forbidden,
}

#[derive(Clone, Copy, Default, PartialEq, Eq, Deserialize, serde::Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Forbidden {
    /// Files, links and directories.
    #[default]
    Any,
    /// Files, symbolic links and special files; directories may stay.
    File,
    /// Directories and nested repositories, with everything in them.
    Directory,
}

impl ForbiddenPath {
    fn means(&self, entry: Entry<'_>) -> bool {
        match self.kind {
            Forbidden::Any => true,
            Forbidden::File => !is_directory(entry),
            Forbidden::Directory => is_directory(entry),
        }
    }
}

fn is_directory(entry: Entry<'_>) -> bool {
    matches!(entry.kind(), Kind::Directory | Kind::NestedRepository)
}

impl Check for ForbiddenPath {
    fn tree(&self, scope: &Scope<'_>, found: &mut Found) {
        let mut inside: Option<&[u8]> = None;
        for entry in scope.entries().filter(|entry| self.means(*entry)) {
            let path: &[u8] = entry.path();
            if inside.is_some_and(|directory| is_at_or_below(path, directory)) {
                continue;
            }
            let (subject, message) = match entry.kind() {
                Kind::Directory | Kind::NestedRepository => {
                    inside = Some(path);
                    (
                        Subject::Directory,
                        "the policy forbids this directory and everything in it",
                    )
                }
                Kind::Symlink => (
                    Subject::File,
                    "the policy forbids a symbolic link at this path",
                ),
                Kind::File | Kind::Special => {
                    (Subject::File, "the policy forbids a file at this path")
                }
            };
            found.on(path, subject, message);
        }
    }
}
