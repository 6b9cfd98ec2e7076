//! Whether each match of a regular expression contains one of an author's keywords, and where: proved from the
//! expression's structure.

use super::literals::{self, Distance, Part, Required, Text};
use super::pattern::Syntax;
use regex_syntax::hir::{Hir, HirKind};
use std::borrow::Cow;

/// The most strings that a stretch of the expression is spelled out to.
const MOST_STRINGS: usize = 1024;
/// How often an alternation is taken apart for its surroundings, one within the other.
const DEPTH: u32 = 3;
/// Alternations of more branches are not taken apart.
const MOST_BRANCHES: usize = 64;

/// What an author says that each match contains.
struct Keywords {
    /// In lower case if case is ignored.
    words: Vec<Vec<u8>>,
    /// Whether ASCII case is ignored.
    fold: bool,
}

/// Proves that each match of the pattern contains one of the keywords: ASCII case is ignored if the pattern ignores it.
///
/// # Errors
/// The pattern cannot be read, or a part of it (named in the text) can match without any of the keywords.
pub fn keywords_hold(source: &str, syntax: Syntax, keywords: &[&str]) -> Result<(), String> {
    let hir = literals::parse(source, syntax)?;
    located(&hir, keywords, syntax.ignore_case).map(|_| ())
}

/// Where in each match one of the keywords is.
pub(super) fn located(hir: &Hir, keywords: &[&str], fold: bool) -> Result<Vec<Required>, String> {
    let mut words: Vec<Vec<u8>> = keywords
        .iter()
        .map(|word| word.as_bytes().to_vec())
        .collect();
    if fold {
        for word in &mut words {
            word.make_ascii_lowercase();
        }
    }
    if words.is_empty() || words.iter().any(Vec::is_empty) {
        return Err("no keyword, or an empty one".to_owned());
    }
    prove(hir, &Keywords { words, fold }, DEPTH)
}

fn prove(hir: &Hir, keywords: &Keywords, depth: u32) -> Result<Vec<Required>, String> {
    match hir.kind() {
        HirKind::Capture(capture) => prove(&capture.sub, keywords, depth),
        HirKind::Alternation(branches) => {
            let mut all = Vec::new();
            for branch in branches {
                all.extend(prove(branch, keywords, depth)?);
            }
            Ok(all)
        }
        HirKind::Repetition(repetition) if repetition.min > 0 => {
            if let Some(found) = stretch(&literals::parts(hir), keywords) {
                return Ok(found);
            }
            let found = prove(&repetition.sub, keywords, depth)?;
            // The keyword of the first copy: what follows is at most the whole width.
            let after = Distance {
                least: 0,
                most: literals::width(hir).most,
            };
            let within = |one: Required| one.within(Distance::ZERO, after);
            Ok(found.into_iter().map(within).collect())
        }
        HirKind::Concat(pieces) => stretch(&literals::parts(hir), keywords)
            .map_or_else(|| in_sequence(hir, pieces, keywords, depth), Ok),
        _ => stretch(&literals::parts(hir), keywords).ok_or_else(|| without(hir, keywords)),
    }
}

fn without(hir: &Hir, keywords: &Keywords) -> String {
    let keywords: Vec<_> = keywords
        .words
        .iter()
        .map(|word| String::from_utf8_lossy(word))
        .collect();
    format!(
        "`{hir}` can match without any of the keywords {}",
        keywords.join(", ")
    )
}

/// One of the pieces has to prove it alone, or an alternation among them with what stands around each branch.
fn in_sequence(
    whole: &Hir,
    pieces: &[Hir],
    keywords: &Keywords,
    depth: u32,
) -> Result<Vec<Required>, String> {
    let widths: Vec<Part> = pieces.iter().map(only_width).collect();
    let (before, after) = literals::distances(&widths);
    for (number, piece) in pieces.iter().enumerate() {
        if let Ok(found) = prove(piece, keywords, depth) {
            let within = |one: Required| one.within(before[number], after[number]);
            return Ok(found.into_iter().map(within).collect());
        }
    }
    let mut lacking = None;
    for (number, piece) in pieces.iter().enumerate() {
        let Some(branches) = branches(piece).filter(|_| depth > 0) else {
            continue;
        };
        let with = |branch: &Hir| {
            let before = pieces[..number].iter().cloned();
            let after = pieces[number + 1..].iter().cloned();
            let sequence = before.chain([branch.clone()]).chain(after).collect();
            prove(&Hir::concat(sequence), keywords, depth - 1)
        };
        let proofs: Result<Vec<_>, String> = branches.iter().map(with).collect();
        match proofs {
            Ok(found) => return Ok(found.into_iter().flatten().collect()),
            Err(branch) => lacking = lacking.or(Some(branch)),
        }
    }
    Err(lacking.unwrap_or_else(|| without(whole, keywords)))
}

