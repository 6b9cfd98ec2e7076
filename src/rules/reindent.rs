//! The same indentation by other blanks, and where it is sure that it means nothing.

use super::comment_style::CommentStyle;
use super::comments::comments;
use super::edits::has_extension;
use super::indents::{Line, Lines};
use crate::finding::{Edit, Safety};
use crate::syntax::{self, MistakeKind, Notation};
use memchr::memmem;
use std::cell::OnceCell;
use std::num::NonZeroU32;
use std::ops::Range;

/// The widest tab that is converted: a wider one would make gigabytes of a few tabs.
const WIDEST: u32 = 16;

/// Extensions of languages in which the blanks at the start of a line mean nothing, and no string goes over lines unless one of
/// [`LONG`] is in the text.
const CALM: &[&str] = &[
    "c", "h", "cc", "hh", "cpp", "hpp", "cxx", "hxx", "java", "js", "mjs", "cjs", "ts", "go", "css",
];

/// What begins a string over lines in one of those languages, or lets one go on.
const LONG: &[&str] = &["`", "\"\"\"", "'''", "R\"", "\\\n", "\\\r\n"];

/// What the lines of a file can be converted by.
pub(super) struct Reindent<'t> {
    bytes: &'t [u8],
    name: &'t [u8],
    language: Option<&'static CommentStyle>,
    /// Columns from one tab stop to the next.
    tab: usize,
    /// Nothing if the file is none of a calm language, or else its comments.
    comments: OnceCell<Option<Vec<Range<usize>>>>,
}

impl<'t> Reindent<'t> {
    /// Nothing if the width of a tab is not known.
    pub(super) fn new(
        (name, bytes): (&'t [u8], &'t [u8]),
        language: Option<&'static CommentStyle>,
        tab: Option<NonZeroU32>,
    ) -> Option<Self> {
        let tab = tab.filter(|it| it.get() <= WIDEST)?;
        Some(Self {
            bytes,
            name,
            language,
            tab: tab.get() as usize,
            comments: OnceCell::new(),
        })
    }

    /// The column after these blanks.
    fn columns(&self, indent: &[u8]) -> usize {
        indent.iter().fold(0, |column, byte| match byte {
            b'\t' => column - column % self.tab + self.tab,
            _ => column + 1,
        })
    }

    /// The line indented by spaces.
    pub(super) fn by_spaces(&self, line: &Line<'_>) -> Edit {
        Edit::new(line.place(), vec![b' '; self.columns(line.indent)])
    }

    /// The line indented by tabs, if it stands at a tab stop.
    pub(super) fn by_tabs(&self, line: &Line<'_>) -> Option<Edit> {
        let columns = self.columns(line.indent);
        let tabs = vec![b'\t'; columns / self.tab];
        columns
            .is_multiple_of(self.tab)
            .then(|| Edit::new(line.place(), tabs))
    }

    /// Whether some line would be indented by another step than `size` after the line that opens its block, once tabs are
    /// spaces.
    pub(super) fn makes_odd_steps(&self, size: usize) -> bool {
        let mut before: Option<Line<'_>> = None;
        Lines::new(self.bytes, self.language).any(|line| {
            let opener = before.replace(line);
            opener.is_some_and(|opener| {
                let has_tabs = line.indent.contains(&b'\t') || opener.indent.contains(&b'\t');
                let columns = self.columns(line.indent);
                let step = columns.saturating_sub(self.columns(opener.indent));
                has_tabs && opener.begins(&line) && !step.is_multiple_of(size)
            })
        })
    }

    /// How sure it is that the blanks before this line mean nothing: they are in no string and no comment.
    pub(super) fn safety(&self, line: &Line<'_>) -> Safety {
        let comments = self.comments.get_or_init(|| self.is_calm());
        let is_safe = comments.as_ref().is_some_and(|all| {
            let next = all.partition_point(|comment| comment.end <= line.start);
            all.get(next)
                .is_none_or(|comment| comment.start >= line.start)
        });
        if is_safe {
            Safety::Safe
        } else {
            Safety::Unsafe
        }
    }

    fn is_calm(&self) -> Option<Vec<Range<usize>>> {
        if has_extension(self.name, &["json"]) {
            let mistakes = syntax::check(self.bytes, Notation::Json);
            let is_json = mistakes.iter().all(|it| it.kind != MistakeKind::Syntax);
            return is_json.then(Vec::new);
        }
        let is_long = |text: &&str| memmem::find(self.bytes, text.as_bytes()).is_some();
        let language = self.language?;
        let is_calm = has_extension(self.name, CALM) && !LONG.iter().any(is_long);
        is_calm.then(|| comments(language, self.bytes))
    }
}
