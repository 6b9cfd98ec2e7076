//! What each match of a regular expression has to contain: a set of literals, proved from the expression's structure,
//! and how far from the match's edges they are.

use super::pattern::Syntax;
use super::rarity;
use regex_syntax::ParserBuilder;
use regex_syntax::hir::{Class, Hir, HirKind, Repetition};

/// The most strings that one literal set may be spelled out to.
const MOST_STRINGS: usize = 64;
/// The most literals a pattern may be filtered by: a long list of words is one alternation.
const MOST_LITERALS: usize = 1024;
/// Longer literals are cut: the rest would not make them rarer.
const LONGEST: usize = 48;
/// Shorter literals are everywhere.
pub(super) const SHORTEST: usize = 3;
/// A literal set that is met oftener than once in so many bytes does not pay.
const RAREST_USEFUL: f64 = 1.0 / 64.0;
/// So many copies of a repeated text are spelled out.
const MOST_COPIES: u32 = 16;

/// A number of bytes that is known within bounds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Distance {
    pub(super) least: usize,
    /// `None`: any number.
    pub(super) most: Option<usize>,
}

impl Distance {
    pub(super) const ZERO: Self = Self::exactly(0);
    pub(super) const ANY: Self = Self {
        least: 0,
        most: None,
    };

    pub(super) const fn exactly(bytes: usize) -> Self {
        Self {
            least: bytes,
            most: Some(bytes),
        }
    }

    pub(super) fn plus(self, other: Self) -> Self {
        Self {
            least: self.least.saturating_add(other.least),
            most: match (self.most, other.most) {
                (Some(one), Some(two)) => one.checked_add(two),
                _ => None,
            },
        }
    }

    pub(super) fn or(self, other: Self) -> Self {
        Self {
            least: self.least.min(other.least),
            most: self.most.zip(other.most).map(|(one, two)| one.max(two)),
        }
    }

    fn times(self, least: u32, most: Option<u32>) -> Self {
        let count = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
        let most = match (self.most, most) {
            (Some(0), _) => Some(0),
            (Some(width), Some(times)) => width.checked_mul(count(times)),
            _ => None,
        };
        Self {
            least: self.least.saturating_mul(count(least)),
            most,
        }
    }
}

/// A text as it stands in a match.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Text {
    /// In lower case where case is ignored.
    pub(super) bytes: Vec<u8>,
    /// Upper and lower case of ASCII letters are the same.
    pub(super) fold: bool,
}

impl Text {
    fn then(&self, next: &Self) -> Self {
        let mut bytes = self.bytes.clone();
        bytes.extend_from_slice(&next.bytes);
        let fold = self.fold || next.fold;
        if fold {
            bytes.make_ascii_lowercase();
        }
        Self { bytes, fold }
    }
}

/// A literal that a match may contain, with its distance from the match's start to its own start and from its own end
/// to the match's end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Required {
    pub(super) text: Text,
    pub(super) before: Distance,
    pub(super) after: Distance,
}

impl Required {
    pub(super) fn within(mut self, before: Distance, after: Distance) -> Self {
        self.before = self.before.plus(before);
        self.after = self.after.plus(after);
        self
    }
}

/// A piece of an expression: how wide it is and what is known about its text.
#[derive(Clone, Debug)]
pub(super) struct Part {
    pub(super) width: Distance,
    /// All texts the piece can match, if they are few.
    pub(super) exact: Option<Vec<Text>>,
    /// Literals of which each match of the piece contains one. Of an exact piece they are its texts.
    pub(super) required: Option<Vec<Required>>,
}

/// The structure of an expression, read exactly as the matching engine reads it.
pub(super) fn parse(source: &str, syntax: Syntax) -> Result<Hir, String> {
    ParserBuilder::new()
        .utf8(false)
        .case_insensitive(syntax.ignore_case)
        .unicode(syntax.unicode)
        .multi_line(syntax.lines)
        .crlf(syntax.lines)
        .build()
        .parse(source)
        .map_err(|error| error.to_string())
}

/// The literals of which each match contains at least one, at the distances given; `None` if there are none worth
/// looking for.
pub(super) fn required(hir: &Hir) -> Option<Vec<Required>> {
    let found = best(&parts(hir))?;
    (cost(&found) <= RAREST_USEFUL).then_some(found)
}

