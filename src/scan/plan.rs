//! Which rules look at which path, worked out once: paths that match the same patterns share a rule set.

use super::inline::MARKER;
use crate::finding::Severity;
use crate::policy::{GlobId, Policy, RuleInstance, Variant};
use crate::rules::{Check, Level, Reads, TextRules};
use crate::search::{Pattern, Searcher, Syntax};
use crate::walk::{Entry, Kind, Tree};
use rayon::prelude::*;
use std::collections::HashMap;
use std::sync::{OnceLock, PoisonError, RwLock};

/// A rule with one set of options: what is switched, timed and counted.
pub struct Slot<'p> {
    /// The rule.
    pub instance: &'p RuleInstance,
    /// Its options and severity here.
    pub variant: &'p Variant,
    /// Severity here.
    pub severity: Severity,
    /// The code; `None` for rules of the engine itself.
    pub check: Option<&'p dyn Check>,
}

impl Slot<'_> {
    /// Whether the rule looks at this.
    pub fn has(&self, level: Level) -> bool {
        self.instance.rule.levels.contains(&level)
    }
}

/// Index of a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SlotId(pub u32);

/// What holds for all paths that match the same patterns.
#[derive(Debug, Default)]
pub(super) struct RuleSet {
    /// The policy's `exclude` pattern that matched: no rule looks.
    pub(super) excluded: Option<GlobId>,
    pub(super) entry: Vec<SlotId>,
    /// Rules about the content of texts.
    pub(super) content: ContentRules,
    /// Those of them that can look at a text in segments.
    pub(super) in_parts: ContentRules,
    /// Those of them that look at binaries, too.
    pub(super) in_binaries: ContentRules,
    /// Slots of the engine's own rules that want the text of files.
    pub(super) governance: Vec<SlotId>,
    /// All slots in scope, of whatever level: for whole-tree rules and for the engine's own.
    pub(super) all: Vec<SlotId>,
    pub(super) wants_digest: bool,
    pub(super) wants_named_digest: bool,
    /// Indices into the policy's suppressions, in order.
    pub(super) suppressions: Vec<usize>,
    pub(super) may_be_unreadable: bool,
}

impl RuleSet {
    /// Whether any rule wants the text of files.
    pub(super) fn wants_text(&self) -> bool {
        !self.content.slots.is_empty() || !self.governance.is_empty()
    }

    /// The most that any content rule can work with; `None` if no rule wants the content.
    pub(super) fn reads(&self) -> Option<Reads> {
        if !self.in_binaries.slots.is_empty() {
            Some(Reads::AnythingInParts)
        } else if !self.in_parts.slots.is_empty() {
            Some(Reads::TextInParts)
        } else {
            self.wants_text().then_some(Reads::WholeText)
        }
    }
}

/// Rules that look at a content together.
#[derive(Debug, Default)]
pub(super) struct ContentRules {
    pub(super) slots: Vec<SlotId>,
    /// For each slot the number of its first pattern in the searcher.
    pub(super) first_patterns: Vec<usize>,
    /// Which of them are rules that `.editorconfig` has settings for.
    pub(super) text_rules: TextRules,
    /// The slots with patterns that have no usable literal.
    slow: Vec<SlotId>,
    searcher: OnceLock<Searcher>,
}

/// The number of the pattern that introduces inline suppressions, in every searcher.
pub(super) const MARKER_PATTERN: usize = 0;

impl ContentRules {
    /// These slots, each with how many patterns it has.
    fn new(slots: impl Iterator<Item = SlotId>, plan: &Plan<'_>) -> Self {
        let mut rules = Self::default();
        let mut next = MARKER_PATTERN + 1;
        for slot in slots {
            rules.slots.push(slot);
            rules.first_patterns.push(next);
            next += plan.patterns[slot.0 as usize].len();
            if plan.slow_patterns(slot).next().is_some() {
                rules.slow.push(slot);
            }
        }
        rules
    }

    /// The slots with patterns that have no usable literal: these are tried at every byte.
    pub(super) fn slow(&self) -> &[SlotId] {
        &self.slow
    }

    /// Looks for the patterns of all these rules together. Prepared when the first file wants it.
    pub(super) fn searcher(&self, plan: &Plan<'_>) -> &Searcher {
        self.searcher.get_or_init(|| {
            let own = self
                .slots
                .iter()
                .map(|slot| &plan.patterns[slot.0 as usize]);
            let all = std::iter::once(&plan.marker).chain(own.flatten());
            Searcher::new(all.cloned().collect())
        })
    }
}

