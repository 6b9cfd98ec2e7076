//! The keys of the objects that are open, and which of them occur twice.

use super::string;
use crate::syntax::report::{GaveUp, Report, quote};
use std::borrow::Cow;
use std::ops::Range;

/// Up to here, comparing all with all is faster than sorting.
const FEW: usize = 12;

/// A key as it is written.
struct Key {
    /// With its quotes.
    bytes: Range<usize>,
    /// Without its quotes.
    inside: Range<usize>,
    has_escapes: bool,
}

/// Keys of all open objects, the innermost object's last.
#[derive(Default)]
pub(super) struct Keys {
    all: Vec<Key>,
}

impl Keys {
    /// Where the keys of an object that opens now begin.
    pub(super) fn mark(&self) -> usize {
        self.all.len()
    }

    /// A key of the innermost object.
    #[inline]
    pub(super) fn push(&mut self, bytes: Range<usize>, inside: Range<usize>, has_escapes: bool) {
        self.all.push(Key {
            bytes,
            inside,
            has_escapes,
        });
    }

    /// Ends the object whose keys begin at `mark`.
    pub(super) fn close(
        &mut self,
        mark: usize,
        text: &[u8],
        report: &mut Report,
    ) -> Result<(), GaveUp> {
        let keys = &self.all[mark..];
        let result = if keys.len() > FEW || keys.iter().any(|key| key.has_escapes) {
            sorted(keys, text, report)
        } else {
            pairwise(keys, text, report)
        };
        self.all.truncate(mark);
        result
    }
}

fn pairwise(keys: &[Key], text: &[u8], report: &mut Report) -> Result<(), GaveUp> {
    for (number, key) in keys.iter().enumerate().skip(1) {
        let name = &text[key.inside.clone()];
        let first = keys[..number]
            .iter()
            .find(|other| other.inside.len() == name.len() && &text[other.inside.clone()] == name);
        if let Some(first) = first {
            duplicate(key, first, name, report)?;
        }
    }
    Ok(())
}

fn sorted(keys: &[Key], text: &[u8], report: &mut Report) -> Result<(), GaveUp> {
    let mut names: Vec<(Cow<'_, [u8]>, &Key)> =
        keys.iter().map(|key| (key.name(text), key)).collect();
    names.sort_unstable_by(|a, b| (&a.0, a.1.bytes.start).cmp(&(&b.0, b.1.bytes.start)));
    let mut doubles = Vec::new();
    for group in names.chunk_by(|a, b| a.0 == b.0) {
        let [(_, first), rest @ ..] = group else {
            continue;
        };
        doubles.extend(rest.iter().map(|(name, key)| (*key, *first, name)));
    }
    doubles.sort_unstable_by_key(|(key, ..)| key.bytes.start);
    for (key, first, name) in doubles {
        duplicate(key, first, name, report)?;
    }
    Ok(())
}

fn duplicate(key: &Key, first: &Key, name: &[u8], report: &mut Report) -> Result<(), GaveUp> {
    let message = format!("duplicate key {}: it is already set in", quote(name));
    report.add_duplicate(key.bytes.clone(), message, Some(first.bytes.start))
}

impl Key {
    fn name<'t>(&self, text: &'t [u8]) -> Cow<'t, [u8]> {
        let raw = &text[self.inside.clone()];
        if self.has_escapes {
            Cow::Owned(string::unescape(raw))
        } else {
            Cow::Borrowed(raw)
        }
    }
}
