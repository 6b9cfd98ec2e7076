//! One entry: the rules about paths, then its content, read once for all the rules that want it.

use super::accounts::{Status, Tally, Totals};
use super::engine::Scan;
use super::finish::{self, Drafted};
use super::governance;
use super::inline;
use super::plan::{RuleSet, SlotId};
use super::read::{self, Desk, Want};
use super::suppress::{InlineSuppressions, PolicySuppressions, SuppressionUse};
use crate::finding::{Finding, Fingerprinter, Found, State, Subject};
use crate::rules::{self, Content};
use crate::search;
use crate::text::Encoding;
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
}

/// Looks at entries one after the other, with buffers of its own.
pub(super) struct FileScanner<'s> {
    scan: &'s Scan<'s>,
    suppressions: &'s PolicySuppressions<'s>,
    desk: Desk,
    found: Found,
    drafts: Vec<Drafted>,
    prints: Fingerprinter,
    search: search::Desk,
    part: Part,
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
            Some(set) => self.look_with(entry, set),
        };
        self.part.statuses.push(status);
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
        status
    }

    /// Counts what the earlier scan saw of an entry that has not changed since.
    fn carry(&mut self, entry: Entry<'_>, set: &RuleSet, status: Status) {
        let is_file = !matches!(entry.kind(), Kind::Directory | Kind::NestedRepository);
        let (content, governance): (&[SlotId], &[SlotId]) = match status {
            Status::Checked => (&set.content, &set.governance),
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

    fn entry_rules(&mut self, entry: Entry<'_>, set: &RuleSet, count: u64) {
        let mut clock = Instant::now();
        for slot in &set.entry {
            let index = slot.0 as usize;
            if let Some(check) = self.scan.plan.slots()[index].check {
                check.entry(entry, &mut self.found);
            }
            clock = self.account(index, count, clock);
        }
    }

    fn content_rules(&mut self, entry: Entry<'_>, set: &RuleSet) -> Status {
        let wants_digest = self.scan.wants_digest(entry, set);
        if entry.kind() != Kind::File || (!set.wants_text() && !wants_digest) {
            return Status::NotChecked;
        }
        let mut desk = std::mem::take(&mut self.desk);
        let limit = self.scan.plan.policy().workspace.max_content;
        let want = Want {
            text: set.wants_text(),
            digest: wants_digest,
            limit,
        };
        let reading = read::read(self.scan.root, entry, want, &mut desk);
        self.part.totals.bytes += reading.bytes;
        self.part
            .digests
            .extend(reading.digest.map(|digest| (entry.id(), digest)));
        let status = match reading.text {
            Err(reason) => {
                let is_undecided = reason.is_undecided() && !set.may_be_unreadable;
                self.skip(entry, reason, is_undecided);
                Status::NotChecked
            }
            Ok(()) if !want.text => Status::NotChecked,
            Ok(()) => {
                self.check_text(entry, set, &desk.buffer);
                Status::Checked
            }
        };
        self.desk = desk;
        status
    }

    fn check_text(&mut self, entry: Entry<'_>, set: &RuleSet, text: &[u8]) {
        let matches = set.searcher.search(text, &mut self.search);
        let mut clock = Instant::now();
        for (slot, first_pattern) in set.content.iter().zip(&set.first_patterns) {
            let content = Content {
                entry,
                bytes: text,
                encoding: Encoding::Utf8,
                part: rules::Part::WHOLE,
                found: &matches,
                first_pattern: *first_pattern,
                settings: None,
                text_rules: rules::TextRules::default(),
            };
            let index = slot.0 as usize;
            if let Some(check) = self.scan.plan.slots()[index].check {
                check.content(&content, &mut self.found);
            }
            let is_counted = set.entry.contains(slot);
            clock = self.account(index, u64::from(!is_counted), clock);
        }
        for slot in &set.governance {
            self.part.tallies[slot.0 as usize].files_checked += 1;
        }
        let extension = extension(entry);
        let mut comments = inline::parse(text, self.scan.marker, &extension);
        governance::hold_to_terms(self.scan, set, &mut comments);
        if !self.drafts.is_empty() || !comments.is_empty() {
            let comments = InlineSuppressions::new(comments, self.scan.today);
            self.finish(entry, set, Some((text, comments)));
        }
    }

    /// Takes what a rule found, counts it and its time.
    fn account(&mut self, slot: usize, files: u64, started: Instant) -> Instant {
        let now = Instant::now();
        let tally = &mut self.part.tallies[slot];
        tally.files_checked += files;
        tally.requirements += self.found.take_requirements();
        let spent = now.duration_since(started).as_nanos();
        tally.nanoseconds += u64::try_from(spent).unwrap_or(u64::MAX);
        finish::take(&mut self.found, slot, &mut self.drafts);
        now
    }

    fn finish(
        &mut self,
        entry: Entry<'_>,
        set: &RuleSet,
        text: Option<(&[u8], InlineSuppressions)>,
    ) {
        let drafts = std::mem::take(&mut self.drafts);
        let slots = self.scan.plan.slots();
        let subject = match entry.kind() {
            Kind::Directory | Kind::NestedRepository => Subject::Directory,
            _ => Subject::File,
        };
        let (text, mut comments) = match text {
            Some((text, comments)) => (text, Some(comments)),
            None => (b"".as_slice(), None),
        };
        let place = (entry.path().as_ref(), subject, text);
        let mut findings = finish::finish_file(drafts, place, slots, &mut self.prints);
        let first_inline = self.part.inline.len();
        for finding in &mut findings {
            let inline = comments
                .as_mut()
                .and_then(|comments| comments.cover(&finding.rule_id, finding.region?.line));
            let number = inline.map(|index| self.inline_number(first_inline + index));
            finding.suppression =
                number.or_else(|| self.suppressions.cover(&set.suppressions, &finding.rule_id));
        }
        if let Some(comments) = &comments {
            let flaws = governance::flaws(self.scan, set, comments);
            let found = finish::finish_file(flaws, place, slots, &mut self.prints);
            findings.extend(found.into_iter().map(|mut finding| {
                finding.suppression = self.suppressions.cover(&set.suppressions, &finding.rule_id);
                finding
            }));
            self.part.inline.extend(comments.uses(entry));
        }
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
                let tally = &mut self.part.tallies[slot.0 as usize];
                match finding.state {
                    State::Open => tally.violations += 1,
                    State::Suppressed => tally.suppressed += 1,
                }
            }
            self.part.findings.push(finding);
        }
    }

    fn inline_number(&self, index: usize) -> u32 {
        let policy = self.scan.plan.policy().suppressions.len();
        u32::try_from(policy + index + 1).unwrap_or(u32::MAX)
    }

    fn skip(&mut self, entry: Entry<'_>, reason: SkipReason, is_undecided: bool) {
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

fn extension(entry: Entry<'_>) -> String {
    let name = entry.name();
    let dot = name.iter().rposition(|byte| *byte == b'.');
    dot.map(|dot| String::from_utf8_lossy(&name[dot + 1..]).to_ascii_lowercase())
        .unwrap_or_default()
}
