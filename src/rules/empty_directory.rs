//! `empty-directory`: directories that hold no file, which git cannot keep.

use super::check::{Check, Example, ExampleFile, ExampleKind, Level, Rule, Scope};
use super::folders::is_at_or_below;
use super::name_set::NameSet;
use super::options::build;
use crate::finding::{Found, Severity, Subject};
use crate::walk::{Entry, EntryId, Kind, Tree};
use schemars::JsonSchema;
use serde::Deserialize;

pub(super) static RULE: Rule = Rule {
    id: "empty-directory",
    summary: "a directory holds no file",
    why: "Git keeps files, not directories: an empty directory is there for you and missing for everyone who \
          clones, so a build that needs it works on one machine only.",
    fix: "Remove it, or put a file into it (by custom `.gitkeep`) if something needs it.",
    severity: Severity::Warning,
    levels: &[Level::Tree],
    needs_paths: false,
    schema: |generator| generator.subschema_for::<EmptyDirectory>(),
    build: build::<EmptyDirectory>,
    examples: EXAMPLES,
};

const EXAMPLES: &[Example] = &[
    Example {
        title: "A directory with a file, and one that a placeholder keeps",
        options: "",
        files: &[text("src/main.c"), text("logs/.gitkeep")],
        violations: &[],
    },
    Example {
        title: "Nothing in it",
        options: "",
        files: &[text("src/main.c"), directory("logs/")],
        violations: &["logs"],
    },
    Example {
        title: "Only directories in it: the topmost is reported",
        options: "",
        files: &[
            text("src/main.c"),
            directory("src/gen/a/b/"),
            directory("src/gen/c/"),
        ],
        violations: &["src/gen"],
    },
    Example {
        title: "Where placeholders do not count, the directory is as good as empty",
        options: "allow_placeholders: false",
        files: &[text("logs/.gitkeep"), text("src/main.c")],
        violations: &["logs"],
    },
    Example {
        title: "A link is content",
        options: "",
        files: &[ExampleFile {
            path: "current/release",
            is: ExampleKind::Link("../releases/7"),
        }],
        violations: &[],
    },
];

const fn text(path: &'static str) -> ExampleFile {
    ExampleFile {
        path,
        is: ExampleKind::Text("text\n"),
    }
}

const fn directory(path: &'static str) -> ExampleFile {
    ExampleFile {
        path,
        is: ExampleKind::Size(0),
    }
}

/// Options of `empty-directory`.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct EmptyDirectory {
    /// Whether a directory is fine when a placeholder file is all it holds.
    allow_placeholders: bool,
    /// Names of files that are there only to make git keep their directory.
    placeholders: NameSet,
}

impl Default for EmptyDirectory {
    fn default() -> Self {
        Self {
            allow_placeholders: true,
            placeholders: NameSet::of(&[".gitkeep", ".keep", ".empty", ".placeholder"]),
        }
    }
}

impl EmptyDirectory {
    fn is_content(&self, entry: Entry<'_>) -> bool {
        let placeholder = !self.allow_placeholders && self.placeholders.contains(entry.name());
        !is_plain_directory(entry) && !placeholder
    }

    /// For each entry the first one behind it that is content; one pass from the end, so that deeply nested
    /// directories are not searched once for each directory above them.
    fn next_content(&self, tree: &Tree) -> Vec<Option<EntryId>> {
        let mut next = None;
        let mut behind = vec![None; tree.len()];
        for entry in tree.entries().rev() {
            behind[entry.id().0 as usize] = next;
            if self.is_content(entry) {
                next = Some(entry.id());
            }
        }
        behind
    }
}

fn message(tree: &Tree, directory: Entry<'_>) -> &'static str {
    let (mut directories, mut placeholders) = (false, false);
    let below = tree.entries().skip(directory.id().0 as usize + 1);
    for entry in below.take_while(|entry| is_at_or_below(entry.path(), directory.path())) {
        if is_plain_directory(entry) {
            directories = true;
        } else {
            placeholders = true;
        }
    }
    match (placeholders, directories) {
        (false, false) => "the directory is empty",
        (false, true) => "the directory holds only directories that are empty, too",
        (true, false) => "the directory holds nothing but a placeholder",
        (true, true) => "the directory and those in it hold nothing but placeholders",
    }
}

/// A directory that git ignores holds somebody's build output, and one in the index is a submodule: both are content.
fn is_plain_directory(entry: Entry<'_>) -> bool {
    entry.kind() == Kind::Directory && !entry.is_ignored() && entry.tracked().is_none()
}

impl Check for EmptyDirectory {
    fn tree(&self, scope: &Scope<'_>, found: &mut Found) {
        let tree = scope.tree();
        let next_content = self.next_content(tree);
        let mut inside: Option<&[u8]> = None;
        for entry in scope.entries().filter(|entry| is_plain_directory(*entry)) {
            let path: &[u8] = entry.path();
            if inside.is_some_and(|directory| is_at_or_below(path, directory)) {
                continue;
            }
            let next = next_content[entry.id().0 as usize];
            if next.is_none_or(|id| !is_at_or_below(tree.entry(id).path(), path)) {
                inside = Some(path);
                found.on(path, Subject::Directory, message(tree, entry));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::walk::{IndexMode, Meta, TreeBuilder};
    use std::collections::HashMap;

    fn reported(paths: &[(&str, Kind, Option<IndexMode>, bool)]) -> Vec<String> {
        let mut builder = TreeBuilder::default();
        for (path, kind, tracked, ignored) in paths {
            let meta = Meta {
                kind: *kind,
                permissions: 0o755,
                size: 0,
                modified_ns: 0,
                tracked: *tracked,
                ignored: *ignored,
            };
            assert!(builder.push(path.as_bytes(), meta));
        }
        let tree = builder.finish("/w".into());
        let members = tree
            .entries()
            .filter(|entry| !entry.is_ignored())
            .map(|entry| entry.id())
            .collect();
        let mut found = Found::default();
        EmptyDirectory::default().tree(&Scope::new(&tree, members, &HashMap::new()), &mut found);
        found
            .drain()
            .map(|draft| String::from_utf8(draft.path.unwrap().into()).unwrap())
            .collect()
    }

    #[test]
    fn a_submodule_that_is_not_checked_out_is_not_empty_for_git() {
        let gitlink = Some(IndexMode::Gitlink);
        assert!(reported(&[("sub", Kind::Directory, gitlink, false)]).is_empty());
        assert_eq!(reported(&[("sub", Kind::Directory, None, false)]), ["sub"]);
    }

    #[test]
    fn ignored_content_is_content() {
        assert!(
            reported(&[
                ("out", Kind::Directory, None, false),
                ("out/cache", Kind::Directory, None, true),
            ])
            .is_empty()
        );
    }
}
