//! `slow-pattern`: a pattern of the policy for which every byte has to be tried. Found by the engine itself.

use super::check::{Check, Example, ExampleFile, ExampleKind, Level, Rule};
use super::options::build;
use crate::finding::Severity;
use schemars::JsonSchema;
use serde::Deserialize;

pub(super) static RULE: Rule = Rule {
    id: "slow-pattern",
    summary: "a pattern of the policy for which every byte has to be tried",
    why: "The patterns of all rules are looked for in one pass, by a text of at least three characters that each match has to \
          contain. A pattern without one (`[0-9a-f]{32}`) is tried at every byte of every file, and is alone as slow as all \
          the others together.",
    fix: "Give the pattern something that is always there (`token=[0-9a-f]{32}`), or the rule `paths` with few files.",
    severity: Severity::Note,
    levels: &[Level::Engine],
    needs_paths: false,
    schema: |generator| generator.subschema_for::<SlowPattern>(),
    build: build::<SlowPattern>,
    examples: &[Example {
        title: "No pattern, none slow",
        options: "",
        files: &[ExampleFile {
            path: "run.sh",
            is: ExampleKind::Text("echo ok\n"),
        }],
        violations: &[],
    }],
};

/// Options of `slow-pattern`.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct SlowPattern {}

impl Check for SlowPattern {}
