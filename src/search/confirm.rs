//! From the places of a pattern's literals to its matches: the expression is run where a match can be, and nowhere else,
//! and finds what it would find in the whole text.

use super::shape::Shape;
use regex::bytes::Regex;
use std::ops::Range;

/// What `$`, `\b` and the like may look at beside a match: one character.
pub(super) const LOOK: usize = 4;
/// Windows so near to each other are one: beginning a search anew costs more than the bytes between them.
const NEAR: usize = 64;

/// Where matches around literals can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Window {
    pub(super) pattern: u32,
    /// The first and the last offset at which they can begin.
    first: usize,
    last: usize,
    /// Behind this offset none of them ends. `usize::MAX`: anywhere.
    end: usize,
}

impl Window {
    /// Around one place of one of the pattern's literals; `None` if no match can be there.
    pub(super) fn around(
        pattern: u32,
        shape: &Shape,
        literal: u32,
        place: Range<usize>,
    ) -> Option<Self> {
        let reach = (*shape.reaches.get(literal as usize)?)?;
        let first = reach
            .before
            .most
            .map_or(0, |most| place.start.saturating_sub(most));
        let last = place.start.checked_sub(reach.before.least)?;
        let end = match (&shape.head, reach.after.most) {
            (Some(head), _) => last.saturating_add(head.most),
            (None, Some(most)) => place.end.saturating_add(most),
            (None, None) => usize::MAX,
        };
        Some(Self {
            pattern,
            first,
            last,
            end,
        })
    }

    /// Takes the other window of the same pattern in, if it is near. Between the two no match begins, so that nothing
    /// is found that neither would find.
    pub(super) fn take_in(&mut self, other: &Self) -> bool {
        let near = other.first <= self.end.saturating_add(NEAR)
            && self.first <= other.end.saturating_add(NEAR);
        if near {
            self.first = self.first.min(other.first);
            self.last = self.last.max(other.last);
            self.end = self.end.max(other.end);
        }
        near
    }
}

/// The text and the part of it in which matches are wanted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Field<'a> {
    pub(super) text: &'a [u8],
    /// No match may begin before. Everything before is looked at as context only.
    pub(super) from: usize,
    /// No match is wanted that begins here or later.
    pub(super) to: usize,
}

enum Next {
    Found(Range<usize>),
    NotInWindow,
    NoMore,
}

/// Tells the matches to be found in the windows, which are all windows of one pattern in ascending order. Returns how
/// many bytes the expressions were run over: to the match's end where there is one, else to the end of what they saw.
pub(super) fn confirm(
    windows: &[Window],
    regex: &Regex,
    shape: &Shape,
    field: Field<'_>,
    mut found: impl FnMut(Range<usize>),
) -> usize {
    let mut looked_at = 0;
    let mut at = field.from;
    let mut rest = windows;
    while let Some((&first, after)) = rest.split_first() {
        let mut window = first;
        let near = after.iter().take_while(|next| window.take_in(next)).count();
        rest = &after[near..];
        at = at.max(window.first);
        while at <= window.last && at < field.to {
            match next(regex, shape, (field.text, at), &window, &mut looked_at) {
                Next::Found(range) if range.start < field.to => {
                    at = range.end.max(at + 1);
                    found(range);
                }
                Next::NotInWindow => break,
                Next::Found(_) | Next::NoMore => return looked_at,
            }
        }
    }
    looked_at
}

/// The first match that begins at `at` or later, and in the window or before the next one.
fn next(
    regex: &Regex,
    shape: &Shape,
    (text, at): (&[u8], usize),
    window: &Window,
    looked_at: &mut usize,
) -> Next {
    let mut find = |regex: &Regex, text: &[u8], at: usize| {
        let found = regex.find_at(text, at).map(|found| found.range());
        *looked_at += found.as_ref().map_or(text.len(), |range| range.end) - at;
        found
    };
    if window.end == usize::MAX {
        return find(regex, text, at).map_or(Next::NoMore, Next::Found);
    }
    let end = window.end.saturating_add(LOOK).min(text.len());
    if at > end {
        return Next::NotInWindow;
    }
    let near = &text[..end];
    let Some(head) = &shape.head else {
        return find(regex, near, at)
            .filter(|found| found.start <= window.last)
            .map_or(Next::NotInWindow, Next::Found);
    };
    match find(&head.regex, near, at) {
        Some(found) if found.start <= window.last => {
            find(regex, text, found.start).map_or(Next::NoMore, Next::Found)
        }
        _ => Next::NotInWindow,
    }
}
