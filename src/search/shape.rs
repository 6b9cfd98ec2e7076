//! What is known of a pattern's matches once its structure has been read: where they can begin and end around a literal.

use super::keywords;
use super::literals::{self, Distance, Required, Text};
use super::pattern::Syntax;
use regex::bytes::{Regex, RegexBuilder};
use regex_syntax::hir::{Hir, HirKind, Repetition};

/// How a pattern's candidates are confirmed.
#[derive(Debug)]
pub(super) struct Shape {
    /// The width of a match.
    pub(super) width: Distance,
    /// For each of the pattern's literals where it is in a match; `None` if no proof rests on it.
    pub(super) reaches: Vec<Option<Reach>>,
    /// Where matches may be of any width after the literal: how each of them begins.
    pub(super) head: Option<Head>,
}

/// Where a literal is in a match.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reach {
    pub(super) before: Distance,
    pub(super) after: Distance,
}

/// Each match of the pattern begins with a match of this expression, at the same place.
#[derive(Debug)]
pub(super) struct Head {
    pub(super) regex: Regex,
    /// The greatest width of its matches.
    pub(super) most: usize,
}

impl Shape {
    /// Of a pattern whose literals were proved from its structure.
    pub(super) fn of(hir: &Hir, texts: &[Text], proof: &[Required]) -> Self {
        let width = literals::width(hir);
        let reaches: Vec<Option<Reach>> =
            texts.iter().map(|text| reach(text, proof, width)).collect();
        let open = reaches
            .iter()
            .flatten()
            .any(|reach| reach.after.most.is_none());
        Self {
            width,
            reaches,
            head: if open { head(hir) } else { None },
        }
    }

    /// Of a pattern with keywords of its author. If they cannot be proved, a hit says nothing about the place.
    pub(super) fn with_keywords(source: &str, syntax: Syntax, texts: &[Text]) -> Self {
        let unknown = Self {
            width: Distance::ANY,
            reaches: vec![
                Some(Reach {
                    before: Distance::ANY,
                    after: Distance::ANY
                });
                texts.len()
            ],
            head: None,
        };
        let words: Vec<_> = texts
            .iter()
            .map(|text| String::from_utf8_lossy(&text.bytes))
            .collect();
        let words: Vec<&str> = words.iter().map(AsRef::as_ref).collect();
        let Ok(hir) = literals::parse(source, syntax) else {
            return unknown;
        };
        match keywords::located(&hir, &words, syntax.ignore_case) {
            Ok(proof) => Self::of(&hir, texts, &proof),
            Err(_) => unknown,
        }
    }
}

fn reach(text: &Text, proof: &[Required], width: Distance) -> Option<Reach> {
    let places = proof.iter().filter(|one| one.text == *text);
    let joined = places
        .map(|one| Reach {
            before: one.before,
            after: one.after,
        })
        .reduce(|one, other| Reach {
            before: one.before.or(other.before),
            after: one.after.or(other.after),
        })?;
    let besides = width.most.map(|most| most.saturating_sub(text.bytes.len()));
    let narrowed = |distance: Distance| Distance {
        least: distance.least,
        most: match (distance.most, besides) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        },
    };
    Some(Reach {
        before: narrowed(joined.before),
        after: narrowed(joined.after),
    })
}

fn head(hir: &Hir) -> Option<Head> {
    let beginning = beginning(hir);
    let width = literals::width(&beginning);
    let most = width.most.filter(|_| width.least > 0)?;
    let regex = RegexBuilder::new(&beginning.to_string()).build().ok()?;
    Some(Head { regex, most })
}

/// The expression up to the first place at which it may go on for any length.
fn beginning(hir: &Hir) -> Hir {
    if literals::width(hir).most.is_some() {
        return hir.clone();
    }
    match hir.kind() {
        HirKind::Capture(capture) => beginning(&capture.sub),
        HirKind::Alternation(branches) => {
            Hir::alternation(branches.iter().map(beginning).collect())
        }
        HirKind::Concat(pieces) => {
            let bounded = |piece: &&Hir| literals::width(piece).most.is_some();
            let mut all: Vec<Hir> = pieces.iter().take_while(bounded).cloned().collect();
            all.extend(pieces.get(all.len()).map(beginning));
            Hir::concat(all)
        }
        HirKind::Repetition(repetition) if repetition.min == 0 => Hir::empty(),
        HirKind::Repetition(repetition) if literals::width(&repetition.sub).most.is_some() => {
            Hir::repetition(Repetition {
                max: Some(repetition.min),
                ..repetition.clone()
            })
        }
        HirKind::Repetition(repetition) => beginning(&repetition.sub),
        _ => Hir::empty(),
    }
}
