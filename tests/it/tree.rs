//! The same tree gives the same answer; hostile names and contents are normal.

use crate::world::{World, make_fifo};

const POLICY: &str = "version: 1
rules:
  trailing-whitespace: error
  line-endings: warning
  merge-conflict: error
  duplicate-file: { severity: warning, min_size: 1 }
  case-conflict: error
";

/// Files enough for many units of work, some alike, some large.
fn big() -> World {
    let mut world = World::new().policy(POLICY);
    for number in 0..700 {
        let text = format!("line \nother {}\n", number % 90).repeat(1 + number % 7);
        world = world.file(format!("d{}/f{number}.txt", number % 23), text);
    }
    world
        .file("large.txt", "x \n".repeat(200_000))
        .file("D1/Readme", "a\n")
        .file(
            "sub/a.sh",
            "# factory-gate: allow(trailing-whitespace) twice\nx \n",
        )
        .file(
            "sub/b.sh",
            "# factory-gate: allow(trailing-whitespace) again\ny \n",
        )
}

#[test]
fn any_number_of_threads_gives_the_same_rows_in_the_same_order() {
    let world = big();
    let rows = |threads: &str| {
        let answer = world.run(&["--threads", threads, "--quiet"]);
        assert_eq!(answer.status, 1, "{}", answer.stderr);
        let rows = world.query(
            "SELECT rule_id, severity, path, line, column, message, excerpt, fingerprint, state, suppression_id \
             FROM violations WHERE deployment_id = (SELECT max(deployment_id) FROM deployment_sessions) ORDER BY rowid",
        );
        std::fs::remove_file(world.database()).unwrap();
        rows
    };
    let one = rows("1");
    assert!(one.len() > 100_000);
    for threads in ["2", "4", "16"] {
        assert!(rows(threads) == one, "{threads} threads differ");
    }
}

#[test]
fn names_of_any_bytes_are_scanned_and_recorded() {
    let world = World::new()
        .policy(POLICY)
        .file(b"new\nline.txt", "x \n")
        .file(b"esc\x1b[31m.txt", "x \n")
        .file(b"quote'\"`.txt", "x \n")
        .file(b"raw\xff.txt", "x \n")
        .file(b"back\\slash", "x \n")
        .file("a".repeat(255), "x \n")
        .file("::error::x", "x \n");
    let answer = world.run(&["--limit", "1000"]);
    assert_eq!(answer.status, 1, "{answer:?}");
    assert!(
        !answer.stdout.contains('\x1b'),
        "no escape reaches the terminal"
    );
    assert!(
        !answer
            .stdout
            .lines()
            .any(|line| line.trim_start().starts_with("::"))
    );
    assert_eq!(
        world.query("SELECT count(*) FROM violations WHERE rule_id = 'trailing-whitespace'"),
        ["7"]
    );
    assert_eq!(
        world.query("SELECT path, hex(path_bytes) FROM violations WHERE path_bytes IS NOT NULL AND rule_id = 'trailing-whitespace'"),
        ["raw\\xff.txt|726177FF2E747874"]
    );
}

#[test]
fn one_enormous_line_is_no_trouble() {
    let mut line = "a".repeat(1 << 20);
    line.push_str(" \t\n");
    let world = World::new().policy(POLICY).file("one-line.txt", &line);
    assert_eq!(
        world.violations(&[]),
        ["error trailing-whitespace one-line.txt:1:1048577"]
    );
    let excerpts = world.query("SELECT length(excerpt) FROM violations");
    assert!(excerpts[0].parse::<u32>().unwrap() <= 200);
}

#[test]
fn an_empty_workspace_passes_and_says_that_nothing_was_there() {
    let answer = World::new().run(&[]);
    assert_eq!(answer.status, 0, "{answer:?}");
}

#[test]
fn a_tree_of_which_nothing_is_scanned_is_undecided() {
    let world =
        World::new().policy("version: 1\nexclude: [\"**\"]\nrules: { final-newline: error }\n");
    let answer = world.file("a.txt", "x").run(&[]);
    assert_eq!(answer.status, 3, "{answer:?}");
}

#[test]
fn a_deep_tree_is_walked_or_said_to_be_too_deep() {
    let world = World::new()
        .policy(POLICY)
        .file(format!("{}x.txt", "d/".repeat(900)), "x \n");
    assert_eq!(world.violations(&[]).len(), 1);
}

#[test]
fn fifos_are_never_opened_and_loops_never_entered() {
    let world = World::new()
        .policy(POLICY)
        .link("loop", ".")
        .link("a/up", "..");
    make_fifo(&world.root().join("pipe"));
    assert!(world.violations(&[]).is_empty());
}
