//! Runs by root in a workspace of somebody else: what they leave behind is the owner's, and the owner's runs go on.

use crate::cleanup::kit::skipped;
use crate::world::{Answer, World};
use std::ffi::OsStr;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::Path;

const OWNER: u32 = 12_345;
const GROUP: u32 = 23_456;

const POLICY: &str = "\
version: 1
rules:
  final-newline: error
  security-policy:
    use: required-path
    all_of: [docs/SECURITY.md]
    template: template.md
cleanup:
  rules:
    stale: { paths: [\"**/*.log\"], action: quarantine }
    empty: { paths: [\"**/\"], empty_directories: true, action: remove }
";

/// A workspace of `OWNER`, with room beside it for the owner's record; `None` where nobody can make one.
fn world() -> Option<World> {
    if !rustix::process::geteuid().is_root() {
        skipped(
            "owners",
            "only root can work in the directory of somebody else",
        );
        return None;
    }
    let world = World::new()
        .policy(POLICY)
        .file("template.md", "Write to us.\n")
        .file("a.log", "first\n")
        .file("b.txt", "no line end");
    for path in [world.beside("."), world.root()] {
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        give(&path);
    }
    for entry in std::fs::read_dir(world.root()).unwrap() {
        give(&entry.unwrap().path());
    }
    Some(world)
}

fn give(path: &Path) {
    chown(path, Some(OWNER), Some(GROUP)).unwrap();
}

fn owner(world: &World, path: &str) -> (u32, u32) {
    let facts = world.root().join(path).symlink_metadata().unwrap();
    (facts.uid(), facts.gid())
}

/// As [`World::gate`], by the owner of the workspace; `None` where that user cannot start the binary.
fn by_owner<I: AsRef<OsStr>>(
    world: &World,
    arguments: impl IntoIterator<Item = I>,
) -> Option<Answer> {
    let mut command = world.command(arguments);
    command
        .uid(OWNER)
        .gid(GROUP)
        .env("TMPDIR", world.beside("."));
    match command.output() {
        Ok(output) => Some(Answer {
            status: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }),
        Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => {
            skipped(
                "owners_other_user",
                "the binary cannot be started by others",
            );
            None
        }
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn what_root_makes_is_the_owners_of_the_workspace() {
    let Some(world) = world() else { return };
    let answer = world.run(&["--apply"]);
    assert_eq!(answer.status, 0, "{answer:?}");
    for path in [
        ".factory-gate",
        ".factory-gate/quarantine",
        ".factory-gate/quarantine/.gitignore",
        "docs",
        "docs/SECURITY.md",
        "b.txt",
    ] {
        assert_eq!(owner(&world, path), (OWNER, GROUP), "{path}");
    }
    assert_eq!(
        world.query("SELECT target_path, action_result FROM cleanup_actions ORDER BY id"),
        ["a.log|quarantined"]
    );
    // What the owner's runs do then.
    std::fs::write(world.root().join("c.log"), "second\n").unwrap();
    give(&world.root().join("c.log"));
    let own = ["--database", "own.db"];
    let run = ["run", "work", "--apply"].iter().chain(&own);
    let Some(answer) = by_owner(&world, run) else {
        return;
    };
    assert_eq!(answer.status, 0, "{answer:?}");
    assert!(!world.root().join("c.log").exists());
    let answer = by_owner(&world, ["restore", "own.db"]).unwrap();
    assert_eq!(answer.status, 0, "{answer:?}");
    // And what root quarantined is the owner's to take back, with a copy of the record.
    std::fs::copy(world.database(), world.beside("copy.db")).unwrap();
    give(&world.beside("copy.db"));
    let answer = by_owner(&world, ["restore", "copy.db"]).unwrap();
    assert_eq!(answer.status, 0, "{answer:?}");
    assert_eq!(owner(&world, "a.log"), (OWNER, GROUP));
    assert!(!world.root().join(".factory-gate").exists());
}

#[test]
fn a_directory_that_an_older_run_of_root_left_does_not_stop_the_owner() {
    let Some(world) = world() else { return };
    let home = world.root().join(".factory-gate");
    std::fs::create_dir_all(home.join("quarantine/RUN")).unwrap();
    std::fs::set_permissions(&home, std::fs::Permissions::from_mode(0o700)).unwrap();
    let run = ["run", "work", "--database", "own.db"];
    let Some(answer) = by_owner(&world, run) else {
        return;
    };
    assert_eq!(answer.status, 1, "{answer:?}");
    assert!(!answer.stdout.contains("unreadable"), "{answer:?}");
    assert!(!answer.stdout.contains("not empty"), "{answer:?}");
}

#[test]
fn what_the_owner_made_serves_a_run_of_root() {
    let Some(world) = world() else { return };
    for path in [
        ".factory-gate",
        ".factory-gate/quarantine",
        ".factory-gate/staging",
    ] {
        let path = world.root().join(path);
        std::fs::create_dir(&path).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o700)).unwrap();
        give(&path);
    }
    let answer = world.run(&["--apply"]);
    assert_eq!(answer.status, 0, "{answer:?}");
    let answer = world.gate(["restore", "factory_deployment.db"]);
    assert_eq!(answer.status, 0, "{answer:?}");
}
