//! The rules that look at the whole tree, after every content; and what is to be said of the policy itself.

use super::accepted::{self, Accepted};
use super::accounts::Tally;
use super::engine::{Created, Origin, Outcome, Scan, Sink};
use super::finish::{self, About, Drafted};
use super::governance::{self, AboutPolicy};
use super::plan::SlotId;
use super::suppress::{PolicySuppressions, SuppressionUse};
use crate::finding::{Change, Draft, Finding, Fingerprinter, Found, Place, State, Subject};
use crate::policy::Source;
use crate::rules::{Level, Scope};
use crate::walk::{EntryId, Kind};
use rayon::prelude::*;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Instant;

/// Runs the whole-tree rules, side by side, and hands over what they found in the order of the rules.
pub(super) fn tree_rules(
    scan: &Scan<'_>,
    suppressions: &PolicySuppressions<'_>,
    outcome: &mut Outcome,
    sink: &mut dyn Sink,
) -> anyhow::Result<()> {
    let digests = std::mem::take(&mut outcome.digests);
    let result = tree_rules_with(scan, (suppressions, &digests), outcome, sink);
    outcome.digests = digests;
    result
}

/// As [`tree_rules`], with digests from elsewhere.
pub(super) fn tree_rules_with(
    scan: &Scan<'_>,
    (suppressions, digests): (&PolicySuppressions<'_>, &HashMap<EntryId, u128>),
    outcome: &mut Outcome,
    sink: &mut dyn Sink,
) -> anyhow::Result<()> {
    let slots = scan.plan.slots().iter().enumerate();
    let slots: Vec<usize> = slots
        .filter(|(_, slot)| slot.has(Level::Tree))
        .map(|(index, _)| index)
        .collect();
    let results: Vec<(usize, Found, Tally)> = slots
        .into_par_iter()
        .map(|slot| tree_rule(scan, slot, digests))
        .collect();
    // A file that only these rules have something to say of was looked at after all.
    let mut passed_over: HashSet<Box<[u8]>> = HashSet::new();
    for (slot, mut found, tally) in results {
        outcome.tallies[slot].add(&tally);
        let mut drafts = Vec::new();
        finish::take(&mut found, slot, &mut drafts);
        let mut findings = finish::finish_file(
            drafts,
            &About::whole(b"", Subject::File, b""),
            scan.with(),
            &mut Fingerprinter::default(),
        );
        for finding in &mut findings {
            let kind = if finding.subject == Subject::Directory {
                Kind::Directory
            } else {
                Kind::File
            };
            let set = scan.plan.set_for(&finding.path, kind);
            cover(suppressions, &set.suppressions, finding);
            count(&mut outcome.tallies[slot], finding);
            outcome.whole_tree.insert(finding.fingerprint);
            if finding.subject == Subject::File && scan.passes_over(&finding.path) {
                passed_over.insert(finding.path.clone());
            }
            offer(scan, slot, finding, outcome);
        }
        if !findings.is_empty() {
            sink.findings(Origin::Tree, findings)?;
        }
    }
    outcome.files_by_tree = passed_over.len() as u64;
    outcome.totals.files += outcome.files_by_tree;
    Ok(())
}

/// Takes over a file that the finding misses and that can be made.
fn offer(scan: &Scan<'_>, slot: usize, finding: &mut Finding, outcome: &mut Outcome) {
    let change = finding.change.take().map(|change| *change);
    let Some(safety) = finding.fixable.filter(|_| finding.state == State::Open) else {
        return;
    };
    let permission = scan.plan.slots()[slot].variant.fixes;
    match change {
        Some(Change::Create { path, content }) if permission.allows(safety) => {
            outcome.totals.fixable += 1;
            outcome.created.push(Created {
                rule: Arc::clone(&finding.rule_id),
                safety,
                fingerprint: finding.fingerprint,
                path,
                content,
            });
        }
        Some(Change::Create { .. }) => outcome.totals.fixable_otherwise += 1,
        // Whatever else a whole-tree rule would change is a matter of the files' own rules.
        _ => {}
    }
}

fn tree_rule(
    scan: &Scan<'_>,
    slot: usize,
    digests: &HashMap<EntryId, u128>,
) -> (usize, Found, Tally) {
    let started = Instant::now();
    let in_scope = scan
        .plan
        .sets_with(SlotId(u32::try_from(slot).unwrap_or(u32::MAX)));
    let is_member = |entry: &crate::walk::Entry<'_>| {
        scan.plan.set_index(*entry).is_some_and(|set| in_scope[set])
    };
    let members: Vec<EntryId> = scan
        .tree
        .entries()
        .filter(is_member)
        .map(|entry| entry.id())
        .collect();
    let is_file = |id: &&EntryId| {
        !matches!(
            scan.tree.entry(**id).kind(),
            Kind::Directory | Kind::NestedRepository
        )
    };
    let mut tally = Tally {
        files_checked: members.iter().filter(is_file).count() as u64,
        ..Tally::default()
    };
    // A file that is to be made has to be known with its content; there are few of them.
    let mut found = Found::with_changes();
    if let Some(check) = scan.plan.slots()[slot].check {
        check.tree(&Scope::new(scan.tree, members, digests), &mut found);
    }
    tally.requirements = found.take_requirements();
    tally.nanoseconds = u64::try_from(started.elapsed().as_nanos()).unwrap_or(u64::MAX);
    (slot, found, tally)
}

