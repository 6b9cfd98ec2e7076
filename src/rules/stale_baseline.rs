//! `stale-baseline`: the baseline lists violations that are gone. Found by the engine itself.

use super::check::{Check, Example, ExampleFile, ExampleKind, Level, Rule};
use super::options::build;
use crate::finding::Severity;
use schemars::JsonSchema;
use serde::Deserialize;

pub(super) static RULE: Rule = Rule {
    id: "stale-baseline",
    summary: "the baseline lists violations that are gone",
    why: "An entry that outlived its violation accepts the next one of the same kind in the same place.",
    fix: "Run `factory-gate baseline DATABASE --output FILE` with the record of a run: it takes the entries out.",
    severity: Severity::Note,
    levels: &[Level::Engine],
    needs_paths: false,
    schema: |generator| generator.subschema_for::<StaleBaseline>(),
    build: build::<StaleBaseline>,
    examples: &[Example {
        title: "No baseline, nothing stale",
        options: "",
        files: &[ExampleFile {
            path: "run.sh",
            is: ExampleKind::Text("echo ok\n"),
        }],
        violations: &[],
    }],
};

/// Options of `stale-baseline`.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct StaleBaseline {}

impl Check for StaleBaseline {}
