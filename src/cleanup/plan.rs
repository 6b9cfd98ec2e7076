//! Decides what would go. Pure: it knows the tree, the policy and the protection, and touches nothing.
//!
//! The first rule of the policy whose patterns and filters fit decides about a path. What a rule wants and what must
//! not go is not dropped silently but listed with the reason.

use super::matcher::{Matched, Matcher};
use super::protection::{GitIndex, Protection, is_below};
use super::target::{Action, Denial, Denied, Plan, Target};
use crate::beneath::{ObjectKind, names};
use crate::policy::{CleanupPolicy, CleanupRule};
use crate::walk::{Entry, EntryId, IndexMode, Kind, Tree};
use std::sync::Arc;

/// Plans a cleanup of `tree`. `now_ns` is the time of the run, nanoseconds since 1970-01-01 UTC.
pub fn plan(tree: &Tree, policy: &CleanupPolicy, protection: &Protection, now_ns: i64) -> Plan {
    let mut matcher = match Matcher::new(policy) {
        Ok(matcher) => matcher,
        Err(error) => {
            let why = format!("the cleanup patterns cannot be compiled: {error}");
            return Plan::close(Vec::new(), Vec::new(), Some(why));
        }
    };
    let planner = Planner {
        tree,
        policy,
        protection,
        now_ns,
    };
    let mut found = planner.judge_downwards(&mut matcher);
    planner.settle_upwards(&mut found);
    planner.assemble(found)
}

struct Planner<'a> {
    tree: &'a Tree,
    policy: &'a CleanupPolicy,
    protection: &'a Protection,
    now_ns: i64,
}

/// What is to become of one entry. Rules are indexes into the policy.
enum Verdict {
    /// No rule wants it.
    Stays,
    /// It goes.
    Goes(usize),
    /// A rule wants it, and it stays.
    Denied(usize, Denial),
    /// A directory whose fate its content decides.
    Open {
        /// The rule by which it goes if everything in it goes.
        emptied: usize,
        /// The rule by which it goes if nothing is in it now.
        empty: Option<usize>,
    },
}

/// The verdicts by entry, and the entry of the directory that each is in.
struct Found {
    verdicts: Vec<Verdict>,
    parents: Vec<Option<EntryId>>,
}

/// What a directory hands down to everything in it.
struct Frame<'a> {
    path: &'a [u8],
    id: Option<EntryId>,
    /// Rules that want the directory with everything below it, ascending.
    rules: Vec<usize>,
    /// The `keep` pattern that covers it.
    keep: Option<usize>,
    /// Whether it lies in a repository of its own.
    in_repository: bool,
}

/// The most serious reason why a directory will not be empty.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rest {
    Nothing,
    /// Something that no rule wants, because it is too young or too small.
    Unwanted,
    /// Something that a rule wants and that is denied.
    Denied,
}

impl<'a> Planner<'a> {
    /// First pass, in tree order: directories hand their rules down.
    fn judge_downwards(&self, matcher: &mut Matcher) -> Found {
        let mut found = Found {
            verdicts: Vec::with_capacity(self.tree.len()),
            parents: Vec::with_capacity(self.tree.len()),
        };
        let root = Frame {
            path: b"",
            id: None,
            rules: Vec::new(),
            keep: None,
            in_repository: self.is_bare_repository(b""),
        };
        let mut above: Vec<Frame<'a>> = Vec::new();
        let mut hits = Matched::default();
        for entry in self.tree.entries() {
            let path: &[u8] = entry.path();
            while above.pop_if(|frame| !is_below(path, frame.path)).is_some() {}
            let parent = above.last().unwrap_or(&root);
            matcher.matches(path, entry.kind(), &mut hits);
            let frame = self.enter(entry, parent, &hits);
            found.parents.push(parent.id);
            found.verdicts.push(self.judge(entry, &frame));
            if is_directory(entry) {
                above.push(frame);
            }
        }
        found
    }

