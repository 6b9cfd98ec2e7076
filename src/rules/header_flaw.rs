//! What is wrong with a header, and what would put it right.

use super::comment_style::CommentStyle;
use super::edits::has_extension;
use super::file_head::{self, Insertion};
use super::header_template::{YearForm, Years};
use super::listing::clipped;
use crate::finding::{Edit, Safety};
use std::ops::Range;

/// A file's name, its start, and where in that a header can begin.
pub(super) type Head<'t> = (&'t [u8], &'t [u8], usize);

/// Something that is wrong with a header.
pub(super) struct Flaw {
    pub(super) place: Range<usize>,
    pub(super) message: String,
    /// What would put it right, and how surely.
    pub(super) remedy: Option<(Safety, Edit)>,
}

impl Flaw {
    /// One that only a person can put right.
    pub(super) fn new(place: Range<usize>, message: String) -> Self {
        Self {
            place,
            message,
            remedy: None,
        }
    }

    /// No header, which the message shows. `header`: the lines that can be put in, if that is clear, and how surely.
    pub(super) fn missing(
        what: &str,
        style: &CommentStyle,
        (name, head, from): Head<'_>,
        (shown, header): (&str, Option<(Safety, String)>),
    ) -> Option<Self> {
        let insert = |lines: &str| file_head::insertion(style, name, head, lines);
        let Insertion { at, text } = insert(shown)?;
        debug_assert_eq!(at, from);
        let shown = clipped(text.trim(), 300);
        let mut flaw = Self::new(at..at, format!("{what}, expected here: {shown}"));
        flaw.remedy = header.and_then(|(safety, lines)| {
            // What closes the comment would make code of the rest.
            let is_closing = style.blocks.iter().any(|(_, close)| lines.contains(close));
            let text = insert(&lines).filter(|_| !is_closing)?.text;
            // Front matter has to come first, and only YAML is YAML all through.
            let is_front_matter =
                head[at..].starts_with(b"---") && !has_extension(name, &["yaml", "yml"]);
            let safety = if is_front_matter {
                Safety::Unsafe
            } else {
                safety
            };
            Some((safety, Edit::insert(at, text.into_bytes())))
        });
        Some(flaw)
    }

    /// The years at `place` end before `first`. With a year that is alone, a range begins; otherwise the last year moves.
    pub(super) fn outdated(
        place: &Range<usize>,
        (head, form): (&[u8], YearForm),
        (years, first): (Years, u16),
    ) -> Option<(Safety, Edit)> {
        let last = years.last?.to_string();
        let at = place.start + memchr::memmem::rfind(&head[place.clone()], last.as_bytes())?;
        let end = at + last.len();
        let before = head[place.start..at].trim_ascii_end();
        let is_range = before.ends_with(b"-") || before.ends_with("–".as_bytes());
        let edit = if is_range || form == YearForm::Single {
            Edit::new(at..end, first.to_string().into_bytes())
        } else {
            Edit::insert(end, format!("-{first}").into_bytes())
        };
        Some((Safety::Unsafe, edit))
    }
}

/// A template as the lines of a header, if nothing in it is left open.
pub(super) fn filled(template: &str, (form, first): (YearForm, Option<u16>)) -> Option<String> {
    let has_year = template.contains("{year}");
    let text = match first {
        Some(year) if form != YearForm::Range => template.replace("{year}", &year.to_string()),
        _ if has_year => return None,
        _ => template.to_owned(),
    };
    let is_clear = !text.contains("{any}") && !text.trim_end_matches('\n').contains('\r');
    is_clear.then(|| text.trim_matches('\n').to_owned())
}

/// A text with an edit made.
pub(super) fn with(text: &[u8], edit: &Edit) -> Vec<u8> {
    let (before, after) = (&text[..edit.range.start], &text[edit.range.end..]);
    [before, &edit.text, after].concat()
}
