//! One scan: files in order on all threads, then the whole-tree rules, then what is to be said of the policy.

use super::accepted::NamedBaseline;
use super::accounts::{Fixable, Status, Tally, Totals};
use super::file::{FileScanner, Part};
use super::finish::With;
use super::needed;
use super::order::{Chunks, in_order};
use super::plan::{Plan, RuleSet};
use super::read::{Desk, DigestKind};
use super::settings;
use super::source::Source;
use super::suppress::{PolicySuppressions, SuppressionUse};
use super::twins::Twins;
use super::whole;
use crate::base::digest_of;
use crate::editorconfig::{Cascade, Properties};
use crate::finding::{Finding, Fingerprint, Safety};
use crate::rules::Level;
use crate::secrets::Key;
use crate::walk::{Entry, EntryId, Kind, PathMap, Skipped, Tree};
use jiff::civil::Date;
use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// Entries in one unit of work: enough to be worth handing over, few enough to keep all threads busy.
const CHUNK: usize = 32;

/// Which part of a scan found something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Looking at what the rules judge by, a schema say.
    Judged,
    /// Looking at one entry.
    Entry,
    /// The rules that look at the whole tree.
    Tree,
    /// Looking at the policy.
    Policy,
}

/// Where findings go, in order, from one thread.
pub trait Sink {
    /// Takes findings.
    ///
    /// # Errors
    /// They could not be recorded; the scan ends.
    fn findings(&mut self, origin: Origin, findings: Vec<Finding>) -> anyhow::Result<()>;

    /// Takes paths that were seen and not fully checked.
    ///
    /// # Errors
    /// They could not be recorded; the scan ends.
    fn skipped(&mut self, skipped: Vec<Skipped>) -> anyhow::Result<()>;

    /// Asked every now and then whether to go on.
    ///
    /// # Errors
    /// Someone wants the scan to end.
    fn go_on(&mut self) -> anyhow::Result<()>;
}

/// A scan that is about to be made.
pub struct Scan<'s> {
    pub(super) source: Source<'s>,
    pub(super) tree: &'s Tree,
    pub(super) plan: &'s Plan<'s>,
    pub(super) today: Date,
    /// Of the fingerprints of credentials.
    pub(super) key: &'s Key,
    /// What the `.editorconfig` files say.
    pub(super) cascade: Cascade,
    previous: Option<Previous<'s>>,
    baseline: Option<NamedBaseline<'s>>,
    twins: Twins,
    progress: &'s (dyn Fn(u64) + Sync),
    /// How contents are told apart.
    pub(super) digest_kind: DigestKind,
    part: Option<Focus>,
}

/// A scan that looks only at some entries. Rules about the whole tree see all of it.
pub struct Focus {
    /// For each entry whether it is looked at. Of the others there is no row and no count.
    pub only: Vec<bool>,
    /// For each entry the id of its blob, as far as it is known without reading.
    pub ids: Vec<Option<gix::ObjectId>>,
    /// An id like those of the repository.
    pub like: gix::ObjectId,
    /// Files that have another path since: findings on them are identified by that one.
    pub renamed: PathMap,
    /// Whether the entries that are not looked at are known to be as in the other scan with which this one is compared.
    pub is_base: bool,
}

/// An earlier scan in the same run. What has not changed since is not read again.
pub struct Previous<'s> {
    /// For each entry of the tree now its entry in the earlier tree, if it has not changed.
    pub unchanged: Vec<Option<EntryId>>,
    /// What the earlier scan saw.
    pub outcome: &'s Outcome,
}

/// What a scan saw.
pub struct Outcome {
    /// What became of each entry's content, by id.
    pub statuses: Vec<Status>,
    /// Digests of contents, where they were wanted.
    pub digests: HashMap<EntryId, u128>,
    /// Counts by slot.
    pub tallies: Vec<Tally>,
    /// Counts of the whole.
    pub totals: Totals,
    /// All suppressions, the policy's first; their 1-based position is their number.
    pub suppressions: Vec<SuppressionUse>,
    /// Files in [`Totals::files`] that only a whole-tree rule found something in, since nothing else looked at them.
    pub files_by_tree: u64,
    /// The identities of what the whole-tree rules found.
    pub whole_tree: HashSet<Fingerprint>,
    /// Entries with an open finding that has a fix which the policy allows, in tree order.
    pub fixable: Vec<Fixable>,
    /// Files that the whole-tree rules miss and can make, as far as the policy allows it.
    pub created: Vec<Created>,
}

/// A file that a whole-tree rule misses and can make.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Created {
    /// The rule's name in the policy.
    pub rule: Arc<str>,
    /// How sure the rule is.
    pub safety: Safety,
    /// The violation that goes away with it.
    pub fingerprint: Fingerprint,
    /// Where, relative to the workspace, with `/`.
    pub path: Box<[u8]>,
    /// What it holds.
    pub content: Box<[u8]>,
}