    /// What holds for an entry: what matches it, and what its directory hands down.
    fn enter(&self, entry: Entry<'a>, parent: &Frame<'_>, matched: &Matched) -> Frame<'a> {
        let mut rules = matched.rules.clone();
        rules.extend_from_slice(&parent.rules);
        rules.sort_unstable();
        rules.dedup();
        Frame {
            path: entry.path(),
            id: Some(entry.id()),
            rules,
            keep: parent.keep.or(matched.keep),
            in_repository: parent.in_repository || self.is_repository(entry),
        }
    }

    fn judge(&self, entry: Entry<'_>, frame: &Frame<'_>) -> Verdict {
        let is_directory = is_directory(entry);
        let fits = |index: &&usize| {
            let rule = &self.policy.rules[**index];
            self.is_old_enough(entry, rule) && is_large_enough(entry, rule)
        };
        let fitting = frame.rules.iter().find(fits).copied();
        let first = if is_directory {
            frame.rules.first().copied()
        } else {
            fitting
        };
        let Some(rule) = first else {
            return Verdict::Stays;
        };
        if let Some(denial) = self.denial(entry, frame, &self.policy.rules[rule]) {
            return Verdict::Denied(rule, denial);
        }
        if is_directory {
            Verdict::Open {
                emptied: rule,
                empty: fitting,
            }
        } else {
            Verdict::Goes(rule)
        }
    }

    /// Why an entry that a rule wants has to stay: guards first, then the policy's own restrictions.
    fn denial(&self, entry: Entry<'_>, frame: &Frame<'_>, rule: &CleanupRule) -> Option<Denial> {
        let path: &[u8] = entry.path();
        let refused = |why: &str| Some(Denial::Refused(why.to_owned()));
        if names::escapes(path) {
            return refused("not a path beneath the workspace");
        }
        if path
            .split(|byte| *byte == b'/')
            .any(names::is_git_directory)
        {
            return refused("belongs to git");
        }
        if let Some(name) = self.protection.denies_path(path) {
            return Some(Denial::Refused(format!("protected: {name}")));
        }
        if entry.kind() == Kind::Special {
            return refused("special file");
        }
        if entry.tracked() == Some(IndexMode::Gitlink) {
            return refused("submodule");
        }
        if frame.in_repository {
            return refused("nested repository");
        }
        if let Some(keep) = frame.keep {
            let pattern = self.policy.keep[keep].as_str();
            return Some(Denial::Skipped(format!("kept by `{pattern}`")));
        }
        if entry.tracked().is_some() && !rule.tracked {
            return Some(Denial::Skipped("tracked by git".into()));
        }
        None
    }

    /// Second pass, from the leaves up: which directories will be empty.
    fn settle_upwards(&self, found: &mut Found) {
        let mut contents: Vec<Option<Rest>> = vec![None; self.tree.len()];
        for index in (0..found.verdicts.len()).rev() {
            let verdict = &mut found.verdicts[index];
            if let Verdict::Open { emptied, empty } = *verdict {
                *verdict = match contents[index] {
                    None => empty.map_or(Verdict::Stays, Verdict::Goes),
                    Some(Rest::Nothing) => Verdict::Goes(emptied),
                    Some(Rest::Unwanted) => Verdict::Stays,
                    Some(Rest::Denied) => {
                        let why = "not empty: something below it stays";
                        Verdict::Denied(emptied, Denial::Skipped(why.into()))
                    }
                };
            }
            let rest = match verdict {
                Verdict::Goes(_) => Rest::Nothing,
                Verdict::Denied(..) => Rest::Denied,
                Verdict::Stays | Verdict::Open { .. } => Rest::Unwanted,
            };
            if let Some(parent) = found.parents[index] {
                let content = &mut contents[parent.0 as usize];
                *content = Some(content.map_or(rest, |other| other.max(rest)));
            }
        }
    }

    fn assemble(&self, found: Found) -> Plan {
        let names: Vec<Arc<str>> = self
            .policy
            .rules
            .iter()
            .map(|rule| Arc::from(rule.name.as_str()))
            .collect();
        let (mut files, mut directories, mut denied) = (Vec::new(), Vec::new(), Vec::new());
        for (entry, verdict) in self.tree.entries().zip(found.verdicts) {
            match verdict {
                Verdict::Stays | Verdict::Open { .. } => {}
                Verdict::Goes(rule) if is_directory(entry) => {
                    directories.push(target(entry, &names[rule]));
                }
                Verdict::Goes(rule) => files.push(target(entry, &names[rule])),
                Verdict::Denied(rule, denial) => denied.push(Denied {
                    target: target(entry, &names[rule]),
                    denial,
                }),
            }
        }
        directories.reverse();
        files.append(&mut directories);
        let refused = self.refusal(&files);
        Plan::close(files, denied, refused)
    }

    /// Why the plan as a whole is not to be carried out.
    fn refusal(&self, targets: &[Target]) -> Option<String> {
        if targets.is_empty() {
            return None;
        }
        if let GitIndex::Unknown(why) = &self.protection.git_index {
            return Some(format!(
                "the git index is unreadable, so any file may be tracked: {why}"
            ));
        }
        let limits = self.policy.limits;
        let count = targets.len() as u64;
        if count > limits.max_files {
            let most = limits.max_files;
            return Some(format!(
                "over the budget: {count} files and directories, max_files is {most}"
            ));
        }
        let bytes = targets
            .iter()
            .fold(0_u64, |sum, target| sum.saturating_add(target.bytes));
        (bytes > limits.max_bytes).then(|| {
            let most = limits.max_bytes;
            format!("over the budget: {bytes} bytes, max_bytes is {most}")
        })
    }

    /// A time in the future is never old, whatever clock wrote it.
    fn is_old_enough(&self, entry: Entry<'_>, rule: &CleanupRule) -> bool {
        rule.older_than.is_none_or(|least| {
            let age = i128::from(self.now_ns) - i128::from(entry.meta().modified_ns);
            u128::try_from(age).is_ok_and(|age| age > least.as_nanos())
        })
    }

    /// Whether a directory is the top of a repository, by what the walk says or by what lies in it.
    fn is_repository(&self, entry: Entry<'_>) -> bool {
        match entry.kind() {
            Kind::NestedRepository => true,
            Kind::Directory => {
                let path: &[u8] = entry.path();
                self.tree.find(&join(path, b".git")).is_some() || self.is_bare_repository(path)
            }
            Kind::File | Kind::Symlink | Kind::Special => false,
        }
    }

    /// What git itself takes for a repository without a working tree.
    fn is_bare_repository(&self, path: &[u8]) -> bool {
        let holds = |name: &[u8]| self.tree.find(&join(path, name)).is_some();
        holds(b"HEAD") && holds(b"objects") && holds(b"refs")
    }
}

