//! `unused-suppression`: a suppression covers nothing. Found by the engine itself.

use super::check::{Check, Example, ExampleFile, ExampleKind, Level, Rule};
use super::options::build;
use crate::finding::Severity;
use schemars::JsonSchema;
use serde::Deserialize;

pub(super) static RULE: Rule = Rule {
    id: "unused-suppression",
    summary: "a suppression covers nothing",
    why: "A suppression that outlived its violation hides the next one of the same kind.",
    fix: "Remove it, or correct the rule or the path that it names.",
    severity: Severity::Warning,
    levels: &[Level::Engine, Level::Content],
    needs_paths: false,
    schema: |generator| generator.subschema_for::<UnusedSuppression>(),
    build: build::<UnusedSuppression>,
    examples: &[
        Example {
            title: "Nothing on the line or below it is covered",
            options: "",
            files: &[ExampleFile {
                path: "run.sh",
                is: ExampleKind::Text(
                    "# factory-gate: allow(path-length) generated name\necho ok\n",
                ),
            }],
            violations: &["run.sh:1:3"],
        },
        Example {
            title: "A file without suppressions",
            options: "",
            files: &[ExampleFile {
                path: "run.sh",
                is: ExampleKind::Text("echo ok\n"),
            }],
            violations: &[],
        },
    ],
};

/// Options of `unused-suppression`.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct UnusedSuppression {}

impl Check for UnusedSuppression {}