impl<'s> Scan<'s> {
    /// Prepares a scan. `key` is that of the fingerprints of credentials. `progress` is told how many entries are done.
    pub fn new(
        (source, tree): (Source<'s>, &'s Tree),
        plan: &'s Plan<'s>,
        (today, key): (Date, &'s Key),
        previous: Option<Previous<'s>>,
        progress: &'s (dyn Fn(u64) + Sync),
    ) -> Self {
        let twins = Twins::new(tree, plan);
        Self {
            source,
            tree,
            plan,
            today,
            key,
            cascade: settings::cascade(source, tree),
            previous,
            baseline: None,
            twins,
            progress,
            digest_kind: DigestKind::Fast,
            part: None,
        }
    }

    /// The same, but only for some entries.
    #[must_use]
    pub fn only(self, part: Focus) -> Self {
        Self {
            digest_kind: DigestKind::Git(part.like),
            part: Some(part),
            ..self
        }
    }

    /// What holds for all findings.
    pub(super) fn with(&self) -> With<'_> {
        With {
            slots: self.plan.slots(),
            key: self.key,
            renamed: self.part.as_ref().map(|part| &part.renamed),
        }
    }

    /// Whether the entry is to be looked at.
    pub(super) fn looks_at(&self, entry: Entry<'_>) -> bool {
        let index = entry.id().0 as usize;
        self.part
            .as_ref()
            .is_none_or(|part| part.only.get(index).copied().unwrap_or(true))
    }

    /// Whether there is an entry at a path that is not looked at.
    pub(super) fn passes_over(&self, path: &[u8]) -> bool {
        self.part.is_some()
            && self
                .tree
                .find(path)
                .is_some_and(|entry| !self.looks_at(entry))
    }

    /// Whether all that could use a suppression is looked at. In the scan of a base it is enough to look at what changed:
    /// it is asked only for what the other scan found unused, too.
    pub(super) fn knows_uses(&self) -> bool {
        self.part.as_ref().is_none_or(|part| part.is_base)
    }

    /// Whether this is the scan of a base.
    pub(super) fn is_base(&self) -> bool {
        self.part.as_ref().is_some_and(|part| part.is_base)
    }

    fn known_digests(&self) -> HashMap<EntryId, u128> {
        let Some(part) = &self.part else {
            return HashMap::new();
        };
        let known = self
            .tree
            .entries()
            .zip(&part.ids)
            .filter_map(|(entry, id)| {
                let set = self.plan.set_of(entry)?;
                let is_wanted = entry.kind() == Kind::File && self.twins.want_digest(entry, set);
                Some((entry.id(), digest_of((*id).filter(|_| is_wanted)?)))
            });
        known.collect()
    }

    /// The same with violations that are accepted as they are.
    #[must_use]
    pub fn with_baseline(self, baseline: Option<NamedBaseline<'s>>) -> Self {
        Self { baseline, ..self }
    }

    /// What covers findings, besides comments; nothing is counted yet.
    pub(super) fn suppressions(&self) -> PolicySuppressions<'s> {
        PolicySuppressions::new(self.plan.policy(), self.today, self.baseline)
    }

    /// What the `.editorconfig` files say about a file, if there are any.
    pub(super) fn settings(&self, entry: Entry<'_>) -> Option<Properties> {
        (!self.cascade.is_empty()).then(|| self.cascade.properties(entry.path()))
    }

    /// Whether a rule wants the digest of this file.
    pub(super) fn wants_digest(&self, entry: Entry<'_>, set: &RuleSet) -> bool {
        let index = entry.id().0 as usize;
        let is_known = self
            .part
            .as_ref()
            .is_some_and(|part| part.ids.get(index).is_some_and(Option::is_some));
        entry.kind() == Kind::File && !is_known && self.twins.want_digest(entry, set)
    }

    /// What the earlier scan made of an entry that has not changed since. A file of which a digest is wanted only now,
    /// since a new one is like it, has to be read again.
    pub(super) fn carried(&self, entry: Entry<'_>, set: &RuleSet) -> Option<Status> {
        let (id, outcome) = self.before(entry)?;
        let lacks_digest = !outcome.digests.contains_key(&id) && self.wants_digest(entry, set);
        (!lacks_digest).then(|| outcome.statuses[id.0 as usize])
    }

    pub(super) fn carried_digest(&self, entry: Entry<'_>) -> Option<u128> {
        let (id, outcome) = self.before(entry)?;
        outcome.digests.get(&id).copied()
    }

    fn before(&self, entry: Entry<'_>) -> Option<(EntryId, &'s Outcome)> {
        let previous = self.previous.as_ref()?;
        let id = previous.unchanged[entry.id().0 as usize]?;
        Some((id, previous.outcome))
    }
}

