//! From a rule's draft to a complete finding: region, excerpt, identity, suppression.

use super::locate::{Base, Locator};
use super::plan::Slot;
use crate::finding::{
    Detection, Draft, Finding, Fingerprint, Fingerprinter, Found, Place, Sighting, State, Subject,
};
use crate::secrets::{self, Key};
use crate::walk::PathMap;
use std::borrow::Cow;
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

/// What drafts are about: a path, and its content or a segment of it.
pub(super) struct About<'t> {
    pub(super) path: &'t [u8],
    pub(super) subject: Subject,
    pub(super) text: &'t [u8],
    /// Where the text begins in its file.
    pub(super) base: Base,
}

impl<'t> About<'t> {
    /// A path with all of its content.
    pub(super) fn whole(path: &'t [u8], subject: Subject, text: &'t [u8]) -> Self {
        let base = Base::FILE;
        Self {
            path,
            subject,
            text,
            base,
        }
    }
}

/// What holds for all findings of a scan.
#[derive(Clone, Copy)]
pub(super) struct With<'s> {
    pub(super) slots: &'s [Slot<'s>],
    /// Of the fingerprints of credentials.
    pub(super) key: &'s Key,
    /// Paths that count as others in identities: where files have been renamed since.
    pub(super) renamed: Option<&'s PathMap>,
}

impl With<'_> {
    /// The path by which a finding on this path is identified.
    fn identity<'p>(&'p self, path: &'p [u8]) -> &'p [u8] {
        let other = self.renamed.and_then(|renamed| renamed.get(path));
        other.map_or(path, |other| &**other)
    }
}

/// Completes the drafts about one text, in the order of their places.
pub(super) fn finish_file(
    mut drafts: Vec<Drafted>,
    about: &About<'_>,
    with: With<'_>,
    prints: &mut Fingerprinter,
) -> Vec<Finding> {
    // Stable: what is at one place stays in the order of the rules.
    drafts.sort_by_key(|one| (one.draft.place != Place::Whole, one.start()));
    if about.base == Base::FILE {
        prints.start_path();
    }
    let shown = without_credentials(about.text, &drafts);
    let mut locator = Locator::with_base(about.text, about.base).showing(&shown);
    drafts
        .into_iter()
        .map(|Drafted { slot, draft }| {
            let slot = &with.slots[slot];
            let mut finding = blank(slot, draft.path.as_deref().unwrap_or(about.path));
            finding.subject = if draft.subject == Subject::File {
                about.subject
            } else {
                draft.subject
            };
            let mut anchor: Cow<'_, [u8]> = Cow::Borrowed(b"");
            if let Place::Bytes(range) = &draft.place {
                let (region, columns) = locator.region(range);
                finding.region = Some(region);
                finding.columns = Some(columns);
                finding.excerpt = Some(locator.excerpt());
                anchor = locator.anchor();
            }
            finding.fingerprint =
                prints.fingerprint(&finding.rule_id, with.identity(&finding.path), &anchor);
            finding.message = message(slot, draft.message);
            finding.fixable = draft.fixable;
            finding.change = draft.change;
            let detections = draft.sightings.into_iter();
            finding.detections = detections
                .map(|sighting| detection(sighting, about.text, &mut locator, with.key))
                .collect();
            finding
        })
        .collect()
}

/// The text with every character of what a detector took for a credential masked; so it gets into no excerpt and into no
/// identity, of whatever rule.
fn without_credentials<'t>(text: &'t [u8], drafts: &[Drafted]) -> Cow<'t, [u8]> {
    let mut shown = Cow::Borrowed(text);
    let sightings = drafts.iter().flat_map(|one| &one.draft.sightings);
    for sighting in sightings {
        let secret = shown.to_mut().get_mut(sighting.secret.clone());
        for byte in secret.unwrap_or_default() {
            if !matches!(byte, b'\r' | b'\n') {
                *byte = b'*';
            }
        }
    }
    shown
}

fn detection(sighting: Sighting, text: &[u8], locator: &mut Locator<'_>, key: &Key) -> Detection {
    let secret = text.get(sighting.secret.clone()).unwrap_or_default();
    Detection {
        detector: sighting.detector,
        region: locator.region(&sighting.secret).0,
        preview: secrets::preview(secret),
        secret: secrets::fingerprint(key, secret),
    }
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
        fixable: None,
        change: None,
    }
}

fn message(slot: &Slot<'_>, own: String) -> String {
    slot.instance.message.clone().unwrap_or(own)
}
