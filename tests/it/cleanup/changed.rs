//! Things that are no longer what was planned, or not there any more, and runs that come again.

use super::kit::{ROWS, SWEEP, Scene, TRASH, cleaning};
use crate::world::{World, query};
use std::io::{BufRead as _, BufReader};
use std::process::Stdio;
use std::time::{Duration, SystemTime};

#[test]
fn a_second_run_has_nothing_to_do() {
    let world = cleaning(TRASH)
        .file("a.tmp", "x\n")
        .file("trash/deep/b", "x\n")
        .link("c.tmp", "a.tmp");
    let scene = Scene::of(world);
    scene.expect(
        0,
        &[
            "a.tmp|removed",
            "c.tmp|removed",
            "trash/deep/b|removed",
            "trash/deep|removed",
            "trash|removed",
        ],
    );
    for _ in 0..2 {
        scene.expect(0, &[]);
    }
    let all = query(
        &scene.database(),
        "SELECT count(*) FROM cleanup_actions WHERE action_result = 'removed'",
    );
    assert_eq!(all, ["5"]);
    assert_eq!(scene.gate(["verify", "factory_deployment.db"]).status, 0);
}

/// A clock that was wrong, here or where the file was written, makes nothing old.
#[test]
fn a_time_in_the_future_is_never_old() {
    let cleanup = "{ rules: { old: { paths: [\"**/*.tmp\"], older_than: 1d } } }";
    let world = ["new", "old", "future", "far", "ancient"]
        .iter()
        .fold(cleaning(cleanup), |world, name| {
            world.file(format!("{name}.tmp"), "x\n")
        });
    let scene = Scene::of(world);
    let now = SystemTime::now();
    let day = Duration::from_hours(24);
    for (name, time) in [
        ("old", now - 2 * day),
        ("future", now + 2 * day),
        ("far", now + 100_000 * day),
        ("ancient", SystemTime::UNIX_EPOCH - day),
    ] {
        let file = std::fs::File::options()
            .write(true)
            .open(scene.at(&format!("{name}.tmp")));
        file.unwrap().set_modified(time).unwrap();
    }
    scene.expect(0, &["ancient.tmp|removed", "old.tmp|removed"]);
}

/// A sweep of many files, of which the last in tree order is changed while the first phase is at work.
fn late_change(change: impl FnOnce(&Scene)) -> (Scene, Vec<String>) {
    let world: World = (0..1500).fold(cleaning(TRASH), |world, number| {
        world.file(format!("a{}/{number}.tmp", number % 7), "x\n")
    });
    let scene = Scene::of(world.file("z/last.tmp", "old\n"));
    let mut child = scene
        .command(
            SWEEP
                .iter()
                .filter(|word| **word != "--quiet")
                .chain(&["--threads", "1"]),
        )
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    // The tree is known when the first phase has ended; the plan is made from it.
    assert!(lines.any(|line| line.unwrap().starts_with("[2/5]")));
    change(&scene);
    lines.for_each(drop);
    assert!([Some(0), Some(3)].contains(&child.wait().unwrap().code()));
    let rows = query(&scene.database(), ROWS);
    let last = rows
        .into_iter()
        .filter(|row| row.starts_with("z/last.tmp|"))
        .collect();
    (scene, last)
}

#[test]
fn what_changed_after_the_plan_stays() {
    let changed = ["z/last.tmp|skipped: changed since planned"];
    let (scene, rows) = late_change(|scene| {
        std::fs::write(scene.at("z/last.tmp"), "new, and longer\n").unwrap();
    });
    assert_eq!(rows, changed);
    assert_eq!(
        std::fs::read_to_string(scene.at("z/last.tmp")).unwrap(),
        "new, and longer\n"
    );

    let (scene, rows) = late_change(|scene| {
        std::fs::write(scene.at("z/last.tmp"), "new\n").unwrap();
    });
    assert_eq!(rows, changed, "the same size, another time");
    assert!(scene.has("z/last.tmp"));

    let (scene, rows) = late_change(|scene| {
        let last = scene.at("z/last.tmp");
        let time = std::fs::metadata(&last).unwrap().modified().unwrap();
        std::fs::write(scene.at("other"), "OLD\n").unwrap();
        std::fs::rename(scene.at("other"), &last).unwrap();
        let file = std::fs::File::options().write(true).open(&last).unwrap();
        file.set_modified(time).unwrap();
    });
    assert_eq!(rows, changed, "the same size and time, another file");
    assert_eq!(
        std::fs::read_to_string(scene.at("z/last.tmp")).unwrap(),
        "OLD\n"
    );

    let (scene, rows) = late_change(|scene| {
        std::fs::remove_file(scene.at("z/last.tmp")).unwrap();
        std::fs::create_dir(scene.at("z/last.tmp")).unwrap();
    });
    assert_eq!(rows, changed, "a directory now");
    assert!(scene.has("z/last.tmp"));

    let (scene, rows) = late_change(|scene| {
        std::fs::remove_file(scene.at("z/last.tmp")).unwrap();
        std::os::unix::fs::symlink("../../canary/one.tmp", scene.at("z/last.tmp")).unwrap();
    });
    assert_eq!(rows, changed, "a link now");
    assert!(scene.has("z/last.tmp"));
}

#[test]
fn what_is_gone_already_is_no_error() {
    let (scene, rows) = late_change(|scene| std::fs::remove_file(scene.at("z/last.tmp")).unwrap());
    assert_eq!(rows, ["z/last.tmp|already_gone"]);
    assert!(!scene.has("z/last.tmp"));

    let (scene, rows) = late_change(|scene| std::fs::remove_dir_all(scene.at("z")).unwrap());
    assert_eq!(rows, ["z/last.tmp|already_gone"]);
    assert!(!scene.has("z"));
}

#[test]
fn a_directory_on_the_way_that_became_a_link_is_refused() {
    let (scene, rows) = late_change(|scene| {
        std::fs::rename(scene.at("z"), scene.at("moved")).unwrap();
        std::os::unix::fs::symlink("moved", scene.at("z")).unwrap();
    });
    assert_eq!(
        rows,
        ["z/last.tmp|refused: the path leads through a symbolic link"]
    );
    assert!(scene.has("moved/last.tmp"));
}