/// Says what is wrong with the policy's own suppressions and patterns.
pub(super) fn policy_rules(
    scan: &Scan<'_>,
    (uses, accepted): (&[SuppressionUse], Option<&Accepted<'_>>),
    outcome: &mut Outcome,
    sink: &mut dyn Sink,
) -> anyhow::Result<()> {
    let slots = scan.plan.slots();
    let mut drafts: Vec<Vec<Drafted>> = Vec::new();
    let sources = &scan.plan.policy().sources;
    drafts.resize_with(sources.len(), Vec::new);
    for about in governance::about_policy(scan, uses, &outcome.tallies) {
        let slot = slots
            .iter()
            .position(|slot| slot.instance.rule.id == about.rule);
        if let (Some(slot), Some(source)) = (slot, sources.get(about.position.source)) {
            let draft = about_document(&about, source);
            drafts[about.position.source].push(Drafted { slot, draft });
        }
    }
    for (drafts, source) in drafts.into_iter().zip(sources) {
        let path = source.display_path();
        let about = About::whole(path.as_bytes(), Subject::Policy, source.text.as_bytes());
        let prints = &mut Fingerprinter::default();
        let findings = finish::finish_file(drafts, &about, scan.with(), prints);
        hand_over(scan, findings, outcome, sink)?;
    }
    let stale = accepted.map(|accepted| accepted::stale(scan, accepted, outcome));
    hand_over(scan, stale.unwrap_or_default(), outcome, sink)
}

/// Counts findings about the policy, and hands them over.
fn hand_over(
    scan: &Scan<'_>,
    findings: Vec<Finding>,
    outcome: &mut Outcome,
    sink: &mut dyn Sink,
) -> anyhow::Result<()> {
    for finding in &findings {
        let slots = scan.plan.slots();
        let slot = slots
            .iter()
            .position(|slot| slot.instance.id == finding.rule_id);
        if let Some(slot) = slot {
            count(&mut outcome.tallies[slot], finding);
        }
    }
    if findings.is_empty() {
        return Ok(());
    }
    sink.findings(Origin::Policy, findings)
}

fn about_document(about: &AboutPolicy, source: &Source) -> Draft {
    let at = offset(&source.text, about.position.line, about.position.column);
    let message = about.message.clone();
    Draft {
        path: None,
        subject: Subject::Policy,
        place: Place::Bytes(at..at),
        message,
        sightings: Vec::new(),
        fixable: None,
        change: None,
    }
}

fn offset(text: &str, line: u32, column: u32) -> usize {
    let mut start = 0;
    for _ in 1..line {
        start += text[start..]
            .find('\n')
            .map_or(text.len() - start, |newline| newline + 1);
    }
    let rest = &text[start..];
    let skip = usize::try_from(column.saturating_sub(1)).unwrap_or(usize::MAX);
    start
        + rest
            .char_indices()
            .nth(skip)
            .map_or(rest.len(), |(at, _)| at)
}

pub(super) fn cover(
    suppressions: &PolicySuppressions<'_>,
    candidates: &[usize],
    finding: &mut Finding,
) {
    finding.suppression = suppressions.cover(candidates, finding);
    if finding.suppression.is_some() {
        finding.state = State::Suppressed;
    }
}

pub(super) fn count(tally: &mut Tally, finding: &Finding) {
    match finding.state {
        State::Suppressed => tally.suppressed += 1,
        State::Open | State::New | State::Existing => tally.violations += 1,
    }
}
