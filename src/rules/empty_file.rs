//! `empty-file`: files without a single byte.

use super::check::{Check, Example, ExampleFile, ExampleKind, Level, OptionError, Rule};
use super::options::build;
use crate::finding::{Found, Severity};
use crate::walk::{Entry, Kind};
use schemars::JsonSchema;
use serde::Deserialize;

pub(super) static RULE: Rule = Rule {
    id: "empty-file",
    summary: "a file is empty",
    why: "An empty file is mostly what is left of a failed download, a full disk or a forgotten `touch`, \
          and it passes every check that looks at contents.",
    fix: "Write what belongs into it, or remove it. If its mere existence means something, add its name to `allow`.",
    severity: Severity::Warning,
    levels: &[Level::Entry],
    needs_paths: false,
    schema: |generator| generator.subschema_for::<EmptyFile>(),
    build: build::<EmptyFile>,
    examples: &[
        Example {
            title: "A marker file whose existence is its meaning",
            options: "",
            files: &[
                ExampleFile {
                    path: "logs/.gitkeep",
                    is: ExampleKind::Text(""),
                },
                ExampleFile {
                    path: "app/__init__.py",
                    is: ExampleKind::Text(""),
                },
            ],
            violations: &[],
        },
        Example {
            title: "A name of one's own may be empty too",
            options: "allow: [READY]",
            files: &[ExampleFile {
                path: "state/READY",
                is: ExampleKind::Text(""),
            }],
            violations: &[],
        },
        Example {
            title: "One line end is content",
            options: "",
            files: &[ExampleFile {
                path: "notes.txt",
                is: ExampleKind::Text("\n"),
            }],
            violations: &[],
        },
        Example {
            title: "A file with nothing in it",
            options: "",
            files: &[ExampleFile {
                path: "src/main.c",
                is: ExampleKind::Text(""),
            }],
            violations: &["src/main.c"],
        },
        Example {
            title: "A list of one's own takes the place of the usual names",
            options: "allow: [READY]",
            files: &[ExampleFile {
                path: "logs/.gitkeep",
                is: ExampleKind::Text(""),
            }],
            violations: &["logs/.gitkeep"],
        },
    ],
};

/// Options of `empty-file`.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct EmptyFile {
    /// File names (without directories) that may be empty. A list of your own takes the place of the usual one.
    allow: Vec<String>,
}

impl Default for EmptyFile {
    fn default() -> Self {
        let allow = [
            // They keep a directory in git, or say something to git.
            ".gitkeep",
            ".keep",
            ".placeholder",
            ".gitignore",
            // They mark a directory for a tool.
            ".nojekyll",
            ".nomedia",
            ".npmignore",
            ".projectile",
            "BUILD",
            "BUILD.bazel",
            "MODULE.bazel",
            "WORKSPACE",
            "yarn.lock",
            // They mark a Python package.
            "__init__.py",
            "__init__.pyi",
            "conftest.py",
            "py.typed",
        ];
        Self {
            allow: allow.map(str::to_owned).to_vec(),
        }
    }
}

impl Check for EmptyFile {
    fn entry(&self, entry: Entry<'_>, found: &mut Found) {
        if entry.kind() != Kind::File || entry.size() != 0 {
            return;
        }
        let name = entry.name();
        if !self.allow.iter().any(|allowed| name == allowed.as_bytes()) {
            found.whole("file is empty (0 bytes)");
        }
    }

    fn validate(&self) -> Vec<OptionError> {
        let wrong = |name: &&String| name.is_empty() || name.contains('/');
        self.allow
            .iter()
            .filter(wrong)
            .map(|name| {
                OptionError::new(
                    "allow",
                    format!("`{name}` is no file name: expected a name without `/`; for paths there is `exclude`"),
                )
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::trial;
    use super::*;

    #[test]
    fn names_are_not_paths() {
        assert_eq!(
            trial::mistakes(&RULE, "allow: [a/b, '', c]").len(),
            2,
            "a path and an empty name"
        );
    }
}
