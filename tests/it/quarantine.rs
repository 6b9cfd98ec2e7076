//! A policy that quarantines, from the run that moves files to the restore that brings them back.

use crate::world::World;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};

const POLICY: &str = "\
version: 1
rules: { final-newline: error }
cleanup:
  rules:
    stale: { paths: [\"**/*.log\", \"old/\"], action: quarantine }
";

fn world() -> World {
    World::new()
        .policy(POLICY)
        .file("a.txt", "a\n")
        .file("logs/a.log", "first\n")
        .file(b"logs/b-\xff.log", "second\n")
        .link("old/link", "../a.txt")
        .file("old/deep/c", "third\n")
}

fn verify(world: &World) -> i32 {
    world.gate(["verify", "factory_deployment.db"]).status
}

#[test]
fn what_a_run_quarantines_a_restore_brings_back() {
    let world = world();
    let root = world.root();
    let deep = root.join("old/deep");
    std::fs::set_permissions(&deep, std::fs::Permissions::from_mode(0o2750)).unwrap();
    let file = root.join("logs/a.log");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o611)).unwrap();
    let before = file.metadata().unwrap();
    let answer = world.run(&["--apply=cleanup", "--export-quarantine", "q.tar.zst"]);
    assert_eq!(answer.status, 0, "{answer:?}");
    assert!(!file.exists() && !root.join("old").exists());
    assert_eq!(
        world.query(
            "SELECT d.state, d.number, a.target_path FROM cleanup_actions a JOIN cleanup_details d ON d.action_id = a.id \
             WHERE a.action_type = 'file_quarantine' \
             AND d.kept_at = '.factory-gate/quarantine/' || d.deployment_id || '/' || d.number ORDER BY 3"
        )
        .len(),
        4
    );
    assert_eq!(verify(&world), 0);

    let answer = world.gate(["restore", "factory_deployment.db"]);
    assert_eq!(answer.status, 0, "{answer:?}");
    let after = file.metadata().unwrap();
    assert_eq!(
        (after.mode(), after.mtime(), after.mtime_nsec()),
        (before.mode(), before.mtime(), before.mtime_nsec())
    );
    assert_eq!(deep.metadata().unwrap().mode() & 0o7777, 0o2750);
    assert_eq!(std::fs::read(root.join("old/deep/c")).unwrap(), b"third\n");
    assert_eq!(
        std::fs::read_link(root.join("old/link")).unwrap().to_str(),
        Some("../a.txt")
    );
    assert!(!root.join(".factory-gate/quarantine").exists());
    assert_eq!(verify(&world), 0);
}

#[test]
fn the_export_brings_everything_back_on_another_machine() {
    let world = world();
    let root = world.root();
    let answer = world.run(&["--apply=cleanup", "--export-quarantine", "q.tar.zst"]);
    assert_eq!(answer.status, 0, "{answer:?}");
    std::fs::remove_dir_all(root.join(".factory-gate")).unwrap();
    let gone = world.gate(["restore", "factory_deployment.db"]);
    assert_eq!(gone.status, 3, "{gone:?}");
    let answer = world.gate(["restore", "factory_deployment.db", "--from", "q.tar.zst"]);
    assert_eq!(answer.status, 0, "{answer:?}");
    assert_eq!(std::fs::read(root.join("logs/a.log")).unwrap(), b"first\n");
    assert_eq!(std::fs::read(root.join("old/deep/c")).unwrap(), b"third\n");
    assert_eq!(verify(&world), 0);
}

#[test]
fn an_export_that_fails_leaves_the_verdict_open_and_the_quarantine_alone() {
    let world = world();
    std::fs::create_dir(world.beside(".q.tar.zst.partial")).unwrap();
    let answer = world.run(&["--apply=cleanup", "--export-quarantine", "q.tar.zst"]);
    assert_eq!(answer.status, 3, "{answer:?}");
    assert!(
        answer.stdout.contains("could not be exported"),
        "{answer:?}"
    );
    let answer = world.gate(["restore", "factory_deployment.db"]);
    assert_eq!(answer.status, 0, "{answer:?}");
}
