//! Counting and choosing violations, in memory that does not grow with their number.

use super::text;
use crate::finding::Severity;
use crate::rules::{self, Rule};
use crate::store::rows::{
    Order, RowSource, RuleResultRow, RunRecord, Stage, ValidationRow, ViolationRow,
};
use std::collections::BTreeMap;
use std::ops::ControlFlow;

/// Violations by what became of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Open errors, but those that the base has, too.
    pub errors: u64,
    /// Open warnings, but those that the base has, too.
    pub warnings: u64,
    /// Open notes, but those that the base has, too.
    pub notes: u64,
    /// Of the open ones above, those that were compared with a base and are not in it.
    pub new: u64,
    /// Open violations that the base has, too, of whatever severity.
    pub existing: u64,
    /// Accepted by a suppression.
    pub suppressed: u64,
    /// Fixed or removed by this run.
    pub resolved: u64,
}

impl Tally {
    /// The totals of a session.
    pub fn of(record: &RunRecord) -> Self {
        let mut tally = Self::default();
        for ((severity, state, resolved), count) in &record.counts {
            tally.add(*severity, state, *resolved, *count);
        }
        tally
    }

    /// Violations that are neither suppressed nor resolved, notes and those that the base has included.
    pub fn open(&self) -> u64 {
        self.errors + self.warnings + self.notes + self.existing
    }

    /// The open violations of one severity, but those that the base has, too.
    pub fn open_of(&self, severity: Severity) -> u64 {
        match severity {
            Severity::Error => self.errors,
            Severity::Warning => self.warnings,
            Severity::Note => self.notes,
        }
    }

    fn add(&mut self, severity: Severity, state: &str, resolved: bool, count: u64) {
        if state == "new" && !resolved {
            self.new += count;
        }
        let slot = match (state, resolved, severity) {
            ("suppressed", _, _) => &mut self.suppressed,
            (_, true, _) => &mut self.resolved,
            ("existing", false, _) => &mut self.existing,
            (_, false, Severity::Error) => &mut self.errors,
            (_, false, Severity::Warning) => &mut self.warnings,
            (_, false, Severity::Note) => &mut self.notes,
        };
        *slot += count;
    }
}

/// Whether a violation is still there and nobody accepted it.
pub(super) fn is_open(violation: &ViolationRow) -> bool {
    violation.state != "suppressed" && violation.resolution.is_none()
}

/// What one pass over all violations gives.
#[derive(Debug, Default)]
pub(super) struct Selection {
    /// The worst open violations, at most as many as were asked for, worst first.
    pub(super) worst: Vec<ViolationRow>,
    /// All violations by rule.
    pub(super) by_rule: BTreeMap<String, Tally>,
    /// All violations.
    pub(super) total: Tally,
}

/// Counts all violations and keeps the worst `limit` open ones.
pub(super) fn select(rows: &dyn RowSource, limit: usize) -> anyhow::Result<Selection> {
    let mut selection = Selection::default();
    rows.violations(Order::WorstFirst, &mut |violation| {
        let resolved = violation.resolution.is_some();
        let (severity, state) = (violation.severity, &violation.state);
        selection.total.add(severity, state, resolved, 1);
        match selection.by_rule.get_mut(&violation.rule_id) {
            Some(tally) => tally.add(severity, state, resolved, 1),
            None => selection
                .by_rule
                .entry(violation.rule_id.clone())
                .or_default()
                .add(severity, state, resolved, 1),
        }
        if selection.worst.len() < limit && is_open(&violation) {
            selection.worst.push(violation);
        }
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(selection)
}

/// The results of the first look, which is the one over the whole workspace.
pub(super) fn first_results(record: &RunRecord) -> impl Iterator<Item = &RuleResultRow> {
    record
        .rules
        .iter()
        .filter(|result| result.stage == Stage::PreDeployment)
}

/// The built-in rule behind a name in the policy.
pub(super) fn rule_behind(record: &RunRecord, rule_id: &str) -> Option<&'static Rule> {
    first_results(record)
        .find(|result| result.rule_id == rule_id)
        .and_then(|result| rules::find(&result.uses))
        .or_else(|| rules::find(rule_id))
}

/// The totals of the last look: what is left when everything is done.
pub(super) fn last_validation(record: &RunRecord) -> Option<&ValidationRow> {
    record.validations.iter().max_by_key(|row| row.stage)
}

/// What has to be said of a comparison with a base: that it was asked for and could not be made.
pub(super) fn notices(record: &RunRecord) -> Vec<&str> {
    let phase = record.phases.iter().find(|phase| phase.phase == 1);
    let of = |what: &str| phase.and_then(|phase| phase.detail[what]["notices"].as_array());
    let notices = ["policy", "compared"].into_iter().filter_map(of).flatten();
    notices.filter_map(serde_json::Value::as_str).collect()
}

/// What is to be said of fixes, a sentence each without a full stop; nothing if there is nothing to fix.
pub(super) fn fix_lines(record: &RunRecord) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for (status, (files, edits)) in &record.fixes {
        let (files, edits) = (text::count(*files, "file"), text::count(*edits, "edit"));
        lines.push(match status.as_str() {
            "applied" => format!("{edits} made in {files}"),
            "planned" => format!(
                "{} can be made in {files}: `factory-gate run --apply=fix`; `--format diff` shows them",
                for_violations(record, edits)
            ),
            other => format!("{edits} in {files} {other}{}", why(record, other)),
        });
    }
    let phase = record.phases.iter().find(|phase| phase.phase == 2);
    let others = phase.and_then(|phase| phase.detail["fixable_otherwise"].as_u64());
    match others.unwrap_or(0) {
        0 => {}
        count => lines.push(format!(
            "{} with a fix that the policy does not allow: `fix: unsafe` at the rule does",
            text::count(count, "violation")
        )),
    }
    lines
}

/// One violation can need several edits, and then both numbers are told; where not all can be fixed only the edits.
fn for_violations(record: &RunRecord, edits: String) -> String {
    let phase = record.phases.iter().find(|phase| phase.phase == 2);
    let fixable = phase.and_then(|phase| phase.detail["fixable"].as_u64());
    match fixable.filter(|_| record.fixes.len() == 1) {
        Some(violations) => format!("{edits} for {}", text::count(violations, "violation")),
        None => edits,
    }
}

/// The most frequent reasons of fixes with this status.
fn why(record: &RunRecord, status: &str) -> String {
    let of_status = |(full, files): &(String, u64)| {
        let reason = full.strip_prefix(status)?.strip_prefix(": ")?;
        Some(format!("{reason} ({})", text::count(*files, "file")))
    };
    let reasons: Vec<String> = record.fix_reasons.iter().filter_map(of_status).collect();
    match reasons.as_slice() {
        [] => String::new(),
        some if some.len() > MOST_REASONS => {
            let some = some[..MOST_REASONS].join("; ");
            format!(": {some}; more in the table fixes")
        }
        all => format!(": {}", all.join("; ")),
    }
}

/// Most reasons that are shown of one status.
const MOST_REASONS: usize = 3;

/// `removal of 2 files`: what an action of the record is to people.
pub(super) fn action_words(action: &str, targets: u64) -> String {
    let directories = if targets == 1 {
        "1 directory".to_owned()
    } else {
        format!("{} directories", text::grouped(targets))
    };
    let files = text::count(targets, "file");
    match action {
        "file_removal" => format!("removal of {files}"),
        "directory_removal" => format!("removal of {directories}"),
        "file_quarantine" => format!("quarantine of {files}"),
        "file_restore" => format!("restore of {files}"),
        other => format!("{other} of {}", text::count(targets, "target")),
    }
}
