//! The wiring of the gate, looked at from the command line.

use crate::world::World;

const WORKFLOW: &str = "\
on:
  pull_request:
    paths: [src/**]
  merge_group:
jobs:
  gate:
    runs-on: ubuntu-24.04
    timeout-minutes: 20
    continue-on-error: true
    permissions: { contents: read }
    steps:
      - uses: actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1
        with: { persist-credentials: false, fetch-depth: 2 }
      - uses: factory-gate/factory-gate@v1
";

#[test]
fn what_keeps_the_gate_from_being_one_is_said_with_what_to_change() {
    let world = World::new()
        .file(".github/workflows/gate.yml", WORKFLOW)
        .file("CODEOWNERS", "* @platform\n")
        .policy("version: 1\n");
    let answer = world.gate(["doctor", "work"]);
    assert_eq!(answer.status, 1);
    insta::assert_snapshot!(answer.stdout, @"
    .github/workflows/gate.yml
      wrong  3: `paths`: for a pull request that touches none of these, a required check stays pending for ever  trigger-filter
             change: take the filter away; what is to be looked at is the policy's `exclude` to say
      wrong  9: `continue-on-error`: the job counts as passed whatever the gate says  exit-code
             change: take it away; `gate: { fail_on: never }` in the policy makes a gate that only reports
      wrong  14: `factory-gate/factory-gate@v1` is a tag or a branch, which can be moved: what decides on merges can change unseen  pin
             change: name the action by the full id of a commit that you reviewed, with the version as a comment

    The gate runs at .github/workflows/gate.yml:14; the check to require is gate (github)
    3 things to change
    What no file says: whether the check is required, also for administrators and in merge queues.
    ");
    let fixed = WORKFLOW
        .replace("    paths: [src/**]\n", "")
        .replace("    continue-on-error: true\n", "")
        .replace("@v1", "@3d3c42e5aac5ba805825da76410c181273ba90b1");
    let world = world.file(".github/workflows/gate.yml", fixed);
    let answer = world.gate(["doctor", "work"]);
    assert_eq!(answer.status, 0, "{answer:?}");
}

#[test]
fn what_cannot_be_read_leaves_it_open() {
    let world = World::new().file(".github/workflows/gate.yml", "on: [\n");
    let answer = world.gate(["doctor", "work"]);
    assert_eq!(answer.status, 3, "{answer:?}");
    let world = World::new().link(".github/workflows/gate.yml", "/etc/passwd");
    let answer = world.gate(["doctor", "work"]);
    assert_eq!(answer.status, 3, "{answer:?}");
    assert!(!answer.stdout.contains("root:"), "{answer:?}");
}

#[test]
fn hostile_names_do_nothing_to_the_log_and_json_is_json() {
    let name = "::error::x\u{1b}[31m##[group]";
    let text = WORKFLOW.replace(
        "  gate:\n",
        &format!("  gate:\n    name: {}\n", serde_json::json!(name)),
    );
    let world = World::new().file(b".github/workflows/\n::error::a.yml", text);
    let answer = world.gate(["doctor", "work"]);
    assert_eq!(answer.status, 1, "{answer:?}");
    assert!(!answer.stdout.contains('\u{1b}'), "{answer:?}");
    for line in answer.stdout.lines() {
        assert!(
            !line.trim_start().starts_with("::") && !line.contains("##["),
            "{line}"
        );
    }
    let answer = world.gate(["doctor", "work", "--format", "json"]);
    let document: serde_json::Value = serde_json::from_str(&answer.stdout).unwrap();
    assert_eq!(document["format"], "factory-gate-doctor/1");
    assert_eq!(document["gates"][0]["check_name"], name);
}

#[test]
fn a_place_that_is_not_there_is_a_mistake() {
    assert_eq!(World::new().gate(["doctor", "absent"]).status, 2);
}
