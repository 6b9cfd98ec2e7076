//! The quarantine and the way back: what is moved is whole, nothing is ever put over something, and nothing that lies in
//! the way leads elsewhere.

use super::kit::{Scene, can_mount, cleaning, say, skipped};
use crate::world::{Answer, World, query, snapshot};
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, SystemTime};

const QUARANTINE: &str = "{ rules: { old: { paths: [\"**/*.tmp\"], action: quarantine } } }";

fn dirty() -> World {
    cleaning(QUARANTINE)
        .file("a.tmp", "content a\n")
        .file("deep/b.tmp", "content b\n")
}

/// Where the record says that a quarantined file is.
fn kept_at(scene: &Scene, path: &str) -> PathBuf {
    let sql = format!(
        "SELECT kept_at FROM cleanup_details d JOIN cleanup_actions a ON a.id = d.action_id \
         WHERE target_path = '{path}' AND state = 'quarantined'"
    );
    scene.at(&query(&scene.database(), &sql)[0])
}

fn restore(scene: &Scene) -> Answer {
    scene.gate(["restore", "factory_deployment.db"])
}

/// Gives a file a mode and a time of its own, and an attribute where the file system has them. Answers whether it has.
fn mark(scene: &Scene) -> bool {
    let old = SystemTime::UNIX_EPOCH + Duration::from_nanos(1_234_567_890_123_456_789);
    std::fs::File::options()
        .write(true)
        .open(scene.at("a.tmp"))
        .unwrap()
        .set_modified(old)
        .unwrap();
    std::fs::set_permissions(scene.at("a.tmp"), std::fs::Permissions::from_mode(0o4751)).unwrap();
    let attribute = rustix::fs::setxattr(
        scene.at("a.tmp"),
        "user.origin",
        b"kept",
        rustix::fs::XattrFlags::empty(),
    );
    if let Err(error) = attribute {
        skipped("extended_attributes_in_quarantine", &error.to_string());
    }
    attribute.is_ok()
}

