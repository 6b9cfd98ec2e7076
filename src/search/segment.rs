//! Searching a file too big to be held in memory, one piece after the other, with the result of searching it as a whole.

use super::confirm::{Field, LOOK, confirm};
use super::pattern::Pattern;
use super::searcher::{Desk, Matches, Searcher};
use regex::bytes::Regex;
use regex_automata::hybrid::dfa::{Cache, DFA};
use regex_automata::util::{start, syntax};
use regex_automata::{Anchored, nfa::thompson};
use std::ops::Range;

/// Wider matches are not promised to be found whole across segments.
const MOST_REACH: usize = 1 << 16;
/// How many times the bytes of a segment may be looked at to tell what was cut off at its end.
const MOST_PASSES: usize = 4;

/// A piece of a file, with context.
#[derive(Clone, Debug)]
pub struct Segment<'a> {
    /// What is at hand of the file.
    pub text: &'a [u8],
    /// The offset of the text in the file.
    pub offset: u64,
    /// The part of the text whose matches are wanted: those that begin in it. Before it stand at least
    /// [`Searcher::reach`] bytes or the file's start, behind it at least as many or the file's end. The segments' own
    /// parts follow one another without a gap.
    pub own: Range<usize>,
    /// The text goes on to the end of the file.
    pub last: bool,
}

/// For each pattern where its last match ended, as an offset in the file: how a search goes on in the next segment.
#[derive(Clone, Debug, Default)]
pub struct Resume(Vec<Option<u64>>);

impl Searcher {
    /// How many bytes before and behind its own part a segment needs: matches of at most so many bytes are found
    /// whole. Of wider ones it is told where they begin, by [`Matches::cut`]. Reads all patterns.
    pub fn reach(&self) -> usize {
        let width = |pattern: &Pattern| pattern.shape().width.most.unwrap_or(usize::MAX);
        let widest = self.patterns().iter().map(width).max().unwrap_or(0);
        widest.min(MOST_REACH) + LOOK
    }

    /// Finds the matches that begin in the segment's own part. All segments of a file, in order and with one and the
    /// same `resume`, give what [`Searcher::search`] gives for the file as a whole.
    pub fn search_segment(
        &self,
        segment: &Segment<'_>,
        resume: &mut Resume,
        desk: &mut Desk,
    ) -> Matches {
        resume.0.resize(self.patterns().len(), None);
        let mut matches = Matches::default();
        let mut looked_at = 0;
        self.candidates(segment.text, desk);
        self.each(&desk.windows, |number, pattern, windows| {
            let Some(regex) = pattern.regex() else {
                return;
            };
            let ended = &mut resume.0[number as usize];
            let (field, before) = segment.field(*ended);
            let mut last = before;
            let tell = |range: Range<usize>| {
                last = Some(range.end);
                matches.found.push((number, range));
            };
            if windows.is_empty() {
                throughout(regex, field, before, tell);
                looked_at += segment.own.len();
            } else {
                looked_at += confirm(windows, regex, pattern.shape(), field, tell);
            }
            if last != before {
                *ended = last.map(|end| segment.offset + end as u64);
            }
            if let Some(start) = segment.cut(pattern, field, &matches, number) {
                matches.cut.push((number, start));
            }
        });
        desk.looked_at = looked_at;
        matches
    }
}

impl Segment<'_> {
    /// Where to search, and where in the text the last match ended.
    fn field(&self, ended: Option<u64>) -> (Field<'_>, Option<usize>) {
        let ended = ended.and_then(|end| end.checked_sub(self.offset));
        let ended = ended.and_then(|end| usize::try_from(end).ok());
        let field = Field {
            text: self.text,
            from: ended.unwrap_or(0).max(self.own.start),
            to: if self.last { usize::MAX } else { self.own.end },
        };
        (field, ended)
    }

    /// Where the first match begins that the end of the text may have cut off.
    fn cut(
        &self,
        pattern: &Pattern,
        field: Field<'_>,
        matches: &Matches,
        number: u32,
    ) -> Option<usize> {
        let widest = pattern.shape().width.most.unwrap_or(usize::MAX);
        let whole = self.text.len() - self.own.end.min(self.text.len());
        if self.last || widest.saturating_add(LOOK) <= whole {
            return None;
        }
        let from = matches.found.partition_point(|(of, _)| *of < number);
        open_end(pattern, field, &matches.found[from..])
    }
}

/// All matches from `field.from` on, as iterating over them tells: an empty one where the last one ended is none.
fn throughout(
    regex: &Regex,
    field: Field<'_>,
    mut ended: Option<usize>,
    mut tell: impl FnMut(Range<usize>),
) {
    let mut at = field.from;
    while at <= field.text.len() {
        let Some(found) = regex.find_at(field.text, at) else {
            return;
        };
        if found.start() >= field.to {
            return;
        }
        if found.is_empty() && ended == Some(found.end()) {
            at += 1;
            continue;
        }
        at = found.end();
        ended = Some(at);
        tell(found.range());
    }
}

/// The first place at which a match can begin and the expression is still undecided at the end of the text, matches that
/// were found included. In doubt a place is named.
fn open_end(pattern: &Pattern, field: Field<'_>, found: &[(u32, Range<usize>)]) -> Option<usize> {
    let mut at = field.from;
    let Some(walker) = walker(pattern) else {
        return (at < field.to).then_some(at);
    };
    let mut cache = walker.create_cache();
    let mut left = field.text.len().saturating_mul(MOST_PASSES);
    let head = pattern.shape().head.as_ref();
    let mut found = found.iter().map(|(_, range)| range.clone()).peekable();
    while at < field.to {
        if let Some(head) = head {
            at = head.regex.find_at(field.text, at)?.start();
            if at >= field.to {
                return None;
            }
        }
        while found
            .next_if(|range| range.end <= at && range.start < at)
            .is_some()
        {}
        if let Some(range) = found.next_if(|range| range.start < at) {
            at = range.end;
            continue;
        }
        if alive(&walker, &mut cache, field.text, at, &mut left) {
            return Some(at);
        }
        at += 1;
    }
    None
}

fn walker(pattern: &Pattern) -> Option<DFA> {
    let how = pattern.syntax();
    DFA::builder()
        .syntax(
            syntax::Config::new()
                .utf8(false)
                .case_insensitive(how.ignore_case)
                .unicode(how.unicode)
                .multi_line(how.lines)
                .crlf(how.lines),
        )
        .thompson(thompson::Config::new().utf8(false))
        .configure(
            DFA::config()
                .unicode_word_boundary(true)
                .skip_cache_capacity_check(true),
        )
        .build(pattern.source())
        .ok()
}

/// Whether a match that begins here may go on behind the text.
fn alive(walker: &DFA, cache: &mut Cache, text: &[u8], at: usize, left: &mut usize) -> bool {
    let behind = at.checked_sub(1).and_then(|before| text.get(before));
    let how = start::Config::new()
        .look_behind(behind.copied())
        .anchored(Anchored::Yes);
    let Ok(mut state) = walker.start_state(cache, &how) else {
        return true;
    };
    for &byte in &text[at..] {
        if *left == 0 {
            return true;
        }
        *left -= 1;
        match walker.next_state(cache, state, byte) {
            Ok(next) if next.is_dead() => return false,
            Ok(next) if next.is_quit() => return true,
            Ok(next) => state = next,
            Err(_) => return true,
        }
    }
    true
}
