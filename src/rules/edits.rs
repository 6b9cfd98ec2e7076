//! The places that one fix changes, as they are found from the start of a file to its end; and in which files blanks are
//! content.

use crate::finding::{Change, Edit};
use std::ops::Range;

/// Beyond so many places, one edit from the first of them to the last takes their place: a text of nothing but wrong line
/// ends must not fill the memory with edits.
const MOST: usize = 1 << 16;

/// Extensions of files that quote other texts, or in which a blank at the end of a line is a value.
const VERBATIM: &[&str] = &[
    "patch", "diff", "rej", "csv", "tsv", "tab", "snap", "golden", "eml", "mbox",
];

/// Places of a text, ascending, none of which touches another.
#[derive(Default)]
pub(super) struct Edits {
    list: Vec<(Range<usize>, Vec<u8>)>,
    /// All of `list` and what was between, once there were too many.
    long: Option<(Range<usize>, Vec<u8>)>,
}

impl Edits {
    /// Puts `text` in the place of `range`, which does not begin before the end of the one before it. One that touches that
    /// is made one with it; one that changes nothing is left out.
    pub(super) fn replace(&mut self, bytes: &[u8], range: Range<usize>, text: &[u8]) {
        if bytes[range.clone()] == *text {
            return;
        }
        if let Some((place, long)) = &mut self.long {
            append(bytes, place, long, range, text);
        } else if let Some((last, before)) = self.list.last_mut()
            && last.end == range.start
        {
            last.end = range.end;
            before.extend_from_slice(text);
        } else {
            self.list.push((range, text.to_vec()));
        }
        if self.list.len() > MOST {
            let mut all = std::mem::take(&mut self.list).into_iter();
            if let Some((mut place, mut long)) = all.next() {
                for (range, text) in all {
                    append(bytes, &mut place, &mut long, range, &text);
                }
                self.long = Some((place, long));
            }
        }
    }

    /// All of it as one change.
    pub(super) fn finish(self) -> Change {
        let all = self.long.into_iter().chain(self.list);
        Change::Edits(all.map(|(range, text)| Edit::new(range, text)).collect())
    }
}

fn append(
    bytes: &[u8],
    place: &mut Range<usize>,
    long: &mut Vec<u8>,
    range: Range<usize>,
    text: &[u8],
) {
    long.extend_from_slice(&bytes[place.end..range.start]);
    long.extend_from_slice(text);
    place.end = range.end;
}

/// Whether blanks and line ends may be content in a file of this name: in a patch they belong to the text that is patched.
pub(super) fn is_verbatim(name: &[u8]) -> bool {
    has_extension(name, VERBATIM)
}

/// Whether a name ends in one of these extensions (without dot, lower case).
pub(super) fn has_extension(name: &[u8], extensions: &[&str]) -> bool {
    let dot = memchr::memrchr(b'.', name);
    dot.is_some_and(|dot| {
        let extension = &name[dot + 1..];
        extensions
            .iter()
            .any(|it| extension.eq_ignore_ascii_case(it.as_bytes()))
    })
}

#[cfg(test)]
mod tests {
    use super::super::trial::apply;
    use super::*;

    #[test]
    fn what_touches_is_one_and_what_changes_nothing_is_none() {
        let bytes = b"abcdef";
        let mut edits = Edits::default();
        edits.replace(bytes, 0..1, b"x");
        edits.replace(bytes, 1..1, b"y");
        edits.replace(bytes, 2..3, b"c");
        edits.replace(bytes, 4..5, b"");
        let change = edits.finish();
        let expected = [Edit::new(0..1, *b"xy"), Edit::delete(4..5)];
        assert_eq!(change, Change::Edits(expected.to_vec()));
        assert_eq!(apply(bytes, &change), b"xybcdf");
    }

    #[test]
    fn too_many_places_are_one() {
        let bytes = b"a\n".repeat(MOST + 10);
        let mut edits = Edits::default();
        for at in 0..MOST + 10 {
            edits.replace(&bytes, 2 * at + 1..2 * at + 1, b"\r");
        }
        let change = edits.finish();
        assert!(matches!(&change, Change::Edits(list) if list.len() == 1));
        assert_eq!(apply(&bytes, &change), b"a\r\n".repeat(MOST + 10));
    }

    #[test]
    fn files_that_quote_others() {
        assert!(is_verbatim(b"a.PATCH") && is_verbatim(b"a.b.tsv"));
        assert!(!is_verbatim(b"patch") && !is_verbatim(b"a.txt"));
    }
}
