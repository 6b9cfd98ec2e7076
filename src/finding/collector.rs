//! The collector a rule writes to. It belongs to one rule on one path (or one tree), so that a rule
//! can neither mislabel a finding nor forget what it counted.

use super::{Change, Safety, Subject};
use std::ops::Range;
use std::sync::Arc;

/// Where a draft is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// The path as a whole.
    Whole,
    /// Byte offsets into the content that was given to the rule. The engine turns them into a region.
    Bytes(Range<usize>),
}

/// A finding as the rule states it, before the engine adds rule, severity, region, excerpt and fingerprint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// The path, if it is not the one that the rule was given.
    pub path: Option<Box<[u8]>>,
    /// What the path stands for.
    pub subject: Subject,
    /// Where it is.
    pub place: Place,
    /// One sentence, no full stop; may hold untrusted text, which every sink encodes.
    pub message: String,
    /// If it is about a credential: all that saw one there, the one that is reported first.
    pub sightings: Vec<Sighting>,
    /// Whether the rule has a fix for it.
    pub fixable: Option<Safety>,
    /// The fix, if fixes are asked for.
    pub change: Option<Box<Change>>,
}

/// A credential that a detector saw. It is told by its place alone, so that its text goes nowhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sighting {
    /// The detector's id.
    pub detector: Arc<str>,
    /// Where the credential itself is: offsets into the content that was given to the rule.
    pub secret: Range<usize>,
}

/// Collects the findings of one rule.
#[derive(Default)]
pub struct Found {
    drafts: Vec<Draft>,
    requirements: u64,
    wants_changes: bool,
}

impl Found {
    /// A collector that also asks rules for their fixes; the plain one only learns that there is one.
    pub fn with_changes() -> Self {
        Self {
            wants_changes: true,
            ..Self::default()
        }
    }

    /// Whether rules are asked for their fixes: one that would have to work for them need not otherwise.
    pub fn wants_changes(&self) -> bool {
        self.wants_changes
    }

    /// The rule can fix the violation that it reported last. `change` is called only if fixes are asked for; what it
    /// answers makes that violation go away, and no other come.
    pub fn fix(&mut self, safety: Safety, change: impl FnOnce() -> Change) {
        if let Some(draft) = self.drafts.last_mut() {
            draft.fixable = Some(safety);
            draft.change = self.wants_changes.then(|| Box::new(change()));
        }
    }

    /// The path that the rule was given is in violation as a whole.
    pub fn whole(&mut self, message: impl Into<String>) {
        self.push(None, Subject::File, Place::Whole, message.into());
    }

    /// A place in the content is in violation; `bytes` are offsets into the content given to the rule.
    /// An empty range marks a position.
    pub fn at(&mut self, bytes: Range<usize>, message: impl Into<String>) {
        self.push(None, Subject::File, Place::Bytes(bytes), message.into());
    }

    /// A credential is at this place; the first of the sightings is the one that is reported, the others saw the same.
    pub fn credential(
        &mut self,
        bytes: Range<usize>,
        sightings: Vec<Sighting>,
        message: impl Into<String>,
    ) {
        self.at(bytes, message);
        if let Some(draft) = self.drafts.last_mut() {
            draft.sightings = sightings;
        }
    }

    /// Another path is in violation: for whole-tree rules, and for directories.
    pub fn on(&mut self, path: &[u8], subject: Subject, message: impl Into<String>) {
        self.push(Some(path.into()), subject, Place::Whole, message.into());
    }

    /// A place in another path is in violation; `bytes` are offsets into that path's content.
    pub fn on_at(&mut self, path: &[u8], bytes: Range<usize>, message: impl Into<String>) {
        let place = Place::Bytes(bytes);
        self.push(Some(path.into()), Subject::File, place, message.into());
    }

    /// Takes over a finding of another collector, which asked for fixes just as this one does.
    pub fn adopt(&mut self, draft: Draft) {
        self.drafts.push(draft);
    }

    /// States that `count` required things were looked for; they enter the compliance score.
    pub fn looked_for(&mut self, count: u64) {
        self.requirements += count;
    }

    /// The number of findings so far.
    pub fn len(&self) -> usize {
        self.drafts.len()
    }

    /// Whether nothing was found so far.
    pub fn is_empty(&self) -> bool {
        self.drafts.is_empty()
    }

    /// The number of required things looked for since this was asked last.
    pub fn take_requirements(&mut self) -> u64 {
        std::mem::take(&mut self.requirements)
    }

    /// Takes all drafts out, in the order in which they were reported.
    pub fn drain(&mut self) -> std::vec::Drain<'_, Draft> {
        self.drafts.drain(..)
    }

    fn push(&mut self, path: Option<Box<[u8]>>, subject: Subject, place: Place, message: String) {
        self.drafts.push(Draft {
            path,
            subject,
            place,
            message,
            sightings: Vec::new(),
            fixable: None,
            change: None,
        });
    }
}