/// The least and the greatest width of a match.
pub(super) fn width(hir: &Hir) -> Distance {
    Distance {
        least: hir.properties().minimum_len().unwrap_or(0),
        // Without a minimum there is no match at all.
        most: match hir.properties().minimum_len() {
            Some(_) => hir.properties().maximum_len(),
            None => Some(0),
        },
    }
}

/// The pieces of an expression in the order of their text.
pub(super) fn parts(hir: &Hir) -> Vec<Part> {
    let mut all = Vec::new();
    flatten(hir, &mut all);
    all
}

fn flatten(hir: &Hir, all: &mut Vec<Part>) {
    match hir.kind() {
        HirKind::Concat(pieces) => pieces.iter().for_each(|piece| flatten(piece, all)),
        HirKind::Capture(capture) => flatten(&capture.sub, all),
        HirKind::Literal(literal) => all.extend(
            literal
                .0
                .chunks(LONGEST / 3)
                .map(|bytes| exactly(vec![text(bytes)], Distance::exactly(bytes.len()))),
        ),
        HirKind::Repetition(repetition) if repetition.min > 0 => repeated(repetition, all),
        _ => all.push(part(hir)),
    }
}

fn text(bytes: &[u8]) -> Text {
    Text {
        bytes: bytes.to_vec(),
        fold: false,
    }
}

fn exactly(texts: Vec<Text>, width: Distance) -> Part {
    Part {
        width,
        exact: Some(texts),
        required: None,
    }
}

fn gap(width: Distance) -> Part {
    Part {
        width,
        exact: None,
        required: None,
    }
}

/// `x{3,}` is `xxx` and then what is not known.
fn repeated(repetition: &Repetition, all: &mut Vec<Part>) {
    let one = part(&repetition.sub);
    let (least, most) = (repetition.min, repetition.max);
    let copies = if one.exact.is_some() {
        least.min(MOST_COPIES)
    } else {
        1
    };
    let rest = one
        .width
        .times(least - copies, most.map(|most| most - copies));
    all.extend((0..copies).map(|_| one.clone()));
    if most != Some(copies) {
        all.push(gap(rest));
    }
}

fn part(hir: &Hir) -> Part {
    let width = width(hir);
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => exactly(vec![Text::default()], width),
        HirKind::Class(class) => Part {
            width,
            exact: spelled_out(class),
            required: None,
        },
        HirKind::Alternation(branches) => one_of(branches, width),
        HirKind::Repetition(repetition) if repetition.min == 0 => optional(repetition, width),
        _ => joined(&parts(hir), width),
    }
}

fn optional(repetition: &Repetition, width: Distance) -> Part {
    if repetition.max != Some(1) {
        return gap(width);
    }
    let mut exact = part(&repetition.sub).exact;
    if let Some(texts) = &mut exact {
        texts.push(Text::default());
        tidy(texts);
    }
    Part {
        width,
        exact,
        required: None,
    }
}

fn one_of(branches: &[Hir], width: Distance) -> Part {
    let parts: Vec<Part> = branches.iter().map(part).collect();
    let mut exact = Some(Vec::new());
    let mut required = Some(Vec::new());
    for part in &parts {
        exact = exact.zip(part.exact.as_ref()).and_then(|(mut all, texts)| {
            all.extend_from_slice(texts);
            tidy(&mut all);
            (all.len() <= MOST_STRINGS).then_some(all)
        });
        required = required.and_then(|mut all| {
            all.extend(best(std::slice::from_ref(part))?);
            (all.len() <= MOST_LITERALS).then_some(all)
        });
    }
    Part {
        width,
        exact,
        required,
    }
}

fn joined(parts: &[Part], width: Distance) -> Part {
    let mut exact = Some(vec![Text::default()]);
    for part in parts {
        exact = exact.and_then(|texts| product(&texts, part, MOST_STRINGS));
    }
    Part {
        width,
        exact,
        required: best(parts),
    }
}

/// Each text followed by each text of the part, if that is not too many and none is too long.
pub(super) fn product(texts: &[Text], part: &Part, most: usize) -> Option<Vec<Text>> {
    let next = part.exact.as_ref()?;
    if texts.len().saturating_mul(next.len()) > most {
        return None;
    }
    let mut all: Vec<Text> = texts
        .iter()
        .flat_map(|text| next.iter().map(|next| text.then(next)))
        .collect();
    tidy(&mut all);
    all.iter()
        .all(|text| text.bytes.len() <= LONGEST)
        .then_some(all)
}

