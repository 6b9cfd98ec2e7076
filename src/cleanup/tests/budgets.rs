//! Each budget at its edge: below, at and over what the plan takes. Over one of them nothing at all is done.

use super::kit::*;
use crate::cleanup::plan;
use crate::policy::{CleanupLimits, CleanupPolicy};
use crate::walk::{Kind, Tree};

/// Three files of 25 bytes together and two directories go, seven other files stay: 30 percent, three components deep.
fn some_tree() -> Tree {
    let mut entries = vec![
        it("d/"),
        it("d/e/"),
        it("d/e/a"),
        it("d/b"),
        with("d/link", |meta| (meta.kind, meta.size) = (Kind::Symlink, 5)),
        with("ignored", |meta| meta.ignored = true),
        with("pipe", |meta| meta.kind = Kind::Special),
        it("other/"),
    ];
    entries.extend((0..5).map(|number| it(&format!("other/{number}"))));
    tree(entries)
}

fn refused(change: impl FnOnce(&mut CleanupLimits)) -> Option<String> {
    let mut policy: CleanupPolicy = trash(&["d/"]);
    change(&mut policy.limits);
    let plan = plan(&some_tree(), &policy, &unprotected(), NOW);
    assert_eq!(plan.targets().is_empty(), plan.refused().is_some());
    assert_eq!(plan.targets().len() + plan.denied().len(), 5);
    plan.refused().map(str::to_owned)
}

/// Refused with one less than the plan takes, and the reason says so; fine with as much and with more.
fn edge(name: &str, says: &str, set: impl Fn(&mut CleanupLimits, u8)) {
    let why = refused(|limits| set(limits, 0)).unwrap_or_else(|| panic!("{name} is no limit"));
    assert!(why.contains(says), "{why}");
    assert!(why.contains(&format!("`{name}` is ")), "{why}");
    assert!(why.contains("cleanup.limits"), "{why}");
    for fine in [1, 2] {
        assert_eq!(refused(|limits| set(limits, fine)), None, "{name} {fine}");
    }
}

#[test]
fn every_budget_has_an_exact_edge() {
    edge("max_files", "3 files", |limits, more| {
        limits.max_files = 2 + u64::from(more);
    });
    edge("max_directories", "2 directories", |limits, more| {
        limits.max_directories = 1 + u64::from(more);
    });
    edge("max_bytes", "25 bytes", |limits, more| {
        limits.max_bytes = 24 + u64::from(more);
    });
    edge("max_depth", "a path of 3 components", |limits, more| {
        limits.max_depth = Some(2 + u32::from(more));
    });
    edge(
        "max_share",
        "3 of 10 files, 30.00 percent",
        |limits, more| {
            limits.max_share = Some(29.999_999 + f64::from(more) * 0.000_001);
        },
    );
}

#[test]
fn all_exceeded_budgets_are_named_at_once() {
    let why = refused(|limits| (limits.max_files, limits.max_directories) = (0, 0)).unwrap();
    assert_eq!(
        why,
        "over the budget: it would take 3 files, and `max_files` is 0; 2 directories, and `max_directories` is 0; narrow \
         the cleanup rules, or raise the budget in `cleanup.limits`"
    );
}

#[test]
fn a_share_of_nothing_allows_nothing_and_all_allows_all() {
    assert!(refused(|limits| limits.max_share = Some(0.0)).is_some());
    let tree = tree([it("a"), it("b")]);
    let mut policy = trash(&["*"]);
    policy.limits.max_share = Some(100.0);
    assert_eq!(plan(&tree, &policy, &unprotected(), NOW).refused(), None);
    policy.limits.max_share = Some(99.9);
    assert!(
        plan(&tree, &policy, &unprotected(), NOW)
            .refused()
            .is_some()
    );
}

/// A sparse file counts with its length, a file with two names once for each of them.
#[test]
fn sparse_and_hard_linked_files_are_never_counted_too_low() {
    let world = World::new();
    let sparse = std::fs::File::create(world.file("sparse.tmp")).unwrap();
    sparse.set_len(1 << 30).unwrap();
    std::fs::hard_link(world.file("one.tmp"), world.at("two.tmp")).unwrap();
    let mut policy = trash(&["*.tmp"]);
    policy.limits.max_bytes = (1 << 30) + 14;
    assert_eq!(world.plan(&policy).bytes(), (1 << 30) + 14);
    assert_eq!(world.plan(&policy).refused(), None);
    policy.limits.max_bytes -= 1;
    assert!(world.plan(&policy).refused().is_some());
}
