//! One file once more, as it is or would be: its rules on content that stands in memory, this time with their fixes.
//! Suppressions, overrides and `.editorconfig` hold as they do in a scan.

use super::engine::Scan;
use super::file::FileScanner;
use super::read::{self, Desk};
use super::suppress::PolicySuppressions;
use crate::finding::Finding;
use crate::text::{self, Encoding};
use crate::walk::{Kind, Meta, TreeBuilder};

/// Runs rules on contents in memory. Shared by all threads.
pub struct Again<'s> {
    scan: &'s Scan<'s>,
    suppressions: PolicySuppressions<'s>,
}

impl<'s> Again<'s> {
    /// With the rules and what they have prepared in the scan before.
    pub fn new(scan: &'s Scan<'s>) -> Self {
        let suppressions = scan.suppressions();
        Self { scan, suppressions }
    }

    /// Most bytes of a file that is looked at as a whole.
    pub fn limit(&self) -> u64 {
        self.scan.plan.policy().workspace.max_content
    }

    /// What the rules find in a regular file with this content, as the file's bytes; each finding with its fix, if it has
    /// one that the policy allows and nothing suppresses it; with the encoding that they saw it in. `None` if the content is no text.
    pub fn look(
        &self,
        path: &[u8],
        meta: Meta,
        content: &[u8],
    ) -> Option<(Encoding, Vec<Finding>)> {
        let mut builder = TreeBuilder::default();
        let size = content.len() as u64;
        if !builder.push(path, Meta { size, ..meta }) {
            return None;
        }
        let tree = builder.finish(self.scan.tree.root().to_owned());
        let entry = tree.find(path)?;
        let encoding = read::encoding_of(content);
        if encoding == Encoding::Binary {
            return None;
        }
        let set = self.scan.plan.set_for(path, Kind::File);
        if set.excluded.is_some() {
            return Some((encoding, Vec::new()));
        }
        let mut transcoded = Vec::new();
        let text = if encoding.is_utf16() {
            text::transcode(content, encoding, &mut transcoded);
            &transcoded
        } else {
            content
        };
        let mut scanner =
            FileScanner::wanting_changes(self.scan, &self.suppressions, Desk::default());
        scanner.entry_rules(entry, &set, 1);
        if set.wants_text() {
            scanner.whole((entry, &set), text, encoding);
        }
        if !scanner.drafts.is_empty() {
            scanner.finish(entry, &set, None);
        }
        let (part, _) = scanner.into_part();
        let mut findings = part.findings;
        for finding in &mut findings {
            if !self.is_allowed(&set.all, finding) {
                finding.change = None;
            }
        }
        Some((encoding, findings))
    }

    fn is_allowed(&self, slots: &[super::plan::SlotId], finding: &Finding) -> bool {
        use crate::finding::State;
        let mut slots = slots.iter().map(|slot| self.scan.plan.slot(*slot));
        let slot = slots.find(|slot| slot.instance.id == finding.rule_id);
        finding.state == State::Open
            && finding
                .fixable
                .is_some_and(|safety| slot.is_some_and(|slot| slot.variant.fixes.allows(safety)))
    }
}
