//! What two policies say about rules.

use super::ChangeKind::{Options, Override, Scope, Severity as Level, Switch};
use super::Direction::{Other, Stricter, Weaker};
use super::{ChangeKind, Changes, Direction};
use crate::finding::Severity;
use crate::policy::GlobId;
use crate::policy::model::{Policy, RuleInstance, Variant};
use crate::policy::problem::quote;
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

/// A variant without anything that only one policy understands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Shape {
    severity: Option<Severity>,
    options: String,
    paths: Option<BTreeSet<String>>,
    exclude: BTreeSet<String>,
}

/// A rule as its policy uses it.
struct Seen {
    base: Shape,
    overrides: Vec<(Vec<String>, Shape)>,
}

impl Seen {
    fn new(policy: &Policy, rule: &RuleInstance) -> Self {
        let shape = |index: usize| {
            let variant = rule.variants.get(index);
            variant
                .map(|one| Shape::new(policy, one))
                .unwrap_or_default()
        };
        let overrides = rule.overrides.iter();
        Self {
            base: shape(0),
            overrides: overrides
                .map(|(paths, variant)| (texts(policy, paths), shape(*variant)))
                .collect(),
        }
    }

    fn highest(&self) -> Option<Severity> {
        let overrides = self.overrides.iter().map(|(_, shape)| shape.severity);
        overrides.chain([self.base.severity]).max().flatten()
    }
}

impl Shape {
    fn new(policy: &Policy, variant: &Variant) -> Self {
        Self {
            severity: variant.severity,
            options: variant.options.to_string(),
            paths: variant
                .paths
                .as_ref()
                .map(|paths| texts(policy, paths).into_iter().collect()),
            exclude: texts(policy, &variant.exclude).into_iter().collect(),
        }
    }
}

pub(super) fn texts(policy: &Policy, ids: &[GlobId]) -> Vec<String> {
    let texts = ids
        .iter()
        .map(|id| policy.globs.pattern(*id).0.as_str().to_owned());
    texts.collect()
}

pub(super) fn compare(before: &Policy, after: &Policy, changes: &mut Changes) {
    let seen = |policy: &Policy| -> BTreeMap<String, Seen> {
        let rules = policy.rules.iter();
        rules
            .map(|rule| (rule.id.to_string(), Seen::new(policy, rule)))
            .collect()
    };
    let (before, after) = (seen(before), seen(after));
    let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let nowhere = Seen {
        base: Shape::default(),
        overrides: Vec::new(),
    };
    for name in names {
        let was = before.get(name).unwrap_or(&nowhere);
        let now = after.get(name).unwrap_or(&nowhere);
        base(name, (was, now), changes);
        overrides(name, (was, now), changes);
    }
}

fn base(name: &str, (was, now): (&Seen, &Seen), changes: &mut Changes) {
    let key = format!("rules.{name}");
    let rule = quote(name);
    match (was.base.severity, now.base.severity) {
        (Some(_), None) => changes.add((Weaker, Switch), key, format!("{rule} is switched off")),
        (None, Some(severity)) => {
            let sentence = format!("{rule} is switched on, as {}", severity.as_str());
            changes.add((Stricter, Switch), key, sentence);
        }
        (None, None) => {}
        (Some(old), Some(new)) => {
            if old != new {
                let direction = if new < old { Weaker } else { Stricter };
                let sentence = format!("{rule} becomes {} (it was {})", new.as_str(), old.as_str());
                changes.add((direction, Level), format!("{key}.severity"), sentence);
            }
            if was.base.options != now.base.options {
                let sentence = format!("{rule} gets other options");
                changes.add((Other, Options), key.clone(), sentence);
            }
            for (direction, sentence) in scope(&was.base, &now.base) {
                let sentence = format!("{rule} {sentence}");
                changes.add((direction, Scope), key.clone(), sentence);
            }
        }
    }
}

/// In what way a rule looks at other paths.
fn scope(was: &Shape, now: &Shape) -> Vec<(Direction, String)> {
    let mut found = Vec::new();
    match (&was.paths, &now.paths) {
        (None, Some(_)) => found.push((Weaker, "looks only at some paths now".to_owned())),
        (Some(_), None) => found.push((Stricter, "looks at all paths now".to_owned())),
        (Some(old), Some(new)) => {
            // That a pattern which came covers one that went cannot be told from the texts.
            for gone in old.difference(new) {
                found.push((Weaker, format!("looks at {} no more", quote(gone))));
            }
            for fresh in new.difference(old) {
                found.push((Stricter, format!("looks at {} too", quote(fresh))));
            }
        }
        (None, None) => {}
    }
    for fresh in now.exclude.difference(&was.exclude) {
        found.push((Weaker, format!("does not look at {}", quote(fresh))));
    }
    for gone in was.exclude.difference(&now.exclude) {
        found.push((Stricter, format!("looks at {} again", quote(gone))));
    }
    found
}

fn overrides(name: &str, (was, now): (&Seen, &Seen), changes: &mut Changes) {
    // The last one with the same patterns is what counts for a path.
    let by_paths =
        |seen: &Seen| -> BTreeMap<Vec<String>, Shape> { seen.overrides.iter().cloned().collect() };
    let (old, new) = (by_paths(was), by_paths(now));
    let places: BTreeSet<&Vec<String>> = old.keys().chain(new.keys()).collect();
    let kind: ChangeKind = Override;
    for place in places {
        let about = format!("{} for {}", quote(name), quote(&place.join(", ")));
        let (direction, sentence) = match (old.get(place), new.get(place)) {
            (Some(old), Some(new)) if old == new => continue,
            (Some(old), Some(new)) => change(old, new, new.severity.cmp(&old.severity)),
            // It may stand in for any other override of the rule.
            (None, Some(new)) if new.severity < was.highest() => (Weaker, word(new.severity)),
            (None, Some(new)) => change(&was.base, new, new.severity.cmp(&was.highest())),
            (Some(old), None) => change(old, &now.base, now.base.severity.cmp(&old.severity)),
            (None, None) => continue,
        };
        let key = format!("overrides.{name}");
        changes.add(
            (direction, kind),
            key,
            format!("{about} becomes {sentence}"),
        );
    }
    let order = |seen: &Seen| -> Vec<Vec<String>> {
        seen.overrides
            .iter()
            .map(|(paths, _)| paths.clone())
            .collect()
    };
    if old == new && order(was) != order(now) {
        let sentence = format!("the overrides of {} stand in another order", quote(name));
        changes.add((Other, kind), format!("overrides.{name}"), sentence);
    }
}

fn change(old: &Shape, new: &Shape, severity: Ordering) -> (Direction, String) {
    let scope = scope(old, new);
    let narrower = scope.iter().find(|(direction, _)| *direction == Weaker);
    let direction = match severity {
        Ordering::Less => Weaker,
        _ if narrower.is_some() => Weaker,
        _ if old.options != new.options && new.severity.is_some() => Other,
        Ordering::Greater => Stricter,
        Ordering::Equal if !scope.is_empty() => Stricter,
        Ordering::Equal => Other,
    };
    let rest = narrower.map_or_else(String::new, |(_, sentence)| format!(" and {sentence}"));
    (direction, format!("{}{rest}", word(new.severity)))
}

fn word(severity: Option<Severity>) -> String {
    severity.map_or("off", Severity::as_str).to_owned()
}
