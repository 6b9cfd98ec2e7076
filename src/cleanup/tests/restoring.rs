//! What goes into the quarantine is known again and comes back, whatever was done to the workspace in between.

use super::kit::*;
use crate::beneath::{Identity, ObjectKind, look};
use crate::cleanup::{
    Directories, Kept, Outcome, PutBack, RestoreToken, Restorer, facts, quarantine_of,
    quarantined_at,
};
use proptest::prelude::*;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

const ID: &str = "SESSION";

fn identity(world: &World, path: &str) -> Identity {
    let root = world.look();
    let (holder, name) = root.holder(path.as_bytes()).unwrap();
    look(&holder, name).unwrap()
}

/// Moves a file into the quarantine, as number `number`.
fn keep(world: &World, number: u32, path: &str) -> Kept {
    let identity = identity(world, path);
    let mut json = identity.to_json();
    json["manifest"] = facts(&world.look(), path.as_bytes(), &identity).unwrap();
    let place = quarantined_at(ID, number);
    let to = world.root.join(std::ffi::OsStr::from_bytes(&place));
    fs::create_dir_all(to.parent().unwrap()).unwrap();
    fs::rename(world.at(path), to).unwrap();
    Kept::from_record(path.as_bytes(), place, &json).unwrap()
}

fn restorer(world: &World) -> Restorer {
    Restorer::new(world.look(), RestoreToken::because_restore_was_asked_for())
}

fn put_back(world: &World, kept: &Kept) -> PutBack {
    match world.look().examine_kept(kept) {
        Ok(identity) => restorer(world).put_back(kept, &identity, &mut Directories::default()),
        Err(outcome) => PutBack::Not(outcome, 0),
    }
}

fn refused(why: &str) -> PutBack {
    PutBack::Not(Outcome::Refused(why.to_owned()), 0)
}

#[test]
fn facts_are_those_of_the_very_thing_that_was_planned() {
    World::both(|world| {
        let file = world.file("a.log");
        let seen = identity(&world, "a.log");
        fs::write(&file, "CONTENT").unwrap();
        let result = facts(&world.look(), b"a.log", &seen);
        assert_eq!(
            result,
            Err(Outcome::Skipped("changed since planned".into()))
        );
        let seen = identity(&world, "a.log");
        fs::remove_file(&file).unwrap();
        let result = facts(&world.look(), b"a.log", &seen);
        assert_eq!(result, Err(Outcome::AlreadyGone));
        world.link("a.log", world.canary.join("plain"));
        let result = facts(&world.look(), b"a.log", &seen);
        assert_eq!(
            result,
            Err(Outcome::Skipped("changed since planned".into()))
        );
        fs::remove_file(&file).unwrap();
        let made = std::process::Command::new("mkfifo").arg(&file).status();
        assert!(made.unwrap().success());
        // Opening a FIFO must not wait for its other end.
        let result = facts(&world.look(), b"a.log", &seen);
        assert_eq!(
            result,
            Err(Outcome::Skipped("changed since planned".into()))
        );
    });
}

#[test]
fn a_link_and_a_directory_have_their_facts() {
    let world = World::new();
    world.link("link", "somewhere/else");
    fs::create_dir(world.at("made")).unwrap();
    fs::set_permissions(world.at("made"), fs::Permissions::from_mode(0o1750)).unwrap();
    let seen = identity(&world, "link");
    let link = facts(&world.look(), b"link", &seen).unwrap();
    // printf somewhere/else | sha256sum
    let digest = "28b96bda7609c31780fae0b721fbd9aaea7d54d16f81fcfc97ba6c030d5dc334";
    assert_eq!(link["sha256"], digest);
    let seen = identity(&world, "made");
    let directory = facts(&world.look(), b"made", &seen).unwrap();
    assert_eq!(directory["mode"], 0o1750);
}

#[test]
fn what_changes_after_the_look_stays_in_the_quarantine() {
    World::both(|world| {
        world.file("a.log");
        let kept = keep(&world, 1, "a.log");
        let identity = world.look().examine_kept(&kept).unwrap();
        let place = world.root.join(std::ffi::OsStr::from_bytes(&kept.source));
        fs::write(&place, "CONTENT").unwrap();
        let done = restorer(&world).put_back(&kept, &identity, &mut Directories::default());
        let why = "changed since it was looked at".to_owned();
        assert_eq!(done, PutBack::Not(Outcome::Skipped(why), 0));
        assert_eq!(put_back(&world, &kept), refused("content differs"));
        assert!(place.exists() && !world.exists("a.log"));
    });
}

#[test]
fn a_second_name_of_the_kept_file_at_its_place_is_not_replaced() {
    let world = World::new();
    world.file("a.log");
    let kept = keep(&world, 1, "a.log");
    let identity = world.look().examine_kept(&kept).unwrap();
    let place = world.root.join(std::ffi::OsStr::from_bytes(&kept.source));
    fs::hard_link(&place, world.at("a.log")).unwrap();
    let done = restorer(&world).put_back(&kept, &identity, &mut Directories::default());
    assert!(
        matches!(done, PutBack::Not(Outcome::Skipped(_), 0)),
        "{done:?}"
    );
    assert!(place.exists());
}

