//! Looking only at what changed.

use super::kit::{commit, fact, rename, rows, write};
use crate::world::World;

const POLICY: &str = "version: 1\nextends: []\nrules:\n  words: { use: forbidden-content, pattern: BAD, exclude: ['*.yml'], severity: error }\n  duplicate-file: error\n";

#[test]
fn file_rules_look_at_what_changed_and_tree_rules_at_everything() {
    let text = "the same\n".repeat(200);
    let world = World::new()
        .policy(POLICY)
        .file("old.txt", "BAD\n")
        .file("a", &text)
        .file("b", &text)
        .file("touched.txt", "BAD\n");
    let base = commit(&world);
    write(&world, "touched.txt", "BAD\nx\n");
    write(&world, "new.txt", "BAD\n");
    write(&world, "c", &text);
    let answer = world.run(&["--base", &base, "--scope", "changed"]);
    assert_eq!(answer.status, 1, "{answer:?}");
    let expected = [
        "open duplicate-file b",
        "open duplicate-file c",
        "open words new.txt:1",
        "open words touched.txt:1",
    ];
    assert_eq!(rows(&world), expected);
    // Three that were touched, and `b`, of which a whole-tree rule has something to say.
    assert_eq!(fact(&world, "scope || ' ' || files_scanned"), "changed 4");
    assert_eq!(
        world.query("SELECT things_checked || ' ' || things_failing FROM v_compliance"),
        ["4 4", "4 4"]
    );
    let detail = world
        .query("SELECT detail FROM phases WHERE phase = 1")
        .join("");
    let detail: serde_json::Value = serde_json::from_str(&detail).unwrap();
    assert_eq!(detail["compared"]["base"], base);
    assert_eq!(detail["compared"]["paths_changed"], 3);
    assert_eq!(detail["compared"]["entries_untouched"], 4);
}

#[test]
fn nothing_changed_is_a_pass_with_tree_rules_and_both_stages_agree() {
    let world = World::new()
        .policy(POLICY)
        .file("old.txt", "BAD\n")
        .file(".gitignore", "*.o\n")
        .file("ignored.o", "BAD\n");
    let base = commit(&world);
    let answer = world.run(&["--base", &base, "--scope", "changed"]);
    assert_eq!(answer.status, 0, "{answer:?}");
    assert_eq!(rows(&world), [""; 0]);
    let stages = world.query("SELECT files_checked, violations_found FROM factory_validation");
    assert_eq!(stages, ["0|0", "0|0"]);
}

#[test]
fn scope_and_new_only_go_together() {
    let world = World::new()
        .policy(POLICY)
        .file("old.txt", "BAD\n")
        .file("moved.txt", "BAD one\nline\nline two\n");
    let base = commit(&world);
    rename(&world, "moved.txt", "deep/moved.txt");
    write(&world, "new.txt", "BAD\n");
    let answer = world.run(&["--base", &base, "--scope", "changed", "--new-only"]);
    assert_eq!(answer.status, 1, "{answer:?}");
    assert_eq!(
        rows(&world),
        ["existing words deep/moved.txt:1", "new words new.txt:1"]
    );
}

#[test]
fn a_suppression_of_the_policy_that_only_other_files_use_is_not_called_unused() {
    let world = World::new()
        .policy(&format!("{POLICY}  unused-suppression: error\nsuppressions: [{{ rule: words, paths: [old.txt], reason: known }}]\n"))
        .file("old.txt", "BAD\n")
        .file("b.txt", "x\n");
    let base = commit(&world);
    write(&world, "b.txt", "y\n");
    let answer = world.run(&["--base", &base, "--scope", "changed"]);
    assert_eq!((answer.status, rows(&world)), (0, vec![]), "{answer:?}");
}

#[test]
fn what_phase_two_fixes_is_looked_at_again_and_nothing_else() {
    let world = World::new()
        .policy("version: 1\nextends: []\nrules: { trailing-whitespace: error }\n")
        .file("old.txt", "x \n")
        .file("b.txt", "x\n");
    let base = commit(&world);
    write(&world, "b.txt", "y \n");
    let answer = world.run(&["--base", &base, "--scope", "changed", "--apply=fix"]);
    assert_eq!(answer.status, 0, "{answer:?}");
    assert_eq!(
        world.query("SELECT path, resolution FROM violations"),
        ["b.txt|fixed"]
    );
    let stages = world.query("SELECT files_checked, violations_found FROM factory_validation");
    assert_eq!(stages, ["1|1", "1|0"]);
}
