//! Trees, policies, real workspaces with a canary beside them, and a journal that checks while it remembers.

use crate::beneath::{FileId, Root, RootRules};
use crate::cleanup::{
    ApplyToken, GitIndex, Intent, Journal, Orders, Plan, Protection, Settled, Sweeper, plan,
};
use crate::policy::{
    CleanupAction, CleanupLimits, CleanupPolicy, CleanupRule, HardLinks, Position,
};
use crate::rules::PathPattern;
use crate::walk::{IndexMode, Kind, Meta, Tree, TreeBuilder};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

pub(super) const NOW: i64 = 1_800_000_000_000_000_000;
pub(super) const DAY: i64 = 86_400_000_000_000;

/// An entry of a tree that is on no disk. A path that ends in `/` is a directory.
pub(super) fn it(path: &str) -> (Vec<u8>, Meta) {
    let kind = if path.ends_with('/') {
        Kind::Directory
    } else {
        Kind::File
    };
    let meta = Meta {
        kind,
        permissions: 0o644,
        size: 10,
        modified_ns: NOW - 10 * DAY,
        tracked: None,
        ignored: false,
    };
    (path.trim_end_matches('/').into(), meta)
}

pub(super) fn with(path: &str, change: impl FnOnce(&mut Meta)) -> (Vec<u8>, Meta) {
    let (path, mut meta) = it(path);
    change(&mut meta);
    (path, meta)
}

pub(super) fn tracked(path: &str) -> (Vec<u8>, Meta) {
    with(path, |meta| meta.tracked = Some(IndexMode::Regular))
}

pub(super) fn tree(entries: impl IntoIterator<Item = (Vec<u8>, Meta)>) -> Tree {
    let mut builder = TreeBuilder::default();
    for (path, meta) in entries {
        assert!(builder.push(&path, meta));
    }
    builder.finish("/nowhere".into())
}

pub(super) fn patterns(texts: &[&str]) -> Vec<PathPattern> {
    texts
        .iter()
        .map(|text| PathPattern::parse(text).unwrap())
        .collect()
}

pub(super) fn rule(name: &str, paths: &[&str]) -> CleanupRule {
    CleanupRule {
        name: name.into(),
        paths: patterns(paths),
        older_than: None,
        larger_than: None,
        tracked: false,
        keep_newest: None,
        empty_directories: false,
        ignored_only: false,
        require_cachedir_tag: false,
        hard_links: HardLinks::Remove,
        action: CleanupAction::Remove,
        position: Position {
            source: 0,
            line: 1,
            column: 1,
        },
    }
}

pub(super) fn policy(rules: impl IntoIterator<Item = CleanupRule>) -> CleanupPolicy {
    CleanupPolicy {
        rules: rules.into_iter().collect(),
        keep: Vec::new(),
        limits: CleanupLimits::default(),
    }
}

pub(super) fn trash(paths: &[&str]) -> CleanupPolicy {
    policy([rule("trash", paths)])
}

pub(super) fn unprotected() -> Protection {
    Protection::new(GitIndex::Read)
}

/// A path as a test reads it.
pub(super) fn show(path: &[u8]) -> String {
    path.escape_ascii().to_string()
}

pub(super) fn goes(plan: &Plan) -> Vec<String> {
    plan.targets()
        .iter()
        .map(|target| show(&target.path))
        .collect()
}

pub(super) fn stays(plan: &Plan) -> Vec<String> {
    plan.denied()
        .iter()
        .map(|denied| format!("{} {}", show(&denied.target.path), denied.denial))
        .collect()
}

/// A workspace on disk, and a canary beside it that must never change.
pub(super) struct World {
    pub(super) outer: tempfile::TempDir,
    pub(super) root: PathBuf,
    pub(super) canary: PathBuf,
    pub(super) tracked: BTreeMap<Vec<u8>, IndexMode>,
    /// Without the kernel's containment.
    pub(super) walking: bool,
}

impl World {
    pub(super) fn new() -> Self {
        let outer = tempfile::tempdir().unwrap();
        let root = outer.path().join("workspace");
        let canary = outer.path().join("canary");
        for directory in [&root, &canary, &canary.join("deep")] {
            fs::create_dir(directory).unwrap();
        }
        for name in ["one.tmp", "two.tmp", "deep/three.tmp", "plain"] {
            fs::write(canary.join(name), format!("canary {name}")).unwrap();
        }
        Self {
            outer,
            root,
            canary,
            tracked: BTreeMap::new(),
            walking: false,
        }
    }

