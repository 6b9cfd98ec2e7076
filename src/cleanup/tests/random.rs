//! Random workspaces under random policies, against a slow oracle that says what may be touched.

use super::kit::*;
use crate::cleanup::plan;
use crate::policy::CleanupPolicy;
use crate::rules::PathPattern;
use crate::walk::{IndexMode, Kind, Tree};
use proptest::prelude::*;
use std::collections::BTreeSet;

const PATTERNS: &[&str] = &[
    "**", "*", "**/", "a/", "**/b/", "**/*.tmp", "a/**", "*/c.tmp", "{a,b}/", "b/a/", "[ab]",
    "**/a",
];

fn a_path() -> impl Strategy<Value = String> {
    let name = prop::sample::select(vec!["a", "b", "c.tmp", "d"]);
    prop::collection::vec(name, 1..4).prop_map(|names| names.join("/"))
}

fn some_patterns(most: usize) -> impl Strategy<Value = Vec<&'static str>> {
    prop::collection::vec(prop::sample::select(PATTERNS), 0..most)
}

fn a_policy() -> impl Strategy<Value = CleanupPolicy> {
    let one = (some_patterns(3), any::<bool>(), any::<bool>());
    (prop::collection::vec(one, 1..4), some_patterns(3)).prop_map(|(rules, keep)| {
        let mut all = policy(
            rules
                .iter()
                .enumerate()
                .map(|(index, (paths, tracked, sized))| {
                    let mut one = rule(&format!("rule{index}"), paths);
                    one.tracked = *tracked;
                    one.larger_than = sized.then_some(7);
                    one
                }),
        );
        all.keep = patterns(&keep);
        all
    })
}

/// Whether a pattern's text matches; what kind of thing it means is the caller's question.
fn matches(pattern: &PathPattern, path: &[u8]) -> bool {
    use std::os::unix::ffi::OsStrExt as _;
    let glob = pattern.globs().unwrap().remove(0).compile_matcher();
    glob.is_match(std::ffi::OsStr::from_bytes(path))
}

fn directories_above(path: &[u8]) -> impl Iterator<Item = &[u8]> {
    let slashes = path.iter().enumerate().filter(|(_, byte)| **byte == b'/');
    slashes.map(|(end, _)| &path[..end])
}

/// The slow oracle: may this path be removed at all?
fn may_go(tree: &Tree, policy: &CleanupPolicy, path: &[u8]) -> bool {
    let entry = tree.find(path).unwrap();
    let is_directory = entry.kind() == Kind::Directory;
    let above = |pattern: &PathPattern| directories_above(path).any(|it| matches(pattern, it));
    let kept = policy.keep.iter().any(|pattern| {
        above(pattern) || (matches(pattern, path) && (is_directory || !pattern.is_directory()))
    });
    let wanted = policy.rules.iter().any(|rule| {
        let fits = is_directory || rule.larger_than.is_none_or(|most| entry.size() > most);
        let means = |pattern: &PathPattern| {
            (matches(pattern, path) && is_directory == pattern.is_directory())
                || (pattern.is_directory() && above(pattern))
        };
        fits && (rule.tracked || entry.tracked().is_none()) && rule.paths.iter().any(means)
    });
    wanted && !kept
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn only_what_may_go_goes_and_the_second_run_finds_nothing(
        files in prop::collection::btree_set((a_path(), 0_u8..4), 0..14),
        policy in a_policy(),
        walking in any::<bool>(),
    ) {
        let mut world = World { walking, ..World::new() };
        for (path, what) in &files {
            let taken = world.exists(path)
                || path.match_indices('/').any(|(end, _)| world.at(&path[..end]).is_file());
            if taken {
                continue;
            }
            match what {
                0 => std::fs::create_dir_all(world.at(path)).unwrap(),
                1 => {
                    world.file(path);
                    world.tracked.insert(path.clone().into(), IndexMode::Regular);
                }
                2 => std::fs::write(world.file(path), "long content").unwrap(),
                _ => { world.file(path); }
            }
        }
        let tree = world.tree();
        let planned = plan(&tree, &policy, &unprotected(), i64::MAX);
        prop_assert_eq!(planned.refused(), None);
        let targets: BTreeSet<_> = planned.targets().iter().map(|it| it.path.clone()).collect();
        prop_assert_eq!(targets.len(), planned.targets().len());
        for denied in planned.denied() {
            prop_assert!(!targets.contains(&denied.target.path));
        }
        for path in &targets {
            prop_assert!(may_go(&tree, &policy, path), "{}", show(path));
        }
        let before = World::snapshot(&world.root);
        let results = world.guarded(|| world.clean(&policy));
        prop_assert!(results.values().all(|it| it == "removed"), "{results:#?}");
        let after = World::snapshot(&world.root);
        for (path, (mode, modified, content)) in before {
            use std::os::unix::ffi::OsStrExt as _;
            let relative = path.strip_prefix(&world.root).unwrap().as_os_str().as_bytes();
            let now = after.get(&path);
            prop_assert_eq!(now.is_none(), targets.contains(relative), "{}", show(relative));
            if let Some((new_mode, new_modified, new_content)) = now {
                prop_assert_eq!((&mode, &content), (new_mode, new_content));
                prop_assert!(path.is_dir() || modified == *new_modified);
            }
        }
        prop_assert_eq!(world.plan(&policy).targets().len(), 0);
    }
}