fn join(directory: &[u8], name: &[u8]) -> Vec<u8> {
    if directory.is_empty() {
        name.to_vec()
    } else {
        [directory, b"/", name].concat()
    }
}

fn is_directory(entry: Entry<'_>) -> bool {
    matches!(entry.kind(), Kind::Directory | Kind::NestedRepository)
}

/// A size is a file's; a directory has none that could be too large.
fn is_large_enough(entry: Entry<'_>, rule: &CleanupRule) -> bool {
    rule.larger_than
        .is_none_or(|most| !is_directory(entry) && entry.size() > most)
}

fn target(entry: Entry<'_>, rule: &Arc<str>) -> Target {
    let (action, kind) = match entry.kind() {
        Kind::File => (Action::FileRemoval, ObjectKind::File),
        Kind::Symlink => (Action::FileRemoval, ObjectKind::Symlink),
        Kind::Special => (Action::FileRemoval, ObjectKind::Special),
        Kind::Directory | Kind::NestedRepository => {
            (Action::DirectoryRemoval, ObjectKind::Directory)
        }
    };
    Target {
        path: entry.path().to_vec().into(),
        action,
        kind,
        rule: Arc::clone(rule),
        bytes: if is_directory(entry) { 0 } else { entry.size() },
        modified_ns: entry.meta().modified_ns,
    }
}
