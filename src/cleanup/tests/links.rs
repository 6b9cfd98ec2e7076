//! Symbolic links: a leaf like any other, and never a way.

use super::kit::*;
use crate::cleanup::{Sight, plan};
use std::fs;
use std::os::unix::fs::symlink;

#[test]
fn a_link_is_removed_itself_wherever_it_points() {
    World::both(|world| {
        world.file("kept/inside");
        world.link("links/to-file", world.canary.join("one.tmp"));
        world.link("links/to-directory", &world.canary);
        world.link("links/to-root", &world.root);
        world.link("links/dangling", "/does/not/exist");
        world.link("links/upwards", "../..");
        world.link("links/magic", "/proc/self/root");
        world.link("links/itself", "itself");
        let results = world.guarded(|| world.clean(&trash(&["links/"])));
        assert_eq!(results.len(), 8);
        assert!(results.values().all(|it| it == "removed"), "{results:#?}");
        assert!(world.exists("kept/inside") && !world.exists("links"));
    });
}

#[test]
fn nothing_behind_a_link_is_planned() {
    let world = World::new();
    world.link("out", &world.canary);
    assert_eq!(goes(&world.plan(&trash(&["**/*.tmp", "out/"]))), [""; 0]);
}

/// A directory `d/e` whose files are hard links of the canary's, so that a way through a link would lead to files of
/// the very same identity: only containment can tell.
fn twin(world: &World) {
    fs::create_dir_all(world.at("d/deep")).unwrap();
    for name in ["one.tmp", "two.tmp", "deep/three.tmp"] {
        fs::hard_link(world.canary.join(name), world.at("d").join(name)).unwrap();
    }
}

fn swap_for_link(world: &World) {
    fs::rename(world.at("d"), world.at("aside")).unwrap();
    symlink(&world.canary, world.at("d")).unwrap();
}

#[test]
fn a_directory_swapped_for_a_link_after_planning_leads_nowhere() {
    World::both(|world| {
        twin(&world);
        let results =
            world.guarded(|| world.disturbed(&trash(&["d/"]), || swap_for_link(&world), || ()));
        for path in ["d/one.tmp", "d/two.tmp", "d/deep/three.tmp", "d/deep"] {
            assert_eq!(
                results[path], "refused: the path leads through a symbolic link",
                "{path}"
            );
        }
        assert_eq!(results["d"], "skipped: changed since planned");
    });
}

#[test]
fn a_directory_swapped_for_a_link_after_the_intent_leads_nowhere() {
    World::both(|world| {
        twin(&world);
        let results =
            world.guarded(|| world.disturbed(&trash(&["d/"]), || (), || swap_for_link(&world)));
        for path in ["d/one.tmp", "d/deep/three.tmp"] {
            assert_eq!(
                results[path], "refused: the path leads through a symbolic link",
                "{path}"
            );
        }
        assert_eq!(results["d"], "skipped: changed since planned");
    });
}

#[test]
fn a_directory_far_above_swapped_for_a_link_leads_nowhere() {
    World::both(|world| {
        fs::create_dir_all(world.canary.join("x/y")).unwrap();
        fs::write(world.canary.join("x/y/z.tmp"), "canary").unwrap();
        fs::create_dir_all(world.at("d/x/y")).unwrap();
        fs::hard_link(world.canary.join("x/y/z.tmp"), world.at("d/x/y/z.tmp")).unwrap();
        let results = world
            .guarded(|| world.disturbed(&trash(&["**/*.tmp"]), || (), || swap_for_link(&world)));
        assert_eq!(
            results["d/x/y/z.tmp"],
            "refused: the path leads through a symbolic link"
        );
    });
}

#[test]
fn a_file_swapped_for_a_link_is_not_what_was_planned() {
    World::both(|world| {
        let file = world.file("a.tmp");
        let results = world.guarded(|| {
            world.disturbed(
                &trash(&["*.tmp"]),
                || (),
                || {
                    fs::remove_file(&file).unwrap();
                    symlink(world.canary.join("one.tmp"), &file).unwrap();
                },
            )
        });
        assert_eq!(results["a.tmp"], "skipped: changed since planned");
        assert!(world.exists("a.tmp"));
    });
}

#[test]
fn sight_looks_through_no_link_either() {
    World::both(|world| {
        twin(&world);
        let root = world.look();
        let plan = world.plan(&trash(&["d/"]));
        let sweeper = world.sweeper();
        let identified = sweeper.identify(&plan, &unprotected());
        let Some(crate::cleanup::Look::Present(identity)) = identified.looks().first() else {
            panic!("a file was planned first");
        };
        let path = &plan.targets()[0].path;
        let identity = identity.to_json();
        assert_eq!(root.sight(path, &identity), Sight::Same);
        swap_for_link(&world);
        assert!(matches!(root.sight(path, &identity), Sight::Unknown(_)));
        assert!(matches!(
            root.sight(b"../canary/one.tmp", &identity),
            Sight::Unknown(_)
        ));
    });
}

#[test]
fn a_tree_with_escaping_paths_is_refused_path_by_path() {
    let tree = tree([
        it("../canary/one.tmp"),
        it("a/../../x.tmp"),
        it("/etc/passwd"),
    ]);
    let plan = plan(&tree, &trash(&["**"]), &unprotected(), NOW);
    assert_eq!(goes(&plan), [""; 0]);
    assert!(
        stays(&plan)
            .iter()
            .all(|line| line.ends_with("refused: not a path beneath the workspace"))
    );
}
