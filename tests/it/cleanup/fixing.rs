//! Fixes that meet what is hostile: links, several names, files that changed, and deaths in the midst of writing.

use super::kit::{Scene, can_run, say, skipped};
use crate::world::{World, binary, query, snapshot};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::process::Command;

const POLICY: &str =
    "version: 1\nrules: { trailing-whitespace: warning, final-newline: warning }\n";
const BEFORE: &str = "one  \ntwo\t\nthree";
const AFTER: &str = "one\ntwo\nthree\n";

fn fix(scene: &Scene) -> crate::world::Answer {
    scene.gate(["run", "work", "--apply=fix", "--quiet"])
}

#[test]
fn a_link_is_not_written_through() {
    let scene = Scene::of(World::new().policy(POLICY).file("a.txt", BEFORE));
    let outside = scene.beside("outside.txt");
    std::fs::write(&outside, BEFORE).unwrap();
    std::os::unix::fs::symlink(&outside, scene.at("link.txt")).unwrap();
    std::os::unix::fs::symlink("a.txt", scene.at("inner.txt")).unwrap();
    let answer = fix(&scene);
    assert!([0, 1, 3].contains(&answer.status), "{answer:?}");
    assert_eq!(std::fs::read_to_string(&outside).unwrap(), BEFORE);
    assert_eq!(std::fs::read_to_string(scene.at("a.txt")).unwrap(), AFTER);
    assert!(scene.at("link.txt").is_symlink() && scene.at("inner.txt").is_symlink());
}

#[test]
fn a_file_with_another_name_outside_is_refused() {
    let scene = Scene::of(World::new().policy(POLICY).file("a.txt", BEFORE));
    let outside = scene.beside("outside.txt");
    std::fs::hard_link(scene.at("a.txt"), &outside).unwrap();
    let answer = fix(&scene);
    assert!([0, 1, 3].contains(&answer.status), "{answer:?}");
    assert_eq!(std::fs::read_to_string(&outside).unwrap(), BEFORE);
    assert_eq!(
        std::fs::read_to_string(scene.at("a.txt")).unwrap(),
        BEFORE,
        "refused, not split in two"
    );
    let meta = |path| std::fs::metadata(path).unwrap().ino();
    assert_eq!(meta(outside), meta(scene.at("a.txt")));
}

#[test]
fn mode_and_owner_are_kept_and_nothing_else_changes() {
    let scene = Scene::of(
        World::new()
            .policy(POLICY)
            .executable("run.sh", BEFORE)
            .file("fine.txt", "fine\n"),
    );
    std::fs::set_permissions(scene.at("run.sh"), std::fs::Permissions::from_mode(0o2751)).unwrap();
    let before = snapshot(&scene.at("fine.txt"));
    let owner = |scene: &Scene| {
        let meta = std::fs::metadata(scene.at("run.sh")).unwrap();
        (meta.mode(), meta.uid(), meta.gid())
    };
    let was = owner(&scene);
    let answer = fix(&scene);
    assert_eq!(answer.status, 0, "{answer:?}");
    assert_eq!(std::fs::read_to_string(scene.at("run.sh")).unwrap(), AFTER);
    assert_eq!(owner(&scene), was);
    assert_eq!(before, snapshot(&scene.at("fine.txt")));
    let once = snapshot(&scene.root());
    assert_eq!(fix(&scene).status, 0);
    assert_eq!(once, snapshot(&scene.root()), "fix twice is fix once");
}

/// A run that fixes, with a fault at one system call.
fn faulty(scene: &Scene, (call, fault): (&str, &str), number: usize) -> std::process::Output {
    Command::new("strace")
        .args([
            "-f",
            "-qq",
            "-o",
            "/dev/null",
            "-e",
            &format!("trace={call}"),
        ])
        .args(["-e", &format!("inject={call}:{fault}:when={number}")])
        .arg(binary())
        .args(["run", "work", "--apply=fix", "--quiet", "--threads", "1"])
        .current_dir(scene.beside(""))
        .env_remove("GITHUB_ACTIONS")
        .output()
        .unwrap()
}

