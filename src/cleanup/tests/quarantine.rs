//! The quarantine and the staging directory: what gets there, and what must not be used as one.

use super::kit::*;
use super::meddler::{meddled, to_quarantine};
use crate::cleanup::{ApplyToken, Interrupted, Leftovers, Look, Orders, Sight};
use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};

fn quarantined(
    world: &World,
    patterns: &[&str],
) -> std::collections::BTreeMap<String, (String, u64)> {
    let plan = to_quarantine(world.plan(&trash(patterns)));
    meddled(world, &plan, |_, _| Ok(()))
}

#[test]
fn a_quarantined_file_is_the_same_file_at_its_numbered_place() {
    World::both(|world| {
        let file = world.file("d/a.log");
        world.link("d/b.log", world.canary.join("one.tmp"));
        fs::hard_link(&file, world.at("d/c.log")).unwrap();
        fs::hard_link(&file, world.at("other-name")).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
        let before = fs::metadata(&file).unwrap();
        let results = world.guarded(|| quarantined(&world, &["d/"]));
        for path in ["d/a.log", "d/b.log", "d/c.log"] {
            assert_eq!(results[path], ("quarantined".into(), 1), "{path}");
        }
        assert_eq!(results["d"], ("removed".into(), 1));
        let kept = world.at(".factory-gate/quarantine/run");
        let after = fs::metadata(kept.join("1")).unwrap();
        assert_eq!(fs::read_to_string(kept.join("1")).unwrap(), "content");
        assert_eq!(
            (
                before.ino(),
                before.mode(),
                before.mtime_nsec(),
                before.nlink()
            ),
            (after.ino(), after.mode(), after.mtime_nsec(), after.nlink())
        );
        assert_eq!(
            fs::read_link(kept.join("2")).unwrap(),
            world.canary.join("one.tmp")
        );
        assert_eq!(fs::metadata(kept.join("3")).unwrap().ino(), before.ino());
        assert_eq!(fs::metadata(&kept).unwrap().mode() & 0o777, 0o700);
        let ignore = world.at(".factory-gate/quarantine/.gitignore");
        assert_eq!(fs::read_to_string(ignore).unwrap(), "*\n");
        assert!(!world.exists(".factory-gate/staging"));
        assert_eq!(
            quarantined(&world, &["d/"]).len(),
            0,
            "a second run finds nothing"
        );
    });
}

/// What somebody did before.
type Arrange = fn(&World);

/// What makes the own directories unusable, and what the result says of it.
fn hostile() -> Vec<(&'static str, Arrange)> {
    let link = "a link or file is in its way";
    let other = "open to others";
    vec![
        (link, |world| world.link(".factory-gate", &world.canary)),
        (link, |world| {
            world.link(".factory-gate/staging", &world.canary);
            world.link(".factory-gate/quarantine", &world.canary);
        }),
        (link, |world| {
            world.file(".factory-gate");
        }),
        (other, |world| {
            let home = world.at(".factory-gate");
            fs::create_dir(&home).unwrap();
            fs::set_permissions(&home, fs::Permissions::from_mode(0o777)).unwrap();
        }),
        ("it is there already", |world| {
            for purpose in ["staging", "quarantine"] {
                let own = world.at(".factory-gate").join(purpose).join("run");
                fs::create_dir_all(&own).unwrap();
                fs::set_permissions(&own, fs::Permissions::from_mode(0o700)).unwrap();
            }
        }),
        (other, |world| {
            for purpose in ["staging", "quarantine"] {
                let own = world.at(".factory-gate").join(purpose).join("run");
                fs::create_dir_all(&own).unwrap();
                fs::set_permissions(&own, fs::Permissions::from_mode(0o755)).unwrap();
            }
        }),
    ]
}

#[test]
fn a_hostile_directory_of_ours_is_not_used() {
    for (number, (why, arrange)) in hostile().into_iter().enumerate() {
        let world = World::new();
        world.file("d/a.tmp");
        arrange(&world);
        let plan = world.plan(&trash(&["d/"]));
        for plan in [plan.clone(), to_quarantine(plan)] {
            let results = world.guarded(|| meddled(&world, &plan, |_, _| Ok(())));
            let (text, affected) = &results["d/a.tmp"];
            assert!(
                text.starts_with("refused: the directory `.factory-gate/"),
                "{text}"
            );
            assert!(text.contains(why), "{number}: {text}");
            assert_eq!(*affected, 0);
            assert_eq!(results["d"].0, "skipped: not empty");
            assert!(world.exists("d/a.tmp"));
        }
    }
}