#[test]
fn what_is_quarantined_comes_back_as_it_was() {
    let scene = Scene::of(dirty().link("link.tmp", "../canary/one.tmp"));
    let has_attribute = mark(&scene);
    let before = snapshot(&scene.root());
    scene.expect(
        0,
        &[
            "a.tmp|quarantined",
            "deep/b.tmp|quarantined",
            "link.tmp|quarantined",
        ],
    );
    for path in ["a.tmp", "deep/b.tmp"] {
        let kept = kept_at(&scene, path);
        assert!(
            kept.starts_with(scene.at(".factory-gate/quarantine")),
            "{kept:?}"
        );
        assert!(
            std::fs::read_to_string(&kept)
                .unwrap()
                .starts_with("content ")
        );
    }
    let mode = std::fs::metadata(scene.at(".factory-gate/quarantine"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o700);
    // A second run finds nothing to do: the quarantine is no target and is not looked at.
    scene.expect(0, &[]);
    let answer = restore(&scene);
    assert_eq!(answer.status, 0, "{answer:?}");
    let mut after = snapshot(&scene.root());
    let own = scene.at(".factory-gate");
    after.retain(|path, _| !path.starts_with(&own));
    for (path, was) in before {
        // Directories that something was moved out of and into have new times.
        if !path.is_dir() {
            assert_eq!(after.get(&path), Some(&was), "{}", path.display());
        }
    }
    if has_attribute {
        let mut value = [0; 16];
        let length =
            rustix::fs::getxattr(scene.at("a.tmp"), "user.origin", &mut value[..]).unwrap();
        assert_eq!(&value[..length], b"kept");
    }
    assert_eq!(scene.gate(["verify", "factory_deployment.db"]).status, 0);
    assert_eq!(restore(&scene).status, 0, "nothing is left to restore");
}

#[test]
fn nothing_is_restored_over_something() {
    type Occupy = fn(&Scene);
    let occupied: [(&str, Occupy); 4] = [
        ("a file", |scene| {
            std::fs::write(scene.at("a.tmp"), "new\n").unwrap();
        }),
        ("a directory", |scene| {
            std::fs::create_dir(scene.at("a.tmp")).unwrap();
        }),
        ("a link", |scene| {
            std::os::unix::fs::symlink("../canary/one.tmp", scene.at("a.tmp")).unwrap();
        }),
        ("a dangling link", |scene| {
            std::os::unix::fs::symlink("../canary/nowhere", scene.at("a.tmp")).unwrap();
        }),
    ];
    for (what, occupy) in occupied {
        let scene = Scene::of(dirty());
        assert_eq!(scene.sweep().status, 0);
        let kept = kept_at(&scene, "a.tmp");
        occupy(&scene);
        let there = snapshot(&scene.root()).remove(&scene.at("a.tmp"));
        let answer = restore(&scene);
        assert_eq!(answer.status, 3, "{what}: {answer:?}");
        assert_eq!(
            there,
            snapshot(&scene.root()).remove(&scene.at("a.tmp")),
            "{what}"
        );
        assert_eq!(
            std::fs::read_to_string(&kept).unwrap(),
            "content a\n",
            "{what}"
        );
        assert!(scene.has("deep/b.tmp"), "{what}: the other one is back");
        assert!(!scene.canary().join("nowhere").exists());
    }
}

#[test]
fn nothing_is_restored_through_what_took_a_directorys_place() {
    type Change = fn(&Scene);
    let changes: [(&str, Change); 3] = [
        ("a link outside", |scene| {
            std::os::unix::fs::symlink("../canary/deep", scene.at("deep")).unwrap();
        }),
        ("a link inside", |scene| {
            std::fs::create_dir(scene.at("other")).unwrap();
            std::os::unix::fs::symlink("other", scene.at("deep")).unwrap();
        }),
        ("a file", |scene| {
            std::fs::write(scene.at("deep"), "x\n").unwrap();
        }),
    ];
    for (what, change) in changes {
        let scene = Scene::of(dirty());
        assert_eq!(scene.sweep().status, 0);
        let kept = kept_at(&scene, "deep/b.tmp");
        std::fs::remove_dir_all(scene.at("deep")).unwrap();
        change(&scene);
        let answer = restore(&scene);
        assert_eq!(answer.status, 3, "{what}: {answer:?}");
        assert!(kept.exists(), "{what}");
        assert!(!scene.has("other/b.tmp"), "{what}");
        assert!(scene.has("a.tmp"), "{what}: the other one is back");
    }
}

#[test]
fn a_quarantined_file_that_was_changed_is_not_restored() {
    for content in ["content X\n", "", "content a, and more\n"] {
        let scene = Scene::of(dirty());
        assert_eq!(scene.sweep().status, 0);
        let kept = kept_at(&scene, "a.tmp");
        let modified = std::fs::metadata(&kept).unwrap().modified().unwrap();
        std::fs::write(&kept, content).unwrap();
        std::fs::File::options()
            .write(true)
            .open(&kept)
            .unwrap()
            .set_modified(modified)
            .unwrap();
        let answer = restore(&scene);
        assert_eq!(answer.status, 3, "{content:?}: {answer:?}");
        assert!(
            !scene.has("a.tmp") && scene.has("deep/b.tmp"),
            "{content:?}"
        );
        assert_eq!(std::fs::read_to_string(&kept).unwrap(), content);
    }
}

#[test]
fn a_quarantined_file_that_became_a_link_is_not_restored() {
    let scene = Scene::of(dirty());
    assert_eq!(scene.sweep().status, 0);
    let kept = kept_at(&scene, "a.tmp");
    std::fs::remove_file(&kept).unwrap();
    std::os::unix::fs::symlink(scene.canary().join("one.tmp"), &kept).unwrap();
    let answer = restore(&scene);
    assert_eq!(answer.status, 3, "{answer:?}");
    assert!(!scene.has("a.tmp"), "{answer:?}");
}

/// Whoever may have made it: a quarantine that is no private directory in the workspace takes nothing.
#[test]
fn a_quarantine_that_leads_elsewhere_takes_nothing() {
    type Prepare = fn(&Scene);
    let prepared: [(&str, Prepare); 4] = [
        ("a link as quarantine", |scene| {
            std::fs::create_dir(scene.at(".factory-gate")).unwrap();
            std::os::unix::fs::symlink("../../canary", scene.at(".factory-gate/quarantine"))
                .unwrap();
        }),
        ("a link above it", |scene| {
            std::os::unix::fs::symlink("../canary", scene.at(".factory-gate")).unwrap();
        }),
        ("a file as quarantine", |scene| {
            std::fs::create_dir(scene.at(".factory-gate")).unwrap();
            std::fs::write(scene.at(".factory-gate/quarantine"), "x\n").unwrap();
        }),
        ("a file above it", |scene| {
            std::fs::write(scene.at(".factory-gate"), "x\n").unwrap();
        }),
    ];
    for (what, prepare) in prepared {
        let scene = Scene::of(dirty());
        prepare(&scene);
        let answer = scene.sweep();
        assert_eq!(answer.status, 3, "{what}: {answer:?}");
        assert!(
            scene.has("a.tmp") && scene.has("deep/b.tmp"),
            "{what}: {answer:?}"
        );
        let rows = scene.rows();
        assert!(
            rows.iter().all(|row| !row.ends_with("|quarantined")),
            "{what}: {rows:?}"
        );
        scene.assert_rows_are_true();
    }
}

#[test]
fn a_quarantine_on_another_mount_takes_nothing() {
    if !can_mount("a_quarantine_on_another_mount") {
        return;
    }
    for mount in ["mount -t tmpfs none", "mkdir twin; mount --bind twin"] {
        let scene = Scene::of(dirty().directory(".factory-gate/quarantine"));
        let script = format!("{mount} work/.factory-gate/quarantine");
        let (status, said) =
            scene.sweep_among_mounts(&script, "ls -A work/.factory-gate/quarantine");
        assert_eq!(status, 3, "{said}");
        assert!(scene.has("a.tmp") && scene.has("deep/b.tmp"), "{said}");
        scene.assert_rows_are_true();
    }
}

/// Equal names in different directories, and names that differ in case only, do not meet in the quarantine.
#[test]
fn names_do_not_collide_in_the_quarantine() {
    let names = [
        "x.tmp",
        "X.tmp",
        "a/x.tmp",
        "a/X.tmp",
        "b/x.tmp",
        "b/a/x.tmp",
        "1.tmp",
        "01.tmp",
    ];
    let world = names.iter().fold(cleaning(QUARANTINE), |world, name| {
        world.file(name, format!("{name}\n"))
    });
    let scene = Scene::of(world);
    assert_eq!(scene.sweep().status, 0);
    assert!(names.iter().all(|name| !scene.has(name)));
    assert_eq!(restore(&scene).status, 0);
    for name in names {
        assert_eq!(
            std::fs::read_to_string(scene.at(name)).unwrap(),
            format!("{name}\n")
        );
    }
}

/// No rule reaches the quarantine, and git's own cleaning is told not to.
#[test]
fn the_quarantine_is_no_target() {
    let scene = Scene::of(dirty());
    assert_eq!(scene.sweep().status, 0);
    let before = snapshot(&scene.at(".factory-gate/quarantine"));
    let everything = super::kit::policy(
        "{ rules: { all: { paths: [\"**\", \"**/\", \".factory-gate/\", \".factory-gate/**\"] } } }",
    );
    std::fs::write(scene.at(".factory-gate.yml"), everything).unwrap();
    let answer = scene.sweep();
    assert!([0, 3].contains(&answer.status), "{answer:?}");
    assert_eq!(before, snapshot(&scene.at(".factory-gate/quarantine")));
    assert_eq!(restore(&scene).status, 0);
    assert_eq!(
        std::fs::read_to_string(scene.at("a.tmp")).unwrap(),
        "content a\n"
    );
}

/// For machines that vanish with their workspace: all that was quarantined in one file, and back from it.
#[test]
fn an_exported_quarantine_brings_everything_back() {
    let scene = Scene::of(dirty());
    let before = snapshot(&scene.at("deep"));
    let answer = scene.gate(
        super::kit::SWEEP
            .iter()
            .chain(&["--export-quarantine", "kept.tar.zst"]),
    );
    assert_eq!(answer.status, 0, "{answer:?}");
    assert!(
        std::fs::metadata(scene.beside("kept.tar.zst"))
            .unwrap()
            .len()
            > 0
    );
    // The workspace vanishes, and another one comes.
    let gone = Command::new("rm")
        .arg("-rf")
        .arg(scene.at(".factory-gate"))
        .output()
        .unwrap();
    assert!(gone.status.success(), "{}", say(&gone));
    let answer = scene.gate(["restore", "factory_deployment.db", "--from", "kept.tar.zst"]);
    assert_eq!(answer.status, 0, "{answer:?}");
    let path = scene.at("deep/b.tmp");
    assert_eq!(before.get(&path), snapshot(&scene.at("deep")).get(&path));
    assert_eq!(
        std::fs::read_to_string(scene.at("a.tmp")).unwrap(),
        "content a\n"
    );
}
