//! What rules want of one entry: what matches it itself, and what its directory hands down.

use super::layout::{Layout, is_directory};
use super::matcher::Hits;
use super::plan::Facts;
use crate::policy::CleanupPolicy;
use crate::walk::{EntryId, Tree};
use std::collections::{HashMap, HashSet};
use std::num::NonZeroU32;

/// A rule that covers an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Wish {
    /// Index in the policy.
    pub(super) rule: u32,
    /// The entry is, or lies in, one of the newest things that the rule matches.
    pub(super) is_newest: bool,
}

/// Wishes that some entries share, by number. Trees have few different ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct WishesId(u32);

impl WishesId {
    /// No rule wants anything.
    pub(super) const NONE: Self = Self(0);
}

/// Every different list of wishes, once.
pub(super) struct WishLists {
    lists: Vec<Box<[Wish]>>,
    numbers: HashMap<Box<[Wish]>, WishesId>,
    joined: HashMap<(WishesId, WishesId), WishesId>,
}

impl WishLists {
    fn new() -> Self {
        Self {
            lists: vec![Box::default()],
            numbers: HashMap::from([(Box::default(), WishesId::NONE)]),
            joined: HashMap::new(),
        }
    }

    /// The wishes with this number, by rule, ascending.
    pub(super) fn get(&self, id: WishesId) -> &[Wish] {
        &self.lists[id.0 as usize]
    }

    /// The wishes of a directory and those of what is in it, together.
    pub(super) fn join(&mut self, above: WishesId, own: WishesId) -> WishesId {
        if own == WishesId::NONE || own == above {
            return above;
        }
        if above == WishesId::NONE {
            return own;
        }
        if let Some(known) = self.joined.get(&(above, own)) {
            return *known;
        }
        let mut all = [self.get(above), self.get(own)].concat();
        // Of two wishes of one rule the one that keeps the entry comes first, and stays.
        all.sort_unstable_by_key(|wish| (wish.rule, !wish.is_newest));
        all.dedup_by_key(|wish| wish.rule);
        let id = self.number(&all);
        self.joined.insert((above, own), id);
        id
    }

    fn number(&mut self, wishes: &[Wish]) -> WishesId {
        if let Some(known) = self.numbers.get(wishes) {
            return *known;
        }
        let id = WishesId(u32::try_from(self.lists.len()).unwrap_or(u32::MAX));
        self.lists.push(wishes.into());
        self.numbers.insert(wishes.into(), id);
        id
    }
}

/// What the rules want of an entry that something matches.
#[derive(Clone, Copy)]
pub(super) struct Selected {
    pub(super) entry: EntryId,
    pub(super) wishes: WishesId,
    /// The `keep` pattern that matches it, by index.
    pub(super) keep: Option<u32>,
    /// The first rule that would want the directory if it were tagged as a cache.
    pub(super) untagged: Option<u32>,
}

/// Works out the wishes of each entry that something matches, in tree order.
pub(super) fn select(
    tree: &Tree,
    (policy, facts): (&CleanupPolicy, &Facts),
    (hits, layout): (&Hits, &Layout),
) -> (Vec<Selected>, WishLists) {
    let lacks_tag = |rule: u32, entry: EntryId| {
        policy.rules[rule as usize].require_cachedir_tag
            && !facts.cache_directories.contains(&entry)
    };
    let newest = newest(tree, (policy, &lacks_tag), (hits, layout));
    let mut lists = WishLists::new();
    let mut wishes = Vec::new();
    let mut selected = Vec::new();
    for (hit, rules) in hits.iter() {
        wishes.clear();
        let mut untagged = None;
        for rule in rules {
            if lacks_tag(*rule, hit.entry) {
                untagged = untagged.or(Some(*rule));
            } else {
                wishes.push(Wish {
                    rule: *rule,
                    is_newest: newest.contains(&(*rule, hit.entry)),
                });
            }
        }
        selected.push(Selected {
            entry: hit.entry,
            wishes: lists.number(&wishes),
            keep: hit.keep,
            untagged: untagged.filter(|_| is_directory(tree.entry(hit.entry).kind())),
        });
    }
    (selected, lists)
}

/// For each rule with `keep_newest` the things that stay, of all that it matches itself, whatever its other filters say
/// (a directory without the tag that the rule requires is none of them). Of equally new ones the first in tree order do.
fn newest(
    tree: &Tree,
    (policy, lacks_tag): (&CleanupPolicy, &dyn Fn(u32, EntryId) -> bool),
    (hits, layout): (&Hits, &Layout),
) -> HashSet<(u32, EntryId)> {
    let count = |rule: u32| {
        let count = policy.rules[rule as usize].keep_newest?;
        NonZeroU32::new(count)
    };
    let mut units: HashMap<u32, Vec<EntryId>> = HashMap::new();
    if policy.rules.iter().all(|rule| rule.keep_newest.is_none()) {
        return HashSet::new();
    }
    for (hit, rules) in hits.iter() {
        let is_unit = |rule: &&u32| count(**rule).is_some() && !lacks_tag(**rule, hit.entry);
        for rule in rules.iter().filter(is_unit) {
            units.entry(*rule).or_default().push(hit.entry);
        }
    }
    let times = times(tree, layout);
    let mut newest = HashSet::new();
    for (rule, mut units) in units {
        units.sort_unstable_by_key(|entry| (std::cmp::Reverse(times[entry.0 as usize]), *entry));
        let count = count(rule).map_or(0, |count| count.get() as usize);
        newest.extend(units.into_iter().take(count).map(|entry| (rule, entry)));
    }
    newest
}

/// By entry: when it changed last. Of a directory that is when the newest file in it did, or it itself if it holds none.
fn times(tree: &Tree, layout: &Layout) -> Vec<i64> {
    let mut newest: Vec<Option<i64>> = vec![None; tree.len()];
    let mut times = vec![0; tree.len()];
    for entry in tree.entries().rev() {
        let index = entry.id().0 as usize;
        let own = entry.meta().modified_ns;
        let inside = if is_directory(entry.kind()) {
            newest[index]
        } else {
            Some(own)
        };
        times[index] = inside.unwrap_or(own);
        if let Some(parent) = layout.parents[index] {
            let above = &mut newest[parent.0 as usize];
            // Nothing is less than anything.
            *above = (*above).max(inside);
        }
    }
    times
}
