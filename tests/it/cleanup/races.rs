//! A second process that changes the workspace as fast as it can while the sweep runs. Each race lasts
//! `FG_RACE_SECONDS`, 3 where that is not set.

use super::kit::{ROWS, SWEEP, Scene, TRASH, cleaning};
use crate::world::query;
use rustix::fs::{CWD, RenameFlags, renameat_with};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

const FILES: usize = 60;

pub(super) fn lasting() -> Duration {
    let seconds = std::env::var("FG_RACE_SECONDS").ok();
    Duration::from_secs(seconds.map_or(3, |text| text.parse().unwrap()))
}

/// Changes the workspace over and over, in a thread of its own, while `sweeps` runs. Answers how often it did.
pub(super) fn racing(change: impl Fn(u64) + Send + Sync, sweeps: impl FnOnce()) -> u64 {
    let (stop, changes) = (AtomicBool::new(false), AtomicU64::new(0));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                change(changes.fetch_add(1, Ordering::Relaxed));
            }
        });
        sweeps();
        stop.store(true, Ordering::Relaxed);
    });
    changes.into_inner()
}

pub(super) fn exchange(one: &PathBuf, other: &PathBuf) {
    // In between, the sweep may have removed one of them.
    let _result = renameat_with(CWD, one, CWD, other, RenameFlags::EXCHANGE);
}

/// Files of the workspace that are the canary's under another name: what they are cannot tell them apart, only where.
fn arrange(scene: &Scene, inside: &str, outside: &str) {
    std::fs::create_dir_all(scene.at(inside)).unwrap();
    for number in 0..FILES {
        let name = format!("{number}.tmp");
        let _there = std::fs::hard_link(
            scene.canary().join(outside).join(&name),
            scene.at(inside).join(&name),
        );
    }
}

/// A scene whose canary has, in three directories, the files that the workspace will have.
fn with_targets() -> Scene {
    let world = cleaning(TRASH).file("keep.txt", "x\n");
    for directory in ["", "e", "d/e"] {
        let place = world.beside("canary").join(directory);
        std::fs::create_dir_all(&place).unwrap();
        for number in 0..FILES {
            std::fs::write(place.join(format!("{number}.tmp")), "canary\n").unwrap();
        }
    }
    Scene::of(world)
}

/// Sweeps again and again while `one` and `other` change places, and demands that no name outside went.
fn no_escape(one: &str, link: &str, to: &str, (inside, outside): (&str, &str)) {
    let scene = with_targets();
    std::fs::create_dir_all(scene.at(one)).unwrap();
    let link = scene.at(link);
    std::fs::create_dir_all(link.parent().unwrap()).unwrap();
    std::os::unix::fs::symlink(scene.canary().join(to), &link).unwrap();
    let place = scene.at(one);
    let removed = || {
        let sql = "SELECT count(*) FROM cleanup_actions WHERE action_result = 'removed'";
        query(&scene.database(), sql) != ["0"]
    };
    let mut runs = 0;
    let changes = racing(
        |_| exchange(&place, &link),
        || {
            let end = Instant::now() + lasting();
            // A machine that is busy may need longer until the two have met.
            while Instant::now() < end || (runs < 500 && !removed()) {
                arrange_beneath(&scene, (one, &link), (inside, outside));
                let answer = scene.gate(SWEEP);
                assert!([0, 1, 3].contains(&answer.status), "{answer:?}");
                scene.assert_canary();
                runs += 1;
            }
        },
    );
    assert!(
        runs > 0 && changes > 100,
        "{runs} runs during {changes} changes"
    );
    assert_eq!(query(&scene.database(), "PRAGMA integrity_check"), ["ok"]);
    assert!(removed(), "nothing was removed meanwhile");
    assert!(scene.has("keep.txt"));
}

/// Fills the directory again, wherever the other thread has it at this moment, and never through the link.
fn arrange_beneath(scene: &Scene, (one, link): (&str, &PathBuf), (inside, outside): (&str, &str)) {
    for _ in 0..1000 {
        let holder = [scene.at(one), link.clone()]
            .into_iter()
            .find(|path| std::fs::symlink_metadata(path).is_ok_and(|meta| meta.is_dir()));
        let Some(holder) = holder else { continue };
        let flags = rustix::fs::OFlags::DIRECTORY | rustix::fs::OFlags::NOFOLLOW;
        let Ok(handle) = rustix::fs::open(&holder, flags, rustix::fs::Mode::empty()) else {
            continue;
        };
        let place = inside.strip_prefix(one).unwrap().trim_start_matches('/');
        let mut directory = handle;
        for part in place.split('/').filter(|part| !part.is_empty()) {
            let _there = rustix::fs::mkdirat(&directory, part, rustix::fs::Mode::RWXU);
            directory =
                rustix::fs::openat(&directory, part, flags, rustix::fs::Mode::empty()).unwrap();
        }
        for number in 0..FILES {
            let name = format!("{number}.tmp");
            let from = scene.canary().join(outside).join(&name);
            let _there =
                rustix::fs::linkat(CWD, &from, &directory, &*name, rustix::fs::AtFlags::empty());
        }
        return;
    }
    arrange(scene, inside, outside);
}