#[test]
fn a_directory_of_another_user_is_not_used() {
    if !rustix::process::geteuid().is_root() {
        println!("not tested: only root can give a directory away");
        return;
    }
    let world = World::new();
    world.file("a.tmp");
    fs::create_dir(world.at(".factory-gate")).unwrap();
    std::os::unix::fs::chown(world.at(".factory-gate"), Some(12_345), None).unwrap();
    let results = meddled(&world, &world.plan(&trash(&["*.tmp"])), |_, _| Ok(()));
    assert!(results["a.tmp"].0.contains("belongs to another user"));
    assert!(world.exists("a.tmp"));
}

#[test]
fn only_empty_directories_of_ours_are_taken_away() {
    let world = World::new();
    world.file("a.tmp");
    world.file(".factory-gate/notes");
    let results = meddled(&world, &world.plan(&trash(&["*.tmp"])), |_, _| Ok(()));
    assert_eq!(results["a.tmp"].0, "removed");
    assert!(world.exists(".factory-gate/notes") && !world.exists(".factory-gate/staging"));
}

/// The workspace of a run that died: its staging directory, with what is at each target's private name.
fn leftovers(world: &World) -> Leftovers {
    let own = world.at(".factory-gate/staging/run");
    fs::create_dir_all(&own).unwrap();
    fs::set_permissions(&own, fs::Permissions::from_mode(0o700)).unwrap();
    open(world)
}

fn open(world: &World) -> Leftovers {
    let token = ApplyToken::because_recover_was_asked_for();
    Leftovers::open(&world.root, "run", token).unwrap()
}

/// Targets far apart in a plan are looked at in different directories.
#[test]
fn recovery_finds_what_is_aside_by_its_number_alone() {
    let world = World::new();
    world.file("a.tmp");
    let plan = world.plan(&trash(&["*.tmp"]));
    let identified = world.look().identify(&plan, &unprotected());
    let Look::Present(identity) = &identified.looks()[0] else {
        panic!("it is there");
    };
    leftovers(&world);
    let second = world.at(".factory-gate/staging/run.1");
    fs::create_dir(&second).unwrap();
    fs::set_permissions(&second, fs::Permissions::from_mode(0o700)).unwrap();
    fs::rename(world.at("a.tmp"), second.join("257")).unwrap();
    let settle = |number: usize| {
        open(&world).settle(&Interrupted {
            path: b"a.tmp",
            identity: &identity.to_json(),
            number,
            is_quarantine: false,
        })
    };
    assert_eq!(settle(256), Sight::Absent);
    let left = Some(".factory-gate/staging/run.1".into());
    assert_eq!(open(&world).clear(), Ok(left));
    assert_eq!(settle(257), Sight::PutBack);
    assert_eq!(open(&world).clear(), Ok(None));
    assert!(!world.exists(".factory-gate"));
}

