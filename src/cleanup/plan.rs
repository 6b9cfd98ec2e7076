//! Decides what would go. Pure: it knows the tree, the policy, the protection and a few facts, and touches nothing.
//!
//! The first rule of the policy whose patterns and filters fit decides about a path. What a rule wants and what must
//! not go is not dropped silently but listed with the reason.

use super::budget;
use super::layout::{Layout, is_directory};
use super::matcher::Matcher;
use super::protection::{GitIndex, Protection};
use super::selection::{Selected, Wish, WishLists, WishesId, select};
use super::target::{Action, Denial, Denied, Plan, Target};
use crate::beneath::{ObjectKind, names};
use crate::policy::{CleanupAction, CleanupPolicy, CleanupRule};
use crate::walk::{Entry, EntryId, IndexMode, Kind, OWN_HOME, Tree};
use std::collections::BTreeSet;
use std::sync::Arc;

/// What a plan depends on beside tree, policy and protection. A plain number is a time without any tagged directory.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// The time of the run, nanoseconds since 1970-01-01 UTC.
    pub now_ns: i64,
    /// Directories that are tagged as caches: [`super::cache_directories`].
    pub cache_directories: BTreeSet<EntryId>,
}

impl From<i64> for Facts {
    fn from(now_ns: i64) -> Self {
        Self {
            now_ns,
            cache_directories: BTreeSet::new(),
        }
    }
}

/// Plans a cleanup of `tree`.
pub fn plan(
    tree: &Tree,
    policy: &CleanupPolicy,
    protection: &Protection,
    facts: impl Into<Facts>,
) -> Plan {
    let matcher = match Matcher::new(policy, |_| true) {
        Ok(matcher) => matcher,
        Err(error) => {
            let why = format!("the cleanup patterns cannot be compiled: {error}");
            return Plan::close(Vec::new(), Vec::new(), Some(why));
        }
    };
    let facts = facts.into();
    let (hits, layout) = rayon::join(|| matcher.hits(tree), || Layout::of(tree));
    let (selected, lists) = select(tree, (policy, &facts), (&hits, &layout));
    let planner = Planner {
        tree,
        policy,
        protection,
        layout,
        now_ns: facts.now_ns,
    };
    let mut verdicts = planner.judge_downwards(&selected, lists);
    planner.settle_upwards(&mut verdicts);
    planner.assemble(verdicts)
}

struct Planner<'a> {
    tree: &'a Tree,
    policy: &'a CleanupPolicy,
    protection: &'a Protection,
    layout: Layout,
    now_ns: i64,
}

/// What is to become of one entry. Rules are indexes into the policy.
enum Verdict {
    /// No rule wants it.
    Stays,
    /// It goes.
    Goes(u32),
    /// A rule wants it, and it stays.
    Denied(u32, Denial),
    /// A directory whose fate its content decides.
    Open {
        /// The rule by which it goes if everything in it goes.
        emptied: u32,
        /// The rule by which it goes if nothing is in it now.
        empty: Option<u32>,
    },
}

