//! What is planned: order, filters, tracked and kept files, protection, budgets, the digest.

use super::kit::*;
use crate::cleanup::{GitIndex, Protection, Reach, plan};
use crate::walk::{IndexMode, Kind};
use std::time::Duration;

#[test]
fn a_directory_pattern_takes_files_first_then_directories_bottom_up() {
    let tree = tree([
        it("build/"),
        it("build/a/"),
        it("build/a/b/"),
        it("build/a/b/deep.o"),
        it("build/a/x.o"),
        it("build/z.o"),
        it("builder"),
        it("src/"),
        it("src/build"),
    ]);
    let plan = plan(&tree, &trash(&["**/build/"]), &unprotected(), NOW);
    assert_eq!(
        goes(&plan),
        [
            "build/a/b/deep.o",
            "build/a/x.o",
            "build/z.o",
            "build/a/b",
            "build/a",
            "build"
        ]
    );
    assert_eq!(stays(&plan), [""; 0]);
}

#[test]
fn a_plain_pattern_takes_files_and_links_but_never_a_directory() {
    let tree = tree([
        it("a.tmp/"),
        it("a.tmp/file"),
        it("b.tmp"),
        with("c.tmp", |meta| meta.kind = Kind::Symlink),
        it("d/"),
        it("d/e.tmp"),
    ]);
    let all = plan(&tree, &trash(&["**/*.tmp"]), &unprotected(), NOW);
    assert_eq!(goes(&all), ["b.tmp", "c.tmp", "d/e.tmp"]);
    let link = plan(&tree, &trash(&["c.tmp/"]), &unprotected(), NOW);
    assert_eq!(goes(&link), [""; 0], "a link is no directory");
}

#[test]
fn an_empty_directory_that_matches_goes() {
    let tree = tree([it("empty/"), it("x/"), it("x/empty/")]);
    let plan = plan(&tree, &trash(&["**/empty/"]), &unprotected(), NOW);
    assert_eq!(goes(&plan), ["x/empty", "empty"]);
}

#[test]
fn age_is_judged_file_by_file_and_only_emptied_directories_go() {
    let young = |path| with(path, |meta| meta.modified_ns = NOW - DAY);
    let tree = tree([
        it("logs/"),
        it("logs/old/"),
        it("logs/old/a"),
        it("logs/mixed/"),
        it("logs/mixed/a"),
        young("logs/mixed/b"),
        young("logs/new-and-empty/"),
        it("logs/old-and-empty/"),
    ]);
    let mut policy = trash(&["logs/"]);
    policy.rules[0].older_than = Some(Duration::from_hours(7 * 24));
    let plan = plan(&tree, &policy, &unprotected(), NOW);
    assert_eq!(
        goes(&plan),
        [
            "logs/mixed/a",
            "logs/old/a",
            "logs/old-and-empty",
            "logs/old"
        ]
    );
    assert_eq!(stays(&plan), [""; 0], "a filter is no denial");
}

#[test]
fn age_has_an_exact_edge_and_the_future_is_never_old() {
    let at = |name, modified| with(name, |meta| meta.modified_ns = modified);
    let tree = tree([
        at("a-just-old", NOW - DAY - 1),
        at("b-edge", NOW - DAY),
        at("c-future", NOW + DAY),
        at("d-far-future", i64::MAX),
        at("e-far-past", i64::MIN),
    ]);
    let mut policy = trash(&["*"]);
    policy.rules[0].older_than = Some(Duration::from_hours(24));
    let one = plan(&tree, &policy, &unprotected(), NOW);
    assert_eq!(goes(&one), ["a-just-old", "e-far-past"]);
    policy.rules[0].older_than = Some(Duration::ZERO);
    let two = plan(&tree, &policy, &unprotected(), i64::MIN);
    assert_eq!(goes(&two), [""; 0]);
}

#[test]
fn size_is_a_files_and_takes_no_empty_directory() {
    let of = |path, size| with(path, move |meta| meta.size = size);
    let tree = tree([
        it("d/"),
        of("d/edge", 100),
        it("e/"),
        of("e/large", 101),
        of("empty/", 4096),
    ]);
    let mut policy = trash(&["*/"]);
    policy.rules[0].larger_than = Some(100);
    let plan = plan(&tree, &policy, &unprotected(), NOW);
    assert_eq!(goes(&plan), ["e/large", "e"]);
}

