//! Fixes, as users meet them: shown, as a patch, and applied.

use crate::world::World;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;

const POLICY: &str = "\
version: 1
rules:
  trailing-whitespace: error
  final-newline: error
";

fn rows(world: &World, sql: &str) -> Vec<String> {
    let conn = rusqlite::Connection::open(world.database()).unwrap();
    let mut select = conn.prepare(sql).unwrap();
    let rows = select.query_map((), |row| {
        let columns = row.as_ref().column_count();
        let cells = (0..columns).map(|column| {
            Ok(match row.get_ref(column)? {
                rusqlite::types::ValueRef::Null => "-".to_owned(),
                rusqlite::types::ValueRef::Integer(number) => number.to_string(),
                other => String::from_utf8_lossy(other.as_bytes()?).into_owned(),
            })
        });
        Ok(cells.collect::<rusqlite::Result<Vec<_>>>()?.join("|"))
    });
    rows.unwrap().map(Result::unwrap).collect()
}

fn fixes(world: &World) -> Vec<String> {
    rows(
        world,
        "SELECT rule_id, path, status, edits FROM fixes WHERE deployment_id = \
         (SELECT deployment_id FROM v_latest_session) ORDER BY id",
    )
}

fn world() -> World {
    World::new()
        .policy(POLICY)
        .file("a.txt", "one  \ntwo\t\nthree")
        .file("b.txt", "clean\n")
        .file("c.txt", "crlf \r\n")
}

fn content(world: &World, path: &str) -> String {
    String::from_utf8(std::fs::read(world.root().join(path)).unwrap()).unwrap()
}

#[test]
fn a_run_shows_what_it_would_fix_and_changes_nothing() {
    let world = world();
    let answer = world.run(&["--format", "diff"]);
    assert_eq!(answer.status, 1, "{answer:?}");
    let expected = "\
diff --git a/a.txt b/a.txt
--- a/a.txt
+++ b/a.txt
@@ -1,3 +1,3 @@
-one  \n-two\t
-three
\\ No newline at end of file
+one
+two
+three
diff --git a/c.txt b/c.txt
--- a/c.txt
+++ b/c.txt
@@ -1 +1 @@
-crlf \r
+crlf\r
";
    assert_eq!(answer.stdout, expected);
    assert_eq!(
        fixes(&world),
        [
            "final-newline|a.txt|planned|1",
            "trailing-whitespace|a.txt|planned|2",
            "trailing-whitespace|c.txt|planned|1",
        ]
    );
    assert_eq!(content(&world, "a.txt"), "one  \ntwo\t\nthree");
    assert!(!world.root().join(".factory-gate").exists());
}

#[test]
fn fixed_files_are_looked_at_again_and_a_second_run_fixes_nothing() {
    let world = world();
    let answer = world.run(&["--apply=fix"]);
    assert_eq!(answer.status, 0, "{answer:?}");
    assert!(
        answer.stdout.contains("4 edits made in 2 files"),
        "{answer:?}"
    );
    assert_eq!(content(&world, "a.txt"), "one\ntwo\nthree\n");
    assert_eq!(content(&world, "c.txt"), "crlf\r\n");
    assert_eq!(
        rows(
            &world,
            "SELECT path, state, resolution FROM violations ORDER BY id"
        ),
        [
            "a.txt|open|fixed",
            "a.txt|open|fixed",
            "a.txt|open|fixed",
            "c.txt|open|fixed"
        ]
    );
    assert_eq!(
        rows(
            &world,
            "SELECT validation_type, violations_found FROM factory_validation ORDER BY id"
        ),
        ["pre_deployment|4", "post_deployment|0"]
    );
    assert_eq!(
        rows(&world, "SELECT DISTINCT status FROM fixes"),
        ["applied"]
    );
    assert!(!world.root().join(".factory-gate").exists());
    let before = std::fs::metadata(world.root().join("a.txt")).unwrap();
    let again = world.run(&["--apply=fix"]);
    assert_eq!(again.status, 0);
    assert!(fixes(&world).is_empty());
    let after = std::fs::metadata(world.root().join("a.txt")).unwrap();
    assert_eq!(
        (before.ino(), before.mtime_nsec()),
        (after.ino(), after.mtime_nsec())
    );
    assert_eq!(world.gate(["verify", "factory_deployment.db"]).status, 0);
}

#[test]
fn the_patch_file_makes_what_apply_makes() {
    let patched = world().git();
    let patch = patched.beside("fixes.patch");
    let patch = patch.to_str().unwrap();
    patched.run(&["--patch", patch]);
    patched.git_command(&["apply", patch]);
    let applied = world();
    let applied_patch = applied.beside("applied.patch");
    applied.run(&["--apply=fix", "--patch", applied_patch.to_str().unwrap()]);
    for path in ["a.txt", "b.txt", "c.txt"] {
        assert_eq!(content(&patched, path), content(&applied, path));
    }
    assert_eq!(
        std::fs::read(patch).unwrap(),
        std::fs::read(applied_patch).unwrap()
    );
    patched.run(&["--patch", patch]);
    assert_eq!(std::fs::read(patch).unwrap(), b"", "nothing is left to fix");
}

