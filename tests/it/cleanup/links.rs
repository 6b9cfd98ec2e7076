//! Links and things that are neither file nor directory: what a name leads to is never touched, and nothing is opened
//! that could wait.

use super::kit::{Scene, TRASH, cleaning};
use crate::world::{query, snapshot};
use std::os::unix::fs::MetadataExt as _;

#[test]
fn a_link_goes_and_what_it_leads_to_stays() {
    let world = cleaning(TRASH)
        .link("file.tmp", "../canary/one.tmp")
        .link("directory.tmp", "../canary")
        .link("cycle.tmp", ".")
        .link("root.tmp", "/")
        .link("dangling.tmp", "../canary/nowhere")
        .link("itself.tmp", "itself.tmp")
        .link("magic.tmp", "/proc/self/root/etc")
        .link("cwd.tmp", "/proc/self/cwd/canary")
        .link("trash/up", "../../canary")
        .link("trash/deep/down", "/proc/self/fd/0");
    let scene = Scene::of(world);
    let answer = scene.expect(
        0,
        &[
            "cwd.tmp|removed",
            "cycle.tmp|removed",
            "dangling.tmp|removed",
            "directory.tmp|removed",
            "file.tmp|removed",
            "itself.tmp|removed",
            "magic.tmp|removed",
            "root.tmp|removed",
            "trash/deep/down|removed",
            "trash/up|removed",
            "trash/deep|removed",
            "trash|removed",
        ],
    );
    drop(answer);
    scene.expect(0, &[]);
}

/// A pattern for directories does not match a link to one, and nothing is found through it.
#[test]
fn a_link_to_a_directory_is_no_directory() {
    let world = cleaning("{ rules: { trash: { paths: [\"out/\", \"**/one.tmp\", \"out/**\"] } } }")
        .link("out", "../canary")
        .link("nested/out", "../../canary/deep");
    let scene = Scene::of(world);
    scene.expect(0, &[]);
    assert!(scene.has("out") && scene.has("nested/out"));
}

#[test]
fn a_name_of_a_file_that_has_others_outside_leaves_the_content() {
    let scene = Scene::of(cleaning(TRASH).directory("trash"));
    for (outside, inside) in [("one.tmp", "hard.tmp"), ("deep/three.tmp", "trash/hard")] {
        std::fs::hard_link(scene.canary().join(outside), scene.at(inside)).unwrap();
    }
    scene.expect(
        0,
        &["hard.tmp|removed", "trash/hard|removed", "trash|removed"],
    );
    let links = |name: &str| {
        std::fs::metadata(scene.canary().join(name))
            .unwrap()
            .nlink()
    };
    assert_eq!((links("one.tmp"), links("deep/three.tmp")), (1, 1));
}

/// A reader of a FIFO would wait for ever, a device could do anything when opened.
#[test]
fn special_files_are_refused_without_being_opened() {
    let scene = Scene::of(cleaning(TRASH).directory("trash"));
    crate::world::make_fifo(&scene.at("fifo.tmp"));
    std::os::unix::net::UnixListener::bind(scene.at("trash/socket")).unwrap();
    let mut rows: Vec<String> = ["fifo.tmp", "trash/socket"]
        .map(|name| format!("{name}|refused: special file"))
        .into();
    // The program that every Unix has: the system call is not there for macOS.
    let mut mknod = std::process::Command::new("mknod");
    mknod.arg(scene.at("null.tmp")).args(["c", "1", "3"]);
    let made = mknod.output().unwrap();
    if made.status.success() {
        rows.insert(1, "null.tmp|refused: special file".into());
    } else {
        super::kit::skipped("device_nodes", &String::from_utf8_lossy(&made.stderr));
    }
    rows.insert(
        rows.len() - 1,
        "trash|skipped: not empty: something below it stays".into(),
    );
    let before = snapshot(&scene.root());
    let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
    scene.expect(3, &rows);
    assert_eq!(before, snapshot(&scene.root()));
}

/// The record itself, the policy, the program and the current directory, each matched by a rule.
#[test]
fn what_the_run_itself_needs_is_never_a_target() {
    let cleanup = "{ rules: { all: { paths: [\"**/*.db\", \"**/*.yml\", \"bin/\", \"here/\"] } } }";
    let world = cleaning(cleanup)
        .directory("bin")
        .directory("here")
        .file("loose.db", "x\n");
    let scene = Scene::of(world);
    let own = scene.at("bin/factory-gate");
    if std::fs::hard_link(crate::world::binary(), &own).is_err() {
        std::fs::copy(crate::world::binary(), &own).unwrap();
    }
    let run = || {
        std::process::Command::new(&own)
            .args([
                "run",
                "..",
                "--apply=cleanup",
                "--quiet",
                "--database",
                "../record.db",
            ])
            .current_dir(scene.at("here"))
            .env_clear()
            .output()
            .unwrap()
    };
    for _ in 0..2 {
        let output = run();
        assert_eq!(
            output.status.code(),
            Some(3),
            "{}",
            super::kit::say(&output)
        );
        for path in ["bin/factory-gate", "here", ".factory-gate.yml", "record.db"] {
            assert!(scene.has(path), "{path} is gone");
        }
        assert!(!scene.has("loose.db"));
    }
    let rows = query(&scene.at("record.db"), super::kit::ROWS);
    assert!(
        rows.iter().all(|row| !row.ends_with("|removed")),
        "{rows:?}"
    );
}
