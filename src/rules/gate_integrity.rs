//! `gate-integrity`: a change alters the gate that judges it. Found by the engine itself.

use super::check::{Check, Example, ExampleFile, ExampleKind, IntegrityTerms, Level, Rule};
use super::options::build;
use crate::finding::Severity;
use schemars::JsonSchema;
use serde::Deserialize;

pub(super) static RULE: Rule = Rule {
    id: "gate-integrity",
    summary: "a pull request alters the gate that judges it",
    why: "Whoever writes a change must not decide by the same change what it is judged by. In a pull request the policy and the \
          baseline of the target branch apply; this says what the change would make of them, of the jobs that run the gate, \
          and of `CODEOWNERS`. No suppression and no baseline covers it.",
    fix: "Take it out of the change. If it is wanted: what only gets stricter is a warning and passes; what gets weaker is for \
          somebody who may merge past a failed check, or belongs into a policy of the organisation that this one extends.",
    severity: Severity::Error,
    levels: &[Level::Engine],
    needs_paths: false,
    schema: |generator| generator.subschema_for::<GateIntegrity>(),
    build: build::<GateIntegrity>,
    examples: &[Example {
        title: "Nothing is compared outside of a pull request",
        options: "",
        files: &[ExampleFile {
            path: "run.sh",
            is: ExampleKind::Text("echo ok\n"),
        }],
        violations: &[],
    }],
};

/// Options of `gate-integrity`.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct GateIntegrity {
    /// How much it matters if the gate changes without getting weaker.
    changes: Weight,
    /// How much new suppressions in comments matter.
    new_suppressions: Weight,
}

/// How much something matters.
#[derive(Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Weight {
    /// Nothing is said.
    Off,
    /// A note.
    Note,
    /// A warning.
    Warning,
    /// An error.
    Error,
}

impl Weight {
    fn severity(self) -> Option<Severity> {
        match self {
            Self::Off => None,
            Self::Note => Some(Severity::Note),
            Self::Warning => Some(Severity::Warning),
            Self::Error => Some(Severity::Error),
        }
    }
}

impl Default for GateIntegrity {
    fn default() -> Self {
        Self {
            changes: Weight::Warning,
            new_suppressions: Weight::Note,
        }
    }
}

impl Check for GateIntegrity {
    fn integrity_terms(&self) -> Option<IntegrityTerms> {
        Some(IntegrityTerms {
            changes: self.changes.severity(),
            new_suppressions: self.new_suppressions.severity(),
        })
    }
}