/// A thread puts a link to the canary at the parent's place and takes it away again, all the time.
#[test]
fn a_parent_that_is_swapped_for_a_link_never_lets_a_file_out() {
    World::both(|world| {
        world.guarded(|| {
            let over = AtomicBool::new(false);
            let parent = world.at("logs");
            let canary = &world.canary;
            std::thread::scope(|scope| {
                scope.spawn(|| {
                    while !over.load(Ordering::Relaxed) {
                        std::os::unix::fs::symlink(canary, &parent).ok();
                        fs::remove_file(&parent).ok();
                    }
                });
                for round in 0..300 {
                    let name = format!("name-{round}");
                    world.file(&name);
                    let mut kept = keep(&world, round, &name);
                    kept.target = format!("logs/{name}").into_bytes().into();
                    if matches!(put_back(&world, &kept), PutBack::Restored(_)) {
                        // The directory was made by us: the thread cannot remove it.
                        fs::remove_file(parent.join(&name)).ok();
                        fs::remove_dir(&parent).ok();
                    }
                }
                over.store(true, Ordering::Relaxed);
            });
        });
    });
}

#[test]
fn directories_get_their_permissions_back_even_if_nobody_can_write_to_them() {
    let world = World::new();
    world.file("deep/down/a.log");
    let kept = keep(&world, 1, "deep/down/a.log");
    fs::remove_dir(world.at("deep/down")).unwrap();
    fs::remove_dir(world.at("deep")).unwrap();
    let recorded = [(b"deep/down".to_vec(), 0o555), (b"deep".to_vec(), 0o2711)];
    let mut directories = Directories::new(recorded.into());
    let identity = world.look().examine_kept(&kept).unwrap();
    let restorer = restorer(&world);
    let done = restorer.put_back(&kept, &identity, &mut directories);
    assert_eq!(done, PutBack::Restored(Vec::new()));
    assert_eq!(
        restorer.finish_directories(&directories),
        Vec::<Vec<u8>>::new()
    );
    let mode = |path| fs::metadata(world.at(path)).unwrap().permissions().mode() & 0o7777;
    assert_eq!((mode("deep"), mode("deep/down")), (0o2711, 0o555));
    assert_eq!(directories.made(), 2);
    restorer.remove_empty_quarantine(ID).unwrap();
    assert!(!world.exists(".factory-gate"));
}

#[test]
fn only_empty_directories_of_our_own_are_removed() {
    let world = World::new();
    world.file(".factory-gate/policy.yml");
    fs::create_dir_all(world.at(std::str::from_utf8(&quarantine_of(ID)).unwrap())).unwrap();
    restorer(&world).remove_empty_quarantine(ID).unwrap();
    assert!(!world.exists(".factory-gate/quarantine"));
    assert!(world.exists(".factory-gate/policy.yml"));
    world.file(".factory-gate/quarantine/SESSION/9");
    restorer(&world).remove_empty_quarantine(ID).unwrap();
    assert!(world.exists(".factory-gate/quarantine/SESSION/9"));
}

/// What a tree holds but directories, as text.
fn files_of(directory: &Path) -> Vec<String> {
    let all = World::snapshot(directory).into_iter();
    all.filter(|(path, _)| !path.symlink_metadata().unwrap().is_dir())
        .map(|file| format!("{file:?}"))
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    #[test]
    fn any_files_come_back_as_they_were(
        files in proptest::collection::btree_map("[a-c]{1,2}(/[d-f]{1,2}){0,2}", (0_u32..0o10000, any::<bool>(), ".{0,20}"), 1..8),
        walking in any::<bool>(),
    ) {
        let world = World { walking, ..World::new() };
        let mut paths: Vec<&String> = Vec::new();
        for (path, (mode, is_link, content)) in &files {
            let is_in_the_way = |other: &&String| path.starts_with(&format!("{other}/"));
            if paths.iter().any(is_in_the_way) {
                continue;
            }
            let place = world.file(path);
            if *is_link && !content.is_empty() && !content.contains('\0') {
                fs::remove_file(&place).unwrap();
                world.link(path, content);
            } else {
                fs::write(&place, content).unwrap();
                // Its owner can read it: what cannot be read is never quarantined.
                fs::set_permissions(&place, fs::Permissions::from_mode(mode | 0o400)).unwrap();
            }
            paths.push(path);
        }
        let before = files_of(&world.root);
        let kept: Vec<Kept> = (1..).zip(&paths).map(|(number, path)| keep(&world, number, path)).collect();
        let directories: Vec<_> = World::snapshot(&world.root).into_keys().filter(|path| path.is_dir()).collect();
        for path in directories.iter().rev() {
            fs::remove_dir(path).ok();
        }
        for kept in &kept {
            prop_assert!(matches!(kept.kind, ObjectKind::File | ObjectKind::Symlink));
            prop_assert_eq!(put_back(&world, kept), PutBack::Restored(Vec::new()));
        }
        restorer(&world).remove_empty_quarantine(ID).unwrap();
        prop_assert_eq!(files_of(&world.root), before);
    }
}
