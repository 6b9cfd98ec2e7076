//! Random expressions and texts for the tests of this room, and what holds for all of them.

use super::literals::{self, Distance, Required};
use super::pattern::{Pattern, Syntax};
use super::searcher::{Desk, Searcher};
use super::segment::{Resume, Segment};
use proptest::prelude::*;
use regex::bytes::{Regex, RegexBuilder};

/// Expressions over a small alphabet, so that random texts match them.
pub(super) fn expression() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        6 => "[abck]{1,5}",
        2 => prop::sample::select(vec![
            "[ab]", "[a-k]", "[^a]", ".", r"\w", r"\b", r"\B", "^", "$", r"\n", "[0-9]", "s", "(?i:ak)", "(?i:sab)",
            r"(?-u:\xff)", "é", r"(?-u:[\x80-\xff])", r"\s", "(?s:.)",
        ])
        .prop_map(str::to_owned),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            4 => prop::collection::vec(inner.clone(), 2..4).prop_map(|all| all.concat()),
            2 => prop::collection::vec(inner.clone(), 2..4).prop_map(|all| format!("(?:{})", all.join("|"))),
            2 => (inner, prop::sample::select(vec!["?", "*", "+", "{2}", "{1,3}", "{2,}", "*?", "+?", "??", "{0,2}"]))
                .prop_map(|(one, times)| format!("(?:{one}){times}")),
        ]
    })
}

pub(super) fn syntax() -> impl Strategy<Value = Syntax> {
    any::<(bool, bool, bool)>().prop_map(|(ignore_case, unicode, lines)| Syntax {
        ignore_case,
        unicode,
        lines,
    })
}

/// Texts over the same alphabet, with invalid UTF-8 in them.
pub(super) fn text() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        8 => "[abckABCK]{1,6}".prop_map(String::into_bytes),
        3 => prop::sample::select(vec![
            &b"\n"[..], b"\r\n", b" ", b"0", b"s", b"\xff", "é".as_bytes(), "\u{212a}".as_bytes(), "\u{17f}".as_bytes(),
            b"\xe2\x84", b"\0", b"aaaaaaaaaaaa", b"abcabcabc",
        ])
        .prop_map(<[u8]>::to_vec),
    ];
    prop::collection::vec(piece, 0..40).prop_map(|all| all.concat())
}

pub(super) fn compiled(source: &str, syntax: Syntax) -> Option<Regex> {
    RegexBuilder::new(source)
        .case_insensitive(syntax.ignore_case)
        .unicode(syntax.unicode)
        .multi_line(syntax.lines)
        .crlf(syntax.lines)
        .size_limit(1 << 20)
        .build()
        .ok()
}

fn allows(distance: Distance, bytes: usize) -> bool {
    bytes >= distance.least && distance.most.is_none_or(|most| bytes <= most)
}