#[test]
fn recovery_puts_back_what_was_aside_and_replaces_nothing() {
    let world = World::new();
    for name in ["a", "b", "c", "d", "e"] {
        world.file(&format!("t/{name}.tmp"));
    }
    let plan = world.plan(&trash(&["t/*.tmp"]));
    let root = world.look();
    let identified = root.identify(&plan, &unprotected());
    let left = leftovers(&world);
    let aside = |number: usize| world.at(&format!(".factory-gate/staging/run/{number}"));
    // 1 aside; 2 aside and its path taken; 3 another thing aside; 4 gone; 5 not begun.
    fs::rename(world.at("t/a.tmp"), aside(1)).unwrap();
    fs::rename(world.at("t/b.tmp"), aside(2)).unwrap();
    fs::write(world.at("t/b.tmp"), "newer").unwrap();
    fs::remove_file(world.at("t/c.tmp")).unwrap();
    fs::write(aside(3), "precious").unwrap();
    fs::remove_file(world.at("t/d.tmp")).unwrap();
    let settle = |number: usize| {
        let Look::Present(identity) = &identified.looks()[number - 1] else {
            panic!("it was there");
        };
        left.settle(&Interrupted {
            path: &plan.targets()[number - 1].path,
            identity: &identity.to_json(),
            number,
            is_quarantine: false,
        })
    };
    assert_eq!(settle(1), Sight::PutBack);
    assert!(
        matches!(settle(2), Sight::Aside(place) if place.starts_with(".factory-gate/staging/run/2: "))
    );
    assert_eq!(settle(3), Sight::PutBackOther);
    assert_eq!([settle(4), settle(5)], [Sight::Absent, Sight::Same]);
    assert_eq!(settle(1), Sight::Same, "a second recovery says the same");
    let read = |path: &str| fs::read_to_string(world.at(path)).unwrap();
    assert_eq!(
        [read("t/a.tmp"), read("t/b.tmp"), read("t/c.tmp")],
        ["content", "newer", "precious"]
    );
    assert_eq!(left.clear(), Ok(Some(".factory-gate/staging/run".into())));
    fs::remove_file(aside(2)).unwrap();
    assert_eq!(left.clear(), Ok(None));
    assert!(!world.exists(".factory-gate"));
}

#[test]
fn recovery_finds_what_is_in_the_quarantine() {
    let world = World::new();
    world.file("a.log");
    let plan = to_quarantine(world.plan(&trash(&["*.log"])));
    let orders = Orders::new("run");
    let sweeper = world.sweeper_with(orders);
    let identified = sweeper.identify(&plan, &unprotected());
    let Look::Present(identity) = identified.looks()[0].clone() else {
        panic!("it was there");
    };
    sweeper
        .sweep(&identified, &mut Memory::new(&world, &plan))
        .unwrap();
    let mut facts = identity.to_json();
    facts["sha256"] = "more that restore wants to know".into();
    let settle = |path: &[u8]| {
        open(&world).settle(&Interrupted {
            path,
            identity: &facts,
            number: 1,
            is_quarantine: true,
        })
    };
    assert_eq!(settle(b"a.log"), Sight::Kept);
    assert_eq!(open(&world).clear(), Ok(None));
    assert!(
        world.exists(".factory-gate/quarantine/run/1"),
        "it is never removed"
    );
}

#[test]
fn recovery_trusts_no_directory_and_no_name() {
    let world = World::new();
    world.file("a.tmp");
    symlink(&world.canary, world.at(".factory-gate")).unwrap();
    let identity = serde_json::json!({});
    let one = Interrupted {
        path: b"a.tmp",
        identity: &identity,
        number: 1,
        is_quarantine: false,
    };
    assert!(matches!(open(&world).settle(&one), Sight::Unknown(_)));
    assert!(
        open(&world)
            .clear()
            .unwrap_err()
            .contains("a link or file is in its way")
    );
    for name in ["", "..", ".", "a/b", "../../canary", "a\0b"] {
        let token = ApplyToken::because_recover_was_asked_for();
        let left = Leftovers::open(&world.root, name, token).unwrap();
        assert!(left.clear().is_err(), "{name:?}");
    }
}

#[test]
fn a_directory_that_a_running_program_has_locked_is_left_alone() {
    use rustix::fs::{FlockOperation, flock};
    World::both(|world| {
        world.file("cache/deep/a.tmp");
        world.file("free/b.tmp");
        let lock = fs::File::open(world.at("cache")).unwrap();
        flock(&lock, FlockOperation::LockExclusive).unwrap();
        let results = world.clean(&trash(&["cache/", "free/"]));
        for path in ["cache/deep/a.tmp", "cache/deep", "cache"] {
            assert_eq!(
                results[path], "skipped: locked by a running program",
                "{path}"
            );
        }
        assert_eq!(results["free/b.tmp"], "removed");
        drop(lock);
        let shared = fs::File::open(world.at("cache")).unwrap();
        flock(&shared, FlockOperation::LockShared).unwrap();
        assert_eq!(world.clean(&trash(&["cache/"]))["cache"], "removed");
    });
}
