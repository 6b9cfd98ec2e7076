//! Keeps a hostile file from filling the memory with findings: lists them up to a limit, and never drops the
//! rest without saying how many there are; clips what a message quotes.

use super::edits::Edits;
use crate::finding::{Change, Edit, Found, Safety, Sighting};
use std::borrow::Cow;
use std::num::NonZeroUsize;
use std::ops::Range;

/// The limit where a policy sets none: far beyond what a person reads.
pub(super) const DEFAULT_MAX_FINDINGS: NonZeroUsize = NonZeroUsize::MIN.saturating_add(99_999);

/// Findings of one rule in one file.
pub(super) struct Listing<'f> {
    found: &'f mut Found,
    room: usize,
    first_unlisted: Option<Range<usize>>,
    unlisted: u64,
    /// Of the unlisted: how many can be fixed, how surely, and how.
    unlisted_fixes: (u64, Option<Safety>, Edits),
}

impl<'f> Listing<'f> {
    /// Room for `max` findings.
    pub(super) fn new(found: &'f mut Found, max: NonZeroUsize) -> Self {
        Self {
            found,
            room: max.get(),
            first_unlisted: None,
            unlisted: 0,
            unlisted_fixes: (0, None, Edits::default()),
        }
    }

    /// Adds a finding at these byte offsets. The message is made only if there is room.
    pub(super) fn add(&mut self, bytes: Range<usize>, message: impl FnOnce() -> String) {
        self.add_credential(bytes, [], message);
    }

    /// Adds a finding about a credential, with what the detectors saw.
    pub(super) fn add_credential(
        &mut self,
        bytes: Range<usize>,
        sightings: impl IntoIterator<Item = Sighting>,
        message: impl FnOnce() -> String,
    ) {
        if self.room > 0 {
            self.room -= 1;
            let sightings = sightings.into_iter().collect();
            self.found.credential(bytes, sightings, message());
        } else {
            self.unlisted += 1;
            self.first_unlisted.get_or_insert(bytes);
        }
    }

    /// The finding that was added last, which had room, can be fixed.
    pub(super) fn fix_all(&mut self, safety: Safety, change: impl FnOnce() -> Change) {
        debug_assert!(self.first_unlisted.is_none());
        self.found.fix(safety, change);
    }

    /// The finding that was added last can be fixed by one edit of `text`. Those that had no room are fixed together.
    pub(super) fn fix(&mut self, text: &[u8], safety: Safety, edit: impl FnOnce() -> Edit) {
        let in_change = |edit: Edit| {
            let mut edits = Edits::default();
            edits.replace(text, edit.range, &edit.text);
            edits.finish()
        };
        if self.first_unlisted.is_none() {
            self.found.fix(safety, || in_change(edit()));
            return;
        }
        let (count, worst, edits) = &mut self.unlisted_fixes;
        *count += 1;
        *worst = (*worst).max(Some(safety));
        if self.found.wants_changes() {
            let edit = edit();
            edits.replace(text, edit.range, &edit.text);
        }
    }

    /// Says how many findings had no room, at the place of the first of them.
    pub(super) fn finish(self) {
        let Self {
            found,
            unlisted,
            unlisted_fixes: (fixes, safety, edits),
            ..
        } = self;
        if let Some(bytes) = self.first_unlisted {
            found.at(
                bytes,
                format!("{unlisted} more of these in this file, from here on; the limit of findings a file is `max_findings`"),
            );
            if let (true, Some(safety)) = (fixes == unlisted, safety) {
                found.fix(safety, || edits.finish());
            }
        }
    }
}

/// The text, or its first `most` characters and `…`.
pub(super) fn clipped(text: &str, most: usize) -> Cow<'_, str> {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &text[..end]).into(),
        None => text.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Place;

    #[test]
    fn what_has_no_room_is_counted_at_the_first_of_it() {
        let mut found = Found::default();
        let mut listing = Listing::new(&mut found, NonZeroUsize::MIN);
        for at in 0..4 {
            listing.add(at..at + 1, || format!("finding {at}"));
        }
        listing.finish();
        let drafts: Vec<_> = found.drain().collect();
        assert_eq!(drafts.len(), 2);
        assert_eq!(drafts[0].message, "finding 0");
        assert_eq!(drafts[1].place, Place::Bytes(1..2));
        assert!(
            drafts[1].message.starts_with("3 more "),
            "{}",
            drafts[1].message
        );
    }

    #[test]
    fn clipping_counts_characters() {
        assert_eq!(clipped("äöü", 3), "äöü");
        assert_eq!(clipped("äöü", 2), "äö…");
    }

    #[test]
    fn nothing_is_added_when_all_had_room() {
        let mut found = Found::default();
        let mut listing = Listing::new(&mut found, NonZeroUsize::MIN);
        listing.add(0..1, || "only".into());
        listing.finish();
        assert_eq!(found.len(), 1);
    }
}
