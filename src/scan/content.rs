//! The content of one file: read once, looked for the patterns of all rules once, then given to each rule that wants it.

use super::accounts::Status;
use super::file::FileScanner;
use super::governance;
use super::inline;
use super::locate::Base;
use super::plan::{ContentRules, MARKER_PATTERN, RuleSet};
use super::read::{self, Held, Reading, Want};
use super::suppress::InlineSuppressions;
use crate::editorconfig::Properties;
use crate::rules::{Content, Part};
use crate::search::Matches;
use crate::text::Encoding;
use crate::walk::{Entry, Kind};
use std::time::Instant;

/// A content, or a segment of it, as the rules get it.
pub(super) struct Piece<'t> {
    pub(super) text: &'t [u8],
    pub(super) encoding: Encoding,
    pub(super) part: Part,
    /// Of the patterns of all rules.
    pub(super) matches: &'t Matches,
    /// What `.editorconfig` files say about the file.
    pub(super) settings: Option<&'t Properties>,
    /// The patterns that matched in an earlier segment, by number.
    pub(super) earlier: &'t [bool],
}

impl FileScanner<'_> {
    /// Runs the rules that want the content.
    pub(super) fn content_rules(&mut self, entry: Entry<'_>, set: &RuleSet) -> Status {
        let Some(want) = self.want(entry, set) else {
            return Status::NotChecked;
        };
        let mut desk = std::mem::take(&mut self.desk);
        let mut reading = read::read(self.scan.source, entry, want, &mut desk);
        let status = match std::mem::replace(&mut reading.held, Held::Nothing) {
            Held::Nothing => Status::NotChecked,
            Held::Segments(file) => self.segments((entry, set), file, &mut reading, want.digest),
            Held::Whole(encoding) => self.whole((entry, set), desk.text(encoding), encoding),
        };
        self.desk = desk;
        self.settle(entry, set, reading);
        status
    }

    fn want(&self, entry: Entry<'_>, set: &RuleSet) -> Option<Want> {
        let digest = self
            .scan
            .wants_digest(entry, set)
            .then_some(self.scan.digest_kind);
        if entry.kind() != Kind::File || (!set.wants_text() && digest.is_none()) {
            return None;
        }
        let workspace = &self.scan.plan.policy().workspace;
        Some(Want {
            content: set.reads(),
            digest,
            limit: workspace.max_content,
            segments_limit: workspace.max_searched,
        })
    }

    /// Counts what was read, and records what was not.
    fn settle(&mut self, entry: Entry<'_>, set: &RuleSet, reading: Reading) {
        self.part.totals.bytes += reading.bytes;
        let digest = reading.digest.map(|digest| (entry.id(), digest));
        self.part.digests.extend(digest);
        if let Some(reason) = reading.skipped {
            let is_undecided = reason.is_undecided() && !set.may_be_unreadable;
            self.skip(entry, reason, is_undecided);
        }
    }

    pub(super) fn whole(
        &mut self,
        (entry, set): (Entry<'_>, &RuleSet),
        text: &[u8],
        encoding: Encoding,
    ) -> Status {
        let (rules, status) = if encoding == Encoding::Binary {
            (&set.in_binaries, Status::CheckedAsBinary)
        } else {
            (&set.content, Status::Checked)
        };
        let searcher = rules.searcher(self.scan.plan);
        let matches = searcher.search(text, &mut self.search);
        let settings = self.scan.settings(entry);
        let piece = Piece {
            text,
            encoding,
            part: Part::WHOLE,
            matches: &matches,
            settings: settings.as_ref(),
            earlier: &[],
        };
        self.run_rules((entry, set), rules, &piece);
        let mut comments = Vec::new();
        if status == Status::Checked {
            self.count_governance(set);
            let markers = matches.of(MARKER_PATTERN).map(|place| place.start);
            if markers.len() > 0 {
                comments = inline::parse(text, markers, &extension(entry));
                governance::hold_to_terms(self.scan, set, &mut comments);
            }
        }
        if !self.drafts.is_empty() || !comments.is_empty() {
            let comments = InlineSuppressions::new(comments, self.scan.today);
            self.finish(entry, set, Some((text, Base::FILE, comments)));
        }
        status
    }

    /// Hands a piece to each of these rules.
    pub(super) fn run_rules(
        &mut self,
        (entry, set): (Entry<'_>, &RuleSet),
        rules: &ContentRules,
        piece: &Piece<'_>,
    ) {
        for slot in rules.slow() {
            self.part.tallies[slot.0 as usize].tried += piece.text.len() as u64;
        }
        let mut clock = Instant::now();
        for (slot, first_pattern) in rules.slots.iter().zip(&rules.first_patterns) {
            let content = Content {
                entry,
                bytes: piece.text,
                encoding: piece.encoding,
                part: piece.part,
                found: piece.matches,
                first_pattern: *first_pattern,
                earlier: piece.earlier,
                settings: piece.settings,
                text_rules: rules.text_rules,
            };
            let index = slot.0 as usize;
            if let Some(check) = self.scan.plan.slots()[index].check {
                check.content(&content, &mut self.found);
            }
            // A rule that looks at path and content, or at many segments, looked at one file.
            let is_counted = set.entry.contains(slot) || !piece.part.is_first;
            clock = self.account(index, u64::from(!is_counted), clock);
        }
    }

    /// Counts the file for the engine's own rules, which look at its comments.
    pub(super) fn count_governance(&mut self, set: &RuleSet) {
        for slot in &set.governance {
            self.part.tallies[slot.0 as usize].files_checked += 1;
        }
    }
}

/// The extension of the file's name, in lower case; empty if it has none.
pub(super) fn extension(entry: Entry<'_>) -> String {
    let name = entry.name();
    let dot = name.iter().rposition(|byte| *byte == b'.');
    dot.map(|dot| String::from_utf8_lossy(&name[dot + 1..]).to_ascii_lowercase())
        .unwrap_or_default()
}
