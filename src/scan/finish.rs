//! From a rule's draft to a complete finding: region, excerpt, identity, suppression.

use super::locate::Locator;
use super::plan::Slot;
use crate::finding::{Draft, Finding, Fingerprint, Fingerprinter, Found, Place, State, Subject};
use std::sync::Arc;

/// A draft with the slot that it came from.
pub(super) struct Drafted {
    pub(super) slot: usize,
    pub(super) draft: Draft,
}

impl Drafted {
    fn start(&self) -> usize {
        match &self.draft.place {
            Place::Whole => 0,
            Place::Bytes(range) => range.start,
        }
    }
}

/// Takes a rule's drafts out of its collector.
pub(super) fn take(found: &mut Found, slot: usize, into: &mut Vec<Drafted>) {
    into.extend(found.drain().map(|draft| Drafted { slot, draft }));
}

/// Completes the drafts about one text, in the order of their places.
pub(super) fn finish_file(
    mut drafts: Vec<Drafted>,
    (path, subject, text): (&[u8], Subject, &[u8]),
    slots: &[Slot<'_>],
    prints: &mut Fingerprinter,
) -> Vec<Finding> {
    // Stable: what is at one place stays in the order of the rules.
    drafts.sort_by_key(|one| (one.draft.place != Place::Whole, one.start()));
    prints.start_path();
    let mut locator = Locator::new(text);
    drafts
        .into_iter()
        .map(|Drafted { slot, draft }| {
            let slot = &slots[slot];
            let mut finding = blank(slot, draft.path.as_deref().unwrap_or(path));
            finding.subject = if draft.subject == Subject::File {
                subject
            } else {
                draft.subject
            };
            let mut anchor: &[u8] = b"";
            if let Place::Bytes(range) = &draft.place {
                let (region, columns) = locator.region(range);
                finding.region = Some(region);
                finding.columns = Some(columns);
                finding.excerpt = Some(locator.excerpt());
                anchor = locator.anchor();
            }
            finding.fingerprint = prints.fingerprint(&finding.rule_id, &finding.path, anchor);
            finding.message = message(slot, draft.message);
            finding
        })
        .collect()
}

fn blank(slot: &Slot<'_>, path: &[u8]) -> Finding {
    Finding {
        rule_id: Arc::clone(&slot.instance.id),
        severity: slot.severity,
        subject: Subject::File,
        path: path.into(),
        region: None,
        columns: None,
        message: String::new(),
        excerpt: None,
        fingerprint: Fingerprint([0; 16]),
        state: State::Open,
        suppression: None,
        detections: Box::default(),
    }
}

fn message(slot: &Slot<'_>, own: String) -> String {
    slot.instance.message.clone().unwrap_or(own)
}