/// Killed at, or refused by, each of these calls: every file is whole, the old one or the new one, and the next run ends
/// the work.
#[test]
fn no_file_is_ever_half_written() {
    if !can_run(
        "no_file_is_ever_half_written",
        "strace",
        &["-f", "-qq", "-o", "/dev/null", "true"],
    ) {
        return;
    }
    let faults = ["signal=SIGKILL", "error=EIO", "error=ENOSPC"];
    let (mut tried, mut unfinished) = (0, 0);
    for call in [
        "write,pwrite64",
        "fsync",
        "fdatasync",
        "renameat2",
        "renameat",
        "rename",
        "openat",
        "fchmod",
        "linkat",
        "unlinkat",
    ] {
        for fault in faults {
            for number in [1, 2, 3, 5, 8, 13, 21, 34, 55] {
                let world = (0..5).fold(World::new().policy(POLICY), |world, number| {
                    world.file(format!("{number}.txt"), BEFORE)
                });
                let scene = Scene::of(world);
                let output = faulty(&scene, (call, fault), number);
                let context = format!("{call} {fault} {number}: {}", say(&output));
                tried += 1;
                unfinished += usize::from(output.status.code() != Some(0));
                for file in 0..5 {
                    let text = std::fs::read_to_string(scene.at(&format!("{file}.txt"))).unwrap();
                    assert!(text == BEFORE || text == AFTER, "{text:?}: {context}");
                    let is_done = output.status.code() != Some(0) || text == AFTER;
                    assert!(
                        is_done,
                        "exit code 0, and not everything is fixed: {context}"
                    );
                }
                assert_eq!(scene.gate(["recover"]).status, 0, "{context}");
                let again = fix(&scene);
                assert_eq!(again.status, 0, "{context}: {again:?}");
                let names: Vec<_> = snapshot(&scene.root())
                    .into_keys()
                    .filter(|path| path.is_file())
                    .collect();
                // What the system would not remove stays, and has a row that says where.
                let told = query(
                    &scene.database(),
                    "SELECT DISTINCT path FROM fixes WHERE status LIKE '%left in the staging directory%'",
                );
                let own = names.len() - told.len();
                assert_eq!(own, 6, "nothing is left over: {names:?}: {context}");
            }
        }
    }
    assert!(
        unfinished > 20,
        "{unfinished} of {tried}: the faults did not come"
    );
}

/// A disk without room for the new file leaves the old one.
#[test]
fn a_full_disk_leaves_the_old_file() {
    if !super::kit::can_mount("a_full_disk_leaves_the_old_file") {
        return skipped("a_full_disk_leaves_the_old_file", "no mounts");
    }
    let scene = Scene::of(World::new().policy(POLICY).file("a.txt", BEFORE));
    let script = "mkdir disk; mount -t tmpfs -o size=160k none disk; cp -a work/. disk/; head -c 60000 /dev/zero | tr '\\0' 'x' >>disk/a.txt; \
         cp disk/a.txt before.txt; head -c 70000 /dev/zero >disk/fill; \"$@\" >&2; echo exit=$?; cmp -s before.txt disk/a.txt && echo same; \
         tr -d '\\t' <before.txt | sed 's/ *$//' >wanted.txt; cmp -s wanted.txt disk/a.txt && echo fixed; ls -A disk";
    let output = super::kit::unshared()
        .args(["sh", "-c", script, "sh"])
        .arg(binary())
        .args(["run", "disk", "--apply=fix", "--quiet"])
        .current_dir(scene.beside(""))
        .env_remove("GITHUB_ACTIONS")
        .output()
        .unwrap();
    let said = say(&output);
    assert!(said.contains("same"), "{said}");
    assert!(!said.contains("exit=0"), "{said}");
}
