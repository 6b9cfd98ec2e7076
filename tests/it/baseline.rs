//! Baselines: what they list does not count, they shrink by themselves and grow only when asked to.

use crate::world::World;

const RULES: &str = "version: 1
baseline: known
rules: { trailing-whitespace: error, file-size: { max: 10, severity: warning, exclude: [.factory-gate.yml, known, c.sh] }, stale-baseline: note }
gate: { fail_on: warning }
";

/// A workspace whose record is written, and a baseline from it.
fn world() -> World {
    let world = World::new()
        .policy(&RULES.replace("baseline: known\n", ""))
        .file("a.txt", "x \n")
        .file(b"b\xff c.txt", "more than ten bytes \n");
    assert_eq!(world.run(&[]).status, 1);
    let answer = world.gate([
        "baseline",
        "factory_deployment.db",
        "--output",
        "work/known",
    ]);
    assert_eq!(answer.status, 0, "{answer:?}");
    let expected =
        "work/known: 3 entries\nadded: 3\n       1  file-size\n       2  trailing-whitespace\n";
    assert_eq!(answer.stdout, expected);
    world.policy(RULES)
}

fn known(world: &World) -> String {
    std::fs::read_to_string(world.root().join("known")).unwrap()
}

fn shrink(world: &World, more: &[&str]) -> crate::world::Answer {
    let command = [
        "baseline",
        "factory_deployment.db",
        "--output",
        "work/known",
    ];
    world.gate(command.iter().chain(more))
}

#[test]
fn what_a_baseline_lists_does_not_fail_and_is_shown_as_suppressed() {
    let world = world();
    let text = known(&world);
    let entries: Vec<&str> = text.lines().skip(3).map(|line| &line[33..]).collect();
    let expected = [
        "file-size b\\\\xff c.txt",
        "trailing-whitespace a.txt",
        "trailing-whitespace b\\\\xff c.txt",
    ];
    assert_eq!(entries, expected);
    let answer = world.run(&[]);
    assert_eq!(answer.status, 0, "{answer:?}");
    assert_eq!(
        world.violations(&[]),
        [
            "error trailing-whitespace a.txt:1:2 (suppressed)",
            "warning file-size b\\xff c.txt (suppressed)",
            "error trailing-whitespace b\\xff c.txt:1:20 (suppressed)",
        ]
    );
    assert_eq!(
        world.query("SELECT number, source, rule_id, path, line, matched FROM suppressions WHERE deployment_id = (SELECT MAX(deployment_id) FROM suppressions)"),
        ["1|baseline|file-size|known|NULL|1", "2|baseline|trailing-whitespace|known|NULL|2"]
    );
    let world = world.file("new.txt", "y \n");
    assert_eq!(world.run(&[]).status, 1, "a new one fails");
}

#[test]
fn inline_suppressions_have_the_numbers_after_the_baseline() {
    let world = world().file(
        "c.sh",
        "# factory-gate: allow(trailing-whitespace) why not\nz \n",
    );
    assert_eq!(world.run(&[]).status, 0);
    assert_eq!(
        world.query("SELECT path, suppression_id FROM violations WHERE deployment_id = (SELECT MAX(deployment_id) FROM suppressions) ORDER BY path, suppression_id"),
        ["a.txt|2", "b\\xff c.txt|1", "b\\xff c.txt|2", "c.sh|3"]
    );
}