/// The slots of a policy, and the rule set of each path of one tree.
pub struct Plan<'p> {
    policy: &'p Policy,
    slots: Vec<Slot<'p>>,
    /// What each slot wants to be looked for.
    patterns: Vec<Vec<Pattern>>,
    /// What introduces inline suppressions.
    marker: Pattern,
    /// The slot of each rule's variant, by rule and variant.
    by_variant: Vec<Vec<Option<SlotId>>>,
    sets: Vec<RuleSet>,
    /// The rule set of each entry; `IGNORED` for what git ignores.
    of_entry: Vec<u32>,
    used: Vec<bool>,
}

const IGNORED: u32 = u32::MAX;

impl<'p> Plan<'p> {
    /// Matches every path of the tree against every pattern of the policy.
    pub fn new(policy: &'p Policy, tree: &Tree) -> Self {
        let mut plan = Self {
            policy,
            slots: Vec::new(),
            patterns: Vec::new(),
            marker: Pattern::lazy(MARKER, Syntax::default(), &[MARKER]),
            by_variant: Vec::new(),
            sets: Vec::new(),
            of_entry: Vec::new(),
            used: vec![false; policy.globs.ids().count()],
        };
        plan.number_slots();
        plan.match_paths(tree);
        plan
    }

    fn number_slots(&mut self) {
        for instance in &self.policy.rules {
            let mut slots = Vec::new();
            for variant in &instance.variants {
                slots.push(variant.severity.map(|severity| {
                    let id = SlotId(u32::try_from(self.slots.len()).unwrap_or(u32::MAX));
                    let check = variant.check.as_deref();
                    let patterns = check.map(Check::patterns).unwrap_or_default();
                    self.patterns.push(patterns);
                    self.slots.push(Slot {
                        instance,
                        variant,
                        severity,
                        check,
                    });
                    id
                }));
            }
            self.by_variant.push(slots);
        }
    }

    fn match_paths(&mut self, tree: &Tree) {
        let interner = Interner::default();
        let policy = self.policy;
        self.of_entry = (0..tree.len().div_ceil(CHUNK))
            .into_par_iter()
            .flat_map_iter(|chunk| {
                let mut matcher = Matcher::new(policy, &interner);
                let entries = tree.slice(chunk * CHUNK, CHUNK);
                entries
                    .map(move |entry| matcher.set(entry))
                    .collect::<Vec<u32>>()
            })
            .collect();
        for matched in interner.into_lists() {
            for id in &matched {
                self.used[id.0 as usize] = true;
            }
            let set = self.rule_set(&matched);
            self.sets.push(set);
        }
    }

    /// What holds for a path that matches these patterns.
    fn rule_set(&self, matched: &[GlobId]) -> RuleSet {
        let has = |ids: &[GlobId]| ids.iter().any(|id| matched.binary_search(id).is_ok());
        let excluded = self
            .policy
            .exclude
            .iter()
            .copied()
            .find(|id| matched.binary_search(id).is_ok());
        let mut set = RuleSet {
            excluded,
            ..RuleSet::default()
        };
        let mut content = Vec::new();
        set.may_be_unreadable = has(&self.policy.workspace.allow_unreadable);
        if excluded.is_some() {
            return set;
        }
        for id in self.slots_in_scope(has) {
            let slot = self.slot(id);
            set.all.push(id);
            if slot.has(Level::Entry) {
                set.entry.push(id);
            }
            if slot.has(Level::Content) {
                if slot.has(Level::Engine) {
                    set.governance.push(id);
                } else {
                    content.push((id, slot.check.map_or(Reads::WholeText, Check::reads)));
                }
            }
            set.wants_digest |= slot.has(Level::Digest);
            set.wants_named_digest |= slot.has(Level::NamedDigest);
        }
        let those = |least: Reads| {
            let able = content.iter().filter(move |(_, reads)| *reads >= least);
            ContentRules::new(able.map(|(id, _)| *id), self)
        };
        set.content = those(Reads::WholeText);
        set.in_parts = those(Reads::TextInParts);
        set.in_binaries = those(Reads::AnythingInParts);
        let ids = content
            .iter()
            .map(|(id, _)| self.slot(*id).instance.rule.id);
        set.content.text_rules = TextRules::of(ids);
        let suppressions = self.policy.suppressions.iter().enumerate();
        set.suppressions = suppressions
            .filter(|(_, one)| has(&one.paths))
            .map(|(at, _)| at)
            .collect();
        set
    }

