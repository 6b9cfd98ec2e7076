//! What a rule means beside its patterns, budgets that measure the tree, and plans that were agreed on before.

use super::kit::{Scene, cleaning};
use crate::world::{World, query, snapshot};
use std::time::{Duration, SystemTime};

fn rule(options: &str) -> World {
    cleaning(&format!("{{ rules: {{ trash: {{ {options} }} }} }}"))
}

fn aged(scene: &Scene, path: &str, days: u32) {
    let time = SystemTime::now() - days * Duration::from_hours(24);
    std::fs::File::options()
        .write(true)
        .open(scene.at(path))
        .unwrap()
        .set_modified(time)
        .unwrap();
}

fn removed(scene: &Scene) -> Vec<String> {
    let rows = scene.rows().into_iter();
    rows.filter_map(|row| row.strip_suffix("|removed").map(str::to_owned))
        .collect()
}

#[test]
fn the_newest_stay() {
    let names = ["a.tmp", "b.tmp", "c.tmp", "deep/d.tmp"];
    let world = names.iter().fold(
        rule("paths: [\"**/*.tmp\"], keep_newest: 2"),
        |world, name| world.file(name, "x\n"),
    );
    let scene = Scene::of(world);
    for (name, days) in names.iter().zip([4, 1, 3, 2]) {
        aged(&scene, name, days);
    }
    assert_eq!(scene.sweep().status, 0);
    assert_eq!(removed(&scene), ["a.tmp", "c.tmp"]);
    assert!(scene.has("b.tmp") && scene.has("deep/d.tmp"));
    scene.assert_rows_are_true();
    assert_eq!(scene.sweep().status, 0);
    assert!(
        removed(&scene).is_empty(),
        "the two that stay are still the newest"
    );
}

#[test]
fn only_empty_directories() {
    let world = rule("paths: [\"**/\"], empty_directories: true")
        .directory("empty/deeper")
        .file("full/x", "x\n")
        .directory("full/empty");
    let scene = Scene::of(world);
    assert_eq!(scene.sweep().status, 0);
    let mut gone = removed(&scene);
    gone.sort();
    assert_eq!(gone, ["empty", "empty/deeper", "full/empty"]);
    assert!(scene.has("full/x"));
}

#[test]
fn only_what_git_ignores() {
    let world = rule("paths: [\"**/*.o\"], ignored_only: true")
        .file(".gitignore", "*.o\n!kept.o\n")
        .git();
    let scene = Scene::of(world.file("a.o", "x\n").file("kept.o", "x\n"));
    assert_eq!(scene.sweep().status, 0);
    assert_eq!(removed(&scene), ["a.o"]);
    assert!(scene.has("kept.o"));
}

#[test]
fn only_directories_that_say_that_they_are_caches() {
    const TAG: &str = "Signature: 8a477f597d28d172789f06886806bc55\n";
    let world = rule("paths: [\"**/cache/\"], require_cachedir_tag: true")
        .file("real/cache/CACHEDIR.TAG", TAG)
        .file("real/cache/x", "x\n")
        .file("none/cache/x", "x\n")
        .file("wrong/cache/CACHEDIR.TAG", "Signature: 0\n")
        .file("wrong/cache/x", "x\n")
        .link("link/cache/CACHEDIR.TAG", "../../real/cache/CACHEDIR.TAG")
        .file("link/cache/x", "x\n");
    let scene = Scene::of(world);
    let answer = scene.sweep();
    assert!([0, 3].contains(&answer.status), "{answer:?}");
    assert!(!scene.has("real/cache"), "{answer:?}");
    for path in ["none/cache/x", "wrong/cache/x", "link/cache/x"] {
        assert!(scene.has(path), "{path}: {answer:?}");
    }
    scene.assert_rows_are_true();
}

#[test]
fn a_name_of_several_may_be_kept() {
    let scene = Scene::of(rule("paths: [\"**/*.tmp\"], hard_links: keep").file("one.tmp", "x\n"));
    std::fs::hard_link(scene.canary().join("one.tmp"), scene.at("outside.tmp")).unwrap();
    std::fs::write(scene.at("first.tmp"), "x\n").unwrap();
    std::fs::hard_link(scene.at("first.tmp"), scene.at("second.txt")).unwrap();
    let answer = scene.sweep();
    assert!([0, 3].contains(&answer.status), "{answer:?}");
    assert_eq!(removed(&scene), ["one.tmp"]);
    scene.assert_rows_are_true();
}

/// Each budget that is measured against the tree: at it, and over it, with nothing done.
#[test]
fn a_plan_over_a_budget_of_the_tree_is_refused_whole() {
    // Three targets and a directory in a tree of ten files and three directories, the policy counted.
    for (limit, fits) in [
        ("max_share: 29", false),
        ("max_share: 31", true),
        ("max_share: 100", true),
        ("max_depth: 1", false),
        ("max_depth: 2", true),
        ("max_directories: 0", false),
        ("max_directories: 1", true),
    ] {
        let cleanup = format!(
            "{{ rules: {{ trash: {{ paths: [\"**/*.tmp\", \"trash/\"] }} }}, limits: {{ {limit} }} }}"
        );
        let world = (0..6).fold(cleaning(&cleanup), |world, number| {
            world.file(format!("keep/{number}.txt"), "x\n")
        });
        let scene = Scene::of(
            world
                .file("a.tmp", "x\n")
                .file("b.tmp", "x\n")
                .file("trash/c", "x\n"),
        );
        let before = snapshot(&scene.root());
        let answer = scene.sweep();
        assert_eq!(
            answer.status,
            if fits { 0 } else { 3 },
            "{limit}: {answer:?}"
        );
        if fits {
            assert_eq!(removed(&scene).len(), 4, "{limit}");
        } else {
            assert_eq!(before, snapshot(&scene.root()), "{limit}");
            let rows = scene.rows();
            assert!(
                rows.iter()
                    .all(|row| row.contains("|refused: over the budget")),
                "{limit}: {rows:?}"
            );
        }
    }
}

fn digest(scene: &Scene) -> String {
    let sql = "SELECT json_extract(detail, '$.plan_sha256') FROM phases WHERE phase = 3 AND deployment_id = \
         (SELECT deployment_id FROM v_latest_session)";
    query(&scene.database(), sql).remove(0)
}

#[test]
fn only_the_plan_that_was_agreed_on_is_carried_out() {
    let world = rule("paths: [\"**/*.tmp\"]")
        .file("a.tmp", "x\n")
        .file("b.tmp", "x\n");
    let scene = Scene::of(world);
    assert_eq!(scene.run(&[]).status, 0);
    let agreed = digest(&scene);
    let expecting = |digest: &str| scene.run(&["--apply=cleanup", "--expect-plan", digest]);
    std::fs::write(scene.at("c.tmp"), "one more\n").unwrap();
    let before = snapshot(&scene.root());
    for wrong in [&agreed, &"0".repeat(64)] {
        let answer = expecting(wrong);
        assert_eq!(answer.status, 3, "{answer:?}");
        assert_eq!(before, snapshot(&scene.root()));
        assert!(removed(&scene).is_empty());
    }
    for mistake in ["", "0", "not a digest"] {
        assert_eq!(expecting(mistake).status, 2, "{mistake:?}");
    }
    std::fs::remove_file(scene.at("c.tmp")).unwrap();
    let answer = expecting(&agreed);
    assert_eq!(answer.status, 0, "{answer:?}");
    assert_eq!(removed(&scene), ["a.tmp", "b.tmp"]);
}
