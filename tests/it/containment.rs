//! What keeps a run from changing what it must not: the record of it, and the places that no cleanup works in.

use crate::world::{Answer, World};
use std::path::Path;

const POLICY: &str = "version: 1\ncleanup:\n  rules:\n    trash: { paths: [\"**/*.tmp\", \"store/\"], action: remove }\n";

/// The workspace holds something to clean up, and its policy lies beside it.
fn unmarked() -> World {
    let world = World::new().file("a.tmp", "x");
    std::fs::write(world.beside("policy.yml"), POLICY).unwrap();
    world
}

fn clean(world: &World, environment: &[(&str, &str)]) -> Answer {
    let arguments = ["run", "work", "--apply", "--policy", "policy.yml"];
    world.gate_with(arguments, environment)
}

fn refused(answer: &Answer, why: &str) {
    assert_eq!(answer.status, 3, "{answer:?}");
    assert!(answer.stdout.contains(why), "{answer:?}");
}

#[test]
fn the_record_says_what_held_the_threads_that_look() {
    let world = World::new().policy(POLICY).file("a.tmp", "x");
    let report = world.run_json(&[]);
    let column = world.query("SELECT containment FROM session_details");
    let kept: serde_json::Value = serde_json::from_str(&column[0]).unwrap();
    assert_eq!(report["session"]["containment"], kept);
    let scan = &kept["scan_threads"];
    // Which of both depends on the kernel; one of both is said.
    assert_eq!(
        scan["landlock_abi"].is_u64(),
        scan["none"].is_null(),
        "{kept}"
    );
    assert!(
        kept["resolution"].is_null(),
        "nothing was opened for a change: {kept}"
    );
    world.run(&["--apply"]);
    let column = world
        .query("SELECT json_extract(containment, '$.resolution') FROM session_details ORDER BY id");
    assert_eq!(column.len(), 2);
    assert!(
        ["openat2", "walk"].contains(&column[1].as_str()),
        "{column:?}"
    );
}

#[test]
fn a_directory_that_nothing_marks_as_a_workspace_is_not_cleaned() {
    let world = unmarked();
    refused(
        &clean(&world, &[]),
        "nothing shows that this directory is a workspace",
    );
    assert!(world.root().join("a.tmp").exists());
}

#[test]
fn the_checkout_of_the_ci_system_is_a_workspace() {
    let world = unmarked();
    let root = world.root();
    let environment = [
        ("GITHUB_ACTIONS", "true"),
        ("GITHUB_WORKSPACE", root.to_str().unwrap()),
    ];
    assert_eq!(clean(&world, &environment).status, 0);
    assert!(!root.join("a.tmp").exists());
}

#[test]
fn a_repository_is_a_workspace() {
    let world = unmarked();
    world.git_command(&["init", "--quiet", "."]);
    assert_eq!(clean(&world, &[]).status, 0);
    assert!(!world.root().join("a.tmp").exists());
}

#[test]
fn what_holds_the_runners_directories_is_not_cleaned() {
    let world = World::new()
        .policy(POLICY)
        .file("a.tmp", "x")
        .directory("_temp");
    let temporary = world.root().join("_temp");
    let environment = [
        ("GITHUB_ACTIONS", "true"),
        ("RUNNER_TEMP", temporary.to_str().unwrap()),
    ];
    let answer = world.gate_with(["run", "work", "--apply"], &environment);
    refused(&answer, "a directory of the CI runner");
    assert!(world.root().join("a.tmp").exists());
}

#[test]
fn a_home_directory_and_what_holds_it_are_not_cleaned() {
    let world = World::new()
        .policy(POLICY)
        .file("a.tmp", "x")
        .directory("me");
    for home in [world.root(), world.root().join("me")] {
        let environment = [("HOME", home.to_str().unwrap())];
        refused(
            &world.gate_with(["run", "work", "--apply"], &environment),
            "the home directory",
        );
    }
    assert!(world.root().join("a.tmp").exists());
}

#[test]
fn a_repository_kept_under_another_name_in_the_workspace_stays() {
    let world = World::new().policy(POLICY).file("a.tmp", "x");
    world.git_command(&["init", "--quiet", "--separate-git-dir=store", "."]);
    let before = entries(&world.root().join("store"));
    assert!(before.len() > 5);
    let answer = world.run(&["--apply"]);
    assert_eq!(entries(&world.root().join("store")), before, "{answer:?}");
    assert!(!world.root().join("a.tmp").exists());
}

#[test]
fn objects_that_git_borrows_stay() {
    let world = World::new()
        .policy(POLICY)
        .git()
        .file("store/objects/aa/bb", "object");
    std::fs::write(
        world.root().join(".git/objects/info/alternates"),
        "../../store/objects\n",
    )
    .unwrap();
    let answer = world.run(&["--apply"]);
    assert!(
        world.root().join("store/objects/aa/bb").exists(),
        "{answer:?}"
    );
    let rows = world.query(
        "SELECT action_result FROM cleanup_actions WHERE target_path = 'store/objects/aa/bb'",
    );
    assert_eq!(rows, ["refused: protected: objects that git borrows"]);
}

fn entries(directory: &Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![directory.to_owned()];
    while let Some(directory) = open.pop() {
        for entry in std::fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path.clone());
            }
            found.push(path);
        }
    }
    found.sort();
    found
}
