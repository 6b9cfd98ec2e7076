//! What suppressions cover: counts for the record, and findings about those that cover nothing.

use super::accepted::{Accepted, NamedBaseline};
use super::governance::{missing_term, terms_of_policy};
use super::inline::Inline;
use crate::finding::Finding;
use crate::policy::Policy;
use crate::rules::SuppressionTerms;
use crate::walk::Entry;
use jiff::civil::Date;
use std::sync::atomic::{AtomicU64, Ordering};

/// A suppression and how many findings it covered; for the record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SuppressionUse {
    /// Where it stands.
    pub source: SuppressionSource,
    /// The rule it names.
    pub rule_id: String,
    /// The file it stands in (raw bytes); for one in the policy the patterns it covers, joined by `, `.
    pub path: Box<[u8]>,
    /// 1-based line in the file that it stands in; none for a baseline, of which one row tells about many lines.
    pub line: Option<u32>,
    /// Why; empty where it is missing.
    pub reason: String,
    /// Who answers for it.
    pub owner: Option<String>,
    /// The last day on which it holds.
    pub expires: Option<Date>,
    /// Findings that it covered.
    pub matched: u64,
}

/// Where a suppression stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SuppressionSource {
    /// In a comment of a scanned file.
    Inline,
    /// In the policy.
    Policy,
    /// In the baseline.
    Baseline,
}

/// The policy's suppressions and the baseline during one scan.
pub(super) struct PolicySuppressions<'p> {
    accepted: Option<Accepted<'p>>,
    policy: &'p Policy,
    today: Date,
    terms: SuppressionTerms,
    matched: Vec<AtomicU64>,
}

impl<'p> PolicySuppressions<'p> {
    pub(super) fn new(
        policy: &'p Policy,
        today: Date,
        baseline: Option<NamedBaseline<'p>>,
    ) -> Self {
        let matched = policy
            .suppressions
            .iter()
            .map(|_| AtomicU64::new(0))
            .collect();
        let terms = terms_of_policy(policy);
        Self {
            accepted: baseline.map(Accepted::new),
            policy,
            today,
            terms,
            matched,
        }
    }

    /// The baseline, if there is one.
    pub(super) fn accepted(&self) -> Option<&Accepted<'p>> {
        self.accepted.as_ref()
    }

    /// How many there are: inline ones have the numbers after them.
    pub(super) fn count(&self) -> usize {
        self.matched.len() + self.accepted.as_ref().map_or(0, Accepted::rows)
    }

    /// The number of the suppression that covers a finding, counted as used: the first in the policy that holds for the
    /// rule, or else the baseline's.
    pub(super) fn cover(&self, candidates: &[usize], finding: &Finding) -> Option<u32> {
        self.cover_by_policy(candidates, &finding.rule_id)
            .or_else(|| {
                let row = self.accepted.as_ref()?.cover(finding)?;
                u32::try_from(self.matched.len() + row + 1).ok()
            })
    }

    fn cover_by_policy(&self, candidates: &[usize], rule_id: &str) -> Option<u32> {
        let index = *candidates.iter().find(|index| {
            let one = &self.policy.suppressions[**index];
            let is_whole =
                missing_term(self.terms, one.owner.is_some(), one.expires.is_some()).is_none();
            one.rule == rule_id && is_whole && !is_over(one.expires, self.today)
        })?;
        self.matched[index].fetch_add(1, Ordering::Relaxed);
        u32::try_from(index + 1).ok()
    }

    /// All of them, with their counts so far.
    pub(super) fn uses(&self) -> Vec<SuppressionUse> {
        let suppressions = self.policy.suppressions.iter().zip(&self.matched);
        suppressions
            .map(|(one, matched)| SuppressionUse {
                source: SuppressionSource::Policy,
                rule_id: one.rule.clone(),
                path: self.patterns(&one.paths).into_bytes().into(),
                line: Some(one.position.line),
                reason: one.reason.clone(),
                owner: one.owner.clone(),
                expires: one.expires,
                matched: matched.load(Ordering::Relaxed),
            })
            .chain(self.accepted.iter().flat_map(Accepted::uses))
            .collect()
    }

    fn patterns(&self, ids: &[crate::policy::GlobId]) -> String {
        let patterns: Vec<&str> = ids
            .iter()
            .map(|id| self.policy.globs.pattern(*id).0.as_str())
            .collect();
        patterns.join(", ")
    }
}

/// Whether a suppression's last day has passed.
pub(super) fn is_over(expires: Option<Date>, today: Date) -> bool {
    expires.is_some_and(|last_day| today > last_day)
}

/// The inline suppressions of one file, or of a segment of one, and what each covered.
#[derive(Default)]
pub(super) struct InlineSuppressions {
    pub(super) comments: Vec<Inline>,
    pub(super) matched: Vec<u64>,
    /// So many of them, the first ones, stand in an earlier segment and only reach into this one.
    pub(super) visitors: usize,
    /// From this line on a comment may cover what the next segment holds.
    pub(super) goes_on_from: Option<u32>,
    today: Date,
}

impl InlineSuppressions {
    pub(super) fn new(comments: Vec<Inline>, today: Date) -> Self {
        Self {
            matched: vec![0; comments.len()],
            comments,
            visitors: 0,
            goes_on_from: None,
            today,
        }
    }

    /// The index of the comment that covers a finding of the rule on the line, counted as used.
    pub(super) fn cover(&mut self, rule_id: &str, line: u32) -> Option<usize> {
        let today = self.today;
        // Comments are in the order of their lines, and none reaches back.
        let until = self.comments.partition_point(|one| one.line <= line);
        let index = self.comments[..until].iter().rposition(|one| {
            one.last_line >= line
                && one.rule == rule_id
                && one.flaw.is_none()
                && !is_over(one.expires, today)
        })?;
        self.matched[index] += 1;
        Some(index)
    }

    /// The comments of this text, each with what it covered.
    pub(super) fn own(&self) -> impl Iterator<Item = (&Inline, u64)> {
        let all = self.comments.iter().zip(self.matched.iter().copied());
        all.skip(self.visitors)
    }

    /// Whether it is not yet known that a comment covers nothing.
    pub(super) fn may_cover_more(&self, comment: &Inline) -> bool {
        self.goes_on_from
            .is_some_and(|line| comment.last_line >= line)
    }

    pub(super) fn uses(&self, entry: Entry<'_>) -> impl Iterator<Item = SuppressionUse> {
        self.own().map(move |(one, matched)| SuppressionUse {
            source: SuppressionSource::Inline,
            rule_id: one.rule.clone(),
            path: entry.path().to_vec().into(),
            line: Some(one.line),
            reason: one.reason.clone(),
            owner: one.owner.clone(),
            expires: one.expires,
            matched,
        })
    }
}