    /// The same test with and without the kernel's containment.
    pub(super) fn both(test: impl Fn(Self)) {
        for walking in [false, true] {
            test(Self {
                walking,
                ..Self::new()
            });
        }
    }

    pub(super) fn at(&self, path: &str) -> PathBuf {
        self.root.join(path)
    }

    pub(super) fn file(&self, path: &str) -> PathBuf {
        let path = self.at(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, "content").unwrap();
        path
    }

    pub(super) fn link(&self, path: &str, to: impl AsRef<Path>) {
        let path = self.at(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::os::unix::fs::symlink(to, path).unwrap();
    }

    pub(super) fn exists(&self, path: &str) -> bool {
        fs::symlink_metadata(self.at(path)).is_ok()
    }

    pub(super) fn tree(&self) -> Tree {
        let mut builder = TreeBuilder::default();
        let mut open = vec![self.root.clone()];
        while let Some(directory) = open.pop() {
            for entry in fs::read_dir(directory).unwrap() {
                let path = entry.unwrap().path();
                let relative = path.strip_prefix(&self.root).unwrap().as_os_str();
                let meta = self.meta(&path, relative.as_bytes());
                assert!(builder.push(relative.as_bytes(), meta));
                if meta.kind == Kind::Directory {
                    open.push(path);
                }
            }
        }
        builder.finish(self.root.clone())
    }

    fn meta(&self, path: &Path, relative: &[u8]) -> Meta {
        let seen = fs::symlink_metadata(path).unwrap();
        let kind = seen.file_type();
        let special = kind.is_fifo() || kind.is_socket() || kind.is_char_device();
        Meta {
            kind: match kind {
                _ if kind.is_symlink() => Kind::Symlink,
                _ if kind.is_dir() => Kind::Directory,
                _ if special => Kind::Special,
                _ => Kind::File,
            },
            permissions: 0o644,
            size: seen.len(),
            modified_ns: seen.mtime() * 1_000_000_000 + seen.mtime_nsec(),
            tracked: self.tracked.get(relative).copied(),
            ignored: false,
        }
    }

    pub(super) fn plan(&self, policy: &CleanupPolicy) -> Plan {
        plan(&self.tree(), policy, &unprotected(), i64::MAX)
    }

    pub(super) fn look(&self) -> Root {
        let rules = RootRules {
            expected: Some(FileId::of(&self.root).unwrap()),
            forbidden: Vec::new(),
            ..RootRules::default()
        };
        let root = Root::open(&self.root, &rules).unwrap();
        if self.walking { root.walking() } else { root }
    }

    pub(super) fn sweeper(&self) -> Sweeper {
        let orders = Orders {
            batch: 256,
            hands: 4,
            ..Orders::new("run")
        };
        self.sweeper_with(orders)
    }

    pub(super) fn sweeper_with(&self, orders: Orders) -> Sweeper {
        let token = ApplyToken::because_apply_was_asked_for();
        Sweeper::new(self.look(), (orders, token))
    }

    /// Plans, does `between`, identifies, sweeps: each target with its result.
    pub(super) fn clean(&self, policy: &CleanupPolicy) -> BTreeMap<String, String> {
        self.disturbed(policy, || (), || ())
    }

    /// Disturbs the workspace after planning, and again after the first intents are durable.
    pub(super) fn disturbed(
        &self,
        policy: &CleanupPolicy,
        planned: impl FnOnce(),
        intended: impl FnOnce(),
    ) -> BTreeMap<String, String> {
        let plan = self.plan(policy);
        assert_eq!(plan.refused(), None);
        planned();
        let sweeper = self.sweeper();
        let identified = sweeper.identify(&plan, &unprotected());
        let mut journal = Memory::new(self, &plan);
        journal.disturb = Some(Box::new(intended));
        sweeper.sweep(&identified, &mut journal).unwrap();
        self.results(&plan, &journal)
    }

    pub(super) fn results(&self, plan: &Plan, journal: &Memory<'_>) -> BTreeMap<String, String> {
        let mut results = BTreeMap::new();
        for settled in &journal.settled {
            let target = &plan.targets()[settled.target];
            let path = show(&target.path);
            let there =
                fs::symlink_metadata(self.root.join(std::ffi::OsStr::from_bytes(&target.path)));
            let text = settled.outcome.to_string();
            assert!(
                text != "removed" || there.is_err(),
                "{path} was not removed"
            );
            let is_affected = matches!(&*text, "removed" | "quarantined");
            assert_eq!(
                settled.files_affected,
                u64::from(is_affected),
                "{path}: {text}"
            );
            assert_eq!(results.insert(path, text), None, "settled twice");
        }
        assert_eq!(
            results.len(),
            plan.targets().len(),
            "every target has a result"
        );
        results
    }

    /// Everything in a directory: what, when, and with which content.
    pub(super) fn snapshot(directory: &Path) -> BTreeMap<PathBuf, (u32, i64, Vec<u8>)> {
        let mut all = BTreeMap::new();
        let mut open = vec![directory.to_owned()];
        while let Some(path) = open.pop() {
            let seen = fs::symlink_metadata(&path).unwrap();
            let content = if seen.is_dir() {
                open.extend(fs::read_dir(&path).unwrap().map(|it| it.unwrap().path()));
                Vec::new()
            } else if seen.is_symlink() {
                fs::read_link(&path).unwrap().as_os_str().as_bytes().into()
            } else if seen.is_file() {
                fs::read(&path).unwrap()
            } else {
                Vec::new()
            };
            let modified = seen.mtime() * 1_000_000_000 + seen.mtime_nsec();
            all.insert(path, (seen.mode(), modified, content));
        }
        all
    }

    /// Runs a test and demands that the canary is afterwards what it was before.
    pub(super) fn guarded<T>(&self, test: impl FnOnce() -> T) -> T {
        let before = Self::snapshot(&self.canary);
        let result = test();
        assert_eq!(before, Self::snapshot(&self.canary), "the canary changed");
        result
    }
}

/// A journal in memory: at each commit it demands that everything gone had an intent before.
pub(super) struct Memory<'a> {
    root: &'a Path,
    plan: &'a Plan,
    pub(super) intents: BTreeSet<usize>,
    pub(super) settled: Vec<Settled>,
    pub(super) commits: usize,
    /// The commit (from 1) that fails.
    pub(super) fail_at: Option<usize>,
    disturb: Option<Box<dyn FnOnce() + 'a>>,
    gone_before: BTreeSet<usize>,
}

