//! Dense, long and hostile texts: everything is found, and twice as much takes about twice the work.

use super::{Desk, Pattern, Searcher, Syntax};

const TOKEN: &str = "ghp_0123456789abcdefghijABCDEFGHIJ012345";

fn tokens() -> Pattern {
    Pattern::lazy(r"\bghp_[0-9A-Za-z]{36}\b", Syntax::default(), &["ghp_"])
}

fn found(patterns: Vec<Pattern>, text: &[u8]) -> usize {
    let matches = Searcher::new(patterns).search(text, &mut Desk::default());
    matches.of(0).len()
}

#[test]
fn one_line_of_a_megabyte() {
    let filler = "x".repeat(1_000_000 / 1_058 - TOKEN.len() - 2);
    let text = format!("{filler} {TOKEN} ").repeat(1_058);
    assert_eq!(found(vec![tokens()], text.as_bytes()), 1_058);
}

#[test]
fn a_token_on_each_line() {
    let text = format!("{TOKEN}\n").repeat(5_600);
    assert_eq!(found(vec![tokens()], text.as_bytes()), 5_600);
}

#[test]
fn the_first_and_the_last_bytes_of_a_text() {
    for text in ["ghp_", "gh", "", "ghp_0"] {
        assert_eq!(found(vec![tokens()], text.as_bytes()), 0);
    }
    for before in 0..40 {
        let text = format!("{}{TOKEN}", " ".repeat(before));
        assert_eq!(found(vec![tokens()], text.as_bytes()), 1);
    }
}

#[test]
fn a_pattern_without_a_literal_is_named() {
    let new = |source| Pattern::new(source, Syntax::default()).unwrap();
    let searcher = Searcher::new(vec![new("[0-9a-f]{32}"), tokens(), new("a|bcd"), new("x*")]);
    assert_eq!(searcher.unfiltered().collect::<Vec<_>>(), [0, 2, 3]);
    assert!(tokens().has_literal());
}

/// How many bytes of windows the expressions are run over.
fn looked_at(patterns: &[Pattern], text: &[u8]) -> usize {
    let (searcher, mut desk) = (Searcher::new(patterns.to_vec()), Desk::default());
    searcher.search(text, &mut desk);
    desk.looked_at()
}

#[test]
fn twice_the_text_is_twice_the_work() {
    let new = |source| Pattern::new(source, Syntax::default()).unwrap();
    let patterns = [
        tokens(),
        new("(?s)BEGIN.*?END"),
        new("key.{0,1000}value"),
        new("secret[a-z]*=[0-9]+"),
        new("[a-z]{0,50}token"),
    ];
    let pieces = [
        format!("{TOKEN}\n"),
        "BEGIN ".to_owned(),
        "key".to_owned(),
        "secret".to_owned(),
        "token".to_owned(),
        "BEGINkeysecrettoken".to_owned(),
        "BEGIN END key value secret=1 token ".to_owned(),
    ];
    for piece in pieces {
        let [once, twice] = [1_000, 2_000].map(|times| {
            let text = piece.repeat(times);
            let looked_at = looked_at(&patterns, text.as_bytes());
            assert!(looked_at <= 12 * text.len(), "{piece}: {looked_at}");
            looked_at
        });
        assert!(
            twice <= 2 * once + once / 8 + 4096,
            "{piece}: {once}, then {twice}"
        );
    }
}
