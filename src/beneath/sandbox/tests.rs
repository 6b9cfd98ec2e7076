//! Limits are tried by doing what they forbid, in threads of their own.

#![expect(
    clippy::disallowed_methods,
    reason = "what must not be possible is tried with the most dangerous calls there are"
)]

use super::*;
use crate::beneath::RootRules;
use std::fs;
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

struct World {
    outer: tempfile::TempDir,
    root: PathBuf,
}

impl World {
    fn new() -> Self {
        let outer = tempfile::tempdir().unwrap();
        let root = outer.path().join("workspace");
        for directory in [
            "canary/deep",
            "workspace/build",
            "workspace/.git",
            "workspace/.factory-gate",
        ] {
            fs::create_dir_all(outer.path().join(directory)).unwrap();
        }
        for file in [
            "canary/a",
            "canary/deep/b",
            "workspace/build/x",
            "workspace/.git/config",
            "workspace/top",
        ] {
            fs::write(outer.path().join(file), "content").unwrap();
        }
        std::os::unix::fs::symlink(outer.path().join("canary"), root.join("build/out")).unwrap();
        Self { outer, root }
    }

    fn rights(&self, touched: &[(&str, Touch)]) -> Rights {
        let root = Root::open(&self.root, &RootRules::default()).unwrap();
        let touched = touched
            .iter()
            .map(|(path, touch)| (path.as_bytes(), *touch));
        Rights::beneath(&root, touched).unwrap()
    }
}

/// Runs `work` in a thread with these rights; `false` if this machine cannot limit threads.
fn limited(rights: &Rights, work: impl FnOnce() + Send) -> bool {
    std::thread::scope(|scope| {
        let thread = scope.spawn(|| match restrict_this_thread(rights).unwrap() {
            Enforced::Landlock(abi) => {
                assert!(abi >= 1);
                work();
                true
            }
            Enforced::No(why) => {
                println!("not tested: {why}");
                false
            }
        });
        thread.join().unwrap()
    })
}

fn denied<T>(result: std::io::Result<T>, what: &str) {
    match result {
        // A move is refused as if it led to another device.
        Err(error)
            if matches!(
                error.kind(),
                ErrorKind::PermissionDenied | ErrorKind::CrossesDevices
            ) => {}
        Err(error) => panic!("{what}: {error}"),
        Ok(_) => panic!("{what} was possible"),
    }
}

/// Every way to change what is in a directory that holds the file `file`.
fn nothing_can_change(directory: &Path, file: &str) {
    let file = directory.join(file);
    denied(fs::remove_file(&file), "removing");
    denied(fs::write(&file, "other"), "overwriting");
    denied(fs::OpenOptions::new().append(true).open(&file), "appending");
    denied(fs::File::create_new(directory.join("new")), "making a file");
    denied(fs::create_dir(directory.join("new")), "making a directory");
    denied(fs::rename(&file, directory.join("new")), "renaming");
    denied(fs::hard_link(&file, directory.join("new")), "linking");
    denied(
        std::os::unix::fs::symlink("a", directory.join("new")),
        "making a link",
    );
    denied(fs::remove_dir_all(directory), "removing everything");
    assert_eq!(fs::read(&file).unwrap(), b"content");
}

#[test]
fn a_thread_that_looks_cannot_change_anything() {
    let world = World::new();
    let canary = world.outer.path().join("canary");
    let mut open = fs::File::create(world.outer.path().join("log")).unwrap();
    limited(&Rights::none(), || {
        nothing_can_change(&canary, "a");
        nothing_can_change(&world.root.join("build"), "x");
        nothing_can_change(&world.root.join("build/out/deep"), "b");
        // What was open before stays usable, and so does reading.
        open.write_all(b"line").unwrap();
        assert_eq!(fs::read_dir(&world.root).unwrap().count(), 4);
    });
    fs::remove_file(world.root.join("top")).unwrap();
}

#[test]
fn threads_started_by_a_limited_thread_are_limited() {
    let world = World::new();
    limited(&Rights::none(), || {
        std::thread::scope(|scope| {
            let inner = scope.spawn(|| denied(fs::remove_file(world.root.join("top")), "removing"));
            inner.join().unwrap();
        });
    });
}

#[test]
fn a_thread_that_acts_reaches_only_the_directories_of_its_plan() {
    let world = World::new();
    let rights = world.rights(&[("build/x", Touch::Change), ("gone/y", Touch::Change)]);
    assert_eq!(rights.granted(), [".factory-gate", "build"]);
    limited(&rights, || {
        nothing_can_change(&world.outer.path().join("canary"), "a");
        nothing_can_change(&world.root.join("build/out/deep"), "b");
        nothing_can_change(&world.root.join(".git"), "config");
        denied(
            fs::remove_file(world.root.join("top")),
            "removing at the top",
        );
        let (file, kept) = (
            world.root.join("build/x"),
            world.root.join(".factory-gate/1"),
        );
        denied(
            fs::rename(&file, world.outer.path().join("x")),
            "moving out",
        );
        fs::rename(&file, &kept).unwrap();
        fs::rename(&kept, &file).unwrap();
        fs::write(&file, "other").unwrap();
        fs::remove_file(&file).unwrap();
    });
}

#[test]
fn entries_of_the_root_need_the_root() {
    let world = World::new();
    let rights = world.rights(&[
        ("build/x", Touch::Change),
        ("top", Touch::Change),
        ("build", Touch::RemoveEmptyDirectory),
    ]);
    assert_eq!(rights.granted(), ["."]);
    limited(&rights, || {
        nothing_can_change(&world.outer.path().join("canary"), "a");
        fs::remove_file(world.root.join("top")).unwrap();
    });
}

#[test]
fn directories_of_the_root_that_become_empty_give_no_other_right_to_it() {
    let world = World::new();
    let rights = world.rights(&[
        ("build/x", Touch::Change),
        ("build", Touch::RemoveEmptyDirectory),
    ]);
    assert_eq!(
        rights.granted(),
        [". (empty directories only)", ".factory-gate", "build"]
    );
    limited(&rights, || {
        nothing_can_change(&world.root.join(".git"), "config");
        denied(
            fs::remove_file(world.root.join("top")),
            "removing at the top",
        );
        fs::remove_file(world.root.join("build/x")).unwrap();
        fs::remove_file(world.root.join("build/out")).unwrap();
        fs::remove_dir(world.root.join("build")).unwrap();
    });
}

#[test]
fn what_is_behind_a_link_is_never_granted() {
    let world = World::new();
    std::os::unix::fs::symlink("../canary", world.root.join("link")).unwrap();
    let rights = world.rights(&[("link/a", Touch::Change), ("top/x", Touch::Change)]);
    assert_eq!(rights.granted(), [".factory-gate"]);
    let root = Root::open(&world.root, &RootRules::default()).unwrap();
    let outside = Rights::beneath(&root, [(&b"../canary/a"[..], Touch::Change)]);
    assert_eq!(
        outside.unwrap_err(),
        Unresolved::Refused("not a path beneath the workspace")
    );
}