impl<'a> Memory<'a> {
    pub(super) fn new(world: &'a World, plan: &'a Plan) -> Self {
        let mut journal = Self {
            root: &world.root,
            plan,
            intents: BTreeSet::new(),
            settled: Vec::new(),
            commits: 0,
            fail_at: None,
            disturb: None,
            gone_before: BTreeSet::new(),
        };
        journal.gone_before = journal.gone();
        journal
    }

    fn gone(&self) -> BTreeSet<usize> {
        let absent = |path: &[u8]| {
            let path = self.root.join(std::ffi::OsStr::from_bytes(path));
            fs::symlink_metadata(path)
                .is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound)
        };
        let targets = self.plan.targets().iter().enumerate();
        targets
            .filter(|(_, target)| absent(&target.path))
            .map(|(index, _)| index)
            .collect()
    }

    /// Invariant: a file missing has a durable intent.
    pub(super) fn assert_no_unrecorded_removal(&self) {
        for gone in self.gone().difference(&self.gone_before) {
            assert!(self.intents.contains(gone), "target {gone} went unrecorded");
        }
    }
}

impl Journal for Memory<'_> {
    fn commit(&mut self, settled: &[Settled], intents: &[Intent]) -> anyhow::Result<()> {
        self.assert_no_unrecorded_removal();
        self.commits += 1;
        if self.fail_at.is_some_and(|at| self.commits >= at) {
            anyhow::bail!("disk full");
        }
        self.settled.extend_from_slice(settled);
        self.intents
            .extend(intents.iter().map(|intent| intent.target));
        if let Some(disturb) = self.disturb.take() {
            disturb();
        }
        Ok(())
    }
}
