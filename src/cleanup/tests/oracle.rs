//! Random trees under random policies: what is planned is exactly what a slow oracle wants, path by path, no more and no
//! less, at any number of threads.

use super::kit::*;
use crate::cleanup::{Facts, plan};
use crate::policy::{CleanupAction, CleanupPolicy, CleanupRule};
use crate::rules::PathPattern;
use crate::walk::{Entry, EntryId, IndexMode, Kind, Meta, Tree};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::ffi::OsStrExt as _;
use std::sync::LazyLock;
use std::time::Duration;

const FILES: &[&str] = &[
    "**", "*", "**/*.tmp", "a/**", "*/c.tmp", "[ab]", "**/a", "b/*/*",
];
const DIRECTORIES: &[&str] = &["**/", "a/", "**/b/", "{a,b}/", "b/a/", "*/*/"];

/// Pools, so that a plan can be made on one thread and on several.
static POOLS: LazyLock<Vec<rayon::ThreadPool>> = LazyLock::new(|| {
    let pool = |threads| rayon::ThreadPoolBuilder::new().num_threads(threads).build();
    [1, 3]
        .into_iter()
        .map(|threads| pool(threads).unwrap())
        .collect()
});

fn a_path() -> impl Strategy<Value = String> {
    let name = prop::sample::select(vec![
        "a", "a", "b", "b", "c.tmp", "d", ".git", "HEAD", "objects", "refs",
    ]);
    prop::collection::vec(name, 1..5).prop_map(|names| names.join("/"))
}

fn a_meta() -> impl Strategy<Value = Meta> {
    let kind = prop::sample::select(vec![
        Kind::File,
        Kind::File,
        Kind::File,
        Kind::File,
        Kind::Directory,
        Kind::Directory,
        Kind::Directory,
        Kind::Symlink,
        Kind::NestedRepository,
        Kind::Special,
    ]);
    let git = prop::sample::select(vec![0, 0, 0, 0, 1, 2, 2]);
    (kind, git, 0_i64..6, 0_u64..10).prop_map(|(kind, git, days, size)| Meta {
        kind,
        permissions: 0o644,
        size,
        modified_ns: NOW - days * DAY,
        tracked: match (git, kind) {
            (1, Kind::Directory) => Some(IndexMode::Gitlink),
            (1, Kind::File | Kind::Symlink) => Some(IndexMode::Regular),
            _ => None,
        },
        ignored: git == 2,
    })
}

fn some(
    patterns: &'static [&'static str],
    most: usize,
) -> impl Strategy<Value = Vec<&'static str>> {
    prop::collection::vec(prop::sample::select(patterns), 0..most)
}

fn a_rule() -> impl Strategy<Value = CleanupRule> {
    let often_false = || prop::sample::select(vec![false, false, false, true]);
    let paths = (some(FILES, 3), some(DIRECTORIES, 3));
    let filters = (0_u32..4, 0_u64..8, 0_u32..5);
    let flags = (any::<bool>(), often_false(), often_false(), often_false());
    (paths, filters, flags).prop_map(|((files, directories), (age, size, newest), flags)| {
        let (tracked, ignored_only, empty_directories, require_cachedir_tag) = flags;
        let mut one = rule("", &[files, directories].concat());
        one.older_than = (age > 1).then(|| Duration::from_hours(24 * u64::from(age)));
        one.larger_than = size.checked_sub(5);
        one.keep_newest = newest.checked_sub(2).filter(|count| *count > 0);
        (one.tracked, one.ignored_only) = (tracked, ignored_only);
        (one.empty_directories, one.require_cachedir_tag) =
            (empty_directories, require_cachedir_tag);
        if newest == 1 {
            one.action = CleanupAction::Quarantine;
        }
        one
    })
}

fn a_policy() -> impl Strategy<Value = CleanupPolicy> {
    let keep = (some(FILES, 2), some(DIRECTORIES, 2), any::<bool>());
    (prop::collection::vec(a_rule(), 1..4), keep).prop_map(|(mut rules, keep)| {
        for (index, rule) in rules.iter_mut().enumerate() {
            rule.name = format!("rule{index}");
        }
        let mut all = policy(rules);
        let (files, directories, keeps) = keep;
        if keeps {
            all.keep = patterns(&[files, directories].concat());
        }
        all
    })
}

