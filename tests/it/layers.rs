//! Policies over policies: pinned, locked, and who says what.

use crate::world::{Answer, World};
use sha2::{Digest as _, Sha256};

const ORG: &str = "version: 1
rules:
  trailing-whitespace: error
  file-size: { max: 1 MiB, severity: warning }
exclude: [\"third_party/**\"]
gate: { fail_on: warning }
locked: [rules.trailing-whitespace, suppressions.trailing-whitespace, gate]
";

/// A workspace beside an organisation's policy, which this policy extends.
fn world(body: &str) -> World {
    let digest: Vec<String> = Sha256::digest(ORG)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let text = format!(
        "version: 1\nextends:\n  - path: ../organisation/gate.yml\n    sha256: {}\n{body}",
        digest.concat()
    );
    let world = World::new().policy(&text).file("a.txt", "x \n");
    std::fs::create_dir(world.beside("organisation")).unwrap();
    std::fs::write(world.beside("organisation/gate.yml"), ORG).unwrap();
    world
}

fn explain(world: &World, key: &str) -> Answer {
    world.gate(["explain", key, "--workspace", "work"])
}

#[test]
fn an_organisation_s_policy_is_read_from_beside_the_workspace() {
    let world = world("");
    assert_eq!(world.run(&[]).status, 1);
    assert_eq!(world.query("SELECT name FROM policies").len(), 2);
    std::fs::write(
        world.beside("organisation/gate.yml"),
        format!("{ORG}# changed\n"),
    )
    .unwrap();
    let answer = world.run(&[]);
    assert_eq!(answer.status, 2);
    assert!(
        answer.stderr.contains(".factory-gate.yml:4:13: extends[0].sha256: `../organisation/gate.yml` is not the pinned file"),
        "{answer:?}"
    );
    std::fs::remove_file(world.beside("organisation/gate.yml")).unwrap();
    std::fs::create_dir(world.beside("organisation/gate.yml")).unwrap();
    let answer = world.run(&[]);
    assert!(
        answer.status == 2 && answer.stderr.contains("cannot be read"),
        "{answer:?}"
    );
}

#[test]
fn what_is_locked_is_not_weakened() {
    let world =
        world("rules:\n  trailing-whitespace: off\n  file-size: off\ngate: { fail_on: never }\n");
    let answer = world.run(&[]);
    assert_eq!(answer.status, 2);
    insta::assert_snapshot!(answer.stderr, @"
    error: .factory-gate.yml:6:3: rules.trailing-whitespace: `trailing-whitespace` would be off: expected at least `error`: `rules.trailing-whitespace` is locked in ../organisation/gate.yml:7
    .factory-gate.yml:8:9: gate.fail_on: the gate would fail on less: expected at least `warning`: `gate` is locked in ../organisation/gate.yml:7
    2 mistakes in the policy; nothing was scanned
    ");
}

#[test]
fn locked_suppressions_hold_for_comments_and_baselines_too() {
    let world = world("rules: { malformed-suppression: error }\n").file(
        "a.txt",
        "# factory-gate: allow(trailing-whitespace) I like it\nx \n",
    );
    assert_eq!(
        world.violations(&[]),
        [
            "error malformed-suppression a.txt:1:3",
            "error trailing-whitespace a.txt:2:2"
        ]
    );
    assert_eq!(world.gate(["baseline", "factory_deployment.db"]).status, 0);
    let answer = world.run(&["--baseline", ".factory-gate-baseline"]);
    assert_eq!(answer.status, 2);
    assert!(
        answer.stderr.contains(
            "1 of `trailing-whitespace`, of which ../organisation/gate.yml:7 locks suppressions"
        ),
        "{answer:?}"
    );
}

#[test]
fn explain_tells_who_says_what() {
    let world = world(
        "rules: { file-size: { max: 2 MiB } }\nexclude: [x]\noverrides: [{ paths: [b], rules: { file-size: off } }]\n",
    );
    for key in [
        "gate.fail_on",
        "rules.file-size.max",
        "rules.file-size",
        "exclude",
        "workspace.max_content",
    ] {
        assert_eq!(explain(&world, key).status, 0, "{key}");
    }
    insta::assert_snapshot!(explain(&world, "gate.fail_on").stdout, @"
    gate.fail_on

    Violations of at least this severity fail.

    In force: warning
    Default:  error

    Documents, a later one over the earlier ones:
      ../organisation/gate.yml:6: warning

    Locked by `gate` in ../organisation/gate.yml:7: other documents can only tighten it.
    ");
    insta::assert_snapshot!(explain(&world, "rules.file-size.max").stdout, @r#"
    rules.file-size.max

    Most bytes of a file.

    In force: 2 MiB
    Default:  5 MiB

    Documents, a later one over the earlier ones:
      ../organisation/gate.yml:4: 1 MiB
      .factory-gate.yml:5: 2 MiB

    Overrides, of which the last that matches a path decides:
      .factory-gate.yml:7: off for ["b"]
    "#);
    insta::assert_snapshot!(explain(&world, "exclude").stdout, @r#"
    exclude

    Paths that no rule looks at.

    In force: ["third_party/**","x"]

    Documents, each of which adds to the list:
      ../organisation/gate.yml:5: ["third_party/**"]
      .factory-gate.yml:6: ["x"]
    "#);
    insta::assert_snapshot!(explain(&world, "workspace.max_content").stdout, @"
    workspace.max_content

    Files of more bytes get no content rules but those that search in segments (`forbidden-content`, `required-content`, `secret`); at most 64 MiB.

    In force: 33554432
    Default:  33554432

    No document says anything of it.
    ");
    let rule = explain(&world, "trailing-whitespace").stdout;
    let own = rule.split_once("\nIn this policy:\n").unwrap().1;
    insta::assert_snapshot!(own, @"

    In force: error
    Default:  off; warning where it is switched on without a severity

    Documents, a later one over the earlier ones:
      ../organisation/gate.yml:3: error

    Locked by `rules.trailing-whitespace` in ../organisation/gate.yml:7: other documents can only tighten it.
    ");
}

#[test]
fn explain_knows_what_is_no_key() {
    let world = world("");
    for (key, expected) in [
        (
            "gate.failon",
            "there is no key `gate.failon` in a policy; did you mean `gate.fail_on`?",
        ),
        ("rules.file-sise.max", "did you mean `rules.file-size.max`?"),
        (
            "file-sise",
            "`file-sise` is neither a rule, a detector nor a key of the policy; did you mean `file-size`?",
        ),
    ] {
        let answer = explain(&world, key);
        assert_eq!(answer.status, 2);
        assert!(answer.stderr.contains(expected), "{answer:?}");
    }
    let broken = World::new().policy("version: 2\n");
    assert_eq!(explain(&broken, "gate.fail_on").status, 2);
    assert_eq!(
        explain(&broken, "file-size").status,
        0,
        "the rule itself can be explained"
    );
}
