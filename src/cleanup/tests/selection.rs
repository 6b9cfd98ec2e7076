//! What each way of selecting takes and leaves: the newest, the empty, the ignored, the tagged, the quarantined.

use super::kit::*;
use crate::cleanup::{Action, Facts, Look, Outcome, cache_directories, plan};
use crate::policy::{CleanupAction, HardLinks};
use crate::walk::{EntryId, Kind};
use std::time::Duration;

fn aged(path: &str, days: i64) -> (Vec<u8>, crate::walk::Meta) {
    with(path, |meta| meta.modified_ns = NOW - days * DAY)
}

#[test]
fn the_newest_stay_and_the_others_go_by_their_rules_other_filters() {
    let tree = tree([
        aged("a.log", 1),
        aged("b.log", 2),
        aged("c.log", 3),
        aged("d.log", 30),
        aged("e.txt", 0),
    ]);
    let mut policy = trash(&["*.log"]);
    policy.rules[0].keep_newest = Some(2);
    let two = plan(&tree, &policy, &unprotected(), NOW);
    assert_eq!(goes(&two), ["c.log", "d.log"]);
    assert_eq!(
        stays(&two),
        [
            "a.log skipped: among the 2 newest",
            "b.log skipped: among the 2 newest"
        ]
    );
    policy.rules[0].older_than = Some(Duration::from_hours(7 * 24));
    let old = plan(&tree, &policy, &unprotected(), NOW);
    assert_eq!(goes(&old), ["d.log"]);
    assert_eq!(stays(&old), [""; 0], "they are too young anyway");
    policy.rules[0].keep_newest = Some(4);
    let all = plan(&tree, &policy, &unprotected(), NOW);
    assert_eq!(goes(&all), [""; 0]);
    assert_eq!(stays(&all), ["d.log skipped: among the 4 newest"]);
}

#[test]
fn equally_new_things_stay_in_the_order_of_their_paths() {
    let tree = tree([it("c"), it("a"), it("b")]);
    let mut policy = trash(&["*"]);
    policy.rules[0].keep_newest = Some(1);
    assert_eq!(goes(&plan(&tree, &policy, &unprotected(), NOW)), ["b", "c"]);
}

#[test]
fn a_directory_is_as_new_as_the_newest_file_in_it_and_stays_as_a_whole() {
    let tree = tree([
        it("releases/"),
        aged("releases/one/", 0),
        aged("releases/one/old", 9),
        aged("releases/two/", 90),
        aged("releases/two/deep/", 90),
        aged("releases/two/deep/new", 1),
        aged("releases/two/old", 90),
        aged("releases/void/", 5),
    ]);
    let mut policy = trash(&["releases/*/"]);
    policy.rules[0].keep_newest = Some(1);
    let one = plan(&tree, &policy, &unprotected(), NOW);
    assert_eq!(
        goes(&one),
        ["releases/one/old", "releases/void", "releases/one"]
    );
    assert_eq!(
        stays(&one),
        [
            "releases/two skipped: among the 1 newest",
            "releases/two/deep skipped: among the 1 newest",
            "releases/two/deep/new skipped: among the 1 newest",
            "releases/two/old skipped: among the 1 newest",
        ]
    );
    policy.rules[0].keep_newest = Some(2);
    let two = plan(&tree, &policy, &unprotected(), NOW);
    assert_eq!(goes(&two), ["releases/one/old", "releases/one"]);
}

#[test]
fn empty_directories_are_those_that_hold_nothing_or_only_such() {
    let tree = tree([
        it("a/"),
        it("a/b/"),
        it("a/b/c/"),
        it("full/"),
        it("full/empty/"),
        it("full/file"),
        it("soon/"),
        it("soon/x.tmp"),
        it("link/"),
        with("link/to", |meta| meta.kind = Kind::Symlink),
    ]);
    let mut empty = rule("empty", &["**/"]);
    empty.empty_directories = true;
    let only = plan(&tree, &policy([empty.clone()]), &unprotected(), NOW);
    assert_eq!(goes(&only), ["full/empty", "a/b/c", "a/b", "a"]);
    assert_eq!(stays(&only), [""; 0]);
    let both = plan(
        &tree,
        &policy([empty, rule("tmp", &["**/*.tmp"])]),
        &unprotected(),
        NOW,
    );
    assert_eq!(
        goes(&both),
        ["soon/x.tmp", "soon", "full/empty", "a/b/c", "a/b", "a"]
    );
}

#[test]
fn an_empty_directory_has_an_age_of_its_own() {
    let tree = tree([
        aged("old/", 9),
        aged("old/deep/", 9),
        aged("young/", 1),
        aged("young/deep/", 9),
    ]);
    let mut policy = trash(&["**/"]);
    policy.rules[0].empty_directories = true;
    policy.rules[0].older_than = Some(Duration::from_hours(48));
    let plan = plan(&tree, &policy, &unprotected(), NOW);
    assert_eq!(goes(&plan), ["young/deep", "old/deep", "old"]);
}

#[test]
fn only_what_git_ignores() {
    let ignored = |path| with(path, |meta| meta.ignored = true);
    let tree = tree([
        ignored("out/"),
        ignored("out/a"),
        it("src/"),
        ignored("src/a.o"),
        it("src/a.c"),
        tracked("src/b.c"),
    ]);
    let mut policy = trash(&["**", "**/"]);
    policy.rules[0].ignored_only = true;
    let plan = plan(&tree, &policy, &unprotected(), NOW);
    assert_eq!(goes(&plan), ["out/a", "src/a.o", "out"]);
    assert_eq!(stays(&plan), [""; 0]);
}