/// A tree in which only directories hold something, and every directory is there.
fn a_tree(entries: &BTreeMap<String, Meta>) -> Tree {
    let mut all: BTreeMap<Vec<u8>, Meta> = BTreeMap::new();
    let mut add = |path: &[u8], meta: Meta| {
        let holder =
            |above: &[u8]| is_directory(all.get(above).map_or(Kind::Directory, |it| it.kind));
        if !above(path).all(holder) || all.contains_key(path) {
            return;
        }
        for directory in above(path) {
            let (_, plain) = it("directory/");
            all.entry(directory.to_vec()).or_insert(plain);
        }
        all.insert(path.to_vec(), meta);
    };
    for (path, meta) in entries {
        add(path.as_bytes(), *meta);
    }
    tree(all)
}

fn is_directory(kind: Kind) -> bool {
    matches!(kind, Kind::Directory | Kind::NestedRepository)
}

fn above(path: &[u8]) -> impl Iterator<Item = &[u8]> {
    let slashes = path.iter().enumerate().filter(|(_, byte)| **byte == b'/');
    slashes.map(|(end, _)| &path[..end])
}

/// Says of each path by itself what is to become of it. Slow, and without anything that the planner has.
struct Oracle<'a> {
    tree: &'a Tree,
    policy: &'a CleanupPolicy,
    tagged: &'a BTreeSet<EntryId>,
    rules: Vec<Vec<(globset::GlobMatcher, bool)>>,
    keep: Vec<(globset::GlobMatcher, bool)>,
}

impl<'a> Oracle<'a> {
    fn new(tree: &'a Tree, policy: &'a CleanupPolicy, tagged: &'a BTreeSet<EntryId>) -> Self {
        let compile = |patterns: &[PathPattern]| {
            let compile = |pattern: &PathPattern| {
                let glob = pattern.globs().unwrap().remove(0);
                (glob.compile_matcher(), pattern.is_directory())
            };
            patterns.iter().map(compile).collect()
        };
        Self {
            tree,
            policy,
            tagged,
            rules: policy
                .rules
                .iter()
                .map(|rule| compile(&rule.paths))
                .collect(),
            keep: compile(&policy.keep),
        }
    }

    /// Whether the rule matches this path itself, tag included.
    fn is_unit(&self, rule: usize, entry: Entry<'_>) -> bool {
        let path = std::ffi::OsStr::from_bytes(entry.path());
        let is_tagged =
            !self.policy.rules[rule].require_cachedir_tag || self.tagged.contains(&entry.id());
        is_tagged
            && self.rules[rule].iter().any(|(glob, for_directories)| {
                *for_directories == is_directory(entry.kind()) && glob.is_match(path)
            })
    }

    /// The unit itself and what is in it, from the top down: this entry and the directories above it.
    fn line(&self, entry: Entry<'a>) -> impl Iterator<Item = Entry<'a>> {
        let path: &[u8] = entry.path();
        above(path)
            .map(|above| self.tree.find(above).unwrap())
            .chain([entry])
    }

    fn covers(&self, rule: usize, entry: Entry<'a>) -> bool {
        self.line(entry).any(|one| self.is_unit(rule, one))
    }

    fn time(&self, entry: Entry<'_>) -> i64 {
        let inside = |other: &Entry<'_>| {
            !is_directory(other.kind())
                && other
                    .path()
                    .starts_with(&[entry.path(), b"/".as_slice()].concat())
        };
        let own = entry.meta().modified_ns;
        if !is_directory(entry.kind()) {
            return own;
        }
        let files = self.tree.entries().filter(inside);
        files
            .map(|file| file.meta().modified_ns)
            .max()
            .unwrap_or(own)
    }

