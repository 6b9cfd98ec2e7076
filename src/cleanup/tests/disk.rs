//! What changes on disk between the plan and the act, and what a second run finds.

use super::kit::*;
use crate::beneath::Root;
use crate::cleanup::{Identified, Look, Plan, Sight};
use crate::walk::IndexMode;
use std::fs;

#[test]
fn a_clean_sweep_removes_the_plan_and_nothing_else_and_a_second_run_finds_nothing() {
    World::both(|mut world| {
        for path in [
            "build/a.o",
            "build/x/b.o",
            "src/main.rs",
            "src/old.tmp",
            "top.tmp",
        ] {
            world.file(path);
        }
        world.file("src/kept.tmp");
        world
            .tracked
            .insert(b"src/kept.tmp".into(), IndexMode::Regular);
        let policy = trash(&["build/", "**/*.tmp"]);
        let results = world.guarded(|| world.clean(&policy));
        assert_eq!(results.len(), 6);
        assert!(results.values().all(|it| it == "removed"), "{results:#?}");
        assert!(world.exists("src/main.rs") && world.exists("src/kept.tmp"));
        assert!(!world.exists("build") && !world.exists("src/old.tmp"));
        assert_eq!(world.clean(&policy).len(), 0);
    });
}

#[test]
fn a_changed_file_is_skipped_whenever_it_changed() {
    World::both(|world| {
        let file = world.file("a.tmp");
        let modify = || fs::write(&file, "longer content").unwrap();
        let policy = trash(&["*.tmp"]);
        let early = world.disturbed(&policy, modify, || ());
        assert_eq!(early["a.tmp"], "skipped: changed since planned");
        let late = world.disturbed(&policy, || (), || fs::write(&file, "other").unwrap());
        assert_eq!(late["a.tmp"], "skipped: changed since planned");
        assert_eq!(fs::read_to_string(&file).unwrap(), "other");
    });
}

#[test]
fn a_twin_with_the_same_size_and_time_is_still_another_file() {
    World::both(|world| {
        let file = world.file("a.tmp");
        let twin = world.file("twin");
        let time = fs::metadata(&file).unwrap().modified().unwrap();
        let swap = || {
            let open = fs::File::options().write(true).open(&twin).unwrap();
            open.set_modified(time).unwrap();
            fs::rename(&twin, &file).unwrap();
        };
        let results = world.disturbed(&trash(&["*.tmp"]), || (), swap);
        assert_eq!(results["a.tmp"], "skipped: changed since planned");
        assert!(world.exists("a.tmp"));
    });
}

#[test]
fn a_file_touched_back_to_its_old_time_is_still_changed() {
    World::both(|world| {
        let file = world.file("a.tmp");
        let disturb = || {
            let time = fs::metadata(&file).unwrap().modified().unwrap();
            fs::write(&file, "CONTENT").unwrap();
            let open = fs::File::options().write(true).open(&file).unwrap();
            open.set_modified(time).unwrap();
        };
        let results = world.disturbed(&trash(&["*.tmp"]), || (), disturb);
        assert_eq!(results["a.tmp"], "skipped: changed since planned");
    });
}

#[test]
fn a_directory_that_fills_up_again_stays() {
    World::both(|world| {
        world.file("d/e/a");
        let results = world.disturbed(
            &trash(&["d/"]),
            || (),
            || {
                world.file("d/e/new");
            },
        );
        assert_eq!(results["d/e/a"], "removed");
        assert_eq!(results["d/e"], "skipped: not empty");
        assert_eq!(results["d"], "skipped: not empty");
        assert!(world.exists("d/e/new"));
    });
}

#[test]
fn what_is_already_gone_is_no_error() {
    World::both(|world| {
        world.file("d/a.tmp");
        world.file("e/b.tmp");
        world.file("f/c.tmp");
        let results = world.disturbed(
            &trash(&["**/*.tmp", "f/"]),
            || fs::remove_file(world.at("d/a.tmp")).unwrap(),
            || {
                fs::remove_file(world.at("e/b.tmp")).unwrap();
                fs::remove_dir_all(world.at("f")).unwrap();
            },
        );
        assert_eq!(results.len(), 4);
        assert!(
            results.values().all(|it| it == "already_gone"),
            "{results:#?}"
        );
    });
}