#[test]
fn only_tagged_directories_and_the_reader_is_asked_only_about_candidates() {
    let tree = tree([
        it("a/"),
        it("a/CACHEDIR.TAG"),
        it("a/x"),
        it("b/"),
        it("b/x"),
        it("c/"),
        with("c/CACHEDIR.TAG", |meta| meta.kind = Kind::Symlink),
        it("d/"),
        it("d/CACHEDIR.TAG"),
        it("d/MY-CACHEDIR.TAG"),
        it("src/"),
        it("src/CACHEDIR.TAG"),
    ]);
    let mut policy = trash(&["?/"]);
    policy.rules[0].require_cachedir_tag = true;
    let mut asked = Vec::new();
    let cache_directories = cache_directories(&tree, &policy, &mut |path| {
        asked.push(show(path));
        path.starts_with(b"a/")
    });
    assert_eq!(asked, ["a/CACHEDIR.TAG", "d/CACHEDIR.TAG"]);
    let a = tree.find(b"a").unwrap().id();
    assert_eq!(
        cache_directories.iter().copied().collect::<Vec<EntryId>>(),
        [a]
    );
    let facts = Facts {
        now_ns: NOW,
        cache_directories,
    };
    let plan = plan(&tree, &policy, &unprotected(), facts);
    assert_eq!(goes(&plan), ["a/CACHEDIR.TAG", "a/x", "a"]);
    let why = "skipped: holds no CACHEDIR.TAG with the standard signature";
    assert_eq!(
        stays(&plan),
        ["b", "c", "d"].map(|path| format!("{path} {why}"))
    );
}

#[test]
fn files_of_a_quarantine_rule_are_moved_and_directories_are_removed() {
    let tree = tree([
        it("d/"),
        it("d/a"),
        with("d/l", |meta| meta.kind = Kind::Symlink),
    ]);
    let mut policy = trash(&["d/"]);
    let removal = plan(&tree, &policy, &unprotected(), NOW);
    policy.rules[0].action = CleanupAction::Quarantine;
    let quarantine = plan(&tree, &policy, &unprotected(), NOW);
    let actions: Vec<Action> = quarantine.targets().iter().map(|it| it.action).collect();
    assert_eq!(
        actions,
        [
            Action::FileQuarantine,
            Action::FileQuarantine,
            Action::DirectoryRemoval
        ]
    );
    assert_ne!(removal.digest(), quarantine.digest());
}

#[test]
fn a_file_with_several_names_stays_if_the_rule_says_so() {
    World::both(|world| {
        std::fs::hard_link(world.file("a.tmp"), world.at("b.tmp")).unwrap();
        world.file("c.tmp");
        let mut policy = trash(&["a.tmp", "c.tmp"]);
        let removing = world.plan(&policy);
        policy.rules[0].hard_links = HardLinks::Keep;
        let keeping = world.plan(&policy);
        assert_ne!(removing.digest(), keeping.digest());
        let protection = unprotected();
        let look = world.look();
        assert!(
            look.identify(&removing, &protection)
                .looks()
                .iter()
                .all(|look| matches!(look, Look::Present(_)))
        );
        let identified = look.identify(&keeping, &protection);
        let skipped = Look::Settled(Outcome::Skipped("has 2 names".into()));
        assert_eq!(identified.looks()[0], skipped);
        assert!(matches!(identified.looks()[1], Look::Present(_)));
    });
}

#[test]
fn an_expected_plan_is_refused_if_anything_is_different() {
    let tree = tree([it("a"), it("b")]);
    let made = || plan(&tree, &trash(&["*"]), &unprotected(), NOW);
    let digest = made().digest().to_owned();
    assert_eq!(made().expecting(&digest), made());
    let other = "0".repeat(64);
    let refused = made().expecting(&other);
    assert_eq!(refused.targets(), []);
    assert_eq!(refused.denied().len(), 2);
    assert_eq!(refused.digest(), digest, "what can be approved next time");
    let why = refused.refused().unwrap();
    assert!(why.contains(&other) && why.contains(&digest), "{why}");
    let mut small = trash(&["*"]);
    small.limits.max_files = 1;
    let over = plan(&tree, &small, &unprotected(), NOW).expecting(&other);
    assert!(over.refused().unwrap().contains("max_files"));
}

#[test]
fn what_each_rule_takes_is_counted() {
    let tree = tree([it("d/"), it("d/a"), tracked("d/b"), it("c.tmp")]);
    let plan = plan(
        &tree,
        &policy([
            rule("d", &["d/"]),
            rule("none", &["x"]),
            rule("tmp", &["*.tmp"]),
        ]),
        &unprotected(),
        NOW,
    );
    let tallies = plan.by_rule();
    let [d, tmp] = [tallies["d"], tallies["tmp"]];
    assert_eq!((d.files, d.directories, d.bytes, d.kept), (1, 0, 10, 2));
    assert_eq!(
        (tmp.files, tmp.directories, tmp.bytes, tmp.kept),
        (1, 0, 10, 0)
    );
    assert_eq!(tallies.len(), 2);
}