#[test]
fn the_first_rule_that_fits_decides_and_each_path_is_there_once() {
    let tree = tree([
        it("a.log"),
        with("b.log", |meta| meta.size = 999),
        tracked("c.log"),
    ]);
    let mut large = rule("large", &["*.log"]);
    large.larger_than = Some(500);
    let mut rest = rule("rest", &["**", "*.log"]);
    let mut last = rule("last", &["**"]);
    last.tracked = true;
    rest.tracked = false;
    let plan = plan(&tree, &policy([large, rest, last]), &unprotected(), NOW);
    let by_rule: Vec<_> = plan
        .targets()
        .iter()
        .map(|target| (show(&target.path), target.rule.to_string()))
        .collect();
    assert_eq!(
        by_rule,
        [
            ("a.log".into(), "rest".into()),
            ("b.log".into(), "large".into())
        ]
    );
    assert_eq!(stays(&plan), ["c.log skipped: tracked by git"]);
}

#[test]
fn what_git_tracks_stays_unless_the_rule_says_otherwise() {
    let tree = tree([
        it("d/"),
        tracked("d/kept.tmp"),
        it("d/gone.tmp"),
        with("d/ignored.tmp", |meta| meta.ignored = true),
    ]);
    let mut policy = trash(&["d/"]);
    let careful = plan(&tree, &policy, &unprotected(), NOW);
    assert_eq!(goes(&careful), ["d/gone.tmp", "d/ignored.tmp"]);
    assert_eq!(
        stays(&careful),
        [
            "d skipped: not empty: something below it stays",
            "d/kept.tmp skipped: tracked by git"
        ]
    );
    policy.rules[0].tracked = true;
    let all = plan(&tree, &policy, &unprotected(), NOW);
    assert_eq!(
        goes(&all),
        ["d/gone.tmp", "d/ignored.tmp", "d/kept.tmp", "d"]
    );
}

#[test]
fn keep_beats_every_rule_and_holds_the_directories_above() {
    let tree = tree([
        it("logs/"),
        it("logs/a/"),
        it("logs/a/audit.log"),
        it("logs/a/other.log"),
        it("logs/archive/"),
        it("logs/archive/deep/"),
        it("logs/archive/deep/x.log"),
    ]);
    let mut policy = trash(&["logs/", "**"]);
    policy.rules[0].tracked = true;
    policy.keep = patterns(&["**/audit.log", "logs/archive"]);
    let plan = plan(&tree, &policy, &unprotected(), NOW);
    assert_eq!(goes(&plan), ["logs/a/other.log"]);
    assert_eq!(
        stays(&plan),
        [
            "logs skipped: not empty: something below it stays",
            "logs/a skipped: not empty: something below it stays",
            "logs/a/audit.log skipped: kept by `**/audit.log`",
            "logs/archive skipped: kept by `logs/archive`",
            "logs/archive/deep skipped: kept by `logs/archive`",
            "logs/archive/deep/x.log skipped: kept by `logs/archive`"
        ]
    );
}

#[test]
fn an_unreadable_index_refuses_everything() {
    let tree = tree([it("a.tmp"), it("d/"), it("d/b.tmp")]);
    let unknown = Protection::new(GitIndex::Unknown("bad signature".into()));
    let refused = plan(&tree, &trash(&["**"]), &unknown, NOW);
    assert_eq!(refused.targets(), []);
    assert!(refused.refused().unwrap().contains("bad signature"));
    assert_eq!(refused.denied().len(), 2);
    let nothing = plan(&tree, &trash(&["*.log"]), &unknown, NOW);
    assert_eq!(
        nothing.refused(),
        None,
        "nothing to remove is nothing to refuse"
    );
    let no_repository = Protection::new(GitIndex::NoRepository);
    assert_eq!(
        plan(&tree, &trash(&["**"]), &no_repository, NOW)
            .targets()
            .len(),
        2
    );
}

#[test]
fn repositories_submodules_and_special_files_are_refused() {
    let gitlink = |meta: &mut crate::walk::Meta| {
        meta.tracked = Some(IndexMode::Gitlink);
    };
    let tree = tree([
        it("d/"),
        with("d/nested/", |meta| meta.kind = Kind::NestedRepository),
        it("d/nested/inside.tmp"),
        it("e/"),
        with("e/fifo", |meta| meta.kind = Kind::Special),
        with("module/", gitlink),
        it("x.git/"),
        it("x.git/HEAD"),
        it("x.git/objects/"),
        it("x.git/refs/"),
        it("x.git/refs/a.tmp"),
        it("worktree/"),
        it("worktree/.git"),
        it("worktree/a.tmp"),
    ]);
    let mut policy = trash(&["**/", "**"]);
    policy.rules[0].tracked = true;
    let plan = plan(&tree, &policy, &unprotected(), NOW);
    assert_eq!(goes(&plan), [""; 0]);
    let stays = stays(&plan);
    for line in [
        "d skipped: not empty: something below it stays",
        "d/nested refused: nested repository",
        "d/nested/inside.tmp refused: nested repository",
        "e/fifo refused: special file",
        "module refused: submodule",
        "x.git/refs/a.tmp refused: nested repository",
        "worktree/.git refused: belongs to git",
        "worktree/a.tmp refused: nested repository",
    ] {
        assert!(stays.contains(&line.to_owned()), "{line}: {stays:#?}");
    }
}

