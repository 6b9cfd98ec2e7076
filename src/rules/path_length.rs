//! `path-length`: paths and names that are too long for some system they will reach.

use super::check::{Check, Example, ExampleFile, ExampleKind, Level, Rule};
use super::options::build;
use crate::finding::{Found, Severity};
use crate::walk::Entry;
use bstr::ByteSlice as _;
use schemars::JsonSchema;
use serde::Deserialize;

pub(super) static RULE: Rule = Rule {
    id: "path-length",
    summary: "a path or a name is too long",
    why: "Windows refuses paths over 260 characters unless told otherwise, and a checkout adds its own prefix. \
          Archives, container layers and backup tools have limits of their own.",
    fix: "Shorten the name, or move the file up.",
    severity: Severity::Warning,
    levels: &[Level::Entry],
    needs_paths: false,
    schema: |generator| generator.subschema_for::<PathLength>(),
    build: build::<PathLength>,
    examples: &[
        Example {
            title: "A short path is fine",
            options: "max: 12",
            files: &[ExampleFile {
                path: "src/a.txt",
                is: ExampleKind::Text("a\n"),
            }],
            violations: &[],
        },
        Example {
            title: "A path over the limit",
            options: "max: 12",
            files: &[ExampleFile {
                path: "src/long/name.txt",
                is: ExampleKind::Text("a\n"),
            }],
            violations: &["src/long/name.txt"],
        },
        Example {
            title: "A name over the limit of names",
            options: "max_name: 5",
            files: &[ExampleFile {
                path: "a/bcdefg",
                is: ExampleKind::Text("a\n"),
            }],
            violations: &["a/bcdefg"],
        },
    ],
};

/// Options of `path-length`.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct PathLength {
    /// Most characters in a path, relative to the workspace.
    max: usize,
    /// Most bytes in one name; file systems stop at 255, encrypted ones at 143.
    max_name: usize,
}

impl Default for PathLength {
    fn default() -> Self {
        Self {
            max: 200,
            max_name: 143,
        }
    }
}

impl Check for PathLength {
    fn entry(&self, entry: Entry<'_>, found: &mut Found) {
        let characters = entry.path().chars().count();
        if characters > self.max {
            found.whole(format!(
                "path has {characters} characters, more than {}",
                self.max
            ));
        }
        let bytes = entry.name().len();
        if bytes > self.max_name {
            found.whole(format!(
                "name has {bytes} bytes, more than {}",
                self.max_name
            ));
        }
    }
}
