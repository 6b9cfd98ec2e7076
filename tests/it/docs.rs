//! Generated documents: checked against the code; written by `UPDATE_DOCS=1 cargo test --test it docs`.

use clap::CommandFactory as _;
use factory_gate::report::{catalogue, detectors, json_schema, reference};
use std::path::Path;

fn check(path: &str, fresh: &str) {
    let place = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&place, fresh).unwrap();
    }
    let committed = std::fs::read_to_string(&place).unwrap_or_default();
    assert!(
        committed == fresh,
        "{path} is stale: run `UPDATE_DOCS=1 cargo test --test it docs`"
    );
}

fn pretty(schema: &serde_json::Value) -> String {
    serde_json::to_string_pretty(schema).unwrap() + "\n"
}

#[test]
fn rule_catalogue() {
    check("docs/rules.md", &catalogue::markdown());
}

#[test]
fn detector_catalogue() {
    check("docs/detectors.md", &detectors::markdown());
}

#[test]
fn policy_schema() {
    check(
        "docs/policy.schema.json",
        &pretty(&factory_gate::policy::schema()),
    );
}

#[test]
fn policy_reference() {
    let schema = factory_gate::policy::schema();
    check("docs/policy.md", &reference::policy(&schema));
}

#[test]
fn database_reference() {
    let tables = factory_gate::store::describe().unwrap();
    check("docs/database.md", &reference::database(&tables));
}

#[test]
fn report_schema() {
    check("docs/report.schema.json", &pretty(json_schema().as_value()));
}

#[test]
fn command_line() {
    let program = factory_gate::cli::Cli::command();
    check("docs/cli.md", &reference::commands(program));
}
