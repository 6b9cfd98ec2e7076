//! All patterns of a set of rules, looked for together.

use super::pattern::Pattern;
use std::ops::Range;

/// Looks for a fixed list of patterns.
#[derive(Debug, Default)]
pub struct Searcher {
    patterns: Vec<Pattern>,
}

/// What one thread keeps from search to search.
#[derive(Debug, Default)]
pub struct Desk {}

/// For each pattern, the offset before which no further match may begin: how a search goes on in the next segment.
#[derive(Clone, Debug, Default)]
pub struct Resume(pub Vec<usize>);

/// What was found: for each pattern its matches, ascending and not overlapping, as the pattern alone would find them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Matches {
    /// Sorted by pattern, then by start.
    found: Vec<(u32, Range<usize>)>,
}

impl Matches {
    /// The matches of the pattern with this number.
    pub fn of(&self, pattern: usize) -> impl ExactSizeIterator<Item = Range<usize>> + '_ {
        let from = self
            .found
            .partition_point(|(number, _)| (*number as usize) < pattern);
        let to = self
            .found
            .partition_point(|(number, _)| (*number as usize) <= pattern);
        self.found[from..to].iter().map(|(_, range)| range.clone())
    }

    /// All matches of the patterns with these numbers: (number, range), by number, then by start.
    pub fn among(&self, patterns: Range<usize>) -> &[(u32, Range<usize>)] {
        let from = self
            .found
            .partition_point(|(number, _)| (*number as usize) < patterns.start);
        let to = self
            .found
            .partition_point(|(number, _)| (*number as usize) < patterns.end);
        &self.found[from..to]
    }
}

impl Searcher {
    /// Prepares the search.
    pub fn new(patterns: Vec<Pattern>) -> Self {
        Self { patterns }
    }

    /// The patterns, by number.
    pub fn patterns(&self) -> &[Pattern] {
        &self.patterns
    }

    /// Finds all matches in a whole text.
    pub fn search(&self, text: &[u8], _desk: &mut Desk) -> Matches {
        let mut found = Vec::new();
        for (number, pattern) in (0..).zip(&self.patterns) {
            let Some(regex) = pattern.regex() else {
                continue;
            };
            found.extend(regex.find_iter(text).map(|one| (number, one.range())));
        }
        Matches { found }
    }

    /// naive
    pub fn reach(&self) -> usize {
        64 << 10
    }

    /// naive
    pub fn search_segment(
        &self,
        text: &[u8],
        segment: &Segment,
        _resume: &mut Resume,
        desk: &mut Desk,
    ) -> Matches {
        let mut all = self.search(text, desk);
        all.found
            .retain(|(_, place)| segment.own.contains(&place.start));
        all
    }
}

impl Resume {
    /// naive
    pub fn advance(&mut self, _by: usize) {}
}

/// naive
#[derive(Clone, Debug)]
pub struct Segment {
    /// naive
    pub is_first: bool,
    /// naive
    pub is_last: bool,
    /// naive
    pub own: Range<usize>,
}
