//! `expired-suppression`: a suppression's last day has passed. Found by the engine itself.

use super::check::{Check, Example, ExampleFile, ExampleKind, Level, Rule};
use super::options::build;
use crate::finding::Severity;
use schemars::JsonSchema;
use serde::Deserialize;

pub(super) static RULE: Rule = Rule {
    id: "expired-suppression",
    summary: "a suppression's last day has passed",
    why: "An expiry is a promise to look again. After it, the suppression covers nothing, and this says so.",
    fix: "Fix the violation, or renew the date with a fresh reason.",
    severity: Severity::Error,
    levels: &[Level::Engine, Level::Content],
    needs_paths: false,
    schema: |generator| generator.subschema_for::<ExpiredSuppression>(),
    build: build::<ExpiredSuppression>,
    examples: &[
        Example {
            title: "The last day was in 2020",
            options: "",
            files: &[ExampleFile {
                path: "run.sh",
                is: ExampleKind::Text(
                    "# factory-gate: allow(path-length) until the move expires=2020-01-31\necho ok\n",
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

/// Options of `expired-suppression`.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct ExpiredSuppression {}

impl Check for ExpiredSuppression {}
