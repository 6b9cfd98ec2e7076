//! What two policies say beside their rules.

use super::ChangeKind::{Baseline, Cleanup, Exclude, Gate, Lock, Suppression, Workspace};
use super::Direction::{Other, Stricter, Weaker};
use super::rules::texts;
use super::{ChangeKind, Changes, Direction};
use crate::finding::Severity;
use crate::policy::locked::strictness;
use crate::policy::model::{CleanupRule, Policy, PolicySuppression, Position};
use crate::policy::problem::quote;
use crate::rules::ByteSize;
use std::collections::{BTreeMap, BTreeSet};

pub(super) fn compare(before: &Policy, after: &Policy, changes: &mut Changes) {
    let patterns = |policy: &Policy| texts(policy, &policy.exclude).into_iter().collect();
    let sentences = ("is looked at no more", "is looked at again");
    lists(
        (patterns(before), patterns(after)),
        (Exclude, "exclude"),
        sentences,
        changes,
    );
    suppressions(before, after, changes);
    gate(before, after, changes);
    cleanup(before, after, changes);
    workspace(before, after, changes);
    let (was, now) = (&before.baseline, &after.baseline);
    match (
        was.as_ref().map(|one| &one.path),
        now.as_ref().map(|one| &one.path),
    ) {
        (was, now) if was == now => {}
        (None, Some(now)) => {
            let sentence = format!("violations are accepted that are listed in {}", quote(now));
            changes.add((Weaker, Baseline), "baseline", sentence);
        }
        (_, None) => changes.add(
            (Stricter, Baseline),
            "baseline",
            "no baseline applies any more",
        ),
        (Some(_), Some(now)) => {
            let sentence = format!("{} is the baseline now", quote(now));
            changes.add((Other, Baseline), "baseline", sentence);
        }
    }
    let locks = |policy: &Policy| {
        policy
            .locks
            .iter()
            .map(|lock| lock.written.clone())
            .collect()
    };
    // A lock that goes is weaker, not one that comes.
    let sentences = ("is locked no more", "is locked");
    lists(
        (locks(after), locks(before)),
        (Lock, "locked"),
        sentences,
        changes,
    );
}

/// Texts of which each that comes weakens, and each that goes does the opposite.
fn lists(
    (was, now): (BTreeSet<String>, BTreeSet<String>),
    (kind, key): (ChangeKind, &str),
    (weaker, stricter): (&str, &str),
    changes: &mut Changes,
) {
    for fresh in now.difference(&was) {
        changes.add((Weaker, kind), key, format!("{} {weaker}", quote(fresh)));
    }
    for gone in was.difference(&now) {
        changes.add((Stricter, kind), key, format!("{} {stricter}", quote(gone)));
    }
}

fn suppressions(before: &Policy, after: &Policy, changes: &mut Changes) {
    type Key = (String, Vec<String>);
    let by_key = |policy: &Policy| -> BTreeMap<Key, PolicySuppression> {
        let all = policy.suppressions.iter();
        all.map(|one| ((one.rule.clone(), texts(policy, &one.paths)), one.clone()))
            .collect()
    };
    let (was, now) = (by_key(before), by_key(after));
    let keys: BTreeSet<&Key> = was.keys().chain(now.keys()).collect();
    for key in keys {
        let about = format!("{} for {}", quote(&key.0), quote(&key.1.join(", ")));
        let (direction, what) = match (was.get(key), now.get(key)) {
            (None, Some(_)) => (Weaker, "is suppressed"),
            (Some(_), None) => (Stricter, "is suppressed no more"),
            (Some(was), Some(now)) if was.expires != now.expires => {
                // Without a last day it never ends.
                let is_longer = match (was.expires, now.expires) {
                    (Some(was), Some(now)) => now > was,
                    (_, now) => now.is_none(),
                };
                if is_longer {
                    (Weaker, "is suppressed for longer")
                } else {
                    (Stricter, "is suppressed for a shorter time")
                }
            }
            (Some(was), Some(now)) if (&was.reason, &was.owner) != (&now.reason, &now.owner) => (
                Other,
                "is suppressed for another reason, or by another owner",
            ),
            _ => continue,
        };
        let sentence = format!("{about} {what}");
        changes.add(
            (direction, Suppression),
            format!("suppressions.{}", key.0),
            sentence,
        );
    }
}