/// What a directory hands down to everything in it.
#[derive(Clone, Copy)]
struct Frame {
    id: Option<EntryId>,
    wishes: WishesId,
    /// The `keep` pattern that covers it.
    keep: Option<u32>,
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

impl Planner<'_> {
    /// First pass, in tree order: directories hand their rules down.
    fn judge_downwards(&self, selected: &[Selected], mut lists: WishLists) -> Vec<Verdict> {
        let mut selected = selected.iter().peekable();
        let root = Frame {
            id: None,
            wishes: WishesId::NONE,
            keep: None,
            in_repository: self.layout.root_is_bare_repository(),
        };
        let mut above: Vec<Frame> = Vec::new();
        let judge = |entry: Entry<'_>| {
            let parent_id = self.layout.parents[entry.id().0 as usize];
            while above.pop_if(|frame| frame.id != parent_id).is_some() {}
            let parent = above.last().copied().unwrap_or(root);
            let own = selected.next_if(|one| one.entry == entry.id());
            let wishes = own.map_or(parent.wishes, |own| lists.join(parent.wishes, own.wishes));
            let kind = entry.kind();
            let frame = Frame {
                id: Some(entry.id()),
                wishes,
                keep: parent.keep.or(own.and_then(|own| own.keep)),
                in_repository: parent.in_repository || self.layout.is_repository(entry.id(), kind),
            };
            if is_directory(kind) {
                above.push(frame);
            }
            let wishes = lists.get(wishes);
            if is_directory(kind) {
                let untagged = own.and_then(|own| own.untagged);
                self.judge_directory(entry, (wishes, untagged), frame)
            } else {
                self.judge_file(entry, wishes, frame)
            }
        };
        self.tree.entries().map(judge).collect()
    }

    fn judge_file(&self, entry: Entry<'_>, wishes: &[Wish], frame: Frame) -> Verdict {
        let fits = |wish: &&Wish| {
            let rule = self.rule(wish.rule);
            !rule.empty_directories
                && (!rule.ignored_only || entry.is_ignored())
                && rule.larger_than.is_none_or(|most| entry.size() > most)
                && self.is_old_enough(entry, rule)
        };
        match wishes.iter().find(fits) {
            None => Verdict::Stays,
            Some(wish) => match self.denial(entry, frame, *wish) {
                Some(denial) => Verdict::Denied(wish.rule, denial),
                None => Verdict::Goes(wish.rule),
            },
        }
    }

    fn judge_directory(
        &self,
        entry: Entry<'_>,
        (wishes, untagged): (&[Wish], Option<u32>),
        frame: Frame,
    ) -> Verdict {
        // It goes by itself with the last that this program keeps in it.
        if entry.path() == OWN_HOME {
            return Verdict::Stays;
        }
        let may_be_emptied = |wish: &&Wish| {
            let rule = self.rule(wish.rule);
            (!rule.ignored_only || entry.is_ignored())
                && (!rule.empty_directories || self.is_old_enough(entry, rule))
        };
        // A size is a file's; a directory has none that could be too large.
        let fits_empty = |wish: &&Wish| {
            let rule = self.rule(wish.rule);
            may_be_emptied(wish) && rule.larger_than.is_none() && self.is_old_enough(entry, rule)
        };
        match (wishes.iter().find(may_be_emptied), untagged) {
            (None, None) => Verdict::Stays,
            (None, Some(rule)) => {
                let why = "holds no CACHEDIR.TAG with the standard signature";
                Verdict::Denied(rule, Denial::Skipped(why.into()))
            }
            (Some(wish), _) => match self.denial(entry, frame, *wish) {
                Some(denial) => Verdict::Denied(wish.rule, denial),
                None => Verdict::Open {
                    emptied: wish.rule,
                    empty: wishes.iter().find(fits_empty).map(|wish| wish.rule),
                },
            },
        }
    }

    /// Why an entry that a rule wants has to stay: guards first, then the policy's own restrictions.
    fn denial(&self, entry: Entry<'_>, frame: Frame, wish: Wish) -> Option<Denial> {
        let path: &[u8] = entry.path();
        let rule = self.rule(wish.rule);
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
            let pattern = self.policy.keep[keep as usize].as_str();
            return Some(Denial::Skipped(format!("kept by `{pattern}`")));
        }
        if entry.tracked().is_some() && !rule.tracked {
            return Some(Denial::Skipped("tracked by git".into()));
        }
        let count = rule.keep_newest.filter(|_| wish.is_newest)?;
        Some(Denial::Skipped(format!("among the {count} newest")))
    }

    /// Second pass, from the leaves up: which directories will be empty.
    fn settle_upwards(&self, verdicts: &mut [Verdict]) {
        let mut contents: Vec<Option<Rest>> = vec![None; verdicts.len()];
        for index in (0..verdicts.len()).rev() {
            let verdict = &mut verdicts[index];
            if let Verdict::Open { emptied, empty } = *verdict {
                *verdict = match contents[index] {
                    None => empty.map_or(Verdict::Stays, Verdict::Goes),
                    Some(Rest::Nothing) => Verdict::Goes(emptied),
                    Some(Rest::Unwanted) => Verdict::Stays,
                    // Such a rule means only what is empty, so that it has nothing to explain.
                    Some(Rest::Denied) if self.rule(emptied).empty_directories => Verdict::Stays,
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
            if let Some(parent) = self.layout.parents[index] {
                let content = &mut contents[parent.0 as usize];
                *content = Some(content.map_or(rest, |other| other.max(rest)));
            }
        }
    }

    fn assemble(&self, verdicts: Vec<Verdict>) -> Plan {
        let names: Vec<Arc<str>> = self
            .policy
            .rules
            .iter()
            .map(|rule| Arc::from(rule.name.as_str()))
            .collect();
        let target = |entry, rule: u32| target(entry, self.rule(rule), &names[rule as usize]);
        let (mut files, mut directories, mut denied) = (Vec::new(), Vec::new(), Vec::new());
        for (entry, verdict) in self.tree.entries().zip(verdicts) {
            match verdict {
                Verdict::Stays | Verdict::Open { .. } => {}
                Verdict::Goes(rule) if is_directory(entry.kind()) => {
                    directories.push(target(entry, rule));
                }
                Verdict::Goes(rule) => files.push(target(entry, rule)),
                Verdict::Denied(rule, denial) => denied.push(Denied {
                    target: target(entry, rule),
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
        budget::refusal(targets, &self.policy.limits, self.tree)
    }

    /// A time in the future is never old, whatever clock wrote it.
    fn is_old_enough(&self, entry: Entry<'_>, rule: &CleanupRule) -> bool {
        rule.older_than.is_none_or(|least| {
            let age = i128::from(self.now_ns) - i128::from(entry.meta().modified_ns);
            u128::try_from(age).is_ok_and(|age| age > least.as_nanos())
        })
    }

    fn rule(&self, index: u32) -> &CleanupRule {
        &self.policy.rules[index as usize]
    }
}

fn target(entry: Entry<'_>, rule: &CleanupRule, name: &Arc<str>) -> Target {
    let kind = match entry.kind() {
        Kind::File => ObjectKind::File,
        Kind::Symlink => ObjectKind::Symlink,
        Kind::Special => ObjectKind::Special,
        Kind::Directory | Kind::NestedRepository => ObjectKind::Directory,
    };
    let is_directory = kind == ObjectKind::Directory;
    let action = match rule.action {
        _ if is_directory => Action::DirectoryRemoval,
        CleanupAction::Remove => Action::FileRemoval,
        CleanupAction::Quarantine => Action::FileQuarantine,
    };
    Target {
        path: entry.path().to_vec().into(),
        action,
        kind,
        rule: Arc::clone(name),
        hard_links: rule.hard_links,
        bytes: if is_directory { 0 } else { entry.size() },
        modified_ns: entry.meta().modified_ns,
    }
}