    /// The slots that look at a path, where `has` says whether it matches one of some patterns.
    fn slots_in_scope(
        &self,
        has: impl Fn(&[GlobId]) -> bool + Copy,
    ) -> impl Iterator<Item = SlotId> {
        let rules = self.policy.rules.iter().zip(&self.by_variant);
        rules.filter_map(move |(instance, slots)| {
            let mut overrides = instance.overrides.iter().rev();
            let overriding = overrides.find(|(paths, _)| has(paths));
            let id = slots[overriding.map_or(0, |(_, variant)| *variant)]?;
            let variant = self.slot(id).variant;
            let in_scope = variant.paths.as_deref().is_none_or(has) && !has(&variant.exclude);
            in_scope.then_some(id)
        })
    }

    /// A slot's patterns that have no usable literal.
    pub(super) fn slow_patterns(&self, slot: SlotId) -> impl Iterator<Item = &Pattern> {
        let patterns = self.patterns[slot.0 as usize].iter();
        patterns.filter(|pattern| !pattern.has_literal())
    }

    /// The rule set of an entry; `None` if git ignores it.
    pub(super) fn set_of(&self, entry: Entry<'_>) -> Option<&RuleSet> {
        let id = self.of_entry[entry.id().0 as usize];
        (id != IGNORED).then(|| &self.sets[id as usize])
    }

    /// The rule set for a path that need not be an entry: a required thing, say.
    pub(super) fn set_for(&self, path: &[u8], kind: Kind) -> RuleSet {
        let (mut matched, mut scratch) = (Vec::new(), Vec::new());
        self.policy
            .globs
            .matches(path, kind, &mut matched, &mut scratch);
        self.rule_set(&matched)
    }

    /// For each rule set, whether the slot is in it.
    pub(super) fn sets_with(&self, slot: SlotId) -> Vec<bool> {
        self.sets
            .iter()
            .map(|set| set.all.binary_search(&slot).is_ok())
            .collect()
    }

    /// The index of an entry's rule set in [`Self::sets_with`]; `None` if git ignores it.
    pub(super) fn set_index(&self, entry: Entry<'_>) -> Option<usize> {
        let id = self.of_entry[entry.id().0 as usize];
        (id != IGNORED).then_some(id as usize)
    }

    /// The slot with this id.
    pub fn slot(&self, id: SlotId) -> &Slot<'p> {
        &self.slots[id.0 as usize]
    }

    /// All slots, in the order of the policy's rules.
    pub fn slots(&self) -> &[Slot<'p>] {
        &self.slots
    }

    /// The policy behind it.
    pub fn policy(&self) -> &'p Policy {
        self.policy
    }

    /// Patterns that matched no path at all.
    pub fn unused_patterns(&self) -> impl Iterator<Item = GlobId> {
        self.policy
            .globs
            .ids()
            .filter(|id| !self.used[id.0 as usize])
    }
}

/// Entries that are matched in one go.
const CHUNK: usize = 1024;

/// Matches entries one after the other; neighbours mostly match the same patterns.
struct Matcher<'m> {
    policy: &'m Policy,
    interner: &'m Interner,
    matched: Vec<GlobId>,
    scratch: Vec<usize>,
    last: Option<(Vec<GlobId>, u32)>,
}

impl<'m> Matcher<'m> {
    fn new(policy: &'m Policy, interner: &'m Interner) -> Self {
        Self {
            policy,
            interner,
            matched: Vec::new(),
            scratch: Vec::new(),
            last: None,
        }
    }

    /// The number of the entry's rule set.
    fn set(&mut self, entry: Entry<'_>) -> u32 {
        if entry.is_ignored() {
            return IGNORED;
        }
        let globs = &self.policy.globs;
        globs.matches(
            entry.path(),
            entry.kind(),
            &mut self.matched,
            &mut self.scratch,
        );
        match &self.last {
            Some((same, id)) if *same == self.matched => *id,
            _ => {
                let id = self.interner.id(&self.matched);
                self.last = Some((self.matched.clone(), id));
                id
            }
        }
    }
}

/// Numbers lists of matched patterns. There are few different ones, so the lock is hardly ever taken for writing.
#[derive(Default)]
struct Interner {
    known: RwLock<HashMap<Box<[GlobId]>, u32>>,
}

impl Interner {
    fn id(&self, list: &[GlobId]) -> u32 {
        if let Some(id) = self
            .known
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(list)
        {
            return *id;
        }
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        let next = u32::try_from(known.len()).unwrap_or(IGNORED - 1);
        *known.entry(list.into()).or_insert(next)
    }

    fn into_lists(self) -> Vec<Box<[GlobId]>> {
        let known = self
            .known
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner);
        let mut lists: Vec<(u32, Box<[GlobId]>)> =
            known.into_iter().map(|(list, id)| (id, list)).collect();
        lists.sort_unstable();
        lists.into_iter().map(|(_, list)| list).collect()
    }
}
