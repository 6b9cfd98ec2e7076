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
}

impl Level {
    fn new(severity: Severity) -> Self {
        Self {
            severity,
            shown: Vec::new(),
            rest: 0,
            rest_by_rule: BTreeMap::new(),
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

/// For each level, worst first, all of at most `most` open violations, or one less: the last place is for the roll-up.
pub(super) fn levels(rows: &dyn RowSource, most: usize) -> anyhow::Result<Vec<Level>> {
    let mut levels: Vec<Level> = Vec::new();
    rows.violations(Order::WorstFirst, &mut |row| {
        if !is_open(&row) {
            return Ok(ControlFlow::Continue(()));
        }
        if levels
            .last()
            .is_none_or(|level| level.severity != row.severity)
        {
            levels.push(Level::new(row.severity));
        }
        if let Some(level) = levels.last_mut() {
            if level.rest == 0 && level.shown.len() < most {
                level.shown.push(row);
            } else {
                if level.rest == 0
                    && let Some(last) = level.shown.pop()
                {
                    level.leave_out(last.rule_id);
                }
                level.leave_out(row.rule_id);
            }
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
