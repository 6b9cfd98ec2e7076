//! Violations that the baseline lists, and what is left of those that it lists and nobody finds any more.

use super::engine::{Outcome, Scan};
use super::finish::{self, About, Drafted};
use super::suppress::{SuppressionSource, SuppressionUse};
use crate::baseline::{Baseline, shown_path};
use crate::finding::{Draft, Finding, Fingerprinter, Place, Subject};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// The rule about the baseline itself. What it finds is in no baseline.
const STALE: &str = "stale-baseline";

/// A baseline that holds in a run.
#[derive(Clone, Copy, Debug)]
pub struct NamedBaseline<'b> {
    /// Its path: relative to the workspace, if it lies in it.
    pub name: &'b str,
    /// What it lists.
    pub baseline: &'b Baseline,
}

/// A baseline during one scan.
pub(super) struct Accepted<'b> {
    named: NamedBaseline<'b>,
    /// Whether each entry was found.
    found: Vec<AtomicBool>,
    /// The rules with their first entry and how many findings were covered.
    rules: Vec<(&'b str, usize, AtomicU64)>,
}

impl<'b> Accepted<'b> {
    pub(super) fn new(named: NamedBaseline<'b>) -> Self {
        let entries = named.baseline.entries();
        let mut rules: Vec<(&str, usize, AtomicU64)> = Vec::new();
        for (index, entry) in entries.iter().enumerate() {
            if rules.last().is_none_or(|(rule, ..)| *rule != entry.rule) {
                rules.push((&entry.rule, index, AtomicU64::new(0)));
            }
        }
        Self {
            named,
            found: entries.iter().map(|_| AtomicBool::new(false)).collect(),
            rules,
        }
    }

    /// How many rows of suppressions it has: one for each rule.
    pub(super) fn rows(&self) -> usize {
        self.rules.len()
    }

    /// The number (from 0) of the row that covers a finding, if it is listed; it is counted as found.
    pub(super) fn cover(&self, finding: &Finding) -> Option<usize> {
        if finding.subject == Subject::Policy {
            return None;
        }
        let path = shown_path(&finding.path);
        let baseline = self.named.baseline;
        let entry = baseline.find(&finding.rule_id, &path, finding.fingerprint)?;
        self.found[entry].store(true, Ordering::Relaxed);
        let row = self.rules.partition_point(|(_, first, _)| *first <= entry) - 1;
        self.rules[row].2.fetch_add(1, Ordering::Relaxed);
        Some(row)
    }

    /// Its rows, with their counts so far.
    pub(super) fn uses(&self) -> impl Iterator<Item = SuppressionUse> + '_ {
        self.rules.iter().map(|(rule, _, matched)| SuppressionUse {
            source: SuppressionSource::Baseline,
            rule_id: (*rule).to_owned(),
            path: self.named.name.as_bytes().into(),
            line: None,
            reason: "listed in the baseline".into(),
            owner: None,
            expires: None,
            matched: matched.load(Ordering::Relaxed),
        })
    }

    /// What is to be said of entries that nothing was found for.
    fn stale_message(&self) -> Option<String> {
        let mut stale: BTreeMap<&str, u64> = BTreeMap::new();
        for (entry, found) in self.named.baseline.entries().iter().zip(&self.found) {
            if !found.load(Ordering::Relaxed) {
                *stale.entry(&entry.rule).or_default() += 1;
            }
        }
        let total: u64 = stale.values().sum();
        let rules: Vec<String> = stale
            .iter()
            .map(|(rule, count)| format!("{rule} {count}"))
            .collect();
        let (entries, are) = if total == 1 {
            ("entry", "is")
        } else {
            ("entries", "are")
        };
        (total > 0).then(|| {
            format!(
                "{total} {entries} of the baseline {are} of violations that are gone ({}): `factory-gate baseline DATABASE \
                 --output {}` takes them out",
                rules.join(", "),
                self.named.name
            )
        })
    }
}

/// The finding about entries of violations that are gone. If something could not be looked at, nobody knows whether they
/// are.
pub(super) fn stale(scan: &Scan<'_>, accepted: &Accepted<'_>, outcome: &Outcome) -> Vec<Finding> {
    // Nor where only what changed is looked at.
    if !scan.knows_uses() || scan.is_base() {
        return Vec::new();
    }
    let slots = scan.plan.slots();
    let slot = slots.iter().position(|slot| slot.instance.rule.id == STALE);
    let (Some(slot), 0) = (slot, outcome.totals.undecided) else {
        return Vec::new();
    };
    let Some(message) = accepted.stale_message() else {
        return Vec::new();
    };
    let draft = Draft {
        path: None,
        subject: Subject::Policy,
        place: Place::Whole,
        message,
        sightings: Vec::new(),
        fixable: None,
        change: None,
    };
    let about = About::whole(accepted.named.name.as_bytes(), Subject::Policy, b"");
    let prints = &mut Fingerprinter::default();
    finish::finish_file(vec![Drafted { slot, draft }], &about, scan.with(), prints)
}
