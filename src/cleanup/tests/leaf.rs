//! The moment between the last look and the removal: another thing at the name, and errors of each call.

use super::kit::*;
use super::meddler::*;
use rustix::io::Errno;
use std::fs;
use std::path::Path;

fn read(path: impl AsRef<Path>) -> String {
    fs::read_to_string(path).unwrap()
}

/// Puts another file at `path`, after moving what is there aside.
fn swap(path: &Path) {
    fs::rename(path, path.with_extension("old")).unwrap();
    fs::write(path, "precious").unwrap();
}

#[test]
fn a_file_swapped_in_right_before_the_rename_is_put_back() {
    World::both(|world| {
        let file = world.file("d/a.tmp");
        let plan = world.plan(&trash(&["**/*.tmp"]));
        for plan in [plan.clone(), to_quarantine(plan)] {
            let path = file.clone();
            let results = meddled(
                &world,
                &plan,
                once_before(Call::RenameToFree, b"1", move || swap(&path)),
            );
            assert_eq!(
                results["d/a.tmp"],
                ("skipped: changed since planned".into(), 0)
            );
            assert_eq!(read(&file), "precious");
            assert_eq!(read(world.at("d/a.old")), "content");
            assert!(!world.exists(".factory-gate/staging"));
            assert!(!world.exists(".factory-gate/quarantine/run"));
            fs::rename(world.at("d/a.old"), &file).unwrap();
        }
    });
}

#[test]
fn a_directory_or_a_link_swapped_in_is_put_back_too() {
    World::both(|world| {
        world.file("a.tmp");
        world.file("b.tmp");
        world.file("full/inside");
        let plan = world.plan(&trash(&["*.tmp"]));
        let (root, canary) = (world.root.clone(), world.canary.clone());
        let results = world.guarded(|| {
            meddled(
                &world,
                &plan,
                once_before(Call::RenameToFree, b"1", move || {
                    fs::remove_file(root.join("a.tmp")).unwrap();
                    fs::rename(root.join("full"), root.join("a.tmp")).unwrap();
                    fs::remove_file(root.join("b.tmp")).unwrap();
                    std::os::unix::fs::symlink(&canary, root.join("b.tmp")).unwrap();
                }),
            )
        });
        assert_eq!(results["a.tmp"].0, "skipped: changed since planned");
        assert_eq!(results["b.tmp"].0, "skipped: changed since planned");
        assert!(world.exists("a.tmp/inside"));
        assert_eq!(fs::read_link(world.at("b.tmp")).unwrap(), world.canary);
    });
}

#[test]
fn what_cannot_be_put_back_is_kept_and_the_result_says_where() {
    World::both(|world| {
        let file = world.file("a.tmp");
        let plan = world.plan(&trash(&["*.tmp"]));
        let taken = std::sync::atomic::AtomicU32::new(0);
        let path = file.clone();
        let results = meddled(&world, &plan, move |call, name| {
            if call == Call::RenameToFree && name == b"1" {
                swap(&path);
            }
            // Right before it is moved back, somebody else takes the name.
            if call == Call::RenameToFree && name == b"a.tmp" {
                taken.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                fs::write(&path, "newest").unwrap();
            }
            Ok(())
        });
        let (text, affected) = &results["a.tmp"];
        assert!(
            text.starts_with(
                "failed: changed since planned; what was there is at `.factory-gate/staging/run/1`"
            ),
            "{text}"
        );
        assert_eq!(*affected, 1);
        assert_eq!(read(&file), "newest");
        assert_eq!(read(world.at("a.old")), "content");
        assert_eq!(read(world.at(".factory-gate/staging/run/1")), "precious");
    });
}

#[test]
fn without_a_rename_that_replaces_nothing_the_same_holds() {
    World::both(|world| {
        let file = world.file("a.tmp");
        world.file("b.tmp");
        world.link("c.tmp", "nowhere");
        let plan = world.plan(&trash(&["*.tmp"]));
        let path = file.clone();
        let results = meddled(&world, &plan, move |call, name| match (call, name) {
            (Call::RenameToFree, _) => Err(Errno::INVAL),
            (Call::Rename, b"1") => {
                swap(&path);
                Ok(())
            }
            _ => Ok(()),
        });
        assert_eq!(
            results["a.tmp"],
            ("skipped: changed since planned".into(), 0)
        );
        assert_eq!(results["b.tmp"], ("removed".into(), 1));
        assert_eq!(results["c.tmp"], ("removed".into(), 1));
        assert_eq!(
            (read(&file), read(world.at("a.old"))),
            ("precious".into(), "content".into())
        );
        // And nothing is replaced when it is put back.
        fs::remove_file(world.at("a.old")).unwrap();
        let plan = world.plan(&trash(&["*.tmp"]));
        let path = file.clone();
        let results = meddled(&world, &plan, move |call, name| match (call, name) {
            (Call::RenameToFree, _) => Err(Errno::NOSYS),
            (Call::Rename, b"1") => {
                swap(&path);
                Ok(())
            }
            (Call::Link, _) => {
                fs::write(&path, "newest").unwrap();
                Ok(())
            }
            _ => Ok(()),
        });
        assert!(
            results["a.tmp"]
                .0
                .contains("is at `.factory-gate/staging/run/1`")
        );
        assert_eq!(read(&file), "newest");
        assert_eq!(read(world.at(".factory-gate/staging/run/1")), "precious");
    });
}