    fn is_among_newest(&self, rule: usize, entry: Entry<'a>) -> bool {
        let Some(count) = self.policy.rules[rule].keep_newest else {
            return false;
        };
        // So few things are newer, or equally new and before it.
        let stays = |unit: Entry<'_>| {
            let before = self.tree.entries().filter(|other| {
                let (time, others) = (self.time(unit), self.time(*other));
                self.is_unit(rule, *other)
                    && (others > time || (others == time && other.id() < unit.id()))
            });
            before.count() < count as usize
        };
        self.line(entry)
            .any(|unit| self.is_unit(rule, unit) && stays(unit))
    }

    fn is_old(&self, rule: usize, entry: Entry<'_>) -> bool {
        let least = self.policy.rules[rule].older_than;
        least.is_none_or(|least| {
            i128::from(NOW - entry.meta().modified_ns) > i128::try_from(least.as_nanos()).unwrap()
        })
    }

    fn holds(&self, directory: &[u8], name: &str) -> bool {
        let path = match directory {
            b"" => name.as_bytes().to_vec(),
            _ => [directory, b"/", name.as_bytes()].concat(),
        };
        self.tree.find(&path).is_some()
    }

    fn is_repository(&self, path: &[u8]) -> bool {
        let is_bare = ["HEAD", "objects", "refs"]
            .iter()
            .all(|name| self.holds(path, name));
        is_bare || (!path.is_empty() && self.holds(path, ".git"))
    }

    /// What stays whatever a rule wants.
    fn is_protected(&self, rule: usize, entry: Entry<'a>) -> bool {
        let path: &[u8] = entry.path();
        let is_kept = |one: Entry<'_>| {
            let path = std::ffi::OsStr::from_bytes(one.path());
            self.keep.iter().any(|(glob, for_directories)| {
                glob.is_match(path) && (!for_directories || one.kind() != Kind::File)
            })
        };
        let in_repository = |one: Entry<'_>| {
            one.kind() == Kind::NestedRepository
                || (one.kind() == Kind::Directory && self.is_repository(one.path()))
        };
        path.split(|byte| *byte == b'/').any(|name| name == b".git")
            || entry.kind() == Kind::Special
            || entry.tracked() == Some(IndexMode::Gitlink)
            || self.is_repository(b"")
            || self.line(entry).any(in_repository)
            || self.line(entry).any(is_kept)
            || (entry.tracked().is_some() && !self.policy.rules[rule].tracked)
            || self.is_among_newest(rule, entry)
    }

    /// The rule by which the entry goes.
    fn goes(&self, entry: Entry<'a>) -> Option<usize> {
        let path: &[u8] = entry.path();
        let mut covering = (0..self.policy.rules.len()).filter(|rule| self.covers(*rule, entry));
        let is_ignored = |rule: usize| !self.policy.rules[rule].ignored_only || entry.is_ignored();
        if !is_directory(entry.kind()) {
            let rule = covering.find(|index| {
                let rule = &self.policy.rules[*index];
                !rule.empty_directories
                    && is_ignored(*index)
                    && rule.larger_than.is_none_or(|most| most < entry.size())
                    && self.is_old(*index, entry)
            });
            return rule.filter(|rule| !self.is_protected(*rule, entry));
        }
        let of_directory = |rule: &usize| {
            is_ignored(*rule)
                && (!self.policy.rules[*rule].empty_directories || self.is_old(*rule, entry))
        };
        let wants: Vec<usize> = covering.filter(of_directory).collect();
        let first = *wants.first()?;
        if self.is_protected(first, entry) {
            return None;
        }
        let inside: Vec<Entry<'_>> = self
            .tree
            .entries()
            .filter(|other| other.parent() == path)
            .collect();
        if inside.is_empty() {
            let takes_empty = |rule: &usize| {
                self.policy.rules[*rule].larger_than.is_none() && self.is_old(*rule, entry)
            };
            return wants.into_iter().find(takes_empty);
        }
        let all_go = inside.into_iter().all(|other| self.goes(other).is_some());
        all_go.then_some(first)
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn exactly_what_the_oracle_wants_is_planned(
        entries in prop::collection::btree_map(a_path(), a_meta(), 0..24),
        policy in a_policy(),
        tags in prop::collection::vec(any::<bool>(), 24 * 4),
    ) {
        let tree = a_tree(&entries);
        let is_tagged = |entry: &Entry<'_>| {
            is_directory(entry.kind()) && tags.get(entry.id().0 as usize) == Some(&true)
        };
        let facts = Facts {
            now_ns: NOW,
            cache_directories: tree.entries().filter(is_tagged).map(|entry| entry.id()).collect(),
        };
        let oracle = Oracle::new(&tree, &policy, &facts.cache_directories);
        let wanted: BTreeMap<String, String> = tree
            .entries()
            .filter_map(|entry| {
                let rule = oracle.goes(entry)?;
                Some((show(entry.path()), policy.rules[rule].name.clone()))
            })
            .collect();
        let planned = plan(&tree, &policy, &unprotected(), facts.clone());
        prop_assert_eq!(planned.refused(), None);
        let goes: BTreeMap<String, String> = planned
            .targets()
            .iter()
            .map(|target| (show(&target.path), target.rule.to_string()))
            .collect();
        prop_assert_eq!(goes.len(), planned.targets().len());
        prop_assert_eq!(&goes, &wanted);
        for denied in planned.denied() {
            prop_assert!(!goes.contains_key(&show(&denied.target.path)));
        }
        for pool in POOLS.iter() {
            let again = pool.install(|| plan(&tree, &policy, &unprotected(), facts.clone()));
            prop_assert_eq!(&again, &planned);
        }
    }
}