fn tidy(texts: &mut Vec<Text>) {
    texts.sort_unstable();
    texts.dedup();
}

/// The characters of a small class as texts; both cases of a letter are one.
fn spelled_out(class: &Class) -> Option<Vec<Text>> {
    let mut texts: Vec<Text> = Vec::new();
    match class {
        Class::Bytes(class) => {
            let count: usize = class
                .iter()
                .map(regex_syntax::hir::ClassBytesRange::len)
                .sum();
            if count > MOST_STRINGS {
                return None;
            }
            for range in class.iter() {
                texts.extend((range.start()..=range.end()).map(|byte| text(&[byte])));
            }
        }
        Class::Unicode(class) => {
            let count: usize = class
                .iter()
                .map(regex_syntax::hir::ClassUnicodeRange::len)
                .sum();
            if count > MOST_STRINGS {
                return None;
            }
            for range in class.iter() {
                texts.extend(
                    (range.start()..=range.end())
                        .map(|one| text(one.encode_utf8(&mut [0; 4]).as_bytes())),
                );
            }
        }
    }
    both_cases_as_one(&mut texts);
    Some(texts)
}

fn both_cases_as_one(texts: &mut Vec<Text>) {
    tidy(texts);
    let all = texts.clone();
    let has = |byte: u8| all.binary_search(&text(&[byte])).is_ok();
    texts.retain_mut(|one| {
        let &mut [byte] = one.bytes.as_mut_slice() else {
            return true;
        };
        if !byte.is_ascii_alphabetic()
            || !has(byte.to_ascii_lowercase())
            || !has(byte.to_ascii_uppercase())
        {
            return true;
        }
        one.fold = true;
        byte.is_ascii_lowercase()
    });
}

/// The rarest literals that the pieces, one after the other, have to contain.
pub(super) fn best(parts: &[Part]) -> Option<Vec<Required>> {
    let mut best: Option<(f64, Vec<Required>)> = None;
    let mut offer = |literals: Vec<Required>| {
        let cost = cost(&literals);
        if best.as_ref().is_none_or(|(least, _)| cost < *least) {
            best = Some((cost, literals));
        }
    };
    let (before, after) = distances(parts);
    for (first, part) in parts.iter().enumerate() {
        if let Some(inner) = &part.required {
            offer(
                inner
                    .iter()
                    .map(|one| one.clone().within(before[first], after[first]))
                    .collect(),
            );
        }
        let mut texts = vec![Text::default()];
        for (last, part) in parts.iter().enumerate().skip(first) {
            let Some(next) = product(&texts, part, MOST_STRINGS) else {
                break;
            };
            texts = next;
            if texts.iter().all(|text| text.bytes.len() >= SHORTEST) {
                let literal = |text: &Text| Required {
                    text: text.clone(),
                    before: before[first],
                    after: after[last],
                };
                offer(texts.iter().map(literal).collect());
            }
        }
    }
    best.map(|(_, literals)| literals)
}

/// For each part the width of all before it and the width of all after it.
pub(super) fn distances(parts: &[Part]) -> (Vec<Distance>, Vec<Distance>) {
    let running = |sum: &mut Distance, part: &Part| {
        let before = *sum;
        *sum = sum.plus(part.width);
        Some(before)
    };
    let before = parts.iter().scan(Distance::ZERO, running).collect();
    let mut after: Vec<Distance> = parts.iter().rev().scan(Distance::ZERO, running).collect();
    after.reverse();
    (before, after)
}

/// How often a byte of a source text is expected to begin one of the literals. More literals cost a little each, and so
/// does not knowing where the match begins.
fn cost(literals: &[Required]) -> f64 {
    let each = |one: &Required| {
        let reach = match one.before.most {
            Some(most) => 1.0 + f64::from(u16::try_from(most).unwrap_or(u16::MAX)) / 1000.0,
            None => 100.0,
        };
        rarity::chance(&one.text.bytes) * reach + 1e-9
    };
    literals.iter().map(each).sum()
}
