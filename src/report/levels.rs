//! The plan for a log whose reader shows only a few issues of each level: the worst ones, and one that says what the
//! others are.

use super::encode::log_line;
use super::tally::is_open;
use super::text;
use crate::finding::Severity;
use crate::store::rows::{Order, RowSource, ViolationRow};
use std::collections::BTreeMap;
use std::ops::ControlFlow;

/// The most rules that a roll-up names.
const ROLL_UP_RULES: usize = 20;

/// The open violations of one level.
pub(super) struct Level {
    pub(super) severity: Severity,
    /// Those that are shown, in order.
    pub(super) shown: Vec<ViolationRow>,
    /// How many are not.
    pub(super) rest: u64,
    /// Those that are not, by rule.
    rest_by_rule: BTreeMap<String, u64>,
    /// Whether violations that the base has, too, are among those.
    has_known: bool,
}

impl Level {
    fn new(severity: Severity) -> Self {
        Self {
            severity,
            shown: Vec::new(),
            rest: 0,
            rest_by_rule: BTreeMap::new(),
            has_known: false,
        }
    }

    /// What those that are not shown are: `12 more errors`.
    pub(super) fn rest_title(&self) -> String {
        if self.has_known {
            text::count(self.rest, "more note or existing violation")
        } else {
            text::count(self.rest, &format!("more {}", self.severity.as_str()))
        }
    }

    fn leave_out(&mut self, rule_id: String) {
        self.rest += 1;
        *self.rest_by_rule.entry(rule_id).or_default() += 1;
    }

    /// The rules of those that are not shown, most first: `412 trailing-whitespace, 3 final-newline`.
    pub(super) fn rest_in_words(&self) -> String {
        let mut rules: Vec<_> = self.rest_by_rule.iter().collect();
        rules.sort_by(|one, other| other.1.cmp(one.1).then_with(|| one.0.cmp(other.0)));
        let names: Vec<String> = rules
            .iter()
            .take(ROLL_UP_RULES)
            .map(|(rule, count)| format!("{} {}", text::grouped(**count), log_line(rule)))
            .collect();
        let unnamed = rules.len().saturating_sub(ROLL_UP_RULES) as u64;
        let and_more = if unnamed > 0 {
            format!(" and {}", text::count(unnamed, "more rule"))
        } else {
            String::new()
        };
        format!("{}{and_more}", names.join(", "))
    }
}

/// For each level, worst first, all of at most `most` open violations, or one less: the last place is for the roll-up. What the
/// base has, too, is only counted, among the notes.
pub(super) fn levels(rows: &dyn RowSource, most: usize) -> anyhow::Result<Vec<Level>> {
    let mut levels: Vec<Level> = Vec::new();
    rows.violations(Order::WorstFirst, &mut |row| {
        if !is_open(&row) {
            return Ok(ControlFlow::Continue(()));
        }
        // What the base has, too, is no matter of this change: it is counted, as quietly as possible.
        let is_known = row.state == "existing";
        let severity = if is_known {
            Severity::Note
        } else {
            row.severity
        };
        let at = levels.iter().position(|level| level.severity == severity);
        let at = at.unwrap_or_else(|| {
            levels.push(Level::new(severity));
            levels.len() - 1
        });
        let level = &mut levels[at];
        level.has_known |= is_known;
        if !is_known && level.rest == 0 && level.shown.len() < most {
            level.shown.push(row);
        } else {
            if level.rest == 0
                && level.shown.len() == most
                && let Some(last) = level.shown.pop()
            {
                level.leave_out(last.rule_id);
            }
            level.leave_out(row.rule_id);
        }
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(levels)
}

/// The text cut so that with `mark` it has at most `most` UTF-16 units.
pub(super) fn cut(text: &str, most: usize, mark: &str) -> String {
    if text.encode_utf16().count() <= most {
        return text.to_owned();
    }
    let room = most.saturating_sub(mark.len());
    let mut used = 0;
    let kept = text.chars().take_while(|character| {
        used += character.len_utf16();
        used <= room
    });
    kept.chain(mark.chars()).collect()
}