#[test]
fn equal_input_gives_equal_patches_at_any_number_of_threads() {
    let mut many = World::new().policy(POLICY);
    for number in 0..150 {
        many = many.file(
            format!("d{}/{number}.txt", number % 7),
            format!("{number} \nx"),
        );
    }
    let patch = |threads| many.run(&["--format", "diff", "--threads", threads]).stdout;
    let one = patch("1");
    assert_eq!(one.matches("diff --git").count(), 150);
    assert_eq!(one, patch("4"));
}

#[test]
fn in_a_github_log_a_patch_is_no_command() {
    let world = World::new()
        .policy(POLICY)
        .file("a.txt", "::set-env name=A::b\none \n")
        .git();
    let answer = world.gate_with(
        ["run", "work", "--format", "diff"],
        &[("GITHUB_ACTIONS", "true")],
    );
    let (first, rest) = answer.stdout.split_once('\n').unwrap();
    let token = first.strip_prefix("::stop-commands::").unwrap();
    assert!(rest.ends_with(&format!("::{token}::\n")), "{answer:?}");
    let patch = world.beside("log.patch");
    #[expect(clippy::disallowed_methods, reason = "a test makes its own files")]
    std::fs::write(&patch, &answer.stdout).unwrap();
    world.git_command(&["apply", patch.to_str().unwrap()]);
    assert_eq!(content(&world, "a.txt"), "::set-env name=A::b\none\n");
}

#[test]
fn the_policy_says_which_fixes_are_made() {
    let off = World::new()
        .policy("version: 1\nrules:\n  trailing-whitespace: { fix: off }\n")
        .file("a.txt", "one \n");
    let answer = off.run(&["--apply=fix"]);
    assert!(
        answer
            .stdout
            .contains("1 violation with a fix that the policy does not allow"),
        "{answer:?}"
    );
    assert_eq!(content(&off, "a.txt"), "one \n");
    let wrong =
        World::new().policy("version: 1\nrules:\n  trailing-whitespace: { fix: sometimes }\n");
    let answer = wrong.run(&[]);
    assert_eq!(answer.status, 2);
    assert!(
        answer.stderr.contains("expected `off`, `safe` or `unsafe`"),
        "{answer:?}"
    );
}

#[test]
fn what_is_suppressed_or_excluded_is_not_fixed() {
    let world = World::new()
        .policy(
            "version: 1\nrules:\n  trailing-whitespace: error\nexclude: [\"x/**\"]\nsuppressions:\n  \
             - { rule: trailing-whitespace, paths: [\"s.txt\"], reason: \"kept\" }\n",
        )
        .file("s.txt", "one \n")
        .file("x/x.txt", "one \n")
        .file("i.sh", "# factory-gate: allow(trailing-whitespace) kept as it is\none \ntwo \n");
    let answer = world.run(&["--apply=fix"]);
    assert_eq!(answer.status, 0, "{answer:?}");
    assert_eq!(content(&world, "s.txt"), "one \n");
    assert_eq!(content(&world, "x/x.txt"), "one \n");
    assert!(content(&world, "i.sh").ends_with("one \ntwo\n"));
}

#[test]
fn links_the_policy_and_what_has_two_names_are_refused() {
    let policy = format!("{POLICY}  # \n");
    let world = World::new()
        .policy(
            &policy
                .replace("# \n", "#\n")
                .replace("version: 1\n", "version: 1 \n"),
        )
        .file("two.txt", "one \n")
        .file("target.txt", "clean\n")
        .link("link.txt", "target.txt");
    std::fs::hard_link(world.root().join("two.txt"), world.beside("outside.txt")).unwrap();
    let answer = world.run(&["--apply=fix"]);
    assert_eq!(answer.status, 1, "{answer:?}");
    assert_eq!(
        fixes(&world),
        [
            "trailing-whitespace|.factory-gate.yml|refused: the policy|1",
            "trailing-whitespace|two.txt|refused: the file has several names|1",
        ]
    );
    assert_eq!(
        std::fs::read(world.beside("outside.txt")).unwrap(),
        b"one \n"
    );
}

#[test]
fn apply_alone_fixes_and_apply_cleanup_does_not() {
    let world = world();
    world.run(&["--apply=cleanup"]);
    assert_eq!(content(&world, "c.txt"), "crlf \r\n");
    world.run(&["--apply"]);
    assert_eq!(content(&world, "c.txt"), "crlf\r\n");
}

