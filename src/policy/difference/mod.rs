//! Two policies compared: what the second one changes, and whether that makes the gate weaker.

mod parts;
mod rules;

use super::model::Policy;
use std::collections::BTreeMap;
use std::fmt;

/// What a change does to the gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Direction {
    /// Something that failed, counted or was looked at may do so no more.
    Weaker,
    /// Something that did not fail, count or was not looked at may do so now.
    Stricter,
    /// Nobody can tell from the policies alone.
    Other,
}

/// What a change is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ChangeKind {
    /// A rule is off that was on, or the other way round.
    Switch,
    /// A rule has another severity.
    Severity,
    /// A rule has other options of its own.
    Options,
    /// A rule looks at other paths.
    Scope,
    /// Other settings for some paths.
    Override,
    /// A pattern in `exclude`.
    Exclude,
    /// A suppression.
    Suppression,
    /// A key of `gate`.
    Gate,
    /// Something in `cleanup`.
    Cleanup,
    /// Something in `workspace`.
    Workspace,
    /// The baseline's name.
    Baseline,
    /// An entry of `locked`.
    Lock,
}

/// One thing in which two policies differ. Displays as a sentence without an end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyChange {
    /// What it does to the gate.
    pub direction: Direction,
    /// What it is about.
    pub kind: ChangeKind,
    /// The key, like `rules.file-size.severity`.
    pub key: String,
    sentence: String,
}

impl fmt::Display for PolicyChange {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.sentence)
    }
}

/// Collects changes.
#[derive(Default)]
struct Changes(Vec<PolicyChange>);

impl Changes {
    fn add(
        &mut self,
        (direction, kind): (Direction, ChangeKind),
        key: impl Into<String>,
        sentence: impl Into<String>,
    ) {
        self.0.push(PolicyChange {
            direction,
            kind,
            key: key.into(),
            sentence: sentence.into(),
        });
    }
}

/// Everything in which `after` differs from `before`, as far as it matters for what is found, fails or is removed.
pub fn changes(before: &Policy, after: &Policy) -> Vec<PolicyChange> {
    let mut changes = Changes::default();
    rules::compare(before, after, &mut changes);
    parts::compare(before, after, &mut changes);
    changes.0
}

/// The changes that make the gate weaker.
pub fn weakenings(before: &Policy, after: &Policy) -> Vec<PolicyChange> {
    let mut changes = changes(before, after);
    changes.retain(|change| change.direction == Direction::Weaker);
    changes
}

/// Weakenings in one phrase: `switches off 2 rules, lowers 1 severity, adds 3 suppressions`; empty for none.
pub fn weakening_phrase(changes: &[PolicyChange]) -> String {
    let mut counts: BTreeMap<ChangeKind, usize> = BTreeMap::new();
    for change in changes
        .iter()
        .filter(|one| one.direction == Direction::Weaker)
    {
        *counts.entry(change.kind).or_default() += 1;
    }
    let phrases = counts.into_iter().map(|(kind, count)| {
        let (verb, one, many) = match kind {
            ChangeKind::Switch => ("switches off", "rule", "rules"),
            ChangeKind::Severity => ("lowers", "severity", "severities"),
            ChangeKind::Options => ("loosens", "option", "options"),
            ChangeKind::Scope => ("narrows the paths of", "rule", "rules"),
            ChangeKind::Override => ("weakens by", "override", "overrides"),
            ChangeKind::Exclude => ("excludes", "pattern", "patterns"),
            ChangeKind::Suppression => ("adds", "suppression", "suppressions"),
            ChangeKind::Gate => ("loosens", "key of the gate", "keys of the gate"),
            ChangeKind::Cleanup => ("widens", "part of cleanup", "parts of cleanup"),
            ChangeKind::Workspace => ("loosens", "key of the workspace", "keys of the workspace"),
            ChangeKind::Baseline => ("adds", "baseline", "baselines"),
            ChangeKind::Lock => ("removes", "lock", "locks"),
        };
        format!("{verb} {count} {}", if count == 1 { one } else { many })
    });
    phrases.collect::<Vec<_>>().join(", ")
}
