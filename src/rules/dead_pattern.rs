//! `dead-pattern`: a path pattern of the policy matches nothing. Found by the engine itself.

use super::check::{Check, Example, ExampleFile, ExampleKind, Level, Rule};
use super::options::build;
use crate::finding::Severity;
use schemars::JsonSchema;
use serde::Deserialize;

pub(super) static RULE: Rule = Rule {
    id: "dead-pattern",
    summary: "a path pattern of the policy matches nothing",
    why: "A pattern that matches nothing is a rule that checks nothing: a typing mistake, or the files have moved.",
    fix: "Correct the pattern (patterns match the whole path: `**/*.bak`, not `*.bak`), or remove it.",
    severity: Severity::Note,
    levels: &[Level::Engine],
    needs_paths: false,
    schema: |generator| generator.subschema_for::<DeadPattern>(),
    build: build::<DeadPattern>,
    examples: &[Example {
        title: "No pattern, none dead",
        options: "",
        files: &[ExampleFile {
            path: "run.sh",
            is: ExampleKind::Text("echo ok\n"),
        }],
        violations: &[],
    }],
};

/// Options of `dead-pattern`.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct DeadPattern {}

impl Check for DeadPattern {}