/// Runs the scan. `walked` are the paths that the walk could not or need not hand over.
///
/// # Errors
/// The sink refused.
pub fn scan(scan: &Scan<'_>, walked: &[Skipped], sink: &mut dyn Sink) -> anyhow::Result<Outcome> {
    let suppressions = scan.suppressions();
    let mut collected = Collected::new(scan, suppressions.count());
    collected.walked(scan, walked, sink)?;
    needed::prepare(scan, &suppressions, &mut collected.outcome, sink)?;
    let chunks = Chunks {
        count: scan.tree.len().div_ceil(CHUNK),
        work: |number| {
            let part = scan_chunk(scan, &suppressions, number);
            (scan.progress)(part.statuses.len() as u64);
            part
        },
        weight: |part: &Part| part.findings.len() + part.skipped.len() + part.inline.len(),
    };
    in_order(&chunks, |part| collected.take(part, sink))?;
    whole::tree_rules(scan, &suppressions, &mut collected.outcome, sink)?;
    sink.go_on()?;
    let mut uses = suppressions.uses();
    // A second look knows only what changed: what is unused then says nothing about the policy.
    if scan.previous.is_none() {
        whole::policy_rules(
            scan,
            (&uses, suppressions.accepted()),
            &mut collected.outcome,
            sink,
        )?;
    }
    uses.append(&mut collected.outcome.suppressions);
    collected.outcome.suppressions = uses;
    Ok(collected.outcome)
}

/// Runs only the whole-tree rules, on a tree that is the same as in the scan with this outcome. What the other rules
/// counted holds as it is.
///
/// # Errors
/// The sink refused.
pub fn scan_whole_tree(
    scan: &Scan<'_>,
    earlier: &Outcome,
    sink: &mut dyn Sink,
) -> anyhow::Result<Outcome> {
    let suppressions = scan.suppressions();
    let mut tallies = earlier.tallies.clone();
    for (tally, slot) in tallies.iter_mut().zip(scan.plan.slots()) {
        if slot.has(Level::Tree) {
            *tally = Tally::default();
        }
    }
    let totals = Totals {
        files: earlier.totals.files - earlier.files_by_tree,
        ..Totals::default()
    };
    let mut outcome = Outcome {
        statuses: Vec::new(),
        digests: HashMap::new(),
        tallies,
        totals,
        suppressions: Vec::new(),
        files_by_tree: 0,
        whole_tree: HashSet::new(),
        fixable: Vec::new(),
        created: Vec::new(),
    };
    whole::tree_rules_with(scan, (&suppressions, &earlier.digests), &mut outcome, sink)?;
    Ok(outcome)
}

fn scan_chunk(scan: &Scan<'_>, suppressions: &PolicySuppressions<'_>, number: usize) -> Part {
    thread_local! {
        static DESK: RefCell<Desk> = RefCell::default();
    }
    let mut scanner = FileScanner::new(scan, suppressions, DESK.take());
    for entry in scan.tree.slice(number * CHUNK, CHUNK) {
        scanner.look(entry);
    }
    let (part, desk) = scanner.into_part();
    DESK.set(desk);
    part
}

struct Collected {
    outcome: Outcome,
    /// How many suppressions have numbers before the inline ones.
    policy_suppressions: u32,
}

impl Collected {
    fn new(scan: &Scan<'_>, policy_suppressions: usize) -> Self {
        let outcome = Outcome {
            statuses: Vec::with_capacity(scan.tree.len()),
            digests: scan.known_digests(),
            tallies: vec![Tally::default(); scan.plan.slots().len()],
            totals: Totals::default(),
            suppressions: Vec::new(),
            files_by_tree: 0,
            whole_tree: HashSet::new(),
            fixable: Vec::new(),
            created: Vec::new(),
        };
        Self {
            outcome,
            policy_suppressions: u32::try_from(policy_suppressions).unwrap_or(u32::MAX),
        }
    }

    fn walked(
        &mut self,
        scan: &Scan<'_>,
        walked: &[Skipped],
        sink: &mut dyn Sink,
    ) -> anyhow::Result<()> {
        for skipped in walked {
            let is_undecided = skipped.reason.is_undecided()
                && !scan
                    .plan
                    .set_for(&skipped.path, Kind::Directory)
                    .may_be_unreadable;
            self.outcome.totals.skip(skipped, is_undecided);
        }
        sink.skipped(walked.to_vec())
    }

    fn take(&mut self, part: Part, sink: &mut dyn Sink) -> anyhow::Result<()> {
        sink.go_on()?;
        let outcome = &mut self.outcome;
        let earlier = u32::try_from(outcome.suppressions.len()).unwrap_or(u32::MAX);
        outcome.statuses.extend(part.statuses);
        outcome.digests.extend(part.digests);
        outcome.fixable.extend(part.fixable);
        for (sum, tally) in outcome.tallies.iter_mut().zip(&part.tallies) {
            sum.add(tally);
        }
        outcome.totals.add(part.totals);
        outcome.suppressions.extend(part.inline);
        if !part.skipped.is_empty() {
            sink.skipped(part.skipped)?;
        }
        if part.findings.is_empty() {
            return Ok(());
        }
        let mut findings = part.findings;
        for number in findings
            .iter_mut()
            .filter_map(|finding| finding.suppression.as_mut())
        {
            if *number > self.policy_suppressions {
                *number = number.saturating_add(earlier);
            }
        }
        sink.findings(Origin::Entry, findings)
    }
}
