//! All patterns of a set of rules, looked for together.

use super::confirm::{Field, Window, confirm};
use super::filter::Filter;
use super::pattern::Pattern;
use std::ops::Range;

/// Looks for a fixed list of patterns.
#[derive(Debug, Default)]
pub struct Searcher {
    patterns: Vec<Pattern>,
    filter: Filter,
    /// The patterns without a literal, ascending.
    alone: Vec<u32>,
}

/// What one thread keeps from search to search.
#[derive(Debug, Default)]
pub struct Desk {
    pub(super) windows: Vec<Window>,
    /// For each pattern the number of its last window in the list, counted from one.
    latest: Vec<u32>,
    pub(super) looked_at: usize,
}

impl Desk {
    /// How many bytes expressions were run over in the last search, bytes that were looked at again counted again.
    pub fn looked_at(&self) -> usize {
        self.looked_at
    }
}

/// What was found: for each pattern its matches, ascending and not overlapping, as the pattern alone would find them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Matches {
    /// Sorted by pattern, then by start.
    pub(super) found: Vec<(u32, Range<usize>)>,
    /// Matches that could not be seen to their end.
    pub(super) cut: Vec<(u32, usize)>,
}

impl Matches {
    /// The matches of the pattern with this number.
    pub fn of(&self, pattern: usize) -> impl ExactSizeIterator<Item = Range<usize>> + '_ {
        self.among(pattern..pattern.saturating_add(1))
            .iter()
            .map(|(_, range)| range.clone())
    }

    /// All matches of the patterns with these numbers: (number, range), by number, then by start.
    pub fn among(&self, patterns: Range<usize>) -> &[(u32, Range<usize>)] {
        let below = |limit: usize| {
            self.found
                .partition_point(|(number, _)| (*number as usize) < limit)
        };
        let (from, to) = (below(patterns.start), below(patterns.end));
        self.found.get(from..to).unwrap_or_default()
    }

    /// Where something begins that may be a match, or a longer one than was told, of which the end was not to be seen:
    /// (number, offset), by number. Only in segments.
    pub fn cut(&self) -> &[(u32, usize)] {
        &self.cut
    }
}

impl Searcher {
    /// Prepares the search. Takes time for each literal of the patterns, but compiles nothing.
    pub fn new(patterns: Vec<Pattern>) -> Self {
        let numbered = (0..).zip(&patterns);
        let alone = numbered.filter(|(_, pattern)| !pattern.has_literal());
        Self {
            alone: alone.map(|(number, _)| number).collect(),
            filter: Filter::new(&patterns),
            patterns,
        }
    }

    /// The patterns, by number.
    pub fn patterns(&self) -> &[Pattern] {
        &self.patterns
    }

    /// The numbers of the patterns that have no literal worth looking for: each of them is run over every text, which
    /// costs many times what all others together cost.
    pub fn unfiltered(&self) -> impl Iterator<Item = usize> + '_ {
        self.alone.iter().map(|number| *number as usize)
    }

    /// How many literals of the patterns stand in a text: what the filter lets through, for benchmarks.
    pub fn literals_met(&self, text: &[u8]) -> usize {
        let mut places = 0;
        self.filter.find(text, |_, _| places += 1);
        places
    }

    /// Finds all matches in a whole text.
    pub fn search(&self, text: &[u8], desk: &mut Desk) -> Matches {
        let field = Field {
            text,
            from: 0,
            to: usize::MAX,
        };
        let (mut found, mut looked_at) = (Vec::new(), 0);
        self.candidates(text, desk);
        self.each(&desk.windows, |number, pattern, windows| {
            let Some(regex) = pattern.regex() else {
                return;
            };
            let tell = |range| found.push((number, range));
            if windows.is_empty() {
                regex.find_iter(text).map(|one| one.range()).for_each(tell);
                looked_at += text.len();
            } else {
                looked_at += confirm(windows, regex, pattern.shape(), field, tell);
            }
        });
        desk.looked_at = looked_at;
        Matches {
            found,
            cut: Vec::new(),
        }
    }

    /// Puts the windows in which the patterns with literals can match on the desk, by pattern, then by place.
    pub(super) fn candidates(&self, text: &[u8], desk: &mut Desk) {
        let Desk {
            windows, latest, ..
        } = desk;
        windows.clear();
        if latest.len() < self.patterns.len() {
            latest.resize(self.patterns.len(), 0);
        }
        self.filter.find(text, |one, place| {
            let pattern = one.pattern as usize;
            let shape = self.patterns[pattern].shape();
            let Some(window) = Window::around(one.pattern, shape, one.literal, place) else {
                return;
            };
            let last = latest[pattern].checked_sub(1);
            let last = last.and_then(|last| windows.get_mut(last as usize));
            if !last.is_some_and(|last| last.take_in(&window)) {
                windows.push(window);
                latest[pattern] = u32::try_from(windows.len()).unwrap_or(0);
            }
        });
        for window in windows.iter() {
            latest[window.pattern as usize] = 0;
        }
        windows.sort_unstable();
    }

    /// Visits the patterns that may match, by number: those with windows, and without any those that have no literal.
    pub(super) fn each(&self, windows: &[Window], mut visit: impl FnMut(u32, &Pattern, &[Window])) {
        let mut alone = self.alone.iter().copied().peekable();
        for group in windows.chunk_by(|one, other| one.pattern == other.pattern) {
            let number = group[0].pattern;
            while let Some(before) = alone.next_if(|alone| *alone < number) {
                visit(before, &self.patterns[before as usize], &[]);
            }
            visit(number, &self.patterns[number as usize], group);
        }
        for number in alone {
            visit(number, &self.patterns[number as usize], &[]);
        }
    }
}