fn only_width(hir: &Hir) -> Part {
    Part {
        width: literals::width(hir),
        exact: None,
        required: None,
    }
}

/// The texts to choose from where the expression has a choice.
fn branches(piece: &Hir) -> Option<Vec<Hir>> {
    let branches = match piece.kind() {
        HirKind::Capture(capture) => branches(&capture.sub)?,
        HirKind::Alternation(branches) => branches.clone(),
        HirKind::Repetition(repetition) if repetition.min == 0 && repetition.max == Some(1) => {
            vec![Hir::empty(), (*repetition.sub).clone()]
        }
        _ => return None,
    };
    (branches.len() <= MOST_BRANCHES).then_some(branches)
}

/// The first stretch of pieces whose texts all contain a keyword.
fn stretch(parts: &[Part], keywords: &Keywords) -> Option<Vec<Required>> {
    let (before, after) = literals::distances(parts);
    for (first, before) in before.iter().enumerate() {
        let mut texts = vec![Text::default()];
        for (last, part) in parts.iter().enumerate().skip(first) {
            let Some(next) = literals::product(&texts, part, MOST_STRINGS) else {
                break;
            };
            texts = next;
            let found: Option<Vec<Required>> = texts
                .iter()
                .map(|text| occurrence(text, keywords))
                .map(|found| found.map(|one| one.within(*before, after[last])))
                .collect();
            if found.is_some() {
                return found;
            }
        }
    }
    None
}

fn occurrence(text: &Text, keywords: &Keywords) -> Option<Required> {
    let bytes = match keywords.fold {
        true => Cow::Owned(text.bytes.to_ascii_lowercase()),
        // A text in any case holds no text in one case.
        false if text.fold => return None,
        false => Cow::Borrowed(&*text.bytes),
    };
    let (at, word) = keywords
        .words
        .iter()
        .find_map(|word| Some((memchr::memmem::find(&bytes, word)?, word)))?;
    Some(Required {
        text: Text {
            bytes: word.clone(),
            fold: keywords.fold,
        },
        before: Distance::exactly(at),
        after: Distance::exactly(bytes.len() - at - word.len()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(source: &str, keywords: &[&str]) -> bool {
        keywords_hold(source, Syntax::default(), keywords).is_ok()
    }

    #[test]
    fn a_keyword_that_each_match_contains_is_proved() {
        assert!(holds("ghp_[0-9A-Za-z]{36}", &["ghp_"]));
        assert!(holds(r"\b(?:AKIA|ASIA)[A-Z2-7]{16}\b", &["AKIA", "ASIA"]));
        let any_case = Syntax {
            ignore_case: true,
            ..Syntax::default()
        };
        let words = ["apikey", "api_key", "API-KEY", "secret"];
        let source = "(?:api|secret)[_-]?key";
        assert_eq!(keywords_hold(source, any_case, &words), Ok(()));
        assert!(
            !holds("(?i)ghp_[0-9]", &["ghp_"]),
            "another case matches too"
        );
        assert!(holds(
            "gh[pousr]_[0-9a-z]{36}",
            &["ghp_", "gho_", "ghu_", "ghs_", "ghr_"]
        ));
        assert!(holds("(?:a|b)(?:cd|ef)+", &["acd", "bcd", "aef", "bef"]));
        assert!(holds("x{3,}[0-9]", &["xxx"]));
        assert!(holds("(?:abc[0-9]+)?def|abc", &["def", "abc"]));
    }

    #[test]
    fn the_branch_without_a_keyword_is_named() {
        let said = keywords_hold("(?:ghp_|gho_)[0-9]{4}", Syntax::default(), &["ghp_"]);
        assert!(
            said.as_ref().is_err_and(|text| text.contains('o')),
            "{said:?}"
        );
        assert!(!holds("ghp_?[0-9]{4}", &["ghp_"]));
        assert!(!holds("[0-9a-f]{32}", &["key"]));
        assert!(!holds("abc", &[]));
        assert!(!holds("abc", &[""]));
        assert!(!holds("(", &["abc"]));
    }

    #[test]
    fn letters_that_only_unicode_folds_are_no_keyword() {
        let syntax = Syntax {
            ignore_case: true,
            unicode: true,
            lines: false,
        };
        assert!(keywords_hold("secret", syntax, &["secret"]).is_err());
        assert!(keywords_hold("secret", syntax, &["ecret"]).is_ok());
        let ascii = Syntax {
            unicode: false,
            ..syntax
        };
        assert!(keywords_hold("secret", ascii, &["secret"]).is_ok());
    }
}
