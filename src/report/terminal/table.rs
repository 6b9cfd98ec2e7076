//! Columns of text.

use crate::report::encode::{LogLine, visible};
use anstyle::Style;
use std::io::{self, Write};
use unicode_width::UnicodeWidthStr as _;

/// How a column is set.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Align {
    Left,
    Right,
}

/// Rows of cells with their styles; every row has one cell for each column.
pub(super) struct Table<const COLUMNS: usize> {
    aligns: [Align; COLUMNS],
    rows: Vec<[(Style, String); COLUMNS]>,
}

impl<const COLUMNS: usize> Table<COLUMNS> {
    pub(super) fn new(aligns: [Align; COLUMNS]) -> Self {
        Self {
            aligns,
            rows: Vec::new(),
        }
    }

    pub(super) fn row(&mut self, cells: [(Style, &str); COLUMNS]) {
        self.rows
            .push(cells.map(|(style, text)| (style, visible(text).into_owned())));
    }

    /// Writes all rows, indented, two spaces between columns, nothing after the last text of a line.
    pub(super) fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        let mut widths = [0; COLUMNS];
        for row in &self.rows {
            for (width, (_, text)) in widths.iter_mut().zip(row) {
                *width = (*width).max(text.width());
            }
        }
        for row in &self.rows {
            let mut line = LogLine::new();
            let last = row
                .iter()
                .rposition(|(_, text)| !text.is_empty())
                .unwrap_or(0);
            for (column, (style, text)) in row.iter().enumerate().take(last + 1) {
                let padding = " ".repeat(widths[column] - text.width());
                line = line.text("  ");
                line = match self.aligns[column] {
                    Align::Left if column == last => line.styled(*style, text),
                    Align::Left => line.styled(*style, text).text(&padding),
                    Align::Right => line.text(&padding).styled(*style, text),
                };
            }
            line.write(out)?;
        }
        Ok(())
    }
}
