//! Holds the other documents of a policy to what one has locked: what all of them say together must not be weaker than
//! what that one says with those that it extends.

use super::extend::Documents;
use super::load::merge;
use super::locks::{GateKey, Lock, LockedKey};
use super::merge::{Catalogue, Draft};
use super::model::{Position, WorkspacePolicy};
use super::problem::{KeyPath, Report, quote};
use super::said::said;
use crate::finding::Severity;
use crate::rules::ByteSize;
use std::collections::BTreeSet;

mod rules;

/// One lock while everything is compared with what it holds.
struct Check<'c> {
    lock: &'c Lock,
    documents: &'c Documents<'c>,
    /// The documents that say what is locked.
    inside: BTreeSet<usize>,
    /// What those say.
    floor: &'c Draft,
    /// What all documents say.
    all: &'c Draft,
}

/// Reports everything that weakens what a document has locked.
pub(super) fn check(
    all: &Draft,
    documents: &Documents<'_>,
    known: &Catalogue,
    report: &mut Report,
) {
    // What could not be read may say anything.
    if documents.incomplete {
        return;
    }
    let owners: BTreeSet<usize> = all.locks.iter().map(|lock| lock.position.source).collect();
    for owner in owners {
        let layers = documents.layers_of(owner);
        let inside: BTreeSet<usize> = layers.iter().copied().collect();
        // Its mistakes are in the report already.
        let floor = merge(documents, &layers, known, &mut Report::default());
        for lock in all
            .locks
            .iter()
            .filter(|lock| lock.position.source == owner)
        {
            let check = Check {
                lock,
                documents,
                inside: inside.clone(),
                floor: &floor,
                all,
            };
            check.holds_something(known, report);
            check.run(known, report);
        }
    }
}