#[test]
fn every_error_of_a_call_leaves_the_file_where_it_was() {
    let of = |error: Errno| format!("failed: {}", std::io::Error::from(error));
    let mount = "refused: it is on another mount than `.factory-gate/staging/run/1`";
    for (call, name, error, result) in [
        (Call::Look, &b"a.tmp"[..], Errno::IO, of(Errno::IO)),
        (Call::RenameToFree, b"1", Errno::IO, of(Errno::IO)),
        (Call::RenameToFree, b"1", Errno::XDEV, mount.into()),
        (
            Call::RenameToFree,
            b"1",
            Errno::BUSY,
            "refused: mount point".into(),
        ),
        (Call::Unlink, b"1", Errno::IO, of(Errno::IO)),
        (Call::Unlink, b"1", Errno::ROFS, of(Errno::ROFS)),
    ] {
        let world = World::new();
        let file = world.file("a.tmp");
        let plan = world.plan(&trash(&["*.tmp"]));
        let results = meddled(&world, &plan, move |now, at| {
            if (now, at) == (call, name) {
                Err(error)
            } else {
                Ok(())
            }
        });
        assert_eq!(results["a.tmp"], (result, 0), "{call:?} {error}");
        assert_eq!(read(&file), "content");
        assert!(!world.exists(".factory-gate"), "nothing is left aside");
    }
}

#[test]
fn a_move_that_cannot_be_looked_at_is_undone() {
    let world = World::new();
    let file = world.file("a.tmp");
    let plan = world.plan(&trash(&["*.tmp"]));
    let results = meddled(&world, &plan, |call, name| {
        if (call, name) == (Call::Look, b"1") {
            Err(Errno::IO)
        } else {
            Ok(())
        }
    });
    assert!(
        results["a.tmp"]
            .0
            .starts_with("failed: it could not be looked at after a move")
    );
    assert_eq!(read(&file), "content");
}

#[test]
fn an_error_that_hides_a_move_that_was_done_hides_nothing() {
    let world = World::new();
    let file = world.file("a.tmp");
    let plan = world.plan(&trash(&["*.tmp"]));
    let root = world.root.clone();
    let results = meddled(&world, &plan, move |call, name| {
        if (call, name) == (Call::RenameToFree, b"1") {
            fs::rename(root.join("a.tmp"), root.join(".factory-gate/staging/run/1")).unwrap();
            return Err(Errno::IO);
        }
        Ok(())
    });
    assert_eq!(results["a.tmp"], ("removed".into(), 1));
    assert!(!file.exists() && !world.exists(".factory-gate"));
}

#[test]
fn after_too_many_failures_nothing_more_is_begun() {
    use crate::cleanup::{Orders, Stop};
    let world = World::new();
    for number in 0..40 {
        world.file(&format!("{number:02}.tmp"));
    }
    let plan = world.plan(&trash(&["*.tmp"]));
    let orders = Orders {
        batch: 10,
        max_failures: Some(3),
        ..Orders::new("run")
    };
    let mut sweeper = world.sweeper_with(orders);
    // The third batch fails.
    sweeper.leaf = Box::new(Meddler(Box::new(|call, name| {
        let number: Option<u32> = std::str::from_utf8(name)
            .ok()
            .and_then(|it| it.parse().ok());
        let is_failing = call == Call::Unlink && number.is_some_and(|it| (11..=14).contains(&it));
        if is_failing { Err(Errno::IO) } else { Ok(()) }
    })));
    let identified = sweeper.identify(&plan, &unprotected());
    let mut journal = Memory::new(&world, &plan);
    let swept = sweeper.sweep(&identified, &mut journal).unwrap();
    assert_eq!(swept.stopped, Some(Stop::MaxFailures));
    assert_eq!((swept.files, swept.failed, swept.skipped), (16, 4, 10));
    let texts: Vec<_> = journal
        .settled
        .iter()
        .map(|it| it.outcome.to_string())
        .collect();
    assert_eq!(
        texts[20..],
        vec!["skipped: not begun: too many failed before it"; 10]
    );
    assert_eq!(journal.intents.len(), 30, "the fourth batch stays planned");
}
