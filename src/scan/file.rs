//! One entry: the rules about paths, then its content, read once for all the rules that want it.

use super::accounts::{Fixable, Fixes, Status, Tally, Totals};
use super::engine::Scan;
use super::finish::{self, About, Drafted};
use super::governance;
use super::locate::Base;
use super::plan::{RuleSet, SlotId};
use super::read::Desk;
use super::suppress::{InlineSuppressions, PolicySuppressions, SuppressionUse};
use crate::finding::{Finding, Fingerprinter, Found, State, Subject};
use crate::search;
use crate::walk::{Entry, EntryId, Kind, SkipReason, Skipped};
use std::time::Instant;

/// What looking at a run of entries came to.
pub(super) struct Part {
    pub(super) findings: Vec<Finding>,
    pub(super) skipped: Vec<Skipped>,
    pub(super) statuses: Vec<Status>,
    pub(super) digests: Vec<(EntryId, u128)>,
    /// Inline suppressions. Findings refer to them by number after the policy's, from this part's first.
    pub(super) inline: Vec<SuppressionUse>,
    pub(super) tallies: Vec<Tally>,
    pub(super) totals: Totals,
    /// Entries with an open finding that has a fix which the policy allows.
    pub(super) fixable: Vec<Fixable>,
}

/// Looks at entries one after the other, with buffers of its own.
pub(super) struct FileScanner<'s> {
    pub(super) scan: &'s Scan<'s>,
    suppressions: &'s PolicySuppressions<'s>,
    pub(super) desk: Desk,
    pub(super) found: Found,
    pub(super) drafts: Vec<Drafted>,
    prints: Fingerprinter,
    pub(super) search: search::Desk,
    pub(super) part: Part,
    /// What can be fixed in the entry that is looked at, and how many open findings have a fix that the policy does not
    /// allow.
    pub(super) offers: (Vec<Fixes>, u64),
}

impl<'s> FileScanner<'s> {
    pub(super) fn new(
        scan: &'s Scan<'s>,
        suppressions: &'s PolicySuppressions<'s>,
        desk: Desk,
    ) -> Self {
        let tallies = vec![Tally::default(); scan.plan.slots().len()];
        let part = Part {
            findings: Vec::new(),
            skipped: Vec::new(),
            statuses: Vec::new(),
            digests: Vec::new(),
            inline: Vec::new(),
            tallies,
            totals: Totals::default(),
            fixable: Vec::new(),
        };
        let (found, drafts, prints) = (Found::default(), Vec::new(), Fingerprinter::default());
        Self {
            scan,
            suppressions,
            desk,
            found,
            drafts,
            prints,
            search: search::Desk::default(),
            part,
            offers: (Vec::new(), 0),
        }
    }

    /// As [`Self::new`], and rules are asked for their fixes.
    pub(super) fn wanting_changes(
        scan: &'s Scan<'s>,
        suppressions: &'s PolicySuppressions<'s>,
        desk: Desk,
    ) -> Self {
        Self {
            found: Found::with_changes(),
            ..Self::new(scan, suppressions, desk)
        }
    }

    /// The result, and the desk for the next.
    pub(super) fn into_part(self) -> (Part, Desk) {
        (self.part, self.desk.cleared())
    }

    /// Looks at one entry.
    pub(super) fn look(&mut self, entry: Entry<'_>) {
        let status = match self.scan.plan.set_of(entry) {
            None => Status::NotChecked,
            Some(set) if !self.scan.looks_at(entry) => {
                self.pass_over(entry, set);
                Status::NotChecked
            }
            Some(set) => self.look_with(entry, set),
        };
        self.part.statuses.push(status);
    }

    /// What the scan of a base does not look at, the other scan does: a pattern that is slow there is slow here.
    fn pass_over(&mut self, entry: Entry<'_>, set: &RuleSet) {
        if self.scan.is_base() && entry.kind() == Kind::File {
            for slot in set.content.slow() {
                self.part.tallies[slot.0 as usize].tried += entry.size();
            }
        }
    }

    fn look_with(&mut self, entry: Entry<'_>, set: &RuleSet) -> Status {
        let is_file = !matches!(entry.kind(), Kind::Directory | Kind::NestedRepository);
        if let Some(pattern) = set.excluded {
            let pattern = self
                .scan
                .plan
                .policy()
                .globs
                .pattern(pattern)
                .0
                .as_str()
                .to_owned();
            if is_file && self.scan.carried(entry, set).is_none() {
                self.skip(entry, SkipReason::Excluded(pattern), false);
            }
            return Status::NotChecked;
        }
        self.part.totals.files += u64::from(is_file);
        if let Some(status) = self.scan.carried(entry, set) {
            self.carry(entry, set, status);
            return status;
        }
        self.entry_rules(entry, set, u64::from(is_file));
        let status = self.content_rules(entry, set);
        if !self.drafts.is_empty() {
            self.finish(entry, set, None);
        }
        self.count_offers(entry, status);
        status
    }

    /// Remembers an entry that has something to fix. What is known of a part of a content, or of a binary, is not
    /// enough to write it anew.
    fn count_offers(&mut self, entry: Entry<'_>, status: Status) {
        let (allowed, others) = std::mem::take(&mut self.offers);
        let is_whole = matches!(status, Status::Checked | Status::NotChecked);
        if entry.kind() != Kind::File || !is_whole {
            return;
        }
        self.part.totals.fixable_otherwise += others;
        if allowed.is_empty() {
            return;
        }
        self.part.totals.fixable += allowed.iter().map(|one| one.count).sum::<u64>();
        self.part.fixable.push(Fixable {
            entry: entry.id(),
            fixes: allowed.into(),
        });
    }