fn gate(before: &Policy, after: &Policy, changes: &mut Changes) {
    let (was, now) = (before.gate, after.gate);
    if was.fail_on != now.fail_on {
        let is_weaker = strictness(now.fail_on) < strictness(was.fail_on);
        let word = now.fail_on.map_or("never", Severity::as_str);
        let sentence = format!(
            "the gate fails on {word} (before: {})",
            was.fail_on.map_or("never", Severity::as_str)
        );
        changes.add((weaker_if(is_weaker), Gate), "gate.fail_on", sentence);
    }
    if was.min_score != now.min_score {
        let is_weaker = now.min_score < was.min_score;
        let word =
            |score: Option<f64>| score.map_or_else(|| "none".to_owned(), |score| score.to_string());
        let sentence = format!(
            "the least score is {} (before: {})",
            word(now.min_score),
            word(was.min_score)
        );
        changes.add((weaker_if(is_weaker), Gate), "gate.min_score", sentence);
    }
    if was.new_only != now.new_only {
        let sentence = if now.new_only {
            "violations that the base has do not fail any more"
        } else {
            "violations that the base has fail, too"
        };
        changes.add((weaker_if(now.new_only), Gate), "gate.new_only", sentence);
    }
}

fn weaker_if(is_weaker: bool) -> Direction {
    if is_weaker { Weaker } else { Stricter }
}

fn cleanup(before: &Policy, after: &Policy, changes: &mut Changes) {
    let by_name = |policy: &Policy| -> BTreeMap<String, String> {
        let rules = policy.cleanup.rules.iter();
        rules
            .map(|rule| (rule.name.clone(), content(rule)))
            .collect()
    };
    let (was, now) = (by_name(before), by_name(after));
    let names: BTreeSet<&String> = was.keys().chain(now.keys()).collect();
    for name in names {
        let (direction, what) = match (was.get(name), now.get(name)) {
            (None, _) => (Weaker, "may remove files"),
            (_, None) => (Stricter, "removes nothing any more"),
            (was, now) if was != now => (Other, "removes other files, or in another way"),
            _ => continue,
        };
        let sentence = format!("the cleanup rule {} {what}", quote(name));
        changes.add(
            (direction, Cleanup),
            format!("cleanup.rules.{name}"),
            sentence,
        );
    }
    let keep = |policy: &Policy| {
        let keep = policy.cleanup.keep.iter();
        keep.map(|pattern| pattern.as_str().to_owned()).collect()
    };
    let sentences = (
        "is protected from cleanup no more",
        "is protected from cleanup",
    );
    lists(
        (keep(after), keep(before)),
        (Cleanup, "cleanup.keep"),
        sentences,
        changes,
    );
    if before.cleanup.limits != after.cleanup.limits {
        let sentence = "cleanup has other budgets";
        changes.add((Other, Cleanup), "cleanup.limits", sentence);
    }
}

/// A cleanup rule without its place.
fn content(rule: &CleanupRule) -> String {
    let position = Position {
        source: 0,
        line: 0,
        column: 0,
    };
    format!(
        "{:?}",
        CleanupRule {
            position,
            ..rule.clone()
        }
    )
}

fn workspace(before: &Policy, after: &Policy, changes: &mut Changes) {
    let (was, now) = (&before.workspace, &after.workspace);
    if was.enter_nested != now.enter_nested {
        let sentence = if now.enter_nested {
            "nested repositories are looked at, too"
        } else {
            "nested repositories are looked at no more"
        };
        changes.add(
            (weaker_if(was.enter_nested), Workspace),
            "workspace.enter_nested",
            sentence,
        );
    }
    for (key, was, now) in [
        ("max_content", was.max_content, now.max_content),
        ("max_searched", was.max_searched, now.max_searched),
    ] {
        if was != now {
            let sentence = format!(
                "{} is {} (before: {})",
                quote(key),
                ByteSize(now),
                ByteSize(was)
            );
            changes.add(
                (weaker_if(now < was), Workspace),
                format!("workspace.{key}"),
                sentence,
            );
        }
    }
    let patterns = |policy: &Policy| {
        texts(policy, &policy.workspace.allow_unreadable)
            .into_iter()
            .collect()
    };
    let key = (Workspace, "workspace.allow_unreadable");
    let sentences = ("may stay unread", "may not stay unread any more");
    lists((patterns(before), patterns(after)), key, sentences, changes);
}