#[test]
fn protected_things_are_refused_with_everything_above_them() {
    let tree = tree([
        it(".factory-gate.yml"),
        it(".GIT/"),
        it(".GIT/config"),
        it("bin/"),
        it("bin/factory-gate"),
        it("bin/other"),
        it("out/"),
        it("out/factory_deployment.db"),
        it("out/private/"),
        it("out/private/run.db-wal"),
        it("here/"),
        it("here/gone"),
    ]);
    let protection = unprotected()
        .path(b".factory-gate.yml", Reach::Itself, "the policy file")
        .path(b"bin/factory-gate", Reach::Itself, "this program")
        .path(b"out/factory_deployment.db", Reach::Itself, "the database")
        .path(b"out/private", Reach::Subtree, "the record of this run")
        .path(b"here", Reach::Itself, "the current directory");
    let plan = plan(&tree, &trash(&["**", "**/"]), &protection, NOW);
    assert_eq!(goes(&plan), ["bin/other", "here/gone"]);
    assert_eq!(
        stays(&plan),
        [
            ".GIT refused: belongs to git",
            ".GIT/config refused: belongs to git",
            ".factory-gate.yml refused: protected: the policy file",
            "bin refused: protected: it holds this program",
            "bin/factory-gate refused: protected: this program",
            "here refused: protected: the current directory",
            "out refused: protected: it holds the database",
            "out/factory_deployment.db refused: protected: the database",
            "out/private refused: protected: the record of this run",
            "out/private/run.db-wal refused: protected: the record of this run",
        ]
    );
}

#[test]
fn budgets_count_before_anything_is_done() {
    let tree = tree([it("d/"), it("d/a"), it("d/b")]);
    let mut policy = trash(&["d/"]);
    for (files, bytes, refused) in [(2, 20, false), (3, 21, false), (1, 20, true), (2, 19, true)] {
        policy.limits.max_files = files;
        policy.limits.max_bytes = bytes;
        let plan = plan(&tree, &policy, &unprotected(), NOW);
        assert_eq!(plan.refused().is_some(), refused, "{files} {bytes}");
        assert_eq!(plan.targets().is_empty(), refused);
        assert_eq!(plan.targets().len() + plan.denied().len(), 3);
    }
}

#[test]
fn a_sum_of_sizes_never_wraps_into_the_budget() {
    let huge = |path| with(path, |meta| meta.size = u64::MAX);
    let tree = tree([huge("a"), huge("b")]);
    let plan = plan(&tree, &trash(&["*"]), &unprotected(), NOW);
    assert!(plan.refused().unwrap().contains("max_bytes"));
}

#[test]
fn equal_plans_have_equal_digests_and_any_difference_shows() {
    let digest = |entries: Vec<(Vec<u8>, crate::walk::Meta)>, pattern: &str| {
        plan(&tree(entries), &trash(&[pattern]), &unprotected(), NOW)
            .digest()
            .to_owned()
    };
    let base = digest(vec![it("a"), it("b")], "*");
    assert_eq!(base.len(), 64);
    assert_eq!(base, digest(vec![it("b"), it("a")], "*"));
    let later = with("a", |meta| meta.modified_ns += 1);
    assert_eq!(base, digest(vec![later, it("b")], "*"), "a fresh checkout");
    let larger = with("a", |meta| meta.size += 1);
    for other in [
        digest(vec![it("a")], "*"),
        digest(vec![larger, it("b")], "*"),
        digest(vec![tracked("a"), it("b")], "*"),
        digest(vec![it("ab")], "*"),
        digest(vec![], "*"),
    ] {
        assert_ne!(base, other);
    }
}

/// Recomputed from the description of the format by other means; a change of the format needs a new version in it.
#[test]
fn the_digest_is_pinned() {
    let plan = plan(&tree([it("a")]), &trash(&["*"]), &unprotected(), NOW);
    let pinned = "7bcba14a416881f02a504fd2e88af45457b3847c02463c352fc408eeb12d9ec9";
    assert_eq!(plan.digest(), pinned);
}
