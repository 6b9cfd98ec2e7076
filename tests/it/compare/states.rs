//! What is new and what existed, one change at a time.

use super::kit::{commit, fact, git, remove, rename, rows, states, write};
use crate::world::World;

const WORDS: &str = "version: 1\nextends: []\nrules:\n  words: { use: forbidden-content, pattern: 'BAD\\w*', exclude: ['*.yml'], severity: error }\n";

fn world() -> World {
    World::new().policy(WORDS)
}

#[test]
fn a_new_file_fails_and_old_violations_are_reported_and_do_not() {
    let world = world().file("old.txt", "BAD1\n");
    let base = commit(&world);
    assert_eq!(
        states(&world, &base),
        (vec!["existing words old.txt:1".into()], 0)
    );
    write(&world, "new.txt", "BAD1\n");
    let expected = vec![
        "new words new.txt:1".into(),
        "existing words old.txt:1".into(),
    ];
    assert_eq!(states(&world, &base), (expected.clone(), 1));
    commit(&world);
    assert_eq!(states(&world, &base), (expected, 1));
    assert_eq!(
        fact(&world, "base_sha || ' ' || scope"),
        format!("{base} all")
    );
    assert_eq!(fact(&world, "verdict_reasons"), r#"["1 new error"]"#);
}

#[test]
fn lines_that_move_keep_their_violations_and_lines_that_change_do_not() {
    let world = world().file("a.txt", "one\nBAD1\ntwo\nBAD2 here\n");
    let base = commit(&world);
    write(&world, "a.txt", "zero\none\n\tBAD1\ntwo\nBAD2 there\n");
    let expected = vec!["existing words a.txt:3".into(), "new words a.txt:5".into()];
    assert_eq!(states(&world, &base), (expected, 1));
}

#[test]
fn one_more_of_the_same_is_new_and_one_less_is_nothing() {
    let world = world().file("a.txt", "BAD\nBAD\n");
    let base = commit(&world);
    write(&world, "a.txt", "BAD\nBAD\nBAD\n");
    let (rows, status) = states(&world, &base);
    assert_eq!(
        rows.iter().filter(|row| row.starts_with("new ")).count(),
        1,
        "{rows:?}"
    );
    assert_eq!(status, 1);
    write(&world, "a.txt", "BAD\n");
    assert_eq!(
        states(&world, &base),
        (vec!["existing words a.txt:1".into()], 0)
    );
}

#[test]
fn a_renamed_file_keeps_its_violations_edited_or_not() {
    let text = "first line\nBAD1\nsecond line\nthird line\n";
    for edit in ["", "fourth line\n"] {
        let world = world().file("a.txt", text).file("keep.txt", "x\n");
        let base = commit(&world);
        rename(&world, "a.txt", "deep/b.txt");
        write(&world, "deep/b.txt", format!("{edit}{text}"));
        let line = 2 + edit.lines().count();
        let expected = vec![format!("existing words deep/b.txt:{line}")];
        assert_eq!(states(&world, &base), (expected.clone(), 0));
        // Whether git knows of it or not.
        commit(&world);
        assert_eq!(states(&world, &base), (expected, 0));
    }
}

#[test]
fn a_copy_is_a_new_file() {
    let world = world().file("a.txt", "BAD\n");
    let base = commit(&world);
    write(&world, "b.txt", "BAD\n");
    let expected = vec!["existing words a.txt:1".into(), "new words b.txt:1".into()];
    assert_eq!(states(&world, &base), (expected, 1));
}

#[test]
fn a_file_that_moves_to_where_rules_look_is_new() {
    let world = World::new()
        .policy(&format!("{WORDS}exclude: ['vendor/**']\n"))
        .file("vendor/a.txt", "BAD\n");
    let base = commit(&world);
    rename(&world, "vendor/a.txt", "src/a.txt");
    assert_eq!(
        states(&world, &base),
        (vec!["new words src/a.txt:1".into()], 1)
    );
}

#[test]
fn what_goes_away_is_nothing_new() {
    let world = world().file("a.txt", "BAD\n").file("b.txt", "fine\n");
    let base = commit(&world);
    remove(&world, "a.txt");
    assert_eq!(states(&world, &base), (vec![], 0));
}

#[test]
fn a_change_of_mode_is_a_change() {
    let world = World::new()
        .policy("version: 1\nextends: []\nrules: { shebang-executable: error }\n")
        .executable("tool", "#!/bin/sh\n")
        .executable("other", "#!/bin/sh\n");
    let base = commit(&world);
    assert_eq!(states(&world, &base), (vec![], 0));
    git(&world, &["update-index", "--chmod=-x", "tool"]);
    let (rows, status) = states(&world, &base);
    assert_eq!(
        (rows, status),
        (vec!["new shebang-executable tool:1".into()], 1)
    );
}

#[test]
fn a_symlink_that_loses_its_target_is_new_and_one_that_never_had_any_existed() {
    let world = World::new()
        .policy("version: 1\nextends: []\nrules: { broken-symlink: error }\n")
        .file("target", "x")
        .link("link", "target")
        .link("dead", "nowhere");
    let base = commit(&world);
    remove(&world, "target");
    let expected = vec![
        "existing broken-symlink dead".into(),
        "new broken-symlink link".into(),
    ];
    assert_eq!(states(&world, &base), (expected, 1));
}

#[test]
fn one_more_copy_is_new_and_the_copies_before_it_existed() {
    let text = "the same text in every file\n".repeat(100);
    let world = World::new()
        .policy("version: 1\nextends: []\nrules: { duplicate-file: error }\n")
        .file("a", &text)
        .file("b", &text);
    let base = commit(&world);
    write(&world, "c", &text);
    let expected = vec![
        "existing duplicate-file b".into(),
        "new duplicate-file c".into(),
    ];
    assert_eq!(states(&world, &base), (expected, 1));
}

#[test]
fn a_required_file_that_is_removed_is_new_and_one_that_never_was_existed() {
    let world = World::new()
        .policy("version: 1\nextends: []\nrules: { required-path: { any_of: [LICENSE], severity: error }, readme: { use: required-path, any_of: [README.md], severity: error } }\n")
        .file("LICENSE", "x")
        .file("a", "x");
    let base = commit(&world);
    remove(&world, "LICENSE");
    let (rows, status) = states(&world, &base);
    assert_eq!(rows.len(), 2, "{rows:?}");
    assert!(
        rows.iter().any(|row| row.starts_with("new required-path")),
        "{rows:?}"
    );
    assert!(
        rows.iter().any(|row| row.starts_with("existing readme")),
        "{rows:?}"
    );
    assert_eq!(status, 1);
}

#[test]
fn a_suppression_that_goes_uncovers_something_new_and_one_that_comes_covers() {
    let world = world()
        .file("a.txt", "BAD1 # factory-gate: allow(words) reviewed\n")
        .file("b.txt", "BAD2\n");
    let base = commit(&world);
    write(&world, "a.txt", "BAD1\n");
    write(
        &world,
        "b.txt",
        "# factory-gate: allow(words) reviewed\nBAD2\n",
    );
    let expected = vec![
        "new words a.txt:1".into(),
        "suppressed words b.txt:2".into(),
    ];
    assert_eq!(states(&world, &base), (expected, 1));
}

#[test]
fn another_editorconfig_makes_violations_of_unchanged_files_new() {
    let world = World::new()
        .policy(
            "version: 1\nextends: []\nrules: { trailing-whitespace: error, indentation: error }\n",
        )
        .file("src/a.c", "\tx\n")
        .file("other/a.c", "\tx\n")
        .file("src/.editorconfig", "[*]\nindent_style = tab\n");
    let base = commit(&world);
    assert_eq!(states(&world, &base), (vec![], 0));
    write(&world, "src/.editorconfig", "[*]\nindent_style = space\n");
    assert_eq!(
        states(&world, &base),
        (vec!["new indentation src/a.c:1".into()], 1)
    );
}

#[test]
fn another_schema_makes_violations_of_unchanged_files_new() {
    let world = World::new()
        .policy("version: 1\nextends: []\nrules: { schema: { schema: s.json, paths: ['c/*'], severity: error } }\n")
        .file("s.json", r#"{"required": ["a"]}"#)
        .file("c/one.json", r#"{"a": 1}"#)
        .file("c/two.json", "{}");
    let base = commit(&world);
    assert_eq!(
        states(&world, &base),
        (vec!["existing schema c/two.json:1".into()], 0)
    );
    write(
        &world,
        "s.json",
        r#"{"required": ["a"], "properties": {"a": {"type": "string"}}}"#,
    );
    let expected = vec![
        "new schema c/one.json:1".into(),
        "existing schema c/two.json:1".into(),
    ];
    assert_eq!(states(&world, &base), (expected, 1));
}

#[test]
fn another_credential_in_the_same_place_is_new() {
    let line = |middle: &str| {
        format!(
            "aws_secret_access_key = \"{middle}\"\nid = \"AKIA{}\"\n",
            &middle[..16].to_uppercase().replace(['+', '/'], "A")
        )
    };
    let world = World::new()
        .policy("version: 1\nextends: [secrets]\n")
        .file("a.ini", line("wJ4lrXUtnFEM3K7MDENGbPxRfiCYzEq8Lm2NpQ1s"));
    let base = commit(&world);
    let (before, status) = states(&world, &base);
    assert!(
        !before.is_empty() && before.iter().all(|row| row.starts_with("existing")),
        "{before:?}"
    );
    assert_eq!(status, 0);
    write(
        &world,
        "a.ini",
        line("qT8vZp3KdXw6YbN1sRfGhJ5mLcVe2UaQoIiWzH7x"),
    );
    let (after, status) = states(&world, &base);
    assert!(after.iter().all(|row| row.starts_with("new")), "{after:?}");
    assert_eq!(status, 1);
}

#[test]
fn a_policy_that_says_so_needs_no_option_and_the_score_counts_everything() {
    let world = World::new()
        .policy(&format!("{WORDS}gate: {{ new_only: true }}\n"))
        .file("old.txt", "BAD1\n");
    let base = commit(&world);
    assert_eq!(world.run(&["--base", &base]).status, 0);
    assert_eq!(rows(&world), ["existing words old.txt:1"]);
    let found = world.query("SELECT DISTINCT violations_found FROM factory_validation");
    assert_eq!(found, ["1"], "what existed is a violation, too");
    assert_eq!(world.query("SELECT count(*) FROM v_open_violations"), ["1"]);
}

#[test]
fn what_is_ignored_now_is_not_there_and_what_is_not_any_more_is_new() {
    let world = world()
        .file(".gitignore", "*.log\n")
        .file("a.log", "BAD\n")
        .file("a.txt", "fine\n");
    let base = commit(&world);
    assert_eq!(states(&world, &base), (vec![], 0));
    write(&world, ".gitignore", "\n");
    assert_eq!(states(&world, &base), (vec!["new words a.log:1".into()], 1));
}

#[test]
fn a_fix_does_not_turn_what_existed_into_something_new() {
    let world = World::new()
        .policy("version: 1\nextends: []\nrules: { trailing-whitespace: error, words: { use: forbidden-content, pattern: BAD, exclude: ['*.yml'], severity: error } }\n")
        .file("a.txt", "BAD \nx \n");
    let base = commit(&world);
    let answer = world.run(&["--base", &base, "--new-only", "--apply=fix"]);
    assert_eq!(answer.status, 0, "{answer:?}");
    let rows = world.query("SELECT rule_id, state, resolution FROM violations ORDER BY id");
    assert!(rows.contains(&"words|existing|NULL".into()), "{rows:?}");
    assert!(
        rows.contains(&"trailing-whitespace|existing|fixed".into()),
        "{rows:?}"
    );
}

#[test]
fn the_workspace_may_be_a_directory_of_the_repository() {
    let world = World::new()
        .file("part/.factory-gate.yml", WORDS)
        .file("part/a.txt", "BAD\n")
        .file("outside.txt", "BAD\n");
    let base = commit(&world);
    write(&world, "part/b.txt", "BAD\n");
    write(&world, "outside2.txt", "BAD\n");
    let answer = world.gate(["run", "work/part", "--base", &base, "--new-only"]);
    assert_eq!(answer.status, 1, "{answer:?}");
    assert_eq!(
        rows(&world),
        ["existing words a.txt:1", "new words b.txt:1"]
    );
}

#[test]
fn a_checkout_with_other_line_ends_is_no_change() {
    let world = World::new()
        .policy("version: 1\nextends: []\nrules: { line-endings: { style: lf, severity: error }, words: { use: forbidden-content, pattern: BAD, exclude: ['*.yml'], severity: error } }\n")
        .file("a.txt", "one\r\nBAD\r\n")
        .file("b.txt", "one\r\nBAD\r\nthree\r\n");
    let base = commit(&world);
    let (before, status) = states(&world, &base);
    assert!(
        before.iter().all(|row| row.starts_with("existing")),
        "{before:?}"
    );
    assert_eq!(status, 0);
    write(&world, "b.txt", "one\r\nBAD\r\nthree\r\nfour\r\n");
    let (after, _) = states(&world, &base);
    assert!(
        after.contains(&"existing words b.txt:2".to_owned()),
        "{after:?}"
    );
}

#[test]
fn what_a_sparse_checkout_leaves_out_is_no_change() {
    let world = World::new()
        .policy("version: 1\nextends: []\nrules: { required-path: { any_of: [left/LICENSE], severity: error } }\n")
        .file("left/LICENSE", "x\n")
        .file("kept/a.txt", "x\n");
    let base = commit(&world);
    git(
        &world,
        &["sparse-checkout", "set", "--no-cone", "/*", "!/left/"],
    );
    assert!(!world.root().join("left").exists());
    let (rows, status) = states(&world, &base);
    assert_eq!(rows.len(), 1, "{rows:?}");
    assert!(rows[0].starts_with("existing required-path"), "{rows:?}");
    assert_eq!(status, 0);
}

#[test]
fn a_file_that_git_tracks_no_more_is_a_change_and_one_in_conflict_too() {
    let world = world().file("a.txt", "BAD\n");
    let base = commit(&world);
    git(&world, &["rm", "--quiet", "--cached", "a.txt"]);
    assert_eq!(
        states(&world, &base),
        (vec!["existing words a.txt:1".into()], 0)
    );
    git(&world, &["reset", "--quiet", "--hard"]);
    git(&world, &["checkout", "--quiet", "-b", "other"]);
    write(&world, "a.txt", "BAD other\n");
    commit(&world);
    git(&world, &["checkout", "--quiet", "-"]);
    write(&world, "a.txt", "BAD main\n");
    commit(&world);
    // Fails, and leaves the conflict.
    std::process::Command::new("git")
        .args([
            "-c",
            "user.name=t",
            "-c",
            "user.email=t@example.com",
            "merge",
            "--quiet",
            "other",
        ])
        .current_dir(world.root())
        .output()
        .unwrap();
    let (rows, status) = states(&world, &base);
    assert_eq!(rows, ["new words a.txt:2", "new words a.txt:4"]);
    assert_eq!(status, 1);
}