fn contains(found: &[u8], required: &[Required]) -> bool {
    required.iter().any(|one| {
        let wanted = &one.text.bytes;
        found.windows(wanted.len()).enumerate().any(|(at, have)| {
            let same = if one.text.fold {
                have.eq_ignore_ascii_case(wanted)
            } else {
                have == wanted.as_slice()
            };
            same && allows(one.before, at) && allows(one.after, found.len() - at - wanted.len())
        })
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(700))]

    #[test]
    fn each_match_contains_a_literal_of_the_proof(source in expression(), syntax in syntax(), text in text()) {
        let (Some(regex), Ok(hir)) = (compiled(&source, syntax), literals::parse(&source, syntax)) else {
            return Ok(());
        };
        let width = literals::width(&hir);
        let required = literals::best(&literals::parts(&hir));
        for at in 0..=text.len() {
            let Some(found) = regex.find_at(&text, at) else { break };
            prop_assert!(allows(width, found.len()));
            if let Some(required) = &required {
                prop_assert!(contains(found.as_bytes(), required), "{:?} lacks {:?}", found, required);
            }
        }
    }

    #[test]
    fn each_match_contains_a_keyword_where_it_was_located(source in expression(), syntax in syntax(), text in text()) {
        let (Some(regex), Ok(hir)) = (compiled(&source, syntax), literals::parse(&source, syntax)) else {
            return Ok(());
        };
        let Ok(required) = super::keywords::located(&hir, &["ab", "ka", "bc", "aa", "kk", "ck"], syntax.ignore_case) else {
            return Ok(());
        };
        for at in 0..=text.len() {
            let Some(found) = regex.find_at(&text, at) else { break };
            prop_assert!(contains(found.as_bytes(), &required), "{:?} lacks {:?}", found, required);
        }
    }

    #[test]
    fn patterns_together_find_what_each_finds_alone(
        sources in prop::collection::vec((expression(), syntax()), 1..6),
        texts in prop::collection::vec(text(), 1..4),
    ) {
        let made = sources.iter().filter_map(|(source, syntax)| {
            compiled(source, *syntax)?;
            Pattern::new(source, *syntax).ok()
        });
        let searcher = Searcher::new(made.collect());
        let mut desk = Desk::default();
        for text in &texts {
            let matches = searcher.search(text, &mut desk);
            for (number, pattern) in searcher.patterns().iter().enumerate() {
                let alone: Vec<_> = pattern.regex().unwrap().find_iter(text).map(|one| one.range()).collect();
                let together: Vec<_> = matches.of(number).collect();
                prop_assert_eq!(together, alone, "{}", pattern.source());
            }
        }
    }

    #[test]
    fn lazy_patterns_find_the_same(
        source in expression(), syntax in syntax(), text in text(),
        keywords in prop::collection::vec("[abck]{3,4}", 1..12),
    ) {
        let words: Vec<&str> = keywords.iter().map(String::as_str).chain(["aaa", "aba", "cka", "bcb"]).collect();
        let held = super::keywords_hold(&source, syntax, &words);
        let Some(regex) = compiled(&source, syntax).filter(|_| held.is_ok()) else {
            return Ok(());
        };
        let searcher = Searcher::new(vec![Pattern::lazy(&source, syntax, &words)]);
        let matches = searcher.search(&text, &mut Desk::default());
        let alone: Vec<_> = regex.find_iter(&text).map(|one| one.range()).collect();
        prop_assert_eq!(matches.of(0).collect::<Vec<_>>(), alone);
    }

    #[test]
    fn segments_find_what_the_whole_search_finds(
        sources in prop::collection::vec((expression(), syntax()), 1..5),
        text in text(),
        size in 1_usize..60,
        overlap in 4_usize..60,
    ) {
        let made = sources.iter().filter_map(|(source, syntax)| {
            compiled(source, *syntax)?;
            Pattern::new(source, *syntax).ok()
        });
        let searcher = Searcher::new(made.collect());
        let whole = searcher.search(&text, &mut Desk::default());
        let (found, cut) = in_segments(&searcher, &text, size, overlap);
        for number in 0..searcher.patterns().len() {
            let wanted: Vec<_> = whole.of(number).collect();
            let found: Vec<_> = found.iter().filter(|one| one.0 == number).map(|one| one.1.clone()).collect();
            let cut = cut.iter().find(|one| one.0 == number).map_or(usize::MAX, |one| one.1);
            // Nothing is missing or added before the first match that may not have been seen whole.
            let before = |all: &[std::ops::Range<usize>]| -> Vec<_> {
                all.iter().filter(|one| one.start < cut).cloned().collect()
            };
            prop_assert_eq!(before(&found), before(&wanted));
        }
    }
}

type Found = Vec<(usize, std::ops::Range<usize>)>;

/// All matches, and where the first ones were cut, by pattern.
fn in_segments(
    searcher: &Searcher,
    text: &[u8],
    size: usize,
    overlap: usize,
) -> (Found, Vec<(usize, usize)>) {
    let (mut found, mut cut) = (Vec::new(), Vec::new());
    let (mut resume, mut desk) = (Resume::default(), Desk::default());
    let mut start = 0;
    loop {
        let end = text.len().min(start + size);
        let (from, to) = (start.saturating_sub(overlap), text.len().min(end + overlap));
        let segment = Segment {
            text: &text[from..to],
            offset: from as u64,
            own: start - from..end - from,
            last: to == text.len() && end == text.len(),
        };
        let matches = searcher.search_segment(&segment, &mut resume, &mut desk);
        for number in 0..searcher.patterns().len() {
            found.extend(
                matches
                    .of(number)
                    .map(|one| (number, one.start + from..one.end + from)),
            );
        }
        cut.extend(
            matches
                .cut()
                .iter()
                .map(|(number, at)| (*number as usize, at + from)),
        );
        if end == text.len() {
            return (found, cut);
        }
        start = end;
    }
}
