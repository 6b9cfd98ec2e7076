//! Suppressions: what they cover, what is wrong with them, and that every one is a row.

use crate::world::World;

const RULES: &str = "version: 1
rules:
  trailing-whitespace: error
  unused-suppression: warning
  expired-suppression: error
  malformed-suppression: error
";

#[test]
fn an_inline_suppression_covers_its_line_or_the_next_and_is_recorded() {
    let world = World::new().policy(RULES).file(
        "a.py",
        "x = 1 \n# factory-gate: allow(trailing-whitespace) fixture owner=@me expires=2999-12-31\ny = 2 \nz = 3 \n",
    );
    assert_eq!(
        world.violations(&[]),
        [
            "error trailing-whitespace a.py:1:6",
            "error trailing-whitespace a.py:3:6 (suppressed)",
            "error trailing-whitespace a.py:4:6",
        ]
    );
    assert_eq!(
        world.query(
            "SELECT source, rule_id, path, reason, owner, expires, matched FROM suppressions"
        ),
        ["inline|trailing-whitespace|a.py|fixture|@me|2999-12-31|1"]
    );
    assert_eq!(
        world.query("SELECT path, line, suppression_id FROM violations WHERE state = 'suppressed'"),
        ["a.py|3|1"]
    );
}

#[test]
fn unused_expired_and_malformed_ones_are_violations_and_cover_nothing() {
    let world = World::new().policy(RULES).file(
        "a.sh",
        "# factory-gate: allow(trailing-whitespace) nothing here\nok\n\
         # factory-gate: allow(trailing-whitespace) was fine expires=2020-01-01\nx \n\
         # factory-gate: allow(trailing-whitespace)\ny \n\
         # factory-gate: allow(no-such-rule) because\nok\n",
    );
    assert_eq!(
        world.violations(&[]),
        [
            "warning unused-suppression a.sh:1:3",
            "error expired-suppression a.sh:3:3",
            "error trailing-whitespace a.sh:4:2",
            "error malformed-suppression a.sh:5:3",
            "error trailing-whitespace a.sh:6:2",
            "error malformed-suppression a.sh:7:3",
        ]
    );
}

#[test]
fn suppressions_of_the_policy_cover_paths_and_are_held_to_account() {
    let world = World::new()
        .policy(&format!(
            "{RULES}suppressions:
  - {{ rule: trailing-whitespace, paths: [\"data/**\"], reason: \"generated\", owner: \"@data\", expires: 2999-01-01 }}
  - {{ rule: trailing-whitespace, paths: [\"gone/**\"], reason: \"moved\" }}
  - {{ rule: trailing-whitespace, paths: [\"old/**\"], reason: \"legacy\", expires: 2020-01-01 }}
"
        ))
        .file("data/a.txt", "x \n")
        .file("old/a.txt", "x \n");
    assert_eq!(
        world.violations(&[]),
        [
            "warning unused-suppression .factory-gate.yml:9:5",
            "error expired-suppression .factory-gate.yml:10:5",
            "error trailing-whitespace data/a.txt:1:2 (suppressed)",
            "error trailing-whitespace old/a.txt:1:2",
        ]
    );
    assert_eq!(
        world.query("SELECT source, path, matched FROM suppressions ORDER BY id"),
        ["policy|data/**|1", "policy|gone/**|0", "policy|old/**|0"]
    );
}

#[test]
fn a_policy_can_ask_for_owner_and_last_day() {
    let rules = RULES.replace(
        "malformed-suppression: error",
        "malformed-suppression: { severity: error, require_owner: true, require_expiry: true }",
    );
    let world = World::new().policy(&rules).file(
        "a.sh",
        "x  # factory-gate: allow(trailing-whitespace) because owner=@me \n",
    );
    let found = world.violations(&[]);
    // What does not say enough covers nothing.
    assert!(
        found.contains(&"error trailing-whitespace a.sh:1:64".to_owned()),
        "{found:?}"
    );
    assert!(
        found
            .iter()
            .any(|one| one.starts_with("error malformed-suppression a.sh:1")),
        "{found:?}"
    );
}