    /// Counts what the earlier scan saw of an entry that has not changed since.
    fn carry(&mut self, entry: Entry<'_>, set: &RuleSet, status: Status) {
        let is_file = !matches!(entry.kind(), Kind::Directory | Kind::NestedRepository);
        let (content, governance): (&[SlotId], &[SlotId]) = match status {
            Status::Checked => (&set.content.slots, &set.governance),
            Status::CheckedInParts => (&set.in_parts.slots, &set.governance),
            Status::CheckedAsBinary => (&set.in_binaries.slots, &[]),
            Status::NotChecked => (&[], &[]),
        };
        let by_path = set.entry.iter().filter(|_| is_file);
        // A rule that looks at path and content looked at one file.
        let content = content
            .iter()
            .filter(|slot| !(is_file && set.entry.contains(slot)));
        for slot in by_path.chain(content).chain(governance) {
            self.part.tallies[slot.0 as usize].files_checked += 1;
        }
        if let Some(digest) = self.scan.carried_digest(entry) {
            self.part.digests.push((entry.id(), digest));
        }
    }

    pub(super) fn entry_rules(&mut self, entry: Entry<'_>, set: &RuleSet, count: u64) {
        let mut clock = Instant::now();
        for slot in &set.entry {
            let index = slot.0 as usize;
            if let Some(check) = self.scan.plan.slots()[index].check {
                check.entry(entry, &mut self.found);
            }
            clock = self.account(index, count, clock);
        }
    }

    /// Takes what a rule found, counts it and its time.
    pub(super) fn account(&mut self, slot: usize, files: u64, started: Instant) -> Instant {
        let now = Instant::now();
        let tally = &mut self.part.tallies[slot];
        tally.files_checked += files;
        tally.requirements += self.found.take_requirements();
        let spent = now.duration_since(started).as_nanos();
        tally.nanoseconds += u64::try_from(spent).unwrap_or(u64::MAX);
        finish::take(&mut self.found, slot, &mut self.drafts);
        now
    }

    /// Completes and counts what the rules found in an entry, or in a text of it with its inline suppressions.
    pub(super) fn finish(
        &mut self,
        entry: Entry<'_>,
        set: &RuleSet,
        looked: Option<(&[u8], Base, InlineSuppressions)>,
    ) {
        let drafts = std::mem::take(&mut self.drafts);
        let with = self.scan.with();
        let subject = match entry.kind() {
            Kind::Directory | Kind::NestedRepository => Subject::Directory,
            _ => Subject::File,
        };
        let (text, base, mut comments) = looked.unwrap_or_default();
        let path = entry.path();
        let about = About {
            path: path.as_ref(),
            subject,
            text,
            base,
        };
        let mut findings = finish::finish_file(drafts, &about, with, &mut self.prints);
        // Comments of an earlier segment are recorded already.
        let first_inline = self.part.inline.len() - comments.visitors;
        for finding in &mut findings {
            let line = finding.region.map(|region| region.line);
            let inline = line.and_then(|line| comments.cover(&finding.rule_id, line));
            if let Some(visitor) = inline.filter(|index| *index < comments.visitors) {
                self.part.inline[first_inline + visitor].matched += 1;
            }
            let number = inline.map(|index| self.inline_number(first_inline + index));
            finding.suppression =
                number.or_else(|| self.suppressions.cover(&set.suppressions, finding));
        }
        let flaws = governance::flaws(self.scan, set, &comments);
        if !flaws.is_empty() {
            let found = finish::finish_file(flaws, &about, with, &mut self.prints);
            findings.extend(found.into_iter().map(|mut finding| {
                finding.suppression = self.suppressions.cover(&set.suppressions, &finding);
                finding
            }));
        }
        self.part.inline.extend(comments.uses(entry));
        self.count(set, findings);
    }

    fn count(&mut self, set: &RuleSet, findings: Vec<Finding>) {
        for mut finding in findings {
            if finding.suppression.is_some() {
                finding.state = State::Suppressed;
            }
            let slot = set
                .all
                .iter()
                .find(|slot| self.scan.plan.slot(**slot).instance.id == finding.rule_id);
            if let Some(slot) = slot {
                let permission = self.scan.plan.slot(*slot).variant.fixes;
                match finding.fixable.filter(|_| finding.state == State::Open) {
                    Some(safety) if permission.allows(safety) => {
                        Fixes::add(&mut self.offers.0, *slot, safety);
                    }
                    Some(_) => self.offers.1 += 1,
                    None => {}
                }
                let tally = &mut self.part.tallies[slot.0 as usize];
                match finding.state {
                    State::Suppressed => tally.suppressed += 1,
                    State::Open | State::New | State::Existing => tally.violations += 1,
                }
            }
            self.part.findings.push(finding);
        }
    }

    fn inline_number(&self, index: usize) -> u32 {
        u32::try_from(self.suppressions.count() + index + 1).unwrap_or(u32::MAX)
    }

    pub(super) fn skip(&mut self, entry: Entry<'_>, reason: SkipReason, is_undecided: bool) {
        let path = entry.path().to_vec().into();
        let skipped = Skipped {
            path,
            reason,
            size: Some(entry.size()),
        };
        self.part.totals.skip(&skipped, is_undecided);
        self.part.skipped.push(skipped);
    }
}
