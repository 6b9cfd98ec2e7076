//! Mounts below the workspace: nothing behind them is touched, whatever the device number says.

use super::kit::{Scene, TRASH, can_mount, cleaning};
use crate::world::snapshot;

#[test]
fn a_bound_directory_of_the_same_file_system_is_not_entered() {
    const NAME: &str = "a_bound_directory";
    if !can_mount(NAME) {
        return;
    }
    let world = cleaning(TRASH)
        .directory("trash/bound")
        .file("trash/a", "x\n")
        .directory("b.tmp");
    let scene = Scene::of(world.directory("plain"));
    let (status, _) = scene.sweep_among_mounts(
        "mount --bind canary work/trash/bound; mount --bind canary work/b.tmp; mount --bind canary work/plain",
        "",
    );
    assert_eq!(status, 3);
    let rows = scene.rows();
    for row in &rows {
        let mounted = ["trash/bound", "b.tmp", "plain"]
            .iter()
            .any(|mount| row.starts_with(mount));
        if mounted {
            assert!(
                !row.ends_with("|removed") && !row.contains("|failed"),
                "{row}"
            );
        }
    }
    assert!(rows.contains(&"trash/a|removed".to_owned()), "{rows:?}");
    assert!(
        rows.iter()
            .any(|row| row.ends_with("|refused: mount point")),
        "{rows:?}"
    );
    assert!(scene.has("trash/bound") && scene.has("b.tmp"));
}

#[test]
fn a_bound_file_stays() {
    if !can_mount("a_bound_file") {
        return;
    }
    let scene = Scene::of(cleaning(TRASH).file("a.tmp", "x\n").file("b.tmp", "x\n"));
    let (status, said) =
        scene.sweep_among_mounts("mount --bind canary/one.tmp work/a.tmp", "cat work/a.tmp");
    assert_eq!(status, 3);
    assert!(said.contains("canary one.tmp"), "{said}");
    assert_eq!(
        scene.rows(),
        ["a.tmp|refused: mount point", "b.tmp|removed"]
    );
    assert!(scene.has("a.tmp"));
}

#[test]
fn other_file_systems_inside_the_workspace_are_not_emptied() {
    const NAME: &str = "other_file_systems";
    if !can_mount(NAME) {
        return;
    }
    for (kind, mount) in [
        ("tmpfs", "mount -t tmpfs none work/trash/m"),
        (
            "overlay",
            "mkdir -p o/upper o/work; mount -t tmpfs none o; mkdir o/upper o/work; \
             mount -t overlay none -o lowerdir=canary,upperdir=o/upper,workdir=o/work work/trash/m",
        ),
    ] {
        let world = cleaning(TRASH).directory("trash/m").file("trash/a", "x\n");
        let scene = Scene::of(world);
        let script = format!(
            "if ! {{ {mount}; }} 2>/dev/null; then echo exit=-1; exit; fi; \
             echo y >work/trash/m/b.tmp; find work/trash/m -maxdepth 1 | sort >before.txt"
        );
        let (status, said) = scene.sweep_among_mounts(
            &script,
            "find work/trash/m -maxdepth 1 | sort >after.txt; \
             if cmp -s before.txt after.txt; then echo same; fi",
        );
        if status == -1 {
            super::kit::skipped(&format!("{NAME}_{kind}"), "it cannot be mounted here");
            continue;
        }
        assert_eq!(status, 3, "{kind}");
        assert!(said.contains("same"), "{kind}: {said}");
        let rows = scene.rows();
        for row in rows.iter().filter(|row| row.starts_with("trash/m")) {
            assert!(
                row.contains("|refused: ") || row.contains("|skipped: "),
                "{kind}: {row}"
            );
        }
        assert!(
            rows.contains(&"trash/a|removed".to_owned()),
            "{kind}: {rows:?}"
        );
    }
}

/// A volume of a container is a mount; what lies below it is the workspace. Whether that is allowed or refused, nothing
/// but planned things goes, and the rows are true.
#[test]
fn a_workspace_that_is_a_mount_itself_is_cleaned_or_refused() {
    if !can_mount("a_workspace_that_is_a_mount") {
        return;
    }
    let scene = Scene::of(cleaning(TRASH).file("a.tmp", "x\n").file("b.txt", "x\n"));
    let before = snapshot(&scene.root());
    let (status, said) = scene.sweep_among_mounts(
        "cp -a work twin; mount -t tmpfs none work; cp -a twin/. work/",
        "ls -A work",
    );
    assert_eq!(before, snapshot(&scene.root()), "what the mount covers");
    assert!(
        said.contains("b.txt") && said.contains(".factory-gate.yml"),
        "{said}"
    );
    match status {
        0 => {
            assert!(!said.contains("a.tmp"), "{said}");
            assert_eq!(scene.rows(), ["a.tmp|removed"]);
        }
        3 => assert!(said.contains("a.tmp"), "{said}"),
        other => panic!("exit code {other}: {said}"),
    }
}

/// The workspace bound into itself: the same files under two names, one of them behind a mount.
#[test]
fn a_workspace_bound_into_itself_loses_only_its_own_names() {
    if !can_mount("a_workspace_bound_into_itself") {
        return;
    }
    let world = cleaning(TRASH).directory("trash/loop").file("a.txt", "x\n");
    let scene = Scene::of(world);
    let (status, said) = scene.sweep_among_mounts("mount --bind work work/trash/loop", "ls work");
    assert_eq!(status, 3, "{said}");
    assert!(scene.has("a.txt") && scene.has("trash/loop") && scene.has(".factory-gate.yml"));
}
