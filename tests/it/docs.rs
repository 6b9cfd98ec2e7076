//! Generated documents: checked against the code; written by `UPDATE_DOCS=1 cargo test`.

use std::path::Path;

fn check(path: &str, fresh: &str) {
    let place = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&place, fresh).unwrap();
    }
    let committed = std::fs::read_to_string(&place).unwrap_or_default();
    assert!(
        committed == fresh,
        "{path} is stale: run `UPDATE_DOCS=1 cargo test`"
    );
}

#[test]
fn rule_catalogue() {
    check(
        "docs/rules.md",
        &factory_gate::report::catalogue::markdown(),
    );
}

#[test]
fn policy_schema() {
    let schema = factory_gate::policy::schema();
    check(
        "docs/policy.schema.json",
        &(serde_json::to_string_pretty(&schema).unwrap() + "\n"),
    );
}
