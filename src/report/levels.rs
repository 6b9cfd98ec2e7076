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

/// Which open violations a log shows one by one. The others are counted there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Shown {
    /// All but those that the base has, too.
    #[default]
    Auto,
    /// Those, too: last, and as notices.
    All,
    /// Only what is new, or lies in what changed; everything where no change is known.
    Changed,
}

/// What a log is to show.
#[derive(Clone, Copy, Debug, Default)]
pub struct Plan<'a> {
    /// Which violations.
    pub shown: Shown,
    /// The most of one level, with the one that stands for the others; `None`: as many as the system shows.
    pub most: Option<usize>,
    /// The paths of the workspace that differ from the base, sorted as bytes; `None`: nobody compared.
    pub changed: Option<&'a [Box<[u8]>]>,
}

/// How soon a violation comes among those of its level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rank {
    /// New in what changed.
    Change,
    /// Elsewhere.
    Elsewhere,
    /// The base has it, too.
    Known,
    /// Only counted.
    Counted,
}

impl Plan<'_> {
    pub(super) fn rank(&self, row: &ViolationRow) -> Rank {
        if row.state == "existing" {
            return match self.shown {
                Shown::All => Rank::Known,
                Shown::Auto | Shown::Changed => Rank::Counted,
            };
        }
        let is_changed = self.changed.map(|changed| {
            let path = row.path_bytes.as_deref().unwrap_or(row.path.as_bytes());
            changed.binary_search_by(|one| (**one).cmp(path)).is_ok()
        });
        match (is_changed, self.shown) {
            (Some(true), _) => Rank::Change,
            (Some(false), Shown::Changed) if row.state != "new" => Rank::Counted,
            (Some(false) | None, _) => Rank::Elsewhere,
        }
    }
}

/// The open violations of one level.
pub(super) struct Level {
    pub(super) severity: Severity,
    /// Those that are shown, in order.
    pub(super) shown: Vec<ViolationRow>,
    /// How many are not.
    pub(super) rest: u64,
    /// Those that are not, by rule.
    rest_by_rule: BTreeMap<String, u64>,
    /// Whether violations that do not count for the change are among those.
    has_others: bool,
}

/// A level as it is filled: by rank, each with at most as many as the level shows.
struct Filling {
    level: Level,
    ranks: [Vec<ViolationRow>; 3],
}

impl Filling {
    fn new(severity: Severity) -> Self {
        let level = Level {
            severity,
            shown: Vec::new(),
            rest: 0,
            rest_by_rule: BTreeMap::new(),
            has_others: false,
        };
        Self {
            level,
            ranks: Default::default(),
        }
    }

    fn push(&mut self, row: ViolationRow, rank: Rank, most: usize) {
        let rows = match rank {
            Rank::Change => &mut self.ranks[0],
            Rank::Elsewhere => &mut self.ranks[1],
            Rank::Known => &mut self.ranks[2],
            Rank::Counted => {
                self.level.has_others = true;
                return self.level.leave_out(row.rule_id);
            }
        };
        if rows.len() < most {
            rows.push(row);
        } else {
            self.level.has_others |= rank == Rank::Known;
            self.level.leave_out(row.rule_id);
        }
    }

    fn end(self, most: usize) -> Level {
        let mut level = self.level;
        let mut rows: Vec<ViolationRow> = self.ranks.into_iter().flatten().collect();
        let room = if level.rest > 0 || rows.len() > most {
            // The last place is for what stands for the others.
            most.saturating_sub(1)
        } else {
            most
        };
        for row in rows.split_off(room.min(rows.len())) {
            level.has_others |= row.state == "existing";
            level.leave_out(row.rule_id);
        }
        level.shown = rows;
        level
    }
}

impl Level {
    /// What those that are not shown are: `12 more errors`.
    pub(super) fn rest_title(&self) -> String {
        let noun = match (self.has_others, self.severity) {
            (true, Severity::Note) => "more note or existing violation".to_owned(),
            (_, severity) => format!("more {}", severity.as_str()),
        };
        text::count(self.rest, &noun)
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
/// Within a level what changed comes first. What the base has, too, stands among the notes: it does not gate.
pub(super) fn levels(
    rows: &dyn RowSource,
    plan: &Plan<'_>,
    usual: usize,
) -> anyhow::Result<Vec<Level>> {
    let most = plan.most.unwrap_or(usual);
    let mut fillings = [Severity::Error, Severity::Warning, Severity::Note].map(Filling::new);
    rows.violations(Order::WorstFirst, &mut |row| {
        if !is_open(&row) {
            return Ok(ControlFlow::Continue(()));
        }
        let rank = plan.rank(&row);
        let at = match (row.state.as_str(), row.severity) {
            ("existing", _) | (_, Severity::Note) => 2,
            (_, Severity::Warning) => 1,
            (_, Severity::Error) => 0,
        };
        fillings[at].push(row, rank, most);
        Ok(ControlFlow::Continue(()))
    })?;
    let levels = fillings.into_iter().map(|filling| filling.end(most));
    Ok(levels
        .filter(|level| level.rest > 0 || !level.shown.is_empty())
        .collect())
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
