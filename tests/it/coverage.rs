//! What belongs to the workspace, and that every path that is not fully checked has a row with its reason.

use crate::world::{World, make_fifo};

const POLICY: &str = "version: 1\nrules: { trailing-whitespace: warning }\n";

#[test]
fn tracked_files_count_even_where_gitignore_matches_them_and_ignored_ones_do_not() {
    let world = World::new()
        .policy(POLICY)
        .file(".gitignore", "*.log\n/build/\n")
        .file("tracked.log", "x \n")
        .file("build/kept.txt", "x \n")
        .git()
        .file("untracked.log", "x \n")
        .file("build/trash.txt", "x \n")
        .file("new.txt", "x \n")
        .file(".hidden/file", "x \n");
    assert_eq!(
        world.violations(&[]),
        [
            "warning trailing-whitespace .hidden/file:1:2",
            "warning trailing-whitespace build/kept.txt:1:2",
            "warning trailing-whitespace new.txt:1:2",
            "warning trailing-whitespace tracked.log:1:2",
        ]
    );
    assert_eq!(
        world.query("SELECT path, reason FROM skipped_files ORDER BY path"),
        [
            "build/trash.txt|ignored by git",
            "untracked.log|ignored by git"
        ]
    );
}

#[test]
fn without_git_an_ignore_file_hides_nothing() {
    let world = World::new()
        .policy(POLICY)
        .file(".gitignore", "/*\n")
        .file("a.txt", "x \n");
    assert_eq!(
        world.violations(&[]),
        ["warning trailing-whitespace a.txt:1:2"]
    );
}

#[test]
fn a_nested_repository_is_noticed_and_not_entered_unless_asked() {
    let world = World::new()
        .policy(POLICY)
        .directory("inner/.git")
        .file("inner/a.txt", "x \n");
    assert!(world.violations(&[]).is_empty());
    assert_eq!(
        world.query("SELECT path, reason FROM skipped_files"),
        ["inner|nested repository"]
    );
    let world = world.policy(&format!("{POLICY}workspace: {{ enter_nested: true }}\n"));
    assert_eq!(
        world.violations(&[]),
        ["warning trailing-whitespace inner/a.txt:1:2"]
    );
}

#[test]
fn every_reason_for_not_checking_a_path_is_a_row() {
    let world = World::new()
        .policy(&format!(
            "{POLICY}exclude: [\"vendor/**\"]\nworkspace: {{ max_content: 140 }}\n"
        ))
        .file("binary", b"\x7fELF\0\0")
        .file("vendor/a/b.txt", "x \n")
        .file("large.txt", "x \n".repeat(50))
        .file("gone.txt", "")
        .git();
    std::fs::remove_file(world.root().join("gone.txt")).unwrap();
    make_fifo(&world.root().join("pipe"));
    assert!(world.violations(&[]).is_empty());
    assert_eq!(
        world.query("SELECT path, reason FROM skipped_files ORDER BY path"),
        [
            "binary|binary",
            "gone.txt|absent: tracked but not in the working tree",
            "large.txt|too large: over the content limit of 140 bytes",
            "pipe|special file",
            "vendor/a/b.txt|excluded by `vendor/**`",
        ]
    );
}

#[test]
fn an_unreadable_index_is_undecided_and_cleans_nothing_up() {
    let cleanup = "cleanup: { rules: { all: { paths: [\"**/*.tmp\"] } } }\n";
    let world = World::new()
        .policy(&format!("{POLICY}{cleanup}"))
        .file("a.tmp", "x\n")
        .git();
    std::fs::write(world.root().join(".git/index"), "DIRC nonsense").unwrap();
    let answer = world.run(&["--apply"]);
    assert_eq!(answer.status, 3, "{answer:?}");
    assert!(world.root().join("a.tmp").exists());
    assert_eq!(
        world.query("SELECT count(*) FROM cleanup_actions WHERE action_result LIKE 'refused: %'"),
        ["1"]
    );
}

#[test]
fn symlinks_are_never_followed() {
    let world = World::new()
        .policy(POLICY)
        .link("dir", "../outside")
        .link("file", "../secret");
    std::fs::create_dir(world.beside("outside")).unwrap();
    std::fs::write(world.beside("outside/a.txt"), "x \n").unwrap();
    std::fs::write(world.beside("secret"), "x \n").unwrap();
    assert!(world.violations(&[]).is_empty());
}

#[test]
fn the_ignore_files_above_a_workspace_hold_in_it() {
    let world = World::new()
        .file(".gitignore", "*.log\n/app/out/\n")
        .file("app/a.txt", "a\n")
        .git()
        .file("app/b.log", "b\n")
        .file("app/out/c", "c\n")
        .file(
            "app/.factory-gate.yml",
            "version: 1\nrules: { final-newline: error }\ncleanup: { rules: { ignored: { paths: ['**/*'], \
             ignored_only: true, action: remove } } }\n",
        );
    let answer = world.gate(["run", "work/app"]);
    assert_eq!(answer.status, 0, "{answer:?}");
    let ignored = "SELECT path FROM skipped_files WHERE reason = 'ignored by git' ORDER BY path";
    assert_eq!(world.query(ignored), ["b.log", "out", "out/c"]);
    assert_eq!(
        world.query("SELECT target_path, action_result FROM cleanup_actions ORDER BY id"),
        ["b.log|planned", "out/c|planned"]
    );
}

#[test]
fn a_directory_of_which_git_tracks_nothing_is_no_repository_and_that_is_said() {
    let world = World::new()
        .file(".gitignore", "*.log\n")
        .git()
        .file("app/b.log", "b\n")
        .file(
            "app/.factory-gate.yml",
            "version: 1\nrules: { final-newline: error }\ncleanup: { rules: { ignored: { paths: ['**/*'], \
             ignored_only: true, action: remove } } }\n",
        );
    let answer = world.gate(["run", "work/app"]);
    assert_eq!(answer.status, 0, "{answer:?}");
    assert_eq!(world.query("SELECT * FROM cleanup_actions"), [""; 0]);
    assert_eq!(
        world.query("SELECT detail ->> '$.by_rule.ignored.note' FROM phases WHERE phase = 3"),
        ["no git repository tracks a file of the workspace, so git ignores nothing in it"]
    );
}