#[test]
fn it_shrinks_by_itself_and_grows_only_when_asked_to() {
    let world = world().file("a.txt", "x\n").file("new.txt", "y \n");
    let run = world.run(&[]);
    assert_eq!(run.status, 1);
    assert!(
        run.stdout.contains(
            "1 entry of the baseline is of violations that are gone (trailing-whitespace 1)"
        ),
        "{run:?}"
    );
    let before = known(&world);
    insta::assert_snapshot!(shrink(&world, &[]).stdout, @"
    work/known: 2 entries
    removed: 1
           1  trailing-whitespace
    open and not in it: 1
           1  trailing-whitespace
    A baseline only shrinks by itself; `--grow` adds what is open.
    ");
    let shrunk = known(&world);
    assert!(
        before.len() > shrunk.len() && !shrunk.contains("a.txt") && !shrunk.contains("new.txt")
    );
    assert!(shrunk.lines().all(|line| before.contains(line)));
    insta::assert_snapshot!(shrink(&world, &["--grow"]).stdout, @"
    work/known: 3 entries
    added: 1
           1  trailing-whitespace
    ");
    assert!(known(&world).contains(" new.txt\n"));
    let again = world.run(&[]);
    assert_eq!(again.status, 0, "{again:?}");
    assert!(!again.stdout.contains("of the baseline"), "{again:?}");
    let grown = known(&world);
    assert_eq!(shrink(&world, &[]).status, 0);
    assert_eq!(known(&world), grown, "nothing to do, nothing done");
}

#[test]
fn an_entry_accepts_only_what_it_shows() {
    // The fingerprint of one violation under the name of another rule or path accepts neither.
    let world = world();
    let lying = known(&world)
        .replace(" a.txt", " docs/a.txt")
        .replace(" file-size ", " path-length ");
    let world = world.file("known", lying);
    assert_eq!(world.run(&[]).status, 1);
    assert_eq!(
        world
            .violations(&[])
            .iter()
            .filter(|line| line.contains("(suppressed)"))
            .count(),
        1
    );
}

#[test]
fn a_baseline_that_is_none_is_a_mistake_and_nothing_is_scanned() {
    let world = world().file("known", "# factory-gate baseline 1\nzzz\n<<<<<<< HEAD\n");
    let answer = world.run(&[]);
    assert_eq!(answer.status, 2);
    insta::assert_snapshot!(answer.stderr, @"
    error: known:2: expected a fingerprint of 32 hexadecimal digits in lower case at the start
    known:3: a merge that was not finished: keep the entries of both sides, then run `factory-gate baseline`, which takes away what is gone
    the baseline cannot be used
    ");
    std::fs::remove_file(world.root().join("known")).unwrap();
    let answer = world.run(&[]);
    assert_eq!(answer.status, 2);
    assert!(
        answer
            .stderr
            .contains(".factory-gate.yml:2:11: baseline: `known` cannot be read"),
        "{answer:?}"
    );
    let answer = world.run(&["--baseline", "nowhere"]);
    assert_eq!(answer.status, 2, "{answer:?}");
    let world = world.link("known", "/etc/hostname");
    assert_eq!(
        world.run(&[]).status,
        2,
        "a link is no baseline of a workspace"
    );
}

#[test]
fn the_command_line_names_another_baseline() {
    let world = world();
    let empty = world.beside("empty");
    std::fs::write(&empty, "# factory-gate baseline 1\n").unwrap();
    assert_eq!(world.run(&["--baseline", "empty"]).status, 1);
}

#[test]
fn a_run_that_could_not_look_says_nothing_about_what_is_gone() {
    let world = world();
    let clean = World::new().policy("version: 1\nrules: {}\n");
    assert_eq!(clean.run(&[]).status, 3);
    let answer = clean.gate([
        "baseline",
        "factory_deployment.db",
        "--output",
        "work/known",
    ]);
    assert_eq!(answer.status, 3);
    assert!(
        answer
            .stderr
            .contains("did not see everything (its verdict is undecided"),
        "{answer:?}"
    );
    assert!(!clean.root().join("known").exists());
    let answer = world.gate(["baseline", "nowhere.db"]);
    assert_eq!(answer.status, 2, "{answer:?}");
    let answer = world.gate([
        "baseline",
        "factory_deployment.db",
        "--output",
        "factory_deployment.db",
    ]);
    assert_eq!(answer.status, 2, "{answer:?}");
}

#[test]
fn credentials_are_listed_by_fingerprint_only() {
    let token = format!("ghp_{}", "A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q7r8");
    let world = World::new()
        .policy("version: 1\nextends: [secrets]\n")
        .file("config.py", format!("token = \"{token}\"\n"));
    let found = world.violations(&[]);
    let answer = world.gate([
        "baseline",
        "factory_deployment.db",
        "--output",
        "work/known",
    ]);
    assert_eq!(answer.status, 0, "{answer:?}");
    let text = known(&world);
    assert_eq!(text.lines().count(), 3 + found.len(), "{found:?}");
    assert!(!text.contains("ghp_"), "{text}");
    let answer = world.run(&["--baseline", "work/known"]);
    assert_eq!(
        answer.status, 0,
        "the baseline itself holds no credential either: {answer:?}"
    );
}