#[test]
fn a_mode_is_fixed_on_disk_and_stays_open_until_git_has_it() {
    let make = || {
        World::new()
            .policy("version: 1\nrules:\n  shebang-executable: error\n")
            .file("run", "#!/bin/sh\n")
    };
    let mode = |world: &World| {
        std::fs::metadata(world.root().join("run"))
            .unwrap()
            .permissions()
            .mode()
            & 0o777
    };
    let world = make();
    assert_eq!(world.run(&["--apply=fix"]).status, 0);
    assert_eq!(mode(&world) & 0o100, 0o100);
    let tracked = make().git();
    assert_eq!(tracked.run(&["--apply=fix"]).status, 1);
    assert_eq!(mode(&tracked) & 0o100, 0o100);
    assert_eq!(tracked.run(&["--apply=fix"]).status, 1);
    assert_eq!(
        fixes(&tracked),
        [
            "shebang-executable|run|skipped: the mode on disk is right already, and git has staged another|1"
        ]
    );
    tracked.git_command(&["add", "run"]);
    assert_eq!(tracked.run(&["--apply=fix"]).status, 0);
}

#[test]
fn what_cleanup_removes_is_not_fixed_before() {
    let world = World::new()
        .policy(&format!(
            "{POLICY}cleanup:\n  rules:\n    old: {{ paths: [\"*.tmp\"] }}\n"
        ))
        .file("x.tmp", "one ");
    let answer = world.run(&["--apply"]);
    assert_eq!(answer.status, 0, "{answer:?}");
    assert!(!world.root().join("x.tmp").exists());
    assert_eq!(
        rows(&world, "SELECT DISTINCT status FROM fixes"),
        ["skipped: cleanup removes it"]
    );
}

/// A dead run's record, made from a whole one: the fix was intended, and the new file is or is not there.
#[test]
fn recover_says_of_an_intended_fix_what_is_in_the_file() {
    let world = world().file("many/0.txt", "x ");
    let mut world = world;
    for number in 1..400 {
        world = world.file(format!("many/{number}.txt"), "x ");
    }
    let mut child = world
        .command(["run", "work", "--apply=fix", "--quiet"])
        .spawn()
        .unwrap();
    let first = world.root().join("many/0.txt");
    while std::fs::read(&first).unwrap() == b"x " && child.try_wait().unwrap().is_none() {}
    child.kill().unwrap();
    let died = child.wait().unwrap().code().is_none();
    let answer = world.gate(["recover"]);
    assert_eq!(answer.status, 0, "{answer:?}");
    if !died {
        // The machine was quicker than the signal: nothing is left to recover.
        return;
    }
    for row in rows(&world, "SELECT path, status FROM fixes") {
        let (path, status) = row.split_once('|').unwrap();
        let is_fixed = !content(&world, path).contains(' ');
        match status {
            "applied" | "applied_unconfirmed" => assert!(is_fixed, "{row}"),
            "planned" | "skipped: not applied, the run was interrupted" => {
                assert!(!is_fixed, "{row}");
            }
            other => panic!("{other}"),
        }
    }
    assert!(
        !world.root().join(".factory-gate").exists(),
        "what was staged is gone"
    );
}

#[test]
fn a_patch_that_cannot_be_written_is_told_and_the_rest_is_done() {
    let full = Path::new("/dev/full");
    if !full.exists() {
        return;
    }
    let world = world();
    let answer = world.run(&["--patch", "/dev/full"]);
    assert_eq!(answer.status, 2, "no regular file: {answer:?}");
    assert_eq!(content(&world, "c.txt"), "crlf \r\n");
}

#[test]
fn a_report_tells_edits_from_violations_and_names_what_makes_them() {
    let world = World::new()
        .policy("version: 1\nrules: { trailing-whitespace: error, line-length: { max: 5, severity: error, paths: [a.txt] } }\n")
        .file("a.txt", "a b c d\none  \ntwo\t\n");
    let answer = world.run(&[]);
    assert_eq!(answer.status, 1, "{answer:?}");
    assert!(
        answer.stdout.contains(
            "Fixes\n  2 edits for 2 violations can be made in 1 file: `factory-gate run --apply=fix`"
        ),
        "{answer:?}"
    );
    assert!(
        answer.stdout.contains("Next: --apply=fix makes"),
        "{answer:?}"
    );
    assert_eq!(
        rows(
            &world,
            "SELECT rule_id, line, fix FROM v_open_violations ORDER BY rule_id, line"
        ),
        [
            "line-length|1|-",
            "trailing-whitespace|2|planned",
            "trailing-whitespace|3|planned",
        ]
    );
}

#[test]
fn why_something_is_not_fixed_is_in_the_report() {
    let world = world();
    let twin = world.root().join("twin.txt");
    std::fs::hard_link(world.root().join("a.txt"), twin).unwrap();
    let answer = world.run(&["--apply=fix"]);
    assert!(
        answer.stdout.contains(" in 2 files refused: "),
        "{answer:?}"
    );
    assert!(!answer.stdout.contains("refused: the table"), "{answer:?}");
    assert!(answer.stdout.contains(" (2 files)\n"), "{answer:?}");
}