impl Check<'_> {
    /// Reports a lock on a rule that the document does not even have: nothing would be held.
    fn holds_something(&self, known: &Catalogue, report: &mut Report) {
        let mut refuse = |why: &str| {
            let index = self.all.locks.iter().filter(|lock| {
                lock.position.source == self.lock.position.source
                    && (lock.position.line, lock.position.column)
                        < (self.lock.position.line, self.lock.position.column)
            });
            let path = KeyPath::default().key("locked").index(index.count());
            report.add(&self.lock.position, &path, why);
        };
        for name in &self.floor.broken {
            let key = LockedKey::Rules(Some(name.clone()));
            if self.lock.key.includes(&key) && !self.all.broken.contains(name) {
                refuse(&format!(
                    "{} cannot be locked here: neither this document nor one that it extends says which rule it uses",
                    quote(name)
                ));
            }
        }
        if let LockedKey::Rules(Some(name)) = &self.lock.key
            && !self.floor.broken.contains(name)
            && !self.is_on_somewhere(name, known)
        {
            refuse(&format!(
                "{} is off in this document, so there is nothing to lock: switch it on in `rules`",
                quote(name)
            ));
        }
    }

    fn run(&self, known: &Catalogue, report: &mut Report) {
        let holds = |key: LockedKey| self.lock.key.includes(&key) || key.includes(&self.lock.key);
        if holds(LockedKey::Rules(None)) {
            self.rules(known, report);
        }
        for key in [GateKey::FailOn, GateKey::MinScore, GateKey::NewOnly] {
            if holds(LockedKey::Gate(Some(key))) {
                self.gate(key, report);
            }
        }
        if holds(LockedKey::Exclude) {
            self.exclude(report);
        }
        if holds(LockedKey::Suppressions(None)) {
            self.suppressions(report);
        }
        if holds(LockedKey::Overrides) {
            self.overrides(report);
        }
        if holds(LockedKey::Cleanup) {
            self.untouched("cleanup", report);
        }
        if holds(LockedKey::Workspace) {
            self.workspace(report);
        }
        if holds(LockedKey::Baseline) && self.all.baseline_path() != self.floor.baseline_path() {
            self.untouched("baseline", report);
        }
    }

    /// Whether a place is in a document that has nothing to say about what is locked.
    fn is_outside(&self, at: &Position) -> bool {
        !self.inside.contains(&at.source)
    }

    /// Reports a weakening at a place. `why`: what is weaker, and what would be right.
    fn weaker(&self, (at, path): (&Position, &KeyPath), why: &str, report: &mut Report) {
        let name = |source: usize| &self.documents.sources[source];
        let owner = &self.lock.position;
        let mut message = format!(
            "{why}: {} is locked in {}:{}",
            quote(&self.lock.written),
            name(owner.source).name,
            owner.line
        );
        if name(at.source).is_preset() {
            message.push_str(
                "; a preset that stands before that document in `extends` weakens nothing",
            );
        }
        report.add(at, path, message);
    }

    /// Reports a weakening at the document outside that says something at these keys last.
    fn weaker_at(&self, keys: &[&str], why: &str, report: &mut Report) {
        let layers = self.documents.layers.iter().rev();
        let outside = layers.filter(|layer| !self.inside.contains(layer));
        let root = |layer: &usize| self.documents.roots[*layer].as_ref();
        let found = outside.filter_map(root).find_map(|root| said(root, keys));
        if let Some(found) = found {
            return self.weaker((found.key_at, &found.path), why, report);
        }
        // Cannot be: what changed was said by someone. But a lock that is broken unseen would be worse.
        let path = keys
            .iter()
            .fold(KeyPath::default(), |path, key| path.key(key));
        self.weaker((&self.lock.position, &path), why, report);
    }

    fn gate(&self, key: GateKey, report: &mut Report) {
        let (floor, now) = (&self.floor.gate, &self.all.gate);
        match key {
            GateKey::FailOn => {
                if strictness(now.fail_on) < strictness(floor.fail_on) {
                    let word = floor.fail_on.map_or("never", Severity::as_str);
                    let why = format!(
                        "the gate would fail on less: expected at least {}",
                        quote(word)
                    );
                    self.weaker_at(&["gate", "fail_on"], &why, report);
                }
            }
            GateKey::MinScore => {
                let Some(least) = floor.min_score else { return };
                if now.min_score.is_none_or(|score| score < least) {
                    let why = format!(
                        "the gate would pass with a lower score: expected at least {least}"
                    );
                    self.weaker_at(&["gate", "min_score"], &why, report);
                }
            }
            GateKey::NewOnly => {
                if now.new_only && !floor.new_only {
                    let why =
                        "the gate would pass with violations that the base has: expected `false`";
                    self.weaker_at(&["gate", "new_only"], why, report);
                }
            }
        }
    }

    fn exclude(&self, report: &mut Report) {
        for (index, (pattern, at)) in self.all.exclude.iter().enumerate() {
            let is_there = || self.floor.exclude.iter().any(|(one, _)| one == pattern);
            if self.is_outside(at) && !is_there() {
                let before = self.all.exclude[..index].iter();
                let place = before.filter(|(_, one)| one.source == at.source).count();
                let path = KeyPath::default().key("exclude").index(place);
                let why = format!("{} would be looked at no more", quote(pattern.as_str()));
                self.weaker((at, &path), &why, report);
            }
        }
    }

    fn suppressions(&self, report: &mut Report) {
        for one in &self.all.suppressions {
            let key = LockedKey::Suppressions(Some(one.rule.clone()));
            if self.is_outside(&one.position) && self.lock.key.includes(&key) {
                let why = format!(
                    "violations of {} cannot be suppressed here",
                    quote(&one.rule)
                );
                self.weaker((&one.rule_at, &one.rule_path), &why, report);
            }
        }
    }

    fn overrides(&self, report: &mut Report) {
        for one in self
            .all
            .overrides
            .iter()
            .filter(|one| self.is_outside(&one.at))
        {
            let why = "no override can be added here";
            self.weaker((&one.at, &one.path), why, report);
        }
    }

    /// Reports every document outside that has this key at all.
    fn untouched(&self, key: &str, report: &mut Report) {
        for (index, root) in self.documents.roots.iter().enumerate() {
            let found = root.as_ref().and_then(|root| said(root, &[key]));
            if let Some(found) = found.filter(|_| !self.inside.contains(&index)) {
                let why = format!("{} cannot be changed here", quote(key));
                self.weaker((found.key_at, &found.path), &why, report);
            }
        }
    }

    fn workspace(&self, report: &mut Report) {
        let (floor, now) = (&self.floor.workspace, &self.all.workspace);
        if floor.enter_nested && !now.enter_nested {
            let why = "nested repositories would be looked at no more: expected `true`";
            self.weaker_at(&["workspace", "enter_nested"], why, report);
        }
        let known = |pattern| floor.allow_unreadable.iter().any(|(one, _)| one == pattern);
        if let Some((pattern, _)) = now.allow_unreadable.iter().find(|(one, _)| !known(one)) {
            let why = format!("{} could stay unread", quote(pattern.as_str()));
            self.weaker_at(&["workspace", "allow_unreadable"], &why, report);
        }
        for (key, least, size) in [
            (
                "max_content",
                floor
                    .max_content
                    .unwrap_or(WorkspacePolicy::DEFAULT_MAX_CONTENT),
                now.max_content
                    .unwrap_or(WorkspacePolicy::DEFAULT_MAX_CONTENT),
            ),
            (
                "max_searched",
                floor
                    .max_searched
                    .unwrap_or(WorkspacePolicy::DEFAULT_MAX_SEARCHED),
                now.max_searched
                    .unwrap_or(WorkspacePolicy::DEFAULT_MAX_SEARCHED),
            ),
        ] {
            if size < least {
                let why = format!(
                    "larger files would be looked at no more: expected at least {}",
                    ByteSize(least)
                );
                self.weaker_at(&["workspace", key], &why, report);
            }
        }
    }
}

/// How much fails: the more the higher.
pub(super) fn strictness(fail_on: Option<Severity>) -> u8 {
    match fail_on {
        None => 0,
        Some(Severity::Error) => 1,
        Some(Severity::Warning) => 2,
        Some(Severity::Note) => 3,
    }
}
