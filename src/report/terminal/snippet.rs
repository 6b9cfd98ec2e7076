//! A source line and the underline below it.

use crate::finding::{Excerpt, Region};
use crate::report::encode;
use unicode_width::UnicodeWidthChar;

/// The widest source text shown, in terminal columns.
const WIDEST: usize = 100;
/// How much of a long line stays visible before its region.
const LEAD: usize = 24;

/// A source line as it is shown, and where its underline goes.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Snippet {
    /// The line; nothing in it moves the cursor.
    pub(super) text: String,
    /// Terminal columns before the underline.
    pub(super) indent: usize,
    /// Terminal columns under which the underline goes; at least 1.
    pub(super) width: usize,
}

/// One character of the source as it is shown, and the columns it takes.
struct Cell {
    shown: String,
    width: usize,
}

/// Lays out the first line of `region`.
pub(super) fn snippet(excerpt: &Excerpt, region: Region) -> Snippet {
    let cells = cells(&excerpt.text);
    let index = |column: u32| {
        let index = column.saturating_sub(excerpt.first_column) as usize;
        index.min(cells.len())
    };
    let start = index(region.column);
    let end = if region.end_line > region.line {
        cells.len()
    } else {
        index(region.end_column).max(start)
    };
    let (from, to) = window(&cells, start);
    let cut_left = from > 0 || excerpt.first_column > 1;
    let mut text = String::from(if cut_left { "…" } else { "" });
    text.extend(cells[from..to].iter().map(|cell| cell.shown.as_str()));
    if to < cells.len() {
        text.push('…');
    }
    Snippet {
        text: text.trim_end().to_owned(),
        indent: usize::from(cut_left) + columns(&cells[from..start]),
        width: columns(&cells[start..end.min(to).max(start)]).max(1),
    }
}

/// The cells to show, as a range: all of them, or as many as fit around the region's start.
fn window(cells: &[Cell], start: usize) -> (usize, usize) {
    let mut from = 0;
    if columns(cells) > WIDEST && columns(&cells[..start]) > WIDEST / 2 {
        from = start;
        let mut lead = 0;
        while from > 0 && lead < LEAD {
            from -= 1;
            lead += cells[from].width;
        }
    }
    let mut used = 0;
    let shown = cells[from..].iter().take_while(|cell| {
        used += cell.width;
        used <= WIDEST
    });
    let to = from + shown.count();
    (from, to.max(start))
}

fn columns(cells: &[Cell]) -> usize {
    cells.iter().map(|cell| cell.width).sum()
}

fn cells(text: &str) -> Vec<Cell> {
    // Broken here already, so that the underline knows of the added character.
    let breaks = encode::command_breaks(text);
    text.char_indices()
        .map(|(at, character)| {
            let mut shown = String::new();
            if breaks.binary_search(&at).is_ok() {
                shown.push('\\');
            }
            if character == '\t' {
                shown.push_str("    ");
            } else {
                encode::push_visible(&mut shown, character);
            }
            let width = shown.chars().filter_map(UnicodeWidthChar::width).sum();
            Cell { shown, width }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The snippet drawn on two lines.
    fn drawn(text: &str, first_column: u32, columns: std::ops::Range<u32>) -> String {
        let excerpt = Excerpt {
            text: text.into(),
            first_column,
        };
        let region = Region {
            line: 1,
            column: columns.start,
            end_line: 1,
            end_column: columns.end,
        };
        let snippet = snippet(&excerpt, region);
        format!(
            "|{}\n|{}{}",
            snippet.text,
            " ".repeat(snippet.indent),
            "^".repeat(snippet.width)
        )
    }

    #[test]
    fn tabs_wide_characters_and_controls_keep_the_underline_in_place() {
        insta::assert_snapshot!(drawn("\tx = y", 1, 2..3), @r"
        |    x = y
        |    ^
        ");
        insta::assert_snapshot!(drawn("漢字 = y", 1, 6..7), @r"
        |漢字 = y
        |       ^
        ");
        assert_eq!(drawn("e\u{301}x", 1, 3..4), "|e\u{301}x\n| ^");
        insta::assert_snapshot!(drawn("a\u{1b}[31mb", 1, 2..3), @r"
        |a\x1b[31mb
        | ^^^^
        ");
        insta::assert_snapshot!(drawn("##[group]x", 1, 10..11), @r"
        |##\[group]x
        |          ^
        ");
    }

    #[test]
    fn trailing_space_and_the_end_of_the_line_can_be_marked() {
        insta::assert_snapshot!(drawn("let a;  ", 1, 7..9), @r"
        |let a;
        |      ^^
        ");
        insta::assert_snapshot!(drawn("let a;", 1, 7..7), @r"
        |let a;
        |      ^
        ");
        insta::assert_snapshot!(drawn("", 1, 1..1), @r"
        |
        |^
        ");
    }

    #[test]
    fn a_clipped_line_says_so_and_shows_the_region() {
        insta::assert_snapshot!(drawn("tail of a line", 90, 95..97), @r"
        |…tail of a line
        |      ^^
        ");
        let long = format!("{}KEY{}", "a".repeat(300), "b".repeat(300));
        insta::assert_snapshot!(drawn(&long, 1, 301..304), @r"
        |…aaaaaaaaaaaaaaaaaaaaaaaaKEYbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb…
        |                         ^^^
        ");
        insta::assert_snapshot!(drawn(&"w".repeat(300), 1, 2..290), @r"
        |wwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwww…
        | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
        ");
    }

    #[test]
    fn a_region_over_several_lines_marks_the_rest_of_the_first() {
        let excerpt = Excerpt {
            text: "<<<<<<< HEAD".into(),
            first_column: 1,
        };
        let region = Region {
            line: 3,
            column: 1,
            end_line: 9,
            end_column: 2,
        };
        assert_eq!(snippet(&excerpt, region).width, 12);
    }

    proptest::proptest! {
        #[test]
        fn any_place_in_any_text_can_be_drawn(
            text in proptest::prelude::any::<String>(), first in 0_u32..50, line in 0_u32..3, column in 0_u32..400, end in 0_u32..400
        ) {
            let excerpt = Excerpt { text, first_column: first };
            let shown = snippet(&excerpt, Region { line: 1, column, end_line: line, end_column: end });
            proptest::prop_assert!(shown.width >= 1);
            proptest::prop_assert!(shown.indent <= 2 * WIDEST);
            proptest::prop_assert!(!shown.text.chars().any(char::is_control));
        }
    }
}