#[test]
fn a_directory_replaced_by_a_file_and_the_other_way_round() {
    World::both(|world| {
        world.file("d/x/a");
        world.file("plain.tmp");
        let results = world.disturbed(
            &trash(&["d/", "*.tmp"]),
            || (),
            || {
                fs::remove_dir_all(world.at("d/x")).unwrap();
                fs::write(world.at("d/x"), "now a file").unwrap();
                fs::remove_file(world.at("plain.tmp")).unwrap();
                fs::create_dir(world.at("plain.tmp")).unwrap();
            },
        );
        assert_eq!(results["d/x/a"], "skipped: changed since planned");
        assert_eq!(results["d/x"], "skipped: changed since planned");
        assert_eq!(results["d"], "skipped: not empty");
        assert_eq!(results["plain.tmp"], "skipped: changed since planned");
        assert!(world.exists("d/x") && world.exists("plain.tmp"));
    });
}

#[test]
fn a_root_renamed_while_sweeping_is_still_the_same_root() {
    World::both(|world| {
        world.file("a.tmp");
        let plan = world.plan(&trash(&["*.tmp"]));
        let sweeper = world.sweeper();
        let identified = sweeper.identify(&plan, &unprotected());
        let elsewhere = world.outer.path().join("elsewhere");
        fs::rename(&world.root, &elsewhere).unwrap();
        // Whatever takes the old name is not touched.
        fs::create_dir(&world.root).unwrap();
        fs::write(world.at("a.tmp"), "content").unwrap();
        let mut journal = Memory::new(&world, &plan);
        let swept = sweeper.sweep(&identified, &mut journal).unwrap();
        assert_eq!(swept.files, 1);
        assert!(world.exists("a.tmp") && !elsewhere.join("a.tmp").exists());
    });
}

fn identity(identified: &Identified<'_>, index: usize) -> serde_json::Value {
    match &identified.looks()[index] {
        Look::Present(identity) => identity.to_json(),
        Look::Settled(outcome) => panic!("{outcome}"),
    }
}

fn sights(root: &Root, plan: &Plan, identities: &[serde_json::Value]) -> Vec<Sight> {
    let targets = plan.targets().iter().zip(identities);
    targets
        .map(|(target, identity)| root.sight(&target.path, identity))
        .collect()
}

#[test]
fn sight_tells_what_became_of_an_intent() {
    use Sight::{Absent, Different, Same};
    World::both(|world| {
        for path in ["d/a", "d/b", "d/c", "d/e/f"] {
            world.file(path);
        }
        fs::hard_link(world.at("d/b"), world.at("d/b2")).unwrap();
        let plan = world.plan(&trash(&["d/"]));
        let root = world.look();
        let identified = root.identify(&plan, &unprotected());
        let identities: Vec<_> = (0..plan.targets().len())
            .map(|index| identity(&identified, index))
            .collect();
        assert_eq!(
            goes(&plan),
            ["d/a", "d/b", "d/b2", "d/c", "d/e/f", "d/e", "d"]
        );
        assert_eq!(sights(&root, &plan, &identities), [const { Same }; 7]);
        fs::remove_file(world.at("d/b2")).unwrap();
        fs::write(world.at("d/c"), "changed").unwrap();
        fs::remove_dir_all(world.at("d/e")).unwrap();
        fs::write(world.at("d/e"), "a file now").unwrap();
        assert_eq!(
            sights(&root, &plan, &identities),
            [Same, Same, Absent, Different, Different, Different, Same]
        );
        let nonsense = serde_json::json!({ "inode": 1 });
        assert!(matches!(root.sight(b"d/a", &nonsense), Sight::Unknown(_)));
    });
}
