//! `malformed-suppression`: a suppression without a reason, or one that cannot be understood. Found by the engine itself.

use super::check::{Check, Example, ExampleFile, ExampleKind, Level, Rule, SuppressionTerms};
use super::options::build;
use crate::finding::Severity;
use schemars::JsonSchema;
use serde::Deserialize;

pub(super) static RULE: Rule = Rule {
    id: "malformed-suppression",
    summary: "a suppression without a reason, or one that cannot be understood",
    why: "Whoever reads the record later has to know why a violation was accepted. A suppression that says nothing covers nothing.",
    fix: "Write `factory-gate: allow(RULE) REASON`, with `owner=NAME` and `expires=YYYY-MM-DD` where the policy asks for them.",
    severity: Severity::Error,
    levels: &[Level::Engine, Level::Content],
    needs_paths: false,
    schema: |generator| generator.subschema_for::<MalformedSuppression>(),
    build: build::<MalformedSuppression>,
    examples: &[
        Example {
            title: "The reason is missing",
            options: "",
            files: &[ExampleFile {
                path: "run.sh",
                is: ExampleKind::Text("# factory-gate: allow(path-length)\necho ok\n"),
            }],
            violations: &["run.sh:1:3"],
        },
        Example {
            title: "The rule does not exist",
            options: "",
            files: &[ExampleFile {
                path: "run.sh",
                is: ExampleKind::Text("# factory-gate: allow(path-lenght) generated\necho ok\n"),
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

/// Options of `malformed-suppression`.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct MalformedSuppression {
    /// Every suppression has to name an owner.
    require_owner: bool,
    /// Every suppression has to name its last day.
    require_expiry: bool,
}

impl Check for MalformedSuppression {
    fn suppression_terms(&self) -> SuppressionTerms {
        SuppressionTerms {
            owner: self.require_owner,
            expiry: self.require_expiry,
        }
    }
}