#[test]
fn a_parent_that_becomes_a_link_leads_nowhere() {
    no_escape("d", "decoy", "", ("d", ""));
}

#[test]
fn a_parents_parent_that_becomes_a_link_leads_nowhere() {
    no_escape("d", "decoy", "", ("d/e", "e"));
}

/// The directory moves in and out of the workspace's way; the link stands two levels above the leaf's parent.
#[test]
fn a_directory_three_levels_up_that_becomes_a_link_leads_nowhere() {
    no_escape("c", "side/decoy", "", ("c/d/e", "d/e"));
}

/// A target that becomes a link to a file, or to a directory, and back: the link may go, what it leads to stays.
#[test]
fn a_leaf_that_becomes_a_link_is_not_followed() {
    let scene = with_targets();
    let (file, directory) = (scene.at("other/file"), scene.at("other/directory"));
    std::fs::create_dir(scene.at("other")).unwrap();
    let leaf = scene.at("a.tmp");
    let changes = racing(
        |round| {
            let (spare, to) = if round % 2 == 0 {
                (&file, "1.tmp")
            } else {
                (&directory, "e")
            };
            let _there = std::os::unix::fs::symlink(scene.canary().join(to), spare);
            if round % 3 == 0 {
                let _result = std::fs::write(scene.at("other/plain"), "x\n");
                let _result = std::fs::rename(scene.at("other/plain"), &leaf);
            }
            let _result = std::fs::rename(spare, &leaf);
        },
        || {
            let end = Instant::now() + lasting();
            while Instant::now() < end {
                let answer = scene.gate(SWEEP);
                assert!([0, 1, 3].contains(&answer.status), "{answer:?}");
                scene.assert_canary();
            }
        },
    );
    assert!(changes > 100, "{changes} changes");
}

/// Two sweeps of one workspace into one record at the same time: each name goes once, and has one row that says so.
#[test]
fn two_runs_at_once_share_the_work_without_a_lie() {
    let world = (0..400).fold(cleaning(TRASH), |world, number| {
        world.file(format!("d{}/{number}.tmp", number % 5), "x\n")
    });
    let scene = Scene::of(world);
    let mut children: Vec<_> = (0..3)
        .map(|_| {
            scene
                .command(SWEEP)
                .stdout(std::process::Stdio::null())
                .spawn()
                .unwrap()
        })
        .collect();
    for child in &mut children {
        let code = child.wait().unwrap().code();
        assert!([Some(0), Some(3)].contains(&code), "{code:?}");
    }
    let removed = "SELECT target_path, count(*) FROM cleanup_actions WHERE action_result = 'removed' GROUP BY target_path";
    let removed = query(&scene.database(), removed);
    assert_eq!(removed.len(), 400);
    assert!(removed.iter().all(|row| row.ends_with("|1")), "{removed:?}");
    assert_eq!(
        query(
            &scene.database(),
            "SELECT count(*) FROM deployment_sessions"
        ),
        ["3"]
    );
    let other =
        "SELECT DISTINCT action_result FROM cleanup_actions WHERE action_result <> 'removed'";
    for result in query(&scene.database(), other) {
        let known = ["already_gone", "skipped: changed since planned"];
        assert!(known.contains(&&*result), "{result}");
    }
    assert_eq!(scene.gate(["verify", "factory_deployment.db"]).status, 0);
    assert_eq!(scene.sweep().status, 0);
    assert!(query(&scene.database(), ROWS).is_empty());
}

/// Files that appear in a directory that is to go keep it.
#[test]
fn a_directory_that_is_filled_while_it_is_emptied_stays() {
    let scene = Scene::of(cleaning(TRASH));
    let changes = racing(
        |round| {
            std::fs::create_dir_all(scene.at("trash/deep")).ok();
            std::fs::write(
                scene.at("trash/deep").join((round % 50).to_string()),
                "new\n",
            )
            .ok();
        },
        || {
            let end = Instant::now() + lasting();
            while Instant::now() < end {
                let answer = scene.gate(SWEEP);
                assert!([0, 3].contains(&answer.status), "{answer:?}");
                for row in scene.rows() {
                    let (_, result) = row.split_once('|').unwrap();
                    let known = [
                        "removed",
                        "already_gone",
                        "skipped: ",
                        "failed: removed, but something new",
                    ];
                    assert!(known.iter().any(|word| result.starts_with(word)), "{row}");
                }
            }
        },
    );
    assert!(changes > 100, "{changes} changes");
    assert!(scene.sweep().status == 0 && !scene.has("trash"));
}
